"""Looking back in ONNX: how probable each symbol of an answer was, and where the model looked."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from charseq.interop.onnx.graph import Graph, Value
from charseq.interop.onnx.network import Memory, Network

# How many of the most probable symbols of each place are told: the chosen one and five others.
BEST_SYMBOLS = 6


class Explained(NamedTuple):
    """What is told of an answer, place by place, its end included; what there is none of is empty.

    Attributes:
        log_probabilities: of each symbol, (batch, places + 1).
        alignments: the last attention's weights, (batch, places + 1, source time).
        copying: how probable it was that the symbol is copied, (batch, places + 1).
        best_symbols: the most probable symbols, (batch, places + 1, some).
        best_log_probabilities: theirs, likewise.
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
    """Read an answer by teacher forcing and tell what the model thought at each place.

    Args:
        graph: where this is written.
        network: the model's.
        memory: of the sources.
        state: the decoder's first.
        ids: of the answers, filled up with the end symbol, (batch, places).
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
    """Return what stands for all of that where it is not asked for."""
    flat, deep = (np.zeros((0,) * rank, np.float32) for rank in (2, 3))
    return Explained(
        graph.constant(flat),
        graph.constant(deep),
        graph.constant(flat),
        graph.constant(deep.astype(np.int64)),
        graph.constant(deep),
    )
