"""What answers may be, in the form that a graph's searches need."""

from typing import NamedTuple

from charseq.interop.onnx.graph import Graph, Value


class Constraints(NamedTuple):
    """How long answers may be, how they begin and what they never contain; see `exporting`.

    Attributes:
        limits: the most symbols of each answer, (batch,).
        most: the largest of them, a scalar.
        begun: whether there are prefixes, a scalar.
        forced: the symbol of each place that a prefix forces, else -1, (places, batch).
        mask: -inf for what is never written, over a step's columns, (batch or 1, 1, symbols).
    """

    limits: Value
    most: Value
    begun: Value
    forced: Value
    mask: Value

    @classmethod
    def of(cls, graph: Graph, mask: Value) -> "Constraints":
        """Read the constraints from the graph's inputs."""
        # There is always a first step, so that all shapes are known.
        most = graph.highest(graph.op("Max", "limits", graph.constant(1)))
        by_place = graph.op("Transpose", "prefixes", perm=[1, 0])
        reached = graph.size(by_place, 0)
        begun = graph.op("Greater", reached, graph.constant(0))
        missing = graph.op("Max", graph.op("Sub", most, reached), graph.constant(0))
        missing = graph.op("Unsqueeze", missing, graph.constant([0]))
        pads = graph.op("Concat", graph.constant([0, 0]), missing, graph.constant([0]), axis=0)
        forced = graph.op("Pad", by_place, pads, graph.constant(-1))
        return cls("limits", most, begun, forced, mask)
