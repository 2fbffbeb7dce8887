"""The optimisers."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.optim import Adam, Optimizer

from charseq.config import TrainingConfig


class KerasRMSprop(Optimizer):
    """RMSprop as Keras 3 computes it: the epsilon stands inside the root.

    `v ← decay · v + (1 − decay) · g²`, then `w ← w − learning_rate · g / sqrt(v + epsilon)`
    (Tieleman & Hinton 2012).
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        learning_rate: float = 0.001,
        decay: float = 0.9,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(parameters, {"lr": learning_rate, "decay": decay, "epsilon": epsilon})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move every weight once.

        Args:
            closure: not supported; there to fit torch's interface.
        """
        if closure is not None:
            raise TypeError("KerasRMSprop takes no closure")
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["velocity"] = torch.zeros_like(weight)
                velocity = state["velocity"].mul_(group["decay"])
                velocity.addcmul_(weight.grad, weight.grad, value=1 - group["decay"])
                scale = (velocity + group["epsilon"]).rsqrt_()
                weight.addcmul_(weight.grad, scale, value=-group["lr"])


def build_optimiser(config: TrainingConfig, parameters: Iterable[Tensor]) -> Optimizer:
    """Return the optimiser that the configuration names, for the weights that are trained."""
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    if config.optimiser == "keras-rmsprop":
        return KerasRMSprop(trained, config.learning_rate)
    return Adam(trained, config.learning_rate, fused=trained[0].device.type in ("cpu", "cuda"))
