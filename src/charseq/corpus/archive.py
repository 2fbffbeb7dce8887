"""The zips of manythings.org/anki: a text of sentence pairs, and a note on whom to credit."""

import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO

from charseq.config import CorpusConfig
from charseq.corpus.columns import refuse_settings
from charseq.corpus.files import read_lines
from charseq.corpus.pairs import Corpus
from charseq.corpus.streams import PIECE, stream_of
from charseq.errors import DataError, UsageError, visible
from charseq.files import LARGEST_EXPANSION, file_digest, in_plain_words, unpacked_limit
from charseq.text import PLAIN, Spellings

LARGEST_TEXT = 500 * 2**20
"""How many bytes a zip's text may unpack to; the collection's largest has some 50 MB."""

_LARGEST_ABOUT = 1 << 16

# What Python's reader of zips raises when bytes are not what they should be.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ArithmeticError,
    EOFError,
    LookupError,
    RuntimeError,
    ValueError,
)


def read_archive(
    path: Path, config: CorpusConfig, name: str, spellings: Spellings = PLAIN
) -> Corpus:
    """Read the pairs of one of the collection's zips; nothing is extracted to disk.

    Raises:
        UsageError: if there is no such file, or the settings do not suit it.
        DataError: if it is not such a zip, or a line is bad and bad lines may not be skipped.
        MachineError: if the file cannot be read.
    """
    if config.format not in ("auto", "tsv"):
        raise UsageError(f"{path} holds TSV, not {config.format}: omit --format")
    refuse_settings(
        config,
        f"{path} is an archive of sentence pairs, and no file",
        remedy="; to choose columns, unpack it and name the file",
    )
    with _opened(path) as archive:
        text = _text_of(archive, path)
        where = f"{path}:{visible(text.filename)}"
        with archive.open(text) as member:
            stream = stream_of(_limited(member, text, where))
            corpus = read_lines(
                stream,
                config,
                layout="tsv",
                name=name,
                where=where,
                path=path,
                spellings=spellings,
            )
        attribution = corpus.attribution or _about(archive)
    return replace(corpus, attribution=attribution, archive_digest=file_digest(path))


def check_archive(path: Path) -> None:
    """Read a zip's text to its end, which checks its structure, size and checksum.

    Raises:
        UsageError: if there is no such file.
        DataError: if it is not such a zip, or a damaged one.
        MachineError: if the file cannot be read.
    """
    with _opened(path) as archive:
        text = _text_of(archive, path)
        with archive.open(text) as member:
            for _ in _limited(member, text, text.filename):
                pass


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    with in_plain_words(path):
        try:
            with zipfile.ZipFile(path) as archive:
                yield archive
        except DAMAGE as error:
            why = str(error) or "it is truncated"
            raise DataError(f"{path} is not a zip archive, or is damaged: {why}") from None


def _text_of(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    """Return the one member that contains the pairs."""
    files = [
        member
        for member in archive.infolist()
        if not member.is_dir()
        and not member.filename.endswith("_about.txt")
        # What a Mac adds to every file.
        and not member.filename.startswith("__MACOSX/")
    ]
    texts = [member for member in files if member.filename.endswith(".txt")]
    if len(texts) != 1:
        found = ", ".join(visible(member.filename) for member in (texts or files)[:5])
        raise DataError(
            f"{path} is not a zip archive of sentence pairs: it should hold exactly one file whose"
            f" name ends in .txt, but has {len(texts) or 'none'}"
            + (f" ({found}): unpack it, and name the file to read" if found else "")
        )
    if texts[0].flag_bits & 1:
        raise DataError(f"{path} is protected by a password")
    if texts[0].file_size > _largest(texts[0]):
        raise _too_large(f"{path}:{visible(texts[0].filename)}")
    return texts[0]


def _largest(text: zipfile.ZipInfo) -> int:
    return min(LARGEST_TEXT, unpacked_limit(text.compress_size))


def _limited(member: IO[bytes], text: zipfile.ZipInfo, where: str) -> Iterator[bytes]:
    # The sizes that a zip states need not be true.
    received, largest = 0, _largest(text)
    for piece in iter(partial(member.read, PIECE), b""):
        received += len(piece)
        if received > largest:
            raise _too_large(where)
        yield piece


def _too_large(where: str) -> DataError:
    return DataError(
        f"{where} unpacks to more than {LARGEST_TEXT:,} bytes, or to more than"
        f" {LARGEST_EXPANSION} times its size"
    )


def _about(archive: zipfile.ZipFile) -> str:
    """Return the attribution and the licence in the zip's own description."""
    if "_about.txt" not in archive.namelist():
        return ""
    with archive.open("_about.txt") as member:
        about = member.read(_LARGEST_ABOUT).decode(errors="replace")
    thanks = re.search("^Attribution:(.*)$", about, re.MULTILINE)
    licence = re.search(r"https?://creativecommons\.org/\S+", about)
    found = (thanks and thanks[1].strip(), licence and licence[0])
    return ", ".join(filter(None, found))
