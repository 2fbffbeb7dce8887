"""From pairs of texts to what the loop trains on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from charseq.batching import EncodedPairs, Sequences, encode_sources, encode_targets
from charseq.config import ModelConfig, RunConfig, TrainingConfig
from charseq.corpus import Corpus, Pair, Split
from charseq.modelfile import ModelDescription, OutputLimit
from charseq.scoring import references_by_source
from charseq.text import Vocabulary

# How often a character that occurs k times is read as unknown beyond the common rate:
# α / (α + k), after Kiperwasser & Goldberg (2016).
RARITY = 0.25
# Answers may be this much longer than any training target of a source as long.
LIMIT_MARGIN = 1.25


@dataclass(frozen=True)
class Prepared:
    """A corpus, ready to train on.

    Attributes:
        description: of the model to come.
        training: the pairs that are trained on.
        held_out: the pairs that the held-out loss is taken on.
        references: all targets of each held-out source.
        unknown_rates: how often each source id is read as unknown, (symbols + 1,).
    """

    description: ModelDescription
    training: EncodedPairs
    held_out: EncodedPairs
    references: Mapping[str, Sequence[str]]
    unknown_rates: NDArray[np.float32]


def prepare(
    corpus: Corpus, split: Split, config: RunConfig, start: ModelDescription | None = None
) -> Prepared:
    """Build vocabularies, lengths and ids from a split corpus.

    Args:
        corpus: where the pairs come from.
        split: its training and held-out pairs.
        config: the run's settings.
        start: the model whose weights training starts from; its vocabularies are extended.
    """
    training, model = config.training, config.model
    everything = [*split.training, *split.held_out]
    # Without an unknown symbol there is nothing to stand for held-out characters.
    all_sides = training.vocabulary_from == "corpus" or not model.unknown_symbol
    known = everything if all_sides else split.training
    sources, targets = _vocabularies(known, config, start)
    longest_source = max(len(pair.source) for pair in everything)
    longest_target = max(len(pair.target) for pair in everything) + 2
    if model.pad_source_to == "longest":
        model = model.model_copy(update={"pad_source_to": longest_source})
    if model.maximum_output_length == "longest":
        model = model.model_copy(update={"maximum_output_length": longest_target + 1})
    description = ModelDescription(
        config=model,
        sources=sources,
        targets=targets,
        output_limit=learn_output_limit(split.training, model),
        corpus={
            "name": corpus.name,
            "digest": corpus.digest,
            "training_pairs": len(split.training),
            "held_out_pairs": len(split.held_out),
            "attribution": corpus.attribution,
        },
    )
    _, end = targets.frame
    fill = targets.ids(model.pad_character)[0] if training.count_padding else end
    # The last input is the end symbol, the last output one more padding symbol: one column more.
    width = longest_target + 1 if training.count_padding else None

    def encoded(pairs: Sequence[Pair]) -> EncodedPairs:
        return EncodedPairs(
            encode_sources([pair.source for pair in pairs], sources, model),
            encode_targets([pair.target for pair in pairs], targets),
            fill,
            width,
        )

    pairs = encoded(split.training)
    return Prepared(
        description=description,
        training=pairs,
        held_out=encoded(split.held_out),
        references=references_by_source(split.held_out),
        unknown_rates=_unknown_rates(pairs.sources, sources, training),
    )


def read_some_as_unknown(prepared: Prepared, generator: np.random.Generator) -> EncodedPairs:
    """Return the training pairs with some source characters replaced by the unknown symbol.

    Otherwise that symbol would never be trained.
    """
    pairs, rates = prepared.training, prepared.unknown_rates
    if not rates.any():
        return pairs
    ids = pairs.sources.ids
    replaced = generator.random(len(ids), np.float32) < rates[ids]
    ids = np.where(replaced, np.int32(prepared.description.sources.unseen), ids)
    return replace(pairs, sources=replace(pairs.sources, ids=ids))


def learn_output_limit(pairs: Sequence[Pair], config: ModelConfig) -> OutputLimit:
    """Learn from the corpus's lengths how long an answer may become.

    The limit grows with the source as targets do on average, and no training target comes near it.
    """
    if isinstance(config.maximum_output_length, int):
        return OutputLimit(0.0, config.maximum_output_length)
    sources = np.array([len(pair.source) for pair in pairs])
    targets = np.array([len(pair.target) for pair in pairs])
    per_symbol = LIMIT_MARGIN * float(targets.sum() / sources.sum())
    constant = float((LIMIT_MARGIN * targets - per_symbol * sources).max())
    return OutputLimit(round(per_symbol, 3), max(4, int(np.ceil(constant)) + 1))


def _vocabularies(
    pairs: Sequence[Pair], config: RunConfig, start: ModelDescription | None
) -> tuple[Vocabulary, Vocabulary]:
    pad = config.model.pad_character
    sources = [pair.source for pair in pairs] + [pad] * (config.model.pad_source_to is not None)
    targets = [pair.target for pair in pairs] + [pad] * config.training.count_padding
    if start is None:
        unknown = config.model.unknown_symbol
        return (
            Vocabulary.of_sources(sources, unknown=unknown),
            Vocabulary.of_targets(targets, unknown=unknown),
        )
    return start.sources.extended(sources), start.targets.extended(targets)


def _unknown_rates(
    sources: Sequences, vocabulary: Vocabulary, config: TrainingConfig
) -> NDArray[np.float32]:
    counts = np.bincount(sources.ids, minlength=len(vocabulary) + 1)
    rates = config.unknown_rate + RARITY / (RARITY + counts)
    allowed = vocabulary.unknown is not None and config.unknown_rate > 0
    return (rates if allowed else 0 * rates).astype(np.float32)
