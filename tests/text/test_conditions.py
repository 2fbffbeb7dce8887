import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charseq.config import ModelConfig
from charseq.encoding import encode_conditions, encode_sources
from charseq.errors import ModelFileError, UsageError
from charseq.text import Input, Spelling, Vocabulary, inputs_of

names = st.sampled_from(["N", "V", "PL", "<unknown>", "a", "deu"])
inputs = st.lists(
    st.builds(
        Input,
        st.text("NVa ", max_size=4),
        st.lists(names, max_size=3).map(tuple),
        names | st.just(""),
    ),
    max_size=8,
)


def test_texts_and_languages_of_numpys_type_become_strings() -> None:
    (made,) = inputs_of(np.array(["a"]), None, np.array(["deu"]), ";")
    assert (type(made.source), type(made.language)) == (str, str)


@given(inputs, inputs, st.sampled_from([None, " "]), st.booleans())
def test_conditions_stand_first_and_no_text_spells_them(some, others, separator, unknown) -> None:
    vocabulary = Vocabulary.of_sources(
        (each.source for each in some), unknown=unknown, spelling=Spelling(separator)
    ).conditioned(some)
    conditions = set(vocabulary.conditions.ids)
    before = encode_conditions(others, vocabulary)
    texts = encode_sources([each.source for each in others], vocabulary, ModelConfig())
    whole = before.followed_by(texts)
    for row, each in enumerate(others):
        ids = whole.padded(np.array([row]), 0)[0].tolist()
        count = 0
        while count < len(ids) and ids[count] in conditions:
            count += 1
        assert not conditions & set(ids[count:])
        assert ids[count:] == vocabulary.ids(each.source)
        if conditions:
            assert count == len(each.features) + bool(each.language)
        assert count == before.lengths[row]


@given(inputs, inputs)
def test_new_conditions_leave_all_ids_as_they_were(some, more) -> None:
    first = Vocabulary.of_sources(each.source for each in some).conditioned(some)
    second = first.extended(each.source for each in more).conditioned(more)
    assert second.symbols[: len(first)] == first.symbols
    for each in some:
        known = encode_conditions([each], first).ids.tolist()
        assert encode_conditions([each], second).ids.tolist() == known
        assert second.ids(each.source) == first.ids(each.source)
    assert second.conditions.lacking([*some, *more]) == ([], [])


@given(inputs)
def test_conditions_come_back_from_a_model_file(some) -> None:
    vocabulary = Vocabulary.of_sources(each.source for each in some).conditioned(some)
    assert Vocabulary.from_dict(vocabulary.as_dict()) == vocabulary


def test_the_language_stands_before_the_features_in_their_order() -> None:
    known = Vocabulary.of_sources(["a"]).conditioned([Input("a", ("PL", "N"), "deu")])
    ids = encode_conditions([Input("a", ("PL", "N"), "deu")], known).ids
    assert [known.symbols[i] for i in ids] == ["deu", "PL", "N"]
    # A feature is not the language of the same name.
    ids = encode_conditions([Input("a", ("deu", "X"), "PL")], known).ids
    assert ids.tolist() == [known.conditions.unknown] * 3


@pytest.mark.parametrize(
    "fields",
    [
        {"features": [1]},
        {"features": [7], "unknown_condition": 1},
        {"features": [1], "unknown_condition": 1},
        {"features": 1, "unknown_condition": 1},
        {"languages": ["a"], "unknown_condition": 1},
    ],
)
def test_malformed_conditions_are_refused(fields) -> None:
    with pytest.raises(ModelFileError, match="vocabulary"):
        Vocabulary.from_dict({"symbols": ["a", "b", "c"], **fields})


def test_features_and_languages_are_for_all_or_for_each() -> None:
    assert list(inputs_of(["a", "b"], "N;PL", "deu", ";")) == [
        Input("a", ("N", "PL"), "deu"),
        Input("b", ("N", "PL"), "deu"),
    ]
    assert list(inputs_of(["a", "b"], ["N;PL", ("V", "SG")], None, ";")) == [
        Input("a", ("N", "PL")),
        Input("b", ("V", "SG")),
    ]
    assert list(inputs_of(["a"], "", None, ";")) == [Input("a")]


@pytest.mark.parametrize(("features", "what"), [(["N"], "fewer"), (["N", "V", "N"], "more")])
def test_as_many_features_as_texts_are_needed(features: list[str], what: str) -> None:
    with pytest.raises(UsageError, match=f"there are {what} features or languages than texts"):
        list(inputs_of(["a", "b"], features, None, ";"))
