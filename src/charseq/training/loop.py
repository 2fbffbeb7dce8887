"""The training loop."""

import contextlib
import hashlib
import itertools
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from charseq.batching import Batch, batches_in, bucketed_batches, shuffled_batches, sorted_batches
from charseq.config import TrainingConfig
from charseq.errors import DataError
from charseq.model import Seq2Seq
from charseq.modelfile import Tensors
from charseq.training.averaging import WeightAverage
from charseq.training.history import EpochRecord
from charseq.training.loss import Comparison
from charseq.training.optimiser import build_optimiser, set_step_size
from charseq.training.prepare import Prepared, read_some_as_unknown
from charseq.training.recording import RecordedSteps
from charseq.training.schedule import step_scale
from charseq.training.selection import cost_of, cost_of_record, held_out_scores
from charseq.training.step import evaluate, training_step


@dataclass
class Clock:
    """How long a run has taken, and how long it may take."""

    limit: float | None
    start: float

    @classmethod
    def shared(cls, config: TrainingConfig, start: float) -> "Clock":
        """Return the clock of a training, which leaves half of its time to a refit, if any."""
        limit = config.time_limit
        return cls(limit / 2 if limit is not None and config.refit else limit, start)

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.start

    @property
    def progress(self) -> float:
        """The share of the time limit that has passed, from 0 to 1; 0 without a limit."""
        return 0 if self.limit is None else min(1, self.elapsed / self.limit)

    @property
    def is_over(self) -> bool:
        """Whether the time limit has passed."""
        return self.limit is not None and self.elapsed >= self.limit


def first_model(prepared: Prepared, tensors: Tensors | None) -> Seq2Seq:
    """Return the model that training starts with: fresh, or with the weights of another."""
    description = prepared.description
    symbols = len(description.sources), len(description.targets)
    model = Seq2Seq.fresh(description.config, *symbols, seed=prepared.config.training.seed)
    if tensors is not None:
        model.adopt(tensors)
    return model


def weights_of(prepared: Prepared) -> int:
    """Return how many numbers the model that training starts with has, without making it."""
    description = prepared.description
    with torch.device("meta"):
        model = Seq2Seq(description.config, len(description.sources), len(description.targets))
    return sum(weight.numel() for weight in model.parameters())


def refuse_other_symbols(facts: Mapping[str, Any], prepared: Prepared) -> None:
    """Raise a `DataError` if the facts of a checkpoint are about weights for other symbols.

    Their number may be the same, so that all shapes fit.
    """
    digest = _symbols_digest(prepared)
    if facts.get("symbols", digest) != digest:
        raise DataError(
            "the checkpoint does not belong to this training: the corpus has other symbols than"
            " when the run began, so train anew, perhaps with --from (start_from)"
        )


def _symbols_digest(prepared: Prepared) -> str:
    """Return a digest of both vocabularies, whose ids the weights are for."""
    description = prepared.description
    symbols = [description.sources.symbols, description.targets.symbols]
    return hashlib.sha256(json.dumps(symbols).encode()).hexdigest()


class Trainer:
    """A model in training: the state that passes from step to step and from epoch to epoch."""

    def __init__(
        self,
        model: Seq2Seq,
        prepared: Prepared,
        config: TrainingConfig,
        clock: Clock,
        watchers: Sequence[Callable[[int], None]] = (),
        whole: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
    ) -> None:
        """Begin before the first step.

        Args:
            model: the model, on the device to train on.
            prepared: what to train on.
            config: how to train.
            clock: how long it may take.
            watchers: each is called after every step with its number of pairs.
            whole: a context in which a step and its watchers finish despite interruptions.
        """
        self.model = model
        self.prepared = prepared
        self.config = config
        self.clock = clock
        self.watchers = watchers
        self.whole = whole
        self.optimiser = build_optimiser(config, model.parameters())
        self.average = None if config.average is None else WeightAverage(model, config.average)
        self.generator = np.random.default_rng(config.seed)
        self.noise = torch.Generator(model.device).manual_seed(config.seed)
        self.batches = (
            batches_in(len(prepared.training), config.batch_size)
            if config.count_padding
            else len(sorted_batches(prepared.training, config.batch_size, config.batch_characters))
        )
        # The loss is divided by the average batch's symbols, so that every symbol has the same
        # weight.
        symbols = int((prepared.training.targets.lengths - 1).sum())
        self.average_symbols = symbols / self.batches
        self.recorded = self._recorded_steps()
        self.steps = 0
        self.last_step = self.batches * config.epochs
        self._begin(0)

    def _begin(self, epoch: int) -> None:
        self.epoch = epoch
        self.batches_done = self.pairs = 0
        self.seconds = 0.0
        self.seen: Comparison | None = None
        # The state that the epoch's batches are drawn from, to draw them again on resuming.
        self.dealt_from = self.generator.bit_generator.state

    def train_epoch(self, epoch: int) -> Comparison:
        """Read the training pairs, or those left of a resumed epoch, once or until time is up.

        Returns:
            How the predictions compared with the targets while the weights changed.

        Raises:
            DataError: if the loss is not finite.
        """
        config = self.config
        if epoch != self.epoch:
            self._begin(epoch)
        began, before = time.perf_counter(), self.seconds
        # A resumed epoch draws the same batches again.
        self.generator.bit_generator.state = self.dealt_from
        epoch_pairs = read_some_as_unknown(self.prepared, self.generator)
        dealt = (
            shuffled_batches(epoch_pairs, config.batch_size, self.generator)
            if config.count_padding
            else bucketed_batches(
                epoch_pairs, config.batch_size, self.generator, config.batch_characters
            )
        )
        # A resumed epoch may have had its last step.
        end = self.batches_done if self.batches_done and self.is_over else None
        for batch in epoch_pairs.batches(itertools.islice(dealt, self.batches_done, end)):
            pairs = len(batch.targets)
            if config.schedule == "cosine":
                size = config.learning_rate * step_scale(self.progress)
                set_step_size(self.optimiser, size)
            with self.whole():
                compared = self.take_step(batch)
                self.seen = compared if self.seen is None else self.seen + compared
                if self.average is not None:
                    self.average.update()
                self.steps += 1
                self.batches_done += 1
                self.pairs += pairs
                self.seconds = before + time.perf_counter() - began
                # On devices other than CPUs, reading a number waits for the device.
                if self.model.device.type == "cpu":
                    self.refuse_infinite()
                for watcher in self.watchers:
                    watcher(pairs)
            if self.is_over:
                break
        self.refuse_infinite(weights=True)
        # Only now has a device that runs asynchronously finished.
        self.seconds = before + time.perf_counter() - began
        if self.seen is None:
            raise AssertionError("an epoch has at least one batch")
        return self.seen

    def take_step(self, batch: Batch) -> Comparison:
        """Move the weights once, and return how the predictions compared before the move."""
        if self.recorded is not None:
            return self.recorded(batch)
        return training_step(
            self.model, self.optimiser, batch, self.average_symbols, self.config, self.noise
        )

    def _recorded_steps(self) -> RecordedSteps | None:
        """Return what records and replays steps, if there is a GPU that can."""
        config, model = self.config, self.model
        if model.device.type != "cuda" or config.optimiser != "adamw" or config.count_padding:
            return None
        optimiser, noise, symbols = self.optimiser, self.noise, self.average_symbols

        # Not a method, so that recordings free the GPU's memory together with the trainer.
        def step(batch: Batch) -> Comparison:
            return training_step(model, optimiser, batch, symbols, config, noise)

        return RecordedSteps(step, optimiser, noise, alike_only=model.bridge is None)

    def refuse_infinite(self, *, weights: bool = False) -> None:
        """Raise a `DataError` if the loss or, with `weights`, any weight is not finite."""
        fine = self.seen is None or math.isfinite(self.seen.masked.loss)
        if weights:
            fine &= all(bool(weight.isfinite().all()) for weight in self.model.parameters())
        if not fine:
            raise DataError(self.diverged("weights are" if weights else "loss is"))

    def diverged(self, what: str) -> str:
        """Return a message that something is not finite, with advice."""
        return (
            f"the {what} not finite at step {self.steps:,}, in epoch {self.epoch}: try a smaller"
            " --learning-rate, or --gradient-clip 1 if it is unset"
        )

    @property
    def progress(self) -> float:
        """How much of the training will be done half-way through the next step, from 0 to 1.

        This goes by steps or by the clock, whichever is further on.
        """
        return max((self.steps + 0.5) / self.last_step, self.clock.progress)

    @property
    def is_over(self) -> bool:
        """Whether time is up, or the last step is done."""
        return self.clock.is_over or self.steps >= self.last_step

    @property
    def learnt(self) -> Seq2Seq:
        """The model as learnt so far: with averaged weights, if there are averages."""
        return self.model if self.average is None else self.average.model

    @cached_property
    def _symbols_digest(self) -> str:
        return _symbols_digest(self.prepared)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return all that changes in training, as tensors and as facts in JSON's types.

        The tensors are the trainer's own, not copies.
        """
        tensors = {f"weights.{name}": tensor for name, tensor in self.model.state_dict().items()}
        for number, each in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{name}": tensor for name, tensor in each.items()}
        if self.average is not None:
            tensors |= {f"average.{n}": tensor for n, tensor in enumerate(self.average.averages)}
        if self.seen is not None:
            tensors |= {f"seen.{name}": tensor for name, tensor in self.seen.tensors().items()}
        tensors["noise"] = self.noise.get_state()
        facts = {
            "symbols": self._symbols_digest,
            "steps": self.steps,
            "elapsed": self.clock.elapsed,
            "epoch": self.epoch,
            "batches_done": self.batches_done,
            "pairs": self.pairs,
            "seconds": self.seconds,
            "average_steps": None if self.average is None else self.average.steps,
            "dealt_from": self.dealt_from,
            "generator": self.generator.bit_generator.state,
        }
        return tensors, facts

    @torch.no_grad()
    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Restore what `state` returned.

        Raises:
            DataError: if it is the state of another training.
        """
        optimiser = self.optimiser.state_dict()
        optimiser["state"] = {
            number: {
                name.split(".", 2)[2]: tensor
                for name, tensor in tensors.items()
                if name.startswith(f"optimiser.{number}.")
            }
            for number in range(len(self.optimiser.param_groups[0]["params"]))
        }
        if facts["steps"] == 0:
            optimiser["state"] = {}
        refuse_other_symbols(facts, self.prepared)
        try:
            for name, tensor in self.model.state_dict().items():
                tensor.copy_(_alike(tensors[f"weights.{name}"], tensor))
            if self.average is not None:
                for number, average in enumerate(self.average.averages):
                    average.copy_(_alike(tensors[f"average.{number}"], average))
                self.average.steps = facts["average_steps"]
            self.optimiser.load_state_dict(optimiser)
            # Existing recordings would update tensors that the optimiser no longer uses.
            self.recorded = self._recorded_steps()
            if len(tensors["noise"]) == len(self.noise.get_state()):
                self.noise.set_state(tensors["noise"])
            else:
                # It was another kind of device's, which draws other numbers.
                self.noise.manual_seed(self.config.seed + facts["steps"])
            self.generator.bit_generator.state = facts["dealt_from"]
            self.steps = facts["steps"]
            self.clock.start = time.monotonic() - facts["elapsed"]
            self._begin(facts["epoch"])
            self.batches_done, self.pairs = facts["batches_done"], facts["pairs"]
            self.seconds = facts["seconds"]
            # A finished epoch is not drawn again: the next one continues from this state.
            self.generator.bit_generator.state = facts["generator"]
            seen = {
                name.removeprefix("seen."): tensor.to(self.model.device)
                for name, tensor in tensors.items()
                if name.startswith("seen.")
            }
            self.seen = Comparison.from_tensors(seen) if seen else None
        except (KeyError, ValueError, TypeError, RuntimeError) as error:
            raise DataError(f"the checkpoint does not belong to this training: {error}") from None


def _alike(tensor: Tensor, other: Tensor) -> Tensor:
    if tensor.shape != other.shape:
        raise ValueError(f"{tuple(tensor.shape)} is not {tuple(other.shape)}")
    return tensor


def fit(trainer: Trainer, former: Sequence[EpochRecord] = ()) -> Iterator[EpochRecord]:
    """Train a model in place, yielding after every epoch.

    Ends after `config.epochs`, after `config.patience` epochs without a better held-out score, or
    when time is up, whichever comes first; an epoch that is cut short by time counts.

    Args:
        trainer: the trainer, at its start, or within or after any epoch.
        former: the records of finished epochs.

    Raises:
        DataError: if the loss is not finite.
    """
    model, prepared, config = trainer.learnt, trainer.prepared, trainer.config
    costs = [cost_of_record(record, config) for record in former]
    while not _is_over(costs, trainer):
        epoch = len(costs) + 1
        began, before = time.perf_counter(), trainer.seconds if trainer.epoch == epoch else 0
        training = trainer.train_epoch(epoch)
        held_out = evaluate(model, prepared.held_out, config)
        scores = held_out_scores(model, prepared, config)
        cost = cost_of(held_out.masked.mean_loss, scores, config)
        if not math.isfinite(cost.value):
            raise DataError(trainer.diverged("held-out loss is"))
        costs.append(cost.value)
        yield EpochRecord(
            epoch=epoch,
            pairs=trainer.pairs,
            seconds=before + time.perf_counter() - began,
            pairs_per_second=trainer.pairs / trainer.seconds,
            training_loss=training.masked.mean_loss,
            held_out_loss=held_out.masked.mean_loss,
            character_accuracy=held_out.masked.accuracy,
            best=cost.value <= min(costs) + cost.chance,
            cer=scores.cer,
            exact_match=scores.exact_match,
            chrf=scores.chrf,
            **_padded_figures(training, held_out),
        )


def _is_over(costs: Sequence[float], trainer: Trainer) -> bool:
    config, epochs = trainer.config, len(costs)
    if not costs:
        return False
    waited = epochs - 1 - costs.index(min(costs))
    patience = config.patience
    return epochs >= config.epochs or trainer.clock.is_over or bool(patience and waited >= patience)


def refit(trainer: Trainer) -> Iterator[float]:
    """Train a model in place on all pairs, without held-out ones, yielding each epoch's loss.

    All epochs are trained, unless time is up first.

    Args:
        trainer: the trainer, at its start or within any epoch.
    """
    for epoch in range(max(1, trainer.epoch), trainer.config.epochs + 1):
        yield trainer.train_epoch(epoch).masked.mean_loss
        if trainer.is_over:
            break


def _padded_figures(training: Comparison, held_out: Comparison) -> dict[str, float]:
    if training.padded is None or held_out.padded is None:
        return {}
    return {
        "padded_loss": training.padded.mean_loss,
        "padded_accuracy": training.padded.accuracy,
        "padded_held_out_loss": held_out.padded.mean_loss,
        "padded_held_out_accuracy": held_out.padded.accuracy,
    }
