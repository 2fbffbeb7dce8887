import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charseq.text import has_hangul, is_normalised, normalised, own_form

texts = st.text(max_size=12)
hangul = st.text(
    st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)
    | st.characters(min_codepoint=0x1100, max_codepoint=0x11FF)
    | st.sampled_from("a é̈ ㅎㅏ"),
    max_size=12,
)


def test_jamo_takes_syllables_apart_and_composes_everything_else() -> None:
    assert normalised("한국 e\u0301", "jamo") == "\u1112\u1161\u11ab\u1100\u116e\u11a8 é"
    assert normalised("e\u0301", "nfc") == "é"
    assert normalised("é", "nfd") == "e\u0301"
    assert normalised("e\u0301", "none") == "e\u0301"


@given(texts | hangul)
def test_jamo_come_back_as_they_went(text: str) -> None:
    assert normalised(normalised(text, "jamo"), "nfc") == normalised(text, "nfc")
    assert not any("가" <= character <= "힣" for character in normalised(text, "jamo"))


@given(texts | hangul, st.sampled_from(["none", "nfc", "nfd", "jamo"]))
def test_normalising_again_changes_nothing(text: str, form) -> None:
    once = normalised(text, form)
    assert normalised(once, form) == once
    assert unicodedata.normalize("NFC", once) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("some", "form"),
    [
        (["é", "a"], "nfc"),
        (["e\u0301", "a"], "nfd"),
        (["é", "e\u0301"], "nfc"),
        (["plain"], "nfc"),
        ([], "nfc"),
    ],
)
def test_texts_have_a_form_of_their_own(some: list[str], form: str) -> None:
    assert own_form(some) == form


def test_hangul_is_syllables_and_conjoining_jamo() -> None:
    assert has_hangul(["abc", "a한"])
    assert has_hangul(["\u1112"])
    assert not has_hangul(["abc", "ㅎ", "漢字", "かな"])


@pytest.mark.parametrize("form", ["nfc", "nfd", "jamo"])
def test_marks_without_number_take_no_more_time_than_other_characters(form) -> None:
    began = time.perf_counter()
    long = "e" + "\u0301\u0327" * 200_000
    once = normalised(long, form)
    assert own_form([once]) in ("nfc", "nfd")
    assert time.perf_counter() - began < 10
    # All marks that anybody writes are put into order.
    few = "e" + "\u0301\u0327" * 100 + "x" * 1_000
    assert normalised(few, "nfd") == unicodedata.normalize("NFD", few)
    assert sorted(normalised(long, "nfd")) == sorted(unicodedata.normalize("NFD", "e") + long[1:])


@given(st.text("e\u0301\u0327가\u1100\u1161\u0f73", min_size=1, max_size=40))
def test_long_texts_are_normalised_as_short_ones(text: str) -> None:
    long = text * 60
    for form, name in (("nfc", "NFC"), ("nfd", "NFD")):
        whole = unicodedata.normalize(name, long)
        alike = max(map(len, re.findall("[\u0301\u0327\u0f73]+", long)), default=0) <= 400
        assert (normalised(long, form) == whole) or not alike
        assert is_normalised(normalised(long, form), form) or not alike
