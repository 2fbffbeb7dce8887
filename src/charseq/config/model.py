"""The shape of models: as it is asked for, and as it is."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from charseq.config.settings import Auto, Character, Rate, Separator, Settings
from charseq.errors import UsageError

Units = Annotated[int, Field(ge=1, le=65_536)]


class ModelSettings(Settings):
    """The shape of a model."""

    units: Units | Auto = Field(
        "auto", description="units of the encoder and of the decoder; 'auto': by the corpus's size"
    )
    cell: Literal["lstm", "gru"] = Field(
        "lstm", description="LSTM or GRU cells; on CPUs LSTMs are several times faster"
    )
    layers: Annotated[int, Field(ge=1, le=16)] = Field(
        1, description="layers of the encoder and of the decoder"
    )
    embedding: Units | Auto | None = Field(
        "auto",
        description="read symbols as learnt vectors of this size; 'none': as one-hot vectors;"
        " 'auto': by the units",
    )
    tied_embeddings: bool = Field(
        False, description="let source and target share one vocabulary and its vectors"
    )
    bidirectional: bool = Field(
        True, description="read sources backwards too, each way with half of the units"
    )
    attention: Literal["none", "dot", "general", "additive"] = Field(
        "general", description="how the decoder looks back at the source"
    )
    attention_layers: Annotated[int, Field(ge=1, le=8)] | Auto = Field(
        "auto",
        description="how often the decoder looks back for each symbol: from the second time on it"
        " knows, by a layer of its own, what it has seen before; 'auto': by the corpus's size",
    )
    residual: bool = Field(
        True,
        description="let attention read each source symbol's own vector beside what the encoder"
        " wrote of it",
    )
    relative_positions: bool = Field(
        True,
        description="let attention weigh how far a source symbol's place is from the target's",
    )
    copying: bool | Auto = Field(
        "auto",
        description="let the decoder copy source symbols, also ones never seen before; by default"
        " where sources and targets share most of their symbols",
    )
    dropout: Rate | Auto = Field(
        "auto",
        description="the share of features that training drops between layers; 'auto': by the"
        " corpus's size",
    )
    source_dropout: Rate | Auto | None = Field(
        "auto",
        description="the share of features that training drops from the source's symbols; 'auto':"
        " by the corpus's size; unset: as dropout",
    )
    symbol_dropout: Rate | Auto = Field(
        "auto",
        description="how often training hides a target's symbol from the one after it, which then"
        " has the source to go by; 'auto': by the corpus's size",
    )
    source_separator: Separator | None = Field(
        None,
        description="what stands between two symbols of a source, such as a space between"
        " phonemes; without it, every character is a symbol",
    )
    target_separator: Separator | None = Field(
        None, description="what stands between two symbols of a target, and of an answer"
    )
    symbols: Literal["characters", "graphemes"] = Field(
        "characters",
        description="what a symbol is on a side without a separator: a code point, or a grapheme"
        " cluster, which holds a letter with its marks together",
    )
    normalise: Literal["auto", "none", "nfc", "nfd", "jamo"] = Field(
        "auto",
        description="the Unicode form that texts are read in: 'jamo' is NFC with Hangul syllables"
        " taken apart; 'auto' is 'jamo' for a corpus with Hangul in it, else 'nfc'; answers come in"
        " the targets' own form",
    )
    unknown_symbol: bool = Field(
        True,
        description="have a symbol for characters never seen; without it the character tables"
        " are the Keras example's, and unseen characters are read as zeros",
    )
    pad_source_to: Annotated[int, Field(ge=1)] | Literal["longest"] | None = Field(
        None,
        description="pad shorter sources with the pad character to this length, in training and"
        " translating; 'longest' takes the corpus's longest source",
    )
    pad_character: Character = Field(" ", description="what sources and targets are padded with")
    maximum_output_length: Annotated[int, Field(ge=1)] | Literal["longest"] | None = Field(
        None,
        description="cut answers at this length; by default a rule learnt from the corpus's"
        " lengths; 'longest' is the Keras example's: the longest target, start and end counted,"
        " and one more",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.bidirectional and self.units != "auto" and self.units % 2:
            raise UsageError(f"units is {self.units}: a bidirectional model needs an even number")
        if self.copying is True and self.attention == "none":
            raise UsageError("copying needs attention: dot, general or additive")
        if self.attention_layers not in ("auto", 1) and self.attention == "none":
            raise UsageError("attention_layers needs attention: dot, general or additive")
        if self.copying is True and self.pad_source_to is not None:
            raise UsageError("copying does not go with pad_source_to: padding is no text")
        if self.tied_embeddings and self.embedding is None:
            raise UsageError("tied_embeddings needs the size of an embedding")
        if self.tied_embeddings and self.source_separator != self.target_separator:
            raise UsageError("tied_embeddings needs the same symbols, and separator, on both sides")
        return self


class ModelConfig(ModelSettings):
    """The shape of a model, decided: what it does not say is the Keras example's."""

    units: Units = 256
    embedding: Units | None = None
    bidirectional: bool = False
    attention: Literal["none", "dot", "general", "additive"] = "none"
    attention_layers: Annotated[int, Field(ge=1, le=8)] = 1
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
