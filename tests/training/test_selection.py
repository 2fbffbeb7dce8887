"""Which epochs count as good."""

import random
from types import SimpleNamespace

import numpy as np
import pytest

from charseq.config import TrainingConfig
from charseq.text import Input
from charseq.training import selection
from charseq.training.selection import HeldOutScores, cost_of, held_out_scores
from charseq.translator import Translator

SCORES = HeldOutScores(cer=0.25, exact_match=0.5, chrf=70.0, cer_error=0.03, exact_match_error=0.04)


@pytest.mark.parametrize(
    ("select", "cost"),
    [("cer", (0.25, 0.03)), ("exact", (-0.5, 0.04)), ("chrf", (-70.0, 0)), ("loss", (1.5, 0))],
)
def test_epochs_are_compared_by_the_score_that_was_asked_for(select, cost) -> None:
    assert cost_of(1.5, SCORES, TrainingConfig(select=select)) == cost


def test_the_standard_error_is_how_far_scores_of_other_samples_lie_apart(
    toy_translator: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(1)
    references = {Input(f"{number}"): ["a" * draw.randint(1, 9)] for number in range(400)}
    outputs = ["".join(draw.choice("aaab") for _ in target) for (target,) in references.values()]
    answers = dict(zip(references, outputs, strict=True))
    monkeypatch.setattr(
        selection, "answer_texts", lambda _e, _d, inputs: [[each] for each in inputs]
    )
    monkeypatch.setattr(selection, "spelt", lambda _d, _i, best: [answers[each] for each in best])

    def scores(sample: list[Input]) -> HeldOutScores:
        held_out = {each: references[each] for each in sample}
        prepared = SimpleNamespace(references=held_out, description=toy_translator.description)
        return held_out_scores(toy_translator.model, prepared, TrainingConfig())

    everything = list(references)
    sampled = [scores(draw.sample(everything, 100)) for _ in range(200)]
    # Without replacement, samples of a quarter vary a little less than independent ones.
    less = (1 - 100 / 400) ** 0.5
    cer, exact = (np.std([getattr(each, of) for each in sampled]) for of in ("cer", "exact_match"))
    found = scores(everything[:100])
    assert found.cer_error == pytest.approx(cer / less, rel=0.25)
    assert found.exact_match_error == pytest.approx(exact / less, rel=0.25)
