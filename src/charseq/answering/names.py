"""What the columns of a model's predictions stand for, given an input."""

from collections.abc import Mapping
from typing import NamedTuple

from charseq.answering.columns import Columns, offered_by
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
        targets, copied = description.targets, {}
        if description.config.copying:
            first = len(targets) + len(description.sources.conditions.names(each))
            copied = {
                first + place: symbol
                for symbol, place in offered_by(each, description).items()
                if targets.id_of(symbol) == targets.unseen
            }
        return cls(targets, copied)

    def of_column(self, column: int) -> str:
        """Return what a column stands for; "" if it occurs in no answer."""
        if column == self.vocabulary.end:
            return END_LABEL
        if column >= len(self.vocabulary):
            return self.copied.get(column, "")
        return "" if column in self.vocabulary.special else self.vocabulary.symbols[column]

    def written(self, target: str, columns: Columns | None) -> tuple[str, ...]:
        """Return a target's symbols: those of its columns, if they are known, or of its text."""
        if columns is None:
            return tuple(self.vocabulary.spelling.symbols(target))
        return tuple(map(self.of_column, columns))
