"""LSTM and GRU layers in ONNX: whole sequences in one operation, or one symbol at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from charseq.interop.onnx.graph import Graph, Value
from charseq.interop.onnx.weights import Array, Weights

# From PyTorch's order of gates to ONNX's: i, f, g, o to i, o, f, g, and r, z, n to z, r, n.
GATES = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2)}


@dataclass(frozen=True)
class Layers:
    """A model's layers, written into graphs by name.

    Attributes:
        outer: the outermost graph, for everything that is the same in every call.
        cell: the kind of cells in all layers.
        tensors: the model's weights, by their names in the model file.
        weights: how they are laid out.
    """

    outer: Graph
    cell: Literal["lstm", "gru"]
    tensors: Mapping[str, Array]
    weights: Weights

    def whole(
        self,
        graph: Graph,
        names: Sequence[str],
        vectors: Value,
        lengths: Value,
        starts: Sequence[Value] = (),
    ) -> list[Value]:
        """Read whole sequences in one operation.

        Args:
            graph: the graph to write to.
            names: the name of one layer that reads forwards, or of two that read in both
                directions.
            vectors: (time, batch, inputs).
            lengths: the sequences' lengths, (batch,), or "" where all have full length.
            starts: the hidden and, for LSTMs, the cell to start from, (1, batch, units) each.

        Returns:
            The outputs, (time, directions, batch, units), and the last hidden and cell.
        """
        gates, units = self.tensors[f"{names[0]}.weight_hh_l0"].shape

        def stacked(kind: str) -> Value:
            parts = [
                self.weights.tensor(self.outer, self._gates(f"{name}.{kind}"), f"{name}.{kind}")
                for name in names
            ]
            parts = [self.outer.op("Unsqueeze", part, self.outer.constant([0])) for part in parts]
            return self.outer.op("Concat", *parts, axis=0) if len(parts) > 1 else parts[0]

        gru = self.cell == "gru"
        biases = [
            [
                self._gates(f"{name}.bias_ih_l0"),
                self._gates(f"{name}.bias_hh_l0") if gru else np.zeros(gates, np.float32),
            ]
            for name in names
        ]
        extra: dict[str, Any] = {"linear_before_reset": 1} if gru else {}
        return graph.ops(
            self.cell.upper(),
            vectors,
            stacked("weight_ih_l0"),
            stacked("weight_hh_l0"),
            self.outer.constant(np.array(biases).reshape(len(names), -1)),
            lengths,
            *starts,
            outputs=2 if gru else 3,
            hidden_size=units,
            direction="bidirectional" if len(names) > 1 else "forward",
            **extra,
        )

    def table(self, name: str, vectors: Value) -> Value:
        """Return what each symbol, and then what zeros add to a layer's gates.

        It consists of nodes on constants, which ONNX Runtime computes once, on loading.

        Args:
            name: the layer's name.
            vectors: the symbols' vectors and zeros, (symbols + 1, inputs); "" where they are
                one-hot.
        """
        weight = f"{name}.weight_ih_l0"
        kernel = self.weights.matrix(self.outer, self._gates(weight), weight)
        added = (
            self.outer.op("MatMul", vectors, kernel)
            if vectors
            else self.outer.op("Pad", kernel, self.outer.constant([0, 0, 1, 0]))
        )
        return self.outer.op("Add", added, self.outer.constant(self._gates(f"{name}.bias_ih_l0")))

    def project(self, graph: Graph, name: str, vectors: Value) -> Value:
        """Return what vectors, (rows, inputs), and the bias add to a layer's gates."""
        bias = graph.constant(self._gates(f"{name}.bias_ih_l0"))
        return graph.op("Add", self._product(graph, f"{name}.weight_ih_l0", vectors), bias)

    def step(
        self, graph: Graph, name: str, projected: Value, state: Sequence[Value]
    ) -> list[Value]:
        """Let a layer read one symbol per row.

        Args:
            graph: the graph to write to.
            name: the layer's name.
            projected: what the symbols add to its gates, (rows, gates · units).
            state: its hidden and, for LSTMs, its cell, (rows, units) each.

        Returns:
            Its next state, in the same form; the hidden is its output.
        """
        recurrent = self._product(graph, f"{name}.weight_hh_l0", state[0])
        if self.cell == "lstm":
            units = self.tensors[f"{name}.weight_hh_l0"].shape[1]
            return _lstm(graph, graph.op("Add", recurrent, projected), state[1], units)
        bias = graph.constant(self._gates(f"{name}.bias_hh_l0"))
        return _gru(graph, projected, graph.op("Add", recurrent, bias), state[0])

    def _product(self, graph: Graph, weight: str, vectors: Value) -> Value:
        return self.weights.product(graph, self.outer, vectors, self._gates(weight), weight)

    def _gates(self, name: str) -> Array:
        """Return weights with a block of rows for each gate, the blocks in ONNX's order."""
        weight, order = self.tensors[name], list(GATES[self.cell])
        blocks = weight.reshape(len(order), -1, *weight.shape[1:])
        return blocks[order].reshape(weight.shape)


def _lstm(graph: Graph, gates: Value, cell: Value, units: int) -> list[Value]:
    sizes = graph.constant([3 * units, units])
    opening, candidate = graph.ops("Split", gates, sizes, outputs=2, axis=1)
    enter, leave, keep = graph.ops(
        "Split", graph.op("Sigmoid", opening), outputs=3, axis=1, num_outputs=3
    )
    new = graph.op("Mul", enter, graph.op("Tanh", candidate))
    cell = graph.op("Add", graph.op("Mul", keep, cell), new)
    return [graph.op("Mul", leave, graph.op("Tanh", cell)), cell]


def _gru(graph: Graph, projected: Value, recurrent: Value, hidden: Value) -> list[Value]:
    update, reset, candidate = graph.ops("Split", projected, outputs=3, axis=1, num_outputs=3)
    own_update, own_reset, own = graph.ops("Split", recurrent, outputs=3, axis=1, num_outputs=3)
    reset = graph.op("Sigmoid", graph.op("Add", reset, own_reset))
    update = graph.op("Sigmoid", graph.op("Add", update, own_update))
    own = graph.op("Mul", reset, own)
    candidate = graph.op("Tanh", graph.op("Add", candidate, own))
    moved = graph.op("Mul", update, graph.op("Sub", hidden, candidate))
    return [graph.op("Add", candidate, moved)]
