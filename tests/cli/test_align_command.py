import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import charseq
from charseq.translator import Translator


@pytest.fixture(scope="module")
def model(speaker: Translator, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("model") / "speaker.safetensors"
    speaker.save(path)
    return str(path)


@pytest.fixture
def align(charseq_command, monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Runs the command in this process: its exit code, standard output and error."""

    def run(*arguments: str, given: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        code = charseq_command("align", *arguments)
        return code, *capsys.readouterr()

    return run


def blocks(out: str) -> list[list[str]]:
    assert out.endswith("\n\n")
    return [block.splitlines() for block in out.removesuffix("\n\n").split("\n\n")]


def test_each_target_symbol_gets_a_line_with_what_it_looks_at(model: str, align) -> None:
    code, out, error = align(model, "bcd", "éf")
    assert (code, error) == (0, "")
    first, second = blocks(out)
    assert first[0].startswith("bcd → t͡ʃ k d (log-probability -0.")
    rows = [line.split("\t") for line in first[1:]]
    assert [row[:3] for row in rows[:3]] == [["t͡ʃ", "b", "1"], ["k", "c", "2"], ["d", "d", "3"]]
    assert rows[3][0] == "(end)"
    assert all(0.3 < float(row[3]) <= 1 for row in rows)
    assert second[0].startswith("éf → e ʃ (")


def test_json_has_symbols_and_the_whole_matrix(model: str, align, speaker: Translator) -> None:
    code, out, _ = align("--json", model, "abc")
    fields = json.loads(out)
    assert code == 0
    assert fields["source_symbols"] == ["a", "b", "c"]
    assert fields["target_symbols"] == fields["target"].split() == ["aː", "t͡ʃ", "k"]
    expected = speaker.align("abc")
    np.testing.assert_allclose(fields["weights"], expected.weights, atol=1e-5)
    assert fields["log_probability"] == pytest.approx(expected.log_probability, abs=1e-5)


def test_lines_come_from_standard_input_and_in_order(model: str, align) -> None:
    given = "abc\n\n\xff\nba\n".encode("latin-1")
    code, out, error = align(model, "--json", given=given)
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 3
    assert [answer["source"] for answer in answers] == ["abc", "", "\ufffd", "ba"]
    assert (answers[1]["target"], answers[1]["weights"]) == ("", [[]])
    assert answers[2]["error"] == "not valid UTF-8 (byte 1)"
    assert error.splitlines() == [
        '{"note": {"message": "line 3: not valid UTF-8 (byte 1)"}}',
        '{"error": {"kind": "data", "message": "1 of 4 lines were refused; their alignments are'
        ' empty", "exit_code": 3}}',
    ]
    # What is refused has no block of its own.
    code, out, _ = align(model, "-", given=given)
    assert (code, [block[0].partition(" →")[0] for block in blocks(out)]) == (3, ["abc", "", "ba"])


def test_pairs_are_aligned_as_they_stand(model: str, align, tmp_path: Path) -> None:
    lines = ["ab\tk k\n", "d\td\n", "c\tʒ\n"]
    (tmp_path / "pairs.tsv").write_text("".join(lines), encoding="utf-8")
    code, out, error = align(model, "--pairs", str(tmp_path / "pairs.tsv"), "--json")
    pairs = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [pair["target_symbols"] for pair in pairs] == [["k", "k"], ["d"], ["ʒ"]]
    assert [pair["log_probability"] is None for pair in pairs] == [False, False, True]
    assert pairs[0]["log_probability"] < pairs[1]["log_probability"]
    assert "1 of 3 targets contain symbols that the model cannot write" in error
    given = "".join(lines).encode()
    code, out, _ = align(model, "--pairs", "-", "--limit", "2", given=given)
    assert (code, [block[0][:9] for block in blocks(out)]) == (0, ["ab → k k ", "d → d (lo"])


def test_a_pair_that_is_too_long_is_refused(model: str, align) -> None:
    long = b"a" * 2_001
    code, out, error = align(model, "--pairs", "-", given=b"ab\tk\n" + long + b"\t" + long + b"\n")
    assert (code, len(blocks(out))) == (3, 1)
    assert error.splitlines() == [
        "charseq: pair 2: too long: 2,001 characters in the source times 2,001 in the target are"
        " more than 4,000,000",
        "charseq: 1 of 2 pairs were refused; their alignments are empty",
    ]


def test_unknown_symbols_are_named_once_for_all_chunks(model: str, align, monkeypatch) -> None:
    monkeypatch.setattr("charseq.cli.align.STREAM_CHUNK", 2)
    given = "aж\tk\nbж\tk\nc\tk\nщ\tk\nd\tk\n".encode()
    code, out, error = align(model, "--pairs", "-", given=given)
    assert [block[0].partition(" →")[0] for block in blocks(out)] == ["aж", "bж", "c", "щ", "d"]
    assert (code, error) == (
        0,
        "charseq: warning: characters that the model never saw were read as unknown:"
        " ж (U+0436) щ (U+0449)\n",
    )


def test_features_are_columns_by_name(align, tmp_path: Path, monkeypatch) -> None:
    lines = ["ab\tabs\tN;PL\n", "ba\tba\t\n", "b\tbs\tPL\n"]
    (tmp_path / "pairs.tsv").write_text("".join(lines), encoding="utf-8")
    model = str(tmp_path / "model.safetensors")
    charseq.train(
        tmp_path / "pairs.tsv",
        run=tmp_path / "run",
        output=model,
        features_column=3,
        vocabulary_from="corpus",
        attention="dot",
        units=8,
        epochs=1,
    )
    # The columns are those of the training, also where a chunk has no features at all.
    monkeypatch.setattr("charseq.cli.align.STREAM_CHUNK", 1)
    code, out, _ = align(model, "--json", "--pairs", str(tmp_path / "pairs.tsv"))
    symbols = [json.loads(line)["source_symbols"] for line in out.splitlines()]
    assert (code, symbols) == (0, [["N", "PL", "a", "b"], ["b", "a"], ["PL", "b"]])
    for arguments, given in ((["--features", "N;PL", "ab"], b""), ([], b"ab\tN;PL\n")):
        code, out, _ = align(model, "--json", *arguments, given=given)
        fields = json.loads(out)
        assert (code, fields["source_symbols"]) == (0, ["N", "PL", "a", "b"])
        assert (fields["conditions"], fields["features"]) == (2, ["N", "PL"])
    code, _, error = align(model, given=b"ab\n")
    assert (code, error.splitlines()[0]) == (
        3,
        "charseq: line 1: 1 of 2 columns: source, features, separated by tabs; or give"
        " --features for all lines",
    )


def test_a_plot_is_a_picture_of_what_is_printed(model: str, align, tmp_path: Path) -> None:
    path = tmp_path / "alignments.png"
    code, out, error = align(model, "abc", "京", "", "--plot", str(path))
    assert (code, len(blocks(out))) == (0, 3)
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert error.count("\n") == 1  # Of the unknown character alone.


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["abc", "--plot", "picture.pdf"], "use a name that ends in .png"),
        (["a"] * 13 + ["--plot", "p.png"], "a picture shows at most 12 alignments"),
        (["", "--plot", "p.png"], "there is nothing to draw"),
        (["abc", "--limit", "3"], "--limit is for reading a corpus: name it with --pairs"),
        (["abc", "--pairs", "p.tsv"], "align texts or the pairs of a corpus, not both"),
        (["--pairs", "p.tsv", "--features", "N"], "features and languages come from columns"),
        (["--pairs", "nowhere.tsv"], "nowhere.tsv"),
        (["abc", "--features", "N"], "this model does not take features"),
    ],
)
def test_calls_that_make_no_sense_are_refused(
    model: str, align, arguments, sentence, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, error = align(model, *arguments)
    assert (code, error.count("\n")) == (2, 1)
    assert sentence in error
    assert not list(tmp_path.iterdir())


def test_the_name_of_a_file_is_a_text(model: str, align) -> None:
    _, _, error = align(model, model)
    assert f"{model} is read as a text; to read its pairs: --pairs {model}; to read its" in error


def test_a_model_without_attention_is_refused_before_anything_is_read(
    toy_translator: Translator, align, tmp_path: Path
) -> None:
    toy_translator.save(tmp_path / "toy.safetensors")
    code, out, error = align(str(tmp_path / "toy.safetensors"), "--pairs", "nowhere.tsv")
    assert (code, out) == (2, "")
    assert error == (
        "charseq: this model, trained on pairs, has no attention, so it cannot align: train one"
        " with --attention dot\n"
    )
