import json
import math
from pathlib import Path

import pytest

import charseq
from charseq.translator import Translator


@pytest.fixture
def files(toy_translator: Translator, tmp_path: Path) -> tuple[str, str]:
    """A model, and a corpus of a right pair, a wrong one and one that cannot be written."""
    toy_translator.save(tmp_path / "toy.safetensors")
    (tmp_path / "pairs.tsv").write_text("abcda\tADCBA\nabcda\tAD\nab\tÉ\n", encoding="utf-8")
    return str(tmp_path / "toy.safetensors"), str(tmp_path / "pairs.tsv")


def test_each_pair_gets_a_line_with_its_log_probability(
    files, charseq_command, capsys, toy_translator
) -> None:
    assert charseq_command("score", *files) == 0
    captured = capsys.readouterr()
    rows = [line.split("\t") for line in captured.out.splitlines()]
    assert [row[1:] for row in rows] == [["abcda", "ADCBA"], ["abcda", "AD"], ["ab", "É"]]
    right, wrong, impossible = (float(row[0]) for row in rows)
    answer = toy_translator.translate("abcda")
    assert right == pytest.approx(answer.log_probability, abs=1e-4)
    assert right > wrong > impossible == -math.inf
    assert "1 of 3 targets contain symbols that the model cannot write" in captured.err


def test_texts_are_left_as_they_are(files, charseq_command, capsys) -> None:
    model, corpus = files
    Path(corpus).write_text("a\x1b[1mb\tBA\n", encoding="utf-8")
    assert charseq_command("score", model, corpus) == 0
    assert "\ta\x1b[1mb\tBA\n" in capsys.readouterr().out


def test_a_text_with_a_tab_is_no_cell_of_tsv(files, run, tmp_path: Path) -> None:
    (tmp_path / "tab.jsonl").write_text('["a", "A"]\n["a\\tb", "BA"]\n', encoding="utf-8")
    code, out, err = run("score", files[0], str(tmp_path / "tab.jsonl"))
    assert (code, out) == (3, "")
    assert "pair 2 contains a tab, which a cell of TSV cannot: add --json" in err
    code, out, _ = run("score", files[0], str(tmp_path / "tab.jsonl"), "--json")
    assert code == 0
    assert json.loads(out.splitlines()[1])["source"] == "a\tb"


def test_features_with_a_tab_are_no_cell_of_tsv_either(run, tmp_path: Path) -> None:
    pairs = [("ab", "ba", ["V", "SG"], "x"), ("ba", "ab", ["V"], "y"), ("aa", "bb", ["SG"], "x")]
    charseq.train(pairs, run=tmp_path / "run", units=8, epochs=1, refit=False)
    (tmp_path / "tab.jsonl").write_text('["ab", "ba", "V;X\\tY", "x"]\n', encoding="utf-8")
    columns = ("--features-column", "3", "--language-column", "4")
    model = str(tmp_path / "run" / "model.safetensors")
    code, out, err = run("score", model, str(tmp_path / "tab.jsonl"), *columns)
    assert (code, out) == (3, "")
    assert "pair 1 contains a tab" in err


def test_json_has_no_infinity(files, charseq_command, capsys) -> None:
    assert charseq_command("score", "--json", *files) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["target"] for line in lines] == ["ADCBA", "AD", "É"]
    assert lines[2] == {"source": "ab", "target": "É", "log_probability": None}
    assert lines[0]["log_probability"] > lines[1]["log_probability"]


def test_the_corpus_is_read_as_its_settings_say(files, charseq_command, capsys) -> None:
    assert charseq_command("score", *files, "--limit", "1") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
