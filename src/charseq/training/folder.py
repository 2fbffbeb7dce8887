"""A run's folder: what it contains, and who may write to it."""

import contextlib
import itertools
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from charseq.errors import MachineError, UsageError

try:
    import fcntl
except ImportError:  # Windows lacks it: nothing there keeps two processes off one run.
    fcntl = None  # type: ignore[assignment]

HISTORY_FILE = "history.json"
SETTINGS_FILE = "settings.toml"
CURVE_FILE = "learning-curve.png"
CHECKPOINTS = "checkpoints"
UNFINISHED = ".*.*.????????"


@contextlib.contextmanager
def own_folder(asked: Path | None, corpus: str) -> Iterator[Path]:
    """Give a run the folder that was asked for or, by default, a new `runs/<corpus>-<date>`.

    A new one is made at once, so that each of several trainings that begin in the same second has
    its own. If it is still empty in the end, it is removed.

    Raises:
        MachineError: if it cannot be made.
    """
    if asked is not None:
        yield asked
        return
    name = Path(corpus).name.split(".")[0].strip("-") or "stdin"
    runs, dated = Path("runs"), f"{name}-{datetime.now():%Y-%m-%d-%H%M%S}"
    had_runs = runs.exists()
    folder = _made(
        itertools.chain([runs / dated], (runs / f"{dated}-{n}" for n in itertools.count(2)))
    )
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()
            if not had_runs:
                runs.rmdir()


def _made(folders: Iterable[Path]) -> Path:
    """Make the first of some folders that does not exist yet."""
    for folder in folders:
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise MachineError(f"cannot write {folder}: {error.strerror}") from None
        return folder
    raise AssertionError("there is always another name")


def refuse_taken(folder: Path, *, overwrite: bool = False, needed: Iterable[Path] = ()) -> None:
    """Raise a `UsageError` if a new run would overwrite something.

    Args:
        folder: a new or empty folder, or that of an earlier run.
        overwrite: whether an earlier run may be moved aside.
        needed: files that the new run reads, and the folder that its model is to be written to,
            which must not be moved aside as well.

    Raises:
        UsageError: if something is there, or would be moved aside, that must stay.
        MachineError: if it cannot be found out what is there.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file: name a folder with --run")
        if not folder.exists() or is_empty(folder):
            return
    except OSError as error:
        # Such as a name that is too long, or in a folder that may not be entered.
        raise MachineError(f"cannot write {folder}: {error.strerror}") from None
    if not holds_run(folder):
        raise UsageError(f"{folder} is not empty: name another folder with --run")
    if not overwrite:
        raise UsageError(
            f"{folder} already holds a run: resume it if it is unfinished (charseq train --resume"
            f" {folder}), move it aside with --overwrite, or name another folder with --run"
        )
    there = folder.resolve()
    if there in (Path.cwd(), *Path.cwd().parents):
        # It would go on as the working folder under its new name, and the new run into it.
        raise UsageError(
            f"{folder} cannot be moved aside while this command works in it: change to another"
            " folder first, or name another one with --run"
        )
    for path in needed:
        if there in path.resolve().parents:
            raise UsageError(
                f"{path} would be moved aside with {folder}: copy it elsewhere first, or name"
                " another folder with --run"
            )


def free_folder(folder: Path, *, overwrite: bool = False) -> Path:
    """Return a folder that a new run may be written to.

    Args:
        folder: a new or empty folder, or that of an earlier run.
        overwrite: move an earlier run aside, to the first free of `RUN.1`, `RUN.2`, ….

    Raises:
        UsageError: if something there must not be overwritten.
        MachineError: if an earlier run cannot be moved.
    """
    refuse_taken(folder, overwrite=overwrite)
    if not holds_run(folder):
        return folder
    # The folder itself, where a link leads to it.
    there, number = folder.resolve(), 1
    while there.with_name(f"{there.name}.{number}").exists():
        number += 1
    try:
        with locked(folder):
            there.rename(there.with_name(f"{there.name}.{number}"))
    except OSError as error:
        raise MachineError(f"cannot move {folder}: {error.strerror}") from None
    return folder


def holds_run(folder: Path) -> bool:
    """Return whether a run was begun in a folder."""
    return (folder / HISTORY_FILE).is_file()


def is_empty(folder: Path) -> bool:
    """Return whether a folder contains nothing but temporary files of killed writers."""
    return {*folder.iterdir()} <= {*folder.glob(UNFINISHED)}


def remove_unfinished(folder: Path) -> None:
    """Remove temporary files of killed writers; call this only under the folder's lock."""
    for path in (*folder.glob(UNFINISHED), *folder.glob(f"{CHECKPOINTS}/{UNFINISHED}")):
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
    except OSError:
        pass  # Some file systems of networks have no locks.
    try:
        yield
    finally:
        os.close(descriptor)
