import hashlib
import io
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from charseq import load
from charseq.corpus import read_corpus
from charseq.errors import DataError, MachineError, UsageError
from charseq.files import file_digest, read_bounded, write_atomically

READERS = pytest.mark.parametrize("read", [lambda path: read_bounded(path, 10), file_digest])


@READERS
def test_what_is_no_file_is_the_users_mistake(read: Callable[[Path], object], tmp_path: Path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "nowhere", tmp_path / "file" / "nowhere"):
        with pytest.raises(UsageError) as refused:
            read(path)
        assert str(refused.value) == f"there is no file {path}"
    with pytest.raises(UsageError, match="is a folder; name a file in it"):
        read(tmp_path)


@READERS
def test_a_file_that_cannot_be_read_is_the_machines_fault(
    read: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(io, "open", refuse)
    with pytest.raises(MachineError) as refused:
        read(tmp_path / "file")
    assert str(refused.value) == f"cannot read {tmp_path / 'file'}: Permission denied"


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    assert read_bounded(path, 10) == b"x" * 10
    with pytest.raises(DataError, match=r"file is too large: it has more than 9 bytes"):
        read_bounded(path, 9)


def test_a_file_is_known_by_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1_000_000)
    assert file_digest(path) == hashlib.sha256(b"x" * 1_000_000).hexdigest()


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MachineError, match=r"cannot write .*file: No space left on device"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(UsageError, match="name a file"):
            write_atomically(path, b"new")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_written_file_is_as_readable_as_others(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    write_atomically(tmp_path / "file", b"")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("file", "other")}
    assert len(modes) == 1


def test_names_that_no_file_can_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="File name too long"):
        write_atomically(tmp_path / ("a" * 300), b"new")
    for read in (read_corpus, load, file_digest):
        with pytest.raises(UsageError):
            read(tmp_path / "a\0b.tsv")


def test_a_file_is_written_under_the_longest_name_there_may_be(tmp_path: Path) -> None:
    for name in ("n" * 251 + ".txt", "é" * 125 + ".txt"):
        write_atomically(tmp_path / name, b"new")
        assert (tmp_path / name).read_bytes() == b"new"
