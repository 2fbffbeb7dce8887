"""Lines of bytes, and their texts.

Lines end at a line feed, or a carriage return and a line feed. No other character ends one and
nothing is stripped: no-break and narrow spaces, U+2028 and U+0085 are ordinary characters.
"""

from collections.abc import Iterator
from typing import IO

from charseq.corpus.faults import BadLineError, not_utf8

LONGEST_LINE = 1_000_000
"""The bytes of the longest line that is read; what goes on for longer is no pair of texts."""


def lines_of(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines with their ends; only the beginning of one that is too long."""
    while line := stream.readline(LONGEST_LINE + 1):
        rest = line
        while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(LONGEST_LINE + 1)
        yield line


def text_of(line: bytes) -> str:
    """Return the text of a line, without its end.

    Raises:
        BadLineError: if the line is too long, empty, or not UTF-8.
    """
    if len(line) > LONGEST_LINE:
        raise BadLineError("line too long", f"longer than {LONGEST_LINE:,} bytes")
    try:
        text = line.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise not_utf8(error) from None
    if not text:
        raise BadLineError("empty line")
    return text
