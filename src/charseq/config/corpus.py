"""How corpora are read."""

from itertools import combinations
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from charseq.config.settings import Column, Separator, Settings, Whole
from charseq.errors import UsageError

# What a model keeps of how its training corpus was read: where the texts were, if not in the first
# two columns, and the features and languages, if any.
TEXT_COLUMNS = frozenset({"source_column", "target_column", "header", "reverse"})
CONDITION_COLUMNS = frozenset({"features_column", "features_separator", "language_column"})
COLUMNS = TEXT_COLUMNS | CONDITION_COLUMNS
# The columns that may be given by their name in a header.
NAMED_COLUMNS = ("source_column", "target_column", "features_column", "language_column")


class CorpusConfig(Settings):
    """How pairs are read from a corpus."""

    format: Literal["auto", "tsv", "csv", "jsonl", "parquet"] = Field(
        default="auto", description="the file's format; 'auto': by its name"
    )
    source_column: Column = Field(
        default=1, description="the sources' column: its number, from 1, or its name in the header"
    )
    target_column: Column = Field(
        default=2, description="the targets' column: its number, from 1, or its name in the header"
    )
    features_column: Column | None = Field(
        default=None,
        description="the column of each target's features, such as 'N;ACC;PL': its number or name",
    )
    features_separator: Separator = Field(
        default=";", description="what separates two features in their column"
    )
    language_column: Column | None = Field(
        default=None,
        description="the column of each pair's language, in a corpus of several: its number"
        " or name",
    )
    header: bool = Field(default=False, description="the first row names the columns")
    reverse: bool = Field(default=False, description="swap source and target")
    limit: Annotated[Whole, Field(ge=1)] | None = Field(
        default=None, description="use only the first N pairs"
    )
    max_length: Annotated[Whole, Field(ge=1)] | None = Field(
        default=None, description="leave out pairs with more symbols than this on a side"
    )
    skip_bad_lines: bool = Field(
        default=False, description="leave out bad lines and say how many, instead of stopping"
    )

    @model_validator(mode="after")
    def _apart(self) -> Self:
        columns = {
            "sources": self.source_column,
            "targets": self.target_column,
            "features": self.features_column,
            "languages": self.language_column,
        }
        for (one, column), (other, same) in combinations(columns.items(), 2):
            if column is not None and column == same:
                raise UsageError(f"{one} and {other} cannot both be column {column!r}")
        return self
