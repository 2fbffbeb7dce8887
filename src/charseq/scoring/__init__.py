"""How good are outputs? CER, exact match, chrF and BLEU against one or many references.

Texts are compared in Unicode's form NFC, so that "é" in one code point and "é" in two are the same.
Nothing else is changed: case, spaces and punctuation all count.
"""

from charseq.scoring.comparison import ComparedItem, Comparison, Difference, compare
from charseq.scoring.distance import edit_distance
from charseq.scoring.groups import Edit, ErrorGroups, Group, error_groups
from charseq.scoring.items import ScoredItem, worst_errors
from charseq.scoring.report import Metric, Report, character_error_rate, exact_match, score

__all__ = [
    "ComparedItem",
    "Comparison",
    "Difference",
    "Edit",
    "ErrorGroups",
    "Group",
    "Metric",
    "Report",
    "ScoredItem",
    "character_error_rate",
    "compare",
    "edit_distance",
    "error_groups",
    "exact_match",
    "score",
    "worst_errors",
]
