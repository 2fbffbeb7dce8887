"""One step of training, and the evaluation of predictions without one."""

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
from charseq.training.optimiser import clip_gradients, drop_gradients, move_weights

EVALUATION_BATCH = 256


@torch.inference_mode()
def evaluate(model: Seq2Seq, pairs: EncodedPairs, config: TrainingConfig) -> Comparison:
    """Compare a model's teacher-forced predictions with the targets of `pairs`."""
    order = np.random.default_rng(0)
    dealt = bucketed_batches(pairs, EVALUATION_BATCH, order, config.batch_characters)
    batches = (batch.to(model.device) for batch in pairs.batches(dealt))
    compared = (_compared(_predicted(model, batch, config), batch, config) for batch in batches)
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
        model: the model whose weights are moved.
        optimiser: the optimiser of those weights.
        batch: some pairs, on the CPU or the model's device.
        average_symbols: the divisor of the summed loss, unless padding counts.
        config: how to train.
        noise: what dropout draws from; without it, nothing is dropped.

    Returns:
        How the predictions compared with the targets before the move.
    """
    batch = batch.to(model.device)
    predicted = _predicted(model, batch, config, noise)
    # Only where padding counts, as in Keras, is the accuracy in training told as well.
    compared = _compared(predicted, batch, config, count_correct=config.count_padding)
    if compared.padded is not None:
        loss = compared.padded.loss / compared.padded.positions
    else:
        share, symbols = config.label_smoothing, model.decoder.symbols
        loss = smoothed(compared.masked.loss, predicted, batch.mask.t(), share, symbols)
        loss = loss / average_symbols
    drop_gradients(optimiser)
    loss.backward()  # type: ignore[no-untyped-call]
    if config.gradient_clip is not None:
        clip_gradients(optimiser, config.gradient_clip)
    move_weights(optimiser)
    for sums in filter(None, (compared.masked, compared.padded)):
        sums.loss = sums.loss.detach()
    return compared


def _predicted(
    model: Seq2Seq, batch: Batch, config: TrainingConfig, noise: torch.Generator | None = None
) -> Tensor:
    """Return log-probabilities, (time, batch, columns), in single precision.

    In this order they lie in memory as the output layer writes them, so nothing is rearranged.
    """
    with torch.autocast(model.device.type, torch.bfloat16, enabled=config.precision == "bf16"):
        logits: Tensor = model(batch, noise)
    return torch.log_softmax(logits.transpose(0, 1), dim=2, dtype=torch.float32)


def _compared(
    predicted: Tensor, batch: Batch, config: TrainingConfig, *, count_correct: bool = True
) -> Comparison:
    return compare(
        predicted,
        batch.targets[:, 1:].t(),
        batch.mask.t(),
        count_correct=count_correct,
        count_padding=config.count_padding,
    )
