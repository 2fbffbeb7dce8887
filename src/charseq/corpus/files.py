"""Pairs from files: TSV, CSV, JSON Lines and Parquet, plain or compressed, or standard input.

A text is taken as it stands. Lines end at a line feed (or a carriage return and a line feed), TSV
cells at a tab; no other character separates anything and nothing is stripped, so no-break and
narrow spaces, U+2028 and U+0085 are ordinary characters, and so are quotes in a TSV.

A file is a stream of records (a line's bytes, or a Parquet row), each of which a parser turns into
the two texts of a pair or refuses as a bad line.
"""

import codecs
import csv
import gzip
import io
import itertools
import json
import re
import sys
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal, NoReturn

from charseq.config import Column, CorpusConfig, refuse_unknown
from charseq.corpus.pairs import Corpus, Pair, digest_of
from charseq.errors import (
    CharseqWarning,
    DataError,
    MachineError,
    MissingExtraError,
    UsageError,
    visible,
)

LONGEST_LINE = 1_000_000
"""The bytes of the longest line that is read; what goes on for longer is no pair of texts."""

Layout = Literal["tsv", "csv", "jsonl", "parquet"]
LAYOUTS: dict[str, Layout] = {
    ".tsv": "tsv",
    ".txt": "tsv",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
COMPRESSIONS = (".gz", ".zst")

_Texts = tuple[str, str]
_Positions = tuple[int, int]
_Parse = Callable[[Any], _Texts]
_PIECE = 1 << 17
_NAMED_FAULTS = 5
_JSON_KEYS: dict[Column, str] = {1: "source", 2: "target"}
_LIKELY_HEADERS = frozenset(
    [
        "source",
        "target",
        "src",
        "tgt",
        "trg",
        "input",
        "output",
        "text",
        "translation",
        "transliteration",
        "pronunciation",
        "phonemes",
        "ipa",
        "word",
        "lemma",
        "form",
        "inflected",
        "features",
        "spelling",
        "original",
        "corrected",
        "normalized",
        "normalised",
        "reference",
        "hypothesis",
        "sentence",
        "en",
        "eng",
        "english",
        "fr",
        "fra",
        "french",
        "de",
        "deu",
        "ger",
        "german",
        "es",
        "spa",
        "spanish",
        "it",
        "ita",
        "italian",
        "pt",
        "por",
        "portuguese",
        "nl",
        "nld",
        "dutch",
        "ru",
        "rus",
        "russian",
        "zh",
        "cmn",
        "chinese",
        "ja",
        "jpn",
        "japanese",
    ]
)


class _BadLineError(Exception):
    """A record that is no pair: the `reason` is counted, the message says more."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason


class _Faults:
    """The bad lines of one file: the first few in words, all of them by count."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.first: list[str] = []
        self.counts: Counter[str] = Counter()

    def add(self, number: int, fault: _BadLineError) -> None:
        if len(self.first) < _NAMED_FAULTS:
            self.first.append(f"  {self.where}:{number}: {fault}")
        self.counts[fault.reason] += 1

    def refuse(self) -> NoReturn:
        total = self.counts.total()
        lines = [f"{self.where} has {total:,} bad line{'s' if total > 1 else ''}:", *self.first]
        if total > len(self.first):
            lines.append(f"  … and {total - len(self.first):,} more")
        lines.append("correct them, or leave them out with --skip-bad-lines (skip_bad_lines=True)")
        raise DataError("\n".join(lines))


def read_file(path: str | Path, config: CorpusConfig) -> Corpus:
    """Read the pairs of a file; `-` is standard input.

    The format goes by the name unless `config` says it; whatever is not known is read as TSV. Gzip
    and Zstandard are recognised by their first bytes.

    Raises:
        UsageError: if there is no such file or column, or the settings do not suit it.
        DataError: if a line is bad and bad lines are not to be skipped, if the file is damaged, or
            if it holds no pairs.
        MachineError: if the file cannot be read.
        MissingExtraError: if the format or compression needs a package that is not installed.
    """
    if str(path) == "-":
        return read_lines(sys.stdin.buffer, config, name="stdin", where="standard input")
    path, where = Path(path), visible(str(path), 1_000)
    name, layout = _name_and_layout(path, config.format)
    with _in_plain_words(where), path.open("rb") as stream:
        if layout == "parquet":
            return _read_parquet(stream, config, name, where, path)
        return read_lines(stream, config, layout=layout, name=name, where=where, path=path)


def read_lines(
    stream: IO[bytes],
    config: CorpusConfig,
    *,
    name: str,
    where: str,
    layout: Layout | None = None,
    path: Path | None = None,
) -> Corpus:
    """Read the pairs of a stream of lines; `where` names it in messages.

    Raises:
        UsageError: if a column is not there, or the settings do not suit the format.
        DataError: if a line is bad and bad lines are not to be skipped, if the stream is damaged,
            or if it holds no pairs.
        MachineError: if the stream cannot be read.
        MissingExtraError: if the compression needs a package that is not installed.
    """
    if layout is None:
        layout = "tsv" if config.format == "auto" else config.format
    if layout == "parquet":
        raise UsageError(f"{where}: Parquet is read from a file of its own only")
    with _in_plain_words(where):
        records = _lines(_decompressed(stream, where))
        first = next(records, b"").removeprefix(codecs.BOM_UTF8)
        if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise DataError(f"{where} is in UTF-16; save it as UTF-8")
        attribution = _attribution(first) if layout == "tsv" else ""
        number = 1
        columns = (config.source_column, config.target_column)
        if layout == "jsonl":
            parse = _json_parser(*columns)
        else:
            cells = _csv_cells if layout == "csv" else _tsv_cells
            if config.header:
                names, first, number = _header(first, cells, where), b"", 2
                parse = _cell_parser(cells, _positions(names, columns, where))
            else:
                parse = _cell_parser(cells, _numbers(columns, where))
                _warn_of_header(first, parse, where)
        if first:
            records = itertools.chain([first], records)
        pairs, left_out = _collect(records, number, parse, config, where)
    return Corpus(
        name=name,
        pairs=pairs,
        digest=digest_of(pairs),
        left_out=left_out,
        attribution=attribution,
        path=path,
    )


def stream_of(pieces: Iterator[bytes]) -> BinaryIO:
    """Return pieces of bytes as one stream that is read fast, line by line."""
    return io.BufferedReader(_Pieces(pieces), _PIECE)


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


def _name_and_layout(path: Path, wanted: Literal["auto"] | Layout) -> tuple[str, Layout]:
    stem = path.stem if path.suffix.lower() in COMPRESSIONS else path.name
    suffix = Path(stem).suffix.lower()
    layout = LAYOUTS.get(suffix, "tsv") if wanted == "auto" else wanted
    return (Path(stem).stem if suffix in LAYOUTS else stem), layout


@contextmanager
def _in_plain_words(where: str) -> Iterator[None]:
    """Turn what the system and the decompressors raise into errors that speak to the person."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{where} is damaged or cut short: {error}") from None
    except FileNotFoundError:
        raise UsageError(f"there is no file {where}") from None
    except IsADirectoryError:
        raise UsageError(f"{where} is a folder; name a file in it") from None
    except OSError as error:
        raise MachineError(f"cannot read {where}: {error.strerror or error}") from None


def _decompressed(stream: IO[bytes], where: str) -> IO[bytes]:
    start = stream.peek(4)[:4] if isinstance(stream, io.BufferedReader) else b""
    if start.startswith(b"\x1f\x8b"):
        return stream_of(iter(partial(gzip.GzipFile(fileobj=stream).read, _PIECE), b""))
    if start == b"\x28\xb5\x2f\xfd":
        return stream_of(_from_zstandard(stream))
    if start == b"PK\x03\x04":
        raise DataError(f"{where} looks like a zip archive, but its name does not end in .zip")
    if start == b"PAR1":
        raise DataError(f"{where} looks like Parquet; say so with --format parquet")
    return stream


def _from_zstandard(stream: IO[bytes]) -> Iterator[bytes]:
    try:
        import zstandard
    except ImportError:
        raise MissingExtraError("reading Zstandard files", "files") from None
    # An object that knows where a frame ends, since a stream cut short would else pass for a whole
    # one; fed by few bytes at a time, since each may stand for many kilobytes.
    frame, waiting, size = None, [], 0
    try:
        for piece in iter(partial(stream.read, 256), b""):
            rest = piece
            while rest:
                frame = frame or zstandard.ZstdDecompressor().decompressobj()
                waiting.append(frame.decompress(rest))
                size += len(waiting[-1])
                rest, frame = (frame.unused_data, None) if frame.eof else (b"", frame)
            if size >= _PIECE:
                yield b"".join(waiting)
                waiting, size = [], 0
        yield b"".join(waiting)
    except zstandard.ZstdError as error:
        raise EOFError(error) from None
    if frame is not None:
        raise EOFError("the last Zstandard frame has no end")


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines with their ends; only the beginning of one that is too long."""
    while line := stream.readline(LONGEST_LINE + 1):
        rest = line
        while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(LONGEST_LINE + 1)
        yield line


def _text(line: bytes) -> str:
    if len(line) > LONGEST_LINE:
        raise _BadLineError("line too long", f"longer than {LONGEST_LINE:,} bytes")
    try:
        text = line.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise _not_utf8(error) from None
    if not text:
        raise _BadLineError("empty line")
    return text


def _not_utf8(error: UnicodeDecodeError) -> _BadLineError:
    what = f"byte {error.start + 1} is 0x{error.object[error.start]:02x}"
    return _BadLineError("invalid UTF-8", f"not valid UTF-8: {what}")


def _tsv_cells(line: bytes) -> list[str]:
    return _text(line).split("\t")


def _csv_cells(line: bytes) -> list[str]:
    # Each line by itself, so that one stray quote cannot swallow the lines after it.
    try:
        return next(csv.reader([_text(line)], strict=True))
    except csv.Error as error:
        why = str(error)
        if why == "unexpected end of data":
            why = "a quoted text does not end on its line"
        raise _BadLineError("invalid CSV", f"not valid CSV: {why}") from None


def _cell_parser(cells: Callable[[bytes], list[str]], positions: _Positions) -> _Parse:
    first, second, wanted = positions[0] - 1, positions[1] - 1, max(positions)

    def parse(line: bytes) -> _Texts:
        row = cells(line)
        if len(row) < wanted:
            raise _BadLineError("too few columns", f"{len(row)} of the {wanted} columns needed")
        return row[first], row[second]

    return parse


def _json_parser(source: Column, target: Column) -> _Parse:
    def parse(line: bytes) -> _Texts:
        try:
            record = json.loads(_text(line))
        except (ValueError, RecursionError) as error:
            why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise _BadLineError("invalid JSON", f"not valid JSON: {why}") from None
        return _json_cell(record, source), _json_cell(record, target)

    return parse


def _json_cell(record: object, column: Column) -> str:
    if isinstance(record, dict):
        key = _JSON_KEYS.get(column, column)
        if key not in record:
            found = visible(", ".join(map(repr, record)))
            raise _BadLineError("too few columns", f"no {key!r} among the keys {found or '(none)'}")
        value = record[key]
    elif isinstance(record, list) and isinstance(column, int):
        if len(record) < column:
            raise _BadLineError("too few columns", f"{len(record)} of the {column} columns needed")
        value = record[column - 1]
    elif isinstance(record, list):
        raise _BadLineError(
            "too few columns", f"an array has no {column!r}; give the column's number"
        )
    else:
        raise _BadLineError("not a pair", "neither an object nor an array")
    if not isinstance(value, str):
        raise _BadLineError(
            "not a text", f"column {column} is {visible(json.dumps(value))}, not a text"
        )
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _BadLineError("lone surrogate", f"column {column} holds half a character") from None
    return value


def _header(first: bytes, cells: Callable[[bytes], list[str]], where: str) -> list[str]:
    if not first:
        raise DataError(f"{where} is empty")
    try:
        return cells(first)
    except _BadLineError as fault:
        raise DataError(f"{where}:1: the header is {fault}") from None


def _positions(names: Sequence[str], columns: tuple[Column, Column], where: str) -> _Positions:
    for column in columns:
        if isinstance(column, str):
            refuse_unknown([column], names, what=f"column of {where}")
            if names.count(column) > 1:
                raise UsageError(
                    f"{where} has several columns named {column!r}; give the column's number"
                )
    source, target = (c if isinstance(c, int) else names.index(c) + 1 for c in columns)
    return source, target


def _numbers(columns: tuple[Column, Column], where: str) -> _Positions:
    source, target = columns
    if isinstance(source, int) and isinstance(target, int):
        return source, target
    name = source if isinstance(source, str) else target
    raise UsageError(
        f"column {name!r} is given by name: add --header (header=True) if the first row of"
        f" {where} names the columns"
    )


def _warn_of_header(first: bytes, parse: _Parse, where: str) -> None:
    try:
        row = parse(first)
    except _BadLineError:
        return  # It is reported with the others.
    if all(_LIKELY_HEADERS.issuperset(re.findall(r"[^\W\d_]+", c.lower()) or "?") for c in row):
        warnings.warn(
            f"the first row of {where} looks like a header ({', '.join(map(visible, row))}):"
            " add --header (header=True) if it is one",
            CharseqWarning,
            stacklevel=2,
        )


def _attribution(first: bytes) -> str:
    # The third column of the collection of manythings.org/anki names the sentences' authors.
    cells = first.decode(errors="replace").split("\t")
    found = re.match(r"(CC[- ]BY[^A-Z]*(?:\([^)]*\))?) *Attribution: *(\S+)", "".join(cells[2:3]))
    if not found:
        return ""
    return f"{found[2]}, {found[1].strip()}; each line's third column names its authors"


def _collect(
    records: Iterable[object], number: int, parse: _Parse, config: CorpusConfig, where: str
) -> tuple[list[Pair], dict[str, int]]:
    pairs: list[Pair] = []
    keep, faults, too_long = pairs.append, _Faults(where), 0
    reverse, limit, longest = config.reverse, config.limit, config.max_length
    columns = (config.source_column, config.target_column)
    for place, record in enumerate(records, number):
        try:
            source, target = texts = parse(record)
            both = source + target
            if not source or not target or "\0" in both or "\n" in both or "\r" in both:
                raise _fault_of(texts, columns)
        except _BadLineError as fault:
            faults.add(place, fault)
            continue
        if longest is not None and (len(source) > longest or len(target) > longest):
            too_long += 1
            continue
        keep(Pair(target, source) if reverse else Pair(source, target))
        if len(pairs) == limit:
            break
    if faults.counts and not config.skip_bad_lines:
        faults.refuse()
    left_out = dict(faults.counts)
    if too_long:
        left_out[f"longer than {longest:,} characters"] = too_long
    if not pairs:
        reasons = ", ".join(f"{count:,} × {reason}" for reason, count in left_out.items())
        raise DataError(f"{where} holds no pairs" + (f"; left out: {reasons}" if reasons else ""))
    return pairs, left_out


def _fault_of(texts: _Texts, columns: tuple[Column, Column]) -> _BadLineError:
    for text, column in zip(texts, columns, strict=True):
        if not text:
            return _BadLineError("empty side", f"column {column} is empty")
        if "\0" in text:
            return _BadLineError("NUL character", f"column {column} holds a NUL character")
    broken = next(c for t, c in zip(texts, columns, strict=True) if "\n" in t or "\r" in t)
    return _BadLineError("line break in a text", f"column {broken} holds a line break")


def corpus_of(
    pairs: Iterable[tuple[str, str]], config: CorpusConfig, *, name: str = "pairs"
) -> Corpus:
    """Make a corpus of pairs in memory, held to the same rules as those of a file.

    Raises:
        DataError: if a pair is bad and bad ones are not to be skipped, or if there are none.
    """
    kept, left_out = _collect(pairs, 1, _texts_of_pair, config, name)
    return Corpus(name=name, pairs=kept, digest=digest_of(kept), left_out=left_out)


def _texts_of_pair(pair: Any) -> _Texts:
    if isinstance(pair, str) or len(pair) != 2 or not all(isinstance(t, str) for t in pair):
        raise _BadLineError("not a pair", f"not a pair of texts: {visible(repr(pair))}")
    source, target = pair
    try:
        f"{source}{target}".encode()
    except UnicodeEncodeError:
        raise _BadLineError("lone surrogate", "a lone surrogate, which is no character") from None
    return source, target


def _read_parquet(
    stream: BinaryIO, config: CorpusConfig, name: str, where: str, path: Path
) -> Corpus:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError("reading Parquet files", "files") from None
    try:
        table = pq.ParquetFile(stream)
        fields = list(table.schema_arrow)
        names = [field.name for field in fields]
        positions = _positions(names, (config.source_column, config.target_column), where)
        if max(positions) > len(names):
            raise UsageError(f"{where} has {len(names)} columns, so no column {max(positions)}")
        chosen = [fields[position - 1] for position in positions]
        for field in chosen:
            kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
            if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
                raise DataError(f"{where}: column {field.name!r} holds {field.type}, not texts")
        rows = _parquet_rows(table, [field.name for field in chosen])
        pairs, left_out = _collect(rows, 1, _parquet_texts, config, where)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{where} is damaged or not Parquet: {error}") from None
    return Corpus(name=name, pairs=pairs, digest=digest_of(pairs), left_out=left_out, path=path)


def _parquet_rows(table: Any, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    import pyarrow as pa

    for batch in table.iter_batches(10_000, columns=names):
        columns = []
        for name in names:
            column = batch.column(name)
            try:
                columns.append(column.to_pylist())
            except UnicodeDecodeError:
                columns.append(column.cast(pa.string()).cast(pa.binary()).to_pylist())
        yield from zip(*columns, strict=True)


def _parquet_texts(row: tuple[str | bytes | None, str | bytes | None]) -> _Texts:
    source, target = map(_parquet_text, row)
    return source, target


def _parquet_text(cell: str | bytes | None) -> str:
    if cell is None:
        return ""
    if len(cell) > LONGEST_LINE:
        raise _BadLineError("line too long", f"a text longer than {LONGEST_LINE:,}")
    try:
        return cell if isinstance(cell, str) else cell.decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(error) from None
