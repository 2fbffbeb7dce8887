"""From a model's log-probability of an answer to the probability that the answer is right.

Of the answers that a model gives a probability of 0.9, eight in ten may be right, or all ten. One
temperature, fitted on held-out answers, corrects that (Guo et al. 2017, "On calibration of modern
neural networks": for single classes there, for whole answers here).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.1, 10.0
# The standard deviation of the temperature's logarithm before any answer is seen.
PRIOR_DEVIATION = 0.5
# An answer keeps this share of its doubt, whatever the offset takes off. So of two answers of equal
# length, the more probable always has the higher confidence, and the offset makes none certain.
KEPT = 0.1
# An answer with less doubt than this is certain at every temperature.
LEAST_DOUBT = 1e-300
_HALVINGS = 40


class Judged(NamedTuple):
    """An answer known to be right or wrong.

    Attributes:
        log_probability: as `Calibration.confidence` takes it.
        symbols: how many symbols the answer has, including its end.
        right: whether it equals a reference whole.
    """

    log_probability: float
    symbols: int
    right: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns a model's log-probabilities into confidences.

    Attributes:
        temperature: the divisor of log-probabilities; above 1, the model is right more often than
            its probabilities say, and below 1, less often.
        offset_per_symbol: what is added to them for each symbol, because label smoothing taught the
            model to hold that much back; 0 without it.
        reach: how far down a temperature above 1 applies: to the least probable right answer that
            it was fitted on, as minus its log-probability, including the offset. Below that, the
            probability falls as the model's own does.
    """

    temperature: float
    offset_per_symbol: float
    reach: float

    def smoothed(self, symbols: int) -> float:
        """Return the probability that label smoothing taught a model to give to any symbol.

        Args:
            symbols: the size of the vocabulary.
        """
        return -math.expm1(-self.offset_per_symbol) / max(1, symbols - 1)

    def confidence(self, log_probability: float, symbols: int) -> float:
        """Return the probability, from 0 to 1, that an answer is right.

        Args:
            log_probability: natural logarithm of the answer's probability, including its end; minus
                infinity for an answer without an end.
            symbols: how many symbols the answer has, including its end.
        """
        return math.exp(-self.doubt(log_probability, symbols))

    def doubt(self, log_probability: float, symbols: int) -> float:
        """Return minus the logarithm of the `confidence`, with the same arguments."""
        doubt = _doubt(log_probability, symbols, self.offset_per_symbol)
        most_spared = self.reach * max(0.0, 1 - 1 / self.temperature)
        return max(doubt / self.temperature, doubt - most_spared)


def fit_calibration(answers: Sequence[Judged], offset_per_symbol: float = 0.0) -> Calibration:
    """Fit the temperature that minimises the log-loss of the confidences.

    Its logarithm has a normal prior around 0, so it stays near 1 with few answers, and does not
    diverge if all are right or none is, which says little about less probable answers. With some
    hundred answers of either kind, the prior has no weight. The log-loss is never above that of a
    temperature of 1.

    Args:
        answers: answers that are known to be right or wrong.
        offset_per_symbol: as in `Calibration`; training determines it.
    """
    doubts = np.array(
        [_doubt(each.log_probability, each.symbols, offset_per_symbol) for each in answers]
    )
    right = np.array([each.right for each in answers], bool)
    # At any temperature, an answer without an end has confidence 0, and a certain one 1: no
    # temperature changes what these lose.
    ended = np.isfinite(doubts)
    of_right, of_wrong = doubts[ended & right], doubts[ended & ~right & (doubts > LEAST_DOUBT)]
    # Loss and prior are strictly convex in the logarithm, so their slope crosses zero once.
    low, high = math.log(LOWEST_TEMPERATURE), math.log(HIGHEST_TEMPERATURE)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _slope(middle, of_right, of_wrong) > 0:
            high = middle
        else:
            low = middle
    temperature = min(max(LOWEST_TEMPERATURE, math.exp(low)), HIGHEST_TEMPERATURE)
    return Calibration(temperature, offset_per_symbol, float(of_right.max(initial=0.0)))


def cross_fitted_confidences(
    answers: Sequence[Judged], offset_per_symbol: float = 0.0
) -> list[float]:
    """Return unbiased confidences: no answer influences its own temperature.

    Each half of the answers, those in even and those in odd places, uses the temperature fitted on
    the other half.

    Args:
        answers: answers that are known to be right or wrong.
        offset_per_symbol: as for `fit_calibration`.
    """
    fitted_on = [fit_calibration(answers[half::2], offset_per_symbol) for half in (0, 1)]
    return [
        fitted_on[1 - place % 2].confidence(answer.log_probability, answer.symbols)
        for place, answer in enumerate(answers)
    ]


def _doubt(log_probability: float, symbols: int, offset_per_symbol: float) -> float:
    """Return minus a log-probability, including the offset."""
    raised = min(log_probability + offset_per_symbol * symbols, KEPT * log_probability)
    # Rounding may leave a logarithm a little above 0.
    return max(0.0, -raised)


def _slope(logarithm: float, of_right: NDArray[np.float64], of_wrong: NDArray[np.float64]) -> float:
    """Return the slope of log-loss and prior in the temperature's logarithm."""
    temperature = math.exp(logarithm)
    # A wrong answer at h = doubt / temperature loses -log(1 - exp(-h)), whose slope in h, times -h,
    # is h / (exp(h) - 1), and 1 at h = 0.
    hazards = of_wrong / temperature
    pulls = hazards * np.exp(-hazards) / -np.expm1(-hazards)
    prior = logarithm / PRIOR_DEVIATION**2
    return float(prior - (of_right / temperature).sum() + pulls.sum())
