"""Models that read features and languages, from a corpus to the command line."""

import itertools
import json
import shlex
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import charseq
from charseq.cli.hints import translate_hint
from charseq.config import configure
from charseq.corpus import Corpus, Pair, Split
from charseq.errors import UnknownCharactersWarning, UsageError
from charseq.interop.keras import export_keras
from charseq.text import Conditions, Input
from charseq.training.prepare import prepare
from charseq.translator import Translator

WORDS = ["".join(word) for n in (1, 2, 3) for word in itertools.product("ab", repeat=n)]
ENDINGS = {("SG", "x"): "", ("PL", "x"): "s", ("SG", "y"): "t", ("PL", "y"): "i"}
PAIRS = [
    Pair(word, word + ending, ("N", number), language)
    for word in WORDS
    for (number, language), ending in ENDINGS.items()
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with features and languages, and a model that `charseq train` made of it."""
    folder = tmp_path_factory.mktemp("features")
    lines = [f"{p.source}\t{p.target}\t{';'.join(p.features)}\t{p.language}\n" for p in PAIRS]
    (folder / "pairs.tsv").write_text("".join(lines), encoding="utf-8")
    charseq.train(
        folder / "pairs.tsv",
        held_out=folder / "pairs.tsv",  # All pairs are learnt.
        run=folder / "run",
        output=folder / "model.safetensors",
        features_column=3,
        language_column=4,
        units=64,
        epochs=40,
        batch_size=4,
        learning_rate=0.01,
        patience=None,
        keep="last",
    )
    return folder


@pytest.fixture(scope="module")
def translator(files: Path) -> Translator:
    return charseq.load(files / "model.safetensors")


def test_features_and_languages_decide_what_becomes_of_a_text(translator: Translator) -> None:
    assert str(translator.translate("ab", features="N;PL", language="x")) == "abs"
    assert str(translator.translate("ab", features=("N", "PL"), language="y")) == "abi"
    answers = translator.translate(
        ["ab", "ba", "a"], features=["N;SG", ("N", "PL"), "N;PL"], language="y"
    )
    assert [str(answer) for answer in answers] == ["abt", "bai", "ai"]
    assert (answers[1].features, answers[1].language) == (("N", "PL"), "y")
    each = translator.stream(iter(["ab", "ab"]), features="N;PL", language=iter(["x", "y"]))
    assert [str(answer) for answer in each] == ["abs", "abi"]


def test_scored_pairs_are_told_apart_by_their_features(files: Path, run) -> None:
    code, out, _ = run("score", str(files / "model.safetensors"), str(files / "pairs.tsv"))
    rows = [line.split("\t")[1:] for line in out.splitlines()]
    assert code == 0
    assert rows == [[p.source, p.target, ";".join(p.features), p.language] for p in PAIRS]


def test_a_text_may_spell_the_name_of_a_feature(translator: Translator) -> None:
    with pytest.warns(UnknownCharactersWarning, match=r"N \(U\+004E\)$"):
        answer = translator.translate("N", features="N;PL", language="x")
    assert answer.unknown_symbols == ("N",)
    assert answer.unknown_features == ()


def test_unknown_features_and_languages_are_named_or_refused(translator: Translator) -> None:
    with pytest.warns(
        UnknownCharactersWarning, match="^features or languages that the model .*: DU z$"
    ):
        answer = translator.translate("ab", features="N;DU", language="z")
    assert answer.unknown_features == ("z", "DU")
    refused = translator.translate("é", features="N;DU", language="x", unknown="error")
    assert refused.error == "the model never saw é (U+00E9) DU"


def test_what_is_missing_or_too_much_is_said(translator: Translator, toy_translator) -> None:
    with pytest.raises(UsageError, match=r"needs features for each text, such as 'N': set"):
        translator.translate("ab", language="x")
    with pytest.raises(UsageError, match="needs a language for each text, such as 'x': set"):
        translator.translate("ab", features="N;PL")
    with pytest.raises(UsageError, match="language of a text cannot be empty"):
        translator.translate(["ab", "a"], features="N;PL", language="")
    with pytest.raises(UsageError, match="does not take features: omit features"):
        toy_translator.translate("ab", features="N")
    with pytest.raises(UsageError, match="fewer features or languages than texts"):
        translator.translate(["a", "b"], features=["N;PL"], language="x")


def test_features_may_be_one_text_or_several(translator: Translator) -> None:
    expected = translator.translate("ab", features="N;PL", language="y")
    for features in (["N", "PL"], ("N", "PL"), ["N;PL"]):
        assert translator.translate("ab", features=features, language="y") == expected
    with pytest.raises(UsageError, match="the features of a text must be one string, or several"):
        translator.translate("ab", features=[("N", "PL")], language="y")
    for no_features in (5, {"N": 1}, {"N", "PL"}):
        with pytest.raises(
            UsageError, match="the features of a text must be one string, or several"
        ):
            translator.translate("ab", features=no_features, language="y")
        with pytest.raises(
            UsageError, match="the features of a text must be one string, or several"
        ):
            translator.translate(["ab"], features=[no_features], language="y")
    with pytest.raises(UsageError, match="features cannot be 5; give one for all, or one for each"):
        translator.translate(["ab"], features=5, language="y")


def test_what_is_no_text_is_named_by_its_number(translator: Translator) -> None:
    with pytest.raises(UsageError, match="text 2 must be a string, not NoneType"):
        translator.translate(["ab", None], features="N;PL", language="y")
    for no_text in (None, 5, b"ab"):
        with pytest.raises(UsageError, match="translate takes a text or several texts, not"):
            translator.translate(no_text, features="N;PL", language="y")


def test_a_misspelt_argument_is_told_from_a_setting(translator: Translator) -> None:
    with pytest.raises(UsageError, match="unknown setting 'feature'; did you mean 'features'"):
        translator.translate("ab", feature="N;PL", language="y")


@pytest.mark.parametrize(("features", "shown"), [("N;;PL", "''"), ("N; PL", "' PL'")])
def test_unseen_features_that_would_not_show_are_quoted(
    translator: Translator, features: str, shown: str
) -> None:
    with pytest.warns(UnknownCharactersWarning, match=f"were read as unknown: {shown}$"):
        translator.translate("ab", features=features, language="y")


def test_a_source_without_symbols_is_answered_with_nothing(translator: Translator) -> None:
    assert str(translator.translate("", features="N;PL", language="x")) == ""


def test_the_limit_of_an_answer_goes_by_its_text_alone(translator: Translator) -> None:
    many = ";".join(["N"] * 200)
    answer = translator.translate("ab", features=many, language="x")
    assert len(answer.hypothesis) <= translator.description.output_limit.of(2)


def test_a_model_of_features_is_the_same_after_saving(
    translator: Translator, tmp_path: Path
) -> None:
    translator.save(tmp_path / "model.safetensors")
    again = charseq.load(tmp_path / "model.safetensors")
    assert again.description == translator.description
    assert again.description.columns == {
        "features_column": 3,
        "features_separator": ";",
        "language_column": 4,
    }


def test_unknown_conditions_are_trained_as_their_own_symbol() -> None:
    made = prepare(Corpus("toy", PAIRS), Split(tuple(PAIRS), tuple(PAIRS)), configure())
    sources = made.description.sources
    assert made.references[Input("ab", ("N", "PL"), "x")] == ["abs"]
    conditions = list(sources.conditions.ids)
    assert set(made.unknown_ids[conditions]) == {sources.conditions.unknown}
    texts = [place for place in range(len(sources)) if place not in conditions]
    assert set(made.unknown_ids[texts]) == {sources.unknown}
    assert (made.unknown_rates[conditions] > 0).all()
    batch = made.training.batch(np.arange(4))
    assert batch.source_lengths.tolist() == [len(pair.source) + 3 for pair in PAIRS[:4]]
    shown = [sources.symbols[i] for i in batch.sources[1].tolist()]
    assert shown[:4] == ["x", "N", "PL", "a"]


def test_a_model_learns_further_features_from_another_start(files: Path, tmp_path: Path) -> None:
    more = charseq.train(
        [("ab", "ABAB", ["N", "DU"], "z"), ("é", "ÉÉ", ["N", "DU"], "z")],
        run=tmp_path / "run",
        start_from=files / "model.safetensors",
        vocabulary_from="corpus",
        epochs=1,
    )
    before = charseq.load(files / "model.safetensors").description.sources
    after = more.description.sources
    assert after.symbols[: len(before)] == before.symbols
    assert {"DU"} == after.conditions.features.keys() - before.conditions.features.keys()
    with warnings.catch_warnings(action="error"):
        more.translate("é", features="N;DU", language="z")


def test_models_of_features_have_no_place_in_keras(translator: Translator, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="exported to Keras: it reads features"):
        export_keras(translator.description, translator.model.tensors(), tmp_path / "model.keras")


def test_lines_carry_features_and_languages_as_columns(files: Path, run) -> None:
    model = str(files / "model.safetensors")
    assert run("translate", model, given="ab\tN;PL\ty\n\nba\tN;SG\tx\n") == (0, "abi\n\nba\n", "")
    assert run("translate", model, "--language", "x", given="ab\tN;PL\n")[:2] == (0, "abs\n")
    command = ("translate", model, "--language", "x", "--features", "N;PL")
    assert run(*command, "ab", "b")[:2] == (0, "abs\nbs\n")
    _, out, _ = run(*command, "--json", "ab")
    assert json.loads(out)["features"] == ["N", "PL"]


def test_lines_without_their_columns_are_refused(files: Path, run) -> None:
    code, out, error = run(
        "translate",
        str(files / "model.safetensors"),
        given="ab\nab\tN;PL\tx\n" + "a" * 50_000 + "\nab\tN;PL\t\n",
    )
    assert (code, out) == (3, "\nabs\n\n\n")
    assert error.splitlines() == [
        "charseq: line 1: 1 of 3 columns: source, features, language, separated by tabs; or"
        " give --features and --language for all lines",
        "charseq: line 3: longer than 10,000 characters",
        "charseq: line 4: column 3, its language, is empty",
        "charseq: 3 of 4 lines were refused; their answers are empty",
    ]


def test_features_for_a_model_without_them_are_the_users_mistake(
    toy_translator: Translator, tmp_path: Path, run
) -> None:
    toy_translator.save(tmp_path / "toy.safetensors")
    code, _, error = run("translate", str(tmp_path / "toy.safetensors"), "--features", "N", "ab")
    assert (code, error) == (
        2,
        "charseq: this model does not take features: omit features\n",
    )


def test_a_model_without_features_is_scored_and_compared_where_there_are_some(
    files: Path, toy_translator: Translator, tmp_path: Path, run
) -> None:
    toy, reader = tmp_path / "toy.safetensors", files / "model.safetensors"
    toy_translator.save(toy)
    others = tmp_path / "others.tsv"
    others.write_text((files / "pairs.tsv").read_text("utf-8") * 2, "utf-8")
    columns = ["--features-column", "3", "--language-column", "4"]
    said = [
        {"note": {"message": f"a model takes no {what}, and answers without them"}}
        for what in ("features", "languages")
    ]
    code, out, error = run("compare", str(toy), str(reader), str(others), *columns, "--json")
    found = json.loads(out)
    assert (code, list(map(json.loads, error.splitlines()))) == (0, said)
    # Inputs stay apart by what one of the models reads.
    assert found["b"] == str(reader)
    assert found["second"]["items"] == len(PAIRS)
    assert found["second"]["exact_match"]["value"] > found["first"]["exact_match"]["value"]
    code, out, error = run("evaluate", str(toy), str(files / "pairs.tsv"), *columns, "--json")
    assert (code, list(map(json.loads, error.splitlines()))) == (0, said)
    report = toy_translator.evaluate(files / "pairs.tsv", features_column=3, language_column=4)
    assert report.exact_match.value == json.loads(out)["exact_match"]["value"]


def test_comparing_says_which_model_reads_what_no_pair_has(
    files: Path, toy_translator: Translator, tmp_path: Path, run
) -> None:
    toy, reader = tmp_path / "toy.safetensors", files / "model.safetensors"
    toy_translator.save(toy)
    bare = ["--features-column", "none", "--language-column", "none"]
    code, _, error = run("compare", str(toy), str(reader), str(files / "pairs.tsv"), *bare)
    assert code == 2
    assert f"{reader} needs features for each text" in error
    assert "name the column with --features-column" in error


def test_what_to_try_says_what_the_model_reads() -> None:
    known = Conditions(0, {"x": 1}, {"N": 2})
    for conditions, options in (
        (known, "--features '…' --language '…' "),
        (replace(known, languages={}), "--features '…' "),
        (Conditions(), ""),
    ):
        hint = translate_hint(Path("m.safetensors"), "ab", conditions)
        assert hint.endswith(f"translate m.safetensors {options}ab")


@pytest.mark.parametrize(
    "text",
    ["They've gone.", 'say "it\'s"', "it's $HOME", "it's `x`", "it's a\\b", "it's!", "-it's"],
)
def test_what_to_try_is_what_a_shell_reads(text: str) -> None:
    hint = translate_hint("m.safetensors", text)
    *_, read = shlex.split(hint)
    assert read == text
    assert translate_hint("m.safetensors", "They've gone.").endswith(' "They\'ve gone."')


def test_a_model_is_evaluated_on_the_columns_it_was_trained_with(files: Path, run) -> None:
    code, out, _ = run(
        "evaluate", str(files / "model.safetensors"), str(files / "pairs.tsv"), "--json"
    )
    found = json.loads(out)
    assert (code, found["items"]) == (0, len(PAIRS))
    assert found["exact_match"]["value"] > 0.9


def test_evaluating_takes_columns_that_are_named(files: Path, tmp_path: Path, run) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("N+PL\tx\tab\tabs\n", encoding="utf-8")
    columns = ["--source-column", "3", "--target-column", "4", "--language-column", "2"]
    columns += ["--features-column", "1", "--features-separator", "+"]
    command = ("evaluate", str(files / "model.safetensors"), str(path), "--json")
    code, out, _ = run(*command, *columns)
    assert (code, json.loads(out)["exact_match"]["value"]) == (0, 1)
    code, _, error = run(*command, "--features-column", "none", *columns[:6])
    assert (code, error.count("\n")) == (2, 1)
    assert "the model needs features for each text" in error
    assert "name the column with --features-column" in error


def test_a_model_trains_on_with_the_columns_it_was_trained_with(
    files: Path, tmp_path: Path
) -> None:
    settings = {"start_from": files / "model.safetensors", "epochs": 1, "refit": False}
    again = charseq.train(files / "pairs.tsv", run=tmp_path / "again", **settings)
    assert (
        again.description.columns == charseq.load(files / "model.safetensors").description.columns
    )
    plain = tmp_path / "plain.tsv"
    plain.write_text("ab\tabs\nba\tbas\n" * 5, encoding="utf-8")
    for corpus, columns in (
        ([("ab", "abs"), ("ba", "bas")], {}),
        (plain, {"features_column": None, "language_column": None}),
    ):
        with pytest.raises(UsageError, match="the model to start from needs features for each"):
            charseq.train(corpus, run=tmp_path / "plain", **settings, **columns)


def test_hypotheses_are_matched_with_inputs(files: Path, tmp_path: Path, run) -> None:
    (tmp_path / "outputs").write_text("".join(f"{pair.target}\n" for pair in PAIRS))
    corpus = [str(files / "pairs.tsv"), "--features-column", "3", "--language-column", "4"]
    code, out, _ = run("evaluate", "--hypotheses", str(tmp_path / "outputs"), *corpus, "--json")
    found = json.loads(out)
    assert (code, found["items"], found["exact_match"]["value"]) == (0, len(PAIRS), 1)


def test_model_and_corpus_show_their_features_and_languages(files: Path, run) -> None:
    _, shown, _ = run("info", str(files / "model.safetensors"))
    for expected in ("features", "3: N PL SG", "languages", "2: x y", "features column"):
        assert expected in shown
    columns = [str(files / "pairs.tsv"), "--features-column", "3", "--language-column", "4"]
    _, shown, _ = run("corpus", "info", *columns)
    for expected in ("distinct inputs   56", "features          3: N PL SG", "2: x y"):
        assert expected in shown
    _, shown, _ = run("corpus", "head", *columns, "-n", "2")
    assert shown == "a\ta\tN;SG\tx\na\tas\tN;PL\tx\n"


def test_a_lines_features_do_not_count_towards_its_text(files: Path, run) -> None:
    text, many = "ab" * 4_000, ";".join(["N"] * 2_000)
    given = f"{text}\t{many}\tx\n{'a' * 10_001}\tN\tx\nab\tN;PL\ty\n"
    code, out, err = run("translate", str(files / "model.safetensors"), given=given)
    assert code == 3
    assert out.splitlines()[0]
    assert out.splitlines()[1:] == ["", "abi"]
    assert "line 2: longer than 10,000 characters" in err
    assert "1 of 3 lines were refused" in err


def test_items_tell_sources_from_features_and_languages(files: Path, run, tmp_path: Path) -> None:
    model, wrong = str(files / "model.safetensors"), tmp_path / "wrong.tsv"
    wrong.write_text("ab\tba\tN;PL\tx\n", encoding="utf-8")
    _, out, _ = run("evaluate", model, str(wrong), "--json")
    (item,) = json.loads(out)["worst"]
    assert (item["source"], item["features"], item["language"]) == ("ab", ["N", "PL"], "x")
    (tmp_path / "right.txt").write_text("ba\n", encoding="utf-8")
    _, out, _ = run("compare", model, str(tmp_path / "right.txt"), str(wrong), "--json")
    (item,) = json.loads(out)["only_one_right"]
    assert (item["source"], item["features"], item["language"]) == ("ab", ["N", "PL"], "x")


def test_an_option_that_is_no_text_is_shown_escaped(files: Path, run) -> None:
    code, out, _ = run(
        *("translate", str(files / "model.safetensors"), "ab", "--json"),
        *("--features", "N;\udcff", "--language", "x"),
    )
    assert code == 0
    assert json.loads(out)["features"] == ["N", "\udcff"]
    assert r"\udcff" in out
