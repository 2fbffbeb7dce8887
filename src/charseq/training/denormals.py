"""Numbers too small to matter, and slow to compute with."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def denormals_as_zeros() -> Iterator[None]:
    """Let processors treat the tiniest numbers, below 1e-38, as zeros.

    Towards the end of training, gradients and the optimiser's averages of their squares become that
    small, and processors are many times slower with such numbers: the last epochs of a small model
    took 1.6 times as long as the first.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
