"""Pairs from Parquet: columns of texts, read row by row."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from charseq.config import CorpusConfig
from charseq.corpus.collecting import collect
from charseq.corpus.columns import Positions, columns_of, positions_of
from charseq.corpus.faults import BadLineError, not_utf8
from charseq.corpus.lines import LONGEST_LINE
from charseq.corpus.pairs import Corpus, digest_of
from charseq.errors import DataError, MissingExtraError, UsageError, visible
from charseq.text import PLAIN, Spellings


def read_parquet(
    stream: BinaryIO,
    config: CorpusConfig,
    *,
    name: str,
    where: str,
    path: Path,
    spellings: Spellings = PLAIN,
) -> Corpus:
    """Read the pairs of a Parquet file; `where` names it in messages.

    Raises:
        UsageError: if a column is missing.
        DataError: if a column does not contain texts, if a row is bad and bad ones may not be
            skipped, if the file is damaged, or if it contains no pairs.
        MissingExtraError: if the package that reads Parquet is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError("reading Parquet files", "files") from None
    try:
        table = pq.ParquetFile(stream)
        fields = list(table.schema_arrow)
        names = [field.name for field in fields]
        positions = positions_of(names, columns_of(config), where)
        if max(positions) > len(names):
            raise UsageError(f"{where} has {len(names)} columns, so no column {max(positions)}")
        chosen = [fields[position - 1] if position else None for position in positions]
        for field in filter(None, chosen):
            kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
            # A column of nulls has no texts: its cells are empty.
            if not any(each(kind) for each in (*_texts_in(pa.types), pa.types.is_null)):
                column, found = visible(repr(field.name)), visible(str(field.type))
                raise DataError(f"{where}: column {column} contains {found}, not texts")
        rows = _rows(table, names, positions)
        pairs, left_out = collect(rows, _texts, config, where=where, spellings=spellings)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{where} is damaged or not Parquet: {error}") from None
    return Corpus(name=name, pairs=pairs, digest=digest_of(pairs), left_out=left_out, path=path)


def _rows(table: Any, names: Sequence[str], positions: Positions) -> Iterator[tuple[Any, ...]]:
    import pyarrow as pa

    read = [names[position - 1] for position in positions if position]
    # Columns with equal names cannot be selected; then all columns are read.
    some = all(names.count(name) == 1 for name in read)
    for batch in table.iter_batches(10_000, columns=read if some else None):
        columns: list[Sequence[Any]] = []
        for position in positions:
            if not position:
                columns.append([""] * len(batch))
                continue
            column = batch.column(names[position - 1] if some else position - 1)
            if pa.types.is_dictionary(column.type):
                column = column.dictionary_decode()
            try:
                columns.append(column.to_pylist())
            except UnicodeDecodeError:
                columns.append(column.cast(pa.large_binary()).to_pylist())
        yield from zip(*columns, strict=True)


def _texts_in(types: Any) -> list[Callable[[Any], bool]]:
    """Return what recognises pyarrow's types of texts; earlier versions lack one."""
    names = ("is_string", "is_large_string", "is_string_view")
    return [getattr(types, name) for name in names if hasattr(types, name)]


def _texts(row: tuple[str | bytes | None, ...]) -> tuple[str, ...]:
    return tuple(map(_text, row))


def _text(cell: str | bytes | None) -> str:
    if cell is None:
        return ""
    if len(cell) > LONGEST_LINE:
        raise BadLineError("line too long", f"a text longer than {LONGEST_LINE:,}")
    try:
        return cell if isinstance(cell, str) else cell.decode()
    except UnicodeDecodeError as error:
        raise not_utf8(error) from None
