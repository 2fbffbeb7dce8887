"""Translating with an export needs neither PyTorch nor any extra."""

import os
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest

from charseq import Translator, runtime
from charseq.errors import UsageError
from charseq.runtime import sealed

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "onnx", "matplotlib", "tensorboard", "sacrebleu", "safetensors.torch")
MOST_SECONDS = 120


@pytest.fixture
def export_file(toy_export: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "toy.onnx"
    path.write_bytes(sealed(toy_export))
    return path


def test_the_runtime_imports_no_pytorch(export_file: Path) -> None:
    program = (
        "import sys, charseq\n"
        "model = charseq.load(sys.argv[1])\n"
        "print(model.translate('abc', beam=3), model.score('abc', 'CBA') > -1)\n"
        "model.explain('abc'), list(model.write('abc')), list(model.stream(['abc']))\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(export_file)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "CBA True\n[]\n"


@pytest.mark.parametrize(
    "call", [["translate", "{model}", "abc"], ["info", "{model}"], ["translate", "{model}", "-"]]
)
def test_commands_take_an_export_where_there_is_no_pytorch(
    export_file: Path, tmp_path: Path, call: list[str]
) -> None:
    for name in ("torch", "onnx"):
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError(name={name!r})\n")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    words = [word.format(model=export_file) for word in call]
    done = subprocess.run(
        [sys.executable, "-m", "charseq", *words],
        input="abc\n",
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        check=True,
    )
    assert "CBA" in done.stdout or "precision" in done.stdout
    assert done.stderr == ""


@pytest.mark.slow
def test_an_installation_without_extras_translates(export_file: Path, tmp_path: Path) -> None:
    """In a fresh environment, with the versions that are pinned."""
    began = time.monotonic()
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    binaries = environment / ("Scripts" if os.name == "nt" else "bin")
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(
        [
            *(binaries / "python", "-m", "pip", "install", "--quiet"),
            *("--disable-pip-version-check", "--constraint", "constraints.txt", "."),
        ],
        cwd=ROOT,
        env=clean,
        check=True,
    )
    names = "\n".join(path.name for path in environment.glob("lib*/**/site-packages/*"))
    assert "onnxruntime" in names
    assert not {"torch", "onnx"} & set(names.split())
    done = subprocess.run(
        [binaries / "charseq", "translate", export_file, "abc", "--beam", "3"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=clean,
        check=True,
    )
    assert done.stdout == "CBA\n"
    assert time.monotonic() - began < MOST_SECONDS


def test_the_runtime_says_that_a_model_file_must_be_exported_first(
    toy_translator: Translator, tmp_path: Path
) -> None:
    toy_translator.save(tmp_path / "m.safetensors")
    with pytest.raises(UsageError, match=r"export it \(charseq export .*m\.safetensors\)"):
        runtime.load(tmp_path / "m.safetensors")


def test_a_model_file_needs_pytorch_and_says_how_to_get_it(
    toy_translator: Translator, tmp_path: Path
) -> None:
    model = tmp_path / "m.safetensors"
    toy_translator.save(model)
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError(name='torch')\n")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    for call in (["translate", str(model), "abc"], ["export", str(model)]):
        done = subprocess.run(
            [sys.executable, "-m", "charseq", *call],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
            check=False,
        )
        assert done.returncode == 4
        assert done.stderr.startswith("charseq: ")
        assert done.stderr.endswith(
            " needs packages that are not installed: pip install 'charseq[train]'\n"
        )
    assert [each.name for each in tmp_path.glob("*.onnx")] == []
