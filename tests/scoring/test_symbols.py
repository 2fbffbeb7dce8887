"""Scores over symbols that are longer than a character, and over the two ways to write one."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charseq.errors import UsageError
from charseq.scoring import character_error_rate, nearest_references, score, worst_errors
from charseq.text import CHARACTERS, Spelling

phonemes = st.lists(st.sampled_from(["k", "tʃ", "aɪ", "t͡s", "ə"]), max_size=8)


def test_symbols_are_characters_without_a_separator():
    assert character_error_rate(["k æ"], [["k_ɛ"]]) == 2 / 3


def test_symbols_stand_between_separators_and_are_never_empty():
    assert character_error_rate([" tʃ  aɪ "], [["tʃ aɪ"]], target_separator=" ") == 0
    assert character_error_rate([""], [[" tʃ  aɪ "]], target_separator=" ") == 1


def test_a_letter_with_its_marks_is_one_symbol_where_graphemes_are():
    """The vowel sign alone is wrong, and with it the whole of what a reader takes for a letter."""
    for spelling, distance, symbols in ((CHARACTERS, 1, 4), (Spelling(graphemes=True), 1, 2)):
        (item,) = nearest_references(["नीति"], [["नाति"]], spelling)
        assert (item.distance, len(item.reference)) == (distance, symbols)


def test_syllables_are_compared_whole_whatever_form_a_model_reads_them_in():
    (item,) = nearest_references(["한"], [["하"]], Spelling(normalise="jamo"))
    assert (item.distance, len(item.reference)) == (1, 1)


def test_a_separator_is_one_in_whatever_form_a_model_reads_it():
    (item,) = nearest_references(["aéb"], [["aéc"]], Spelling("e\u0301", normalise="nfd"))
    assert (item.distance, len(item.reference)) == (1, 2)


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


def test_symbols_may_be_grapheme_clusters():
    report = score(["नाति"], [["नीति"]], symbols="graphemes", intervals=False)
    assert report.symbols == "graphemes"
    assert report.character_error_rate.value == 1 / 2
    assert character_error_rate(["नाति"], [["नीति"]], symbols="graphemes") == 1 / 2
    assert score(["नाति"], [["नीति"]], intervals=False).character_error_rate.value == 1 / 4


def test_unknown_kinds_of_symbols_are_refused():
    with pytest.raises(
        UsageError, match="symbols must be 'characters' or 'graphemes', not 'words'"
    ):
        score(["a"], [["a"]], symbols="words")


def test_there_is_no_word_error_rate_where_outputs_need_not_be_words():
    assert score(["a b"], [["a b"]], intervals=False).word_error_rate is None


def test_the_worst_errors_are_counted_in_symbols():
    (item,) = worst_errors(["s"], ["tʃ aɪ"], [["tʃ ə"]], target_separator=" ")
    assert (item.distance, item.error_rate) == (1, 0.5)


@given(st.text(max_size=10), st.text(min_size=1, max_size=10))
def test_no_score_depends_on_the_normal_form_of_a_text(hypothesis, reference):
    apart, together = (
        score([normalize(form, hypothesis)], [[normalize(form, reference)]], intervals=False)
        for form in ("NFD", "NFC")
    )
    assert apart == together
