"""Many texts at once: like lengths together, a thread per core, answers in the texts' order."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import torch

from charseq.batching import Rows, Sequences, encode_sources
from charseq.model import Seq2Seq, Step
from charseq.modelfile import ModelDescription
from charseq.search.greedy import greedy
from charseq.search.hypothesis import Hypothesis

# Enough rows to keep matrix products busy, few enough symbols to bound memory.
MOST_ROWS = 512
MOST_SYMBOLS = 32_768
# Fewer rows than these are not worth a thread of their own.
FEWEST_ROWS = 16


def answer_texts(
    model: Seq2Seq, step: Step, description: ModelDescription, texts: Sequence[str]
) -> list[Hypothesis]:
    """Answer each text, in order; an empty text is answered with nothing.

    Args:
        model: on the device where the work is done.
        step: its stepper, made once for many calls.
        description: of that model.
        texts: the sources; equal ones are answered once.
    """
    answers = {"": Hypothesis((), 0.0, False)}
    distinct = [text for text in dict.fromkeys(texts) if text]
    sources = encode_sources(distinct, description.sources, description.config)
    device = next(model.parameters()).device

    @torch.inference_mode()
    def answered(rows: Rows) -> list[Hypothesis]:
        lengths = torch.from_numpy(sources.lengths[rows])
        memory, state = model.encode(sources.padded(rows, fill=0).to(device), lengths)
        limits = torch.tensor(
            [description.output_limit.of(length) for length in lengths.tolist()], device=device
        )
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
    return [answers[text] for text in texts]


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
