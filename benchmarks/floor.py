"""The least time this machine could take: the model's matrix products alone, at their best rate.

Only what cannot be left out is counted: the products of the hidden state with its weights, four
gates wide, for every real character, and of the decoder's states with the output weights. Padding,
the input projection of one-hot characters (a look-up), activations and the optimiser are free.
"""

import statistics
import time

import torch

SHAPES = ((64, 256, 1024), (1024, 256, 1024))
GATES = 4


def matrix_product_rate(seconds: float = 1.0) -> float:
    """Return the better rate of the shapes that training multiplies, operations a second."""
    return max(_rate(*shape, seconds) for shape in SHAPES)


def _rate(rows: int, inner: int, columns: int, seconds: float) -> float:
    """Return the median rate of one float32 product, repeated for so many seconds."""
    left, right = torch.randn(rows, inner), torch.randn(inner, columns)
    product = torch.empty(rows, columns)
    times = []
    started = time.perf_counter()
    while (began := time.perf_counter()) - started < seconds:
        torch.mm(left, right, out=product)
        times.append(time.perf_counter() - began)
    # The first tenth warms up.
    return 2 * rows * inner * columns / statistics.median(times[len(times) // 10 :])


def translating_floor(
    units: int,
    source_characters: int,
    target_characters: int,
    target_symbols: int,
    *,
    rate: float,
) -> float:
    """Return the least seconds for translating sources: one forward pass over real characters.

    Args:
        units: the hidden state's width, H.
        source_characters: characters of all sources.
        target_characters: predictions: characters of all targets, each target's end counted.
        target_symbols: the output layer's width, V.
        rate: operations a second, from `matrix_product_rate`.
    """
    recurrent = 2 * GATES * units**2 * (source_characters + target_characters)
    output = 2 * units * target_symbols * target_characters
    return (recurrent + output) / rate


def training_floor(
    units: int,
    source_characters: int,
    target_characters: int,
    target_symbols: int,
    *,
    rate: float,
) -> float:
    """Return the least seconds for one epoch: a forward pass, and a backward pass twice its size.

    The arguments are those of `translating_floor`.
    """
    forward = translating_floor(
        units, source_characters, target_characters, target_symbols, rate=rate
    )
    return 3 * forward
