"""What the columns of a model's predictions stand for, given an input."""

from collections.abc import Mapping
from typing import NamedTuple

from charseq.answering.columns import Columns, symbols_read
from charseq.modelfile import ModelDescription
from charseq.results import END_LABEL
from charseq.text import Input, Vocabulary


class ColumnNames(NamedTuple):
    """The symbols that columns stand for.

    Attributes:
        vocabulary: the vocabulary of the targets, whose columns come first.
        copied: symbols outside it that the source offers, by column.
    """

    vocabulary: Vocabulary
    copied: Mapping[int, str]

    @classmethod
    def of(cls, description: ModelDescription, each: Input) -> "ColumnNames":
        """Return the names for an input."""
        targets = description.targets
        first: dict[str, int] = {}
        if description.config.copying:
            read, conditions = symbols_read(description, each)
            for place, symbol in enumerate(read[conditions:], len(targets) + conditions):
                if targets.id_of(symbol) == targets.unseen:
                    first.setdefault(symbol, place)
        return cls(targets, {place: symbol for symbol, place in first.items()})

    def of_column(self, column: int) -> str:
        """Return what a column stands for; "" if it occurs in no answer."""
        if column == self.vocabulary.end:
            return END_LABEL
        if column >= len(self.vocabulary):
            return self.copied.get(column, "")
        return "" if column in self.vocabulary.special else self.vocabulary.symbols[column]


def symbols_written(
    description: ModelDescription, each: Input, target: str, columns: Columns | None
) -> tuple[str, ...]:
    """Return a target's symbols: as its columns say, if they are known, or cut from its text."""
    if columns is None:
        return tuple(description.targets.spelling.symbols(target))
    names = ColumnNames.of(description, each)
    return tuple(map(names.of_column, columns))
