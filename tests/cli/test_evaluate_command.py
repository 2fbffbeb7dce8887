"""`charseq evaluate`, from its arguments to its tables, JSON and exit codes."""

import io
import json
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest

from charseq.cli import main
from charseq.results import Translation
from charseq.scoring import reliability_of, score
from charseq.text import CHARACTERS, PLAIN, Spelling, Vocabulary

PAIRS = [("Go.", "Va !"), ("Go.", "Vas-y !"), ("Hi.", "Salut."), ("Run!", "Cours\u202f!")]


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "tiny.tsv"
    path.write_text("".join(f"{source}\t{target}\n" for source, target in PAIRS), encoding="utf-8")
    return str(path)


@pytest.fixture
def outputs(tmp_path):
    """Write a file of outputs, one to a line."""

    def write(*lines: str, end: str = "\n") -> str:
        path = tmp_path / "outputs.txt"
        path.write_bytes("".join(line + end for line in lines).encode())
        return str(path)

    return write


@pytest.fixture
def run(capsys):
    """Run the command line; return its exit code, standard output and standard error."""

    def evaluate(*arguments: str) -> SimpleNamespace:
        with pytest.raises(SystemExit) as ended:
            main(["evaluate", *arguments])
        out, err = capsys.readouterr()
        return SimpleNamespace(code=ended.value.code, out=out, err=err)

    return evaluate


@pytest.fixture
def answers(monkeypatch):
    """Put a model in place that answers as told, whatever its path."""

    def install(*, spelling: Spelling = CHARACTERS, **translations: Translation) -> None:
        def translate(sources: list[str], **_conditions: object) -> list[Translation]:
            return [translations[source.rstrip(".!")] for source in sources]

        module = ModuleType("charseq.translator")
        module.load = lambda _path, **_device: SimpleNamespace(
            translate=translate,
            description=SimpleNamespace(
                columns={},
                corpus={},
                spellings=PLAIN,
                sources=Vocabulary.of_sources(translations),
                targets=SimpleNamespace(spelling=spelling),
            ),
        )
        monkeypatch.setitem(sys.modules, "charseq.translator", module)

    return install


def answer_of(result: SimpleNamespace) -> dict:
    assert result.code == 0, result.err
    return json.loads(result.out)


class TestHypotheses:
    def test_may_be_of_sources_as_they_are_written(self, run, tmp_path, outputs):
        """Two that differ in their normal form alone are one source, answered twice."""
        corpus = tmp_path / "forms.tsv"
        corpus.write_text("caf\u00e9\tx\ncafe\u0301\ty\nb\tz\nb\tw\n", encoding="utf-8")
        for lines in (["x", "z"], ["x", "y", "z"], ["x", "y", "z", "z"]):
            found = answer_of(run("--hypotheses", outputs(*lines), str(corpus), "--json"))
            assert found["exact_match"]["value"] == 1
            assert found["items"] == (2 if len(lines) == 2 else 3)

    def test_are_scored_against_all_references_of_each_distinct_source(self, run, corpus, outputs):
        lines = ["Vas-y !", "Salut", "Cours\u202f!"]
        found = answer_of(run("--hypotheses", outputs(*lines), corpus, "--json"))
        report = score(lines, [["Va !", "Vas-y !"], ["Salut."], ["Cours\u202f!"]])
        assert {name: found[name] for name in report.as_dict()} == report.as_dict()
        assert found["items"] == 3
        assert found["exact_match"]["value"] == 2 / 3
        assert (found["model"], found["corpus"]) == (None, "tiny")

    def test_may_be_given_for_every_pair_and_score_the_same(self, run, corpus, outputs):
        by_source = run("--hypotheses", outputs("Va", "Salut", "Cours"), corpus, "--json")
        by_pair = run("--hypotheses", outputs("Va", "Va", "Salut", "Cours"), corpus, "--json")
        assert answer_of(by_pair) == answer_of(by_source)

    def test_count_each_different_answer_to_one_source(self, run, corpus, outputs):
        lines = ["Va", "Vas-y !", "Salut", "Cours"]
        assert answer_of(run("--hypotheses", outputs(*lines), corpus, "--json"))["items"] == 4

    def test_are_refused_where_their_count_fits_neither(self, run, corpus, outputs):
        result = run("--hypotheses", outputs("Va !", "Salut."), corpus)
        assert result.code == 3
        assert "has 2 lines, but the corpus has 3 distinct inputs in 4 pairs" in result.err
        assert result.out == ""

    def test_may_be_empty_lines_and_end_without_a_line_feed(self, run, corpus, tmp_path):
        path = tmp_path / "outputs.txt"
        path.write_bytes(b"\xef\xbb\xbfVa !\r\n\r\nCours")
        found = answer_of(run("--hypotheses", str(path), corpus, "--json"))
        assert {item["hypothesis"] for item in found["worst"]} == {"", "Cours"}

    def test_keep_their_spaces(self, run, corpus, outputs):
        lines = ["Va ! ", " Salut.", "Cours\u202f!\u2028"]
        found = answer_of(run("--hypotheses", outputs(*lines), corpus, "--json"))
        assert found["exact_match"]["value"] == 0
        assert sorted(item["hypothesis"] for item in found["worst"]) == sorted(lines)

    def test_are_read_from_standard_input(self, run, corpus, monkeypatch):
        stdin = SimpleNamespace(buffer=io.BytesIO(b"Va !\nSalut.\nCours\n"))
        monkeypatch.setattr(sys, "stdin", stdin)
        found = answer_of(run("--hypotheses", "-", corpus, "--json"))
        assert found["exact_match"]["value"] == 2 / 3

    def test_that_are_not_utf8_are_refused_with_their_line(self, run, corpus, tmp_path):
        path = tmp_path / "outputs.txt"
        path.write_bytes(b"Va !\nSal\xfft\nCours\n")
        result = run("--hypotheses", str(path), corpus)
        assert result.code == 3
        assert "outputs.txt:2: not valid UTF-8: byte 4 is 0xff" in result.err

    def test_that_do_not_exist_are_the_users_mistake(self, run, corpus, tmp_path):
        result = run("--hypotheses", str(tmp_path / "none.txt"), corpus)
        assert result.code == 2
        assert "there is no file" in result.err

    def test_follow_the_corpus_options(self, run, corpus, outputs):
        found = answer_of(
            run(
                "--hypotheses", outputs("Go.", "Go."), corpus, "--reverse", "--limit", "2", "--json"
            )
        )
        assert found["items"] == 2
        assert found["exact_match"]["value"] == 1

    def test_are_scored_without_torch(self, corpus, outputs):
        words = ["evaluate", "--hypotheses", outputs("Va !", "Salut.", "Cours"), corpus]
        code = (
            "import sys\nfrom charseq.cli import main\n"
            f"try:\n    main({words!r})\nfinally:\n    print('torch' in sys.modules)"
        )
        answer = subprocess.run(
            [sys.executable, "-c", code], check=False, capture_output=True, text=True
        )
        assert answer.returncode == 0, answer.stderr
        assert answer.stdout.splitlines()[-1] == "False"


class TestTables:
    def test_show_every_metric_with_its_interval_and_signature(self, run, corpus, outputs):
        result = run("--hypotheses", outputs("Va !", "Salut", "Cours\u202f!"), corpus)
        assert result.code == 0
        lines = [line.strip() for line in result.out.splitlines()]
        assert lines[0] == "tiny: 3 outputs, against 4 references"
        exact_match = next(line.split() for line in lines if line.startswith("exact match"))
        assert exact_match[2] == "66.67%"
        assert exact_match[4] == "to"
        assert any(line.startswith("CER") and "0.059" in line for line in lines)
        assert any(line.startswith("chrF2|nrefs:var|case:mixed|eff:yes|nc:6") for line in lines)
        assert any(line.startswith("BLEU|nrefs:var|case:mixed|eff:no|tok:13a") for line in lines)

    def test_list_the_worst_errors_with_the_nearest_reference_first(self, run, corpus, outputs):
        result = run("--hypotheses", outputs("Vas", "Salut.", "Cours\u202f!"), corpus)
        row = next(line for line in result.out.splitlines() if "Go." in line)
        assert row.split() == ["Go.", "Vas", "Va", "!", "2", "0.50"]
        assert "Vas-y !" in result.out

    def test_list_as_many_as_asked_for(self, run, corpus, outputs):
        wrong = outputs("x", "y", "z")
        assert (
            len(answer_of(run("--hypotheses", wrong, corpus, "--json", "--worst", "2"))["worst"])
            == 2
        )
        assert "Worst" not in run("--hypotheses", wrong, corpus, "--worst", "0").out

    def test_escape_control_and_bidirectional_characters(self, run, corpus, outputs):
        result = run("--hypotheses", outputs("\x1b[31mVa", "Sa\u202elut", "Cours"), corpus)
        assert "\x1b" not in result.out
        assert "\u202e" not in result.out
        assert "\\x1b[31mVa" in result.out
        assert "Sa\\u202elut" in result.out
        assert "Cours\\u202f!" in result.out

    def test_do_not_take_texts_for_markup(self, run, corpus, outputs):
        assert "[bold]x[/]" in run("--hypotheses", outputs("[bold]x[/]", "a", "b"), corpus).out


class TestModel:
    def test_is_scored_once_for_each_distinct_source(self, run, corpus, answers):
        answers(
            Go=Translation("Go.", "Vas-y !"),
            Hi=Translation("Hi.", "Salut."),
            Run=Translation("Run!", "Courscours", cut=True),
        )
        found = answer_of(run("model.safetensors", corpus, "--json"))
        assert found["model"] == "model.safetensors"
        assert found["items"] == 3
        assert found["exact_match"]["value"] == 2 / 3
        assert (found["cut"], found["refused"]) == (1, 0)
        assert [item["source"] for item in found["worst"]] == ["Run!"]
        heading = run("model.safetensors", corpus).out.splitlines()[0]
        assert heading == "tiny: 3 outputs, 1 of them cut at the output limit, against 4 references"

    def test_that_refuses_sources_is_scored_and_ends_with_the_datas_code(
        self, run, corpus, answers
    ):
        answers(
            Go=Translation("Go.", "Va !"),
            Hi=Translation("Hi.", "", error="longer than 2 characters"),
            Run=Translation("Run!", "Cours\u202f!"),
        )
        result = run("model.safetensors", corpus)
        assert result.code == 3
        assert "refused 1 of 3 inputs" in result.err
        assert "Hi.: longer than 2 characters" in result.err
        assert "66.67%" in result.out

    @pytest.mark.filterwarnings("ignore::charseq.errors.UnknownCharactersWarning")
    def test_is_loaded_from_its_file(self, run, corpus, tmp_path):
        from charseq.trainer import train
        from charseq.translator import load

        path = tmp_path / "model.safetensors"
        train(PAIRS * 3, run=tmp_path / "run", output=path, epochs=1, units=4)
        outputs = [answer.hypothesis for answer in load(path).translate(["Go.", "Hi.", "Run!"])]
        report = score(outputs, [["Va !", "Vas-y !"], ["Salut."], ["Cours\u202f!"]])
        found = answer_of(run(str(path), corpus, "--json"))
        assert {name: found[name] for name in report.as_dict()} == report.as_dict()
        assert found["reliability"]["items"] == 3

    def test_has_its_confidences_compared_with_what_is_right(self, run, corpus, answers):
        answers(
            Go=Translation("Go.", "Va !", confidence=0.9),
            Hi=Translation("Hi.", "Salut", confidence=0.2),
            Run=Translation("Run!", "Cours\u202f!", confidence=0.5),
        )
        found = answer_of(run("model.safetensors", corpus, "--json"))["reliability"]
        expected = reliability_of([0.9, 0.2, 0.5], [True, False, True])
        assert found == json.loads(json.dumps(expected.as_dict()))
        shown = run("model.safetensors", corpus).out
        assert "Confidence: expected calibration error 0.133, Brier score 0.100" in shown
        rows = [line.split() for line in shown.splitlines()]
        assert ["50%", "0.500", "2", "100.00%"] in rows
        assert ["90%", "0.200", "3", "66.67%"] in rows

    def test_without_confidences_has_no_reliability(self, run, corpus, answers, outputs):
        answers(
            Go=Translation("Go.", "Va !"),
            Hi=Translation("Hi.", "", error="longer than 2 characters"),
            Run=Translation("Run!", "Cours\u202f!"),
        )
        for words in (
            ["model.safetensors", corpus],
            ["--hypotheses", outputs("Va !", "Salut.", "Cours"), corpus],
        ):
            assert json.loads(run(*words, "--json").out)["reliability"] is None
            assert "Confidence" not in run(*words).out

    @pytest.mark.filterwarnings("ignore::charseq.errors.UnknownCharactersWarning")
    def test_answers_with_the_beam_that_was_asked_for(self, run, corpus, tmp_path):
        from charseq.trainer import train

        path = tmp_path / "model.safetensors"
        translator = train(PAIRS * 3, run=tmp_path / "run", output=path, epochs=1, units=4)
        beam = {"beam": 4, "length_penalty": 2.0}
        arguments = [str(path), corpus, "--worst", "3"]
        found = {}
        for options, settings in ([], {}), (["--beam", "4", "--length-penalty", "2"], beam):
            answers = translator.translate(["Go.", "Hi.", "Run!"], **settings)
            expected = {answer.hypothesis for answer in answers}
            result = answer_of(run(*arguments, *options, "--json"))
            assert {item["hypothesis"] for item in result["worst"]} == expected
            found[result["beam"], result["length_penalty"]] = expected
        assert found.keys() == {(1, 0.6), (4, 2.0)}
        assert found[1, 0.6] != found[4, 2.0]
        heading = run(*arguments, "--beam", "4").out.splitlines()[0]
        assert heading.startswith("tiny: 3 outputs (beam 4, length penalty 0.6), ")
        assert "beam" not in run(*arguments).out

    def test_that_is_none_is_refused(self, run, corpus):
        result = run(corpus, corpus)
        assert result.code == 3
        assert "tiny.tsv" in result.err
        assert "Traceback" not in result.err

    def test_has_sources_with_unseen_characters_set_apart(self, run, corpus, answers):
        answers(
            Go=Translation("Go.", "Va !"),
            Hi=Translation("Hi.", "Salut", unknown_symbols=("H",)),
            Run=Translation("Run!", "Cours\u202f!"),
        )
        found = answer_of(run("model.safetensors", corpus, "--json"))["errors"]["by_unseen"]
        assert [(group["items"], group["exact_match"]) for group in found] == [(2, 1), (1, 0)]
        assert "unseen characters" in run("model.safetensors", corpus).out


class TestGroups:
    def test_show_which_symbols_were_written_for_which(self, run, corpus, outputs):
        result = run("--hypotheses", outputs("Va ?", "Salut", "Cours ?"), corpus)
        lines = [line.split() for line in result.out.splitlines()]
        assert ["!", "?", "2"] in lines
        assert [".", "(nothing)", "1"] in lines
        assert ["\\u202f", "␣", "1"] in lines
        assert "substitutions 3, insertions 0, deletions 1; outputs too short 1" in result.out
        assert "unseen" not in result.out

    def test_are_left_out_where_all_is_right(self, run, corpus, outputs):
        result = run("--hypotheses", outputs("Va !", "Salut.", "Cours\u202f!"), corpus)
        assert "Symbol edits" not in result.out

    def test_list_as_many_edits_as_asked_for(self, run, corpus, outputs):
        wrong = outputs("x", "y", "z")
        found = answer_of(run("--hypotheses", wrong, corpus, "--json", "--edits", "2"))
        assert len(found["errors"]["edits"]) == 2


def test_symbols_are_what_the_target_separator_separates(run, outputs, tmp_path):
    path = tmp_path / "words.tsv"
    path.write_text("chai\ttʃ aɪ\ncat\tk æ t\n", encoding="utf-8")
    arguments = ["--hypotheses", outputs("tʃ ə", "k æ t"), str(path)]
    found = answer_of(run(*arguments, "--target-separator", " ", "--json"))
    assert found["character_error_rate"]["value"] == 1 / 5
    assert found["word_error_rate"]["value"] == 50
    assert found["errors"]["edits"] == [{"reference": "aɪ", "hypothesis": "ə", "count": 1}]
    assert found["worst"][0]["error_rate"] == 0.5
    table = run(*arguments, "--target-separator", " ").out
    assert any(line.split()[:2] == ["WER", "50.00"] for line in table.splitlines())
    assert "WER" not in run(*arguments).out
    assert "occurs in no target" not in run(*arguments, "--target-separator", " ").err
    told = run(*arguments, "--target-separator", "|").err
    assert (
        "warning: the separator '|' occurs in no target, so each whole target is one symbol" in told
    )


def test_symbols_are_the_models_own_unless_a_separator_is_named(run, answers, tmp_path):
    path = tmp_path / "words.tsv"
    path.write_text("niti\tनीति\n", encoding="utf-8")
    answers(spelling=Spelling(graphemes=True), niti=Translation("niti", "नाति"))
    found = answer_of(run("model.safetensors", str(path), "--json"))
    assert found["character_error_rate"]["value"] == found["worst"][0]["error_rate"] == 1 / 2
    assert found["errors"]["edits"] == [{"reference": "नी", "hypothesis": "ना", "count": 1}]
    named = answer_of(run("model.safetensors", str(path), "--target-separator", "", "--json"))
    assert named["character_error_rate"]["value"] == 1 / 4


def test_symbols_may_be_graphemes_for_anyones_output(run, outputs, tmp_path):
    path = tmp_path / "words.tsv"
    path.write_text("niti\tनीति\n", encoding="utf-8")
    arguments = ["--hypotheses", outputs("नाति"), str(path), "--json"]
    for symbols, rate in (("graphemes", 1 / 2), ("characters", 1 / 4)):
        found = answer_of(run(*arguments, "--symbols", symbols))
        assert found["symbols"] == symbols
        assert found["character_error_rate"]["value"] == rate
    assert answer_of(run(*arguments))["symbols"] == "characters"
    *table, _ = arguments
    assert "1 references, counted in graphemes" in run(*table, "--symbols", "graphemes").out
    assert "counted in" not in run(*table).out


def test_symbols_may_be_others_than_the_models(run, answers, tmp_path):
    path = tmp_path / "words.tsv"
    path.write_text("niti\tनीति\n", encoding="utf-8")
    answers(spelling=Spelling(graphemes=True), niti=Translation("niti", "नाति"))
    own, other = (
        answer_of(run("model.safetensors", str(path), "--json", *symbols))
        for symbols in ([], ["--symbols", "characters"])
    )
    assert (own["symbols"], own["character_error_rate"]["value"]) == ("graphemes", 1 / 2)
    assert (other["symbols"], other["character_error_rate"]["value"]) == ("characters", 1 / 4)


class TestArguments:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["corpus.tsv"], "name a model and a corpus, or a corpus and --hypotheses"),
            (["a", "b", "c"], "name a model and a corpus"),
            (
                ["model", "corpus.tsv", "--hypotheses", "x"],
                "with --hypotheses, name only the corpus",
            ),
            (["-", "--hypotheses", "-"], "cannot both come from standard input"),
            (
                ["corpus.tsv", "--hypotheses", "x", "--beam", "5"],
                "with --hypotheses, there is no model: omit --beam\n",
            ),
            (
                ["corpus.tsv", "--hypotheses", "x", "--beam", "5", "--length-penalty", "0"],
                "omit --beam and --length-penalty\n",
            ),
            (["model", "corpus.tsv", "--beam", "0"], "beam must be at least 1"),
        ],
    )
    def test_that_do_not_fit_together_are_the_users_mistake(self, run, arguments, message):
        result = run(*arguments)
        assert result.code == 2
        assert message in result.err


def test_lines_that_are_left_out_are_told(run, outputs, tmp_path) -> None:
    corpus = tmp_path / "bad.tsv"
    corpus.write_text("a\tb\nbad\nc\td\nlonglonglong\tx\n", encoding="utf-8")
    reading = (str(corpus), "--skip-bad-lines", "--max-length", "5")
    told = run("--hypotheses", outputs("b", "d"), *reading, "--json")
    assert json.loads(told.out)["left_out"] == {
        "too few columns": 1,
        "longer than 5 characters": 1,
    }
    assert "of bad, lines were left out: 1 × too few columns, 1 × longer than 5" in told.err


def test_items_of_equal_labels_keep_their_own_inputs(run, outputs, tmp_path) -> None:
    corpus = tmp_path / "alike.tsv"
    corpus.write_text("x\tA\tp\nx\tB\tq\nx · p\tC\t\n", encoding="utf-8")
    columns = (str(corpus), "--features-column", "3", "--json")
    worst = json.loads(run("--hypotheses", outputs("1", "2", "3"), *columns).out)["worst"]
    assert [(item["source"], item.get("features")) for item in worst] == [
        ("x", ["p"]),
        ("x", ["q"]),
        ("x · p", None),
    ]


def test_a_corpus_that_the_model_was_trained_on_is_told(
    run, toy_translator, toy_pairs, tmp_path, charseq_command, capsys
) -> None:
    model, corpus = str(tmp_path / "toy.safetensors"), tmp_path / "toy.tsv"
    toy_translator.save(model)
    corpus.write_text("".join(f"{source}\t{target}\n" for source, target in toy_pairs))
    told = "was trained on toy: scores on other texts will be lower"
    assert told in run(model, str(corpus)).err
    charseq_command("compare", model, model, str(corpus))
    assert told in capsys.readouterr().err
    corpus.write_text("".join(f"{source}\t{target}\n" for source, target in toy_pairs[:9]))
    assert told not in run(model, str(corpus)).err
