"""Checkpoints: all that is needed to resume training as if it had never stopped.

Each is one safetensors file, `fit-<steps>-<checksum>.safetensors`, or `refit-…` in the refit on all
pairs, with plain facts as JSON in the metadata. The checksum in the name covers the whole file, so
that damage is noticed.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from charseq.errors import CheckpointWarning, DataError, MachineError, warn_caller
from charseq.files import MOST_TENSORS, in_plain_words, refuse_large_tensors, write_atomically

METADATA_KEY = "charseq-checkpoint"
FORMAT_VERSION = 1
# The newest, and the one before it in case the newest is damaged.
KEPT = 2
NAME = re.compile(r"((?:re)?fit-\d{10})-([0-9a-f]{16})\.safetensors")

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stands.

    Attributes:
        epochs: how many are finished and in the history.
        kept: the epoch whose weights are kept so far; 0 if there is none yet.
        refitting: whether this is the refit on all pairs.
        weights: the weights kept so far.
        tensors: the tensors of the training's state.
        facts: the rest of the training's state in JSON's types, including the number of steps.
    """

    epochs: int
    kept: int
    refitting: bool
    weights: Arrays
    tensors: Arrays
    facts: Mapping[str, Any]

    @property
    def place(self) -> str:
        """The place in the training, in words."""
        training = "of the refit, " if self.refitting else ""
        return f"step {self.facts['steps']:,} {training}in epoch {self.facts['epoch']}"


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint, whole or not at all, and remove those that are no longer needed.

    Raises:
        MachineError: if it cannot be written; then the earlier ones are untouched.
    """
    plain = {
        "format_version": FORMAT_VERSION,
        "epochs": checkpoint.epochs,
        "kept": checkpoint.kept,
        "refitting": checkpoint.refitting,
        "facts": checkpoint.facts,
    }
    parts = {"weights": checkpoint.weights, "training": checkpoint.tensors}
    arrays = {
        f"{part}/{name}": np.ascontiguousarray(array)
        for part, tensors in parts.items()
        for name, array in tensors.items()
    }
    content = safetensors.numpy.save(arrays, {METADATA_KEY: json.dumps(plain, sort_keys=True)})
    training = "refit" if checkpoint.refitting else "fit"
    name = f"{training}-{checkpoint.facts['steps']:010}-{_checksum(content)}.safetensors"
    path = folder / name
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise MachineError(f"cannot write {folder}: {error.strerror}") from None
    write_atomically(path, content)
    formers = [former for former in _newest_first(folder) if former != path]
    for former in formers[KEPT - 1 :]:
        former.unlink(missing_ok=True)
    return path


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """Return the newest undamaged checkpoint in a folder, or None if there is none.

    Warns of damaged ones and renames them, so that none is taken for the newest again.

    Raises:
        MachineError: if one cannot be read.
    """
    paths = _newest_first(folder)
    for path in paths:
        try:
            with in_plain_words(path):
                return _read(path)
        except (ValueError, DataError):
            instead = (
                "there is no other, so the run starts again from the beginning"
                if path == paths[-1]
                else "going back to the previous checkpoint"
            )
            warn_caller(f"{path} is damaged: {instead}", CheckpointWarning)
            with contextlib.suppress(OSError):
                path.rename(path.with_name(f"{path.name}.damaged"))
    return None


def _read(path: Path) -> Checkpoint:
    refuse_large_tensors(path)
    content = path.read_bytes()
    found = NAME.fullmatch(path.name)
    if found is None or found[2] != _checksum(content):
        raise ValueError(path)
    try:
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        if len(header) > MOST_TENSORS:
            raise ValueError(path)
        plain = json.loads(header["__metadata__"][METADATA_KEY])
        if plain.pop("format_version") != FORMAT_VERSION:
            raise ValueError(path)
        parts: dict[str, dict[str, NDArray[Any]]] = {"weights": {}, "training": {}}
        for full_name, array in safetensors.numpy.load(content).items():
            part, _, name = full_name.partition("/")
            parts[part][name] = array
        return Checkpoint(**plain, weights=parts["weights"], tensors=parts["training"])
    except (safetensors.SafetensorError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(path) from error


def _newest_first(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if NAME.fullmatch(path.name)]
    return sorted(found, key=_age, reverse=True)


def _age(path: Path) -> tuple[str, int]:
    return path.name.rpartition("-")[0], path.stat().st_mtime_ns


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
