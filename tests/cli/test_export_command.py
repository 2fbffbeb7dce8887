import json
from pathlib import Path

import pytest

import charseq
from charseq import Translator
from charseq.interop.onnx import checking


@pytest.fixture
def model(toy_translator: Translator, tmp_path: Path) -> Path:
    path = tmp_path / "toy.safetensors"
    toy_translator.save(path)
    return path


@pytest.fixture
def corpus(toy_pairs, tmp_path: Path) -> Path:
    path = tmp_path / "toy.tsv"
    path.write_text("".join(f"{source}\t{target}\n" for source, target in toy_pairs[:300]))
    return path


def test_an_export_stands_beside_its_model_and_answers(charseq_command, model, capsys) -> None:
    assert charseq_command("export", str(model)) == 0
    said = capsys.readouterr().out.splitlines()
    path = model.with_suffix(".onnx")
    size = f"{path.stat().st_size:,} bytes in float32"
    share = path.stat().st_size / model.stat().st_size
    assert said[0] == f"{path}: {size}, {share:.2f} times the size of toy.safetensors"
    assert said[1].startswith(
        "200 of 200 answers are the same as PyTorch's; a symbol's log-probability"
    )
    assert said[2].startswith("Try: ")
    assert f"translate {path}" in said[2]
    assert charseq_command("translate", str(path), "abcd", "--beam", "3") == 0
    assert capsys.readouterr().out == "DCBA\n"


@pytest.mark.parametrize("name", [".", ""])
def test_a_folder_is_no_model(charseq_command, tmp_path, monkeypatch, capsys, name) -> None:
    monkeypatch.chdir(tmp_path)
    assert charseq_command("export", name) == 2
    assert "is a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "precision"),
    [((), "float32"), (("--half",), "half"), (("--quantise", "int8"), "int8")],
)
def test_an_export_is_checked_on_a_corpus(
    charseq_command, model, corpus, tmp_path, capsys, options, precision: str
) -> None:
    path = tmp_path / "other.onnx"
    call = ("export", str(model), "-o", str(path), "--corpus", str(corpus), "--limit", "250")
    assert charseq_command(*call, *options) == 0
    said = capsys.readouterr().out
    assert f"bytes in {precision}" in said
    assert "of 250 answers are the same as PyTorch's" in said
    assert "exact match: " in said
    assert charseq_command("info", str(path), "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["export"]["precision"] == precision
    assert shown["export"]["agreement"]["texts"] == 250
    assert not model.with_suffix(".onnx").exists()


def test_rounding_that_loses_right_answers_is_not_written_without_force(
    charseq_command, model, corpus, monkeypatch, capsys
) -> None:
    # As if every export lost more than is allowed.
    monkeypatch.setattr(checking, "MOST_LOST", -1.0)
    path = model.with_suffix(".onnx")
    path.write_text("what was here before")
    call = ("export", str(model), "--quantise", "int8", "--corpus", str(corpus))
    assert charseq_command(*call) == 2
    assert "export in float32, or add --force" in capsys.readouterr().err
    assert path.read_text() == "what was here before"
    assert charseq_command(*call, "--force") == 0
    assert str(charseq.load(path).translate("abcd")) == "DCBA"


def test_every_command_takes_an_export(charseq_command, model, corpus, capsys) -> None:
    assert charseq_command("export", str(model)) == 0
    export = str(model.with_suffix(".onnx"))
    capsys.readouterr()
    for command in (["score"], ["evaluate", "--json"], ["compare", str(model)]):
        name, *rest = command
        assert charseq_command(name, *rest, export, str(corpus), "--limit", "40") == 0
        own = capsys.readouterr().out
        assert own
        if name == "score":
            assert charseq_command(name, str(model), str(corpus), "--limit", "40") == 0
            for line, other in zip(
                own.splitlines(), capsys.readouterr().out.splitlines(), strict=True
            ):
                (gain, *pair), (its, *same) = line.split("\t"), other.split("\t")
                assert pair == same
                assert float(gain) == pytest.approx(float(its), abs=1e-4)
