"""Work on many rows: similar lengths together, several batches at once, results in row order."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from charseq.answering.engine import Engine
from charseq.encoding import Rows

# Few enough symbols to bound memory; an engine that takes many rows has more memory.
MOST_SYMBOLS = 32_768
SYMBOLS_A_ROW = 32
# Fewer rows than this are not worth a thread of their own.
FEWEST_ROWS = 16

Result = TypeVar("Result")


def symbols_suiting(engine: Engine) -> int:
    """Return how many symbols suit a batch of an engine."""
    return max(MOST_SYMBOLS, SYMBOLS_A_ROW * engine.most_rows())


def in_batches(
    engine: Engine,
    work: Callable[[Rows], list[Result]],
    *lengths: NDArray[np.int64],
    most_rows: int | None = None,
    most_symbols: int,
    most_cells: int | None = None,
) -> list[Result]:
    """Do `work` on some rows at a time, and return its results in the order of all rows.

    Args:
        engine: the engine that does the work and says how many batches it works on at once.
        work: takes the rows of a batch and returns a result for each.
        *lengths: what the rows are sorted by, (rows,) each; a row's symbols are their sum.
        most_rows: the most rows in a batch; by default, as many as suit the engine.
        most_symbols: the most symbols in a batch. A single row may have more.
        most_cells: the most cells of the rows' matrices, whose sides are their lengths. A single
            row may have more.
    """
    count, most = len(lengths[0]), most_rows or engine.most_rows()
    with engine.at_once() as threads:
        if count < 2:
            return work(np.arange(count)) if count else []
        batches = list(_batches(lengths, threads, most, most_symbols, most_cells))
        if len(batches) == 1 or threads == 1:
            found = [work(rows) for rows in batches]
        else:
            # The longest first, so that no thread is still busy with one when the others are done.
            with ThreadPoolExecutor(threads) as pool:
                found = list(pool.map(work, batches[::-1]))[::-1]
    placed = {
        row: result
        for rows, results in zip(batches, found, strict=True)
        for row, result in zip(rows.tolist(), results, strict=True)
    }
    return [placed[row] for row in range(count)]


def in_pieces(sizes: Iterable[int], most: int, most_together: int) -> Iterator[slice]:
    """Cut a list, in its order, into slices of a few items each.

    Args:
        sizes: the size of each item.
        most: the most items of a slice.
        most_together: the most that the items of a slice have together; a single one may have more.
    """
    start = end = together = 0
    for size in sizes:
        if end > start and (end - start == most or together + size > most_together):
            yield slice(start, end)
            start, together = end, 0
        end, together = end + 1, together + size
    if end > start:
        yield slice(start, end)


def _batches(
    lengths: tuple[NDArray[np.int64], ...],
    threads: int,
    most_rows: int,
    most_symbols: int,
    most_cells: int | None,
) -> Iterator[Rows]:
    order = np.lexsort(lengths[::-1])
    most = min(most_rows, max(FEWEST_ROWS, -(-len(order) // threads)))
    start = 0
    while start < len(order):
        some = np.array([each[order[start : start + most]] for each in lengths])
        # All are padded to the longest of those taken.
        rows = np.arange(1, some.shape[1] + 1)
        fits = rows * np.maximum.accumulate(some.sum(axis=0)) <= most_symbols
        if most_cells is not None:
            fits &= rows * np.maximum.accumulate(some, axis=1).prod(axis=0) <= most_cells
        taken = max(1, int(np.count_nonzero(fits)))
        yield order[start : start + taken]
        start += taken
