"""Faults of records that are not pairs, and a list of them for one file."""

from collections import Counter
from typing import NoReturn

from charseq.errors import DataError

_NAMED_FAULTS = 5
_NOT_UTF8 = "invalid UTF-8"
TOO_FEW = "too few columns"


class BadLineError(Exception):
    """A record that is not a pair; the `reason` is counted, the message says more."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason


class Faults:
    """The bad lines of one file: messages for the first few, counts for all."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.first: list[str] = []
        self.counts: Counter[str] = Counter()

    def add(self, number: int, fault: BadLineError) -> None:
        """Record the fault of a line."""
        if len(self.first) < _NAMED_FAULTS:
            self.first.append(f"  {self.where}:{number}: {fault}")
        self.counts[fault.reason] += 1

    def refuse(self) -> NoReturn:
        """Refuse the file for its bad lines.

        Raises:
            DataError: always, naming the first few.
        """
        total = self.counts.total()
        lines = [f"{self.where} has {total:,} bad line{'s' if total > 1 else ''}:", *self.first]
        if total > len(self.first):
            lines.append(f"  … and {total - len(self.first):,} more")
        if set(self.counts) == {_NOT_UTF8}:
            lines.append("save the file as UTF-8 if it is in another encoding; if it is not:")
        lines.append("correct them, or leave them out with --skip-bad-lines (skip_bad_lines=True)")
        raise DataError("\n".join(lines))


def not_utf8(error: UnicodeDecodeError) -> BadLineError:
    """Return the fault of a record whose bytes are not UTF-8."""
    what = f"byte {error.start + 1} is 0x{error.object[error.start]:02x}"
    return BadLineError(_NOT_UTF8, f"not valid UTF-8: {what}")
