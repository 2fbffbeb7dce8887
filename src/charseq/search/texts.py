"""Many texts at once: like lengths together, answers in the order of the texts."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from charseq.batching import Rows, Sequences, encode_conditions, encode_sources
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription
from charseq.search.greedy import Hypothesis, greedy
from charseq.text import Input

# Enough rows to keep matrix products busy, few enough symbols to bound memory.
MOST_ROWS = 512
MOST_SYMBOLS = 32_768


@torch.inference_mode()
def answer_texts(
    model: Seq2Seq, description: ModelDescription, inputs: Sequence[Input]
) -> list[Hypothesis]:
    """Answer each input, in order; a source without symbols is answered with nothing.

    Args:
        model: on the device where the work is done.
        description: of that model.
        inputs: the sources, with the features and languages that the model knows.
    """
    nothing = Hypothesis((), 0.0, False)
    answers = [nothing] * len(inputs)
    symbols = description.sources.spelling.symbols
    filled = [place for place, each in enumerate(inputs) if symbols(each.source)]
    asked = [inputs[place] for place in filled]
    texts = encode_sources([each.source for each in asked], description.sources, description.config)
    sources = encode_conditions(asked, description.sources).followed_by(texts)
    device = next(model.parameters()).device
    for rows in _batches(sources):
        lengths = torch.from_numpy(sources.lengths[rows])
        memory, state = model.encode(sources.padded(rows, fill=0).to(device), lengths)
        # The limit goes by the text alone.
        limit_of = description.output_limit.of
        limits = torch.tensor([limit_of(length) for length in texts.lengths[rows].tolist()])
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
