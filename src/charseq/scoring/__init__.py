"""How good outputs are: CER, exact match, chrF and BLEU against one or many references.

And how certain each of them is: a confidence is the probability that it is right.

Texts are compared in Unicode's form NFC, so that "é" in one code point and "é" in two are equal.
Nothing else is changed: case, spaces and punctuation all count. With a separator, symbols are
compared, so it does not matter how often it stands between two of them.
"""

from charseq.calibration import (
    Calibration,
    Judged,
    cross_fitted_confidences,
    fit_calibration,
)
from charseq.scoring.comparison import (
    ComparedItem,
    Comparison,
    Difference,
    compare,
    comparison_of,
)
from charseq.scoring.distance import (
    Nearest,
    are_right,
    edit_distance,
    nearest_references,
    scored_spelling,
)
from charseq.scoring.groups import Edit, ErrorGroups, Group, error_groups, groups_of
from charseq.scoring.items import ScoredItem, worst_errors, worst_of
from charseq.scoring.reliability import Bin, Coverage, Reliability, reliability_of
from charseq.scoring.report import (
    Metric,
    Report,
    character_error_rate,
    report_of,
    score,
    score_rows,
    shown_interval,
    shown_metrics,
)

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
    "Nearest",
    "Reliability",
    "Report",
    "ScoredItem",
    "are_right",
    "character_error_rate",
    "compare",
    "comparison_of",
    "cross_fitted_confidences",
    "edit_distance",
    "error_groups",
    "fit_calibration",
    "groups_of",
    "nearest_references",
    "reliability_of",
    "report_of",
    "score",
    "score_rows",
    "scored_spelling",
    "shown_interval",
    "shown_metrics",
    "worst_errors",
    "worst_of",
]
