"""A model at the end of its training: its held-out answers, their calibration, inputs to try."""

import time
from collections.abc import Iterable, Sequence

from charseq.answering import answer_texts, spelt
from charseq.config import TrainingConfig
from charseq.hypothesis import Hypothesis
from charseq.model import Seq2Seq
from charseq.modelcard import HeldOutAnswers
from charseq.modelfile import ModelDescription
from charseq.scoring import (
    Calibration,
    Judged,
    Reliability,
    cross_fitted_confidences,
    fit_calibration,
    nearest_references,
    reliability_of,
)
from charseq.search import TorchEngine
from charseq.text import Input
from charseq.training.loss import held_back
from charseq.training.prepare import Prepared

MOST_EXAMPLES = 6


def held_out_answers(model: Seq2Seq, prepared: Prepared) -> tuple[HeldOutAnswers, list[Hypothesis]]:
    """Translate everything that was held out, and compare it with the references."""
    engine, inputs = TorchEngine(model, prepared.description), list(prepared.references)
    began = time.perf_counter()
    answers = answer_texts(engine, prepared.description, inputs)
    hypotheses = [best for best, *_ in answers]
    texts = spelt(prepared.description, inputs, hypotheses)
    seconds = time.perf_counter() - began
    references, spelling = prepared.references, prepared.description.targets.spelling
    items = nearest_references(texts, list(references.values()), spelling)
    return HeldOutAnswers(list(references), items, seconds), hypotheses


def calibrated(
    answers: HeldOutAnswers,
    hypotheses: Sequence[Hypothesis],
    prepared: Prepared,
    config: TrainingConfig,
) -> tuple[Calibration, Reliability]:
    """Return the calibration of log-probabilities, and how far its confidences can be relied on."""
    right = [item.is_right for item in answers.items]
    judged = [
        Judged(each.ended_log_probability, each.steps, is_right)
        for each, is_right in zip(hypotheses, right, strict=True)
    ]
    # Where padding counts, the loss is Keras's, without smoothing.
    smoothing = 0.0 if config.count_padding else config.label_smoothing
    offset = held_back(smoothing, len(prepared.description.targets))
    confidences = cross_fitted_confidences(judged, offset)
    return fit_calibration(judged, offset), reliability_of(confidences, right)


def inputs_to_try(inputs: Iterable[Input], description: ModelDescription) -> str:
    """Return some held-out inputs, as lines that `charseq translate` and `serve` read.

    They are evenly spread, not selected.
    """
    known = description.sources.conditions
    readable = [each for each in inputs if each.label().isprintable()]
    lines = []
    for each in readable[:: max(1, len(readable) // MOST_EXAMPLES)][:MOST_EXAMPLES]:
        features = description.features_separator.join(each.features)
        cells = [each.source]
        cells += [features] if known.features else []
        cells += [each.language] if known.languages else []
        lines.append("\t".join(cells) + "\n")
    return "".join(lines)
