"""An average of the weights over the last steps, which generalises better than the last ones."""

import copy

import torch
from torch import Tensor, nn

from charseq.model import Seq2Seq


class WeightAverage:
    """An exponential moving average of a model's weights (Polyak & Juditsky 1992).

    Early averages are shorter, so that the first weights are soon forgotten.

    Attributes:
        model: a copy of the given model, with averages as weights.
        averages: the averages of the weights that are trained.
        steps: how many steps they include.
    """

    def __init__(self, model: Seq2Seq, decay: float) -> None:
        self.model = copy.deepcopy(model)
        self.averages = _trained(self.model)
        self.steps = 0
        self._weights = _trained(model)
        self._decay = decay
        # On CUDA, layers need their weights contiguous in memory.
        for part in self.model.modules():
            if isinstance(part, nn.RNNBase):
                part.flatten_parameters()

    @torch.no_grad()
    def update(self) -> None:
        """Include the weights after one more step."""
        self.steps += 1
        decay = min(self._decay, self.steps / (self.steps + 9))
        torch._foreach_lerp_(self.averages, self._weights, 1 - decay)


def _trained(model: Seq2Seq) -> list[Tensor]:
    return [weight for weight in model.parameters() if weight.requires_grad]
