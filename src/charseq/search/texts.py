"""Many texts at once: like lengths together, answers in the order of the texts."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from charseq.batching import Rows, Sequences, encode_sources
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription
from charseq.search.greedy import Hypothesis, greedy

# Enough rows to keep matrix products busy, few enough symbols to bound memory.
MOST_ROWS = 512
MOST_SYMBOLS = 32_768


@torch.inference_mode()
def answer_texts(
    model: Seq2Seq, description: ModelDescription, texts: Sequence[str]
) -> list[Hypothesis]:
    """Answer each text, in order; a text without symbols is answered with nothing.

    Args:
        model: on the device where the work is done.
        description: of that model.
        texts: the sources.
    """
    nothing = Hypothesis((), 0.0, False)
    answers = [nothing] * len(texts)
    symbols = description.sources.spelling.symbols
    filled = [place for place, text in enumerate(texts) if symbols(text)]
    sources = encode_sources([texts[i] for i in filled], description.sources, description.config)
    device = next(model.parameters()).device
    for rows in _batches(sources):
        lengths = torch.from_numpy(sources.lengths[rows])
        memory, state = model.encode(sources.padded(rows, fill=0).to(device), lengths)
        limits = torch.tensor([description.output_limit.of(length) for length in lengths.tolist()])
        found = greedy(model, memory, state, description.targets, limits)
        for row, hypothesis in zip(rows.tolist(), found, strict=True):
            answers[filled[row]] = hypothesis
    return answers


def _batches(sources: Sequences) -> Iterator[Rows]:
    order = np.argsort(sources.lengths, kind="stable")
    start = 0
    while start < len(order):
        # Sorted upwards, so the length `MOST_ROWS` further on bounds the lengths in between.
        last = min(start + MOST_ROWS, len(order)) - 1
        rows = max(1, min(MOST_ROWS, MOST_SYMBOLS // int(sources.lengths[order[last]])))
        yield order[start : start + rows]
        start += rows
