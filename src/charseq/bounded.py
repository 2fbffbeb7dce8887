"""Files from outside, within bounds that are checked before memory is taken."""

from pathlib import Path

from charseq.errors import DataError

# The JSON in which a safetensors file says what it holds. The vocabularies are in it: those of
# 150,000 symbols each, as many as there are, fit.
LARGEST_HEADER = 12 << 20
# Of all tensors together: far more than a recurrent model of characters has a use for.
LARGEST_TENSORS = 8 << 30
MOST_TENSORS = 2_000
# What unpacks to more times its size is refused, unless it is small: no archive makes the memory
# grow far beyond its own size on disk.
LARGEST_EXPANSION, SMALL = 100, 16 << 20


def unpacked_limit(packed: int) -> int:
    """Return how many bytes so many compressed ones may unpack to."""
    return max(SMALL, LARGEST_EXPANSION * packed)


def read_bounded(path: Path, largest: int) -> bytes:
    """Return the bytes of a small file.

    Raises:
        DataError: if it has more than `largest` bytes.
        OSError: if it cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise DataError(f"{path} is too large: it has more than {largest:,} bytes")
    return content


def refuse_large_tensors(path: Path) -> None:
    """Raise a `DataError` where a safetensors file is none by its size, or by that of its header.

    The library that reads the rest holds places and shapes against the file's size.

    Raises:
        OSError: if the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header = int.from_bytes(file.read(8), "little")
    if size < 8 or header > size - 8:
        raise DataError("it is no safetensors file, or is cut short")
    if header > LARGEST_HEADER:
        raise DataError(f"its header has {header:,} bytes, and at most {LARGEST_HEADER:,} are read")
    if size > LARGEST_TENSORS:
        raise DataError(f"it has {size:,} bytes, and at most {LARGEST_TENSORS:,} are read")
