"""From pairs of texts to what the loop trains on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from charseq.answering.columns import columns_of
from charseq.batching import EncodedPairs
from charseq.config import (
    MOST_OUTPUT,
    ModelConfig,
    RunConfig,
    RunSettings,
    TrainingConfig,
)
from charseq.corpus import Corpus, Pair, Split, references_by_input
from charseq.encoding import NEVER_COPIED, Sequences, encode_inputs, encode_targets
from charseq.errors import DataError, UsageError, visible
from charseq.modelfile import MOST_PER_SYMBOL, ModelDescription, OutputLimit, kept_columns
from charseq.text import Input, Spellings, Vocabulary, own_form
from charseq.training.choices import decided

# How often a character that occurs k times is read as unknown beyond the common rate:
# α / (α + k), after Kiperwasser & Goldberg (2016).
RARITY = 0.25
# Answers may be this much longer than any training target of an equally long source.
LIMIT_MARGIN = 1.25


@dataclass(frozen=True)
class Prepared:
    """A corpus that is ready to train on.

    Attributes:
        config: all settings, decided.
        description: the description of the model to train.
        training: the pairs that are trained on.
        held_out: the pairs that the held-out loss is computed on.
        references: all targets of each held-out input.
        unknown_rates: how often each source id is read as unknown, (symbols + 1,).
        unknown_ids: the unknown symbol that each source id is then read as, (symbols + 1,).
    """

    config: RunConfig
    description: ModelDescription
    training: EncodedPairs
    held_out: EncodedPairs
    references: Mapping[Input, Sequence[str]]
    unknown_rates: NDArray[np.float32]
    unknown_ids: NDArray[np.int64]


def prepare(
    corpus: Corpus, split: Split, settings: RunSettings, start: ModelDescription | None = None
) -> Prepared:
    """Build vocabularies, lengths and ids from a split corpus.

    Args:
        corpus: where the pairs come from.
        split: its training and held-out pairs.
        settings: the run's settings; what they leave to the corpus is decided here.
        start: the model whose weights training starts from; its vocabularies are extended.
    """
    config = decided(settings, split, started=start is not None)
    training, model = config.training, config.model
    everything = [*split.training, *split.held_out]
    # Without an unknown symbol, nothing can stand for characters that are only held out.
    all_sides = training.vocabulary_from == "corpus" or not model.unknown_symbol
    known = everything if all_sides else split.training
    sources, targets = _vocabularies(known, model, training, start)
    if model.pad_source_to == "longest":
        longest_source = max(sources.spelling.length(pair.source) for pair in everything)
        model = model.model_copy(update={"pad_source_to": longest_source})
    train_targets, held_out_targets = (
        encode_targets([pair.target for pair in pairs], targets)
        for pairs in (split.training, split.held_out)
    )
    longest_target = int(max(t.lengths.max() for t in (train_targets, held_out_targets)))
    if model.maximum_output_length == "longest":
        model = model.model_copy(update={"maximum_output_length": longest_target + 1})
    train_inputs, held_out_inputs = (
        encode_inputs([pair.input for pair in pairs], sources, targets, model)
        for pairs in (split.training, split.held_out)
    )
    description = ModelDescription(
        config=model,
        sources=sources,
        targets=targets,
        # The start and the end symbol are not part of the answer.
        output_limit=learn_output_limit(
            train_inputs.text_lengths, train_targets.lengths - 2, model
        ),
        columns=kept_columns(config.corpus, conditions=bool(sources.conditions.ids)),
        corpus={
            "name": corpus.name,
            "digest": corpus.digest,
            "training_pairs": len(split.training),
            "held_out_pairs": len(split.held_out),
            "attribution": corpus.attribution,
            **_source_lengths(train_inputs.text_lengths, model),
        },
    )
    _, end = targets.frame
    fill = targets.id_of(model.pad_character) if training.count_padding else end
    # One column more: the last input is the end symbol, the last output one more padding symbol.
    width = longest_target + 1 if training.count_padding else None
    if model.copying:
        before = held_out_inputs.conditions
        held_out_targets = _with_copies(split.held_out, held_out_targets, description, before)
    training_pairs, held_out_pairs = (
        EncodedPairs(
            inputs.sequences, encoded_targets, fill, width, inputs.copies, inputs.conditions
        )
        for inputs, encoded_targets in (
            (train_inputs, train_targets),
            (held_out_inputs, held_out_targets),
        )
    )
    return Prepared(
        config=config.model_copy(update={"model": model}),
        description=description,
        training=training_pairs,
        held_out=held_out_pairs,
        references=references_by_input(split.held_out, sources.spelling.normalise),
        unknown_rates=_unknown_rates(train_inputs.sequences, sources, training),
        unknown_ids=_unknown_ids(sources),
    )


def read_some_as_unknown(prepared: Prepared, generator: np.random.Generator) -> EncodedPairs:
    """Return the training pairs with some source symbols replaced by the unknown ones.

    Otherwise the unknown symbols would never be trained.
    """
    pairs, rates = prepared.training, prepared.unknown_rates
    if not rates.any():
        return pairs
    ids = pairs.sources.ids
    replaced = generator.random(len(ids), np.float32) < rates[ids]
    ids = np.where(replaced, prepared.unknown_ids[ids].astype(np.int32), ids)
    return replace(pairs, sources=replace(pairs.sources, ids=ids))


def _with_copies(
    pairs: Sequence[Pair],
    targets: Sequences,
    description: ModelDescription,
    before: NDArray[np.int64],
) -> Sequences:
    """Return encoded targets, with its copy's column for each symbol that only a copy can write.

    Args:
        pairs: the pairs whose targets these are.
        targets: their ids.
        description: the model's description.
        before: how many conditions precede each source, (pairs,).
    """
    inputs, texts = [pair.input for pair in pairs], [pair.target for pair in pairs]
    columns = columns_of(inputs, texts, description, before)
    return replace(columns, ids=np.where(columns.ids == NEVER_COPIED, targets.ids, columns.ids))


def learn_output_limit(
    sources: NDArray[np.int64], targets: NDArray[np.int64], config: ModelConfig
) -> OutputLimit:
    """Learn from the corpus's lengths how long an answer may become.

    The limit grows with the source as targets do on average, well above every training target, and
    above what a source shorter than all of these would have.

    Args:
        sources: symbols in each source, including padding, (pairs,).
        targets: symbols in each target, (pairs,).
        config: the model's settings, which may set the limit themselves.
    """
    if isinstance(config.maximum_output_length, int):
        return OutputLimit(0.0, config.maximum_output_length)
    per_symbol = min(LIMIT_MARGIN * float(targets.sum() / sources.sum()), MOST_PER_SYMBOL)
    constant = float((LIMIT_MARGIN * targets - per_symbol * sources).max())
    # Targets such as dates are as long for short sources: what a straight line gives for none.
    spread = float(sources.var())
    slope = float(((sources - sources.mean()) * targets).mean()) / spread if spread else 0.0
    constant = max(constant, LIMIT_MARGIN * float(targets.mean() - max(slope, 0) * sources.mean()))
    return OutputLimit(round(per_symbol, 3), min(max(4, int(np.ceil(constant)) + 1), MOST_OUTPUT))


def _source_lengths(lengths: NDArray[np.int64], config: ModelConfig) -> dict[str, int]:
    """Return the fewest and the most symbols of a source, unless padding makes all alike."""
    if config.pad_source_to is not None:
        return {}
    return {"shortest_source": int(lengths.min()), "longest_source": int(lengths.max())}


def _vocabularies(
    pairs: Sequence[Pair],
    model: ModelConfig,
    training: TrainingConfig,
    start: ModelDescription | None,
) -> tuple[Vocabulary, Vocabulary]:
    inputs = [pair.input for pair in pairs]
    sources = [pair.source for pair in pairs]
    targets = [pair.target for pair in pairs]
    tabbed = next((target for target in targets if "\t" in target), None)
    if tabbed is not None and not model.unknown_symbol:
        raise DataError(
            f"the target {visible(repr(tabbed), 30)} contains a tab, which starts every target if"
            " there is no unknown symbol: remove the tab, or train with --unknown-symbol"
        )
    if training.count_padding and model.pad_character == model.target_separator:
        raise UsageError(
            "targets are padded with what separates their symbols: choose another pad_character,"
            " or omit count_padding"
        )
    if training.count_padding and not model.unknown_symbol and model.pad_character in "\t\n":
        raise UsageError(
            "without an unknown symbol, a tab starts every target and a line break ends it: choose"
            " another pad_character, or train with --unknown-symbol (unknown_symbol=True)"
        )
    source_pad = [model.pad_character] * (model.pad_source_to is not None)
    target_pad = [model.pad_character] * training.count_padding
    if start is not None:
        known_sources = start.sources.extended(sources, also=source_pad)
        known_targets = start.targets.extended(targets, also=target_pad)
        if model.tied_embeddings and len(known_targets) + len(known_sources) > len(
            start.targets
        ) + len(start.sources):
            raise UsageError("a model with tied embeddings cannot learn new symbols")
        return known_sources.conditioned(inputs), known_targets
    unknown = model.unknown_symbol
    spellings = Spellings.of(model, "none" if model.normalise == "none" else own_form(targets))
    read = Vocabulary.of_sources(
        sources, unknown=unknown, spelling=spellings.source, also=source_pad
    )
    written = Vocabulary.of_targets(
        targets, unknown=unknown, spelling=spellings.target, also=target_pad
    )
    if model.tied_embeddings:
        # Equal symbols have equal ids on both sides.
        written = written.extended((), also=read.ordinary)
        read = replace(written, spelling=spellings.source)
    return read.conditioned(inputs), written


def _unknown_rates(
    sources: Sequences, vocabulary: Vocabulary, config: TrainingConfig
) -> NDArray[np.float32]:
    counts = np.bincount(sources.ids, minlength=len(vocabulary) + 1)
    rates = config.unknown_rate + RARITY / (RARITY + counts)
    allowed = np.full(len(rates), vocabulary.unknown is not None)
    allowed[list(vocabulary.conditions.ids)] = True
    return np.where(allowed & (config.unknown_rate > 0), rates, 0).astype(np.float32)


def _unknown_ids(vocabulary: Vocabulary) -> NDArray[np.int64]:
    ids = np.full(len(vocabulary) + 1, vocabulary.unseen)
    conditions = vocabulary.conditions
    if conditions.unknown is not None:
        ids[list(conditions.ids)] = conditions.unknown
    return ids
