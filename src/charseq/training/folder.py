"""A run's folder: what it holds, and who may write into it."""

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from charseq.errors import MachineError, UsageError

try:
    import fcntl
except ImportError:  # Windows has none: two processes on one run are not told apart there.
    fcntl = None  # type: ignore[assignment]

HISTORY_FILE = "history.json"
SETTINGS_FILE = "settings.toml"
CURVE_FILE = "learning-curve.png"
CHECKPOINTS = "checkpoints"


def default_folder(corpus: str) -> Path:
    """Return `runs/<corpus>-<date>`, a folder that does not exist yet."""
    name = Path(corpus).name.split(".")[0].strip("-") or "stdin"
    first = Path("runs") / f"{name}-{datetime.now():%Y-%m-%d-%H%M%S}"
    folder, number = first, 2
    while folder.exists():
        folder, number = first.with_name(f"{first.name}-{number}"), number + 1
    return folder


def refuse_taken(folder: Path, *, overwrite: bool = False) -> None:
    """Raise a `UsageError` where a new run would be written over something.

    Args:
        folder: new or empty, or that of a former run.
        overwrite: whether a former run may be moved aside.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not holds_run(folder):
        raise UsageError(f"{folder} is not empty: name another folder with --run")
    if not overwrite:
        raise UsageError(
            f"{folder} already holds a run: resume it (charseq train --resume {folder}), move it"
            " aside with --overwrite, or name another folder with --run"
        )


def free_folder(folder: Path, *, overwrite: bool = False) -> Path:
    """Return a folder that a new run may be written to.

    Args:
        folder: new or empty, or that of a former run.
        overwrite: move a former run aside, to the first free of `RUN.1`, `RUN.2`, ….

    Raises:
        UsageError: if something is there that is not to be overwritten.
        MachineError: if a former run cannot be moved.
    """
    refuse_taken(folder, overwrite=overwrite)
    if not holds_run(folder):
        return folder
    number = 1
    while folder.with_name(f"{folder.name}.{number}").exists():
        number += 1
    try:
        with locked(folder):
            folder.rename(folder.with_name(f"{folder.name}.{number}"))
    except OSError as error:
        raise MachineError(f"cannot move {folder}: {error.strerror}") from None
    return folder


def holds_run(folder: Path) -> bool:
    """Whether a run was begun in a folder."""
    return (folder / HISTORY_FILE).is_file()


def remove_unfinished(folder: Path) -> None:
    """Remove the temporary files of writers that were killed; only under the folder's lock."""
    for path in (*folder.glob(".*.*.????????"), *folder.glob(f"{CHECKPOINTS}/.*.*.????????")):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes out of a run's folder; the lock ends with the process that holds it.

    Raises:
        UsageError: if another process holds it.
        MachineError: if the folder cannot be made or opened.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = None if fcntl is None else os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise MachineError(f"cannot write {folder}: {error.strerror}") from None
    if descriptor is None:
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise UsageError(
            f"another process is training in {folder}: wait for it, or name another folder"
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)
