"""Which epoch's weights are kept: the last within one standard error of the best score."""

from typing import NamedTuple

import numpy as np

from charseq.answering import answer_texts, spelt
from charseq.config import TrainingConfig
from charseq.model import Seq2Seq
from charseq.scoring import nearest_references, report_of
from charseq.scoring.metrics import edit_counts
from charseq.search import TorchEngine
from charseq.training.history import EpochRecord
from charseq.training.prepare import Prepared


class HeldOutScores(NamedTuple):
    """How well a model translates what was held out.

    Attributes:
        cer: edits over symbols.
        exact_match: the share of answers that equal a reference whole.
        chrf: chrF2, if epochs are compared by it.
        cer_error: the standard error of `cer`.
        exact_match_error: the standard error of `exact_match`.
    """

    cer: float
    exact_match: float
    chrf: float | None
    cer_error: float
    exact_match_error: float


class Cost(NamedTuple):
    """What epochs are compared by: the smaller, the better.

    Attributes:
        value: the epoch's cost.
        chance: its standard error, if known: epochs that differ by less count as equal.
    """

    value: float
    chance: float


def held_out_scores(model: Seq2Seq, prepared: Prepared, config: TrainingConfig) -> HeldOutScores:
    """Translate some of the held-out sources greedily, and score the answers."""
    inputs = list(prepared.references)
    # Spread them evenly, since a corpus may be sorted.
    places = np.linspace(0, len(inputs) - 1, min(config.held_out_decoded, len(inputs))).astype(int)
    sample = [inputs[place] for place in places]
    engine = TorchEngine(model, prepared.description)
    answers = answer_texts(engine, prepared.description, sample)
    hypotheses = spelt(prepared.description, sample, [best for best, *_ in answers])
    references = [prepared.references[each] for each in sample]
    spelling = prepared.description.targets.spelling
    items = nearest_references(hypotheses, references, spelling)
    by_chrf = config.select == "chrf"
    edits, symbols = edit_counts(items).T
    rate = edits.sum() / max(symbols.sum(), 1)
    right = np.mean(edits == 0)
    return HeldOutScores(
        cer=float(rate),
        exact_match=float(right),
        chrf=report_of(items, spelling, bootstrap=0).chrf.value if by_chrf else None,
        # The standard error of a ratio of sums (Cochran 1977, section 2.11).
        cer_error=float(np.linalg.norm(edits - rate * symbols) / max(symbols.sum(), 1)),
        exact_match_error=float(np.sqrt(right * (1 - right) / len(edits))),
    )


def cost_of_record(record: EpochRecord, config: TrainingConfig) -> float:
    """Return the cost of a finished epoch."""
    return _value(record.held_out_loss, record, config)


def cost_of(held_out_loss: float, scores: HeldOutScores, config: TrainingConfig) -> Cost:
    """Return the cost of an epoch by the score that `config.select` names."""
    chances = {"cer": scores.cer_error, "exact": scores.exact_match_error}
    return Cost(_value(held_out_loss, scores, config), chances.get(config.select, 0.0))


def _value(
    held_out_loss: float, scores: HeldOutScores | EpochRecord, config: TrainingConfig
) -> float:
    if config.select == "cer":
        return scores.cer
    if config.select == "exact":
        return -scores.exact_match
    if config.select == "chrf" and scores.chrf is not None:
        return -scores.chrf
    return held_out_loss
