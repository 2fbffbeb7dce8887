"""Explanations in ONNX: how probable each symbol of an answer was, and what was attended to."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from charseq.interop.onnx.graph import Graph, Value
from charseq.interop.onnx.network import Memory, Network

# How many of the most probable symbols of each place are returned: the chosen one and five more.
BEST_SYMBOLS = 6


class Explained(NamedTuple):
    """The explanation of an answer, place by place, including its end; missing parts are empty.

    Attributes:
        log_probabilities: those of each symbol, (batch, places + 1).
        alignments: the last attention's weights, (batch, places + 1, source time).
        copying: the probability that each symbol is copied, (batch, places + 1).
        best_symbols: the most probable symbols, (batch, places + 1, some).
        best_log_probabilities: their log-probabilities, (batch, places + 1, some).
    """

    log_probabilities: Value
    alignments: Value
    copying: Value
    best_symbols: Value
    best_log_probabilities: Value


def explained(
    graph: Graph,
    network: Network,
    memory: Memory,
    state: Sequence[Value],
    ids: Value,
    mask: Value,
) -> Explained:
    """Explain an answer at each place by teacher forcing.

    Args:
        graph: the graph to write to.
        network: the model's network.
        memory: the sources' memory.
        state: the decoder's first state.
        ids: the answers' ids, filled up with the end symbol, (batch, places).
        mask: -inf for what is never written, over a step's columns.
    """
    start, end = network.description.targets.frame
    pads = ([0, 1, 0, 0], [0, 0, 0, 1])
    read, written = (
        graph.op("Pad", ids, graph.constant(pad), graph.constant(symbol))
        for pad, symbol in zip(pads, (start, end), strict=True)
    )
    places = graph.op("Shape", read, start=1)
    scores = network.retrace(graph, read, state, memory, places)
    columns = network.grid(graph, scores.log_probabilities, places)
    symbols = graph.op("Shape", columns, start=2)
    count = graph.op("Min", symbols, graph.constant([BEST_SYMBOLS]))
    best, chosen = graph.ops("TopK", graph.op("Add", columns, mask), count, outputs=2, axis=2)
    nothing = graph.constant(np.zeros((0, 0), np.float32))
    return Explained(
        network.of(graph, columns, written),
        scores.weights or graph.constant(np.zeros((0, 0, 0), np.float32)),
        graph.op("Squeeze", network.grid(graph, scores.copying, places), graph.constant([2]))
        if scores.copying
        else nothing,
        chosen,
        best,
    )


def unexplained(graph: Graph) -> Explained:
    """Return empty values for an explanation that is not asked for."""
    flat, deep = (np.zeros((0,) * rank, np.float32) for rank in (2, 3))
    return Explained(
        graph.constant(flat),
        graph.constant(deep),
        graph.constant(flat),
        graph.constant(deep.astype(np.int64)),
        graph.constant(deep),
    )
