"""Greedy search in ONNX: a loop of steps for one row, and one for many, which rows leave.

It finds what `charseq.search.greedy` finds.
"""

from collections.abc import Sequence
from typing import NamedTuple

from charseq.interop.onnx.constraints import Constraints
from charseq.interop.onnx.graph import FLOAT, INTEGER, Body, Graph, Shape, Value
from charseq.interop.onnx.network import Memory, Network


class Greedy(NamedTuple):
    """The greedy answer to each source, filled up with the end symbol to the longest.

    Attributes:
        ids: the answers' symbols, (places, batch).
        gains: each symbol's log-probability, 0 after the end, (places, batch).
        lengths: the answers' lengths, without the end, (batch,).
        totals: the answers' log-probabilities, (batch,).
    """

    ids: Value
    gains: Value
    lengths: Value
    totals: Value


def greedy(
    graph: Graph, network: Network, memory: Memory, state: Sequence[Value], constraints: Constraints
) -> Greedy:
    """Write the most probable symbol at each step until all rows have ended or hit the limit."""
    start, end = network.description.targets.frame
    rows = graph.op("Shape", constraints.limits)
    first = graph.op("Expand", graph.constant([start]), rows)
    # One loop with few nodes is for one row without a prefix, another for all else; only one of
    # them has any rounds. They stand side by side rather than in an `If` because ONNX Runtime
    # prepares weights for products in a subgraph, but not in a nested one.
    many = graph.op("Greater", graph.op("Squeeze", rows), graph.constant(1))
    many = graph.highest(graph.op("Or", many, constraints.begun))
    single = graph.highest(graph.op("Not", many))
    # -inf for what is never written, (batch or 1, symbols).
    mask = graph.op("Squeeze", constraints.mask, graph.constant([1]))
    everyone = graph.range(graph.op("Squeeze", rows))
    zero, one = graph.constant([0]), graph.constant([1])
    length = graph.op("Slice", "source_lengths", zero, one)
    width = graph.op("Add", length, graph.constant([len(network.description.targets)]))
    own_mask = graph.op("Slice", mask, zero, width, one) if network.copying else mask
    one_row = _one_row(network, network.alone(memory, length, constraints.most), own_mask)
    many_rows = _many_rows(graph, network, memory, constraints, mask)
    parts = (
        _written(graph, network, constraints, [first, *state], single, one_row),
        _written(graph, network, constraints, [everyone, first, *state], many, many_rows),
    )
    # A loop without rounds does not know how many rows it would have had.
    shape = graph.op("Concat", graph.constant([-1]), rows, axis=0)
    ids, gains = (
        graph.op("Concat", *(graph.op("Reshape", each, shape) for each in columns), axis=0)
        for columns in zip(*parts, strict=True)
    )
    # With an end appended to every row, the place of its first end is its length.
    closing = graph.op(
        "Unsqueeze", graph.op("Expand", graph.constant([end]), rows), graph.constant([0])
    )
    closed = graph.op("Equal", graph.op("Concat", ids, closing, axis=0), graph.constant(end))
    lengths = graph.op("ArgMax", graph.op("Cast", closed, to=FLOAT), axis=0, keepdims=0)
    lengths = graph.op("Min", lengths, constraints.limits)
    places = graph.op("Unsqueeze", graph.range(graph.size(ids, 0)), graph.constant([1]))
    # The end counts if it came within the limit.
    counted = graph.op(
        "And",
        graph.op("LessOrEqual", places, lengths),
        graph.op("Less", places, constraints.limits),
    )
    gains = graph.op("Where", counted, gains, graph.constant(0.0))
    totals = graph.op("ReduceSum", gains, graph.constant([0]), keepdims=0)
    written = graph.op("Less", places, lengths)
    return Greedy(graph.op("Where", written, ids, graph.constant(end)), gains, lengths, totals)


def _written(
    graph: Graph,
    network: Network,
    constraints: Constraints,
    carried: Sequence[Value],
    condition: Value,
    body: Body,
) -> list[Value]:
    """Add a loop that writes one symbol per round.

    Args:
        graph: the outermost graph.
        network: the model's network.
        constraints: what answers may be.
        carried: the rows' ids, and the decoder's state.
        condition: whether there is a first round.
        body: the loop's body.

    Returns:
        The symbols and their log-probabilities, (places, batch).
    """
    shapes: list[tuple[int, Shape]] = [(FLOAT, shape) for shape in network.state_shapes]
    shapes = [(INTEGER, ("rows",))] * (len(carried) - len(shapes)) + shapes
    described = [(value, *shape) for value, shape in zip(carried, shapes, strict=True)]
    *_, ids, gains = graph.loop(constraints.most, described, body, condition=condition)
    return [ids, gains]


def _one_row(network: Network, memory: Memory, mask: Value) -> Body:
    """Return a round for a single row, which carries the symbol written last and the state."""
    end = network.description.targets.frame[1]

    def body(
        inner: Graph, place: Value, carried: Sequence[Value]
    ) -> tuple[Value, Sequence[Value], Sequence[Value]]:
        previous, *state = carried
        scores, after = network.step(inner, previous, state, memory, place)
        masked = inner.op("Add", scores.log_probabilities, mask)
        symbols = inner.op("ArgMax", masked, axis=1, keepdims=0)
        gains = inner.op("ReduceMax", masked, inner.constant([1]), keepdims=0)
        going = inner.op("Not", inner.op("Equal", symbols, inner.constant(end)))
        return inner.highest(going), [symbols, *after], [symbols, gains]

    return body


def _many_rows(
    graph: Graph, network: Network, memory: Memory, constraints: Constraints, mask: Value
) -> Body:
    """Return a round for many rows: those that have ended leave.

    It carries which rows are left, the symbols written last and the state, and returns the end
    symbol and 0 for rows that have left.
    """
    end = network.description.targets.frame[1]
    batch = graph.op("Shape", constraints.limits)
    ends = graph.op("Expand", graph.constant([end]), batch)
    nothing = graph.op("Expand", graph.constant([0.0]), batch)

    def body(
        inner: Graph, place: Value, carried: Sequence[Value]
    ) -> tuple[Value, Sequence[Value], Sequence[Value]]:
        rows, previous, *state = carried

        def of_rows(value: Value) -> Value:
            return inner.op("Gather", value, rows, axis=0)

        scores, after = network.step(inner, previous, state, memory.each(of_rows), place)
        masked = inner.op(
            "Add", scores.log_probabilities, of_rows(mask) if network.copying else mask
        )
        wanted = of_rows(inner.op("Gather", constraints.forced, place, axis=0))
        free = inner.op("Less", wanted, inner.constant(0))
        best = inner.op("ArgMax", masked, axis=1, keepdims=0)
        symbols = inner.op("Where", free, best, wanted)
        gains = network.of(inner, masked, symbols)
        # The rounds' outputs can be stacked only if their shapes stay the same.
        written = inner.op("ScatterElements", ends, rows, symbols, axis=0)
        gained = inner.op("ScatterElements", nothing, rows, gains, axis=0)
        left = inner.op(
            "Sub", of_rows(constraints.limits), inner.op("Add", place, inner.constant(1))
        )
        going = inner.op(
            "And",
            inner.op("Greater", left, inner.constant(0)),
            inner.op("Not", inner.op("Equal", symbols, inner.constant(end))),
        )
        staying = inner.op("Reshape", inner.op("NonZero", going), inner.constant([-1]))
        onward = [inner.op("Gather", each, staying, axis=0) for each in (rows, symbols, *after)]
        return inner.highest(going), onward, [written, gained]

    return body
