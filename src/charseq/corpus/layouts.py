"""Lines of TSV, CSV or JSON Lines, and the parsers that turn them into the texts of a pair.

TSV cells are separated by tabs only; quotes are ordinary characters in them.
"""

import contextlib
import csv
import json
import re
from collections.abc import Callable
from operator import itemgetter
from typing import Literal

from charseq.config import Column, CorpusConfig
from charseq.corpus.columns import (
    Columns,
    Positions,
    columns_of,
    numbers_of,
    positions_of,
    warn_of_header,
)
from charseq.corpus.faults import TOO_FEW, BadLineError
from charseq.corpus.lines import LONGEST_LINE, nonempty_text_of
from charseq.errors import DataError, visible
from charseq.text import has_half

LineLayout = Literal["tsv", "csv", "jsonl"]
LineParser = Callable[[bytes], tuple[str, ...]]
"""Turns a line into the texts of a pair, or raises BadLineError."""

# The csv module's own limit is lower, and applies to the whole process.
csv.field_size_limit(max(csv.field_size_limit(), LONGEST_LINE))

# Commas that are not separators: within quotes, before a space, between digits.
_OWN_COMMAS = re.compile(rb'"[^"]*"|,(?= )|(?<=[0-9]),(?=[0-9])')

_Cells = Callable[[bytes], list[str]]
_JSON_KEYS: dict[Column, str] = {1: "source", 2: "target"}


def line_parser(
    layout: LineLayout, first: bytes, config: CorpusConfig, where: str
) -> tuple[LineParser, bool]:
    """Return the parser of a file's lines, and whether its first line is a header.

    Args:
        layout: the format of the lines.
        first: the first line; without a header, a warning is given if it looks like one.
        config: which columns contain the texts, and whether there is a header.
        where: what messages call the file.

    Raises:
        UsageError: if a column is missing, or is given by name where columns have none.
        DataError: if a required header is missing or bad, or if the file is one JSON array.
    """
    columns = columns_of(config)
    if layout == "jsonl":
        if re.match(rb"\s*\[\s*([\[{]|$)", first):
            raise DataError(
                f"{where} is one JSON array: write its items one per line, as by: jq -c '.[]'"
            )
        return _json_parser(columns, config.features_separator), False
    cells = _csv_reader(first) if layout == "csv" else _tsv_cells
    if config.header:
        names = _header(first, cells, where)
        return _cell_parser(cells, positions_of(names, columns, where), layout), True
    parse = _cell_parser(cells, numbers_of(columns, where), layout)
    with contextlib.suppress(BadLineError):  # A bad first line is reported with the others.
        warn_of_header(parse(first), where)
    return parse, False


def _header(first: bytes, cells: _Cells, where: str) -> list[str]:
    if not first:
        raise DataError(f"{where} is empty")
    try:
        return cells(first)
    except BadLineError as fault:
        raise DataError(f"{where}:1: the header is {fault}") from None


def _tsv_cells(line: bytes) -> list[str]:
    return nonempty_text_of(line).split("\t")


def _delimiter(first: bytes) -> str:
    """Return the separator of a CSV: a semicolon if no comma in its first line can be one.

    Spreadsheets write semicolons where a comma is the decimal sign. A comma before a space or
    between digits is part of a text.
    """
    bare = _OWN_COMMAS.sub(b"", first)
    return ";" if b";" in bare and b"," not in bare else ","


def _csv_reader(first: bytes) -> _Cells:
    """Return what reads the lines of a CSV, all of which have as many cells as its first."""
    delimiter, columns = _delimiter(first), 0

    def cells(line: bytes) -> list[str]:
        nonlocal columns
        row = _csv_cells(line, delimiter)
        if columns < 2:
            # The first good line decides.
            columns = len(row)
        if any(row[columns:]):
            raise BadLineError(
                "too many columns",
                f"{len(row)} columns where the first line has {columns}: put texts that contain"
                f" {'semicolons' if delimiter == ';' else 'commas'} in double quotes",
            )
        return row

    return cells


def _csv_cells(line: bytes, delimiter: str) -> list[str]:
    text = nonempty_text_of(line)

    def parsed(*, skip_spaces: bool = False) -> list[str]:
        # Each line on its own, so that a stray quote cannot swallow the lines after it.
        lines = csv.reader([text], delimiter=delimiter, skipinitialspace=skip_spaces, strict=True)
        return next(lines)

    try:
        row = parsed()
        if re.search(rf'(^|{delimiter}) +"', text) and not _same_but_for_spaces(
            row, parsed(skip_spaces=True)
        ):
            raise csv.Error("a space before a double quote: remove it")
        return row
    except csv.Error as error:
        why = str(error)
        if why == "unexpected end of data":
            why = "a quoted text is not closed on its line"
        raise BadLineError("invalid CSV", f"not valid CSV: {why}") from None


def _same_but_for_spaces(row: list[str], without: list[str]) -> bool:
    """Return whether cells are the same without spaces before them, unless these are quoted."""
    return len(row) == len(without) and all(
        bare in (cell, cell.lstrip(" ")) for cell, bare in zip(row, without, strict=True)
    )


def _cell_parser(cells: _Cells, positions: Positions, layout: LineLayout) -> LineParser:
    # A column that is not read is the empty cell appended to the row.
    wanted, missing = max(positions), 0 in positions
    chosen: Callable[[list[str]], tuple[str, ...]] = itemgetter(*(p - 1 for p in positions))

    def parse(line: bytes) -> tuple[str, ...]:
        row = cells(line)
        if len(row) < wanted:
            hint = _separated_otherwise(row[0], layout) if len(row) == 1 else ""
            raise BadLineError(TOO_FEW, f"{len(row)} of the {wanted} columns needed{hint}")
        if missing:
            row.append("")
        return chosen(row)

    return parse


def _separated_otherwise(cell: str, layout: LineLayout) -> str:
    """Suggest what may separate the columns of a line that seems to have only one."""
    remedies = {
        "\t": ("tabs", "add --format tsv"),
        ";": ("semicolons", "add --format csv"),
        ",": ("commas", "add --format csv"),
    }
    if layout == "csv":
        # The first line has a comma that looked like a separator.
        remedies[";"] = "semicolons", "put texts that contain commas in double quotes"
    for separator, (what, remedy) in remedies.items():
        if separator in cell:
            return f"; columns seem to be separated by {what}: {remedy}"
    return "; columns are separated by tabs" if layout == "tsv" else ""


def _json_parser(columns: Columns, features_separator: str) -> LineParser:
    def parse(line: bytes) -> tuple[str, ...]:
        try:
            record = json.loads(nonempty_text_of(line))
        except (ValueError, RecursionError) as error:
            why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise BadLineError("invalid JSON", f"not valid JSON: {why}") from None
        return tuple(
            # Features, the third column, may be an array too.
            "" if column is None else _json_cell(record, column, features_separator * (place == 2))
            for place, column in enumerate(columns)
        )

    return parse


def _json_cell(record: object, column: Column, separator: str) -> str:
    key = _JSON_KEYS.get(column, column)
    if isinstance(record, dict):
        if key not in record:
            found = visible(", ".join(map(repr, record)))
            raise BadLineError(TOO_FEW, f"no {key!r} among the keys {found or '(none)'}")
        value = record[key]
    elif isinstance(record, list) and isinstance(column, int):
        if len(record) < column:
            raise BadLineError(TOO_FEW, f"{len(record)} of the {column} columns needed")
        value = record[column - 1]
    elif isinstance(record, list):
        raise BadLineError(TOO_FEW, f"an array has no {column!r}; give the column's number")
    else:
        raise BadLineError("not a pair", "neither an object nor an array")
    if separator and isinstance(value, list):
        texts = [text for text in value if isinstance(text, str)]
        value = separator.join(texts) if len(texts) == len(value) else value
    what = f"{key!r}" if isinstance(record, dict) else f"column {column}"
    if not isinstance(value, str):
        raise BadLineError("not a text", f"{what} is {visible(json.dumps(value))}, not a text")
    if has_half(value):
        raise BadLineError("lone surrogate", f"{what} contains half a character")
    return value
