import itertools
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import charseq
from charseq.config import ModelConfig
from charseq.interop import onnx
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription, OutputLimit
from charseq.text import Vocabulary
from charseq.translator import Translator


@pytest.fixture(scope="module")
def model(toy_translator: Translator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "toy.safetensors"
    toy_translator.save(path)
    return path


def test_a_model_is_shown_with_its_settings_symbols_corpus_and_scores(
    charseq_command, model, capsys
) -> None:
    assert charseq_command("info", str(model)) == 0
    shown = capsys.readouterr().out
    for expected in (
        "units",
        "64",
        "<unknown> 'abcd'",
        "training pairs",
        "exact match",
        "expected calibration error",
        "confidence: temperature",
    ):
        assert expected in shown


def test_scores_from_before_a_refit_are_called_so(
    charseq_command, model, toy_translator, tmp_path, capsys
) -> None:
    description = toy_translator.description
    again = replace(description, corpus={**description.corpus, "refitted_on": 400})
    Translator(toy_translator.model, again).save(tmp_path / "again.safetensors")
    for path, expected in ((model, False), (tmp_path / "again.safetensors", True)):
        assert charseq_command("info", str(path)) == 0
        shown = capsys.readouterr().out
        assert expected == ("exact match, before the refit" in shown)
        assert expected == ("refitted on" in shown)


def test_json_holds_all_of_it(charseq_command, model, toy_translator, capsys) -> None:
    assert charseq_command("info", str(model), "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["bytes"] == model.stat().st_size
    assert shown["parameters"] == sum(
        parameter.numel()
        for parameter in toy_translator.model.parameters()
        if parameter.requires_grad
    )
    assert shown["config"]["units"] == 64
    assert shown["source_vocabulary"]["symbols"] == ["<unknown>", *"abcd"]
    assert shown["scores"] == toy_translator.description.scores
    calibration = toy_translator.description.calibration
    assert shown["calibration"] == {
        "temperature": calibration.temperature,
        "offset_per_symbol": 0,
        "reach": calibration.reach,
    }


def test_an_export_is_shown_with_how_it_was_checked(
    charseq_command, model, toy_translator, tmp_path, capsys
) -> None:
    path = tmp_path / "toy.onnx"
    made = onnx.export(model, precision="half")
    path.write_bytes(made.content)
    assert charseq_command("info", str(path)) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = dict([*map(str.strip, line.strip("│").split("│"))] for line in lines[1:-1])
    assert rows["precision"] == "half"
    assert rows["operators beyond ONNX's"] == "none"
    assert rows["answers compared with PyTorch's"] == "200"
    assert rows["answers that differ"] == f"{made.agreement.different}"
    assert rows["largest difference in log-probability"] == f"{made.agreement.farthest:.2g}"
    assert (rows["units"], "parameters" in rows) == ("64", False)
    assert charseq_command("info", str(path), "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["export"] == {
        "precision": "half",
        "contributed_operators": "none",
        "agreement": made.agreement.as_dict(),
    }
    assert shown["scores"] == toy_translator.description.scores


def test_an_older_model_says_that_it_does_not_know_how_sure_it_is(charseq_command, capsys) -> None:
    older = str(Path(__file__).parents[1] / "data" / "format-1.safetensors")
    assert charseq_command("info", older) == 0
    rows = [line.strip("│ ").split() for line in capsys.readouterr().out.splitlines()]
    assert "confidence │ none: the file has no calibration".split() in rows
    assert charseq_command("info", older, "--json") == 0
    assert json.loads(capsys.readouterr().out)["calibration"] is None


def test_what_is_piped_is_not_wrapped(charseq_command, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    letters = [chr(code) for code in range(0x4E00, 0x4E80)]
    model = tmp_path / "m.safetensors"
    pairs = list(itertools.pairwise(letters))
    charseq.train(pairs, run=tmp_path / "run", output=model, units=8, epochs=1)
    assert charseq_command("info", str(model)) == 0
    (row,) = [line for line in capsys.readouterr().out.splitlines() if "source symbols" in line]
    assert letters[0] in row
    assert letters[-2] in row


def test_a_file_that_is_no_model_is_refused_in_one_sentence(
    charseq_command, tmp_path, capsys
) -> None:
    (tmp_path / "text").write_text("not a model")
    assert charseq_command("info", str(tmp_path / "text")) == 3
    shown = capsys.readouterr().err
    assert "text is not a charseq model: name a file that ends in .safetensors" in shown
    assert shown.count("\n") == 1


def test_a_mark_does_not_join_the_symbol_before_it(tmp_path, run) -> None:
    sources = Vocabulary.of_sources(["ab\N{COMBINING ACUTE ACCENT}"])
    targets = Vocabulary.of_targets(["a"])
    description = ModelDescription(ModelConfig(units=4), sources, targets, OutputLimit(1.0, 5))
    model = Seq2Seq.fresh(description.config, len(sources), len(targets), seed=1)
    Translator(model, description).save(tmp_path / "m.safetensors")
    _, out, _ = run("info", str(tmp_path / "m.safetensors"))
    assert "<unknown> 'ab◌\N{COMBINING ACUTE ACCENT}'" in out


def test_a_name_that_is_no_text_is_shown_escaped(model, tmp_path) -> None:
    odd = b"m\xff.safetensors"
    shutil.copy(os.fsencode(model), os.path.join(os.fsencode(tmp_path), odd))
    for options in ([], ["--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "charseq", "info", odd, *options],
            check=True,
            capture_output=True,
            cwd=tmp_path,
        )
        assert rb"m\udcff.safetensors" in done.stdout
