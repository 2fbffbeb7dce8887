"""Are confidences reliable? Of the answers with one of 0.8, eight in ten should be right."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charseq.errors import DataError

MOST_BINS = 10
# So few answers already tell a share of right ones only to about a tenth.
FEWEST_IN_A_BIN = 20
SHARES = (0.5, 0.8, 0.9)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of like confidence.

    Attributes:
        items: how many.
        mean_confidence: what they promise.
        exact_match: the share of them that is right, from 0 to 1.
    """

    items: int
    mean_confidence: float
    exact_match: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """The most confident answers.

    Attributes:
        share: of all answers, from 0 to 1, as asked for.
        items: how many that are; more where equal confidences lie on the border.
        least_confidence: that one of them has; abstaining below it leaves just these.
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
        items: how many answers were looked at.
        expected_calibration_error: how far the mean confidence of a bin lies from the share of its
            answers that is right, on average over the answers (Naeini et al. 2015, "Obtaining well
            calibrated probabilities using Bayesian binning"); 0 is perfect, and chance alone makes
            it larger the fewer answers there are.
        brier_score: the mean square of the confidence less 1 for a right answer, less 0 for a wrong
            one (Brier 1950); 0 is perfect, and it tells good confidences from bad ones better than
            the calibration error, which is small for anybody who always says the average.
        bins: the answers by rising confidence, about as many in each bin.
        coverages: what is right among the most confident answers.
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
        confidences: of the answers, from 0 to 1.
        right: whether each answer is right.

    Raises:
        DataError: if there are no answers, or not as many of each.
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
    """Return bins of about as many answers each, cut between confidences."""
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
