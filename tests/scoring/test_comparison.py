"""Two systems on the same items."""

import json
import math

import pytest
from noisy import two_systems

from charseq.errors import DataError, UsageError
from charseq.scoring import compare, score


def compared(first, second, references, **options):
    return compare([f"s{n}" for n in range(len(first))], first, second, references, **options)


def test_each_systems_scores_are_those_it_has_alone():
    references, better, worse = two_systems()
    found = compared(better, worse, references, bootstrap=100, seed=3)
    assert found.first == score(better, references, bootstrap=100, seed=3)
    assert found.second == score(worse, references, bootstrap=100, seed=3)


def test_differences_are_first_less_second_within_their_intervals():
    references, better, worse = two_systems()
    found = compared(better, worse, references, bootstrap=200)
    assert set(found.differences) == {"exact_match", "character_error_rate", "chrf", "bleu"}
    for name, difference in found.differences.items():
        ours, theirs = getattr(found.first, name), getattr(found.second, name)
        assert difference.value == ours.value - theirs.value
        assert difference.low <= difference.value <= difference.high
    assert found.differences["chrf"].value > 0 > found.differences["character_error_rate"].value


def test_pairing_makes_the_interval_narrower_than_the_systems_own():
    references, better, worse = two_systems()
    found = compared(better, worse, references, bootstrap=200)
    alone = found.first.chrf
    paired = found.differences["chrf"]
    assert paired.high - paired.low < 0.7 * (alone.high - alone.low)


def test_a_clear_difference_has_a_small_p_value_and_none_has_a_p_value_of_one():
    references, better, worse = two_systems()
    clear = compared(better, worse, references, bootstrap=200).differences
    assert clear["chrf"].p_value == pytest.approx(1 / 201)
    none = compared(better, better, references, bootstrap=200).differences
    assert all(
        (each.value, each.low, each.high, each.p_value) == (0, 0, 0, 1) for each in none.values()
    )


@pytest.mark.parametrize(
    ("only_first", "only_second", "items"), [(12, 4, 100), (5, 0, 200), (3, 0, 3), (1, 0, 1)]
)
def test_the_p_value_of_exact_match_is_near_that_of_the_exact_test(only_first, only_second, items):
    """Of the items that only one has right, each system would have each with a chance of half."""
    references = [["x"]] * items
    same = ["x"] * (items - only_first - only_second)
    first = ["x"] * only_first + ["y"] * only_second + same
    second = ["y"] * only_first + ["x"] * only_second + same
    p_value = compared(first, second, references, bootstrap=4000).differences["exact_match"].p_value
    told = only_first + only_second
    tail = sum(math.comb(told, k) for k in range(only_first, told + 1)) / 2**told
    assert p_value == pytest.approx(min(1, 2 * tail), abs=0.02)
    assert type(p_value) is float


def test_swapping_the_systems_mirrors_the_differences():
    references, better, worse = two_systems()
    there = compared(better, worse, references, bootstrap=100).differences
    back = compared(worse, better, references, bootstrap=100).differences
    for name, difference in there.items():
        assert back[name].value == -difference.value
        assert (back[name].low, back[name].high) == pytest.approx(
            (-difference.high, -difference.low)
        )
        assert back[name].p_value == difference.p_value


def test_items_that_only_one_has_right_are_told_apart():
    found = compare(
        ["1", "2", "3", "4"],
        ["a", "b", "c", "x"],
        ["a", "x", "y", "d"],
        [["a"], ["b"], ["c", "z"], ["d"]],
        bootstrap=10,
    )
    assert found.both_right == 1
    assert [(item.source, item.right) for item in found.only_one_right] == [
        ("2", "first"),
        ("3", "first"),
        ("4", "second"),
    ]
    assert (found.only_first_right, found.only_second_right) == (2, 1)
    assert found.only_one_right[1].references == ("c", "z")
    fields = json.loads(json.dumps(found.as_dict()))
    assert fields["neither_right"] == 0
    assert fields["differences"]["exact_match"]["value"] == 0.25


def test_the_word_error_rate_is_compared_where_targets_have_a_separator():
    found = compared(["a b"], ["a c"], [["a b"]], target_separator=" ", bootstrap=10)
    assert found.differences["word_error_rate"].value == -100


def test_both_systems_need_an_output_for_every_item():
    with pytest.raises(DataError, match="first system has 1 outputs, the second 2"):
        compare(["s"], ["a"], ["a", "b"], [["a"]])
    with pytest.raises(UsageError, match="at least one resample"):
        compare(["s"], ["a"], ["a"], [["a"]], bootstrap=0)
