"""Any model file, by its name: charseq's own, or an export."""

import os
from pathlib import Path

from charseq.answering import BaseTranslator
from charseq.errors import UsageError, naming_extras
from charseq.modelfile import EXPORT_SUFFIX


def load(path: str | Path, *, device: str = "auto") -> BaseTranslator:
    """Load a model file, ready to translate.

    `charseq.translator.load` takes only what PyTorch computes, and so returns, for type checkers
    too, what has a `save`.

    Args:
        path: of a `.safetensors` file, which PyTorch computes (a `charseq.Translator`), or of an
            `.onnx` file, an export, which ONNX Runtime computes (a `charseq.runtime.Translator`).
        device: where PyTorch computes: auto, cpu, cuda or mps. Exports run on the CPU.

    Raises:
        ModelFileError: if the file is not one that this version can read.
        UsageError: if there is no such file, or this machine has no such device.
    """
    if not isinstance(path, str | os.PathLike):
        raise UsageError(f"a model is loaded from its path, not from {type(path).__name__}")
    if Path(path).suffix != EXPORT_SUFFIX:
        with naming_extras("loading a model that is not an export (charseq export)"):
            from charseq.translator import load as load_model

        return load_model(path, device=device)
    if device not in ("auto", "cpu"):
        raise UsageError(f"an export runs on the CPU, not on {device}: omit --device (device)")
    from charseq.runtime import load as load_export

    return load_export(path)
