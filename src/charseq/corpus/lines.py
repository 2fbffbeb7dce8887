"""Lines of bytes, and their texts.

Lines end with a line feed, or a carriage return and a line feed. No other character ends one and
nothing is stripped: no-break and narrow spaces, U+2028 and U+0085 are ordinary characters.
"""

import codecs
from collections.abc import Iterator
from typing import IO

from charseq.corpus.faults import BadLineError, not_utf8

LONGEST_LINE = 1_000_000
"""The size of the longest line that is read, in bytes; a longer line is not a pair of texts."""


def lines_of(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines with their line ends; of a line that is too long, only the beginning.

    A byte-order mark is not part of the first line.
    """
    mark = codecs.BOM_UTF8
    # A line end does not count; one byte more shows that a line is too long.
    enough = LONGEST_LINE + len(b"\r\n") + 1
    line = stream.readline(len(mark) + enough).removeprefix(mark)
    while line:
        rest = line
        while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(enough)
        yield line
        line = stream.readline(enough)


def text_of(line: bytes) -> str:
    """Return the text of a line, without its line end; it may be empty.

    Raises:
        BadLineError: if the line is too long, or not UTF-8.
    """
    bare = line.removesuffix(b"\n").removesuffix(b"\r")
    if len(bare) > LONGEST_LINE:
        raise BadLineError("line too long", f"longer than {LONGEST_LINE:,} bytes")
    try:
        return bare.decode()
    except UnicodeDecodeError as error:
        raise not_utf8(error) from None


def nonempty_text_of(line: bytes) -> str:
    """Return the text of a line that is not empty, without its line end.

    Raises:
        BadLineError: if the line is empty, too long, or not UTF-8.
    """
    text = text_of(line)
    if not text:
        raise BadLineError("empty line")
    return text
