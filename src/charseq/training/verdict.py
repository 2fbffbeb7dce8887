"""What is known of a model at the end of its training: its answers, and how sure they are."""

import time
from collections.abc import Sequence

from charseq.answering import answer_texts, spelt
from charseq.config import TrainingConfig
from charseq.hypothesis import Hypothesis
from charseq.model import Seq2Seq
from charseq.modelcard import HeldOutAnswers
from charseq.scoring import (
    Calibration,
    Judged,
    Reliability,
    are_right,
    cross_fitted_confidences,
    fit_calibration,
    reliability_of,
)
from charseq.search import TorchEngine
from charseq.training.loss import held_back
from charseq.training.prepare import Prepared


def held_out_answers(model: Seq2Seq, prepared: Prepared) -> tuple[HeldOutAnswers, list[Hypothesis]]:
    """Translate everything that was held out."""
    engine, inputs = TorchEngine(model, prepared.description), list(prepared.references)
    began = time.perf_counter()
    answers = answer_texts(engine, prepared.description, inputs)
    hypotheses = [best for best, *_ in answers]
    texts = spelt(prepared.description, inputs, hypotheses)
    seconds = time.perf_counter() - began
    return HeldOutAnswers(prepared.references, texts, seconds), hypotheses


def calibrated(
    answers: HeldOutAnswers,
    hypotheses: Sequence[Hypothesis],
    prepared: Prepared,
    config: TrainingConfig,
) -> tuple[Calibration, Reliability]:
    """Return what makes confidences of log-probabilities, and how far these can be relied on."""
    description = prepared.description
    references = list(answers.references.values())
    right = are_right(answers.hypotheses, references, description.target_separator)
    judged = [
        Judged(each.ended_log_probability, each.steps, is_right)
        for each, is_right in zip(hypotheses, right, strict=True)
    ]
    offset = held_back(config.label_smoothing, len(description.targets))
    confidences = cross_fitted_confidences(judged, offset)
    return fit_calibration(judged, offset), reliability_of(confidences, right)
