"""Memory that each training step takes and gives back."""

import contextlib
import ctypes
import sys
from collections.abc import Iterator

import torch

from charseq.errors import MachineError

# glibc's names for mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT = 1 << 30
# Larger blocks than this would leave holes of many sizes.
LARGEST = 1 << 27


@contextlib.contextmanager
def enough_memory() -> Iterator[None]:
    """Say in plain words that there is too little memory.

    Raises:
        MachineError: if what happens within runs out of it.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        # On CPUs, torch has no error of its own for it.
        exhausted = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not exhausted and "allocate memory" not in str(error):
            raise
        raise MachineError(
            "there is not enough memory: try a smaller --batch-size or --units, or --max-length to"
            " leave the longest pairs out"
        ) from None


def keep_freed_memory() -> None:
    """Let the C library keep what a step frees, for the next step to take.

    An LSTM's workspace is tens of megabytes. glibc returns such blocks to the system at once, and
    the next step pays for every page again, which took a fifth of the Keras example's epochs in
    float32; in bf16 it costs nothing that could be measured. At most a gigabyte is kept. Does
    nothing where the C library is another.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    mallopt(M_MMAP_THRESHOLD, LARGEST)
    mallopt(M_TRIM_THRESHOLD, KEPT)
