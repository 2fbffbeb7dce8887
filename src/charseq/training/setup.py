"""The start of a training: its material prepared, and a model that has not learnt from it yet."""

from dataclasses import dataclass
from itertools import chain

import torch

from charseq.config import NOISE, RunSettings
from charseq.corpus import Split, split_corpus
from charseq.corpus.checking.lengths import few_long_pairs
from charseq.corpus.checking.separators import (
    idle_separator,
    undivided_features,
    unnamed_separator,
)
from charseq.corpus.checking.sides import Side
from charseq.errors import warn_caller
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription, Tensors, read_model
from charseq.text import Spellings
from charseq.training.device import resolve_device
from charseq.training.loop import first_model, weights_of
from charseq.training.material import Material
from charseq.training.memory import keep_freed_memory, refuse_too_much
from charseq.training.prepare import Prepared, prepare

# This many held-out inputs suffice to tell whether they differ in kind from those trained on.
ENOUGH_TO_JUDGE = 10


@dataclass(frozen=True)
class Setup:
    """What a training begins with.

    Attributes:
        split: the training and the held-out pairs.
        prepared: both as ids, and all settings decided.
        start: the model whose weights training starts from.
        device: where to train.
        repeated_inputs: how many inputs of a separate held-out corpus are also trained on; 0 if
            charseq splits the corpus itself, as the settings say.
    """

    split: Split
    prepared: Prepared
    start: tuple[ModelDescription, Tensors] | None
    device: torch.device
    repeated_inputs: int

    def refuse_too_much(self) -> None:
        """Raise a `MachineError` if training would take more memory than is free."""
        if self.device.type == "cpu":
            refuse_too_much(self.prepared, weights_of(self.prepared))

    def first_model(self) -> Seq2Seq:
        """Return the model before the first step."""
        return first_model(self.prepared, self.start and self.start[1]).to(self.device)


def set_up(material: Material, settings: RunSettings) -> Setup:
    """Prepare the material of a training for its first step.

    Args:
        material: what to train on.
        settings: how to train; the shape of a model to start from replaces the model's, but for
            the noise that is asked for.

    Raises:
        UsageError: if a setting does not fit.
        DataError: if the corpus cannot be split.
        ModelFileError: if the model to start from cannot be read.
    """
    start = None if material.start_from is None else read_model(material.start_from)
    if start is not None:
        asked = {name: getattr(settings.model, name) for name in NOISE}
        noise = {name: rate for name, rate in asked.items() if rate != "auto"}
        shape = start[0].config.model_copy(update=noise)
        settings = settings.model_copy(update={"model": shape})
    device = resolve_device(settings.training.device)
    if material.held_out is None:
        form = Spellings.of(settings.model).source.normalise
        split = split_corpus(material.corpus, settings.training, form)
    else:
        split = Split(tuple(material.corpus.pairs), tuple(material.held_out.pairs))
        if settings.training.refit == "auto":
            # A separate held-out file is there to score on: do not train on it unless asked to.
            training = settings.training.model_copy(update={"refit": False})
            settings = settings.model_copy(update={"training": training})
    prepared = prepare(material.corpus, split, settings, start and start[0])
    _warn_of_findings(prepared, split, started=start is not None)
    if prepared.config.training.count_padding:
        keep_freed_memory()
    repeated = 0
    if material.held_out is not None:
        _warn_of_strangers(prepared)
        form = prepared.description.sources.spelling.normalise
        trained = {pair.input.normalised(form) for pair in split.training}
        repeated = sum(each.normalised(form) in trained for each in prepared.references)
    return Setup(split, prepared, start, device, repeated)


def _warn_of_findings(prepared: Prepared, split: Split, *, started: bool) -> None:
    """Warn if a separator is missing or not named, or if a few long pairs take most of the time."""
    description, pairs, training = prepared.description, split.training, prepared.training
    vocabularies = (("source", description.sources), ("target", description.targets))
    sides = [
        Side(side, [getattr(pair, side) for pair in pairs], vocabulary.spelling)
        for side, vocabulary in vocabularies
    ]
    found = [idle_separator(side, started=started) for side in sides]
    if not started:
        # The model to start from has its separators for good.
        found += [*map(unnamed_separator, sides), undivided_features(pairs)]
    # The start and the end symbol are in no text.
    lengths = training.sources.lengths, training.targets.lengths - len(description.targets.frame)
    for each in (*chain(*found), *few_long_pairs(pairs, *lengths)):
        warn_caller(f"{each.what}: {each.advice}")


def _warn_of_strangers(prepared: Prepared) -> None:
    """Warn if most held-out inputs contain what no training pair does."""
    sources = prepared.description.sources
    strange = sum(
        bool(sources.unknown_symbols(each.source)) or any(sources.conditions.lacking([each]))
        for each in prepared.references
    )
    if len(prepared.references) >= ENOUGH_TO_JUDGE and 2 * strange > len(prepared.references):
        warn_caller(
            f"{strange:,} of {len(prepared.references):,} held-out inputs contain symbols,"
            " features or a language that no training pair has: check that their columns are the"
            " same as the corpus's"
        )
