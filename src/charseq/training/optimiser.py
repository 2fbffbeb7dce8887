"""The optimisers."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.nn.utils import clip_grads_with_norm_
from torch.optim import AdamW, Optimizer

from charseq.config import TrainingConfig


class KerasRMSprop(Optimizer):
    """RMSprop as Keras 3 computes it, with epsilon inside the root.

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
            closure: not supported; only part of torch's interface.
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
    """Return the optimiser that the configuration names, for the weights that are trained.

    AdamW is that of Loshchilov & Hutter (2019); without weight decay, it is Adam (Kingma & Ba
    2015).
    """
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    if config.optimiser == "keras-rmsprop":
        return KerasRMSprop(trained, config.learning_rate)
    device = trained[0].device
    on_cuda = device.type == "cuda"
    return AdamW(
        trained,
        # A recorded step reads its size from this tensor when it is replayed.
        torch.tensor(config.learning_rate, device=device) if on_cuda else config.learning_rate,
        weight_decay=config.weight_decay,
        fused=device.type in ("cpu", "cuda"),
    )


def set_step_size(optimiser: Optimizer, size: float) -> None:
    """Set the learning rate of the following steps."""
    for group in optimiser.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(size)
        else:
            group["lr"] = size


def drop_gradients(optimiser: Optimizer) -> None:
    """Drop the gradients of the last step, without the fixed cost of `Optimizer.zero_grad`."""
    for weight in _trained(optimiser):
        weight.grad = None


def move_weights(optimiser: Optimizer) -> None:
    """Take an optimiser's step, on CPUs as the fused call of `AdamW` alone.

    `AdamW.step` first sorts the weights by device and type, which took a third of a millisecond.
    """
    trained = _trained(optimiser)
    gradients = [weight.grad for weight in trained if weight.grad is not None]
    moved = [weight for weight in trained if weight.grad is not None]
    states = [optimiser.state[weight] for weight in moved]
    on_cpu = all(weight.device.type == "cpu" for weight in moved)
    # The first step makes the states.
    if not (isinstance(optimiser, AdamW) and on_cpu and all(states)):
        optimiser.step()
        return
    (group,) = optimiser.param_groups
    beta1, beta2 = group["betas"]
    steps = [state["step"] for state in states]
    with torch.no_grad():
        torch._foreach_add_(steps, 1)
        torch._fused_adamw_(
            moved,
            gradients,
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [],
            steps,
            lr=group["lr"],
            beta1=beta1,
            beta2=beta2,
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=False,
            maximize=False,
        )


def clip_gradients(optimiser: Optimizer, longest: float) -> None:
    """Scale all gradients so that their joint norm is at most `longest` (Pascanu et al. 2013).

    `torch.nn.utils.get_total_norm` first sorts them by device and type, which takes as long again.
    """
    trained = _trained(optimiser)
    gradients = [weight.grad for weight in trained if weight.grad is not None]
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    # On devices other than CPUs, reading the norm would wait for the device.
    if norm.device.type != "cpu" or not norm <= longest:
        clip_grads_with_norm_(trained, longest, norm)


def _trained(optimiser: Optimizer) -> list[Tensor]:
    """Return an optimiser's weights; collecting them from a model takes longer than clipping."""
    return [weight for group in optimiser.param_groups for weight in group["params"]]
