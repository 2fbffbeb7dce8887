"""Exported models: loading them to translate with ONNX Runtime."""

import ctypes
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charseq.answering import BaseTranslator
from charseq.errors import ModelFileError, UsageError, visible
from charseq.modelfile import (
    MODEL_SUFFIX,
    ModelDescription,
    description_from_dict,
    refuse_no_file,
    telling_of,
)
from charseq.runtime.engine import OnnxEngine
from charseq.runtime.inspection import LARGEST_FILE, metadata_of
from charseq.text import has_half

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

# Our own errors say what is wrong; ONNX Runtime writes nothing to standard error.
SILENT = 4


class Translator(BaseTranslator):
    """An exported model, ready to translate, like a `charseq.Translator`.

    It cannot be saved, sample, or use a lexicon.

    Attributes:
        engine: what computes, with ONNX Runtime.
        description: its configuration, vocabularies, corpus and scores.
    """


def load(path: str | Path, *, threads: int | None = None) -> Translator:
    """Load a model that `charseq export` wrote.

    Args:
        path: the `.onnx` file.
        threads: how many batches to work on at once; by default, one per core.

    Raises:
        ModelFileError: if the file is not one that this version can read.
        UsageError: if there is no such file, or no such number of threads.
        MachineError: if it cannot be read.
    """
    if threads is not None and not (isinstance(threads, int) and threads >= 1):
        raise UsageError(f"threads must be a whole number of at least 1, not {threads!r}")
    description, _, content = read_export(path)
    with telling_of(Path(path)):
        engine = OnnxEngine(session_of(content), description, threads or _cores())
    del content
    _give_back_memory()
    return Translator(engine, description)


def read_export(path: str | Path) -> tuple[ModelDescription, Mapping[str, Any], bytes]:
    """Read and check an export without computing anything.

    Args:
        path: the `.onnx` file.

    Returns:
        The model's description, what is known of the export (see `charseq.interop.onnx`), and the
        file's content.

    Raises:
        ModelFileError: if the file is not one that this version can read.
        UsageError: if there is no such file.
        MachineError: if it cannot be read.
    """
    path = Path(path)
    refuse_no_file(path)
    if path.suffix == MODEL_SUFFIX:
        raise UsageError(
            f"{path} is a model that PyTorch computes: export it (charseq export {path}), or load"
            " it with charseq.load"
        )
    with telling_of(path):
        if path.stat().st_size > LARGEST_FILE:
            raise ModelFileError(f"it has more than {LARGEST_FILE:,} bytes")
        content = path.read_bytes()
        fields = json.loads(metadata_of(content))
        description = description_from_dict(fields)
        facts = fields.get("export", {})
        if not (
            isinstance(facts, dict)
            and isinstance(facts.get("agreement", {}), dict)
            and not has_half(json.dumps(facts, ensure_ascii=False, allow_nan=False))
        ):
            raise ModelFileError("its description of the export is malformed")
    return description, facts, content


def session_of(content: bytes) -> "InferenceSession":
    """Return a session of ONNX Runtime with an exported graph, one thread per call.

    Raises:
        ModelFileError: if ONNX Runtime refuses it.
    """
    import onnxruntime  # An export can be inspected without it.

    options = onnxruntime.SessionOptions()
    # Batches are independent, whereas threads that share an operation wait for each other.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = SILENT
    try:
        return onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    # ONNX Runtime's own errors have no common base class but this.
    except Exception as error:
        raise ModelFileError(f"ONNX Runtime refuses it: {visible(str(error), 300)}") from None


def _give_back_memory() -> None:
    """Return the memory that reading a file took, up to twice its size, which glibc would keep."""
    if sys.platform == "linux":
        # Other C libraries lack it.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
