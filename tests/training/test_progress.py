import errno
import io
import sys

import pytest
from rich.console import Console

from charseq.cli.telling import tell_error
from charseq.config import TrainingConfig
from charseq.training import EpochRecord
from charseq.training.progress import Display, clock_time, end_line, progress_console

RECORD = EpochRecord(
    epoch=1,
    seconds=30.0,
    pairs_per_second=1_234.5,
    training_loss=1.5,
    held_out_loss=1.75,
    character_accuracy=0.5,
    cer=0.625,
    exact_match=0.25,
    best=True,
)


def shown(*, is_terminal: bool, config: TrainingConfig, elapsed: float = RECORD.seconds) -> str:
    output = io.StringIO()
    console = Console(file=output, force_terminal=is_terminal, width=160)
    with Display(console, config, pairs=1_000) as display:
        for _ in range(4):
            display.after_step(200)
        display.progress.refresh()
        display.after_epoch(RECORD, elapsed)
    return output.getvalue()


def test_a_terminal_shows_a_bar_with_pairs_and_rate() -> None:
    seen = shown(is_terminal=True, config=TrainingConfig(epochs=5))
    assert "800/1,000 pairs" in seen
    assert "pairs/s" in seen


def test_elsewhere_there_is_one_line_per_epoch_and_nothing_else() -> None:
    seen = shown(is_terminal=False, config=TrainingConfig(epochs=5))
    assert seen == (
        "epoch 1/5 · loss 1.500 · held-out loss 1.750 · character accuracy 50.0% · CER 0.625"
        " · 1,234 pairs/s · at most 2:00 left\n"
    )


def test_the_time_left_heeds_the_time_limit() -> None:
    seen = shown(is_terminal=False, config=TrainingConfig(epochs=5, time_limit=45))
    assert "at most 0:15 left" in seen
    # What was before an interruption counts.
    resumed = TrainingConfig(epochs=5, time_limit=45)
    assert "at most 0:05 left" in shown(is_terminal=False, config=resumed, elapsed=40)


def test_the_time_left_counts_what_trains_once_more_on_all_pairs() -> None:
    seen = shown(is_terminal=False, config=TrainingConfig(epochs=5, refit=True))
    assert "at most 4:30 left" in seen


def test_a_refit_tells_its_rate_and_the_time_left_too() -> None:
    output = io.StringIO()
    with Display(
        Console(file=output, width=160), TrainingConfig(epochs=2), 1_000, title="refit, epoch"
    ) as display:
        display.after_refit_epoch(1, 1.25, 1_000, 8.0)
        display.after_refit_epoch(2, 1.0, 500, 2.0)
    assert output.getvalue() == (
        "refit, epoch 1/2 · loss 1.250 · 125 pairs/s · at most 0:08 left\n"
        "refit, epoch 2/2 · loss 1.000 · 250 pairs/s\n"
    )


def test_after_the_last_epoch_no_time_is_left_to_tell() -> None:
    seen = shown(is_terminal=False, config=TrainingConfig(epochs=1))
    assert seen.endswith("pairs/s\n")


@pytest.mark.parametrize(
    ("epochs", "kept", "settings", "out_of_time", "line"),
    [
        (5, 5, {}, False, "all epochs are done · kept: epoch 5, the last"),
        (
            5,
            3,
            {},
            False,
            "all epochs are done · kept: epoch 3, the latest within one standard error of the best",
        ),
        (2, 2, {}, True, "the time is up after 2 of 5 epochs · kept: epoch 2, the last"),
        (
            3,
            1,
            {"patience": 2},
            False,
            "no better score in 2 epochs"
            " · kept: epoch 1, the latest within one standard error of the best",
        ),
        (
            5,
            5,
            {"refit": True},
            False,
            "all epochs are done · kept: epoch 5, the last"
            " · now training again from the start, on all pairs",
        ),
    ],
)
def test_at_the_end_it_is_said_why_it_came_and_what_is_kept(
    epochs: int, kept: int, settings, out_of_time: bool, line: str
) -> None:
    config = TrainingConfig(epochs=5, **settings)
    assert end_line(epochs, kept, config, out_of_time=out_of_time) == line


def test_no_console_shows_nothing(capsys) -> None:
    with Display(None, TrainingConfig(), pairs=10) as display:
        display.after_step(10)
        display.after_epoch(RECORD, 0.0)
    assert capsys.readouterr() == ("", "")


def test_durations_are_minutes_and_seconds_with_hours_where_there_are_any() -> None:
    assert [clock_time(s) for s in (0, 59.6, 61, 3_725)] == ["0:00", "1:00", "1:01", "1:02:05"]


def test_training_goes_on_where_nothing_can_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        """A terminal that has gone, or a file on a full disk."""

        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def flush(self) -> None:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(sys, "stderr", Full())
    console = progress_console()
    with Display(console, TrainingConfig(epochs=5), pairs=10) as display:
        display.after_step(10)
        display.after_epoch(RECORD, 1.0)
    assert tell_error("of which nobody hears", 4) == 4


def test_paths_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    progress_console().print("runs [new]/x[/y] :smile:", highlight=False)
    assert capsys.readouterr().err == "runs [new]/x[/y] :smile:\n"
