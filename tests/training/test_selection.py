"""Which epochs count as good."""

import pytest

from charseq.config import TrainingConfig
from charseq.training.selection import HeldOutScores, cost_of

SCORES = HeldOutScores(cer=0.25, exact_match=0.5, chrf=70.0, cer_error=0.03, exact_match_error=0.04)


@pytest.mark.parametrize(
    ("select", "cost"),
    [("cer", (0.25, 0.03)), ("exact", (-0.5, 0.04)), ("chrf", (-70.0, 0)), ("loss", (1.5, 0))],
)
def test_epochs_are_compared_by_the_score_that_was_asked_for(select, cost) -> None:
    assert cost_of(1.5, SCORES, TrainingConfig(select=select)) == cost
