"""Scores over symbols that are longer than a character, and over the two ways to write one."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charseq.scoring import character_error_rate, score, worst_errors
from charseq.scoring.symbols import composed, cut

phonemes = st.lists(st.sampled_from(["k", "tʃ", "aɪ", "t͡s", "ə"]), max_size=8)


def test_symbols_are_characters_without_a_separator():
    assert list(cut("k æ")) == ["k", " ", "æ"]


def test_symbols_stand_between_separators_and_are_never_empty():
    assert cut(" tʃ  aɪ ", " ") == ["tʃ", "aɪ"]
    assert cut("", " ") == []


@given(phonemes, phonemes)
def test_the_error_rate_counts_symbols_as_if_each_were_one_character(one, other):
    letters = {symbol: chr(ord("A") + i) for i, symbol in enumerate(sorted({*one, *other}))}
    spelt = character_error_rate(
        ["".join(map(letters.get, one))], [["".join(map(letters.get, other))]]
    )
    assert character_error_rate([" ".join(one)], [[" ".join(other)]], target_separator=" ") == spelt


def test_the_separator_itself_is_never_an_error():
    assert character_error_rate(["tʃ aɪ"], [["tʃ aɪ ə"]], target_separator=" ") == 1 / 3
    assert character_error_rate(["tʃ aɪ"], [["tʃ aɪ ə"]]) == 2 / 7


def test_the_word_error_rate_is_the_percentage_of_outputs_that_are_wrong():
    report = score(["a b", "c", "d", "e f"], [["a b"], ["x"], ["d"], ["e"]], target_separator=" ")
    assert report.word_error_rate is not None
    assert report.word_error_rate.value == 100 * (1 - report.exact_match.value) == 50
    assert report.exact_match.low is not None
    assert report.word_error_rate.high == pytest.approx(100 * (1 - report.exact_match.low))
    assert report.target_separator == " "


def test_there_is_no_word_error_rate_where_outputs_need_not_be_words():
    assert score(["a b"], [["a b"]], intervals=False).word_error_rate is None


def test_the_worst_errors_are_counted_in_symbols():
    (item,) = worst_errors(["s"], ["tʃ aɪ"], [["tʃ ə"]], target_separator=" ")
    assert (item.distance, item.error_rate) == (1, 0.5)


@given(st.text(max_size=10), st.text(min_size=1, max_size=10))
def test_no_score_depends_on_the_normal_form_of_a_text(hypothesis, reference):
    apart = unicodedata.normalize("NFD", hypothesis), unicodedata.normalize("NFD", reference)
    together = score([composed(hypothesis)], [[composed(reference)]], intervals=False)
    assert score([apart[0]], [[apart[1]]], intervals=False) == together
