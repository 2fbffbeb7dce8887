"""The training loop."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_
from torch.optim import Optimizer

from charseq.batching import Batch, EncodedPairs, bucketed_batches, shuffled_batches
from charseq.config import TrainingConfig
from charseq.errors import DataError
from charseq.model import Seq2Seq
from charseq.scoring import character_error_rate
from charseq.search import answer_texts
from charseq.training.history import EpochRecord
from charseq.training.loss import Totals, totals
from charseq.training.optimiser import build_optimiser
from charseq.training.prepare import Prepared

EVALUATION_BATCH = 256


@dataclass
class Clock:
    """How long a run has taken, against how long it may."""

    limit: float | None
    start: float

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.start

    @property
    def is_over(self) -> bool:
        """Whether the time limit has passed."""
        return self.limit is not None and self.elapsed >= self.limit


def fit(
    model: Seq2Seq,
    prepared: Prepared,
    config: TrainingConfig,
    clock: Clock,
    *,
    after_step: Callable[[int], None],
) -> Iterator[EpochRecord]:
    """Train a model in place, yielding after every epoch.

    Ends after `config.epochs`, after `config.patience` epochs without a better held-out CER, or
    when the clock is over, whichever comes first; an epoch that the clock cuts short counts.

    Args:
        model: on the device where the work is done.
        prepared: what to train on.
        config: how to train.
        clock: how long it may take.
        after_step: told the number of pairs of each step.

    Raises:
        DataError: if the loss is not finite.
    """
    optimiser = build_optimiser(config, model.parameters())
    generator = np.random.default_rng(config.seed)
    unknown = _Unknown(prepared, model, config.seed)
    deal = shuffled_batches if config.count_padding else bucketed_batches
    # The loss is divided by the average batch's symbols: so every symbol weighs the same.
    symbols = int((prepared.training.targets.lengths - 1).sum())
    average_symbols = symbols / -(-len(prepared.training) // config.batch_size)
    best, best_epoch = math.inf, 0
    for epoch in range(1, config.epochs + 1):
        began = time.perf_counter()
        model.train()
        seen: list[Totals] = []
        pairs = 0
        for rows in deal(prepared.training, config.batch_size, generator):
            batch = unknown.replaced(prepared.training.batch(rows).to(unknown.device))
            seen.append(_step(model, optimiser, batch, average_symbols, config))
            pairs += len(rows)
            after_step(len(rows))
            if clock.is_over:
                break
        training = _sum(seen)
        if not math.isfinite(training.loss):
            raise DataError(
                f"the training loss is not finite in epoch {epoch}:"
                " try a smaller --learning-rate or --gradient-clip 1"
            )
        training_seconds = time.perf_counter() - began
        held_out = evaluate(model, prepared.held_out)
        cer = _held_out_cer(model, prepared, config.held_out_decoded)
        if cer < best:
            best, best_epoch = cer, epoch
        padded = config.count_padding
        yield EpochRecord(
            epoch=epoch,
            seconds=time.perf_counter() - began,
            pairs_per_second=pairs / training_seconds,
            training_loss=training.loss,
            held_out_loss=held_out.loss,
            character_accuracy=held_out.accuracy,
            cer=cer,
            best=best_epoch == epoch,
            padded_loss=training.keras_loss if padded else None,
            padded_accuracy=training.keras_accuracy if padded else None,
            padded_held_out_loss=held_out.keras_loss if padded else None,
            padded_held_out_accuracy=held_out.keras_accuracy if padded else None,
        )
        if clock.is_over or (config.patience and epoch - best_epoch >= config.patience):
            return


@torch.inference_mode()
def evaluate(model: Seq2Seq, pairs: EncodedPairs) -> Totals:
    """Compare a model's teacher-forced predictions with the targets of `pairs`."""
    model.eval()
    device = next(model.parameters()).device
    order = np.random.default_rng(0)
    return _sum(
        _totals(model, pairs.batch(rows).to(device))
        for rows in bucketed_batches(pairs, EVALUATION_BATCH, order)
    )


def _step(
    model: Seq2Seq,
    optimiser: Optimizer,
    batch: Batch,
    average_symbols: float,
    config: TrainingConfig,
) -> Totals:
    sums = _totals(model, batch)
    if config.count_padding:
        loss = sums.padded_loss / sums.padded_positions
    else:
        loss = sums.masked_loss / average_symbols
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    if config.gradient_clip is not None:
        clip_grad_norm_(model.parameters(), config.gradient_clip)
    optimiser.step()
    return sums.detach()


def _totals(model: Seq2Seq, batch: Batch) -> Totals:
    return totals(model(batch), batch.targets[:, 1:], batch.mask)


def _sum(parts: Iterable[Totals]) -> Totals:
    first, *others = parts
    for other in others:
        first = first + other
    return first


def _held_out_cer(model: Seq2Seq, prepared: Prepared, at_most: int) -> float:
    inputs = list(prepared.references)
    # Evenly spread, since a corpus may be sorted.
    places = np.linspace(0, len(inputs) - 1, min(at_most, len(inputs))).astype(int)
    sample = [inputs[place] for place in places]
    answers = answer_texts(model, prepared.description, sample)
    targets = prepared.description.targets
    return character_error_rate(
        [targets.text(answer.ids) for answer in answers],
        [prepared.references[each] for each in sample],
    )


class _Unknown:
    """Reads some source symbols as unknown, so that the unknown symbol is trained."""

    def __init__(self, prepared: Prepared, model: Seq2Seq, seed: int) -> None:
        self.device = next(model.parameters()).device
        self.symbols = torch.from_numpy(prepared.unknown_ids).to(self.device)
        self.rates = torch.from_numpy(prepared.unknown_rates).to(self.device)
        self.used = bool(prepared.unknown_rates.any())
        self.generator = torch.Generator(self.device).manual_seed(seed)

    def replaced(self, batch: Batch) -> Batch:
        if not self.used:
            return batch
        chances = torch.rand(batch.sources.shape, generator=self.generator, device=self.device)
        replaced: Tensor = chances < self.rates[batch.sources]
        sources = torch.where(replaced, self.symbols[batch.sources], batch.sources)
        return Batch(sources, batch.source_lengths, batch.targets, batch.target_lengths)
