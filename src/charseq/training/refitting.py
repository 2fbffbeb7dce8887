"""Training once more, on all pairs, including those held out to choose the number of epochs."""

import math
import time
from dataclasses import replace

from rich.console import Console

from charseq.corpus import Corpus, Split
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription
from charseq.training.checkpointing import Checkpointer
from charseq.training.loop import Clock, Trainer, first_model, refit
from charseq.training.prepare import prepare
from charseq.training.progress import Display
from charseq.training.setup import Setup

# A refit that is stopped before this share of its steps is worse than the model before it.
LEAST_SHARE = 0.75


def refit_epochs(epochs: float, training_pairs: int, pairs: int) -> int:
    """Return how many epochs on all pairs read as many pairs as those on the training pairs.

    Where time was up within the last of these, the last one on all pairs is not whole either.
    """
    needed = epochs * training_pairs / pairs
    return max(1, round(needed) if float(epochs).is_integer() else math.ceil(needed))


def refitted(
    corpus: Corpus,
    setup: Setup,
    checkpointer: Checkpointer,
    *,
    epochs: float,
    console: Console | None,
) -> tuple[Seq2Seq, ModelDescription] | None:
    """Train from the start on both parts of a split, for as many pairs as proved best before.

    Args:
        corpus: where the pairs come from.
        setup: what the first training began with.
        checkpointer: writes checkpoints, and may resume this refit.
        epochs: how many times the first training, on fewer pairs, had read its pairs at its best.
        console: where progress is shown; None shows nothing.

    Returns:
        The model and its description; None if the time limit ended the refit long before that many
        pairs.
    """
    split, config, start = setup.split, setup.prepared.config, setup.start
    pairs = (*split.training, *split.held_out)
    fewer = refit_epochs(epochs, len(split.training), len(pairs))
    training = config.training.model_copy(update={"epochs": fewer})
    whole = config.model_copy(update={"training": training})
    prepared = prepare(corpus, Split(pairs, split.held_out), whole, start and start[0])
    model = first_model(prepared, start and start[1]).to(setup.device)
    clock = Clock.shared(training, time.monotonic())
    with Display(console, training, len(pairs), title="refit, epoch") as display:
        watchers = [display.after_step, checkpointer.after_step]
        trainer = Trainer(
            model, prepared, training, clock, watchers, checkpointer.interruption.whole
        )
        if not float(epochs).is_integer():
            steps = round(epochs * len(split.training) / len(pairs) * trainer.batches)
            trainer.last_step = max(1, steps)
        checkpointer.begin(trainer, refitting=True)
        display.go_on(trainer.epoch, trainer.pairs)
        for loss in refit(trainer):
            display.after_refit_epoch(trainer.epoch, loss, trainer.pairs, trainer.seconds)
    if trainer.steps < LEAST_SHARE * trainer.last_step:
        if console is not None:
            console.print(
                f"the time was up in epoch {trainer.epoch:,} of {fewer:,} on all pairs: the model"
                " trained before, on fewer pairs, is kept",
                highlight=False,
                soft_wrap=True,
            )
        return None
    # The refit holds out no pair, but the scores come from the first training: keep its counts.
    facts = {**prepared.description.corpus, "training_pairs": len(split.training)}
    return trainer.learnt, replace(prepared.description, corpus=facts)
