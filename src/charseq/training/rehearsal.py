"""A preview of a training: what it consists of and, from a few real steps, what it costs."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from charseq.batching import Batch, sorted_batches
from charseq.config import RunConfig, RunSettings
from charseq.training.denormals import denormals_as_zeros
from charseq.training.device import is_crowded
from charseq.training.loop import Clock, Trainer
from charseq.training.material import Material
from charseq.training.memory import enough_memory
from charseq.training.prepare import Prepared
from charseq.training.recording import FIRST_TIMES
from charseq.training.refitting import refit_epochs
from charseq.training.setup import set_up

# The numbers of steps that are timed, and of those before them to warm up.
STEPS, WARM_UP_STEPS = 10, 3


@dataclass(frozen=True)
class Rehearsal:
    """What a training would do and cost.

    Attributes:
        config: all settings, decided.
        training_pairs: how many pairs would be trained on.
        held_out_pairs: how many would be held out.
        left_out: how many lines would be left out of the corpus, by reason.
        held_out_left_out: how many would be left out of a separate held-out corpus.
        source_symbols: the size of the source vocabulary.
        target_symbols: the size of the target vocabulary.
        weights: how many parameters the model has.
        batches: how many batches an epoch has.
        steps: how many steps all epochs have, including the refit's if there is one.
        seconds: how long the steps would take, or the time limit if that is less; scoring after
            each epoch is extra.
        memory: the peak memory of this process, in bytes, after steps on the longest batches; None
            if the system does not report it.
        device: the device to train on.
        crowded: whether the machine has been busy, so that one thread is probably faster.
    """

    config: RunConfig
    training_pairs: int
    held_out_pairs: int
    left_out: Mapping[str, int]
    held_out_left_out: Mapping[str, int]
    source_symbols: int
    target_symbols: int
    weights: int
    batches: int
    steps: int
    seconds: float
    memory: int | None
    device: str
    crowded: bool

    def as_dict(self) -> dict[str, object]:
        """Return all fields in JSON's types."""
        return vars(self) | {"config": self.config.model_dump()}


@denormals_as_zeros()
def rehearse_run(material: Material, settings: RunSettings) -> Rehearsal:
    """Prepare a training as `train_run` does, take ten real steps, and write nothing.

    Args:
        material: what to train on.
        settings: how to train; with `start_from`, the shape of that model replaces the model's.

    Raises:
        UsageError: if a setting does not fit.
        DataError: if the corpus cannot be split, or the steps diverge.
        ModelFileError: if the model to start from cannot be read.
        MachineError: if there is too little memory.
    """
    setup = set_up(material, settings)
    # Before the steps, which are load themselves.
    crowded = is_crowded(setup.device)
    prepared = setup.prepared
    training = prepared.config.training
    setup.refuse_too_much()
    with enough_memory():
        model = setup.first_model()
        trainer = Trainer(model, prepared, training, Clock(None, time.monotonic()))
        per_symbol = _seconds_per_symbol(trainer, prepared)
    steps = training.epochs * trainer.batches
    seconds = training.epochs * _symbols(prepared) * per_symbol
    if training.refit:
        pairs = len(prepared.training) + len(prepared.held_out)
        fewer = refit_epochs(training.epochs, len(prepared.training), pairs)
        larger = pairs / len(prepared.training)
        steps += fewer * round(larger * trainer.batches)
        seconds *= 1 + fewer * larger / training.epochs
    if training.time_limit is not None:
        seconds = min(seconds, training.time_limit)
    return Rehearsal(
        config=prepared.config,
        training_pairs=len(prepared.training),
        held_out_pairs=len(prepared.held_out),
        left_out=material.corpus.left_out,
        held_out_left_out={} if material.held_out is None else material.held_out.left_out,
        source_symbols=len(prepared.description.sources),
        target_symbols=len(prepared.description.targets),
        weights=sum(tensor.size for tensor in model.tensors().values()),
        batches=trainer.batches,
        steps=steps,
        seconds=seconds,
        memory=_peak_memory(),
        device=str(setup.device),
        crowded=crowded,
    )


def _seconds_per_symbol(trainer: Trainer, prepared: Prepared) -> float:
    """Time steps on batches of all lengths, including the longest."""
    seconds = 0.0
    symbols = 0
    for number, batch in enumerate(_sample(prepared)):
        if trainer.recorded is not None:
            # Most steps of a long training are only replayed, so only a replay is timed.
            for _ in range(FIRST_TIMES):
                trainer.take_step(batch)
            torch.cuda.synchronize(trainer.model.device)
        began = time.perf_counter()
        compared = trainer.take_step(batch)
        trainer.steps += 1
        trainer.seen = compared if trainer.seen is None else trainer.seen + compared
        # Reading the loss waits for the device.
        trainer.refuse_infinite()
        if number >= WARM_UP_STEPS:
            seconds += time.perf_counter() - began
            symbols += int(batch.source_lengths.sum() + (batch.target_lengths - 1).sum())
    return seconds / symbols


def _sample(prepared: Prepared) -> list[Batch]:
    """Return batches of similar lengths, evenly spread from the shortest pairs to the longest."""
    pairs, training = prepared.training, prepared.config.training
    batches = sorted_batches(pairs, training.batch_size, training.batch_characters)
    places = np.linspace(0, len(batches) - 1, STEPS).round().astype(int)
    # The longest first, so that what only first steps need is not timed.
    first = [pairs.batch(batches[-1])] * WARM_UP_STEPS
    if training.refit:
        # It may train on longer ones.
        held_out = prepared.held_out
        longest = sorted_batches(held_out, training.batch_size, training.batch_characters)[-1]
        first[0] = held_out.batch(longest)
    return [*first, *(pairs.batch(batches[place]) for place in places)]


def _symbols(prepared: Prepared) -> int:
    pairs = prepared.training
    return int(pairs.sources.lengths.sum() + (pairs.targets.lengths - 1).sum())


def _peak_memory() -> int | None:
    if sys.platform == "win32":
        return None
    if sys.platform == "linux":
        # Unlike what follows, this is not inherited from the process that started this one.
        status = Path("/proc/self/status").read_text().splitlines()
        return 1024 * int(dict(line.split(":", 1) for line in status)["VmHWM"].split()[0])
    import resource

    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
