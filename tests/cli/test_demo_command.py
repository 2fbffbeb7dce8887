import shlex
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from charseq import training
from charseq.cli.hints import charseq_command as charseq_command_name
from charseq.errors import Interrupted


def test_the_demo_shows_unseen_sentences_and_a_line_that_works(
    charseq_command, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert charseq_command("demo", "--time-limit", "3") == 0
    shown = capsys.readouterr().out
    assert shown.count("\nInput sentence:") == shown.count("\nDecoded sentence:") == 20
    assert shown.count("\nReference:") == 20
    # What so little training gives is announced as that, before it is shown.
    assert shown.index("too few for good answers") < shown.index("Input sentence:")
    (run,) = Path("runs").iterdir()
    assert {"model.safetensors", "learning-curve.png"} <= {path.name for path in run.iterdir()}
    tried = shlex.split(shown.rpartition("Try next:")[2])
    assert charseq_command(*tried[tried.index("translate") :]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.fixture
def threads() -> Iterator[None]:
    """Restores how many threads PyTorch uses."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("chosen", ["", "2"])
def test_on_a_busy_machine_the_demo_takes_one_thread_unless_told_otherwise(
    charseq_command, tmp_path, monkeypatch, capsys, chosen: str
) -> None:
    torch.set_num_threads(2)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("charseq.training.device.is_crowded", lambda _: True)
    if chosen:
        monkeypatch.setenv("OMP_NUM_THREADS", chosen)
    else:
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert charseq_command("demo", "--time-limit", "1") == 0
    assert torch.get_num_threads() == (2 if chosen else 1)
    assert ("one thread is faster" in capsys.readouterr().out) == (not chosen)


def test_an_interrupted_demo_ends_with_the_signals_code_and_says_how_to_go_on(
    charseq_command, tmp_path, monkeypatch, capsys
) -> None:
    real, run = training.run.fit, tmp_path / "run"

    def interrupted(*arguments, **options):
        yield next(real(*arguments, **options))
        raise Interrupted(signal.SIGTERM)

    monkeypatch.setattr(training.run, "fit", interrupted)
    assert charseq_command("demo", "--time-limit", "2s", "--run", str(run)) == 143
    assert f"{charseq_command_name()} train --resume {run}" in capsys.readouterr().err
