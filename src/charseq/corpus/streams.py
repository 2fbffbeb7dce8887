"""Streams of bytes: plain, decompressed, or made of pieces."""

import gzip
import io
import itertools
import re
import zlib
from collections.abc import Iterator
from functools import partial
from typing import IO, Any, BinaryIO

from charseq.errors import DataError, MissingExtraError
from charseq.files import LARGEST_EXPANSION, unpacked_limit

PIECE = 1 << 17
"""How many bytes are read at a time."""

# Files of spreadsheet programs, which are zips.
WORKBOOKS = (".xlsx", ".xlsm", ".ods")
# What compressed files begin with.
GZIP, ZSTANDARD, XZ = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ"
# So many bytes tell formats apart.
_TELLING = 5


def stream_of(pieces: Iterator[bytes]) -> BinaryIO:
    """Return pieces of bytes as one stream that is fast to read line by line."""
    return io.BufferedReader(_Pieces(pieces), PIECE)


def decompressed(stream: IO[bytes], where: str) -> IO[bytes]:
    """Return a stream, decompressed if its first bytes are those of gzip or Zstandard.

    Problems of compressed bytes show up when the result is read: damage raises a DataError, a
    package that is not installed a MissingExtraError.

    Raises:
        DataError: if the stream, which messages call `where`, is a zip, Parquet, or compressed by
            another program.
    """
    start = b""
    if isinstance(stream, io.BufferedReader):
        start, stream = _begun(stream)
    counted = _Counted(stream)
    if start.startswith(GZIP):
        pieces = iter(partial(gzip.GzipFile(fileobj=counted).read, PIECE), b"")  # type: ignore[call-overload]
        return stream_of(_within_bounds(pieces, counted, where))
    if start.startswith(ZSTANDARD):
        return stream_of(_within_bounds(_from_zstandard(counted), counted, where))
    if start.startswith(XZ) or re.match(rb"BZh[1-9]1", start):
        program = "xz" if start.startswith(XZ) else "bzip2"
        raise DataError(
            f"{where} is compressed by {program}: unpack it, or compress it by gzip or zstd"
        )
    if start.startswith(b"PK\x03\x04"):
        if where.lower().endswith(WORKBOOKS):
            raise DataError(f"{where} is a workbook: save it as CSV in UTF-8, and name that file")
        raise DataError(f"{where} looks like a zip archive, but its name does not end in .zip")
    # What follows in Parquet is no character of a text.
    if re.match(rb"PAR1[\x00-\x08\x0e-\x1f]", start):
        raise DataError(f"{where} looks like Parquet: add --format parquet")
    return stream


def _begun(stream: io.BufferedReader) -> tuple[bytes, IO[bytes]]:
    """Return a stream's first bytes, and a stream that still begins with them."""
    start = stream.peek(_TELLING)[:_TELLING]
    if len(start) == _TELLING:
        return start, stream
    # A pipe may bring them one by one.
    start = stream.read(_TELLING)
    return start, stream_of(itertools.chain([start], iter(partial(stream.read1, PIECE), b"")))


def _within_bounds(pieces: Iterator[bytes], counted: "_Counted", where: str) -> Iterator[bytes]:
    size = 0
    try:
        for piece in pieces:
            size += len(piece)
            if size > unpacked_limit(counted.size):
                raise DataError(
                    f"{where} unpacks to more than {LARGEST_EXPANSION} times its size, which no"
                    " text does"
                )
            yield piece
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{where} is damaged or cut short: {error}") from None


class _Counted:
    """A stream that counts the bytes read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        found = self.stream.read(size)
        self.size += len(found)
        return found


class _Pieces(io.RawIOBase):
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def _from_zstandard(stream: "_Counted") -> Iterator[bytes]:
    try:
        import zstandard
    except ImportError:
        raise MissingExtraError("reading Zstandard files", "files") from None
    # Use an object that knows where a frame ends, since a truncated stream would otherwise pass for
    # a whole one; feed it few bytes at a time, since each may expand to many kilobytes.
    frame, waiting, size = None, [], 0
    try:
        for piece in iter(partial(stream.read, 256), b""):
            rest = piece
            while rest:
                frame = frame or zstandard.ZstdDecompressor().decompressobj()
                waiting.append(frame.decompress(rest))
                size += len(waiting[-1])
                rest, frame = (frame.unused_data, None) if frame.eof else (b"", frame)
            if size >= PIECE:
                yield b"".join(waiting)
                waiting, size = [], 0
        yield b"".join(waiting)
    except zstandard.ZstdError as error:
        raise EOFError(error) from None
    if frame is not None:
        raise EOFError("the last Zstandard frame is incomplete")
