"""What people get wrong, and the exact sentence that each of them reads."""

import io
import itertools
import json
import re
import shlex
import shutil
from pathlib import Path
from typing import IO, Any

import pytest

import charseq
from charseq.errors import MachineError
from charseq.interop import onnx

TRANSCRIPT = Path(__file__).with_name("wrong_uses.txt").read_text(encoding="utf-8")
USES = re.findall(r"^\$ charseq ?(.*)\n((?:.*\n)*?)\[(\d)\]\n", TRANSCRIPT, re.MULTILINE)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with corpora, good and bad, two models, an export and a finished run."""
    folder = tmp_path_factory.mktemp("workshop")
    words = ["".join(w) for n in range(1, 5) for w in itertools.product("abc", repeat=n)]
    files = {
        "c.tsv": "".join(f"{word}\t{word[::-1].upper()}\n" for word in words),
        "two.tsv": "go\tva\n",
        "bad.tsv": "go\tva\nalone\n",
        "empty.tsv": "",
        "latin.tsv": b"go\tva\nete\t\xe9t\xe9\n",
        "sur.jsonl": '{"source":"a","target":"b"}\n{"source":"\\ud800","target":"b"}\n',
        "bad.csv": 'a,b\n"c,d\n',
        "h.tsv": "en\tfr\ngo\tva\n",
        "bad.toml": "[training]\nepochs = many\n",
        "odd.toml": "[training]\nepoch = 3\n",
        "lines.txt": "A\nB\n",
        "full/x": "x",
        "c.onnx": "go\tva\n",
        "c.zip": "go\tva\n",
        "folder.onnx/x": "x",
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    small = {"epochs": 1, "units": 8}
    model = folder / "m.safetensors"
    charseq.train(folder / "c.tsv", run=folder / "run", output=model, **small)
    plain = {"attention": "none", "bidirectional": False}
    charseq.train(folder / "c.tsv", run=folder / "run2", **plain, **small)
    shutil.move(folder / "run2/model.safetensors", folder / "plain.safetensors")
    (folder / "cut.safetensors").write_bytes(model.read_bytes()[:300])
    exported = onnx.export(model).content
    (folder / "e.onnx").write_bytes(exported)
    (folder / "cut.onnx").write_bytes(exported[:-9])
    flipped = bytearray(exported)
    flipped[len(flipped) // 2] ^= 1
    (folder / "flipped.onnx").write_bytes(flipped)
    return folder


@pytest.mark.parametrize(("call", "said", "code"), USES)
def test_a_wrong_use_is_told_in_plain_words_and_changes_nothing(
    workshop: Path, charseq_command, monkeypatch, capsys, call: str, said: str, code: str
) -> None:
    monkeypatch.chdir(workshop)
    before = contents(workshop)
    assert charseq_command(*shlex.split(call)) == int(code)
    assert capsys.readouterr().err == said
    assert contents(workshop) == before


@pytest.mark.parametrize(
    ("call", "file"),
    [
        ("train two.tsv", "two.tsv"),
        ("train c.zip", "c.zip"),
        ("train c.tsv --config odd.toml", "odd.toml"),
        ("train c.tsv --from m.safetensors", "m.safetensors"),
        ("train --resume run", "run/history.json"),
        ("translate m.safetensors a", "m.safetensors"),
        ("translate e.onnx a", "e.onnx"),
        ("translate m.safetensors a --lexicon lines.txt", "lines.txt"),
        ("evaluate c.tsv --hypotheses lines.txt", "lines.txt"),
        ("info m.safetensors", "m.safetensors"),
        ("info e.onnx", "e.onnx"),
        ("serve m.safetensors --port 0 --api-key-file lines.txt", "lines.txt"),
        ("serve m.safetensors --port 0 --examples lines.txt", "lines.txt"),
        ("serve run/model.safetensors --port 0", "run/model-card.md"),
        ("export run/model.safetensors --web site", "run/examples.txt"),
        ("import-keras c.keras", "c.keras"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_the_same_words_whatever_it_is_for(
    workshop: Path, charseq_command, monkeypatch, capsys, call: str, file: str
) -> None:
    def opened(path: object, *rest: Any, **named: Any) -> IO[Any]:
        if str(path) == file:
            raise PermissionError(13, "Permission denied")
        return open(path, *rest, **named)

    monkeypatch.chdir(workshop)
    before = contents(workshop)
    with monkeypatch.context() as broken:
        broken.setattr(io, "open", opened)
        assert charseq_command(*shlex.split(call)) == MachineError.exit_code
    assert capsys.readouterr().err == f"charseq: cannot read {file}: Permission denied\n"
    assert contents(workshop) == before


def test_the_transcript_is_read_whole() -> None:
    assert len(USES) == TRANSCRIPT.count("$ charseq") >= 40


@pytest.mark.parametrize(
    ("call", "kind", "code"),
    [
        ("score m.safetensors --json", "usage", 2),
        ("translate nowhere.safetensors a --json", "usage", 2),
        ("info c.tsv --json", "data", 3),
        ("evaluate m.safetensors bad.tsv --json", "data", 3),
    ],
)
def test_a_program_that_asked_for_json_reads_its_error_as_json(
    workshop: Path, charseq_command, monkeypatch, capsys, call: str, kind: str, code: int
) -> None:
    monkeypatch.chdir(workshop)
    assert charseq_command(*shlex.split(call.removesuffix(" --json"))) == code
    said = capsys.readouterr().err.removeprefix("charseq: ").removesuffix("\n")
    assert charseq_command(*shlex.split(call)) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert json.loads(shown.err) == {"error": {"kind": kind, "message": said, "exit_code": code}}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, and what is in it."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}
