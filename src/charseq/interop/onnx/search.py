"""Searching in ONNX: a loop of steps for greedy answers, another for a beam, and a look back.

What is found is what `charseq.search` finds; see there for why.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from charseq.interop.onnx.graph import BOOL, FLOAT, INTEGER, Graph, Shape, Value
from charseq.interop.onnx.network import Memory, Network


class Question(NamedTuple):
    """What is asked for; see `exporting`.

    Attributes:
        limits: the most symbols of each answer, (batch,).
        most: the largest of them, a scalar.
        prefixes: what each answer begins with, -1 past its end, (batch, prefix time).
        mask: -inf for what is never written, over a step's columns, (batch or 1, 1, symbols).
    """

    limits: Value
    most: Value
    prefixes: Value
    mask: Value

    def forced(self, graph: Graph) -> Value:
        """Return the symbol of each place that a prefix forces, else -1, (places, batch)."""
        by_place = graph.op("Transpose", self.prefixes, perm=[1, 0])
        missing = graph.op("Sub", self.most, _size(graph, by_place, 0))
        missing = graph.op("Max", missing, graph.constant(0))
        missing = graph.op("Unsqueeze", missing, graph.constant([0]))
        pads = graph.op("Concat", graph.constant([0, 0]), missing, graph.constant([0]), axis=0)
        return graph.op("Pad", by_place, pads, graph.constant(-1))


class Greedy(NamedTuple):
    """The greedy answer to each source; after its end, the end symbol goes on to the longest.

    Attributes:
        ids: (places, batch).
        gains: each symbol's log-probability, 0 after the end, (places, batch).
        lengths: without the end, (batch,).
        totals: (batch,).
    """

    ids: Value
    gains: Value
    lengths: Value
    totals: Value


class Answers(NamedTuple):
    """The answers, best first.

    Attributes:
        ids: the end symbol fills what follows an answer, (batch, answers, places).
        lengths: without the end, (batch, answers).
        totals: log-probabilities, -inf where there are fewer answers, (batch, answers).
        gains: of each symbol and of the end, 0 past it, (batch, answers, places + 1).
    """

    ids: Value
    lengths: Value
    totals: Value
    gains: Value


def greedy(
    graph: Graph, network: Network, memory: Memory, state: Sequence[Value], question: Question
) -> Greedy:
    """Write the most probable symbol at each step until all rows have ended, or hit the limit."""
    start, end = network.description.targets.frame
    rows = graph.op("Shape", question.limits)
    first = graph.op("Expand", graph.constant([start]), rows)
    # A loop of few nodes for one row without a prefix, and one for all else: of the two, one has no
    # round. They stand side by side and in no `If`: ONNX Runtime lays weights out for products in
    # a subgraph, but not in one within another.
    forced = question.forced(graph)
    single = graph.op(
        "And",
        graph.op("Equal", graph.op("Squeeze", rows), graph.constant(1)),
        graph.op("Equal", _size(graph, question.prefixes, 1), graph.constant(0)),
    )
    several = graph.op("Not", single)
    parts = (
        _of_one(graph, network, memory, question, [first, *state], single),
        _of_many(graph, network, memory, question, [first, *state], several, forced),
    )
    # A loop without a round does not know how many rows it would have had.
    shape = graph.op("Concat", graph.constant([-1]), rows, axis=0)
    ids, gains = (
        graph.op("Concat", *(graph.op("Reshape", each, shape) for each in columns), axis=0)
        for columns in zip(*parts, strict=True)
    )
    # With an end below them all, the first end is each row's length.
    closing = graph.op(
        "Unsqueeze", graph.op("Expand", graph.constant([end]), rows), graph.constant([0])
    )
    closed = graph.op("Equal", graph.op("Concat", ids, closing, axis=0), graph.constant(end))
    lengths = graph.op("ArgMax", graph.op("Cast", closed, to=FLOAT), axis=0, keepdims=0)
    lengths = graph.op("Min", lengths, question.limits)
    places = graph.op("Unsqueeze", _range(graph, _size(graph, ids, 0)), graph.constant([1]))
    # The end counts where it came within the limit.
    counted = graph.op(
        "And",
        graph.op("LessOrEqual", places, lengths),
        graph.op("Less", places, question.limits),
    )
    gains = graph.op("Where", counted, gains, graph.constant(0.0))
    totals = graph.op("ReduceSum", gains, graph.constant([0]), keepdims=0)
    written = graph.op("Less", places, lengths)
    return Greedy(graph.op("Where", written, ids, graph.constant(end)), gains, lengths, totals)


def _of_one(
    graph: Graph,
    network: Network,
    memory: Memory,
    question: Question,
    carried: Sequence[Value],
    condition: Value,
) -> list[Value]:
    """Add a loop that writes a symbol of a single row a round.

    Args:
        graph: the outermost.
        network: the model's.
        memory: of the source.
        question: what is asked for.
        carried: the symbol written last, and the decoder's state.
        condition: whether there is a first round.

    Returns:
        The symbols and their log-probabilities, (places, 1).
    """
    end = network.description.targets.frame[1]
    mask = _mask(graph, question)

    def body(
        inner: Graph, place: Value, carried: Sequence[Value]
    ) -> tuple[Value, Sequence[Value], Sequence[Value]]:
        previous, *state = carried
        scores, after = network.step(inner, previous, state, memory, place)
        masked = inner.op("Add", scores.log_probabilities, mask)
        symbols = inner.op("ArgMax", masked, axis=1, keepdims=0)
        gains = inner.op("ReduceMax", masked, inner.constant([1]), keepdims=0)
        ended = inner.op("Equal", inner.op("Squeeze", symbols), inner.constant(end))
        return inner.op("Not", ended), [symbols, *after], [symbols, gains]

    shapes: list[tuple[int, Shape]] = [(INTEGER, ("rows",))]
    shapes += [(FLOAT, shape) for shape in network.state_shapes]
    described = [(value, *shape) for value, shape in zip(carried, shapes, strict=True)]
    *_, ids, gains = graph.loop(question.most, described, body, condition=condition)
    return [ids, gains]


def _of_many(
    graph: Graph,
    network: Network,
    memory: Memory,
    question: Question,
    carried: Sequence[Value],
    condition: Value,
    forced: Value,
) -> list[Value]:
    """Add a loop that writes a symbol of each row a round; rows that have ended leave it.

    Args:
        graph: the outermost.
        network: the model's.
        memory: of the sources.
        question: what is asked for.
        carried: the symbols written last, and the decoder's state.
        condition: whether there is a first round.
        forced: the symbol of each place that is to be written, -1 for any, (places, batch).

    Returns:
        The symbols and their log-probabilities, the end and 0 after a row's end, (places, batch).
    """
    end = network.description.targets.frame[1]
    mask = _mask(graph, question)
    batch = graph.op("Shape", question.limits)
    ends = graph.op("Expand", graph.constant([end]), batch)
    nothing = graph.op("Expand", graph.constant([0.0]), batch)

    def body(
        inner: Graph, place: Value, carried: Sequence[Value]
    ) -> tuple[Value, Sequence[Value], Sequence[Value]]:
        rows, previous, *state = carried

        def of_rows(value: Value) -> Value:
            return inner.op("Gather", value, rows, axis=0)

        own = Memory(*(each and of_rows(each) for each in memory))
        scores, after = network.step(inner, previous, state, own, place)
        masked = inner.op(
            "Add", scores.log_probabilities, of_rows(mask) if network.copying else mask
        )
        wanted = of_rows(inner.op("Gather", forced, place, axis=0))
        free = inner.op("Less", wanted, inner.constant(0))
        best = inner.op("ArgMax", masked, axis=1, keepdims=0)
        symbols = inner.op("Where", free, best, wanted)
        gains = network.of(inner, masked, symbols)
        # Shapes that stay the same let the rounds' outputs be stacked.
        written = inner.op("ScatterElements", ends, rows, symbols, axis=0)
        gained = inner.op("ScatterElements", nothing, rows, gains, axis=0)
        left = inner.op("Sub", of_rows(question.limits), inner.op("Add", place, inner.constant(1)))
        going = inner.op(
            "And",
            inner.op("Greater", left, inner.constant(0)),
            inner.op("Not", inner.op("Equal", symbols, inner.constant(end))),
        )
        staying = inner.op("Reshape", inner.op("NonZero", going), inner.constant([-1]))
        onward = [inner.op("Gather", each, staying, axis=0) for each in (rows, symbols, *after)]
        return inner.op("ReduceMax", going, keepdims=0), onward, [written, gained]

    shapes: list[tuple[int, Shape]] = [(INTEGER, ("rows",)), (INTEGER, ("rows",))]
    shapes += [(FLOAT, shape) for shape in network.state_shapes]
    everyone = _range(graph, graph.op("Squeeze", batch))
    described = [(value, *shape) for value, shape in zip([everyone, *carried], shapes, strict=True)]
    *_, ids, gains = graph.loop(question.most, described, body, condition=condition)
    return [ids, gains]


def _mask(graph: Graph, question: Question) -> Value:
    """Return -inf for what is never written, (batch or 1, symbols)."""
    return graph.op("Squeeze", question.mask, graph.constant([1]))


def alone(graph: Graph, found: Greedy) -> Answers:
    """Return greedy answers as a list of one each."""
    middle = graph.constant([1])
    ids, gains = (graph.op("Transpose", each, perm=[1, 0]) for each in (found.ids, found.gains))
    # An answer without places left for its end has no room for it.
    gains = graph.op("Pad", gains, graph.constant([0, 0, 0, 1]))
    columns = ids, found.lengths, found.totals, gains
    return Answers(*(graph.op("Unsqueeze", each, middle) for each in columns))


class Beam(NamedTuple):
    """How wide a beam is, and how its answers are ranked; all are scalars.

    Attributes:
        width: hypotheses of a source that go on.
        answers: how many are given.
        length_penalty: the strength of the penalty.
    """

    width: Value
    answers: Value
    length_penalty: Value

    def slots(self, graph: Graph) -> Value:
        """Return the width as a shape, (1,)."""
        return graph.op("Unsqueeze", self.width, graph.constant([0]))


class Listed(NamedTuple):
    """Hypotheses side by side, (batch, some, …).

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
    """What the rounds of a beam search look up.

    Attributes:
        taken: the greedy answers, (batch, places).
        longest: the penalty of the longest answer of each source, (batch, 1).
        forced: the symbol of each place that a prefix forces, else -1, (places, batch).
    """

    taken: Value
    longest: Value
    forced: Value


def beam_search(
    graph: Graph,
    network: Network,
    memory: Memory,
    state: Sequence[Value],
    question: Question,
    first: Greedy,
    beam: Beam,
) -> Answers:
    """Find the best answers of each source; the greedy one is among them from the start."""
    wide = graph.op("Greater", beam.width, graph.constant(1))
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
        (INTEGER, ("places", "batch")),
    ]

    def prepared(inner: Graph) -> list[Value]:
        return _begun(inner, network, state, question, first, beam)

    def nothing(inner: Graph) -> list[Value]:
        kinds: dict[int, type] = {INTEGER: np.int64, FLOAT: np.float32, BOOL: np.bool_}
        return [
            inner.constant(
                np.zeros([0 if isinstance(size, str) else size for size in shape], kinds[kind])
            )
            for kind, shape in (*frame_shapes, *shapes)
        ]

    taken, longest, forced, *starts = graph.choose(wide, prepared, nothing)
    frame = Frame(taken, longest, forced)

    def body(
        inner: Graph, place: Value, carried: Sequence[Value]
    ) -> tuple[Value, Sequence[Value], Sequence[Value]]:
        return _round(inner, network, memory, question, beam, frame, place, carried)

    described = [(value, *shape) for value, shape in zip(starts, shapes, strict=True)]
    found = graph.loop(question.most, described, body, condition=wide)
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
    question: Question,
    first: Greedy,
    beam: Beam,
) -> list[Value]:
    """Return the frame of a beam search, and what its first round starts from."""
    start, end = network.description.targets.frame
    least, none = graph.constant(-np.inf, np.float32), graph.constant(0.0)
    batch = graph.op("Shape", question.limits)
    most = graph.op("Unsqueeze", question.most, graph.constant([0]))
    one_more = graph.op("Add", most, graph.constant(1))
    slots = beam.slots(graph)
    grid = graph.op("Concat", batch, slots, axis=0)
    head = graph.op("Equal", _range(graph, beam.width), graph.constant(0))
    totals = graph.op("Unsqueeze", first.totals, graph.constant([1]))
    live = graph.op("And", graph.op("Greater", totals, least), head)
    ids, gains = (graph.op("Transpose", each, perm=[1, 0]) for each in (first.ids, first.gains))
    taken = _widened(graph, ids, question.most, end)
    longest = _penalty(graph, question.limits, beam.length_penalty)

    def spread(value: Value) -> Value:
        """Give each source's value, (batch, units), to all of its rows."""
        units = graph.op("Shape", value, start=1)
        shape = graph.op("Concat", grid, units, axis=0)
        wide = graph.op("Expand", graph.op("Unsqueeze", value, graph.constant([1])), shape)
        return graph.op("Reshape", wide, graph.op("Concat", graph.constant([-1]), units, axis=0))

    # The greedy answer, and nothing else yet.
    steps = graph.op("Cast", graph.op("Less", first.lengths, question.limits), to=INTEGER)
    steps = graph.op("Add", first.lengths, steps)
    score = graph.op("Div", first.totals, _penalty(graph, steps, beam.length_penalty))
    more = graph.op("Sub", beam.answers, graph.constant(1))

    def led(value: Value, filler: Value) -> Value:
        value = graph.op("Unsqueeze", value, graph.constant([1]))
        return graph.op("Concat", value, _filled_like(graph, value, more, filler), axis=1)

    return [
        taken,
        graph.op("Unsqueeze", longest, graph.constant([1])),
        question.forced(graph),
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
    question: Question,
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
    masked = graph.op("Add", columns, question.mask)
    symbols = graph.op("Shape", masked, start=2)
    every = _range(graph, graph.op("Squeeze", symbols))
    own = graph.op("Gather", frame.forced, place, axis=0)
    own = graph.op("Unsqueeze", own, graph.constant([1, 2]))
    free = graph.op("Less", own, graph.constant(0))
    allowed = graph.op("Or", free, graph.op("Equal", own, every))
    masked = graph.op("Where", allowed, masked, least)
    onward = graph.op("Add", masked, graph.op("Unsqueeze", totals, last))
    count = graph.op("Add", place, graph.constant(1))
    greedy_symbol = graph.op("Gather", frame.taken, place, axis=1)
    greedy_symbol = graph.op("Unsqueeze", greedy_symbol, graph.constant([1]))
    grid = graph.op("Shape", totals)

    # Every hypothesis may end here; the greedy one is counted already.
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
    over = graph.op("Equal", question.limits, count)
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

    # What cannot get among the best any more has no part in what follows.
    lowest = graph.op("ReduceMin", best.scores, graph.constant([1]))
    hopeful = graph.op("Greater", graph.op("Div", new_totals, frame.longest), lowest)
    keep = graph.op("And", hopeful, graph.op("Not", over))
    new_totals = graph.op("Where", keep, new_totals, least)
    going = graph.op("ReduceMax", keep, keepdims=0)
    state = [graph.op("Gather", each, lines, axis=0) for each in after]
    written = graph.op("Reshape", chosen, graph.constant([-1]))
    return going, [written, new_totals, as_greedy, new_ids, new_gains, *best, *state], []


def _best(
    graph: Graph, best: Listed, others: Sequence[Listed], divisor: Value, answers: Value
) -> Listed:
    """Return the best of some answers and of others of one length."""
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
    """Return where picks, counted in each source's part of a grid, stand in all of it, flat."""
    shape = graph.op("Shape", grid)
    batch, width = (graph.op("Gather", shape, graph.constant(i)) for i in (0, 1))
    offsets = graph.op("Mul", _range(graph, batch), width)
    lines = graph.op("Add", picks, graph.op("Unsqueeze", offsets, graph.constant([1])))
    return graph.op("Reshape", lines, graph.constant([-1]))


def _rows(graph: Graph, grid: Value, lines: Value, width: Value | None = None) -> Value:
    """Take lines of (batch, some, places); `width` of each source, without it as many as now."""
    places = graph.op("Shape", grid, start=2)
    flat = graph.op("Reshape", grid, graph.op("Concat", graph.constant([-1]), places, axis=0))
    middle = graph.op("Shape", grid, start=1, end=2) if width is None else width
    shape = graph.op("Concat", graph.constant([-1]), middle, places, axis=0)
    return graph.op("Reshape", graph.op("Gather", flat, lines, axis=0), shape)


def _put(graph: Graph, grid: Value, place: Value, values: Value) -> Value:
    """Return a grid, (batch, slots, places), with values, (batch, slots), at one place."""
    here = graph.op("Equal", _range(graph, _size(graph, grid, 2)), place)
    return graph.op("Where", here, graph.op("Unsqueeze", values, graph.constant([2])), grid)


def _penalty(graph: Graph, lengths: Value, strength: Value) -> Value:
    """Return ((5 + length) / 6) ** strength (Wu et al. 2016, equation 14)."""
    wide = graph.op("Cast", lengths, to=FLOAT)
    base = graph.op("Div", graph.op("Add", wide, graph.constant(5.0)), graph.constant(6.0))
    return graph.op("Pow", base, strength)


def _range(graph: Graph, size: Value) -> Value:
    return graph.op("Range", graph.constant(0), size, graph.constant(1))


def _size(graph: Graph, value: Value, axis: int) -> Value:
    return graph.op("Squeeze", graph.op("Shape", value, start=axis, end=axis + 1))


def _blank(graph: Graph, grid: Value, width: Value, fill: float) -> Value:
    shape = graph.op("Concat", grid, width, axis=0)
    return graph.op("Expand", graph.constant(fill), shape)


def _widened(graph: Graph, value: Value, width: Value, fill: float) -> Value:
    """Fill (batch, places) up to a width."""
    missing = graph.op("Sub", width, _size(graph, value, 1))
    missing = graph.op("Unsqueeze", missing, graph.constant([0]))
    pads = graph.op("Concat", graph.constant([0, 0, 0]), missing, axis=0)
    return graph.op("Pad", value, pads, graph.constant(fill))


def _filled_like(graph: Graph, value: Value, count: Value, fill: Value) -> Value:
    """Return what stands beside (batch, 1, …): (batch, count, …), filled."""
    shape = graph.op(
        "Concat",
        graph.op("Shape", value, start=0, end=1),
        graph.op("Unsqueeze", count, graph.constant([0])),
        graph.op("Shape", value, start=2),
        axis=0,
    )
    return graph.op("Expand", fill, shape)
