"""Memory that each training step takes and gives back."""

import ctypes
import sys

# glibc's names for mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT = 1 << 30


def keep_freed_memory() -> None:
    """Let the C library keep what a step frees, for the next step to take.

    An LSTM's workspace is tens of megabytes. glibc returns such blocks to the system at once, and
    the next step pays for every page again, which took a fifth of the Keras example's epochs.
    At most a gigabyte is kept. Does nothing where the C library is another.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    mallopt(M_MMAP_THRESHOLD, KEPT)
    mallopt(M_TRIM_THRESHOLD, KEPT)
