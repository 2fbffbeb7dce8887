"""Which columns hold the texts: by number, or by the name that a header gives them."""

import re
from collections.abc import Sequence

from charseq.config import NAMED_COLUMNS, Column, CorpusConfig, refuse_unknown
from charseq.errors import ColumnError, UsageError, visible, warn_caller

Columns = tuple[Column | None, ...]
"""The columns of the source and of the target, and where there are any of the features and of the
language, one of which may be None."""
Positions = tuple[int, ...]
"""Where columns lie, counted from 1; 0 for None."""

_LIKELY_HEADERS = frozenset(
    """
    id tag tags feature features lang language grapheme graphemes phoneme infinitive past
    source target src tgt trg input output before after text
    translation transliteration pronunciation phonemes ipa word lemma form inflected
    spelling original corrected normalized normalised reference hypothesis sentence
    raw clean noisy wrong correct correction misspelling name romanization romanisation
    transcription singular plural abbreviation expansion date iso
    latin cyrillic kana romaji hangul pinyin hanzi
    en eng english fr fra french de deu ger german es spa spanish it ita italian
    pt por portuguese nl nld dutch ru rus russian zh cmn chinese ja jpn japanese
    ko kor korean ara arabic heb hebrew ell greek tur turkish
    pol polish hin hindi swe swedish
    """.split()
)


def columns_of(config: CorpusConfig) -> Columns:
    """Return the columns that are read."""
    conditions = (config.features_column, config.language_column)
    columns = (config.source_column, config.target_column)
    return columns if conditions == (None, None) else (*columns, *conditions)


def refuse_settings(
    config: CorpusConfig, what: str, *, also: Sequence[str] = (), remedy: str = ""
) -> None:
    """Raise a `UsageError` if settings choose columns of a corpus that has none to choose from.

    Args:
        config: the settings.
        what: how the message begins: what the corpus is instead of a file.
        also: other settings that do not suit it.
        remedy: how the message ends: what else can be done.
    """
    usual = CorpusConfig()
    for setting in (*also, "header", *NAMED_COLUMNS):
        if getattr(config, setting) != getattr(usual, setting):
            option = f"--{setting.replace('_', '-')}"
            raise UsageError(
                f"{what} with columns: omit {option} ({setting}); --reverse swaps source and target"
                f"{remedy}"
            )


def refuse_asked_for(config: CorpusConfig, where: str) -> None:
    """Raise a `ColumnError` that no line has the columns, if others than usual were asked for."""
    usual = CorpusConfig()
    asked = [
        f"--{name.replace('_', '-')} {visible(str(column))} ({name}={visible(repr(column))})"
        for name in NAMED_COLUMNS
        if (column := getattr(config, name)) != getattr(usual, name)
    ]
    if asked:
        raise ColumnError(
            f"no line of {where} has the columns that are asked for with {' and '.join(asked)}"
        )


def positions_of(names: Sequence[str], columns: Columns, where: str) -> Positions:
    """Return where the columns lie among those that `names` names.

    Raises:
        ColumnError: if there is no column of that name, or more than one.
    """
    for column in columns:
        if isinstance(column, str):
            try:
                refuse_unknown([column], names, what=f"column of {where}")
            except UsageError as error:
                raise ColumnError(str(error)) from None
            if names.count(column) > 1:
                raise ColumnError(
                    f"{where} has several columns named {column!r}; give the column's number"
                )
    return tuple(names.index(c) + 1 if isinstance(c, str) else c or 0 for c in columns)


def numbers_of(columns: Columns, where: str) -> Positions:
    """Return where the columns lie in a file whose columns have no names.

    Raises:
        ColumnError: if a column is given by name.
    """
    for column in columns:
        if isinstance(column, str):
            raise ColumnError(
                f"column {column!r} is given by name: add --header (header=True) if the first row"
                f" of {where} names the columns"
            )
    return positions_of((), columns, where)


def warn_of_header(row: Sequence[str], where: str) -> None:
    """Warn if `row`, the first line of a file that is read without a header, looks like one.

    Its source and its target decide: what columns of features are called says little.
    """
    texts = [re.findall(r"[^\W\d_]+", cell.lower()) for cell in row[:2]]
    shown = ", ".join(visible(cell) for cell in row if cell)
    if all(_LIKELY_HEADERS.issuperset(words or "?") for words in texts):
        warn_caller(
            f"the first row of {where} looks like a header ({shown}):"
            " add --header (header=True) if it is one"
        )
