"""How far confidences can be relied on."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charseq.errors import DataError
from charseq.scoring import reliability_of

judgements = st.lists(
    st.tuples(st.sampled_from([0.0, 0.25, 0.5, 1.0]) | st.floats(0, 1), st.booleans()),
    min_size=1,
    max_size=150,
)


def measured(judged):
    return reliability_of([sure for sure, _ in judged], [right for _, right in judged])


def test_confidences_that_keep_their_promise_have_a_small_calibration_error():
    random = np.random.default_rng(1)
    sure = random.random(20_000)
    right = random.random(20_000) < sure
    assert reliability_of(sure.tolist(), right.tolist()).expected_calibration_error < 0.01
    # Those that promise too much are off by what they promise too much.
    too_sure = reliability_of(((1 + sure) / 2).tolist(), right.tolist())
    assert too_sure.expected_calibration_error == pytest.approx(0.25, abs=0.01)
    assert too_sure.brier_score > reliability_of(sure.tolist(), right.tolist()).brier_score


def test_who_always_says_the_average_is_calibrated_and_no_better_than_chance():
    found = reliability_of([0.75] * 100, [True, True, True, False] * 25)
    assert found.expected_calibration_error == 0
    assert found.brier_score == 0.75 * 0.25


def test_who_knows_everything_has_neither_error():
    found = reliability_of([1.0, 0.0] * 50, [True, False] * 50)
    assert (found.expected_calibration_error, found.brier_score) == (0, 0)
    assert [(each.mean_confidence, each.exact_match) for each in found.bins] == [(0, 0), (1, 1)]


def test_bins_hold_as_many_answers_each_and_few_answers_make_few_bins():
    sure = [place / 1_000 for place in range(1_000)]
    assert [each.items for each in reliability_of(sure, [True] * 1_000).bins] == [100] * 10
    assert len(reliability_of(sure[:65], [True] * 65).bins) == 3
    (only,) = reliability_of([0.25, 0.75], [False, True]).bins
    assert (only.items, only.mean_confidence, only.exact_match) == (2, 0.5, 0.5)


@given(judgements, st.randoms())
def test_the_order_of_the_answers_changes_nothing(judged, random):
    found = measured(judged)
    shuffled = random.sample(judged, len(judged))
    again = measured(shuffled)
    assert [each.items for each in again.bins] == [each.items for each in found.bins]
    assert again.expected_calibration_error == pytest.approx(found.expected_calibration_error)
    assert again.brier_score == pytest.approx(found.brier_score)
    assert again.coverages == found.coverages


@given(judgements)
def test_every_answer_is_in_one_bin(judged):
    found = measured(judged)
    assert sum(each.items for each in found.bins) == len(judged)
    assert sum(each.items * each.exact_match for each in found.bins) == pytest.approx(
        sum(right for _, right in judged)
    )


@given(judgements)
def test_a_coverage_holds_the_answers_that_abstaining_below_it_leaves(judged):
    for each in measured(judged).coverages:
        kept = [right for sure, right in judged if sure >= each.least_confidence]
        assert each.items == len(kept) >= round(each.share * len(judged))
        assert each.exact_match == pytest.approx(sum(kept) / len(kept))


def test_the_most_confident_answers_are_told_apart():
    sure = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    half, *_, most = reliability_of(sure, [False] * 5 + [True] * 5).coverages
    assert (half.share, half.items, half.least_confidence, half.exact_match) == (0.5, 5, 0.6, 1)
    assert (most.share, most.items, most.exact_match) == (0.9, 9, pytest.approx(5 / 9))


def test_it_can_be_written_as_json():
    found = reliability_of([0.5, 0.75], [True, False]).as_dict()
    assert json.loads(json.dumps(found))["bins"][0]["items"] == 2


@pytest.mark.parametrize(("sure", "right"), [([], []), ([0.5], [])])
def test_there_must_be_a_verdict_for_every_confidence(sure, right):
    with pytest.raises(DataError, match="give one of each for every answer"):
        reliability_of(sure, right)
