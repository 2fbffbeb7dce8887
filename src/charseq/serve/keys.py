"""API keys: every request must send one of them."""

import hashlib
import hmac
import os
from collections.abc import Iterable
from pathlib import Path

from charseq.errors import UsageError
from charseq.files import read_bounded

LARGEST_FILE = 1 << 20


class Keys:
    """The keys that a service knows; without any, requests need none."""

    def __init__(self, keys: Iterable[str]) -> None:
        # A key from the environment may be no text.
        self._digests = [_digest(os.fsencode(key)) for key in keys]

    def allow(self, authorisation: bytes | None) -> bool:
        """Return whether the header `Authorization: Bearer KEY` contains a known key.

        A nearly right key takes as long to check as any other.
        """
        if not self._digests:
            return True
        scheme, _, key = (authorisation or b"").partition(b" ")
        brought = _digest(key.strip())
        found = [hmac.compare_digest(brought, known) for known in self._digests]
        return scheme.lower() == b"bearer" and any(found)


def keys_in(text: str) -> tuple[str, ...]:
    """Return the keys in a text, separated by space or commas."""
    return tuple(text.replace(",", " ").split())


def environment_keys() -> tuple[str, ...]:
    """Return the keys in the environment variable `CHARSEQ_API_KEYS`, if it is set.

    Raises:
        UsageError: if it is set but contains none.
    """
    text = os.environ.get("CHARSEQ_API_KEYS", "")
    keys = keys_in(text)
    if text and not keys:
        raise UsageError("CHARSEQ_API_KEYS contains no keys: add some, or unset it to require none")
    return keys


def read_keys(path: Path) -> tuple[str, ...]:
    """Return the keys in a file, one per line.

    Raises:
        UsageError: if there is no such file, it contains none, or a line is none.
        DataError: if it is too large.
        MachineError: if it cannot be read.
    """
    try:
        lines = read_bounded(path, LARGEST_FILE).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise UsageError(f"{path} contains no keys: it is not valid UTF-8") from None
    keys: tuple[str, ...] = ()
    for number, line in enumerate(lines, start=1):
        own = keys_in(line)
        if len(own) > 1:
            raise UsageError(f"{path}:{number}: a key has no spaces or commas: write one per line")
        keys += own
    if not keys:
        raise UsageError(f"{path} contains no keys: write one per line")
    return keys


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
