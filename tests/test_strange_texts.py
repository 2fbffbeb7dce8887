"""Texts of any script and length: they are learnt and translated, or refused in plain words."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import charseq
from charseq.config import CorpusConfig
from charseq.corpus import corpus_of
from charseq.errors import DataError, visible
from charseq.modelfile import read_model

pytestmark = pytest.mark.filterwarnings("ignore::charseq.errors.UnknownCharactersWarning")

QUICK = {"units": 8, "epochs": 1, "held_out_maximum": 4}

SCRIPTS = {
    "right to left": [("שלום", "שָׁלוֹם"), ("سلام", "سَلَام"), ("كتاب", "كِتَاب"), ("ספר", "סֵפֶר")],
    "combining": [("e\u0301", "é"), ("a\u0308\u0304", "ǟ"), ("ก็", "ko"), ("ກໍ", "ko")],
    "emoji with joiners": [
        ("👩‍🚀", "astronaut"),
        ("🏳️‍🌈", "flag"),
        ("👍🏽", "yes"),
        ("👨‍👩‍👧", "family"),
    ],
    "astral planes": [("𝔘", "U"), ("𐍈", "hw"), ("𒀭", "an"), ("𠮷", "yoshi")],
    "bidirectional marks": [
        ("\u202eab", "ba"),
        ("\u200fא", "a"),
        ("a\u2066b", "ab"),
        ("\ufeffx", "x"),
    ],
}


def trained(pairs: list[tuple[str, str]], folder: Path, **more: object) -> charseq.Translator:
    return charseq.train(pairs, run=folder / "run", **{**QUICK, **more})


@pytest.mark.parametrize("pairs", SCRIPTS.values(), ids=SCRIPTS)
@pytest.mark.parametrize("symbols", ["characters", "graphemes"])
def test_every_script_is_learnt(pairs: list[tuple[str, str]], symbols: str, tmp_path: Path) -> None:
    more = {"units": 64, "epochs": 50, "dropout": 0.0, "keep": "last", "refit": True}
    translator = trained(pairs * 20, tmp_path, symbols=symbols, **more)
    answers = [translator.translate(source).hypothesis for source, _ in pairs]
    # The model is fitted on all pairs at last: they are known by heart.
    assert answers == [target for _, target in pairs]
    path = tmp_path / "model.safetensors"
    translator.save(path)
    again = charseq.load(path)
    assert [again.translate(source).hypothesis for source, _ in pairs] == answers
    assert translator.score(*pairs[0]) == pytest.approx(again.score(*pairs[0]))


# All that a pair may hold: half a character, a line break and NUL are refused.
anything = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\n\r"), min_size=1, max_size=12
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pairs=st.lists(st.tuples(anything, anything), min_size=2, max_size=8))
def test_texts_of_any_characters_train_and_translate_or_are_refused(
    pairs: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    if len({unicodedata.normalize("NFC", source) for source, _ in pairs}) == 1:
        with pytest.raises(DataError, match="all sources are the same"):
            trained(pairs, folder)
        return
    translator = trained(pairs, folder)
    answers = translator.translate([source for source, _ in pairs], beam=2)
    assert all(answer.error is None for answer in answers)
    for answer in answers:
        answer.hypothesis.encode()
    assert read_model(folder / "run" / "model.safetensors")[0].sources


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(st.characters(), max_size=30))
def test_any_text_is_answered_or_refused(toy_translator: charseq.Translator, text: str) -> None:
    try:
        answer = toy_translator.translate(text)
    except UnicodeError:
        pytest.fail("half a character ended in a traceback")
    if any(0xD800 <= ord(character) < 0xE000 for character in text):
        assert answer.error is not None
    else:
        answer.hypothesis.encode()


def test_a_source_of_ten_thousand_characters_is_learnt_from_and_translated(tmp_path: Path) -> None:
    long = "abcdefghij" * 1_000
    pairs = [(long, "x"), (long[::-1], "y"), ("ab", "z"), ("ba", "w"), ("abc", "v")]
    translator = trained(pairs, tmp_path, held_out_share=0.2)
    assert translator.translate(long).error is None
    assert translator.translate(long + "a").error is not None
    assert translator.score(long, "x") < 0


def test_one_pair_has_nothing_to_hold_out_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing can be held out"):
        trained([("a", "b")], tmp_path)
    with pytest.raises(DataError, match="nothing can be held out"):
        trained([("a", "b")] * 100, tmp_path)
    assert not (tmp_path / "run").exists()
    translator = trained([("a", "b")], tmp_path, held_out=corpus_of([("a", "b")], CorpusConfig()))
    assert translator.translate("a").error is None


def test_half_a_character_is_refused(toy_translator: charseq.Translator) -> None:
    answers = toy_translator.translate(["ab", "a\ud83d"])
    assert [each.error for each in answers] == [None, "contains half a character, a lone surrogate"]
    assert answers[1].hypothesis == ""


def test_half_a_character_is_refused_with_its_pair(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"pairs:2: a lone surrogate"):
        trained([("a", "b"), ("\ud83d", "c"), ("d", "e")], tmp_path)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("pay\u200cpal", "pay\\u200cpal"),
        ("می\u200c", "می\\u200c"),
        ("\u200dम", "\\u200dम"),
        ("म\u200d\u200dम", "म\\u200d\\u200dम"),
        ("م\u202eم", "م\\u202eم"),
    ],
)
def test_messages_show_joiners_as_they_are_only_where_they_join(text: str, shown: str) -> None:
    assert visible(text) == shown
