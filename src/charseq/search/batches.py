"""Work on many rows: like lengths together, a thread per core, results in the order of the rows."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from charseq.encoding import Rows

# Enough rows to keep matrix products busy, few enough symbols to bound memory.
MOST_ROWS = 512
MOST_SYMBOLS = 32_768
# Fewer rows than these are not worth a thread of their own.
FEWEST_ROWS = 16

Result = TypeVar("Result")


def in_batches(
    work: Callable[[Rows], list[Result]],
    *lengths: NDArray[np.int64],
    device: torch.device,
    most_rows: int = MOST_ROWS,
    most_symbols: int = MOST_SYMBOLS,
) -> list[Result]:
    """Do `work` on some rows at a time, and return its results in the order of all rows.

    Args:
        work: takes the rows of a batch and returns a result for each; it runs in inference mode.
        *lengths: what the rows are sorted by, and what they weigh together, (rows,) each.
        device: where the work is done; only a CPU's takes several threads.
        most_rows: in a batch.
        most_symbols: in a batch; a single row may have more.
    """
    on_the_cpu = device.type == "cpu"

    def done(rows: Rows) -> list[Result]:
        with torch.inference_mode():
            return work(rows)

    with _one_thread_an_operation() as threads:
        batches = list(_batches(lengths, threads if on_the_cpu else 1, most_rows, most_symbols))
        if len(batches) < 2 or not on_the_cpu:
            found = [done(rows) for rows in batches]
        else:
            # The longest first, so that no thread is left alone with one at the end.
            with ThreadPoolExecutor(threads) as pool:
                found = list(pool.map(done, batches[::-1]))[::-1]
    placed = {
        row: result
        for rows, results in zip(batches, found, strict=True)
        for row, result in zip(rows.tolist(), results, strict=True)
    }
    return [placed[row] for row in range(len(placed))]


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


def _batches(
    lengths: tuple[NDArray[np.int64], ...], threads: int, most_rows: int, most_symbols: int
) -> Iterator[Rows]:
    order = np.lexsort(lengths[::-1])
    weights = np.sum(lengths, axis=0)[order]
    most = min(most_rows, max(FEWEST_ROWS, -(-len(order) // threads)))
    start = 0
    while start < len(order):
        heaviest = int(weights[start : start + most].max())
        rows = max(1, min(most, most_symbols // max(1, heaviest)))
        yield order[start : start + rows]
        start += rows
