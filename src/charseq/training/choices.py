"""What a corpus decides where its user does not: sizes, noise, copying, and how long to train.

The numbers were chosen by cross-validation within the training files of pronunciation, inflection
and translation tasks; `docs/how-to/training.md` gives the rule in words.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import torch
from rapidfuzz.distance import LCSseq

from charseq.config import (
    ModelConfig,
    ModelSettings,
    RunConfig,
    RunSettings,
    TrainingConfig,
    TrainingSettings,
)
from charseq.corpus import Pair, Split
from charseq.text import Spellings, with_form
from charseq.training.device import resolve_device

# With fewer training pairs than the second number, a small model with much noise that also learns
# the held-out pairs is best; with fewer than the first, even more epochs. From the last on, a large
# model with little noise is best, which a second layer of attention would slow down. Batches grow
# at each number.
FEWEST, FEW, SOME, MANY = 400, 2_000, 20_000, 50_000
# Pairs of more symbols than this on average, both sides together, are more than words. For words,
# training a second time on all pairs takes little time.
LONG = 25
# Copying pays if this share of the targets occurs in their sources in the same order.
COPIED_SHARE = 0.7
# This many pairs suffice to estimate that share.
LOOKED_AT = 1_000
# Few pairs are read often, but if they are long, not so often that a training reads more symbols
# than this, which may take an hour; in `FEWEST_EPOCHS`, it reads however many there are.
MOST_SYMBOLS, FEWEST_EPOCHS = 20_000_000, 25
# From this many units on, and with some thousand pairs, a second layer of attention need not know
# more of the first than of a symbol: as many numbers as an embedding has.
SHORT_UNITS = 256
# Where no text is longer, few pairs can afford that attention searches all of a source for patterns
# for each symbol of its target.
NEAR = 100
# From this many units on, bf16 saves more time than converting to it and back takes.
BF16_UNITS = 256


def decided(settings: RunSettings, split: Split, *, started: bool = False) -> RunConfig:
    """Return settings, filling in all that they leave to the corpus and to the machine.

    Args:
        settings: the settings that were asked for.
        split: the training and the held-out pairs.
        started: whether training starts from a model, which it must not make forget what it knows.
    """
    model = _shape(settings.model, split)
    training = _work(settings.training, split.training, model, started)
    return RunConfig(corpus=settings.corpus, model=model, training=training)


def kept_share(pairs: Sequence[Pair], spellings: Spellings) -> float:
    """Return the share of the targets' symbols that occurs in their sources in the same order.

    It is computed from about a thousand pairs, evenly spread.
    """
    kept = symbols = 0
    for pair in pairs[:: max(1, len(pairs) // LOOKED_AT)]:
        source = list(spellings.source.symbols(pair.source))
        target = list(spellings.target.symbols(pair.target))
        kept += LCSseq.similarity(source, target)
        symbols += len(target)
    return kept / max(symbols, 1)


def mean_length(pairs: Sequence[Pair], spellings: Spellings) -> float:
    """Return how many symbols a source and its target have together, on average.

    It is computed from about a thousand pairs, evenly spread.
    """
    some = pairs[:: max(1, len(pairs) // LOOKED_AT)]
    source, target = spellings.source.length, spellings.target.length
    return sum(source(pair.source) + target(pair.target) for pair in some) / max(len(some), 1)


def _shape(asked: ModelSettings, split: Split) -> ModelConfig:
    if isinstance(asked, ModelConfig):
        return asked
    pairs = len(split.training)
    texts = (text for pair in (*split.training, *split.held_out) for text in pair[:2])
    asked = with_form(asked, texts)
    shape: dict[str, Any] = asked.model_dump()
    if asked.units == "auto":
        shape["units"] = 128 if pairs < FEW else 256 if pairs < MANY else 512
    if asked.embedding == "auto":
        shape["embedding"] = max(1, shape["units"] // 2)
    if asked.dropout == "auto":
        shape["dropout"] = 0.5 if pairs < FEW else 0.4 if pairs < MANY else 0.1
    if asked.source_dropout == "auto":
        more = asked.dropout == "auto" and FEW <= pairs < SOME and _are_words(split.training, asked)
        shape["source_dropout"] = 0.55 if more else shape["dropout"]
    attending = asked.attention != "none"
    if asked.symbol_dropout == "auto":
        # Without attention, the decoder has little else to rely on.
        shape["symbol_dropout"] = 0.2 if attending and pairs < FEW else 0.0
    if asked.attention_layers == "auto":
        shape["attention_layers"] = 2 if attending and pairs < MANY else 1
    if asked.attention_size == "auto":
        short = shape["attention_layers"] > 1 and shape["units"] >= SHORT_UNITS and pairs < SOME
        # A vector as long as the units would save nothing.
        size = shape["embedding"] or shape["units"]
        shape["attention_size"] = size if short and size < shape["units"] else None
    if asked.location_aware == "auto":
        shape["location_aware"] = (
            shape["attention_layers"] > 1 and pairs < FEW and _are_plain_and_short(split, asked)
        )
    if not attending:
        shape |= {"residual": False, "relative_positions": False}
    if asked.copying == "auto":
        possible = attending and asked.pad_source_to is None
        shape["copying"] = (
            possible and kept_share(split.training, Spellings.of(asked)) >= COPIED_SHARE
        )
    return ModelConfig(**shape)


def _are_plain_and_short(split: Split, model: ModelSettings) -> bool:
    """Return whether no pair has features or a text longer than `NEAR`."""
    source, target = Spellings.of(model)
    return not any(
        pair.features or source.length(pair.source) > NEAR or target.length(pair.target) > NEAR
        for pair in (*split.training, *split.held_out)
    )


def _are_words(training: Sequence[Pair], model: ModelSettings) -> bool:
    return mean_length(training, Spellings.of(model)) <= LONG


def _work(
    asked: TrainingSettings, training: Sequence[Pair], model: ModelConfig, started: bool
) -> TrainingConfig:
    pairs, units = len(training), model.units
    work: dict[str, Any] = asked.model_dump()
    if asked.batch_size == "auto":
        work["batch_size"] = _by_pairs(pairs, 8, 16, 32, 64, 128)
    epochs = (40, 30, 10, 10, 5) if started else (150, 100, 25, 25, 10)
    usual, affordable = _by_pairs(pairs, *epochs), _affordable_epochs(training, model)
    if asked.epochs == "auto":
        work["epochs"] = min(usual, affordable)
    if asked.learning_rate == "auto":
        size = 0.004 if units < 256 else 0.003 if units < 512 else 0.002
        work["learning_rate"] = size / 10 if started else size
    if asked.refit == "auto":
        work["refit"] = asked.keep == "best" and (
            (pairs < FEW and usual <= affordable) or (pairs < MANY and _are_words(training, model))
        )
    if asked.precision == "auto":
        fast = units >= BF16_UNITS and has_fast_bf16(resolve_device(asked.device))
        work["precision"] = "bf16" if fast else "float32"
    return TrainingConfig(**work)


def _affordable_epochs(training: Sequence[Pair], model: ModelConfig) -> int:
    symbols = len(training) * mean_length(training, Spellings.of(model))
    return max(FEWEST_EPOCHS, int(MOST_SYMBOLS / max(symbols, 1)))


def _by_pairs(pairs: int, *choices: int) -> int:
    """Return the choice for a number of training pairs; choices go from the fewest to the most."""
    return choices[bisect_right((FEWEST, FEW, SOME, MANY), pairs)]


def has_fast_bf16(device: torch.device) -> bool:
    """Return whether a device has fast bf16 products."""
    if device.type == "cuda":
        with torch.cuda.device(device):
            return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    fast = capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")
    return device.type == "cpu" and bool(fast)
