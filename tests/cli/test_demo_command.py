import shlex
import signal
from pathlib import Path

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
