"""The folder of a site: whole or not there, and nothing of others is lost."""

import base64
import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from charseq.errors import DataError, MachineError, UsageError
from charseq.files import cache_folder
from charseq.interop.onnx.web import runtime, runtime_files, write_site

PROGRAMS = {"ort.wasm.bundle.min.mjs": b"script", "ort-wasm-simd-threaded.wasm": b"program"}
RUNTIME = {"ort.wasm.bundle.min.js": b"script"}


def contents(folder: Path) -> Mapping[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


# What is written


def test_a_site_lists_all_its_files_with_their_digests(tmp_path: Path) -> None:
    write_site(tmp_path / "site", b"a model", RUNTIME)
    files = dict(contents(tmp_path / "site"))
    listed = json.loads(files.pop("files.json"))["files"]
    assert listed.keys() == files.keys()
    assert files.keys() > {"index.html", "page.js", "worker.js", "base.css", "model.onnx"}
    for name, content in files.items():
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        assert listed[name] == f"sha256-{digest}"
    assert files["model.onnx"] == b"a model"
    assert files["vendor/onnxruntime-web/ort.wasm.bundle.min.js"] == b"script"


def test_equal_models_are_equal_sites_and_others_have_another_version(tmp_path: Path) -> None:
    for name, model in (("one", b"a"), ("two", b"a"), ("other", b"b")):
        write_site(tmp_path / name, model, RUNTIME)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    one, other = (
        json.loads((tmp_path / name / "files.json").read_bytes()) for name in ("one", "other")
    )
    assert one["version"] != other["version"]


def test_the_page_asks_for_nothing_that_the_site_lacks(tmp_path: Path) -> None:
    write_site(tmp_path / "site", b"a model", RUNTIME)
    files = contents(tmp_path / "site")
    texts = [files[name].decode() for name in files if name.endswith((".html", ".js", ".css"))]
    named = [
        name for text in texts for name in re.findall(r"""(?:src|href|from)[ =]"([^"]+)""", text)
    ]
    assert {name.removeprefix("./") for name in named} <= files.keys()
    assert len(named) > 8
    assert not [text for text in texts if "http:" in text or "https:" in text]


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_a_site_is_as_readable_as_other_folders(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    write_site(tmp_path / "site", b"a model", RUNTIME)
    modes = [(tmp_path / name).stat().st_mode for name in ("site", "other")]
    assert modes[0] == modes[1]


# What is there already


@pytest.mark.parametrize("there", [False, True], ids=["no folder", "an empty folder"])
def test_a_site_is_written_where_nothing_is(tmp_path: Path, there: bool) -> None:
    if there:
        (tmp_path / "site").mkdir()
    write_site(tmp_path / "site", b"a model", RUNTIME)
    assert (tmp_path / "site" / "index.html").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_site_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    write_site(tmp_path / "site", b"a model", {**RUNTIME, "former.js": b"former"})
    write_site(tmp_path / "site", b"another", RUNTIME)
    files = contents(tmp_path / "site")
    assert files["model.onnx"] == b"another"
    assert "vendor/onnxruntime-web/former.js" not in files
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("notes.txt", "mine"), ("base.css", "mine"), ("vendor/mine.js", "mine"), ("files.json", "[]")],
)
def test_a_folder_with_anything_of_ones_own_is_refused_and_kept(
    tmp_path: Path, name: str, content: str
) -> None:
    write_site(tmp_path / "site", b"a model", RUNTIME)
    (tmp_path / "site" / name).write_text(content)
    before = contents(tmp_path)
    with pytest.raises(
        UsageError, match="which no export wrote or which has been changed since"
    ) as refusal:
        write_site(tmp_path / "site", b"another", RUNTIME)
    assert name in str(refusal.value) or name == "files.json"
    assert contents(tmp_path) == before


def test_a_folder_that_no_export_wrote_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(UsageError, match=r"it contains index\.html"):
        write_site(tmp_path, b"a model", RUNTIME)


def test_a_foreign_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "large.bin").write_bytes(b"mine")
    read, read_bytes = [], Path.read_bytes
    monkeypatch.setattr(
        Path, "read_bytes", lambda path: (read.append(path.name), read_bytes(path))[1]
    )
    with pytest.raises(UsageError, match=r"it contains large\.bin"):
        write_site(tmp_path, b"a model", RUNTIME)
    assert "large.bin" not in read


def test_a_file_a_link_and_a_place_in_no_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name, why in (("file", "it is a file"), ("link", "it is a link"), ("no/site", "no folder")):
        with pytest.raises(UsageError, match=why):
            write_site(tmp_path / name, b"a model", RUNTIME)
    assert not contents(tmp_path / "elsewhere")


def test_what_cannot_be_written_whole_is_not_written_at_all(tmp_path: Path) -> None:
    write_site(tmp_path / "site", b"a model", RUNTIME)
    before = contents(tmp_path)
    with pytest.raises(MachineError, match="cannot write"):
        write_site(tmp_path / "site", b"another", {"x" * 300: b"a name too long for any disk"})
    with pytest.raises(MachineError, match="cannot write"):
        write_site(tmp_path / "new", b"another", {"x" * 300: b"a name too long for any disk"})
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_site_that_cannot_be_put_in_place_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_site(tmp_path / "site", b"a model", RUNTIME)
    before = contents(tmp_path)
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name == "made":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(MachineError, match="No space left"):
        write_site(tmp_path / "site", b"another", RUNTIME)
    assert contents(tmp_path) == before


# Where onnxruntime-web comes from


def unpacked(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, content in PROGRAMS.items():
        (folder / name).write_bytes(content)
    return folder


def archive(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as members:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            members.addfile(member, io.BytesIO(content))
    return packed.getvalue()


PACKAGE = archive(
    {"package/package.json": b"{}", **{f"package/dist/{n}": c for n, c in PROGRAMS.items()}}
)

Npm = Callable[[str], None]


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Npm:
    """Puts a program called npm on the PATH, and no other."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (tmp_path / "package.tgz").write_bytes(PACKAGE)
    monkeypatch.setenv("PATH", str(folder))

    def put(script: str) -> None:
        program = folder / "npm"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    return put


def known(package: bytes) -> str:
    return base64.b64encode(hashlib.sha512(package).digest()).decode()


@pytest.mark.parametrize("place", [".", "dist"])
def test_a_folder_gives_the_few_files_that_a_site_needs(tmp_path: Path, place: str) -> None:
    unpacked(tmp_path / "package" / place)
    files = runtime_files(tmp_path / "package")
    assert files.keys() == {*runtime.FILES.values(), "LICENSE.txt"}
    assert files["ort-wasm-simd-threaded.wasm"] == b"program"
    assert b"Permission is hereby granted" in files["LICENSE.txt"]


def test_a_folder_without_them_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not the package onnxruntime-web"):
        runtime_files(tmp_path)


def test_npm_fetches_the_package_once(
    tmp_path: Path, npm: Npm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "INTEGRITY", known(PACKAGE))
    npm(f"/bin/cp {tmp_path}/package.tgz onnxruntime-web.tgz")
    first = runtime_files()
    assert first["ort.wasm.bundle.min.js"] == b"script"
    npm("exit 1")
    assert runtime_files() == first


def test_what_is_not_the_known_package_is_refused_and_not_kept(tmp_path: Path, npm: Npm) -> None:
    npm(f"/bin/cp {tmp_path}/package.tgz onnxruntime-web.tgz")
    with pytest.raises(DataError, match="its SHA-512 is different"):
        runtime_files()
    assert not contents(cache_folder())


def test_a_damaged_copy_in_the_cache_is_fetched_anew(
    tmp_path: Path, npm: Npm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "INTEGRITY", known(PACKAGE))
    kept = cache_folder() / f"onnxruntime-web-{runtime.VERSION}.tgz"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(PACKAGE[:-9])
    npm(f"/bin/cp {tmp_path}/package.tgz onnxruntime-web.tgz")
    assert runtime_files()["ort.wasm.bundle.min.js"] == b"script"
    assert kept.read_bytes() == PACKAGE


def test_without_npm_or_a_network_one_sentence_says_what_to_do(npm: Npm) -> None:
    with pytest.raises(
        MachineError, match=r"no npm to download it: install npm, or .*--onnxruntime-web"
    ):
        runtime_files()
    npm("echo 'getaddrinfo ENOTFOUND' >&2; exit 1")
    with pytest.raises(
        MachineError, match=r"ENOTFOUND\): check the network, or .*--onnxruntime-web"
    ):
        runtime_files()


@pytest.mark.parametrize("name", ["ort.wasm.bundle.min.mjs", "package/dist/../x.mjs"])
def test_of_an_archive_only_the_named_files_are_taken(
    name: str, npm: Npm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = archive({name: b"x", "package/dist/ort-wasm-simd-threaded.wasm": b"program"})
    (tmp_path / "package.tgz").write_bytes(package)
    monkeypatch.setattr(runtime, "INTEGRITY", known(package))
    npm(f"/bin/cp {tmp_path}/package.tgz onnxruntime-web.tgz")
    with pytest.raises(DataError, match=r"lacks ort\.wasm\.bundle\.min\.mjs"):
        runtime_files()
