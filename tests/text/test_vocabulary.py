import pytest
from hypothesis import given
from hypothesis import strategies as st

from charseq.errors import ModelFileError
from charseq.text import Spelling, Vocabulary

texts = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=8)
any_characters = st.text(alphabet=st.characters(exclude_categories=()), max_size=12)


@given(texts)
def test_a_known_text_comes_back_from_its_ids(corpus: list[str]) -> None:
    for vocabulary in (Vocabulary.of_sources(corpus), Vocabulary.of_targets(corpus)):
        for text in corpus:
            assert vocabulary.text(vocabulary.ids(text)) == text


@given(texts, st.lists(any_characters, max_size=6))
def test_encoding_many_texts_is_encoding_each(corpus: list[str], others: list[str]) -> None:
    for unknown in (True, False):
        vocabulary = Vocabulary.of_sources(corpus, unknown=unknown)
        ids, lengths = vocabulary.encode(others)
        assert ids.tolist() == [i for text in others for i in vocabulary.ids(text)]
        assert lengths.tolist() == [len(text) for text in others]


@given(texts)
def test_no_text_spells_a_special_symbol(corpus: list[str]) -> None:
    vocabulary = Vocabulary.of_targets([*corpus, "<start>", "\t\n"])
    for text in (*corpus, *vocabulary.symbols, "\t\n"):
        assert not set(vocabulary.ids(text)) & {vocabulary.start, vocabulary.end}


def test_special_symbols_are_not_written() -> None:
    vocabulary = Vocabulary.of_targets(["ab"])
    assert vocabulary.text([0, 3, 2, 4, 1]) == "ab"


def test_unseen_characters_are_unknown_or_past_the_last_symbol() -> None:
    assert Vocabulary.of_sources(["ab"]).ids("axb") == [1, 0, 2]
    assert Vocabulary.of_sources(["ab"], unknown=False).ids("axb") == [0, 2, 1]
    assert Vocabulary.of_sources(["ab"]).unknown_symbols("axbx") == {"x"}


def test_tables_without_unknown_symbol_are_the_keras_examples() -> None:
    targets = Vocabulary.of_targets(["va !"], unknown=False)
    assert targets.symbols == ("\t", "\n", " ", "!", "a", "v")
    assert targets.frame == (0, 1)
    assert Vocabulary.of_sources(["go"], unknown=False).symbols == ("g", "o")


@given(texts, texts)
def test_extending_keeps_all_ids(corpus: list[str], more: list[str]) -> None:
    for vocabulary in (Vocabulary.of_targets(corpus), Vocabulary.of_targets(corpus, unknown=False)):
        extended = vocabulary.extended(more)
        assert extended.symbols[: len(vocabulary)] == vocabulary.symbols
        assert extended.special == vocabulary.special
        # Tab and newline frame a text where there is no unknown symbol.
        new = set("".join(more)) - {vocabulary.symbols[i] for i in vocabulary.special}
        assert not new & extended.unknown_symbols("".join(more))


@given(texts)
def test_what_a_model_file_keeps_reads_back_equal(corpus: list[str]) -> None:
    for vocabulary in (Vocabulary.of_sources(corpus), Vocabulary.of_targets(corpus)):
        assert Vocabulary.from_dict(vocabulary.as_dict()) == vocabulary


@pytest.mark.parametrize(
    "fields",
    [
        None,
        {},
        {"symbols": "ab"},
        {"symbols": [1, 2]},
        {"symbols": ["a", "a"]},
        {"symbols": ["ab"]},
        {"symbols": ["a"], "start": 1},
        {"symbols": ["a"], "unknown": True},
    ],
)
def test_a_malformed_vocabulary_is_refused(fields: object) -> None:
    with pytest.raises(ModelFileError, match="vocabulary"):
        Vocabulary.from_dict(fields)


spellings = st.builds(
    Spelling,
    separator=st.none() | st.sampled_from([" ", "--"]),
    graphemes=st.booleans(),
    normalise=st.sampled_from(["none", "nfc", "nfd", "jamo"]),
    written=st.sampled_from(["none", "nfc", "nfd"]),
)
spelt_texts = st.lists(st.text("ab é가\u0301\u1100\u1161-", max_size=9), max_size=6)


@given(spelt_texts, spelt_texts, spellings, st.booleans())
def test_encoding_agrees_with_looking_up_each_symbol(corpus, others, spelling, unknown) -> None:
    vocabulary = Vocabulary.of_sources(corpus, unknown=unknown, spelling=spelling)
    ids, lengths = vocabulary.encode(others)
    places = {symbol: place for place, symbol in enumerate(vocabulary.symbols)}
    slowly = [
        [places.get(symbol, vocabulary.unseen) for symbol in spelling.symbols(text)]
        for text in others
    ]
    assert ids.tolist() == [place for row in slowly for place in row]
    assert lengths.tolist() == [len(row) for row in slowly]


@given(spelt_texts, spellings)
def test_a_spelt_text_comes_back_from_its_ids_in_its_form(corpus, spelling) -> None:
    vocabulary = Vocabulary.of_targets(corpus, spelling=spelling)
    assert Vocabulary.from_dict(vocabulary.as_dict(), spelling) == vocabulary
    for text in corpus:
        assert vocabulary.text(vocabulary.ids(text)) == spelling.text(spelling.symbols(text))


def test_a_new_symbol_may_be_spelt_like_a_special_one() -> None:
    spelling = Spelling(" ")
    vocabulary = Vocabulary.of_targets(["a"], spelling=spelling)
    special = vocabulary.symbols[vocabulary.end]
    extended = vocabulary.extended([f"a {special}"])
    assert len(extended) == len(vocabulary) + 1
    assert extended.ids(special) == [len(vocabulary)]


def test_a_symbol_spelt_like_a_special_one_is_another() -> None:
    vocabulary = Vocabulary.of_targets(["<start> <end>"], spelling=Spelling(" "))
    assert not set(vocabulary.ids("<start> <end> <unknown>")[:2]) & set(vocabulary.special)
    assert vocabulary.text(vocabulary.ids("<end> <start>")) == "<end> <start>"
    assert vocabulary.unknown_symbols("<end> <unknown>") == {"<unknown>"}
