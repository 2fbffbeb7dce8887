"""Many texts at once: like lengths together, a thread per core, answers in the texts' order."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import torch

from charseq.batching import (
    NEVER_COPIED,
    Rows,
    Sequences,
    encode_conditions,
    encode_copies,
    encode_sources,
)
from charseq.model import Seq2Seq, Step
from charseq.modelfile import ModelDescription
from charseq.search.greedy import Hypothesis, greedy
from charseq.text import Input

# Enough rows to keep matrix products busy, few enough symbols to bound memory.
MOST_ROWS = 512
MOST_SYMBOLS = 32_768
# Fewer rows than these are not worth a thread of their own.
FEWEST_ROWS = 16


def answer_texts(
    model: Seq2Seq, step: Step, description: ModelDescription, inputs: Sequence[Input]
) -> list[Hypothesis]:
    """Answer each input, in order; a source without symbols is answered with nothing.

    Args:
        model: on the device where the work is done.
        step: its stepper, made once for many calls.
        description: of that model.
        inputs: sources with the features and languages that the model knows; equal ones are
            answered once.
    """
    answers = dict.fromkeys(inputs, Hypothesis((), 0.0, False))
    symbols = description.sources.spelling.symbols
    distinct = [each for each in answers if symbols(each.source)]
    plain = [each.source for each in distinct]
    texts = encode_sources(plain, description.sources, description.config)
    conditions = encode_conditions(distinct, description.sources)
    sources = conditions.followed_by(texts)
    copies = None
    if description.config.copying:
        copies = encode_copies(distinct, description.sources, description.targets, conditions)
    device = model.device

    @torch.inference_mode()
    def answered(rows: Rows) -> list[Hypothesis]:
        lengths = torch.from_numpy(sources.lengths[rows])
        copied = None if copies is None else copies.padded(rows, fill=NEVER_COPIED).to(device)
        memory, state = model.encode(sources.padded(rows, fill=0).to(device), lengths, copied)
        # The limit goes by the text alone.
        limit_of = description.output_limit.of
        limits = torch.tensor([limit_of(length) for length in texts.lengths[rows].tolist()])
        return greedy(step, memory, state, description.targets, limits)

    with _one_thread_an_operation() as threads:
        batches = list(_batches(sources, threads if device.type == "cpu" else 1))
        if len(batches) < 2 or device.type != "cpu":
            found = [answered(rows) for rows in batches]
        else:
            # The longest first, so that no thread is left alone with one at the end.
            with ThreadPoolExecutor(threads) as pool:
                found = list(pool.map(answered, batches[::-1]))[::-1]
    for rows, hypotheses in zip(batches, found, strict=True):
        answers.update(zip((distinct[row] for row in rows.tolist()), hypotheses, strict=True))
    return [answers[each] for each in inputs]


def spelt(
    description: ModelDescription, inputs: Sequence[Input], hypotheses: Sequence[Hypothesis]
) -> list[str]:
    """Return the texts of answers; what was copied is spelt as in its source."""
    targets = description.targets
    if not description.config.copying:
        return [targets.text(hypothesis.ids) for hypothesis in hypotheses]
    conditions = encode_conditions(inputs, description.sources).lengths.tolist()
    symbols = description.sources.spelling.symbols
    return [
        targets.text(hypothesis.ids, [""] * before + list(symbols(each.source)))
        for each, hypothesis, before in zip(inputs, hypotheses, conditions, strict=True)
    ]


@contextmanager
def _one_thread_an_operation() -> Iterator[int]:
    """Leave the threads to batches, which need nothing of each other, and yield how many there are.

    Threads that share one operation wait for the slowest at its end, very long where the machine
    has other work; and an operation on one row is faster alone.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield threads
    finally:
        torch.set_num_threads(threads)


def _batches(sources: Sequences, threads: int) -> Iterator[Rows]:
    order = np.argsort(sources.lengths, kind="stable")
    most = min(MOST_ROWS, max(FEWEST_ROWS, -(-len(order) // threads)))
    start = 0
    while start < len(order):
        # Sorted upwards, so the length `most` further on bounds the lengths in between.
        last = min(start + most, len(order)) - 1
        rows = max(1, min(most, MOST_SYMBOLS // int(sources.lengths[order[last]])))
        yield order[start : start + rows]
        start += rows
