"""A model's weights as an ONNX graph reads them: 32 bits, 16 bits, or 8 bits with scales."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from charseq.interop.onnx.graph import CONTRIBUTED, FLOAT, Graph, Value

Precision = Literal["float32", "half", "int8"]

Array = NDArray[np.float32]

# Weights of fewer numbers than this keep full precision: they take little room, and biases matter.
FEW = 4_096
# The largest magnitude in 8 bits, and the integer that stands for 0.
LARGEST, MIDDLE = 127, 128
# `MatMulNBits` scales this many inputs of an output together.
BLOCK = 32


class Weights:
    """Writes weights in one precision, each only once however often it is used."""

    def __init__(self, precision: Precision) -> None:
        self.precision = precision
        self._laid: dict[tuple[str, str], Value] = {}

    def tensor(self, graph: Graph, array: Array, name: str) -> Value:
        """Return weights, (outputs, inputs), as 32-bit numbers, however they are stored.

        Nodes on constants widen them, which ONNX Runtime computes once, on loading.

        Args:
            graph: the outermost graph.
            array: the weights.
            name: their name in the file.
        """
        if (name, "tensor") not in self._laid:
            self._laid[name, "tensor"] = self._widened(graph, array, name)
        return self._laid[name, "tensor"]

    def matrix(self, graph: Graph, array: Array, name: str) -> Value:
        """Return weights, (outputs, inputs), as (inputs, outputs)."""
        if (name, "matrix") not in self._laid:
            tensor = self.tensor(graph, array, name)
            self._laid[name, "matrix"] = graph.op("Transpose", tensor, perm=[1, 0])
        return self._laid[name, "matrix"]

    def product(self, graph: Graph, outer: Graph, vectors: Value, array: Array, name: str) -> Value:
        """Multiply vectors, (rows, inputs), by a weight, (outputs, inputs).

        In 8 bits, the vectors are rounded too, each on its own, so results do not depend on the
        batch.
        """
        if not self._rounds(array):
            return graph.op("MatMul", vectors, self.matrix(outer, array, name))
        outputs, inputs = array.shape
        return graph.op(
            "MatMulNBits",
            vectors,
            *self._blocks(outer, array, name),
            domain=CONTRIBUTED,
            K=inputs,
            N=outputs,
            bits=8,
            block_size=BLOCK,
            accuracy_level=4,
        )

    def _rounds(self, array: Array) -> bool:
        return self.precision == "int8" and array.size >= FEW

    def _widened(self, graph: Graph, array: Array, name: str) -> Value:
        if self._rounds(array):
            outputs, inputs = array.shape
            packed, scale = self._blocks(graph, array, name)
            whole = graph.op("Cast", packed, to=FLOAT)
            whole = graph.op("Sub", whole, graph.constant(float(MIDDLE)))
            scale = graph.op("Reshape", scale, graph.constant([outputs, -1, 1]))
            wide = graph.op("Reshape", graph.op("Mul", whole, scale), graph.constant([outputs, -1]))
            cut = ([0], [inputs], [1])
            return graph.op("Slice", wide, *map(graph.constant, cut))
        if self.precision == "half" and array.size >= FEW:
            half = graph.constant(array.astype(np.float16), np.float16, name)
            return graph.op("Cast", half, to=FLOAT)
        return graph.constant(array, name=name)

    def _blocks(self, graph: Graph, array: Array, name: str) -> tuple[Value, Value]:
        packed, scale = blocks_of(array)
        return (
            graph.constant(packed, np.uint8, name),
            graph.constant(scale.flatten(), name=f"{name}.scale"),
        )


def blocks_of(array: Array) -> tuple[NDArray[np.uint8], Array]:
    """Round weights, (outputs, inputs), to 8 bits, in blocks of an output's inputs.

    Returns:
        Integers around 128, (outputs, blocks, inputs of a block), and their scales, (outputs,
        blocks).
    """
    outputs, inputs = array.shape
    blocks = -(-inputs // BLOCK)
    padded = np.zeros((outputs, blocks * BLOCK), np.float32)
    padded[:, :inputs] = array
    grouped = padded.reshape(outputs, blocks, BLOCK)
    scale = np.maximum(np.abs(grouped).max(2) / LARGEST, 1e-12).astype(np.float32)
    rounded = np.rint(grouped / scale[:, :, None]) + MIDDLE
    return rounded.astype(np.uint8), scale
