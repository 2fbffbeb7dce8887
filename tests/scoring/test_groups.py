"""Errors in groups."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charseq.errors import DataError
from charseq.scoring import Edit, edit_distance, error_groups

texts = st.text(alphabet="abc", max_size=8)


def groups_of(*triples, **options):
    return error_groups(*map(list, zip(*triples, strict=True)), **options)


def test_edits_are_told_by_what_was_written_for_what():
    found = groups_of(
        ("s", "bat", ["cat"]), ("s", "bat", ["cat"]), ("s", "at", ["hat"]), ("s", "hats", ["hat"])
    )
    assert (found.substitutions, found.insertions, found.deletions) == (2, 1, 1)
    assert found.edits == (Edit("c", "b", 2), Edit("", "s", 1), Edit("h", "", 1))


def test_edits_are_of_whole_symbols():
    found = groups_of(("cat", "k ɛ t", ["k æ t", "c a t"]), target_separator=" ")
    assert found.edits == (Edit("æ", "ɛ", 1),)


def test_edits_are_counted_against_the_nearest_reference_in_its_normal_form():
    found = groups_of(("s", "e\u0301te", ["hiver", "été"]))
    assert found.edits == (Edit("é", "e", 1),)


def test_only_as_many_edits_are_listed_as_asked_for_and_all_are_counted():
    found = groups_of(("s", "abc", ["xyz"]), most=2)
    assert len(found.edits) == 2
    assert found.substitutions == 3


def test_outputs_too_short_and_too_long_are_counted():
    found = groups_of(("s", "a", ["ab"]), ("s", "", ["b"]), ("s", "abc", ["ab"]), ("s", "b", ["a"]))
    assert (found.too_short, found.too_long) == (2, 1)


def test_source_lengths_make_groups_of_about_equal_size():
    triples = [("x" * length, "a" if length < 9 else "b", ["a"]) for length in range(1, 11)]
    found = groups_of(*triples).by_source_length
    assert [group.name for group in found] == ["1–2", "3–4", "5–6", "7–8", "9–10"]
    assert [group.items for group in found] == [2] * 5
    assert [group.exact_match for group in found] == [1, 1, 1, 1, 0]
    assert [group.character_error_rate for group in found] == [0, 0, 0, 0, 1]


def test_sources_of_one_length_make_one_group():
    (group,) = groups_of(("ab", "x", ["x"]), ("cd", "y", ["x"])).by_source_length
    assert (group.name, group.items, group.exact_match) == ("2", 2, 0.5)


def test_sources_with_unseen_characters_are_set_apart():
    seen, unseen = groups_of(
        ("ab", "x", ["x"]), ("zz", "y", ["x"]), ("cd", "x", ["x"]), unseen=[False, True, False]
    ).by_unseen
    assert (seen.items, seen.exact_match) == (2, 1)
    assert (unseen.items, unseen.exact_match) == (1, 0)


def test_nothing_is_said_of_unseen_characters_where_no_model_was_asked():
    assert groups_of(("ab", "x", ["x"])).by_unseen == ()


@given(st.lists(st.tuples(texts, texts, st.lists(texts, min_size=1, max_size=2)), min_size=1))
def test_every_item_and_every_edit_is_counted_once(triples):
    found = groups_of(*triples, most=1000)
    edits = found.substitutions + found.insertions + found.deletions
    assert edits == sum(edit.count for edit in found.edits)
    assert edits == sum(min(edit_distance(h, right) for right in rs) for _, h, rs in triples)
    assert sum(group.items for group in found.by_source_length) == len(triples)


def test_groups_are_written_as_json():
    found = groups_of(("ab", "x", ["y"]), unseen=[True])
    assert json.loads(json.dumps(found.as_dict()))["edits"] == [
        {"reference": "y", "hypothesis": "x", "count": 1}
    ]


def test_a_source_is_needed_for_each_hypothesis():
    with pytest.raises(DataError, match="1 sources but 2 hypotheses"):
        error_groups(["a"], ["a", "b"], [["a"], ["b"]])


def test_as_many_marks_of_unseen_characters_as_sources_are_needed():
    with pytest.raises(DataError, match="unseen has 2 values, but there are 1 sources"):
        error_groups(["a"], ["b"], [["c"]], unseen=[True, False])
