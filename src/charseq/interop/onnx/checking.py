"""Whether an export answers as PyTorch does: both answer, and the answers are compared."""

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from charseq.answering import BaseTranslator, conditions_of
from charseq.corpus import Pair, references_by_input
from charseq.errors import CharseqError, UnknownCharactersWarning, UsageError
from charseq.modelfile import ModelDescription
from charseq.results import Explanation
from charseq.scoring import are_right
from charseq.text import Input

# Without a corpus, this many strings are made up, of at most this many symbols.
MADE_UP, LONGEST = 200, 20
# Of a corpus, at most this many inputs are checked, from its beginning.
MOST_CHECKED = 2_000
SEED = 1
# How far a float32 export, which adds in another order, may differ from PyTorch.
TOLERANCE = 1e-4
# The share of right answers that rounded weights may cost.
MOST_LOST = 0.005


@dataclass(frozen=True)
class Agreement:
    """How an export's answers compare with PyTorch's.

    Attributes:
        texts: how many texts both answered.
        different: for how many the answers differ, except by a choice between symbols that were
            equally probable.
        farthest: the largest difference in the log-probability of a symbol of PyTorch's answers.
        exact_match: the share of PyTorch's answers that are right; None without a corpus.
        exported_exact_match: the same share of the export's answers.
    """

    texts: int
    different: int
    farthest: float
    exact_match: float | None = None
    exported_exact_match: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the fields that apply."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def lost(self) -> float:
        """The share of right answers that the export loses."""
        if self.exact_match is None or self.exported_exact_match is None:
            return 0.0
        return self.exact_match - self.exported_exact_match

    def refuse_faulty(self) -> None:
        """Raise a `CharseqError` if a float32 export answers differently from PyTorch."""
        if self.different or self.farthest > TOLERANCE:
            raise CharseqError(
                f"the export does not answer as PyTorch does: {self.different:,} of"
                f" {self.texts:,} answers differ, and a symbol's log-probability by"
                f" {self.farthest:.2g}. Nothing was written"
            )

    def refuse_loss(self) -> None:
        """Raise a `UsageError` if rounded weights cost too many right answers."""
        if self.lost > MOST_LOST:
            raise UsageError(
                f"rounding the weights costs {100 * self.lost:.1f} points of exact match"
                f" ({100 * (self.exact_match or 0):.1f} to"
                f" {100 * (self.exported_exact_match or 0):.1f}): export in float32, or add"
                " --force (force=True) to write it anyway"
            )


def made_up_inputs(description: ModelDescription) -> list[Input]:
    """Return inputs of a model's own symbols, drawn at random, the same every time."""
    draw = np.random.default_rng(SEED)
    sources, known = description.sources, description.sources.conditions
    languages, features = list(known.languages) or [""], list(known.features)
    return [
        Input(
            sources.spelling.text(draw.choice(sources.ordinary, draw.integers(1, LONGEST + 1))),
            tuple(draw.permutation(features)[: draw.integers(0, 5)].tolist()),
            str(draw.choice(languages)),
        )
        for _ in range(MADE_UP)
    ]


def agreement(
    model: BaseTranslator, exported: BaseTranslator, pairs: Sequence[Pair] | None = None
) -> Agreement:
    """Compare the answers of a model and of its export.

    Args:
        model: the model in PyTorch.
        exported: the same model's export.
        pairs: the pairs whose sources are translated; without them, 200 inputs are made up.
    """
    form = model.description.sources.spelling.normalise
    references = references_by_input(pairs, form) if pairs else {}
    inputs = list(references)[:MOST_CHECKED] or made_up_inputs(model.description)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnknownCharactersWarning)
        answers, others = (_answers(each, inputs) for each in (model, exported))
        farthest = _farthest(model, exported, inputs, answers)
        different = [row for row in range(len(inputs)) if answers[row] != others[row]]
        apart = _not_tied(model, inputs, answers, others, different)
    rights: list[float | None] = [None, None]
    if references:
        right = [references[each] for each in inputs]
        rights = [float(np.mean(are_right(side, right))) for side in (answers, others)]
    return Agreement(len(inputs), apart, farthest, *rights)


def _answers(translator: BaseTranslator, inputs: Sequence[Input]) -> list[str]:
    conditions = conditions_of(inputs, translator.description.sources.conditions)
    translations = translator.translate([each.source for each in inputs], **conditions)
    return [each.hypothesis for each in translations]


def _farthest(
    model: BaseTranslator, exported: BaseTranslator, inputs: Sequence[Input], answers: Sequence[str]
) -> float:
    """Return the largest difference between the log-probabilities of the answers' symbols."""
    sources = [each.source for each in inputs]
    conditions = conditions_of(inputs, model.description.sources.conditions)
    farthest = 0.0
    both = (each.explain(sources, answers, **conditions) for each in (model, exported))
    for pair in zip(*both, strict=True):
        own, other = (np.array([each.log_probability for each in it.symbols]) for it in pair)
        # Two infinities are equal, but their difference is not a number.
        possible = np.isfinite(own) | np.isfinite(other)
        apart = np.abs(own[possible] - other[possible])
        farthest = max(farthest, float(apart.max(initial=0)))
    return farthest


def _not_tied(
    model: BaseTranslator,
    inputs: Sequence[Input],
    answers: Sequence[str],
    others: Sequence[str],
    rows: Sequence[int],
) -> int:
    """Return in how many rows PyTorch finds one symbol more probable where the answers part."""
    asked = [inputs[row] for row in rows]
    sources = [each.source for each in asked]
    conditions = conditions_of(asked, model.description.sources.conditions)
    own, theirs = (
        model.explain(sources, [side[row] for row in rows], **conditions)
        for side in (answers, others)
    )
    return sum(not _part_tied(*both) for both in zip(own, theirs, strict=True))


def _part_tied(own: Explanation, other: Explanation) -> bool:
    """Return whether answers first differ in two symbols that are equally probable there.

    What follows may be of any probability.
    """
    for one, another in zip(own.symbols, other.symbols, strict=False):
        if (one.symbol, one.end) != (another.symbol, another.end):
            return abs(one.log_probability - another.log_probability) <= TOLERANCE
    return False
