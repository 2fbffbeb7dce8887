"""Training once more, on all pairs: what was held out to choose by is learnt from, too."""

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

# A model that has read less of what was found to be right is worse than the one found before.
LEAST_SHARE = 0.75


def refit_epochs(epochs: int, training_pairs: int, pairs: int) -> int:
    """Return how many epochs on all pairs read as many as those on the training pairs."""
    return max(1, round(epochs * training_pairs / pairs))


def refitted(
    corpus: Corpus,
    setup: Setup,
    checkpointer: Checkpointer,
    *,
    epochs: int,
    console: Console | None,
) -> tuple[Seq2Seq, ModelDescription] | None:
    """Train afresh on both sides of a split, on as many pairs in turn as were found to be right.

    Args:
        corpus: where the pairs come from.
        setup: what the training before began with.
        checkpointer: told of every step, and maybe within this very training already.
        epochs: of the training that chose them, which had fewer pairs.
        console: where progress is shown; None shows nothing.

    Returns:
        The model and its description; None if the time limit ended it long before that many pairs.
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
        checkpointer.begin(trainer, refitting=True)
        display.go_on(trainer.epoch, trainer.pairs)
        for loss in refit(trainer):
            display.after_refit_epoch(trainer.epoch, loss)
    if trainer.steps < LEAST_SHARE * fewer * trainer.batches:
        if console is not None:
            console.print(
                f"the time was up in epoch {trainer.epoch:,} of {fewer:,} on all pairs: the model"
                " trained before, on fewer pairs, is kept",
                highlight=False,
                soft_wrap=True,
            )
        return None
    # No pair is held out of this one; those whose scores it carries are counted as before.
    facts = {**prepared.description.corpus, "training_pairs": len(split.training)}
    return trainer.learnt, replace(prepared.description, corpus=facts)
