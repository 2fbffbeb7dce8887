"""The model file: one `.safetensors` file with all that is needed to translate.

The weights are its tensors; its metadata holds one JSON string under the key `charseq`. Equal
models are equal files, files are written whole or not at all, and nothing is ever unpickled.
"""

import json
import math
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

import charseq
from charseq.bounded import MOST_TENSORS, refuse_large_tensors
from charseq.calibration import HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE, Calibration
from charseq.config import CorpusConfig, ModelConfig
from charseq.errors import DataError, MachineError, ModelFileError, UsageError, visible
from charseq.text import Spellings, Vocabulary

FORMAT_VERSION = 2
METADATA_KEY = "charseq"
# What an export's file ends in.
EXPORT_SUFFIX = ".onnx"
# What a run calls its model, and what lies beside it there.
MODEL_FILE = "model.safetensors"
CARD_FILE = "model-card.md"
EXAMPLES_FILE = "examples.txt"
LARGEST_EXAMPLES = 1 << 16
DEFAULT_FEATURES_SEPARATOR = CorpusConfig().features_separator
# What a model remembers of its training's corpus: where its texts stood, if not in the first two
# columns, and its features and languages, if it has any.
TEXT_COLUMNS = frozenset({"source_column", "target_column", "header", "reverse"})
CONDITION_COLUMNS = frozenset({"features_column", "features_separator", "language_column"})
COLUMNS = TEXT_COLUMNS | CONDITION_COLUMNS
# Those of them that a header may have names for.
NAMED_COLUMNS = ("source_column", "target_column", "features_column", "language_column")

Tensors = Mapping[str, NDArray[np.float32]]

# Far above what label smoothing takes off a symbol, and what any answer's log-probability is.
HIGHEST_OFFSET, FARTHEST_REACH = 100.0, 1e6

# How format 1, which knew one layer a side, began its tensors' names.
FORMER_NAMES = {
    "encoder.lstm.": "encoder.forwards.0.fused.",
    "decoder.lstm.": "decoder.layers.0.fused.",
    "output.": "decoder.output.",
}


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
    """Everything about a model but its weights.

    Attributes:
        config: the model's shape.
        sources: the vocabulary that sources are read with.
        targets: the vocabulary that answers are written with.
        output_limit: where an answer is cut.
        columns: where its training's corpus had its texts, features and languages: settings of
            `CorpusConfig` by their names, where they are not the usual ones.
        corpus: what the model was trained on: name, counts, digest, attribution.
        scores: held-out scores by name.
        calibration: what makes log-probabilities confidences; None where no training ended with it.
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
        """What stands between two features in one text."""
        return str(self.columns.get("features_separator", DEFAULT_FEATURES_SEPARATOR))

    @property
    def target_separator(self) -> str:
        """What separates the symbols of answers; empty where they are characters."""
        return self.config.target_separator or ""

    @property
    def spellings(self) -> Spellings:
        """How sources are read and answers written."""
        return Spellings(self.sources.spelling, self.targets.spelling)


def have_names(columns: Mapping[str, object]) -> bool:
    """Whether any of some columns is given by the name that a header gives it."""
    return any(isinstance(columns.get(name), str) for name in NAMED_COLUMNS)


def write_model(path: str | Path, description: ModelDescription, tensors: Tensors) -> None:
    """Write a model file, whole or not at all.

    Raises:
        UsageError: if the path is an export's by its name.
        MachineError: if the file cannot be written.
    """
    refuse_export_name(Path(path))
    fields = description_to_dict(description)
    metadata = {METADATA_KEY: json.dumps(fields, ensure_ascii=True, sort_keys=True)}
    arrays = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    write_atomically(Path(path), safetensors.numpy.save(arrays, metadata))


def read_model(path: str | Path) -> tuple[ModelDescription, Tensors]:
    """Read a model file.

    Raises:
        UsageError: if there is no such file, or it is an export.
        ModelFileError: if it is not a model file that this version can read.
        MachineError: if it may not be read.
    """
    path = Path(path)
    refuse_no_file(path)
    if path.suffix == EXPORT_SUFFIX:
        raise UsageError(
            f"{path} is an export by its name: name the model file that it was made from"
        )
    with telling_of(path):
        refuse_large_tensors(path)
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if METADATA_KEY not in metadata:
                raise ModelFileError(f"{path} is a safetensors file, but not a charseq model")
            names = file.keys()
            if len(names) > MOST_TENSORS:
                raise ModelFileError(f"it has {len(names):,} tensors, which no model has")
            description = description_from_dict(json.loads(metadata[METADATA_KEY]))
            tensors = {_current_name(name): file.get_tensor(name) for name in names}
    return description, tensors


def refuse_no_file(path: Path) -> None:
    """Raise a `UsageError` where there is no file to read a model from."""
    if path.is_dir():
        raise UsageError(
            f"{path} is a folder: name a model file, such as {path / 'model.safetensors'}"
        )
    if not path.is_file():
        raise UsageError(f"there is no model file {path}")


@contextmanager
def telling_of(path: Path) -> Iterator[None]:
    """Turn whatever reading a model file raises into an error that names the file.

    Raises:
        ModelFileError: if it is not a model file that this version can read.
        MachineError: if it may not be read.
    """
    try:
        yield
    except PermissionError:
        raise MachineError(f"cannot read {path}: permission denied") from None
    except ModelFileError as error:
        raise ModelFileError(_placed(path, error)) from None
    except UsageError as error:
        raise ModelFileError(f"{path}: its configuration is not valid: {error}") from None
    except safetensors.SafetensorError:
        raise ModelFileError(
            f"{path} is not a charseq model, or is damaged: what its header says does not fit what"
            " follows, as where a copy was cut short"
        ) from None
    except (
        DataError,
        OSError,
        ValueError,
        RecursionError,
        OverflowError,
    ) as error:
        raise ModelFileError(
            f"{path} is not a charseq model, or is damaged: {visible(str(error))}"
        ) from None


def description_to_dict(description: ModelDescription) -> dict[str, Any]:
    """Return what a file keeps of a description, as JSON takes it."""
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
    """Read back what `description_to_dict` gave.

    Raises:
        ModelFileError: if the fields are malformed or of a newer format.
        UsageError: if the configuration in them is not valid.
    """
    if not isinstance(fields, dict) or type(fields.get("format_version")) is not int:
        raise ModelFileError("its description is malformed")
    version = fields["format_version"]
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
    if not (
        isinstance(config, dict)
        and form in ("none", "nfc", "nfd")
        and isinstance(limit, dict)
        and isinstance(limit.get("per_symbol"), int | float)
        and 0 <= limit["per_symbol"] <= 1_000
        and type(limit.get("constant")) is int
        and abs(limit["constant"]) <= 1_000_000
        and isinstance(columns, dict)
        and columns.keys() <= COLUMNS
        and isinstance(corpus, dict)
        and all(isinstance(value, str | int) for value in corpus.values())
        and isinstance(scores, dict)
        and all(isinstance(value, int | float) for value in scores.values())
    ):
        raise ModelFileError("its description is malformed")
    model = ModelConfig(**{"normalise": "none", **config})
    CorpusConfig(**columns)  # Refuses what these settings cannot be.
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
        charseq_version=str(fields.get("charseq_version", "")),
    )


def _calibration(fields: Any) -> Calibration | None:
    # Files of former versions have none.
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


def _current_name(name: str) -> str:
    for former, current in FORMER_NAMES.items():
        if name.startswith(former):
            return current + name.removeprefix(former)
    return name


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path` by way of a temporary file beside it, then rename.

    Raises:
        UsageError: if something other than a file is there, or no folder to put it in.
        MachineError: if that fails; what was at `path` is untouched then.
    """
    refuse_output(path)
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # mkstemp makes files private; a result is as readable as the user's others.
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise MachineError(f"cannot write {path}: {error.strerror}") from None


def refuse_export_name(path: Path) -> None:
    """Raise a `UsageError` where a model file would be taken for an export, by its name."""
    if path.suffix == EXPORT_SUFFIX:
        raise UsageError(
            f"{path} is an export by its name: name a file that ends in .safetensors, and export it"
            " when it is trained"
        )


def refuse_output(path: Path) -> None:
    """Raise a `UsageError` where no file can be put: over a folder or a pipe, or in no folder."""
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "no regular file"
        raise UsageError(f"cannot write {path}: it is {kind}; name a file")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"cannot write {path}: there is no folder {path.parent}")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _placed(path: Path, error: ModelFileError) -> str:
    message = str(error)
    return message if str(path) in message else f"{path}: {message}"
