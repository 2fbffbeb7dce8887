"""Exported models without PyTorch: the interface of `charseq.load` over ONNX Runtime."""

from charseq.runtime.engine import OnnxEngine
from charseq.runtime.inspection import sealed
from charseq.runtime.loading import Translator, load, read_export, session_of

__all__ = ["OnnxEngine", "Translator", "load", "read_export", "sealed", "session_of"]
