"""What a corpus decides where its user does not: sizes, noise, copying, and how long to train."""

from collections.abc import Sequence

from rapidfuzz.distance import LCSseq

from charseq.config import ModelConfig, ModelSettings, RunConfig, RunSettings, TrainingConfig
from charseq.corpus import Pair, Split
from charseq.text import Spellings, has_hangul

# Where longest common subsequences cover this share of the targets, most symbols are kept.
COPIED_SHARE = 0.7
# So many pairs tell how much sources and targets share.
LOOKED_AT = 1_000


def decided(settings: RunSettings, split: Split) -> RunConfig:
    """Return settings with all that they leave to the corpus filled in.

    Args:
        settings: what was asked for.
        split: the training and the held-out pairs.
    """
    pairs = len(split.training)
    model, training = settings.model, settings.training
    shape, work = model.model_dump(), training.model_dump()
    if model.normalise == "auto":
        hangul = any(has_hangul(pair[:2]) for pair in (*split.training, *split.held_out))
        shape["normalise"] = "jamo" if hangul else "nfc"
    if model.attention == "none":
        shape |= {"residual": False, "relative_positions": False}
    if model.copying == "auto":
        possible = model.attention != "none" and model.pad_source_to is None
        shape["copying"] = possible and kept_share(split.training, model) >= COPIED_SHARE
    if model.units == "auto":
        shape["units"] = units_for(pairs)
    if model.embedding == "auto":
        shape["embedding"] = shape["units"] // 2
    if model.dropout == "auto":
        shape["dropout"] = dropout_for(pairs)
    if training.batch_size == "auto":
        work["batch_size"] = batch_size_for(pairs)
    if training.epochs == "auto":
        work["epochs"] = epochs_for(pairs)
    return RunConfig(
        corpus=settings.corpus, model=ModelConfig(**shape), training=TrainingConfig(**work)
    )


def units_for(pairs: int) -> int:
    """Return how many units suit so many training pairs."""
    return 128 if pairs < 2_000 else 256 if pairs < 50_000 else 512


def dropout_for(pairs: int) -> float:
    """Return how much noise suits so many training pairs: the fewer, the more."""
    return 0.4 if pairs < 2_000 else 0.3 if pairs < 50_000 else 0.1


def batch_size_for(pairs: int) -> int:
    """Return how many pairs a step should take: small corpora need many steps."""
    return 16 if pairs < 4_000 else 32 if pairs < 20_000 else 64


def epochs_for(pairs: int) -> int:
    """Return how often to read so many training pairs."""
    return 30


def kept_share(pairs: Sequence[Pair], model: ModelSettings) -> float:
    """Return which share of the targets' symbols stands in their sources in the same order.

    It is taken over a thousand pairs, evenly spread.
    """
    spellings = Spellings.of(model)
    kept = symbols = 0
    for pair in pairs[:: max(1, len(pairs) // LOOKED_AT)]:
        source = list(spellings.source.symbols(pair.source))
        target = list(spellings.target.symbols(pair.target))
        kept += LCSseq.similarity(source, target)
        symbols += len(target)
    return kept / max(symbols, 1)
