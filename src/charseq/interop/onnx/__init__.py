"""ONNX: one graph that contains the whole search and runs without PyTorch."""

from charseq.interop.onnx.checking import Agreement
from charseq.interop.onnx.exporting import Export, export, onnx_model
from charseq.interop.onnx.weights import Precision

__all__ = ["Agreement", "Export", "Precision", "export", "onnx_model"]
