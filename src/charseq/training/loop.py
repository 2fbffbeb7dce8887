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

from charseq.batching import Batch, EncodedPairs, bucketed_batches, shuffled_batches
from charseq.config import TrainingConfig
from charseq.errors import DataError
from charseq.model import Seq2Seq
from charseq.scoring import character_error_rate, exact_match, score
from charseq.search import answer_texts, spelt
from charseq.training.averaging import WeightAverage
from charseq.training.history import EpochRecord
from charseq.training.loss import Comparison, compare, smoothed
from charseq.training.optimiser import build_optimiser, clip_gradients, set_step_size
from charseq.training.prepare import Prepared, read_some_as_unknown
from charseq.training.schedule import step_scale

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
    def progress(self) -> float:
        """How much of the time limit has passed, from 0 to 1; without a limit, nothing has."""
        return 0 if self.limit is None else min(1, self.elapsed / self.limit)

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
    optimiser = build_optimiser(config, model.parameters())
    average = None if config.average is None else WeightAverage(model, config.average)
    generator = np.random.default_rng(config.seed)
    noise = torch.Generator(model.device).manual_seed(config.seed)
    deal = shuffled_batches if config.count_padding else bucketed_batches
    # The loss is divided by the average batch's symbols: so every symbol weighs the same.
    symbols = int((prepared.training.targets.lengths - 1).sum())
    batches = -(-len(prepared.training) // config.batch_size)
    average_symbols = symbols / batches
    best, best_epoch, steps = math.inf, 0, 0
    for epoch in range(1, config.epochs + 1):
        began = time.perf_counter()
        epoch_pairs = read_some_as_unknown(prepared, generator)
        seen: list[Comparison] = []
        pairs = 0
        for rows in deal(epoch_pairs, config.batch_size, generator):
            if config.schedule == "cosine":
                progress = max(steps / (batches * config.epochs), clock.progress)
                set_step_size(optimiser, config.learning_rate * step_scale(progress))
            batch = epoch_pairs.batch(rows)
            seen.append(training_step(model, optimiser, batch, average_symbols, config, noise))
            if average is not None:
                average.update()
            steps += 1
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
        with contextlib.nullcontext() if average is None else average.in_place():
            held_out = evaluate(model, prepared.held_out, config)
            scores = _held_out_scores(model, prepared, config)
            cost = _cost(held_out, scores, config)
            if cost < best:
                best, best_epoch = cost, epoch
            yield EpochRecord(
                epoch=epoch,
                seconds=time.perf_counter() - began,
                pairs_per_second=pairs / training_seconds,
                training_loss=training.masked.mean_loss,
                held_out_loss=held_out.masked.mean_loss,
                character_accuracy=held_out.masked.accuracy,
                best=best_epoch == epoch,
                **scores,
                **_padded_figures(training, held_out),
            )
        if clock.is_over or (config.patience and epoch - best_epoch >= config.patience):
            return


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


def _held_out_scores(
    model: Seq2Seq, prepared: Prepared, config: TrainingConfig
) -> dict[str, float]:
    """Translate some of the held-out sources, and score the answers as records name scores."""
    inputs = list(prepared.references)
    # Evenly spread, since a corpus may be sorted.
    places = np.linspace(0, len(inputs) - 1, min(config.held_out_decoded, len(inputs))).astype(int)
    sample = [inputs[place] for place in places]
    answers = answer_texts(model, model.stepper(), prepared.description, sample)
    hypotheses = spelt(prepared.description, sample, [best for best, *_ in answers])
    references = [prepared.references[each] for each in sample]
    separator = prepared.description.target_separator
    if config.select == "chrf":
        report = score(hypotheses, references, target_separator=separator, intervals=False)
        return {
            "cer": report.character_error_rate.value,
            "exact_match": report.exact_match.value,
            "chrf": report.chrf.value,
        }
    return {
        "cer": character_error_rate(hypotheses, references, target_separator=separator),
        "exact_match": exact_match(hypotheses, references),
    }


def _cost(held_out: Comparison, scores: dict[str, float], config: TrainingConfig) -> float:
    """Return what is to be small: the score that epochs are compared by."""
    if config.select == "loss":
        return held_out.masked.mean_loss
    if config.select == "cer":
        return scores["cer"]
    return -scores["chrf" if config.select == "chrf" else "exact_match"]
