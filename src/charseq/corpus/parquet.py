"""Pairs from Parquet: two columns of texts, whose records are the rows."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from charseq.config import CorpusConfig
from charseq.corpus.collecting import PLAIN, collect
from charseq.corpus.columns import positions_of
from charseq.corpus.faults import BadLineError, not_utf8
from charseq.corpus.lines import LONGEST_LINE
from charseq.corpus.pairs import Corpus, digest_of
from charseq.errors import DataError, MissingExtraError, UsageError
from charseq.text import Spellings


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
        UsageError: if a column is not there.
        DataError: if a column does not hold texts, if a row is bad and bad ones are not to be
            skipped, if the file is damaged, or if it holds no pairs.
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
        positions = positions_of(names, (config.source_column, config.target_column), where)
        if max(positions) > len(names):
            raise UsageError(f"{where} has {len(names)} columns, so no column {max(positions)}")
        chosen = [fields[position - 1] for position in positions]
        for field in chosen:
            kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
            if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
                raise DataError(f"{where}: column {field.name!r} holds {field.type}, not texts")
        rows = _rows(table, [field.name for field in chosen])
        pairs, left_out = collect(rows, _texts, config, where=where, spellings=spellings)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{where} is damaged or not Parquet: {error}") from None
    return Corpus(name=name, pairs=pairs, digest=digest_of(pairs), left_out=left_out, path=path)


def _rows(table: Any, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
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


def _texts(row: tuple[str | bytes | None, str | bytes | None]) -> tuple[str, str]:
    source, target = map(_text, row)
    return source, target


def _text(cell: str | bytes | None) -> str:
    if cell is None:
        return ""
    if len(cell) > LONGEST_LINE:
        raise BadLineError("line too long", f"a text longer than {LONGEST_LINE:,}")
    try:
        return cell if isinstance(cell, str) else cell.decode()
    except UnicodeDecodeError as error:
        raise not_utf8(error) from None
