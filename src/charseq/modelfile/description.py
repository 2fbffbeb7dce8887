"""Everything about a model except its weights, and its form as JSON."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import charseq
from charseq.calibration import HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE, Calibration
from charseq.config import (
    COLUMNS,
    CONDITION_COLUMNS,
    MOST_OUTPUT,
    NAMED_COLUMNS,
    TEXT_COLUMNS,
    CorpusConfig,
    ModelConfig,
)
from charseq.errors import ModelFileError, visible
from charseq.text import Spellings, Vocabulary, has_half

FORMAT_VERSION = 2
DEFAULT_FEATURES_SEPARATOR = CorpusConfig().features_separator
# Far above what label smoothing takes off a symbol, and above any answer's log-probability.
HIGHEST_OFFSET, FARTHEST_REACH = 100.0, 1e6
# No count or score of a training is larger.
LARGEST_FACT = 1e15
# Far more symbols for each of a source's than any corpus needs.
MOST_PER_SYMBOL = 1_000


@dataclass(frozen=True, slots=True)
class OutputLimit:
    """How long an answer may become: `constant + per_symbol * source length`, rounded up."""

    per_symbol: float
    constant: int

    def of(self, source_length: int) -> int:
        """Return the most symbols that a source of this length may be answered with."""
        return max(1, self.constant + math.ceil(self.per_symbol * source_length))


@dataclass(frozen=True)
class ModelDescription:
    """Everything about a model except its weights.

    Attributes:
        config: the model's shape.
        sources: the vocabulary that sources are read with.
        targets: the vocabulary that answers are written with.
        output_limit: where an answer is cut.
        columns: where the training corpus had its texts, features and languages: settings of
            `CorpusConfig` by name, where they are not the defaults.
        corpus: what the model was trained on: name, counts, digest, attribution.
        scores: held-out scores by name.
        calibration: what turns log-probabilities into confidences; None if no finished training
            fitted one.
        charseq_version: the version that made it.
    """

    config: ModelConfig
    sources: Vocabulary
    targets: Vocabulary
    output_limit: OutputLimit
    columns: Mapping[str, str | int] = field(default_factory=dict)
    corpus: Mapping[str, str | int] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    calibration: Calibration | None = None
    charseq_version: str = charseq.__version__

    def __post_init__(self) -> None:
        _ = self.targets.frame
        if isinstance(self.config.pad_source_to, str):
            raise ModelFileError("pad_source_to must be a number once a model is trained")

    @property
    def features_separator(self) -> str:
        """What separates two features in one text."""
        return str(self.columns.get("features_separator", DEFAULT_FEATURES_SEPARATOR))

    @property
    def spellings(self) -> Spellings:
        """How sources are read and answers written."""
        return Spellings(self.sources.spelling, self.targets.spelling)


def have_names(columns: Mapping[str, object]) -> bool:
    """Return whether any of the columns is given by its name in a header."""
    return any(isinstance(columns.get(name), str) for name in NAMED_COLUMNS)


def kept_columns(corpus: CorpusConfig, *, conditions: bool) -> dict[str, str | int]:
    """Return what a model keeps of how its corpus was read, to read others the same way.

    Args:
        corpus: how it was read.
        conditions: whether the model reads features or languages.
    """
    kept = corpus.model_dump(include=set(TEXT_COLUMNS), exclude_defaults=True)
    if conditions:
        kept |= corpus.model_dump(include=set(CONDITION_COLUMNS), exclude_none=True)
    if not have_names(kept):
        # If columns are given by number, another file may well have no header.
        kept.pop("header", None)
    return kept


def description_to_dict(description: ModelDescription) -> dict[str, Any]:
    """Return a description in JSON's types, as a file stores it."""
    limit = description.output_limit
    return {
        "format_version": FORMAT_VERSION,
        "config": description.config.model_dump(),
        "source_vocabulary": description.sources.as_dict(),
        "target_vocabulary": description.targets.as_dict(),
        "answer_form": description.targets.spelling.written,
        "output_limit": {"per_symbol": limit.per_symbol, "constant": limit.constant},
        "columns": dict(description.columns),
        "corpus": dict(description.corpus),
        "scores": dict(description.scores),
        "calibration": None if description.calibration is None else asdict(description.calibration),
        "charseq_version": description.charseq_version,
    }


def description_from_dict(fields: Any) -> ModelDescription:
    """Read back what `description_to_dict` returned.

    Raises:
        ModelFileError: if the fields are malformed or of a newer format.
        UsageError: if the configuration in them is not valid.
    """
    if not isinstance(fields, dict) or type(fields.get("format_version")) is not int:
        raise ModelFileError("its description is malformed")
    version = fields["format_version"]
    if version < 1:
        raise ModelFileError(f"there is no format {version}")
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"the file has format {version}, made by charseq"
            f" {visible(str(fields.get('charseq_version')))}; this charseq"
            f" ({charseq.__version__}) reads formats up to {FORMAT_VERSION}: upgrade charseq"
        )
    config, limit = fields.get("config"), fields.get("output_limit")
    corpus, scores = fields.get("corpus"), fields.get("scores")
    # Format 1 knew neither normalisation nor features.
    form, columns = fields.get("answer_form", "none"), fields.get("columns", {})
    made_by = str(fields.get("charseq_version", ""))
    if not (
        isinstance(config, dict)
        and form in ("none", "nfc", "nfd")
        and isinstance(limit, dict)
        and type(limit.get("per_symbol")) in (int, float)
        and 0 <= limit["per_symbol"] <= MOST_PER_SYMBOL
        and type(limit.get("constant")) is int
        and abs(limit["constant"]) <= MOST_OUTPUT
        and isinstance(columns, dict)
        and columns.keys() <= COLUMNS
        and isinstance(corpus, dict)
        and _are_facts(corpus, (str, int))
        and isinstance(scores, dict)
        and _are_facts(scores, (int, float))
        and not has_half(json.dumps([columns, corpus, made_by], ensure_ascii=False))
    ):
        raise ModelFileError("its description is malformed")
    model = ModelConfig(**{"normalise": "none", **config})
    CorpusConfig(**columns)  # Refuses invalid settings.
    spellings = Spellings.of(model, form)
    return ModelDescription(
        config=model,
        sources=Vocabulary.from_dict(fields.get("source_vocabulary"), spellings.source),
        targets=Vocabulary.from_dict(fields.get("target_vocabulary"), spellings.target),
        output_limit=OutputLimit(float(limit["per_symbol"]), limit["constant"]),
        columns=columns,
        corpus=corpus,
        scores=scores,
        calibration=_calibration(fields.get("calibration")),
        charseq_version=made_by,
    )


def _are_facts(fields: Mapping[str, Any], kinds: tuple[type, ...]) -> bool:
    """Return whether fields are plain values of these kinds with names like those of settings."""
    return all(
        name.isascii()
        and name.isidentifier()
        and isinstance(value, kinds)
        and (not isinstance(value, int | float) or -LARGEST_FACT <= value <= LARGEST_FACT)
        for name, value in fields.items()
    )


def _calibration(fields: Any) -> Calibration | None:
    # Files of earlier versions have none.
    if fields is None:
        return None
    if not (
        isinstance(fields, dict)
        and fields.keys() == {"temperature", "offset_per_symbol", "reach"}
        and all(type(value) in (int, float) for value in fields.values())
        and LOWEST_TEMPERATURE <= fields["temperature"] <= HIGHEST_TEMPERATURE
        and 0 <= fields["offset_per_symbol"] <= HIGHEST_OFFSET
        and 0 <= fields["reach"] <= FARTHEST_REACH
    ):
        raise ModelFileError("its calibration is malformed")
    return Calibration(**{name: float(value) for name, value in fields.items()})
