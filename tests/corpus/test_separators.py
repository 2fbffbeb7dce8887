"""What `charseq corpus check` and training say of separators."""

import warnings
from pathlib import Path

import pytest

import charseq
from charseq.config import ModelSettings
from charseq.corpus import Corpus, Pair
from charseq.corpus.checking import check_corpus
from charseq.errors import CharseqWarning

WORDS = ["fada", "bada", "cab", "dab", "fab", "bad", "dada", "cada"]
SOUNDS = [Pair(word, " ".join(word)) for word in WORDS]


def found(pairs: list[Pair], **settings: str) -> dict[str, str]:
    findings = check_corpus(Corpus("words", pairs), model=ModelSettings(**settings))
    return {each.name: each.what for each in findings}


def test_symbols_with_spaces_between_them_are_told_where_no_separator_is_named() -> None:
    name = "spaces between target symbols"
    assert "8 of 8 targets look like symbols" in found(SOUNDS)[name]
    assert name not in found(SOUNDS, target_separator=" ")
    sentences = [Pair(word, f"a {word} is there") for word in WORDS]
    assert name not in found(sentences)
    assert name not in found([*SOUNDS, *(Pair(word, word) for word in WORDS)])


def test_features_that_nothing_separates_are_told_if_something_seems_to() -> None:
    name = "features in one piece"

    def inflected(*features: str) -> list[Pair]:
        return [Pair(word, word, (each,)) for word in WORDS for each in features]

    assert "16 of 16 contain '|'" in found(inflected("N|PL", "N|SG"))[name]
    assert name not in found(inflected("PL", "SG"))
    assert name not in found(inflected("PL", "N|SG"))
    assert name not in found([*inflected("N|PL"), Pair("a", "b", ("N", "PL"))])
    assert name not in found(SOUNDS)
    assert "10 of 10 contain ','" in found([*inflected("N,PL")[:5] * 2, *SOUNDS])[name]


def test_training_warns_of_symbols_and_features_that_nothing_separates(tmp_path: Path) -> None:
    settings = {"epochs": 1, "units": 4, "refit": False}
    with pytest.warns(CharseqWarning, match="of 14 targets look like symbols"):
        charseq.train(SOUNDS * 2, run=tmp_path / "sounds", **settings)
    inflected = [Pair(word, word, ("N|PL",)) for word in WORDS]
    with pytest.warns(CharseqWarning, match="no pair has more than one feature"):
        charseq.train(inflected, run=tmp_path / "features", **settings)
    # A model to start from reads its symbols as it always did.
    start = tmp_path / "sounds" / "model.safetensors"
    with warnings.catch_warnings():
        warnings.simplefilter("error", CharseqWarning)
        charseq.train(SOUNDS, run=tmp_path / "again", start_from=start, epochs=1, refit=False)


def test_a_separator_that_never_occurs_is_told() -> None:
    name = "separator without targets"
    assert "'|' occurs in no target" in found(SOUNDS, target_separator="|")[name]
    assert name not in found(SOUNDS, target_separator=" ")
    # A single character is a symbol in any case.
    assert name not in found([Pair(letter, letter) for letter in "abc"], target_separator="|")


def test_training_warns_of_a_separator_that_never_occurs(tmp_path: Path) -> None:
    settings = {"units": 4, "epochs": 1, "refit": False}
    with pytest.warns(CharseqWarning, match=r"'\|' occurs in no source.*--source-separator"):
        charseq.train(SOUNDS, run=tmp_path / "bars", source_separator="|", **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CharseqWarning)
        charseq.train(SOUNDS, run=tmp_path / "spaces", target_separator=" ", **settings)
    # A model to start from has its separator for good.
    start = tmp_path / "spaces" / "model.safetensors"
    joined = [pair._replace(target=pair.target.replace(" ", "")) for pair in SOUNDS]
    with pytest.warns(CharseqWarning, match="no target.*as the model to start from does") as told:
        charseq.train(joined, run=tmp_path / "joined", start_from=start, epochs=1)
    assert not any("--target-separator" in str(each.message) for each in told)
