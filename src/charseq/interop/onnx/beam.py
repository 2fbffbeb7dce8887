"""Beam search in ONNX: a loop of steps that starts from the greedy answers.

It finds what `charseq.search.beam` finds; see there for the reasons.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from charseq.interop.onnx.constraints import Constraints
from charseq.interop.onnx.graph import BOOL, FLOAT, INTEGER, Graph, Shape, Value
from charseq.interop.onnx.greedy import Greedy
from charseq.interop.onnx.network import Memory, Network


class Answers(NamedTuple):
    """The answers, best first.

    Attributes:
        ids: filled up with the end symbol, (batch, answers, places).
        lengths: without the end, (batch, answers).
        totals: log-probabilities, -inf where there are fewer answers, (batch, answers).
        gains: the log-probabilities of each symbol and of the end, 0 past it, (batch, answers,
            places + 1).
    """

    ids: Value
    lengths: Value
    totals: Value
    gains: Value


def alone(graph: Graph, found: Greedy) -> Answers:
    """Return greedy answers as lists of one answer each."""
    middle = graph.constant([1])
    ids, gains = (graph.op("Transpose", each, perm=[1, 0]) for each in (found.ids, found.gains))
    # The longest answer leaves no place for its end.
    gains = graph.op("Pad", gains, graph.constant([0, 0, 0, 1]))
    columns = ids, found.lengths, found.totals, gains
    return Answers(*(graph.op("Unsqueeze", each, middle) for each in columns))


class Beam(NamedTuple):
    """The width of a beam, and how its answers are ranked; all are scalars.

    Attributes:
        width: how many hypotheses per source go on.
        answers: how many answers to return.
        length_penalty: the strength of the penalty.
    """

    width: Value
    answers: Value
    length_penalty: Value

    def slots(self, graph: Graph) -> Value:
        """Return the width as a shape, (1,)."""
        return graph.op("Unsqueeze", self.width, graph.constant([0]))


class Listed(NamedTuple):
    """Hypotheses, some per source, (batch, some, …).

    Attributes:
        scores: what they are ranked by.
        totals: log-probabilities.
        lengths: without the end.
        ids: (batch, some, places).
        gains: (batch, some, places + 1).
    """

    scores: Value
    totals: Value
    lengths: Value
    ids: Value
    gains: Value


class Frame(NamedTuple):
    """What stays the same in all rounds of a beam search.

    Attributes:
        taken: the greedy answers, (batch, places).
        longest: the penalty of the longest answer of each source, (batch, 1).
    """

    taken: Value
    longest: Value


def beam_search(
    graph: Graph,
    network: Network,
    memory: Memory,
    state: Sequence[Value],
    constraints: Constraints,
    first: Greedy,
    beam: Beam,
) -> Answers:
    """Find the best answers to each source; the greedy one is among them from the start."""
    wide = graph.highest(graph.op("Greater", beam.width, graph.constant(1)))
    by_place, by_gain = ("batch", "some", "places"), ("batch", "some", "more")
    shapes: list[tuple[int, Shape]] = [
        (INTEGER, ("rows",)),
        (FLOAT, ("batch", "slots")),
        (BOOL, ("batch", "slots")),
        (INTEGER, by_place),
        (FLOAT, by_gain),
        (FLOAT, ("batch", "some")),
        (FLOAT, ("batch", "some")),
        (INTEGER, ("batch", "some")),
        (INTEGER, by_place),
        (FLOAT, by_gain),
        *((FLOAT, shape) for shape in network.state_shapes),
    ]
    frame_shapes: list[tuple[int, Shape]] = [
        (INTEGER, ("batch", "places")),
        (FLOAT, ("batch", 1)),
    ]

    def prepared(inner: Graph) -> list[Value]:
        return _begun(inner, network, state, constraints, first, beam)

    def nothing(inner: Graph) -> list[Value]:
        kinds: dict[int, type] = {INTEGER: np.int64, FLOAT: np.float32, BOOL: np.bool_}
        return [
            inner.constant(
                np.zeros([0 if isinstance(size, str) else size for size in shape], kinds[kind])
            )
            for kind, shape in (*frame_shapes, *shapes)
        ]

    taken, longest, *starts = graph.choose(wide, prepared, nothing)
    frame = Frame(taken, longest)

    def body(
        inner: Graph, place: Value, carried: Sequence[Value]
    ) -> tuple[Value, Sequence[Value], Sequence[Value]]:
        return _round(inner, network, memory, constraints, beam, frame, place, carried)

    described = [(value, *shape) for value, shape in zip(starts, shapes, strict=True)]
    found = graph.loop(constraints.most, described, body, condition=wide)
    kept = Listed(*found[5:10])
    return Answers(
        *graph.choose(
            wide,
            lambda _: [kept.ids, kept.lengths, kept.totals, kept.gains],
            lambda inner: alone(inner, first),
        )
    )


def _begun(
    graph: Graph,
    network: Network,
    state: Sequence[Value],
    constraints: Constraints,
    first: Greedy,
    beam: Beam,
) -> list[Value]:
    """Return the frame of a beam search, and what its first round starts from."""
    start, end = network.description.targets.frame
    least, none = graph.constant(-np.inf, np.float32), graph.constant(0.0)
    batch = graph.op("Shape", constraints.limits)
    most = graph.op("Unsqueeze", constraints.most, graph.constant([0]))
    one_more = graph.op("Add", most, graph.constant(1))
    slots = beam.slots(graph)
    grid = graph.op("Concat", batch, slots, axis=0)
    head = graph.op("Equal", graph.range(beam.width), graph.constant(0))
    totals = graph.op("Unsqueeze", first.totals, graph.constant([1]))
    live = graph.op("And", graph.op("Greater", totals, least), head)
    ids, gains = (graph.op("Transpose", each, perm=[1, 0]) for each in (first.ids, first.gains))
    taken = _widened(graph, ids, constraints.most, end)
    longest = _penalty(graph, constraints.limits, beam.length_penalty)

    def spread(value: Value) -> Value:
        """Repeat each source's value, (batch, units), for all of its rows."""
        units = graph.op("Shape", value, start=1)
        shape = graph.op("Concat", grid, units, axis=0)
        wide = graph.op("Expand", graph.op("Unsqueeze", value, graph.constant([1])), shape)
        return graph.op("Reshape", wide, graph.op("Concat", graph.constant([-1]), units, axis=0))

    # At first, the greedy answer is the only one.
    steps = graph.op("Cast", graph.op("Less", first.lengths, constraints.limits), to=INTEGER)
    steps = graph.op("Add", first.lengths, steps)
    score = graph.op("Div", first.totals, _penalty(graph, steps, beam.length_penalty))
    more = graph.op("Sub", beam.answers, graph.constant(1))

    def led(value: Value, filler: Value) -> Value:
        value = graph.op("Unsqueeze", value, graph.constant([1]))
        return graph.op("Concat", value, _filled_like(graph, value, more, filler), axis=1)

    return [
        taken,
        graph.op("Unsqueeze", longest, graph.constant([1])),
        graph.op("Expand", graph.constant([start]), graph.op("Mul", batch, slots)),
        graph.op("Where", live, none, least),
        live,
        _blank(graph, grid, most, end),
        _blank(graph, grid, one_more, 0.0),
        led(score, least),
        led(first.totals, least),
        led(first.lengths, graph.constant(0)),
        led(taken, graph.constant(end)),
        led(_widened(graph, gains, graph.op("Squeeze", one_more), 0.0), none),
        *map(spread, state),
    ]


def _round(
    graph: Graph,
    network: Network,
    memory: Memory,
    constraints: Constraints,
    beam: Beam,
    frame: Frame,
    place: Value,
    carried: Sequence[Value],
) -> tuple[Value, Sequence[Value], Sequence[Value]]:
    """Let every hypothesis end, and the most probable continuations of each source go on."""
    end = network.description.targets.frame[1]
    least, last = graph.constant(-np.inf, np.float32), graph.constant([2])
    slots = beam.slots(graph)
    previous, totals, as_greedy, ids, gains, *rest = carried
    best, before = Listed(*rest[:5]), rest[5:]
    reached, after = network.step(graph, previous, before, memory, place, slots)
    columns = network.grid(graph, reached.log_probabilities, slots)
    masked = graph.op("Add", columns, constraints.mask)
    symbols = graph.op("Shape", masked, start=2)
    every = graph.range(graph.op("Squeeze", symbols))
    own = graph.op("Gather", constraints.forced, place, axis=0)
    own = graph.op("Unsqueeze", own, graph.constant([1, 2]))
    free = graph.op("Less", own, graph.constant(0))
    allowed = graph.op("Or", free, graph.op("Equal", own, every))
    masked = graph.op("Where", allowed, masked, least)
    onward = graph.op("Add", masked, graph.op("Unsqueeze", totals, last))
    count = graph.op("Add", place, graph.constant(1))
    greedy_symbol = graph.op("Gather", frame.taken, place, axis=1)
    greedy_symbol = graph.op("Unsqueeze", greedy_symbol, graph.constant([1]))
    grid = graph.op("Shape", totals)

    # Every hypothesis may end here; the greedy one is already among the best.
    ending = graph.op("Equal", greedy_symbol, graph.constant(end))
    counted = graph.op("And", as_greedy, ending)
    at_end = graph.constant(end)
    ended = Listed(
        "",
        graph.op("Where", counted, least, graph.op("Gather", onward, at_end, axis=2)),
        graph.op("Expand", place, grid),
        ids,
        _put(graph, gains, place, graph.op("Gather", masked, at_end, axis=2)),
    )

    onward = graph.op("Where", graph.op("Equal", every, at_end), least, onward)
    flat = graph.op("Reshape", onward, graph.constant([0, -1]))
    new_totals, picks = graph.ops("TopK", flat, slots, outputs=2, axis=1)
    parents, chosen = graph.op("Div", picks, symbols), graph.op("Mod", picks, symbols)
    flat = graph.op("Reshape", masked, graph.constant([0, -1]))
    gained = graph.op("GatherElements", flat, picks, axis=1)
    lines = _lines(graph, parents, totals)
    new_ids = _put(graph, _rows(graph, ids, lines), place, chosen)
    new_gains = _put(graph, _rows(graph, gains, lines), place, gained)
    followed = graph.op("GatherElements", as_greedy, parents, axis=1)
    as_greedy = graph.op("And", followed, graph.op("Equal", chosen, greedy_symbol))
    over = graph.op("Equal", constraints.limits, count)
    over = graph.op("Unsqueeze", over, graph.constant([1]))
    stopped = graph.op("And", over, graph.op("Not", as_greedy))
    cut = Listed(
        "",
        graph.op("Where", stopped, new_totals, least),
        graph.op("Expand", count, grid),
        new_ids,
        new_gains,
    )
    divisor = _penalty(graph, count, beam.length_penalty)
    best = _best(graph, best, (ended, cut), divisor, beam.answers)

    # Drop hypotheses that can no longer get among the best.
    lowest = graph.op("ReduceMin", best.scores, graph.constant([1]))
    hopeful = graph.op("Greater", graph.op("Div", new_totals, frame.longest), lowest)
    keep = graph.op("And", hopeful, graph.op("Not", over))
    new_totals = graph.op("Where", keep, new_totals, least)
    going = graph.highest(keep)
    state = [graph.op("Gather", each, lines, axis=0) for each in after]
    written = graph.op("Reshape", chosen, graph.constant([-1]))
    return going, [written, new_totals, as_greedy, new_ids, new_gains, *best, *state], []


def _best(
    graph: Graph, best: Listed, others: Sequence[Listed], divisor: Value, answers: Value
) -> Listed:
    """Return the best of some answers and of others of equal length."""
    scored = [each._replace(scores=graph.op("Div", each.totals, divisor)) for each in others]
    joined = Listed(
        *(graph.op("Concat", *columns, axis=1) for columns in zip(best, *scored, strict=True))
    )
    count = graph.op("Unsqueeze", answers, graph.constant([0]))
    scores, picks = graph.ops("TopK", joined.scores, count, outputs=2, axis=1)
    lines = _lines(graph, picks, joined.scores)
    return Listed(
        scores,
        graph.op("GatherElements", joined.totals, picks, axis=1),
        graph.op("GatherElements", joined.lengths, picks, axis=1),
        _rows(graph, joined.ids, lines, count),
        _rows(graph, joined.gains, lines, count),
    )


def _lines(graph: Graph, picks: Value, grid: Value) -> Value:
    """Return the places of picks in a flattened grid, given their places among each source's."""
    shape = graph.op("Shape", grid)
    batch, width = (graph.op("Gather", shape, graph.constant(i)) for i in (0, 1))
    offsets = graph.op("Mul", graph.range(batch), width)
    lines = graph.op("Add", picks, graph.op("Unsqueeze", offsets, graph.constant([1])))
    return graph.op("Reshape", lines, graph.constant([-1]))


def _rows(graph: Graph, grid: Value, lines: Value, width: Value | None = None) -> Value:
    """Take lines of (batch, some, places): `width` per source or, without it, as many as now."""
    places = graph.op("Shape", grid, start=2)
    flat = graph.op("Reshape", grid, graph.op("Concat", graph.constant([-1]), places, axis=0))
    middle = graph.op("Shape", grid, start=1, end=2) if width is None else width
    shape = graph.op("Concat", graph.constant([-1]), middle, places, axis=0)
    return graph.op("Reshape", graph.op("Gather", flat, lines, axis=0), shape)


def _put(graph: Graph, grid: Value, place: Value, values: Value) -> Value:
    """Return a grid, (batch, slots, places), with values, (batch, slots), at one place."""
    here = graph.op("Equal", graph.range(graph.size(grid, 2)), place)
    return graph.op("Where", here, graph.op("Unsqueeze", values, graph.constant([2])), grid)


def _penalty(graph: Graph, lengths: Value, strength: Value) -> Value:
    """Return ((5 + length) / 6) ** strength (Wu et al. 2016, equation 14)."""
    wide = graph.op("Cast", lengths, to=FLOAT)
    base = graph.op("Div", graph.op("Add", wide, graph.constant(5.0)), graph.constant(6.0))
    return graph.op("Pow", base, strength)


def _blank(graph: Graph, grid: Value, width: Value, fill: float) -> Value:
    shape = graph.op("Concat", grid, width, axis=0)
    return graph.op("Expand", graph.constant(fill), shape)


def _widened(graph: Graph, value: Value, width: Value, fill: float) -> Value:
    """Pad (batch, places) to a width."""
    missing = graph.op("Sub", width, graph.size(value, 1))
    missing = graph.op("Unsqueeze", missing, graph.constant([0]))
    pads = graph.op("Concat", graph.constant([0, 0, 0]), missing, axis=0)
    return graph.op("Pad", value, pads, graph.constant(fill))


def _filled_like(graph: Graph, value: Value, count: Value, fill: Value) -> Value:
    """Return (batch, count, …) of the fill value, to join to (batch, 1, …)."""
    shape = graph.op(
        "Concat",
        graph.op("Shape", value, start=0, end=1),
        graph.op("Unsqueeze", count, graph.constant([0])),
        graph.op("Shape", value, start=2),
        axis=0,
    )
    return graph.op("Expand", fill, shape)
