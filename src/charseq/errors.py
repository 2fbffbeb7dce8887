"""What can go wrong, and the command line's exit code for each kind.

Every message tells the user what is wrong, where, and what to do.
"""

import contextlib
import signal
import sys
import warnings
from collections.abc import Iterator
from typing import ClassVar


class CharseqError(Exception):
    """Base of all of charseq's own errors; `exit_code` is the command line's exit code."""

    exit_code: ClassVar[int] = 1


class UsageError(CharseqError):
    """The request cannot be met: an unknown setting, two options that clash, no such file."""

    exit_code = 2


class ColumnError(UsageError):
    """A corpus does not have the columns that were named."""


class DataError(CharseqError):
    """A corpus, a line of text or a model file is not what it should be."""

    exit_code = 3


class ModelFileError(DataError):
    """A model file is truncated, foreign, too new, or does not fit its own configuration."""


class MachineError(CharseqError):
    """The machine could not do it: no network, no disk space, a package that is not installed."""

    exit_code = 4


class Interrupted(KeyboardInterrupt):
    """A signal asked charseq to stop; `exit_code` is what shells expect."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(f"interrupted by {number.name}")
        self.exit_code = 128 + number


EXTRA_OF_PACKAGE = {
    "fastapi": "serve",
    "h5py": "keras",
    "matplotlib": "train",
    "onnx": "train",
    "prometheus_client": "serve",
    "pyarrow": "files",
    "pyfive": "keras",
    "tensorboard": "train",
    "torch": "train",
    "uvicorn": "serve",
    "zstandard": "files",
}


class MissingExtraError(MachineError):
    """A feature needs packages that an optional extra installs."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs packages that are not installed: pip install 'charseq[{extra}]'"
        )

    @classmethod
    def of(cls, error: ModuleNotFoundError, feature: str) -> "MissingExtraError | None":
        """Return the error for a package that is missing, or None if no extra installs it."""
        extra = EXTRA_OF_PACKAGE.get((error.name or "").partition(".")[0])
        return None if extra is None else cls(feature, extra)


@contextlib.contextmanager
def naming_extras(feature: str) -> Iterator[None]:
    """Tell of a package that is missing, and that an extra installs, as a `MissingExtraError`."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError.of(error, feature) or error from None


class CharseqWarning(UserWarning):
    """Base of charseq's own warnings."""


class UnknownCharactersWarning(CharseqWarning):
    """A text contains characters, or other symbols, that the model has never seen."""


class CheckpointWarning(CharseqWarning):
    """A checkpoint is damaged."""


def warn_caller(message: str, category: type[CharseqWarning] = CharseqWarning) -> None:
    """Warn at the line outside charseq that called it, however deep within it this is."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and _is_own(frame.f_globals.get("__name__", "")):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _is_own(module: str) -> bool:
    # Functions that a context manager decorates are called from its module.
    return module.partition(".")[0] in (__package__, "contextlib")


# How Python, PyTorch and ONNX Runtime say that there is not enough memory.
_LACKING = ("allocate memory", "bad allocation", "bad_alloc", "out of memory")


def lacks_memory(error: BaseException) -> bool:
    """Return whether an error, whosever it is, is a lack of memory."""
    return isinstance(error, MemoryError) or any(words in str(error) for words in _LACKING)


def counted(count: int, noun: str) -> str:
    """Return a count and a noun in the singular or plural."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _joins(text: str, place: int) -> bool:
    """Return whether a joiner stands there between two characters that it may join."""
    if text[place] not in "\u200c\u200d":
        return False
    beside = text[max(0, place - 1) : place], text[place + 1 : place + 2]
    return all(each and each.isprintable() and not each.isascii() for each in beside)


def visible(text: str, limit: int = 80) -> str:
    """Return `text` fit for a message: control and bidirectional characters escaped, and cut.

    Joiners stay as they are between letters of scripts that write with them, and in emoji. Only for
    messages and tables; translations are never altered.
    """
    escaped = "".join(
        character
        if character.isprintable() or _joins(text, place)
        else character.encode("unicode_escape").decode("ascii")
        for place, character in enumerate(text[: limit + 1])
    )
    return escaped if len(text) <= limit else escaped[: limit - 1] + "…"
