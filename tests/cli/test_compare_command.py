"""`charseq compare`, from its arguments to its tables, JSON and exit codes."""

import io
import json
import sys
from types import SimpleNamespace

import pytest

from charseq.scoring import compare

PAIRS = [("Go.", "Va !"), ("Go.", "Vas-y !"), ("Hi.", "Salut."), ("Run!", "Cours\u202f!")]
SOURCES = ["Go.", "Hi.", "Run!"]
REFERENCES = [["Va !", "Vas-y !"], ["Salut."], ["Cours\u202f!"]]


@pytest.fixture
def files(tmp_path):
    """Write files of lines, and return their paths."""

    def write(**texts):
        for name, lines in texts.items():
            (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return [str(tmp_path / name) for name in texts]

    return write


@pytest.fixture
def run(charseq_command, capsys):
    def compare_command(*arguments):
        code = charseq_command("compare", *arguments)
        out, err = capsys.readouterr()
        return SimpleNamespace(code=code, out=out, err=err)

    return compare_command


@pytest.fixture
def corpus(files):
    return files(corpus=[f"{source}\t{target}" for source, target in PAIRS])[0]


A = ["Va !", "Salut", "Cours\u202f!"]
B = ["Vas", "Salut.", "Cours\u202f!"]


def test_two_files_of_outputs_are_compared_on_the_distinct_sources(run, corpus, files):
    a, b = files(a=A, b=B)
    found = json.loads(run(a, b, corpus, "--json").out)
    expected = compare(SOURCES, A, B, REFERENCES).as_dict()
    assert {name: found[name] for name in expected} == expected
    assert (found["a"], found["b"], found["corpus"]) == (a, b, "corpus")
    assert [(item["source"], item["right"]) for item in found["only_one_right"]] == [
        ("Go.", "first"),
        ("Hi.", "second"),
    ]


def test_a_file_may_have_one_line_for_each_pair(run, corpus, files):
    a, b, by_pair = files(a=A, b=B, by_pair=["Vas", "Vas", *B[1:]])
    by_source = json.loads(run(a, b, corpus, "--json").out)
    assert json.loads(run(a, by_pair, corpus, "--json").out) == by_source | {"b": by_pair}


def test_a_source_answered_in_two_ways_is_refused_with_its_lines(run, corpus, files):
    a, b = files(a=A, b=["Vas", "Va !", *B[1:]])
    result = run(a, b, corpus)
    assert result.code == 3
    assert "b answers Go. in line 1 with Vas and in line 2 with Va !" in result.err
    assert "one output for each distinct input" in result.err


def test_a_file_of_another_length_is_refused(run, corpus, files):
    a, b = files(a=A, b=B[:2])
    result = run(a, b, corpus)
    assert result.code == 3
    assert "b has 2 lines, but the corpus has 3 distinct inputs in 4 pairs" in result.err


def test_tables_show_both_systems_and_who_alone_is_right(run, corpus, files):
    result = run(*files(a=A, b=B), corpus)
    assert result.code == 0
    lines = [line.split() for line in result.out.splitlines()]
    assert ["exact", "match", "66.7%", "66.7%", "+0.0%", "1.000"] in lines
    assert "3 items: both right 1, only A 1, only B 1, neither 0" in result.out
    assert ["Hi.", "Salut", "Salut.", "Salut."] in lines
    assert "chrF2|nrefs:var" in result.out
    assert "Only A" not in run(*files(a=A, b=B), corpus, "--show", "0").out


def test_a_model_is_compared_with_a_file_of_its_own_outputs(
    run, files, toy_translator, toy_pairs, tmp_path
):
    model = tmp_path / "model.safetensors"
    toy_translator.save(model)
    some = toy_pairs[100:130]
    answers = [answer.hypothesis for answer in toy_translator.translate([s for s, _ in some])]
    corpus, outputs = files(corpus=map("\t".join, some), outputs=answers)
    found = json.loads(run(str(model), outputs, corpus, "--json").out)
    assert found["first"] == found["second"]
    assert found["only_one_right"] == []


def test_models_answer_with_the_beam_that_was_asked_for(
    run, files, toy_translator, toy_pairs, tmp_path
):
    model = tmp_path / "model.safetensors"
    toy_translator.save(model)
    # Longer than any that it was trained on, so that greedy search does not find the best.
    pairs = [(2 * source, 2 * target) for source, target in toy_pairs[100:160]]
    beam = toy_translator.translate([source for source, _ in pairs], beam=4, length_penalty=0)
    corpus, outputs = files(
        corpus=map("\t".join, pairs), outputs=[answer.hypothesis for answer in beam]
    )
    options = ["--beam", "4", "--length-penalty", "0"]
    found = json.loads(run(str(model), outputs, corpus, *options, "--json").out)
    assert (found["beam"], found["length_penalty"]) == (4, 0)
    assert found["first"] == found["second"]
    greedy = json.loads(run(str(model), outputs, corpus, "--json").out)
    assert greedy["beam"] == 1
    assert greedy["first"] != greedy["second"] == found["second"]
    heading = run(outputs, str(model), corpus, *options).out.splitlines()[0]
    assert heading == f"corpus: A = {outputs}, B = {model} (beam 4, length penalty 0)"


def test_a_beam_without_a_model_is_refused(run, corpus, files):
    result = run(*files(a=A, b=B), corpus, "--beam", "5")
    assert result.code == 2
    assert "neither A nor B is a model (.safetensors or .onnx): omit --beam" in result.err
    assert "beam" not in json.loads(run(*files(a=A, b=B), corpus, "--json").out)


def test_sources_that_a_model_refuses_end_with_the_datas_code(run, files, toy_translator, tmp_path):
    model = tmp_path / "model.safetensors"
    toy_translator.save(model)
    corpus, outputs = files(corpus=["abcd\tDCBA", f"{'a' * 10_001}\tA"], outputs=["DCBA", "A"])
    result = run(str(model), outputs, corpus, "--json")
    assert result.code == 3
    assert "refused 1 of 2 inputs" in result.err
    assert json.loads(result.out)["only_second_right"] == 1


def test_symbols_are_what_the_target_separator_separates(run, files):
    corpus, a, b = files(corpus=["chai\ttʃ aɪ"], a=["tʃ aɪ"], b=["tʃ ə"])
    found = json.loads(run(a, b, corpus, "--target-separator", " ", "--json").out)
    assert found["differences"]["character_error_rate"]["value"] == -0.5
    assert found["differences"]["word_error_rate"]["value"] == -100
    told = run(a, b, corpus, "--target-separator", "|").err
    assert "warning: the separator '|' occurs in no target" in told


def test_symbols_may_be_graphemes(run, files):
    corpus, a, b = files(corpus=["niti\tनीति"], a=["नीति"], b=["नाति"])
    found = json.loads(run(a, b, corpus, "--symbols", "graphemes", "--json").out)
    assert found["differences"]["character_error_rate"]["value"] == -0.5
    assert found["first"]["symbols"] == "graphemes"


def test_outputs_are_read_from_standard_input_once(run, corpus, files, monkeypatch):
    content = io.BytesIO("".join(f"{line}\n" for line in A).encode())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=content))
    (b,) = files(b=B)
    assert json.loads(run("-", b, corpus, "--json").out)["only_first_right"] == 1
    twice = run("-", "-", corpus)
    assert twice.code == 2
    assert "A and B cannot both come from standard input" in twice.err
