"""Which rows are answered together."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charseq.answering.batches import in_batches


class OneThread:
    """As much of an engine as says how many batches it works on at once."""

    def most_rows(self, beam: int = 1) -> int:
        """Return how many rows suit a batch."""
        return 512 // beam

    @contextmanager
    def at_once(self) -> Iterator[int]:
        """Yield the number of batches."""
        yield 1


def dealt(*lengths: list[int], **limits: int) -> list[list[int]]:
    """The rows of each batch."""
    found: list[list[int]] = []

    def work(rows: np.ndarray) -> list[int]:
        found.append(rows.tolist())
        return rows.tolist()

    arrays = [np.array(each) for each in lengths]
    assert in_batches(OneThread(), work, *arrays, **limits) == list(range(len(lengths[0])))  # type: ignore[arg-type]
    return found


def test_one_long_text_does_not_part_the_short_ones() -> None:
    assert list(map(len, dealt([10] * 500 + [10_000], most_symbols=16_384))) == [500, 1]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=60))
@pytest.mark.parametrize("cells", [None, 300])
def test_batches_are_as_large_as_their_limits_allow(cells, sizes) -> None:
    sources, targets = (list(side) for side in zip(*sizes, strict=True))
    limits = {"most_symbols": 200, "most_rows": 7} | (
        {} if cells is None else {"most_cells": cells}
    )
    batches = dealt(sources, targets, **limits)

    def fits(rows: list[int]) -> bool:
        first, second = max(sources[row] for row in rows), max(targets[row] for row in rows)
        symbols = len(rows) * max(sources[row] + targets[row] for row in rows)
        small = cells is None or len(rows) * first * second <= cells
        return len(rows) <= 7 and symbols <= 200 and small

    for batch, following in zip(batches, [*batches[1:], []], strict=True):
        assert len(batch) == 1 or fits(batch)
        assert not following or not fits([*batch, following[0]])
