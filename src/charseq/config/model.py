"""The architecture of models: as requested, and as resolved."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from charseq.config.settings import Auto, Character, Rate, Separator, Settings, SymbolKind, Whole
from charseq.errors import UsageError

MOST_OUTPUT = 1_000_000
# No longer text is answered.
LONGEST_PADDED = 10_000
Units = Annotated[Whole, Field(ge=1, le=65_536)]


# Settings that matter only in training, not for answers: a model to start from may get others.
NOISE = frozenset({"dropout", "source_dropout", "symbol_dropout"})


class ModelSettings(Settings):
    """The architecture of a model."""

    units: Units | Auto = Field(
        default="auto",
        description="units of the encoder and of the decoder; 'auto': by the corpus's size",
    )
    cell: Literal["lstm", "gru"] = Field(
        default="lstm", description="LSTM or GRU cells; on CPUs LSTMs are several times faster"
    )
    layers: Annotated[Whole, Field(ge=1, le=16)] = Field(
        default=1, description="layers of the encoder and of the decoder"
    )
    embedding: Units | Auto | None = Field(
        default="auto",
        description="read symbols as learnt vectors of this size; 'none': as one-hot vectors;"
        " 'auto': by the units",
    )
    tied_embeddings: bool = Field(
        default=False, description="let source and target share one vocabulary and its vectors"
    )
    bidirectional: bool = Field(
        default=True, description="read sources in both directions, each with half of the units"
    )
    attention: Literal["none", "dot", "general", "additive"] = Field(
        default="general", description="how the decoder looks back at the source"
    )
    attention_layers: Annotated[Whole, Field(ge=1, le=8)] | Auto = Field(
        default="auto",
        description="how many attention layers the decoder has; each after the first knows"
        " what the earlier ones attended to; 'auto': by the corpus's size",
    )
    attention_size: Units | Auto | None = Field(
        default="auto",
        description="size of the vectors by which attention layers know of the earlier ones;"
        " 'auto': by the units and the corpus's size; unset: the units",
    )
    location_aware: bool | Auto = Field(
        default="auto",
        description="let each attention layer after the first take into account where the one"
        " before it attended; 'auto': by the corpus's size",
    )
    residual: bool = Field(
        default=True,
        description="let attention read each source symbol's own vector as well as the"
        " encoder's output for it",
    )
    relative_positions: bool = Field(
        default=True,
        description="let attention take into account how far a source symbol's place is from"
        " the target symbol's",
    )
    copying: bool | Auto = Field(
        default="auto",
        description="let the decoder copy source symbols, including ones never seen before;"
        " 'auto': if most of the targets' symbols occur in their sources in the"
        " same order",
    )
    dropout: Rate | Auto = Field(
        default="auto",
        description="the dropout rate between layers; 'auto': by the corpus's size",
    )
    source_dropout: Rate | Auto | None = Field(
        default="auto",
        description="the dropout rate of the source symbols' vectors; 'auto': by the"
        " corpus's size; unset: the same as dropout",
    )
    symbol_dropout: Rate | Auto = Field(
        default="auto",
        description="how often training hides a target symbol from the prediction of the"
        " next one, which then has to rely on the source; 'auto': by the"
        " corpus's size",
    )
    source_separator: Separator | None = Field(
        default=None,
        description="what separates two symbols of a source, such as a space between"
        " phonemes; without it, every character is a symbol",
    )
    target_separator: Separator | None = Field(
        default=None, description="what separates two symbols of a target and of an answer"
    )
    symbols: SymbolKind = Field(
        default="characters",
        description="what a symbol is on a side without a separator: a code point, or a"
        " grapheme cluster, which keeps a letter and its marks together",
    )
    normalise: Literal["auto", "none", "nfc", "nfd", "jamo"] = Field(
        default="auto",
        description="the Unicode form that texts are read in: 'jamo' is NFC with Hangul"
        " syllables decomposed; 'auto' is 'jamo' for a corpus with Hangul, else"
        " 'nfc'; answers are written in the targets' own form",
    )
    unknown_symbol: bool = Field(
        default=True,
        description="use a symbol for characters never seen; without it, the character"
        " tables are those of the Keras example, and unseen characters are read"
        " as zeros",
    )
    pad_source_to: Annotated[Whole, Field(ge=1, le=LONGEST_PADDED)] | Literal["longest"] | None = (
        Field(
            default=None,
            description="pad shorter sources to this length, in training and translating;"
            " 'longest': to the corpus's longest source",
        )
    )
    pad_character: Character = Field(
        default=" ", description="what sources and targets are padded with"
    )
    maximum_output_length: (
        Annotated[Whole, Field(ge=1, le=MOST_OUTPUT)] | Literal["longest"] | None
    ) = Field(
        default=None,
        description="cut answers at this length; unset: at a limit learnt from the corpus's"
        " lengths; 'longest': at the Keras example's limit, the longest target"
        " with its start and end, and one more",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.bidirectional and self.units != "auto" and self.units % 2:
            raise UsageError(f"units is {self.units}: a bidirectional model needs an even number")
        if self.copying is True and self.attention == "none":
            raise UsageError("copying needs attention: dot, general or additive")
        if self.attention_layers not in ("auto", 1) and self.attention == "none":
            raise UsageError("attention_layers needs attention: dot, general or additive")
        if self.attention_size not in ("auto", None) and self.attention_layers == 1:
            raise UsageError("attention_size needs attention_layers: 2 or more")
        if self.location_aware is True and self.attention_layers == 1:
            raise UsageError("location_aware needs attention_layers: 2 or more")
        if self.copying is True and self.pad_source_to is not None:
            raise UsageError("copying cannot be combined with pad_source_to: padding is not text")
        if self.tied_embeddings and self.embedding is None:
            raise UsageError("tied_embeddings needs an embedding size")
        if self.tied_embeddings and self.source_separator != self.target_separator:
            raise UsageError("tied_embeddings needs the same separator on both sides")
        return self


class ModelConfig(ModelSettings):
    """The architecture of a model, resolved; the defaults are the Keras example's."""

    units: Units = 256
    embedding: Units | None = None
    bidirectional: bool = False
    attention: Literal["none", "dot", "general", "additive"] = "none"
    attention_layers: Annotated[Whole, Field(ge=1, le=8)] = 1
    attention_size: Units | None = None
    location_aware: bool = False
    residual: bool = False
    relative_positions: bool = False
    copying: bool = False
    dropout: Rate = 0.0
    source_dropout: Rate | None = None
    symbol_dropout: Rate = 0.0
    normalise: Literal["none", "nfc", "nfd", "jamo"] = "nfc"

    @model_validator(mode="after")
    def _looks_at_what_it_has(self) -> Self:
        for name in ("residual", "relative_positions"):
            if getattr(self, name) and self.attention == "none":
                raise UsageError(f"{name} needs attention: dot, general or additive")
        return self
