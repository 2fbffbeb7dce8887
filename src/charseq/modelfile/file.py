"""Reading model files, with or without their weights, and writing them."""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from charseq.errors import DataError, ModelFileError, UsageError, visible
from charseq.files import (
    MOST_TENSORS,
    in_plain_words,
    refuse_large_tensors,
    refuse_output,
    write_atomically,
)
from charseq.modelfile.description import (
    ModelDescription,
    description_from_dict,
    description_to_dict,
)

METADATA_KEY = "charseq"
# The ending of a model file's name.
MODEL_SUFFIX = ".safetensors"
# The ending of an export's name.
EXPORT_SUFFIX = ".onnx"
MODEL_SUFFIXES = (MODEL_SUFFIX, EXPORT_SUFFIX)
_NAMED = f"name a file that ends in {' or '.join(MODEL_SUFFIXES)}"
# The name of a run's model file.
MODEL_FILE = "model.safetensors"

Tensors = Mapping[str, NDArray[np.float32]]

# How tensors' names began in format 1, which had one layer per side.
FORMER_NAMES = {
    "encoder.lstm.": "encoder.forwards.0.fused.",
    "decoder.lstm.": "decoder.layers.0.fused.",
    "output.": "decoder.output.",
}


def write_model(path: str | Path, description: ModelDescription, tensors: Tensors) -> None:
    """Write a model file, whole or not at all.

    Raises:
        UsageError: if the path does not end in `.safetensors`, or no file can be put there.
        MachineError: if the file cannot be written.
    """
    refuse_model_output(Path(path))
    fields = description_to_dict(description)
    metadata = {METADATA_KEY: json.dumps(fields, ensure_ascii=True, sort_keys=True)}
    arrays = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    write_atomically(Path(path), safetensors.numpy.save(arrays, metadata))


def read_model(path: str | Path) -> tuple[ModelDescription, Tensors]:
    """Read a model file.

    Raises:
        UsageError: if there is no such file, or it is an export.
        ModelFileError: if it is not a model file that this version can read.
        MachineError: if it cannot be read.
    """
    with _opened(Path(path)) as file:
        fields = _fields_of(file)
        description = description_from_dict(fields)
        named = _current_name if fields["format_version"] == 1 else str
        names = file.keys()
        tensors = {named(name): _tensor(file, name) for name in names}
    return description, tensors


def read_description(path: str | Path) -> ModelDescription:
    """Read a model file's description, without its weights.

    Raises:
        CharseqError: as `read_model` does.
    """
    with _opened(Path(path)) as file:
        return description_from_dict(_fields_of(file))


def count_parameters(path: str | Path) -> int:
    """Return how many parameters a model file has, without reading them.

    Raises:
        CharseqError: as `read_model` does.
    """
    with _opened(Path(path)) as file:
        names = file.keys()
        return sum(math.prod(file.get_slice(name).get_shape()) for name in names)


def refuse_model_output(path: Path) -> None:
    """Raise a `UsageError` if no model file can be put there, or the name is not a model's."""
    if path.suffix == EXPORT_SUFFIX:
        raise UsageError(
            f"{path} is named like an export: name a file that ends in {MODEL_SUFFIX}, and export"
            " the trained model"
        )
    refuse_output(path)
    if path.suffix != MODEL_SUFFIX:
        # So that a model never replaces a corpus, or anything else of the user's.
        raise UsageError(f"cannot write {path}: name a file that ends in {MODEL_SUFFIX}")


def is_named_like_a_model(name: str | Path) -> bool:
    """Return whether a file's name is that of a model or of an export."""
    return Path(name).suffix in MODEL_SUFFIXES


def refuse_no_file(path: Path) -> None:
    """Raise a `UsageError` if there is no file to read a model from.

    Raises:
        MachineError: if that cannot be determined.
    """
    with in_plain_words(path):
        if path.is_dir():
            there = f", such as {path / MODEL_FILE}" * (path / MODEL_FILE).is_file()
            raise UsageError(f"{path} is a folder: name a model file{there}")
        if not path.is_file():
            if not is_named_like_a_model(path):
                raise UsageError(f"there is no file {path}: {_NAMED}")
            raise FileNotFoundError(path)


@contextmanager
def telling_of(path: Path) -> Iterator[None]:
    """Turn any error in reading a model file into one that names the file.

    Raises:
        UsageError: if there is no such file.
        ModelFileError: if it is not a model file that this version can read.
        MachineError: if it cannot be read.
    """
    with in_plain_words(path):
        try:
            yield
        except ModelFileError as error:
            raise ModelFileError(_placed(path, error)) from None
        except UsageError as error:
            raise ModelFileError(f"{path}: its configuration is not valid: {error}") from None
        except safetensors.SafetensorError:
            why = "its header does not match its contents, as in an incomplete copy"
            raise _not_a_model(path, why) from None
        except (DataError, ValueError, RecursionError, OverflowError) as error:
            raise _not_a_model(path, visible(str(error))) from None


def _not_a_model(path: Path, why: str) -> ModelFileError:
    if not is_named_like_a_model(path):
        # It is more likely a corpus, or another text, in a model's place.
        return ModelFileError(f"{path} is not a charseq model: {_NAMED}")
    return ModelFileError(f"{path} is not a charseq model, or is damaged: {why}")


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a model file, reading its header but no tensors yet."""
    refuse_no_file(path)
    if path.suffix == EXPORT_SUFFIX:
        raise UsageError(
            f"{path} is named like an export: name the model file that it was made from"
        )
    with telling_of(path):
        refuse_large_tensors(path)
        with safetensors.safe_open(path, framework="numpy") as file:
            if METADATA_KEY not in (file.metadata() or {}):
                raise ModelFileError(f"{path} is a safetensors file, but not a charseq model")
            count = len(file.keys())
            if count > MOST_TENSORS:
                raise ModelFileError(f"it has {count:,} tensors, which no model has")
            yield file


def _fields_of(file: Any) -> Any:
    return json.loads(file.metadata()[METADATA_KEY])


def _tensor(file: Any, name: str) -> NDArray[np.float32]:
    kind = file.get_slice(name).get_dtype()
    if kind != "F32":
        raise ModelFileError(f"its tensor {visible(name)} has the type {kind}, not F32")
    tensor: NDArray[np.float32] = file.get_tensor(name)
    return tensor


def _current_name(name: str) -> str:
    for former, current in FORMER_NAMES.items():
        if name.startswith(former):
            return current + name.removeprefix(former)
    return name


def _placed(path: Path, error: ModelFileError) -> str:
    message = str(error)
    return message if str(path) in message else f"{path}: {message}"
