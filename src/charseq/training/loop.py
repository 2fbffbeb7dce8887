"""The training loop."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.optim import Optimizer

from charseq.batching import Batch, EncodedPairs, bucketed_batches, shuffled_batches
from charseq.config import TrainingConfig
from charseq.errors import DataError
from charseq.model import Seq2Seq
from charseq.scoring import character_error_rate
from charseq.search import answer_texts, spelt
from charseq.training.history import EpochRecord
from charseq.training.loss import Comparison, compare
from charseq.training.optimiser import build_optimiser, clip_gradients
from charseq.training.prepare import Prepared, read_some_as_unknown

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
    noise = torch.Generator(model.device).manual_seed(config.seed)
    deal = shuffled_batches if config.count_padding else bucketed_batches
    # The loss is divided by the average batch's symbols: so every symbol weighs the same.
    symbols = int((prepared.training.targets.lengths - 1).sum())
    average_symbols = symbols / -(-len(prepared.training) // config.batch_size)
    best, best_epoch = math.inf, 0
    for epoch in range(1, config.epochs + 1):
        began = time.perf_counter()
        model.train()
        epoch_pairs = read_some_as_unknown(prepared, generator)
        seen: list[Comparison] = []
        pairs = 0
        for rows in deal(epoch_pairs, config.batch_size, generator):
            batch = epoch_pairs.batch(rows)
            seen.append(training_step(model, optimiser, batch, average_symbols, config, noise))
            pairs += len(rows)
            after_step(len(rows))
            if clock.is_over:
                break
        training = _sum(seen)
        if not math.isfinite(training.masked.mean_loss):
            raise DataError(
                f"the training loss is not finite in epoch {epoch}:"
                " try a smaller --learning-rate or --gradient-clip 1"
            )
        training_seconds = time.perf_counter() - began
        held_out = evaluate(model, prepared.held_out, config)
        cer = _held_out_cer(model, prepared, config.held_out_decoded)
        if cer < best:
            best, best_epoch = cer, epoch
        yield EpochRecord(
            epoch=epoch,
            seconds=time.perf_counter() - began,
            pairs_per_second=pairs / training_seconds,
            training_loss=training.masked.mean_loss,
            held_out_loss=held_out.masked.mean_loss,
            character_accuracy=held_out.masked.accuracy,
            cer=cer,
            best=best_epoch == epoch,
            **_padded_figures(training, held_out),
        )
        if clock.is_over or (config.patience and epoch - best_epoch >= config.patience):
            return


@torch.inference_mode()
def evaluate(model: Seq2Seq, pairs: EncodedPairs, config: TrainingConfig) -> Comparison:
    """Compare a model's teacher-forced predictions with the targets of `pairs`."""
    model.eval()
    order = np.random.default_rng(0)
    return _sum(
        _compare(model, pairs.batch(rows), config)
        for rows in bucketed_batches(pairs, EVALUATION_BATCH, order)
    )


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
    compared = _compare(model, batch, config, noise)
    if compared.padded is not None:
        loss = compared.padded.loss / compared.padded.positions
    else:
        loss = compared.masked.loss / average_symbols
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    if config.gradient_clip is not None:
        clip_gradients(model, config.gradient_clip)
    optimiser.step()
    for sums in filter(None, (compared.masked, compared.padded)):
        sums.loss = sums.loss.detach()
    return compared


def _compare(
    model: Seq2Seq, batch: Batch, config: TrainingConfig, noise: torch.Generator | None = None
) -> Comparison:
    device = model.device
    batch = batch.to(device)
    with torch.autocast(device.type, torch.bfloat16, enabled=config.precision == "bf16"):
        logits = model(batch, noise)
    logits, targets = logits.float(), batch.targets[:, 1:]
    return compare(logits, targets, batch.mask, count_padding=config.count_padding)


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


def _held_out_cer(model: Seq2Seq, prepared: Prepared, at_most: int) -> float:
    inputs = list(prepared.references)
    # Evenly spread, since a corpus may be sorted.
    places = np.linspace(0, len(inputs) - 1, min(at_most, len(inputs))).astype(int)
    sample = [inputs[place] for place in places]
    answers = answer_texts(model, model.stepper(), prepared.description, sample)
    return character_error_rate(
        spelt(prepared.description, sample, [best for best, *_ in answers]),
        [prepared.references[each] for each in sample],
        target_separator=prepared.description.config.target_separator or "",
    )
