import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import charseq
from charseq.errors import UnknownCharactersWarning
from charseq.translator import LONGEST_SOURCE, STREAM_CHUNK, Translator

words = st.text("abcd", max_size=7)


def test_a_text_gives_a_translation_that_prints_as_itself(toy_translator: Translator) -> None:
    answer = toy_translator.translate("abcda")
    assert str(answer) == answer.hypothesis == "ADCBA"
    assert answer.source == "abcda"
    assert 0 < math.exp(answer.log_probability) <= 1
    assert not answer.cut


@settings(max_examples=30)
@given(st.lists(words, max_size=12))
def test_a_batch_gives_the_strings_its_rows_give_alone(toy_translator, texts) -> None:
    together = toy_translator.translate(texts)
    backwards = toy_translator.translate(texts[::-1])[::-1]
    alone = [toy_translator.translate(text) for text in texts]
    assert [str(a) for a in together] == [str(a) for a in alone] == [str(a) for a in backwards]
    for one, other in zip(together, alone, strict=True):
        assert one.log_probability == pytest.approx(other.log_probability, abs=1e-4)


def test_more_texts_than_a_batch_come_back_in_order(toy_translator: Translator, toy_pairs) -> None:
    texts = [source for source, _ in toy_pairs] * 2
    answers = toy_translator.translate(texts)
    assert [answer.source for answer in answers] == texts
    assert [str(a) for a in answers[: len(toy_pairs)]] == [
        str(a) for a in answers[len(toy_pairs) :]
    ]


def test_an_empty_text_comes_back_empty(toy_translator: Translator) -> None:
    assert [str(answer) for answer in toy_translator.translate(["", "ab", ""])][::2] == ["", ""]
    assert toy_translator.translate([]) == []


def test_a_stream_is_answered_in_order_before_it_ends(toy_translator: Translator) -> None:
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield "abcda"[: 1 + taken % 5]

    answers = toy_translator.stream(endless())
    first = [next(answers) for _ in range(10)]
    assert [answer.source for answer in first] == ["abcda"[: 1 + n % 5] for n in range(1, 11)]
    assert taken <= STREAM_CHUNK


def test_unknown_characters_are_replaced_with_one_warning_that_names_them(
    toy_translator: Translator,
) -> None:
    with pytest.warns(UnknownCharactersWarning) as warned:
        answers = toy_translator.translate(["aéb", "ab", "\u202eéa"])
    assert len(warned) == 1
    assert "é (U+00E9)" in str(warned[0].message)
    assert "\\u202e (U+202E)" in str(warned[0].message)
    assert [answer.unknown_symbols for answer in answers] == [("é",), (), ("é", "\u202e")]
    assert all(set(answer.hypothesis) <= set("ABCD") for answer in answers)


def test_unknown_characters_are_refused_where_they_are_an_error(toy_translator: Translator) -> None:
    refused, fine = toy_translator.translate(["aéb", "abcda"], unknown="error")
    assert refused.error == "the model never saw é (U+00E9)"
    assert refused.hypothesis == ""
    assert (fine.hypothesis, fine.error) == ("ADCBA", None)


def test_a_text_that_is_too_long_is_refused_and_the_others_answered(
    toy_translator: Translator,
) -> None:
    refused, fine = toy_translator.translate(["a" * (LONGEST_SOURCE + 1), "abcda"])
    assert refused.error == "longer than 10,000 characters"
    assert fine.hypothesis == "ADCBA"


def test_a_long_text_is_answered_within_its_limit(toy_translator: Translator) -> None:
    answer = toy_translator.translate("abcd" * 500)
    assert len(answer.hypothesis) <= toy_translator.description.output_limit.of(2_000)


def test_saving_and_loading_changes_no_answer(
    toy_translator: Translator, toy_pairs, tmp_path: Path
) -> None:
    toy_translator.save(tmp_path / "model.safetensors")
    again = charseq.load(tmp_path / "model.safetensors")
    texts = [source for source, _ in toy_pairs]
    assert again.translate(texts) == toy_translator.translate(texts)
    again.save(tmp_path / "again.safetensors")
    files = [tmp_path / f"{name}.safetensors" for name in ("model", "again")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_the_public_names_are_there_without_importing_torch_first() -> None:
    assert set(charseq.__all__) <= set(dir(charseq))
    assert charseq.Translator is Translator
    with pytest.raises(AttributeError, match="no attribute 'translat'"):
        charseq.translat  # noqa: B018
