"""The loss that training minimises, with padding masked or, as in Keras, counted."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

# Keras clips probabilities to [1e-7, 1 - 1e-7] before it takes their logarithm.
KERAS_SMALLEST = -torch.log1p(torch.tensor(-1e-7, dtype=torch.float64)).item()
KERAS_LARGEST = -torch.log(torch.tensor(1e-7, dtype=torch.float64)).item()


@dataclass
class Sums:
    """Sums over positions, as scalar tensors, so that adding them does not wait for the device.

    Attributes:
        loss: of the losses.
        positions: how many there are.
        correct: at how many the target is the most probable symbol; None: nobody asked.
    """

    loss: Tensor
    positions: Tensor
    correct: Tensor | None

    def __add__(self, other: "Sums") -> "Sums":
        correct = None
        if self.correct is not None and other.correct is not None:
            correct = self.correct + other.correct
        return Sums(self.loss + other.loss, self.positions + other.positions, correct)

    def tensors(self) -> dict[str, Tensor]:
        """Return the sums by their names."""
        return {name: tensor for name, tensor in vars(self).items() if tensor is not None}

    @property
    def mean_loss(self) -> float:
        """Mean cross-entropy per position, in nats."""
        return float(self.loss / self.positions)

    @property
    def accuracy(self) -> float:
        """The share of positions whose symbol is the most probable one under teacher forcing."""
        if self.correct is None:
            raise AssertionError("correct symbols were not counted")
        return float(self.correct / self.positions)


@dataclass
class Comparison:
    """Predictions against targets: over real positions and, where padding counts, over all."""

    masked: Sums
    padded: Sums | None

    def __add__(self, other: "Comparison") -> "Comparison":
        padded = self.padded and other.padded and self.padded + other.padded
        return Comparison(self.masked + other.masked, padded)

    def tensors(self) -> dict[str, Tensor]:
        """Return all sums by their names, for `from_tensors` to read."""
        parts = {"masked": self.masked} | ({} if self.padded is None else {"padded": self.padded})
        return {
            f"{part}.{name}": tensor
            for part, sums in parts.items()
            for name, tensor in sums.tensors().items()
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> "Comparison":
        """Read back what `tensors` returned."""
        padded = _sums(tensors, "padded") if "padded.loss" in tensors else None
        return cls(_sums(tensors, "masked"), padded)


def _sums(tensors: Mapping[str, Tensor], part: str) -> Sums:
    loss, positions = tensors[f"{part}.loss"], tensors[f"{part}.positions"]
    return Sums(loss, positions, tensors.get(f"{part}.correct"))


def compare(
    log_probabilities: Tensor,
    targets: Tensor,
    mask: Tensor,
    *,
    count_correct: bool = True,
    count_padding: bool = False,
) -> Comparison:
    """Compare predictions with targets; whether batch or time comes first makes no difference.

    Args:
        log_probabilities: (batch, time, symbols).
        targets: ids, (batch, time).
        mask: which positions are real, (batch, time).
        count_correct: also count the positions whose target is the most probable symbol.
        count_padding: also sum over all positions, with Keras's clipping.
    """
    losses = functional.nll_loss(
        log_probabilities.flatten(0, 1), targets.flatten(), reduction="none"
    )
    losses = losses.view_as(targets)
    correct = None
    if count_correct:
        # On CPUs, finding the highest is several times faster than finding where it is.
        correct = log_probabilities.detach().amax(dim=2) == -losses.detach()
    real = None if correct is None else (correct & mask).sum()
    masked = Sums((losses * mask).sum(), mask.sum(), real)
    if not count_padding:
        return Comparison(masked, None)
    positions = torch.tensor(targets.numel(), device=targets.device)
    clipped = losses.clamp(KERAS_SMALLEST, KERAS_LARGEST)
    everywhere = None if correct is None else correct.sum()
    return Comparison(masked, Sums(clipped.sum(), positions, everywhere))


def held_back(share: float, symbols: int) -> float:
    """Return by how much label smoothing lowers the log-probability of a certain symbol.

    Args:
        share: the share of a target's probability that is spread evenly.
        symbols: how many symbols it is spread over.
    """
    return math.log(1 / (1 - share + share / symbols))


def smoothed(
    losses: Tensor, log_probabilities: Tensor, mask: Tensor, share: float, symbols: int
) -> Tensor:
    """Return a loss's sum with a share of each target spread evenly over all symbols.

    Source: Szegedy et al. (2016), "Rethinking the Inception architecture for computer vision".

    Args:
        losses: the sum of the real positions' cross-entropies, a scalar.
        log_probabilities: (batch, time, columns); columns beyond the vocabulary, which copy, get no
            share.
        mask: which positions are real, (batch, time).
        share: the share to spread.
        symbols: the size of the vocabulary.
    """
    if not share:
        return losses
    spread = log_probabilities[..., :symbols].mean(dim=2)
    return (1 - share) * losses - share * (spread * mask).sum()
