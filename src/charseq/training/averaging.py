"""An average of the weights over the last steps, which generalises better than the last ones."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class WeightAverage:
    """An exponential moving average of a model's weights (Polyak & Juditsky 1992).

    Early averages are shorter, so that the first weights are soon forgotten.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.weights: list[Tensor] = [
            weight for weight in model.parameters() if weight.requires_grad
        ]
        self.averages: list[Tensor] = [weight.detach().clone() for weight in self.weights]

    @torch.no_grad()
    def update(self) -> None:
        """Take the weights of one more step in."""
        self.steps += 1
        decay = min(self.decay, self.steps / (self.steps + 9))
        torch._foreach_lerp_(self.averages, self.weights, 1 - decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the averages into the model, and the weights back at the end."""
        self.swap()
        try:
            yield
        finally:
            self.swap()

    @torch.no_grad()
    def swap(self) -> None:
        """Let averages and weights change places."""
        for weight, average in zip(self.weights, self.averages, strict=True):
            kept = weight.clone()
            weight.copy_(average)
            average.copy_(kept)
