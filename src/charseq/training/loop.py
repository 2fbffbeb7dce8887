"""The training loop."""

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from charseq.batching import Batch, EncodedPairs, batches_in, bucketed_batches, shuffled_batches
from charseq.config import TrainingConfig
from charseq.errors import DataError
from charseq.model import Seq2Seq
from charseq.modelfile import Tensors
from charseq.training.averaging import WeightAverage
from charseq.training.history import EpochRecord
from charseq.training.loss import Comparison, compare, smoothed
from charseq.training.optimiser import build_optimiser, clip_gradients, set_step_size
from charseq.training.prepare import Prepared, read_some_as_unknown
from charseq.training.schedule import step_scale
from charseq.training.selection import cost_of, held_out_scores

EVALUATION_BATCH = 256


@dataclass
class Clock:
    """How long a run has taken, against how long it may."""

    limit: float | None
    start: float

    @classmethod
    def shared(cls, config: TrainingConfig, start: float) -> "Clock":
        """Return the clock of a training that may have to leave half of its time to a refit."""
        limit = config.time_limit
        return cls(limit / 2 if limit is not None and config.refit else limit, start)

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.start

    @property
    def progress(self) -> float:
        """How much of the time limit has passed, from 0 to 1; without a limit, nothing has."""
        return 0 if self.limit is None else min(1, self.elapsed / self.limit)

    @property
    def is_over(self) -> bool:
        """Whether the time limit has passed."""
        return self.limit is not None and self.elapsed >= self.limit


def first_model(prepared: Prepared, tensors: Tensors | None) -> Seq2Seq:
    """Return the model that training starts with: fresh, or with the weights of another."""
    description = prepared.description
    symbols = len(description.sources), len(description.targets)
    model = Seq2Seq.fresh(description.config, *symbols, seed=prepared.config.training.seed)
    if tensors is not None:
        model.adopt(tensors)
    return model


class Trainer:
    """A model in training: what goes on from one epoch to the next."""

    def __init__(
        self,
        model: Seq2Seq,
        prepared: Prepared,
        config: TrainingConfig,
        clock: Clock,
        after_step: Callable[[int], None],
    ) -> None:
        self.model = model
        self.prepared = prepared
        self.config = config
        self.clock = clock
        self.after_step = after_step
        self.optimiser = build_optimiser(config, model.parameters())
        self.average = None if config.average is None else WeightAverage(model, config.average)
        self.generator = np.random.default_rng(config.seed)
        self.noise = torch.Generator(model.device).manual_seed(config.seed)
        self.batches = batches_in(len(prepared.training), config.batch_size)
        # The loss is divided by the average batch's symbols: so every symbol weighs the same.
        symbols = int((prepared.training.targets.lengths - 1).sum())
        self.average_symbols = symbols / self.batches
        self.steps = 0

    def epoch(self) -> tuple[Comparison, int]:
        """Read the training pairs once, or until the clock is over.

        Returns:
            How the predictions compared with the targets while the weights changed, and the number
            of pairs that were read.
        """
        config = self.config
        deal = shuffled_batches if config.count_padding else bucketed_batches
        epoch_pairs = read_some_as_unknown(self.prepared, self.generator)
        seen: list[Comparison] = []
        pairs = 0
        for rows in deal(epoch_pairs, config.batch_size, self.generator):
            if config.schedule == "cosine":
                size = config.learning_rate * step_scale(self.progress)
                set_step_size(self.optimiser, size)
            batch = epoch_pairs.batch(rows)
            seen.append(
                training_step(
                    self.model, self.optimiser, batch, self.average_symbols, config, self.noise
                )
            )
            if self.average is not None:
                self.average.update()
            self.steps += 1
            pairs += len(rows)
            self.after_step(len(rows))
            if self.clock.is_over:
                break
        return _sum(seen), pairs

    @property
    def progress(self) -> float:
        """How much of the training is done, from 0 to 1: by steps or by the clock."""
        return max(self.steps / (self.batches * self.config.epochs), self.clock.progress)

    def settle(self) -> None:
        """Leave the weights to translate with in the model, for good."""
        if self.average is not None:
            self.average.swap()

    def averaged(self) -> contextlib.AbstractContextManager[None]:
        """Put the weights to translate with into the model, for as long as the context lasts."""
        return contextlib.nullcontext() if self.average is None else self.average.in_place()


def fit(
    model: Seq2Seq,
    prepared: Prepared,
    config: TrainingConfig,
    clock: Clock,
    *,
    after_step: Callable[[int], None],
) -> Iterator[EpochRecord]:
    """Train a model in place, yielding after every epoch.

    Ends after `config.epochs`, after `config.patience` epochs without a better held-out score,
    or when the clock is over, whichever comes first; an epoch that the clock cuts short counts.

    Args:
        model: on the device where the work is done.
        prepared: what to train on.
        config: how to train.
        clock: how long it may take.
        after_step: told the number of pairs of each step.

    Raises:
        DataError: if the loss is not finite.
    """
    trainer = Trainer(model, prepared, config, clock, after_step)
    best, best_epoch = math.inf, 0
    for epoch in range(1, config.epochs + 1):
        began = time.perf_counter()
        training, pairs = trainer.epoch()
        if not math.isfinite(training.masked.mean_loss):
            raise DataError(
                f"the training loss is not finite in epoch {epoch}:"
                " try a smaller --learning-rate or --gradient-clip 1"
            )
        training_seconds = time.perf_counter() - began
        with trainer.averaged():
            held_out = evaluate(model, prepared.held_out, config)
            scores = held_out_scores(model, prepared, config)
            cost = cost_of(held_out.masked.mean_loss, scores, config)
            if cost.value < best:
                best, best_epoch = cost.value, epoch
            yield EpochRecord(
                epoch=epoch,
                seconds=time.perf_counter() - began,
                pairs_per_second=pairs / training_seconds,
                training_loss=training.masked.mean_loss,
                held_out_loss=held_out.masked.mean_loss,
                character_accuracy=held_out.masked.accuracy,
                best=cost.value <= best + cost.chance,
                cer=scores.cer,
                exact_match=scores.exact_match,
                chrf=scores.chrf,
                **_padded_figures(training, held_out),
            )
        if clock.is_over or (config.patience and epoch - best_epoch >= config.patience):
            return


def refit(
    model: Seq2Seq,
    prepared: Prepared,
    config: TrainingConfig,
    clock: Clock,
    *,
    after_step: Callable[[int], None],
) -> Iterator[float]:
    """Train a model in place on pairs of which none is held out, yielding each epoch's loss.

    Args:
        model: on the device where the work is done.
        prepared: what to train on.
        config: how to train; all its epochs are trained, unless the clock is over first.
        clock: how long it may take.
        after_step: told the number of pairs of each step.
    """
    trainer = Trainer(model, prepared, config, clock, after_step)
    for _ in range(config.epochs):
        training, _ = trainer.epoch()
        yield training.masked.mean_loss
        if clock.is_over:
            break
    trainer.settle()


@torch.inference_mode()
def evaluate(model: Seq2Seq, pairs: EncodedPairs, config: TrainingConfig) -> Comparison:
    """Compare a model's teacher-forced predictions with the targets of `pairs`."""
    order = np.random.default_rng(0)
    dealt = bucketed_batches(pairs, EVALUATION_BATCH, order)
    batches = (pairs.batch(rows).to(model.device) for rows in dealt)
    return _sum(_compared(_logits(model, batch, config), batch, config) for batch in batches)


def training_step(
    model: Seq2Seq,
    optimiser: Optimizer,
    batch: Batch,
    average_symbols: float,
    config: TrainingConfig,
    noise: torch.Generator | None = None,
) -> Comparison:
    """Move the weights once.

    Args:
        model: whose weights are moved.
        optimiser: of those weights.
        batch: some pairs, on the CPU.
        average_symbols: what the loss's sum is divided by, unless padding counts.
        config: how to train.
        noise: what dropout draws from; without it, nothing is dropped.

    Returns:
        How the predictions compared with the targets, before the move.
    """
    batch = batch.to(model.device)
    logits = _logits(model, batch, config, noise)
    compared = _compared(logits, batch, config)
    if compared.padded is not None:
        loss = compared.padded.loss / compared.padded.positions
    else:
        share, symbols = config.label_smoothing, model.decoder.symbols
        loss = smoothed(compared.masked.loss, logits, batch.mask, share, symbols) / average_symbols
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    if config.gradient_clip is not None:
        clip_gradients(model, config.gradient_clip)
    optimiser.step()
    for sums in filter(None, (compared.masked, compared.padded)):
        sums.loss = sums.loss.detach()
    return compared


def _logits(
    model: Seq2Seq, batch: Batch, config: TrainingConfig, noise: torch.Generator | None = None
) -> Tensor:
    with torch.autocast(model.device.type, torch.bfloat16, enabled=config.precision == "bf16"):
        logits: Tensor = model(batch, noise)
    return logits.float()


def _compared(logits: Tensor, batch: Batch, config: TrainingConfig) -> Comparison:
    return compare(logits, batch.targets[:, 1:], batch.mask, count_padding=config.count_padding)


def _padded_figures(training: Comparison, held_out: Comparison) -> dict[str, float]:
    if training.padded is None or held_out.padded is None:
        return {}
    return {
        "padded_loss": training.padded.mean_loss,
        "padded_accuracy": training.padded.accuracy,
        "padded_held_out_loss": held_out.padded.mean_loss,
        "padded_held_out_accuracy": held_out.padded.accuracy,
    }


def _sum(parts: Iterable[Comparison]) -> Comparison:
    first, *others = parts
    return sum(others, start=first)
