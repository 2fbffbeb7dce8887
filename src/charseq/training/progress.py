"""What a person sees while a model trains."""

import contextlib
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
    """Standard error, even if its reader has gone: training goes on without an audience."""

    def write(self, text: str) -> int:
        try:
            return sys.stderr.write(text)
        except (OSError, ValueError):
            self._let_go()
            return len(text)

    def flush(self) -> None:
        try:
            sys.stderr.flush()
        except (OSError, ValueError):
            self._let_go()

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)

    def _let_go(self) -> None:
        """Discard all further output, including Python's last flush."""
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def progress_console() -> Console:
    """Return a console on standard error that survives a closed pipe, a full disk and the like."""
    # Paths and names may look like Rich's markup.
    if sys.stderr is None:  # Closed from the beginning; then Rich writes nowhere.
        return Console(stderr=True, markup=False, emoji=False)
    return Console(file=cast(IO[str], _StandardError()), markup=False, emoji=False)


class _Rate(ProgressColumn):
    """The rate of pairs, computed only when it is drawn, since that takes long."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} pairs/s" if task.speed else "")


class Display:
    """A bar with rate and time left on terminals, and one line per epoch everywhere.

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
        """Start within an epoch, after this many of its pairs."""
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

    def after_epoch(self, record: EpochRecord, elapsed: float) -> None:
        """Print an epoch's line and start the next bar.

        Args:
            record: the epoch's figures.
            elapsed: seconds since the run began, without interruptions.
        """
        self.seconds += record.seconds
        self.epochs += 1
        to_come = self.config.epochs - record.epoch
        if self.config.refit:
            # The refit takes as many epochs as the best weights did, at most all.
            to_come += self.config.epochs
        left = to_come * self.seconds / self.epochs
        if self.config.time_limit is not None:
            left = min(left, self.config.time_limit - elapsed)
        at_most = f"at most {clock_time(left)} left" if left >= 1 else ""
        if self.console is not None:
            line = epoch_line(record, self.config.epochs)
            line += f" · {at_most}" if at_most else ""
            self.console.print(line, highlight=False, soft_wrap=True)
        self._next(record.epoch + 1, at_most)

    def after_refit_epoch(self, epoch: int, loss: float, pairs: int, seconds: float) -> None:
        """Print a line for an epoch of the refit, and start the next bar.

        Args:
            epoch: its number, from 1.
            loss: its mean loss.
            pairs: how many pairs it read.
            seconds: how long that took.
        """
        self.seconds += seconds
        self.epochs += 1
        left = (self.config.epochs - epoch) * self.seconds / self.epochs
        at_most = f"at most {clock_time(left)} left" if left >= 1 else ""
        if self.console is not None:
            line = f"{self.title} {epoch}/{self.config.epochs} · loss {loss:.3f}"
            line += f" · {pairs / seconds:,.0f} pairs/s" + f" · {at_most}" * bool(at_most)
            self.console.print(line, highlight=False, soft_wrap=True)
        self._next(epoch + 1, at_most)

    def _next(self, epoch: int, left: str) -> None:
        # A reset drops fields that are not passed again.
        following = f"{self.title} {epoch}"
        self.progress.reset(self.task, total=self.pairs, description=following, left=left)


def end_line(epochs: int, kept: int, config: TrainingConfig, *, out_of_time: bool) -> str:
    """Return in one line why a training ended and which weights are kept.

    Args:
        epochs: how many were trained, the last one maybe only in part.
        kept: the epoch whose weights are kept.
        config: the training's settings.
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
    """Return a duration as minutes and seconds, with hours if there are any."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
