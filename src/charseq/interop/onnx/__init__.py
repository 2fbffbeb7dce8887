"""ONNX: one graph with the whole search inside, which runs without PyTorch."""

from charseq.interop.onnx.export import onnx_model
from charseq.interop.onnx.weights import Precision

__all__ = ["Precision", "onnx_model"]
