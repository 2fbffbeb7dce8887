"""A model reads other corpora as it read its own, unless it is told otherwise."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import charseq
from charseq.answering import corpus_to_score, refuse_other_columns
from charseq.config import configure
from charseq.corpus import Corpus, Pair, Split
from charseq.errors import UsageError
from charseq.text import PLAIN, Vocabulary
from charseq.training.prepare import prepare

PAIRS = [Pair("ab", "ba", ("N",)), Pair("a", "b", ("V",))]


def remembered(*, pairs: list[Pair] = PAIRS, **settings: Any) -> dict[str, Any]:
    split = Split(tuple(pairs), tuple(pairs))
    made = prepare(Corpus("toy", pairs), split, configure(**settings))
    return dict(made.description.columns)


def test_nothing_is_remembered_of_two_plain_columns() -> None:
    plain = [Pair("ab", "ba")]
    assert remembered(pairs=plain) == {}
    assert remembered(pairs=plain, limit=1, skip_bad_lines=True, format="csv") == {}


def test_columns_that_are_not_the_usual_ones_are_remembered() -> None:
    plain = [Pair("ab", "ba")]
    assert remembered(pairs=plain, target_column=3) == {"target_column": 3}
    assert remembered(pairs=plain, reverse=True) == {"reverse": True}
    assert remembered(source_column=2, target_column=1, features_column=3) == {
        "source_column": 2,
        "target_column": 1,
        "features_column": 3,
        "features_separator": ";",
    }


def test_a_header_is_remembered_with_the_names_that_stand_in_it() -> None:
    plain = [Pair("ab", "ba")]
    assert remembered(pairs=plain, header=True) == {}
    named = remembered(pairs=plain, header=True, source_column="word")
    assert named == {"header": True, "source_column": "word"}
    assert remembered(features_column="tags", header=True)["header"]


def scored(path: Path, columns: dict[str, Any], **settings: Any) -> list[Pair]:
    """Return what is read to score a model that remembers some columns."""
    sources = Vocabulary.of_sources("abc")
    description = SimpleNamespace(columns=columns, spellings=PLAIN, sources=sources)
    return list(corpus_to_score(str(path), settings, description, None).pairs)


def test_columns_that_are_named_are_meant_as_they_are_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("a\tb\tc\n", encoding="utf-8")
    swapped, usual = Pair("b", "a"), Pair("a", "b")
    assert scored(path, {"reverse": True}) == [swapped]
    assert scored(path, {"reverse": True}, reverse=False) == [usual]
    assert scored(path, {"reverse": True}, source_column=1) == [usual]
    assert scored(path, {"reverse": True}, source_column=2, target_column=1) == [swapped]
    assert scored(path, {"target_column": 3}) == [Pair("a", "c")]
    assert scored(path, {"target_column": 3}, target_column=2) == [usual]


def test_no_header_is_expected_where_no_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("a\tb\nc\td\n", encoding="utf-8")
    remembered = {"header": True, "source_column": "c", "target_column": "d"}
    assert len(scored(path, remembered, source_column=1, target_column=2)) == 2
    numbered = {"source_column": 1, "target_column": 2, "header": True}
    assert scored(path, remembered, **numbered) == [Pair("c", "d")]


def test_models_of_different_columns_are_not_compared_unasked() -> None:
    plain, reversed_ = (SimpleNamespace(columns=columns) for columns in ({}, {"reverse": True}))
    refuse_other_columns("a.tsv", [plain], {})
    refuse_other_columns("a.tsv", [reversed_, reversed_], {})
    refuse_other_columns("a.tsv", [plain, reversed_], {"reverse": False})
    with pytest.raises(UsageError, match="trained on different columns: name the ones to use"):
        refuse_other_columns("a.tsv", [plain, reversed_], {})


@pytest.fixture(scope="module")
def model(toy_pairs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that was trained on the second and the first column of a table with a header."""
    folder = tmp_path_factory.mktemp("columns")
    rows = "".join(f"{target},{source}\n" for source, target in toy_pairs)
    (folder / "pairs.csv").write_text(f"after,before\n{rows}", encoding="utf-8")
    charseq.train(
        folder / "pairs.csv",
        run=folder / "run",
        header=True,
        source_column="before",
        target_column="after",
        units=48,
        epochs=6,
        learning_rate=0.008,
        refit=False,
    )
    return folder / "run" / "model.safetensors"


def test_a_corpus_of_the_same_columns_needs_no_options(model: Path, run) -> None:
    code, out, _ = run("evaluate", str(model), str(model.parents[1] / "pairs.csv"), "--json")
    shown = json.loads(out)
    assert (code, shown["character_error_rate"]["value"] < 0.3) == (0, True)
    report = charseq.load(model).evaluate(model.parents[1] / "pairs.csv")
    assert report.as_dict() == {name: shown[name] for name in report.as_dict()}


def test_a_corpus_of_other_columns_is_told_so(model: Path, toy_pairs, tmp_path: Path, run) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{s}\t{t}\n" for s, t in toy_pairs[:50]), encoding="utf-8")
    code, _, error = run("evaluate", str(model), str(path))
    assert (code, error.count("\n")) == (2, 1)
    assert "'before'" in error
    assert "The model was trained on these columns" in error
    assert error.endswith("for example: --no-header --source-column 1 --target-column 2\n")
    usual = ["--source-column", "1", "--target-column", "2", "--no-header"]
    code, out, _ = run("evaluate", str(model), str(path), *usual, "--json")
    assert (code, json.loads(out)["character_error_rate"]["value"] < 0.3) == (0, True)
