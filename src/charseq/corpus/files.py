"""Pairs from files: TSV, CSV, JSON Lines and Parquet, plain or compressed, or standard input.

Texts are used unchanged. A file is a stream of records (lines or Parquet rows); a parser turns each
into the texts of a pair, or refuses it as a bad line.
"""

import codecs
import itertools
import os
import re
import sys
from pathlib import Path
from typing import IO, Literal

from charseq.config import CorpusConfig
from charseq.corpus.collecting import collect
from charseq.corpus.layouts import LineLayout, line_parser
from charseq.corpus.lines import lines_of
from charseq.corpus.pairs import Corpus, digest_of
from charseq.corpus.parquet import read_parquet
from charseq.corpus.streams import decompressed
from charseq.errors import DataError, UsageError, visible
from charseq.files import in_plain_words
from charseq.text import PLAIN, Spellings

Layout = LineLayout | Literal["parquet"]

_LAYOUTS: dict[str, Layout] = {
    ".tsv": "tsv",
    ".txt": "tsv",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_COMPRESSIONS = (".gz", ".zst")
# More is not searched for whom to credit: what to search for takes long in a long text.
_LONGEST_ATTRIBUTION = 200


def read_file(path: str | Path, config: CorpusConfig, spellings: Spellings = PLAIN) -> Corpus:
    """Read the pairs of a file; `-` is standard input.

    The file's name determines the format unless `config` does; unknown names are read as TSV. Gzip
    and Zstandard are recognised by their first bytes.

    Raises:
        UsageError: if there is no such file or column, or the settings do not suit it.
        DataError: if a line is bad and bad lines may not be skipped, if the file is damaged, or if
            it contains no pairs.
        MachineError: if the file cannot be read.
        MissingExtraError: if the format or compression needs a package that is not installed.
    """
    if str(path) == "-":
        return read_lines(
            sys.stdin.buffer, config, name="stdin", where="standard input", spellings=spellings
        )
    path, where = Path(path), visible(str(path), 1_000)
    name, layout = _name_and_layout(path, config.format)
    with in_plain_words(where), path.open("rb") as stream:
        if layout == "parquet":
            return read_parquet(
                stream, config, name=name, where=where, path=path, spellings=spellings
            )
        return read_lines(
            stream,
            config,
            layout=layout,
            name=name,
            where=where,
            path=path,
            spellings=spellings,
        )


def read_lines(
    stream: IO[bytes],
    config: CorpusConfig,
    *,
    name: str,
    where: str,
    layout: Layout | None = None,
    path: Path | None = None,
    spellings: Spellings = PLAIN,
) -> Corpus:
    """Read the pairs of a stream of lines; `where` names it in messages.

    Raises:
        UsageError: if a column is missing, or the settings do not suit the format.
        DataError: if a line is bad and bad lines may not be skipped, if the stream is damaged, or
            if it contains no pairs.
        MachineError: if the stream cannot be read.
        MissingExtraError: if the compression needs a package that is not installed.
    """
    if layout is None:
        layout = "tsv" if config.format == "auto" else config.format
    if layout == "parquet":
        raise UsageError(f"{where}: Parquet can only be read from a file")
    with in_plain_words(where):
        lines = lines_of(decompressed(stream, where))
        first = next(lines, b"")
        if _is_utf_16(first):
            raise DataError(f"{where} is in UTF-16; save it as UTF-8")
        attribution = _attribution(first) if layout == "tsv" else ""
        parse, header = line_parser(layout, first, config, where)
        if first and not header:
            lines = itertools.chain([first], lines)
        pairs, left_out = collect(
            lines, parse, config, where=where, number=1 + header, spellings=spellings
        )
    return Corpus(
        name=name,
        pairs=pairs,
        digest=digest_of(pairs),
        left_out=left_out,
        first_line=None if left_out else 1 + header,
        attribution=attribution,
        path=path,
    )


def _is_utf_16(first: bytes) -> bool:
    """Return whether a line begins as UTF-16 does: with its mark, or each other byte zero."""
    start = first[:32]
    return start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or (
        len(start) > 1 and not (any(start[::2]) and any(start[1::2]))
    )


def _name_and_layout(path: Path, wanted: Literal["auto"] | Layout) -> tuple[str, Layout]:
    stem = path.stem if path.suffix.lower() in _COMPRESSIONS else path.name
    suffix = Path(stem).suffix.lower()
    layout = _LAYOUTS.get(suffix, "tsv") if wanted == "auto" else wanted
    name = Path(stem).stem if suffix in _LAYOUTS else stem
    # A file's name may be no text; a corpus's is.
    return os.fsencode(name).decode(errors="replace"), layout


def _attribution(first: bytes) -> str:
    # The third column of the collection of manythings.org/anki names the sentences' authors.
    cells = first.decode(errors="replace").split("\t")
    third = "".join(cells[2:3])[:_LONGEST_ATTRIBUTION]
    found = re.match(r"(CC[- ]BY[^A-Z]*(?:\([^)]*\))?) *Attribution: *(\S+)", third)
    if not found:
        return ""
    return f"{found[2]}, {found[1].strip()}; each line's third column names its authors"
