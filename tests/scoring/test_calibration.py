"""Confidences: the probabilities that answers are right."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charseq.calibration import (
    HIGHEST_TEMPERATURE,
    KEPT,
    LEAST_DOUBT,
    LOWEST_TEMPERATURE,
)
from charseq.scoring import Calibration, Judged, cross_fitted_confidences, fit_calibration

# Sums of logarithms may be rounded to a little above 0.
log_probabilities = st.floats(-40, 1e-6) | st.just(-math.inf)
answers = st.builds(Judged, log_probabilities, st.integers(1, 30), st.booleans())
offsets = st.sampled_from([0.0, 0.1])
calibrations = st.builds(
    Calibration,
    st.floats(LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE),
    st.floats(0, 1),
    st.floats(0, 20),
)


def drawn(temperature: float, offset: float = 0.0, *, count: int = 3_000) -> list[Judged]:
    """Answers that are right as often as this temperature and offset say."""
    random = np.random.default_rng(1)
    confidences = random.beta(1.5, 0.5, count)
    symbols = random.integers(2, 20, count)
    doubts = -temperature * np.log(confidences)
    scores = -np.minimum(doubts + offset * symbols, doubts / KEPT)
    right = random.random(count) < confidences
    return list(map(Judged, scores.tolist(), symbols.tolist(), right.tolist()))


def log_loss(calibration: Calibration, judged: list[Judged]) -> float:
    """The log-loss over the answers whose loss depends on the temperature."""
    losses = []
    at_one = Calibration(1.0, calibration.offset_per_symbol, 0.0)
    for answer in judged:
        doubt = calibration.doubt(*answer[:2])
        if answer.log_probability > -math.inf and at_one.doubt(*answer[:2]) > LEAST_DOUBT:
            losses.append(doubt if answer.right else -math.log(-math.expm1(-doubt)))
    return math.fsum(losses)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
@pytest.mark.parametrize("offset", [0.0, 0.1])
def test_a_known_temperature_is_found_again(temperature: float, offset: float) -> None:
    found = fit_calibration(drawn(temperature, offset), offset)
    assert found.temperature == pytest.approx(temperature, rel=0.05)


def test_the_temperature_reaches_as_far_as_a_right_answer_was_doubted() -> None:
    judged = [Judged(-1.0, 3, True), Judged(-2.5, 3, True), Judged(-9.0, 3, False)]
    assert fit_calibration(judged).reach == pytest.approx(2.5)


def test_without_an_offset_a_confidence_is_the_probability_at_the_temperature() -> None:
    assert Calibration(1.0, 0.0, 9.0).confidence(math.log(0.7), 5) == pytest.approx(0.7)
    assert Calibration(2.0, 0.0, 9.0).confidence(math.log(0.49), 5) == pytest.approx(0.7)
    assert Calibration(0.5, 0.0, 0.0).confidence(math.log(0.7), 5) == pytest.approx(0.49)


def test_an_offset_gives_back_what_was_held_back_at_each_symbol() -> None:
    held_back = Calibration(1.0, 0.1, 9.0)
    assert held_back.confidence(math.log(0.7) - 0.5, 5) == pytest.approx(0.7)
    # Surer than that of all symbols, an answer is nearly certain, and never quite.
    assert 0.95 < held_back.confidence(-0.4, 5) < held_back.confidence(-0.3, 5) < 1


@given(st.lists(answers, max_size=20), offsets)
@example([Judged(0.0, 1, right=False), Judged(-0.5, 1, right=True)], 0.0)
def test_the_fit_never_loses_more_than_a_temperature_of_1(judged, offset) -> None:
    found = fit_calibration(judged, offset)
    assert LOWEST_TEMPERATURE <= found.temperature <= HIGHEST_TEMPERATURE
    assert log_loss(found, judged) <= log_loss(Calibration(1.0, offset, 9.0), judged) + 1e-9


@given(calibrations, log_probabilities, log_probabilities, st.integers(1, 30))
def test_of_two_answers_of_one_length_the_more_probable_is_the_surer(
    calibration, one, other, symbols
) -> None:
    low, high = sorted((one, other))
    sure_of_low, sure_of_high = (calibration.confidence(each, symbols) for each in (low, high))
    assert 0 <= sure_of_low <= sure_of_high <= 1


def test_an_answer_without_an_end_has_no_confidence_at_all() -> None:
    assert Calibration(10.0, 0.1, 9.0).confidence(-math.inf, 3) == 0
    ended = drawn(2.0, count=100)
    unended = [Judged(-math.inf, 9, right=False)] * 50
    assert fit_calibration([*ended, *unended]) == fit_calibration(ended)


def test_few_answers_leave_the_temperature_near_1() -> None:
    assert fit_calibration([]).temperature == pytest.approx(1)
    for right, low, high, bound in (
        (True, 1.05, 1.5, HIGHEST_TEMPERATURE),
        (False, 0.6, 0.95, LOWEST_TEMPERATURE),
    ):
        few, many = (
            fit_calibration([Judged(-0.5, 4, right)] * count).temperature for count in (2, 5_000)
        )
        assert low < few < high
        assert many == pytest.approx(bound)
        assert LOWEST_TEMPERATURE <= many <= HIGHEST_TEMPERATURE


def test_less_probable_than_any_right_answer_an_answer_is_given_no_more_credit() -> None:
    # All are right, so that the model could be far surer of such answers, and of no others.
    found = fit_calibration([Judged(-0.1 - 0.001 * place, 4, right=True) for place in range(200)])
    assert found.temperature > 2
    assert found.reach == pytest.approx(0.299)
    least = found.confidence(-found.reach, 4)
    assert least == pytest.approx(math.exp(-found.reach / found.temperature))
    assert found.confidence(-found.reach - 2, 4) == pytest.approx(least * math.exp(-2))


@given(st.lists(answers, min_size=1, max_size=12), st.data(), offsets)
def test_a_cross_fitted_confidence_does_not_know_whether_its_answer_is_right(
    judged, data, offset
) -> None:
    place = data.draw(st.integers(0, len(judged) - 1))
    before = cross_fitted_confidences(judged, offset)
    changed = [*judged]
    changed[place] = judged[place]._replace(right=not judged[place].right)
    after = cross_fitted_confidences(changed, offset)
    # Nor do those that it shares a half with; those of the other half may.
    assert before[place % 2 :: 2] == after[place % 2 :: 2]


def test_each_half_has_the_temperature_of_the_other() -> None:
    judged = drawn(2.0, count=60)
    sure = fit_calibration(judged[1::2]).confidence(*judged[0][:2])
    assert cross_fitted_confidences(judged)[0] == sure
