import time

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from charseq.config import ModelConfig
from charseq.text import CHARACTERS, Spelling, Spellings, normalised

spellings = st.builds(
    lambda separator, symbols, normalise, written: (
        Spellings.of(
            ModelConfig(target_separator=separator, symbols=symbols, normalise=normalise), written
        ).target
    ),
    st.none() | st.sampled_from([" ", "|", "--", "é", "e\u0301", "가"]),
    st.sampled_from(["characters", "graphemes"]),
    st.sampled_from(["none", "nfc", "nfd", "jamo"]),
    st.sampled_from(["none", "nfc", "nfd"]),
)
texts = st.text(st.sampled_from("ab é|-가\u0301\u1100\u1161\U0001f1eb\u200d"), max_size=12)


@given(texts, spellings)
def test_a_text_comes_back_from_its_symbols_in_its_form(text: str, spelling: Spelling) -> None:
    if not spelling.lacks_symbols(text):
        expected = normalised(normalised(text, spelling.normalise), spelling.written)
        assert spelling.text(spelling.symbols(text)) == expected


@given(texts, st.sampled_from([None, " ", "|", "--"]), st.booleans())
def test_a_text_as_it_stands_comes_back_the_same(text, separator, graphemes) -> None:
    spelling = Spelling(separator, graphemes)
    if not spelling.lacks_symbols(text):
        assert spelling.text(spelling.symbols(text)) == text
        assert spelling.length(text) == len(spelling.symbols(text))


def test_a_separator_makes_symbols_of_several_characters() -> None:
    assert list(Spelling(" ").symbols("t͡ʃ a")) == ["t͡ʃ", "a"]
    assert Spelling(" ").text(["t͡ʃ", "a"]) == "t͡ʃ a"
    assert list(CHARACTERS.symbols("t͡ʃ")) == ["t", "͡", "ʃ"]


@pytest.mark.parametrize("text", [" a", "a ", "a  b", "", " "])
def test_where_separators_meet_there_is_no_symbol(text: str) -> None:
    spelling = Spelling(" ")
    assert spelling.lacks_symbols(text)
    assert "" not in spelling.symbols(text)
    assert not CHARACTERS.lacks_symbols(text)


def test_a_grapheme_cluster_holds_a_letter_with_its_marks() -> None:
    spelling = Spelling(graphemes=True)
    assert list(spelling.symbols("e\u0301한\u1112\u1161👩\u200d👧x")) == [
        "e\u0301",
        "한",
        "\u1112\u1161",
        "👩\u200d👧",
        "x",
    ]


joining = st.text(
    st.sampled_from("\U0001f1eb\U0001f1f7\u0600\u0301\u200d\u0903क\u094da👩"), max_size=9
)


@given(joining)
def test_flags_are_cut_as_the_standard_cuts_them(text: str) -> None:
    assert Spelling(graphemes=True).symbols(text) == regex.findall(r"\X", text)


def test_many_flags_in_a_row_take_no_longer_each() -> None:
    flags = 200_000
    began = time.perf_counter()
    symbols = Spelling(graphemes=True).symbols("\U0001f1eb\U0001f1f7" * flags + "\U0001f1eb")
    # Were each to look back at all before it, this would take minutes.
    assert time.perf_counter() - began < 10
    assert (symbols[0], symbols[-1], len(symbols)) == ("🇫🇷", "\U0001f1eb", flags + 1)


def test_the_settings_say_how_each_side_is_spelt() -> None:
    config = ModelConfig(target_separator=" ", symbols="graphemes", normalise="jamo")
    assert Spellings.of(config, "nfd") == (
        Spelling(None, True, "jamo"),
        Spelling(" ", True, "jamo", "nfd"),
    )
    assert Spellings.of(ModelConfig(normalise="none")) == (CHARACTERS, CHARACTERS)
