"""Files in general: read within limits that are checked first, written whole or not at all."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from charseq.errors import DataError, MachineError, UsageError, visible

# The JSON header of a safetensors file, which includes the vocabularies: two of 150,000 symbols,
# nearly as many as there are, fit.
LARGEST_HEADER = 12 << 20
# The size of all tensors together: far more than a recurrent model of characters can use.
LARGEST_TENSORS = 8 << 30
MOST_TENSORS = 2_000
# What unpacks to more than this many times its size is refused unless it is small, so that no
# archive takes memory far beyond its size on disk.
LARGEST_EXPANSION, SMALL = 100, 16 << 20


@contextmanager
def in_plain_words(where: str | Path) -> Iterator[None]:
    """Turn the system's errors in reading a file into errors in plain words.

    Args:
        where: what messages call the file.

    Raises:
        UsageError: if there is no such file, or it is a folder.
        MachineError: if it cannot be read.
    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"there is no file {where}") from None
    except IsADirectoryError:
        raise UsageError(f"{where} is a folder; name a file in it") from None
    except OSError as error:
        raise MachineError(f"cannot read {where}: {error.strerror or error}") from None
    except ValueError as error:
        if not str(error).startswith("embedded null"):
            raise
        raise UsageError(f"{visible(str(where))} has a null byte, as no file's name does") from None


def read_bounded(path: Path, largest: int) -> bytes:
    """Return the bytes of a small file.

    Raises:
        UsageError: if there is no such file, or it is a folder.
        DataError: if it has more than `largest` bytes.
        MachineError: if it cannot be read.
    """
    with in_plain_words(path), path.open("rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise DataError(f"{path} is too large: it has more than {largest:,} bytes")
    return content


def file_digest(path: Path) -> str:
    """Return the SHA-256 checksum of a file's bytes, in hexadecimal.

    Raises:
        UsageError: if there is no such file, or it is a folder.
        MachineError: if it cannot be read.
    """
    with in_plain_words(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpacked_limit(packed: int, small: int = SMALL) -> int:
    """Return how many bytes this many compressed bytes may unpack to: up to `small`, any."""
    return max(small, LARGEST_EXPANSION * packed)


def refuse_large_tensors(path: Path) -> None:
    """Raise a `DataError` if the size of a safetensors file or of its header is not plausible.

    The library that reads the rest checks places and shapes against the file's size.

    Raises:
        OSError: if the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header = int.from_bytes(file.read(8), "little")
    if size < 8 or header > size - 8:
        raise DataError("it is not a safetensors file, or is truncated")
    if header > LARGEST_HEADER:
        raise DataError(f"its header has {header:,} bytes, but at most {LARGEST_HEADER:,} are read")
    if size > LARGEST_TENSORS:
        raise DataError(f"it has {size:,} bytes, but at most {LARGEST_TENSORS:,} are read")


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to a temporary file beside `path`, then rename it.

    Raises:
        UsageError: if something other than a file is there, or no folder to put it in.
        MachineError: if that fails; then what was at `path` is untouched.
    """
    refuse_output(path)
    try:
        # A name may already be as long as a name can be.
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:20]}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # mkstemp makes files private; a result should be as readable as the user's other files.
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise MachineError(f"cannot write {path}: {error.strerror}") from None


def refuse_output(path: Path) -> None:
    """Raise a `UsageError` if no file can be put there: over a folder or pipe, or in no folder."""
    if "\0" in str(path):
        raise UsageError(f"cannot write {str(path)!r}: no name contains a NUL character")
    try:
        exists = path.exists()
    except OSError as error:
        # Such as a name that is too long.
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    if exists and not path.is_file():
        kind = "a folder" if path.is_dir() else "not a regular file"
        raise UsageError(f"cannot write {path}: it is {kind}; name a file")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"cannot write {path}: there is no folder {path.parent}")


def cache_folder() -> Path:
    """Return the folder that downloads are kept in: `CHARSEQ_CACHE`, or the user's cache."""
    chosen = os.environ.get("CHARSEQ_CACHE")
    if chosen:
        return Path(chosen)
    import pooch

    return Path(pooch.os_cache("charseq"))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
