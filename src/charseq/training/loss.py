"""What a model is trained to make small, with padding masked and, as Keras does, counted."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

# Keras clips probabilities to [1e-7, 1 - 1e-7] before it takes their logarithm.
KERAS_SMALLEST = -torch.log1p(torch.tensor(-1e-7, dtype=torch.float64)).item()
KERAS_LARGEST = -torch.log(torch.tensor(1e-7, dtype=torch.float64)).item()


@dataclass
class Totals:
    """Sums over positions: `masked_*` over real ones, `padded_*` over all, as Keras counts them.

    Each field is a scalar tensor, so that adding up does not wait for the device.
    """

    masked_loss: Tensor
    masked_correct: Tensor
    masked_positions: Tensor
    padded_loss: Tensor
    padded_correct: Tensor
    padded_positions: Tensor

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            *(
                mine + its
                for mine, its in zip(vars(self).values(), vars(other).values(), strict=True)
            )
        )

    def detach(self) -> "Totals":
        """Return the sums without their history."""
        return Totals(*(value.detach() for value in vars(self).values()))

    @property
    def loss(self) -> float:
        """Mean cross-entropy of a real symbol, in nats."""
        return float(self.masked_loss / self.masked_positions)

    @property
    def accuracy(self) -> float:
        """Share of real symbols that were the most probable ones under teacher forcing."""
        return float(self.masked_correct / self.masked_positions)

    @property
    def keras_loss(self) -> float:
        """Keras's loss: the mean over all positions, padding counted."""
        return float(self.padded_loss / self.padded_positions)

    @property
    def keras_accuracy(self) -> float:
        """Keras's accuracy: the share over all positions, padding counted."""
        return float(self.padded_correct / self.padded_positions)


def totals(logits: Tensor, targets: Tensor, mask: Tensor) -> Totals:
    """Compare predictions with what should have been predicted.

    Args:
        logits: (batch, time, symbols).
        targets: ids, (batch, time).
        mask: which positions are real, (batch, time).
    """
    losses = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
    losses = losses.view_as(targets)
    correct = logits.detach().argmax(dim=2) == targets
    return Totals(
        masked_loss=(losses * mask).sum(),
        masked_correct=(correct & mask).sum(),
        masked_positions=mask.sum(),
        padded_loss=losses.clamp(KERAS_SMALLEST, KERAS_LARGEST).sum(),
        padded_correct=correct.sum(),
        padded_positions=torch.tensor(targets.numel(), device=targets.device),
    )
