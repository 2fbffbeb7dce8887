"""The notebook runs from its first cell to its last, in a small setting."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[1] / "examples" / "character_level_seq2seq.ipynb"

pytestmark = pytest.mark.slow


def test_the_notebook_trains_draws_and_translates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    monkeypatch.setenv("CHARSEQ_NOTEBOOK_EPOCHS", "3")
    monkeypatch.setenv("CHARSEQ_NOTEBOOK_UNITS", "64")
    monkeypatch.setenv("CHARSEQ_NOTEBOOK_SAMPLES", "1500")
    # Whatever kernels the user has: this one runs the Python that runs the tests.
    kernel = tmp_path / "jupyter" / "kernels" / "this-python"
    kernel.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(
        json.dumps({"argv": command, "display_name": "this", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    work = tmp_path / "work"
    work.mkdir()

    nbclient.NotebookClient(
        notebook,
        timeout=600,
        kernel_name="this-python",
        resources={"metadata": {"path": str(work)}},
    ).execute()

    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    printed = "".join(_printed(output) for output in outputs)
    assert "Number of samples: 1500" in printed
    assert "epoch 3/3" in printed
    assert "The same: True" in printed
    assert printed.count("Decoded sentence: ") >= 20
    decoded = [
        line.removeprefix("Decoded sentence:").strip()
        for line in printed.splitlines()
        if line.startswith("Decoded sentence:")
    ]
    assert any(decoded), "every decoded sentence is empty"
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 1, "the learning curve was not drawn"
    assert list(work.glob("runs/phrasebook-*/english-french.safetensors"))


def test_the_notebook_is_kept_without_outputs() -> None:
    nbformat = pytest.importorskip("nbformat")
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def _printed(output: Any) -> str:
    if output.output_type == "stream":
        return str(output.text)
    return f"{output.get('data', {}).get('text/plain', '')}\n"
