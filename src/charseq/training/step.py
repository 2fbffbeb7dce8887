"""One step of training, and what predictions are compared with while nothing moves."""

from functools import reduce
from operator import add

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from charseq.batching import Batch, EncodedPairs, bucketed_batches
from charseq.config import TrainingConfig
from charseq.model import Seq2Seq
from charseq.training.loss import Comparison, compare, smoothed
from charseq.training.optimiser import clip_gradients

EVALUATION_BATCH = 256


@torch.inference_mode()
def evaluate(model: Seq2Seq, pairs: EncodedPairs, config: TrainingConfig) -> Comparison:
    """Compare a model's teacher-forced predictions with the targets of `pairs`."""
    order = np.random.default_rng(0)
    dealt = bucketed_batches(pairs, EVALUATION_BATCH, order)
    batches = (pairs.batch(rows).to(model.device) for rows in dealt)
    compared = (_compared(_logits(model, batch, config), batch, config) for batch in batches)
    return reduce(add, compared)


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
