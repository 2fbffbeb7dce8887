"""The progress of a run, and when to write a checkpoint of it."""

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch

from charseq.model import Seq2Seq
from charseq.modelfile import Tensors
from charseq.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from charseq.training.interruption import Interruption
from charseq.training.loop import Trainer

# The largest share of training time that checkpoints written by the clock may take.
MOST_SHARE = 0.01


@dataclass
class Checkpointer:
    """Tracks the progress of a run and writes its checkpoints.

    Attributes:
        folder: the folder of its checkpoints.
        every: the number of steps, if an int, or else of seconds between two checkpoints.
        epochs: how many are finished.
        kept: the epoch whose weights are kept so far.
        weights: those weights.
        trainer: the running training, once there is one.
        refitting: whether it is the refit on all pairs.
        interruption: lets a step finish before the run is stopped.
        resumed: the checkpoint that the run resumes from, until its training has taken it over.
    """

    folder: Path
    every: int | float
    epochs: int = 0
    kept: int = 0
    weights: Tensors = field(default_factory=dict)
    trainer: Trainer | None = None
    refitting: bool = False
    interruption: Interruption = field(default_factory=Interruption)
    resumed: Checkpoint | None = None
    _steps: int = 0
    _cost: float = 0.0
    _written: float = field(default_factory=time.monotonic)

    def resume(self) -> None:
        """Resume from the newest checkpoint, if there is one."""
        self.resumed = read_checkpoint(self.folder)
        if self.resumed is not None:
            self.epochs, self.kept = self.resumed.epochs, self.resumed.kept
            self.weights = self.resumed.weights

    def keep(self, epoch: int, model: Seq2Seq) -> None:
        """Keep a copy of a model's weights."""
        self.kept = epoch
        self.weights = {name: tensor.copy() for name, tensor in model.tensors().items()}

    def begin(self, trainer: Trainer, *, refitting: bool = False) -> None:
        """Write checkpoints of this training from now on, after restoring what a resumed one left.

        Raises:
            DataError: if the checkpoint belongs to another training.
        """
        # What is restored in part, because of an interruption, is no state to write down.
        self.trainer = None
        if self.resumed is not None and self.resumed.refitting == refitting:
            tensors = {
                name: torch.from_numpy(array) for name, array in self.resumed.tensors.items()
            }
            trainer.restore(tensors, self.resumed.facts)
            self.resumed = None
        self.trainer, self.refitting = trainer, refitting

    def after_step(self, _: int) -> None:
        """Write a checkpoint if one is due."""
        self._steps += 1
        if isinstance(self.every, int):
            due = self._steps >= self.every
        else:
            due = time.monotonic() - self._written >= max(self.every, self._cost / MOST_SHARE)
        if due:
            began = time.monotonic()
            self.write()
            self._cost = time.monotonic() - began

    def write(self) -> Path | None:
        """Write a checkpoint, unless training has not begun.

        Raises:
            DataError: if the loss or a weight is not finite, as no run should resume from those.
            MachineError: if it cannot be written.
        """
        self._steps, self._written = 0, time.monotonic()
        if self.trainer is None:
            return None
        self.trainer.refuse_infinite(weights=True)
        tensors, facts = self.trainer.state()
        arrays = {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}
        return write_checkpoint(
            self.folder,
            Checkpoint(self.epochs, self.kept, self.refitting, self.weights, arrays, facts),
        )

    def finish(self) -> None:
        """Remove the checkpoints, as the run is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)
