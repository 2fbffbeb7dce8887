"""How reliable confidences are: of the answers with one of 0.8, eight in ten should be right."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charseq.errors import DataError

MOST_BINS = 10
# With so few answers, the share of right ones is known only to within about a tenth.
FEWEST_IN_A_BIN = 20
SHARES = (0.5, 0.8, 0.9)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of similar confidence.

    Attributes:
        items: how many.
        mean_confidence: the mean of their confidences.
        exact_match: the share of them that is right, from 0 to 1.
    """

    items: int
    mean_confidence: float
    exact_match: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """The most confident answers.

    Attributes:
        share: the share of all answers that was asked for, from 0 to 1.
        items: how many answers that is; more if there are equal confidences at the border.
        least_confidence: the lowest confidence among them; abstaining below it leaves exactly
            these.
        exact_match: the share of them that is right, from 0 to 1.
    """

    share: float
    items: int
    least_confidence: float
    exact_match: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """How reliable confidences are.

    Attributes:
        items: how many answers were examined.
        expected_calibration_error: how far a bin's mean confidence is from the share of its answers
            that is right, averaged over the answers (Naeini et al. 2015, "Obtaining well calibrated
            probabilities using Bayesian binning"); 0 is perfect, and chance alone makes it larger
            the fewer answers there are.
        brier_score: the mean squared difference of confidences from 1 for a right answer and from 0
            for a wrong one (Brier 1950); 0 is perfect, and it tells good confidences from bad ones
            better than the calibration error, which is small if all confidences equal the average.
        bins: the answers in order of confidence, about equally many in each bin.
        coverages: how many of the most confident answers are right.
    """

    items: int
    expected_calibration_error: float
    brier_score: float
    bins: tuple[Bin, ...]
    coverages: tuple[Coverage, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return all fields in JSON's types."""
        return asdict(self)


def reliability_of(confidences: Sequence[float], right: Sequence[bool]) -> Reliability:
    """Compare confidences with what was right.

    Args:
        confidences: the answers' confidences, from 0 to 1.
        right: whether each answer is right.

    Raises:
        DataError: if there are no answers, or the numbers of both differ.
    """
    if not len(confidences) == len(right) > 0:
        raise DataError(
            f"there are {len(confidences):,} confidences and {len(right):,} verdicts: give one of"
            " each for every answer, and at least one"
        )
    sure, was_right = np.array(confidences, np.float64), np.array(right, np.float64)
    bins = _bins(sure, was_right)
    gaps = [each.items * abs(each.mean_confidence - each.exact_match) for each in bins]
    return Reliability(
        items=len(sure),
        expected_calibration_error=sum(gaps) / len(sure),
        brier_score=float(np.mean((sure - was_right) ** 2)),
        bins=bins,
        coverages=tuple(_coverage(sure, was_right, share) for share in SHARES),
    )


def _bins(confidences: Floats, right: Floats) -> tuple[Bin, ...]:
    """Return bins of about equally many answers, without splitting equal confidences."""
    ordered = np.sort(confidences)
    number = min(MOST_BINS, max(1, len(ordered) // FEWEST_IN_A_BIN))
    highest = np.unique(ordered[np.arange(1, number + 1) * len(ordered) // number - 1])
    places = np.searchsorted(highest, confidences)
    return tuple(
        Bin(int(inside.sum()), float(confidences[inside].mean()), float(right[inside].mean()))
        for inside in (places == place for place in range(len(highest)))
    )


def _coverage(confidences: Floats, right: Floats, share: float) -> Coverage:
    most = max(1, round(share * len(confidences)))
    least = np.sort(confidences)[-most]
    kept = confidences >= least
    return Coverage(share, int(kept.sum()), float(least), float(right[kept].mean()))
