"""Every setting of charseq, documented once: the command line and TOML files mirror these names."""

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    StringConstraints,
    ValidationError,
    model_validator,
)

from charseq.errors import UsageError

Column = Annotated[int, Field(ge=1)] | str
Separator = Annotated[str, StringConstraints(min_length=1)]
Character = Annotated[str, StringConstraints(min_length=1, max_length=1)]
Share = Annotated[float, Field(gt=0, lt=1)]


def refuse_unknown(names: Iterable[str], valid: Iterable[str], what: str = "setting") -> None:
    """Raise a `UsageError` for the first of `names` that is not `valid`, naming the nearest."""
    choices = list(valid)
    for name in names:
        if name not in choices:
            near = difflib.get_close_matches(str(name), choices, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"valid: {', '.join(choices)}"
            raise UsageError(f"unknown {what} {name!r}; {hint}")


def _sentence(error: ValidationError) -> str:
    reasons: dict[str, list[str]] = {}
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else "value"
        # A setting that may be of several kinds is refused once by each of them.
        reasons.setdefault(f"{name} cannot be {problem['input']!r}", []).append(
            problem["msg"][0].lower() + problem["msg"][1:]
        )
    return "; ".join(f"{what}: {', or '.join(why)}" for what, why in reasons.items())


class Settings(BaseModel):
    """A frozen group of settings; an unknown name is refused with the nearest valid one."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="wrap")
    @classmethod
    def _speak_plainly(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(values, Mapping):
            refuse_unknown(values, cls.model_fields)
            values = {name: cls._unset(name, value) for name, value in values.items()}
        try:
            return handler(values)
        except ValidationError as error:
            raise UsageError(_sentence(error)) from None

    @classmethod
    def _unset(cls, name: str, value: Any) -> Any:
        """Read `none` as None where a setting may be unset: TOML has no word for it."""
        may_be = get_args(cls.model_fields[name].annotation)
        return None if value == "none" and type(None) in may_be else value


class CorpusConfig(Settings):
    """How pairs are read from a corpus."""

    format: Literal["auto", "tsv", "csv", "jsonl", "parquet"] = Field(
        "auto", description="how the file is laid out; 'auto' goes by its name"
    )
    source_column: Column = Field(
        1, description="the sources' column: its number, from 1, or its name in the header"
    )
    target_column: Column = Field(
        2, description="the targets' column: its number, from 1, or its name in the header"
    )
    features_column: Column | None = Field(
        None,
        description="the column of what a target is to be, such as 'N;ACC;PL': its number or name",
    )
    features_separator: Separator = Field(
        ";", description="what stands between two features in their column"
    )
    language_column: Column | None = Field(
        None, description="the column of each pair's language, of several in one corpus"
    )
    header: bool = Field(False, description="the first row names the columns")
    reverse: bool = Field(False, description="swap source and target")
    limit: Annotated[int, Field(ge=1)] | None = Field(
        None, description="use only the first so many pairs"
    )
    max_length: Annotated[int, Field(ge=1)] | None = Field(
        None, description="leave out pairs with a side of more symbols than this"
    )
    skip_bad_lines: bool = Field(
        False, description="leave bad lines out and say how many, instead of stopping"
    )


class ModelConfig(Settings):
    """The shape of a model."""

    units: Annotated[int, Field(ge=1, le=65_536)] = Field(
        256, description="units of the encoder and of the decoder"
    )
    cell: Literal["lstm", "gru"] = Field(
        "lstm", description="LSTM or GRU cells; on CPUs LSTMs are several times faster"
    )
    layers: Annotated[int, Field(ge=1, le=16)] = Field(
        1, description="layers of the encoder and of the decoder"
    )
    embedding: Annotated[int, Field(ge=1, le=65_536)] | None = Field(
        None, description="read symbols as learnt vectors of this size; unset: as one-hot vectors"
    )
    tied_embeddings: bool = Field(
        False, description="let source and target share one vocabulary and its vectors"
    )
    bidirectional: bool = Field(
        False, description="read sources backwards too, each way with half of the units"
    )
    attention: Literal["none", "dot", "general", "additive"] = Field(
        "none", description="how the decoder looks back at the source"
    )
    copying: bool = Field(
        False, description="let the decoder copy source symbols, also ones never seen before"
    )
    dropout: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="the share of features that training drops between layers"
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
        if self.bidirectional and self.units % 2:
            raise UsageError(f"units is {self.units}: a bidirectional model needs an even number")
        if self.copying and self.attention == "none":
            raise UsageError("copying needs attention: dot, general or additive")
        if self.copying and self.pad_source_to is not None:
            raise UsageError("copying does not go with pad_source_to: padding is no text")
        if self.tied_embeddings and self.embedding is None:
            raise UsageError("tied_embeddings needs the size of an embedding")
        return self


class TrainingConfig(Settings):
    """How a model is trained."""

    epochs: Annotated[int, Field(ge=1)] = Field(100, description="passes over the corpus, at most")
    batch_size: Annotated[int, Field(ge=1)] = Field(64, description="pairs per step")
    optimiser: Literal["adamw", "keras-rmsprop"] = Field(
        "adamw", description="AdamW, or RMSprop as Keras computes it"
    )
    learning_rate: Annotated[float, Field(gt=0)] = Field(
        0.004, description="the optimiser's step size"
    )
    schedule: Literal["constant", "cosine"] = Field(
        "constant",
        description="keep the step size, or let it grow over the first twentieth of the training"
        " and then shrink to nothing, by epochs or by the time limit, whichever is further on",
    )
    weight_decay: Annotated[float, Field(ge=0)] = Field(
        0.0, description="how much AdamW shrinks weights, per step and step size"
    )
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="the share of a target's probability that is spread over all symbols"
    )
    average: Share | None = Field(
        None,
        description="translate with an average of the weights that keeps this share of itself at"
        " each step, such as 0.999; unset: with the last weights",
    )
    gradient_clip: Annotated[float, Field(gt=0)] | None = Field(
        1.0, description="longest gradient, as a norm; unset: no clipping"
    )
    count_padding: bool = Field(
        False,
        description="as the Keras example: pad all targets to the longest, and let padding count"
        " in the loss, with Keras's clipped cross-entropy and batches in shuffled order",
    )
    unknown_rate: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.005,
        description="how often source characters are replaced by the unknown symbol in training;"
        " rare ones more often",
    )
    split: Literal["source", "last"] = Field(
        "source",
        description="what is held out: whole sources drawn at random (all their pairs stay on one"
        " side), or the last part of the corpus as the Keras example does",
    )
    split_by: Literal["source", "input"] = Field(
        "source",
        description="what stays together where whole sources are held out: all pairs of a source,"
        " or only those that have its features and language in common, too",
    )
    held_out_share: Share = Field(0.1, description="the share of the corpus that is held out")
    held_out_maximum: Annotated[int, Field(ge=1)] | None = Field(
        2_000, description="hold out at most so many sources, where whole sources are held out"
    )
    held_out_decoded: Annotated[int, Field(ge=1)] = Field(
        500, description="how many held-out sources are translated after each epoch for the CER"
    )
    vocabulary_from: Literal["training", "corpus"] = Field(
        "training", description="build the vocabularies from the training pairs, or from all"
    )
    patience: Annotated[int, Field(ge=1)] | None = Field(
        8, description="stop after so many epochs without a better held-out score; unset: never"
    )
    select: Literal["cer", "exact", "chrf", "loss"] = Field(
        "cer",
        description="the held-out score by which epochs are compared: CER, exact match, chrF or"
        " the loss",
    )
    keep: Literal["best", "last"] = Field(
        "best", description="keep the weights of the best held-out score, or the last ones"
    )
    time_limit: Annotated[float, Field(gt=0)] | None = Field(
        None, description="stop training after so many seconds"
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(
        1, description="the start of every random choice"
    )
    precision: Literal["float32", "bf16"] = Field(
        "float32",
        description="what the network is computed in; bf16 is faster where the processor has it",
    )
    device: str = Field("auto", description="where to compute: auto, cpu, cuda, cuda:1, mps")


class DecodingConfig(Settings):
    """How answers are found."""

    beam: Annotated[int, Field(ge=1, le=1_000)] = Field(
        1, description="how many hypotheses of a source go on at each step; 1 is greedy search"
    )
    n_best: Annotated[int, Field(ge=1)] = Field(
        1, description="how many answers to give for a source, at most as many as the beam"
    )
    length_penalty: Annotated[float, Field(ge=0, le=10)] = Field(
        0.6,
        description="how much long answers are favoured in a beam's ranking: 0 ranks by"
        " log-probability, 1 nearly by its mean over the symbols",
    )
    sample: bool = Field(False, description="draw every symbol at random by its probability")
    temperature: Annotated[float, Field(gt=0)] = Field(
        1.0,
        description="in sampling, what log-probabilities are divided by: below 1, probable symbols"
        " become more so",
    )
    top_k: Annotated[int, Field(ge=1)] | None = Field(
        None, description="in sampling, draw from this many of the most probable symbols only"
    )
    top_p: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None,
        description="in sampling, draw from the fewest most probable symbols that together have"
        " this probability",
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(
        1, description="in sampling, the start of every random choice"
    )
    abstain_below: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="give no answer whose confidence, from 0 to 1, is lower than this"
    )

    @model_validator(mode="after")
    def _refuse_clashes(self) -> Self:
        if self.n_best > self.beam:
            raise UsageError(
                f"n_best is {self.n_best}, but a beam of {self.beam} finds at most {self.beam}:"
                " widen the beam"
            )
        if self.sample and self.beam > 1:
            raise UsageError(f"sample and a beam of {self.beam} exclude each other: choose one")
        if self.sample and self.abstain_below is not None:
            raise UsageError(
                "sample and abstain_below exclude each other, since what is drawn has no"
                " confidence: choose one"
            )
        for name in ("temperature", "top_k", "top_p"):
            if not self.sample and getattr(self, name) != type(self).model_fields[name].default:
                raise UsageError(f"{name} is for sampling: add sample, or leave it out")
        return self


SECTIONS: Mapping[str, type[Settings]] = {
    "corpus": CorpusConfig,
    "model": ModelConfig,
    "training": TrainingConfig,
}


class RunConfig(Settings):
    """All settings of one training run."""

    corpus: CorpusConfig = CorpusConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()

    def changed(self, **settings: object) -> Self:
        """Return this configuration with some settings changed, each by its own name.

        Raises:
            UsageError: if a setting is unknown or its value is not allowed.
        """
        homes = {name: part for part, kind in SECTIONS.items() for name in kind.model_fields}
        refuse_unknown(settings, homes)
        return self.merged(
            {
                part: {name: value for name, value in settings.items() if homes[name] == part}
                for part in SECTIONS
            }
        )

    def merged(self, sections: Mapping[str, Mapping[str, object]]) -> Self:
        """Return this configuration with the settings of `sections` in place of its own.

        Raises:
            UsageError: if a section or setting is unknown or a value is not allowed.
        """
        refuse_unknown(sections, SECTIONS)
        values = self.model_dump()
        for part, changes in sections.items():
            if not isinstance(changes, Mapping):
                raise UsageError(f"{part} must be a section, [{part}], not a single value")
            values[part] |= changes
        return type(self)(**values)

    def to_toml(self) -> str:
        """Return all settings as TOML, each with its description."""
        lines: list[str] = []
        for part, kind in SECTIONS.items():
            section = getattr(self, part)
            lines += [f"[{part}]"]
            for name, field in kind.model_fields.items():
                value = getattr(section, name)
                # JSON's strings, numbers and booleans are valid TOML.
                written = json.dumps("none" if value is None else value)
                lines += [f"# {field.description}", f"{name} = {written}"]
            lines += [""]
        return "\n".join(lines)


PRESETS: Mapping[str, RunConfig] = {
    "default": RunConfig(),
    "keras-example": RunConfig(
        corpus=CorpusConfig(limit=10_000),
        model=ModelConfig(
            normalise="none",
            unknown_symbol=False,
            pad_source_to="longest",
            maximum_output_length="longest",
        ),
        training=TrainingConfig(
            optimiser="keras-rmsprop",
            learning_rate=0.001,
            gradient_clip=None,
            count_padding=True,
            unknown_rate=0,
            split="last",
            held_out_share=0.2,
            held_out_maximum=None,
            vocabulary_from="corpus",
            patience=None,
            keep="last",
        ),
    ),
}


def configure(
    preset: str = "default", file: str | Path | None = None, **settings: object
) -> RunConfig:
    """Build a configuration: the preset's, changed by a TOML file's, changed by `settings`.

    Raises:
        UsageError: if a preset, file or setting is not valid.
    """
    refuse_unknown([preset], PRESETS, what="preset")
    config = PRESETS[preset]
    if file is not None:
        try:
            config = config.merged(tomllib.loads(Path(file).read_text(encoding="utf-8")))
        except OSError as error:
            raise UsageError(f"cannot read {file}: {error.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} is not valid TOML: {error}") from None
        except UsageError as error:
            raise UsageError(f"{file}: {error}") from None
    return config.changed(**settings)
