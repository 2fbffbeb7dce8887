"""The size of the steps over the course of a training."""

import math

# The share of training in which steps grow to their full size.
WARM_UP = 0.05


def step_scale(progress: float) -> float:
    """Return what the learning rate is multiplied by: a linear warm-up, then half a cosine to 0.

    Source: Loshchilov & Hutter (2017), "SGDR: stochastic gradient descent with warm restarts".

    Args:
        progress: how much of the training is done, from 0 to 1.
    """
    if progress < WARM_UP:
        return progress / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (min(progress, 1) - WARM_UP) / (1 - WARM_UP)))
