"""The history of a run: its epochs and scores."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from charseq.config import RunConfig
from charseq.errors import DataError, UsageError
from charseq.files import read_bounded

# Tens of thousands of epochs take this many bytes.
LARGEST = 16 << 20


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """The figures of one epoch; losses are in nats per symbol.

    The `padded_*` figures count padding as the Keras example does, which flatters them; it calls
    them loss, accuracy, val_loss and val_accuracy.

    Attributes:
        epoch: its number, from 1.
        seconds: how long it took, including evaluation.
        pairs_per_second: the speed in training, excluding evaluation.
        training_loss: the mean over the epoch while the weights change; padding masked.
        held_out_loss: after the epoch; padding masked.
        character_accuracy: held-out, under teacher forcing; padding masked. A symbol counts as
            right if none is more probable, so ties do, which bf16 makes more frequent.
        cer: held-out character error rate of translations.
        exact_match: the share of these translations that match a reference exactly.
        best: whether its held-out score is within one standard error of the best so far.
        chrf: chrF2 of the translations, if epochs are compared by it.
        pairs: how many pairs it read: fewer than there are if time was up.
        padded_loss: `training_loss`, padding counted.
        padded_accuracy: training accuracy, padding counted.
        padded_held_out_loss: `held_out_loss`, padding counted.
        padded_held_out_accuracy: `character_accuracy`, padding counted.
    """

    epoch: int
    seconds: float
    pairs_per_second: float
    training_loss: float
    held_out_loss: float
    character_accuracy: float
    cer: float
    exact_match: float
    best: bool
    chrf: float | None = None
    pairs: int | None = None
    padded_loss: float | None = None
    padded_accuracy: float | None = None
    padded_held_out_loss: float | None = None
    padded_held_out_accuracy: float | None = None


Callback = Callable[[EpochRecord], None]


@dataclass
class History:
    """A run's settings, corpus, epochs and final scores, as `history.json` keeps them.

    Attributes:
        settings: all settings, decided.
        corpus: its name, digest and counts.
        begun_with: the files that are needed to resume the run, and their digests.
        left_out: how many pairs were left out of the corpus, by reason.
        epochs: those that are finished.
        scores: the scores of the kept weights; empty until the run is finished.
        held_out_settings: how the held-out corpus is read; None if there is none.
        corpus_changed: whether the run was resumed on a corpus that had changed.
    """

    settings: Mapping[str, Any]
    corpus: Mapping[str, str | int]
    begun_with: Mapping[str, str | None] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    epochs: list[EpochRecord] = field(default_factory=list)
    scores: Mapping[str, Any] = field(default_factory=dict)
    held_out_settings: Mapping[str, Any] | None = None
    corpus_changed: bool = False

    @property
    def config(self) -> RunConfig:
        """The settings; those that are newer than the run have no effect on it."""
        return RunConfig().merged(self.settings)

    @property
    def best(self) -> EpochRecord:
        """The last epoch within one standard error of the best held-out score."""
        return [record for record in self.epochs if record.best][-1]

    def to_json(self) -> bytes:
        """Return the history as JSON in UTF-8, without figures that were not measured.

        Paths may have bytes that are not UTF-8; JSON's escapes stand for these.
        """
        text = json.dumps(
            {
                "settings": self.settings,
                "corpus": self.corpus,
                "begun_with": self.begun_with,
                "left_out": self.left_out,
                "epochs": [_taken(record) for record in self.epochs],
                "scores": self.scores,
                "held_out_settings": self.held_out_settings,
                "corpus_changed": self.corpus_changed,
            },
            indent=1,
            ensure_ascii=False,
        )
        return text.encode(errors="backslashreplace")


_HISTORY = TypeAdapter(History)


def read_history(path: Path) -> History:
    """Read what `History.to_json` wrote.

    Raises:
        UsageError: if there is no such file.
        DataError: if it is not a history.
        MachineError: if it cannot be read.
    """
    try:
        # Unlike pydantic, Python's own reader lets paths have bytes that are not UTF-8.
        return _HISTORY.validate_python(json.loads(read_bounded(path, LARGEST)))
    except UsageError:
        raise UsageError(f"there is no run in {path.parent}{_nearby(path)}") from None
    except (ValueError, RecursionError):
        raise DataError(f"{path} is damaged, or not the history of a run") from None


def _nearby(path: Path) -> str:
    """Suggest a folder, if a file of a run or the folder of runs was named."""
    folder = path.parent
    others = [folder.parent / path.name] if folder.is_file() else folder.glob(f"*/{path.name}")
    runs = sorted(other.parent for other in others if other.is_file())
    return f": name the run's folder, such as {runs[-1]}" if runs else ""


def _taken(record: EpochRecord) -> dict[str, Any]:
    return {name: value for name, value in asdict(record).items() if value is not None}


def series(epochs: Sequence[EpochRecord], name: str) -> list[float]:
    """Return one figure of every epoch."""
    return [getattr(record, name) for record in epochs]
