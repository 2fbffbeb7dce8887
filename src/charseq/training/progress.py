"""What a person sees while a model trains."""

import os
import sys
from types import TracebackType
from typing import IO, Any, Self, cast

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from charseq.config import TrainingConfig
from charseq.training.history import EpochRecord


class _StandardError:
    """Standard error, also where whoever read it has gone: a training is not for its progress."""

    def write(self, text: str) -> int:
        try:
            return sys.stderr.write(text)
        except BrokenPipeError:
            self._let_go()
            return len(text)

    def flush(self) -> None:
        try:
            sys.stderr.flush()
        except BrokenPipeError:
            self._let_go()

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)

    def _let_go(self) -> None:
        """Write into nothing from now on, where Python's last flush goes too."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def progress_console() -> Console:
    """Return standard error, as a training shows its progress there."""
    if sys.stderr is None:  # Closed from the beginning: Rich writes nowhere then.
        return Console(stderr=True)
    return Console(file=cast(IO[str], _StandardError()))


class _Rate(ProgressColumn):
    """How fast pairs are read; found when it is drawn, since it takes long to find."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} pairs/s" if task.speed else "")


class Display:
    """A bar with rate and time left on a terminal, and one line per epoch anywhere.

    `Display(None, …)` shows nothing.
    """

    def __init__(
        self,
        console: Console | None,
        config: TrainingConfig,
        pairs: int,
        title: str = "epoch",
    ) -> None:
        self.console = console
        self.config = config
        self.pairs = pairs
        self.title = title
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f} pairs"),
            _Rate(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[left]}"),
            console=console,
            transient=True,
            disable=console is None or not console.is_terminal,
        )
        self.task = self.progress.add_task(f"{title} 1", total=pairs, left="")
        self.seconds = 0.0
        self.epochs = 0

    def go_on(self, epoch: int, pairs: int) -> None:
        """Start within an epoch of which this many pairs have been trained on."""
        self._next(max(epoch, 1), "")
        self.progress.advance(self.task, pairs)

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.progress.stop()

    def after_step(self, rows: int) -> None:
        """Advance the bar by this many pairs."""
        self.progress.advance(self.task, rows)

    def after_epoch(self, record: EpochRecord) -> None:
        """Print an epoch's line and start the next bar."""
        self.seconds += record.seconds
        self.epochs += 1
        to_come = self.config.epochs - record.epoch
        if self.config.refit:
            # It takes as many epochs as were found to be right.
            to_come += self.config.epochs
        left = to_come * self.seconds / self.epochs
        if self.config.time_limit is not None:
            left = min(left, self.config.time_limit - self.seconds)
        at_most = f"at most {clock_time(left)} left" if left >= 1 else ""
        if self.console is not None:
            line = epoch_line(record, self.config.epochs)
            line += f" · {at_most}" if at_most else ""
            self.console.print(line, highlight=False, soft_wrap=True)
        self._next(record.epoch + 1, at_most)

    def after_refit_epoch(self, epoch: int, loss: float) -> None:
        """Print a line for an epoch that nothing was held out of, and start the next bar."""
        if self.console is not None:
            done = f"{self.title} {epoch}/{self.config.epochs}"
            self.console.print(f"{done} · loss {loss:.3f}", highlight=False, soft_wrap=True)
        self._next(epoch + 1, "")

    def _next(self, epoch: int, left: str) -> None:
        # A reset drops the fields that it is not given.
        following = f"{self.title} {epoch}"
        self.progress.reset(self.task, total=self.pairs, description=following, left=left)


def end_line(epochs: int, kept: int, config: TrainingConfig, *, out_of_time: bool) -> str:
    """Return in one line why a training ended and which weights it leaves.

    Args:
        epochs: that were trained, the last of them maybe in part.
        kept: the epoch whose weights are kept.
        config: of the training.
        out_of_time: whether the time limit has passed.
    """
    if out_of_time:
        end = f"the time is up after {epochs} of {config.epochs} epochs"
    elif epochs < config.epochs:
        end = f"no better score in {config.patience} epochs"
    else:
        end = "all epochs are done"
    why = "the last" if kept == epochs else "the latest within one standard error of the best"
    line = f"{end} · kept: epoch {kept}, {why}"
    return f"{line} · now training again from the start, on all pairs" if config.refit else line


def epoch_line(record: EpochRecord, epochs: int) -> str:
    """Return the figures of an epoch in one line."""
    width = len(str(epochs))
    line = (
        f"epoch {record.epoch:{width}}/{epochs} · loss {record.training_loss:.3f}"
        f" · held-out loss {record.held_out_loss:.3f}"
        f" · character accuracy {record.character_accuracy:.1%} · CER {record.cer:.3f}"
        f" · {record.pairs_per_second:,.0f} pairs/s"
    )
    if record.padded_loss is not None:
        line += (
            f" · padding counted: loss {record.padded_loss:.4f}"
            f", accuracy {record.padded_accuracy:.4f}"
            f", held-out loss {record.padded_held_out_loss:.4f}"
            f", held-out accuracy {record.padded_held_out_accuracy:.4f}"
        )
    return line


def clock_time(seconds: float) -> str:
    """Return a duration as minutes and seconds, with hours where there are any."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
