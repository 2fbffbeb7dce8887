"""Exported models, without PyTorch: the face of `charseq.load` over ONNX Runtime."""

from charseq.runtime.engine import OnnxEngine
from charseq.runtime.loading import Translator, load

__all__ = ["OnnxEngine", "Translator", "load"]
