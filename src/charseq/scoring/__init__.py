"""How good are outputs? CER, exact match, chrF and BLEU against one or many references.

And how sure is each of them? A confidence is the probability that it is right.

Texts are compared in Unicode's form NFC, so that "é" in one code point and "é" in two are the same.
Nothing else is changed: case, spaces and punctuation all count.
"""

from charseq.calibration import (
    Calibration,
    Judged,
    cross_fitted_confidences,
    fit_calibration,
)
from charseq.scoring.comparison import ComparedItem, Comparison, Difference, compare
from charseq.scoring.distance import are_right, edit_distance
from charseq.scoring.groups import Edit, ErrorGroups, Group, error_groups
from charseq.scoring.items import ScoredItem, worst_errors
from charseq.scoring.reliability import Bin, Coverage, Reliability, reliability_of
from charseq.scoring.report import Metric, Report, character_error_rate, score

__all__ = [
    "Bin",
    "Calibration",
    "ComparedItem",
    "Comparison",
    "Coverage",
    "Difference",
    "Edit",
    "ErrorGroups",
    "Group",
    "Judged",
    "Metric",
    "Reliability",
    "Report",
    "ScoredItem",
    "are_right",
    "character_error_rate",
    "compare",
    "cross_fitted_confidences",
    "edit_distance",
    "error_groups",
    "fit_calibration",
    "reliability_of",
    "score",
    "worst_errors",
]
