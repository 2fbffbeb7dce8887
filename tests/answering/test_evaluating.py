"""A model scores itself on pairs, as the command line has it do."""

import itertools
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

import charseq
from charseq.corpus import Corpus, Pair
from charseq.errors import CharseqWarning, UsageError
from charseq.translator import Translator


def test_right_answers_and_wrong_ones_are_told_apart(toy_translator: Translator) -> None:
    answer = str(toy_translator.translate("abcd"))
    report = toy_translator.evaluate([("abcd", answer), ("dcba", "something else")])
    assert (report.items, report.exact_match.value) == (2, 0.5)


def test_an_input_counts_once_and_any_of_its_references_is_right(
    toy_translator: Translator,
) -> None:
    answer = str(toy_translator.translate("abcd"))
    report = toy_translator.evaluate([("abcd", "something else"), ("abcd", answer)])
    assert (report.items, report.exact_match.value) == (1, 1)


def test_symbols_are_those_of_the_model(speaker: Translator, spoken_pairs) -> None:
    report = speaker.evaluate(Corpus("spoken", [Pair(*pair) for pair in spoken_pairs[:40]]))
    assert report.word_error_rate is not None
    assert report.word_error_rate.value == pytest.approx(100 * (1 - report.exact_match.value))


def test_features_go_with_their_pairs(tmp_path: Path) -> None:
    words = ["".join(word) for word in itertools.product("abcd", repeat=3)]
    pairs = [(word, word.upper(), "N;UP") for word in words]
    pairs += [(word, word, ("N", "LOW")) for word in words]
    model = charseq.train(
        pairs, run=tmp_path / "run", units=48, epochs=12, learning_rate=0.01, refit=False
    )
    assert model.evaluate(pairs[::-1]).exact_match.value > 0.8
    swapped = [
        (word, target, ("N", "UP") if "LOW" in tags else "N;LOW") for word, target, tags in pairs
    ]
    assert model.evaluate(swapped).exact_match.value < 0.2


def test_pairs_are_not_turned_as_a_file_is(toy_translator: Translator, tmp_path: Path) -> None:
    """What a training remembers of columns is of files alone."""
    description = replace(toy_translator.description, columns={"reverse": True})
    model = Translator(toy_translator.model, description)
    answer = str(model.translate("abcd"))
    corpus = tmp_path / "pairs.tsv"
    corpus.write_text(f"{answer}\tabcd\n", encoding="utf-8")
    assert model.evaluate(corpus).exact_match.value == 1
    assert model.evaluate([("abcd", answer)]).exact_match.value == 1


def test_what_is_no_setting_of_a_corpus_is_refused(toy_translator: Translator) -> None:
    with pytest.raises(UsageError, match="unknown setting 'source_colum'; did you mean"):
        toy_translator.evaluate([("a", "A")], source_colum=2)
    with pytest.raises(UsageError, match="unknown setting 'limt'; did you mean 'limit'"):
        toy_translator.evaluate(Corpus("toy", [Pair("a", "A")]), limt=1)
    with pytest.raises(UsageError, match="a corpus in memory is used as it is: omit limit"):
        toy_translator.evaluate(Corpus("toy", [Pair("a", "A")]), limit=1)


def test_scores_on_what_a_model_was_trained_on_come_with_a_warning(
    toy_translator: Translator, toy_pairs
) -> None:
    with pytest.warns(CharseqWarning, match="was trained on pairs: scores on other texts will be"):
        toy_translator.evaluate(toy_pairs)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CharseqWarning)
        toy_translator.evaluate(toy_pairs[:-1])
    with pytest.warns(CharseqWarning, match="was trained on mine"):
        toy_translator.evaluate(Corpus("mine", [Pair(*pair) for pair in toy_pairs]))


def test_a_held_out_corpus_that_was_trained_on_at_the_end_comes_with_a_warning_too(
    toy_pairs, tmp_path: Path
) -> None:
    settings = {"held_out": toy_pairs[300:340], "units": 4, "epochs": 1}
    for refit in (True, False):
        run = tmp_path / str(refit)
        trained = charseq.train(toy_pairs[:40], run=run, refit=refit, **settings)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", CharseqWarning)
            trained.evaluate(toy_pairs[300:340])
        assert refit == any("was trained on pairs" in str(each.message) for each in told)
        assert trained.description.corpus.get("refitted_on") == (80 if refit else None)


def test_a_warning_names_only_a_card_that_there_is(toy_translator: Translator, toy_pairs) -> None:
    imported = replace(toy_translator.description, scores={})
    with pytest.warns(CharseqWarning, match="scores on other texts will be lower$"):
        Translator(toy_translator.model, imported).evaluate(toy_pairs)


def test_a_beam_is_passed_on(toy_translator: Translator, monkeypatch) -> None:
    asked = []
    translate = toy_translator.translate

    def watched(texts, **settings):
        asked.append((settings["beam"], settings["length_penalty"]))
        return translate(texts, **settings)

    monkeypatch.setattr(toy_translator, "translate", watched)
    toy_translator.evaluate([("ab", "BA")], beam=3, length_penalty=0.1)
    assert asked == [(3, 0.1)]
