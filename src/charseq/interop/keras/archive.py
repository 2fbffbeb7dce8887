"""A `.keras` archive as a zip: its members, read within limits and written the same every time.

Nothing that an archive says about itself is trusted before it has been checked, and nothing in it
is ever executed or unpickled.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charseq.errors import CharseqError, ModelFileError, UsageError, visible
from charseq.files import LARGEST_HEADER, in_plain_words, unpacked_limit, write_atomically

CONFIG = "config.json"
METADATA = "metadata.json"
WEIGHTS = "model.weights.h5"
TABLES = "charseq.json"

LARGEST_CONFIG = 1 << 20
"""The size of the largest `config.json`, in bytes; the example's has six thousand."""

_HDF5 = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True)
class Archive:
    """What was found in a `.keras` archive.

    Attributes:
        config: the parsed `config.json`, not checked yet.
        weights: the bytes of the HDF5 file.
        tables: the parsed `charseq.json`, not checked yet; None where there is none.
    """

    config: Any
    weights: bytes
    tables: Any


def read_archive(path: Path) -> Archive:
    """Read the members of a `.keras` archive.

    Raises:
        UsageError: if there is no such file.
        ModelFileError: if it is not such an archive, is damaged, or unpacks to too much.
        MachineError: if it cannot be read.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a .keras archive")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is not a regular file, and so not a .keras archive")
    with in_plain_words(path), path.open("rb") as file:
        start = file.read(len(_HDF5))
        if start == _HDF5:
            raise ModelFileError(
                f"{path} is an HDF5 file, as older versions of Keras saved models, not a .keras"
                " archive: save it as one with keras.models.load_model(…).save('model.keras')"
            )
        with refusing(f"{path} is not a .keras archive (a zip), or is damaged"):
            return _read(zipfile.ZipFile(file), path)


def write_archive(path: Path, members: Mapping[str, bytes]) -> None:
    """Write a `.keras` archive, whole or not at all; equal members give equal files.

    Raises:
        MachineError: if it cannot be written.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    write_atomically(path, content.getvalue())


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Turn any error of a reader of foreign bytes into a `ModelFileError`.

    Readers of zips and HDF5 raise almost anything when bytes are not what they should be.
    """
    try:
        yield
    except (CharseqError, MemoryError):
        raise
    except Exception as error:
        detail = visible(str(error)) or type(error).__name__
        raise ModelFileError(f"{what}: {detail}") from None


def _read(archive: zipfile.ZipFile, path: Path) -> Archive:
    names = set(archive.namelist())
    if CONFIG not in names or WEIGHTS not in names:
        lacking = CONFIG if CONFIG not in names else WEIGHTS
        raise ModelFileError(
            f"{path} is a zip without {lacking}, so it is not a complete .keras archive"
        )
    return Archive(
        config=_json(archive, CONFIG, path, LARGEST_CONFIG),
        weights=_bytes(archive, WEIGHTS, path),
        tables=_json(archive, TABLES, path, LARGEST_HEADER) if TABLES in names else None,
    )


def _json(archive: zipfile.ZipFile, name: str, path: Path, largest: int) -> Any:
    entry = archive.getinfo(name)
    # Parsed, JSON takes up to 60 times its size.
    if entry.file_size > min(largest, unpacked_limit(entry.compress_size, LARGEST_CONFIG)):
        raise ModelFileError(f"{path}: {name} is too large: it has {entry.file_size:,} bytes")
    with refusing(f"{path}: {name} is not valid JSON"):
        return json.loads(_bytes(archive, name, path))


def _bytes(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    entry = archive.getinfo(name)
    # Keras stores its weights uncompressed.
    if entry.file_size > unpacked_limit(entry.compress_size):
        raise ModelFileError(
            f"{path}: {name} would unpack from {entry.compress_size:,} bytes to"
            f" {entry.file_size:,}, which no model does"
        )
    with refusing(f"{path}: {name} is damaged"), archive.open(entry) as member:
        # Reading one byte more than promised reveals a member that is larger than it says.
        content = member.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise ModelFileError(f"{path}: {name} is damaged: it is not as long as the zip says")
    return content
