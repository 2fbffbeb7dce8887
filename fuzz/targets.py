"""What is fuzzed: each target takes any bytes, and may end in nothing but charseq's own errors."""

import hashlib
import io
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

from charseq.config import CorpusConfig, RunSettings, configure
from charseq.corpus.archive import read_archive
from charseq.corpus.files import read_lines
from charseq.errors import CharseqError
from charseq.interop import keras
from charseq.model import Seq2Seq
from charseq.modelfile import read_model
from charseq.runtime import read_export, sealed
from charseq.training import read_history
from charseq.training.checkpoint import read_checkpoint

# In memory where the system has such a place: a million files are written.
MEMORY = Path("/dev/shm")
SCRATCH = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)

SETTINGS = RunSettings()
CONFIGS = [
    CorpusConfig(format="tsv"),
    CorpusConfig(format="tsv", skip_bad_lines=True, header=True),
    CorpusConfig(format="tsv", skip_bad_lines=True, features_column=3, language_column=4),
    CorpusConfig(format="csv", skip_bad_lines=True),
    CorpusConfig(format="csv", header=True, source_column="source", target_column="target"),
    CorpusConfig(format="jsonl", skip_bad_lines=True),
    CorpusConfig(format="jsonl", source_column=2, target_column=1, max_length=5),
]


def corpus(data: bytes) -> None:
    """Read lines of TSV, CSV or JSON, plain or compressed; the first byte says how."""
    stream = io.BufferedReader(io.BytesIO(data[1:]))
    read_lines(stream, CONFIGS[data[0] % len(CONFIGS)], name="fuzz", where="fuzz")


def archive(data: bytes) -> None:
    """Read the pairs of a zip."""
    read_archive(_written("corpus.zip", data), CorpusConfig(skip_bad_lines=True), "fuzz")


def model(data: bytes) -> None:
    """Read a model file, and make its network."""
    Seq2Seq.from_description(*read_model(_written("model.safetensors", data)))


def export(data: bytes) -> None:
    """Look over an ONNX file whose checksum is right."""
    read_export(_written("model.onnx", sealed(data)))


def keras_archive(data: bytes) -> None:
    """Read a `.keras` archive that holds its own tables."""
    keras.import_keras(_written("model.keras", data))


def checkpoint(data: bytes) -> None:
    """Read a checkpoint whose checksum is right."""
    name = f"fit-0000000001-{hashlib.sha256(data).hexdigest()[:16]}.safetensors"
    path = _written(f"checkpoints/{name}", data)
    try:
        read_checkpoint(path.parent)
    finally:
        # A damaged one has been renamed.
        for left in path.parent.iterdir():
            left.unlink()


def history(data: bytes) -> None:
    """Read the history of a run, and the settings in it."""
    SETTINGS.merged(read_history(_written("history.json", data)).settings)


def settings(data: bytes) -> None:
    """Read settings from TOML."""
    configure(file=_written("settings.toml", data))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "corpus": corpus,
    "archive": archive,
    "model": model,
    "export": export,
    "keras": keras_archive,
    "checkpoint": checkpoint,
    "history": history,
    "settings": settings,
}


def feed(name: str, data: bytes) -> bool:
    """Give bytes to a target; return whether it took them.

    Any error that is not charseq's own is raised.
    """
    if not data:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            TARGETS[name](data)
        except CharseqError:
            return False
    return True


def _written(name: str, data: bytes) -> Path:
    path = Path(SCRATCH.name) / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path
