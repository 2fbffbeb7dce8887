"""Runs that are stopped at any moment end as if they never had been."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import torch

import charseq
from charseq.errors import CharseqWarning, CheckpointWarning, DataError, MachineError, UsageError
from charseq.training import checkpointing
from charseq.training import run as training_run
from charseq.training.checkpoint import KEPT
from charseq.training.folder import locked

Pairs = list[tuple[str, str]]

# Dropout, an average, an unknown symbol and, below, a refit: all that draws at random or lasts.
SETTINGS = {
    "units": 8,
    "epochs": 3,
    "batch_size": 16,
    "average": 0.9,
    "dropout": 0.3,
    "checkpoint_every": 3,
}

# Trains, and is killed without warning at the so-and-so-many-th call of a function.
KILLED = """
import importlib, os, signal, sys

# Shells ignore it for what they run in the background.
signal.signal(signal.SIGINT, signal.default_int_handler)
home, name, count, *arguments = sys.argv[1:]
module = importlib.import_module(home)
real, calls = getattr(module, name), iter(range(1, 10_000))

def deadly(*given, **named):
    if next(calls) == int(count):
        os.kill(os.getpid(), getattr(signal, os.environ.get("SIGNAL", "SIGKILL")))
    return real(*given, **named)

setattr(module, name, deadly)
from charseq.cli import main
main(arguments)
"""
STEP = ("charseq.training.loop", "training_step")
# Bytes are in a temporary file then, but not yet under the checkpoint's name.
WRITE = ("os", "fsync")
# 300 pairs, 30 of them held out: 17 batches an epoch, and 19 in the refit.
STEPS, REFIT_STEPS = 3 * 17, 2 * 19


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "pairs.tsv"
    draw = random.Random(1)
    words = {"".join(draw.choices("abcdefg", k=draw.randint(2, 7))) for _ in range(400)}
    lines = [f"{word}\t{word[::-1]}" for word in sorted(words)[:300]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def whole(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was never stopped."""
    run = tmp_path_factory.mktemp("whole") / "run"
    assert train(corpus, run).returncode == 0
    return run


def train(corpus: Path, run: Path, *killed: object, **environment: str) -> Any:
    options = [
        f"--{name.replace('_', '-')}={value}" for name, value in SETTINGS.items() if name != "refit"
    ]
    arguments = ["train", str(corpus), "--run", str(run), "--refit", "--quiet", *options]
    return call(arguments, *killed, **environment)


def resume(run: Path, *killed: object) -> Any:
    return call(["train", "--resume", str(run), "--quiet"], *killed)


def call(arguments: list[str], *killed: object, **environment: str) -> Any:
    before = ["-c", KILLED, *map(str, killed)] if killed else ["-m", "charseq"]
    return subprocess.run(
        [sys.executable, *before, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
    )


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute as the runs do that are processes of their own."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


TIMINGS = {"seconds", "pairs_per_second"}


def history(run: Path) -> dict[str, Any]:
    found = json.loads((run / "history.json").read_text(encoding="utf-8"))
    found["epochs"] = [
        {name: value for name, value in epoch.items() if name not in TIMINGS}
        for epoch in found["epochs"]
    ]
    return dict(found)


def assert_equal_runs(one: Path, other: Path) -> None:
    assert history(one) == history(other)
    first, second = (safetensors.numpy.load_file(run / "model.safetensors") for run in (one, other))
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        assert np.array_equal(tensor, second[name]), name
    assert {path.name for path in one.iterdir()} == {path.name for path in other.iterdir()}


def moments(count: int) -> list[Any]:
    draw = random.Random(2026)
    steps = [(*STEP, draw.randint(1, STEPS)) for _ in range(count // 2)]
    # In the refit, and while something is written.
    steps += [(*STEP, STEPS + draw.randint(1, REFIT_STEPS // 2))]
    writes = [(*WRITE, draw.randint(3, 30)) for _ in range(count - len(steps))]
    return [pytest.param(each, id=f"{each[1]} {each[2]}") for each in (*steps, *writes)]


EARLY = [(*STEP, 20), (*STEP, 60), (*WRITE, 8)]


@pytest.mark.parametrize("moment", EARLY, ids=["within an epoch", "in the refit", "while writing"])
def test_a_killed_run_that_is_resumed_ends_as_if_it_never_had_been(
    corpus: Path, whole: Path, tmp_path: Path, moment: tuple[object, ...]
) -> None:
    run = tmp_path / "run"
    assert train(corpus, run, *moment).returncode == -signal.SIGKILL
    resumed = resume(run)
    assert resumed.returncode == 0, resumed.stderr
    assert_equal_runs(run, whole)


@pytest.mark.slow
@pytest.mark.parametrize("moment", moments(10))
def test_a_run_may_be_killed_at_any_moment_and_again(
    corpus: Path, whole: Path, tmp_path: Path, moment: tuple[object, ...]
) -> None:
    run = tmp_path / "run"
    assert train(corpus, run, *moment).returncode == -signal.SIGKILL
    if not (run / "history.json").exists():
        assert resume(run).returncode == 2
        return
    assert resume(run, *WRITE, 4).returncode == -signal.SIGKILL
    resumed = resume(run)
    assert resumed.returncode == 0, resumed.stderr
    assert_equal_runs(run, whole)


@pytest.mark.parametrize(
    ("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)], ids=["Ctrl-C", "a reboot"]
)
def test_a_signal_lets_the_step_be_finished_and_says_how_to_go_on(
    corpus: Path, whole: Path, tmp_path: Path, name: str, code: int
) -> None:
    run = tmp_path / "run"
    stopped = train(corpus, run, *STEP, 25, SIGNAL=name)
    assert stopped.returncode == code
    assert f"charseq train --resume {run}" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    # The twenty-fifth step is in the checkpoint, although one is written after every third only.
    assert any("fit-0000000025" in path.name for path in (run / "checkpoints").iterdir())
    assert resume(run).returncode == 0
    assert_equal_runs(run, whole)


def stopped_run(pairs: Pairs | Path, folder: Path, epochs: int = 3, **settings: object) -> Path:
    """Return a run that was stopped after its first epoch."""

    def stop(_: charseq.training.EpochRecord) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        charseq.train(pairs, run=folder, callbacks=[stop], units=8, epochs=epochs, **settings)
    return folder


def checkpoints(run: Path) -> list[Path]:
    return sorted((run / "checkpoints").iterdir())


def test_the_last_checkpoints_are_kept_until_the_run_is_finished(
    toy_pairs: Pairs, tmp_path: Path
) -> None:
    run = stopped_run(toy_pairs[:200], tmp_path / "run", checkpoint_every=1)
    assert len(checkpoints(run)) == KEPT == 2
    translator = charseq.resume(run, toy_pairs[:200])
    assert translator.training_run is not None
    assert len(translator.training_run.history.epochs) == 3
    assert not (run / "checkpoints").exists()
    with pytest.raises(UsageError, match="is finished: its model is"):
        charseq.resume(run, toy_pairs[:200])


def test_checkpoints_by_the_clock_take_a_hundredth_of_the_time_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, written = [0.0], []

    def slow(_: checkpointing.Checkpointer) -> None:
        written.append(clock[0])
        clock[0] += 2
        stands._written = clock[0]

    monkeypatch.setattr(checkpointing.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(checkpointing.Checkpointer, "write", slow)
    stands = checkpointing.Checkpointer(tmp_path, every=60.0, _written=0.0)
    while clock[0] < 700:
        stands.after_step(1)
        clock[0] += 1
    # The first tells how long it takes; from then on, 200 seconds lie between two.
    assert written == [60, 262, 464, 666]


@pytest.mark.parametrize("harm", ["cut", "flipped", "empty"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(
    toy_pairs: Pairs, tmp_path: Path, harm: str
) -> None:
    whole = charseq.train(toy_pairs[:200], run=tmp_path / "whole", units=8, epochs=3)
    run = stopped_run(toy_pairs[:200], tmp_path / "run", checkpoint_every=1)
    newest = checkpoints(run)[-1]
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    harmed = {"cut": bytes(content[:-9]), "flipped": bytes(content), "empty": b""}
    newest.write_bytes(harmed[harm])
    with pytest.warns(CheckpointWarning, match=f"{newest.name} is damaged: going back"):
        resumed = charseq.resume(run, toy_pairs[:200])
    for name, tensor in whole.model.tensors().items():
        assert np.array_equal(tensor, resumed.model.tensors()[name]), name


def test_an_average_and_its_weights_are_not_mistaken_for_each_other(
    toy_pairs: Pairs, tmp_path: Path
) -> None:
    # The run is stopped while the average stands in the model, to be translated with.
    settings = {"average": 0.99, "epochs": 3}
    whole = charseq.train(toy_pairs[:200], run=tmp_path / "whole", units=8, **settings)
    resumed = charseq.resume(
        stopped_run(toy_pairs[:200], tmp_path / "run", **settings), toy_pairs[:200]
    )
    for name, tensor in whole.model.tensors().items():
        assert np.array_equal(tensor, resumed.model.tensors()[name]), name


def test_a_run_without_any_whole_checkpoint_starts_again(toy_pairs: Pairs, tmp_path: Path) -> None:
    whole = charseq.train(toy_pairs[:200], run=tmp_path / "whole", units=8, epochs=3)
    run = stopped_run(toy_pairs[:200], tmp_path / "run")
    *others, last = checkpoints(run)
    for path in others:
        path.unlink()
    last.write_bytes(b"")
    with pytest.warns(CheckpointWarning, match="there is no other, so the run starts again"):
        resumed = charseq.resume(run, toy_pairs[:200])
    for name, tensor in whole.model.tensors().items():
        assert np.array_equal(tensor, resumed.model.tensors()[name]), name


def test_damaged_checkpoints_never_push_out_new_ones(
    toy_pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = toy_pairs[:200]
    run = stopped_run(pairs, tmp_path / "run", checkpoint_every=1)
    damaged = checkpoints(run)
    for path in damaged:
        path.write_bytes(b"")

    def stop(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    # Shells ignore the signal for what they run in the background.
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    # It starts again, and is stopped long before the step of the damaged ones.
    monkeypatch.setattr(checkpointing.Checkpointer, "after_step", stop)
    with pytest.raises(KeyboardInterrupt), pytest.warns(CheckpointWarning, match="is damaged"):
        charseq.resume(run, pairs)
    signal.signal(signal.SIGINT, former)
    whole = [path for path in checkpoints(run) if path.suffix == ".safetensors"]
    assert len(whole) == 1
    assert whole[0].name < damaged[0].name
    assert {path.name for path in damaged} <= {path.stem for path in checkpoints(run)}


def test_settings_that_came_after_a_run_was_begun_do_not_change_it(
    toy_pairs: Pairs, tmp_path: Path
) -> None:
    later = {
        "attention_layers": 1,
        "location_aware": False,
        "source_dropout": None,
        "symbol_dropout": 0.0,
    }
    whole = charseq.train(toy_pairs[:200], run=tmp_path / "whole", units=8, epochs=3, **later)
    run = stopped_run(toy_pairs[:200], tmp_path / "run", **later)
    begun = json.loads((run / "history.json").read_text(encoding="utf-8"))
    for name in later:
        del begun["settings"]["model"][name]
    (run / "history.json").write_text(json.dumps(begun), encoding="utf-8")
    resumed = charseq.resume(run, toy_pairs[:200])
    for name, tensor in whole.model.tensors().items():
        assert np.array_equal(tensor, resumed.model.tensors()[name]), name


def test_the_time_limit_goes_on_where_it_was(toy_pairs: Pairs, tmp_path: Path) -> None:
    run = stopped_run(toy_pairs[:200], tmp_path / "run", epochs=100_000, time_limit=600)
    # As if the run had taken all but a second of its time before it was stopped.
    newest = checkpointing.read_checkpoint(run / "checkpoints")
    assert newest is not None
    facts = {**newest.facts, "elapsed": 599.9}
    later = checkpointing.Checkpoint(
        newest.epochs, newest.kept, newest.refitting, newest.weights, newest.tensors, facts
    )
    checkpointing.write_checkpoint(run / "checkpoints", later)
    ended = charseq.resume(run, toy_pairs[:200]).training_run
    assert ended is not None
    assert len(ended.history.epochs) < 50


def test_a_run_that_is_there_is_gone_on_with_or_put_aside_but_never_lost(
    toy_pairs: Pairs, tmp_path: Path
) -> None:
    run, quick = tmp_path / "run", {"units": 4, "epochs": 1, "refit": False}
    charseq.train(toy_pairs[:100], run=run, **quick)
    model = (run / "model.safetensors").read_bytes()
    with pytest.raises(UsageError, match=r"--resume .*run\), move it aside with --overwrite"):
        charseq.train(toy_pairs[:100], run=run, **quick)
    for number in (1, 2):
        charseq.train(toy_pairs[:100], run=run, overwrite=True, seed=number + 1, **quick)
        assert (tmp_path / f"run.{number}").is_dir()
    assert (tmp_path / "run.1" / "model.safetensors").read_bytes() == model
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="is not empty"):
        charseq.train(toy_pairs[:100], run=tmp_path / "other", overwrite=True, **quick)


def test_a_model_to_start_from_is_not_moved_aside_with_its_run(
    toy_pairs: Pairs, tmp_path: Path
) -> None:
    run, quick = tmp_path / "run", {"units": 4, "epochs": 1, "refit": False}
    charseq.train(toy_pairs[:100], run=run, **quick)
    model = run / "model.safetensors"
    with pytest.raises(UsageError, match=r"would be moved aside with .*run: copy it elsewhere"):
        charseq.train(toy_pairs[:100], run=run, overwrite=True, start_from=model, epochs=1)
    assert model.exists()


QUICK = {"units": 4, "epochs": 1, "refit": False}


def test_the_working_folder_may_be_a_run_but_is_not_moved_aside(
    toy_pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    monkeypatch.chdir(run)
    charseq.train(toy_pairs[:100], run=Path("."), **QUICK)
    model = (run / "model.safetensors").read_bytes()
    with pytest.raises(
        UsageError, match=r"\. cannot be moved aside while this command works in it"
    ):
        charseq.train(toy_pairs[:100], run=Path("."), overwrite=True, seed=7, **QUICK)
    assert (run / "model.safetensors").read_bytes() == model


def test_a_link_to_a_run_leads_to_the_new_one_after_it(toy_pairs: Pairs, tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to("first", target_is_directory=True)
    charseq.train(toy_pairs[:100], run=tmp_path / "first", **QUICK)
    model = (tmp_path / "first" / "model.safetensors").read_bytes()
    charseq.train(toy_pairs[:100], run=tmp_path / "latest", overwrite=True, seed=7, **QUICK)
    assert (tmp_path / "first.1" / "model.safetensors").read_bytes() == model
    assert (tmp_path / "latest" / "model.safetensors").read_bytes() != model


@pytest.mark.parametrize("what", ["corpus", "held_out"])
def test_what_a_run_reads_is_not_moved_aside_with_an_earlier_one(
    toy_pairs: Pairs, corpus: Path, tmp_path: Path, what: str
) -> None:
    run = tmp_path / "run"
    charseq.train(toy_pairs[:100], run=run, **QUICK)
    inside = run / "pairs.tsv"
    inside.write_bytes(corpus.read_bytes())
    given = {"corpus": corpus, "held_out": corpus, what: inside}
    with pytest.raises(UsageError, match=r"pairs\.tsv would be moved aside with .*run: copy it"):
        charseq.train(run=run, overwrite=True, **given, **QUICK)
    assert inside.exists()


def test_the_folder_that_a_model_is_written_to_is_not_moved_aside_with_an_earlier_run(
    toy_pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    charseq.train(toy_pairs[:100], run=run, **QUICK)
    (run / "kept").mkdir()
    inside, beside = run / "kept" / "m.safetensors", run / "m.safetensors"
    with pytest.raises(UsageError, match=r"kept would be moved aside with .*run: copy it"):
        charseq.train(toy_pairs[:100], run=run, overwrite=True, output=inside, **QUICK)
    with monkeypatch.context() as patch:
        patch.chdir(run / "kept")
        with pytest.raises(UsageError, match="cannot be moved aside while this command works in"):
            charseq.train(toy_pairs[:100], run=run, overwrite=True, output=inside.name, **QUICK)
    assert not (tmp_path / "run.1").exists()
    charseq.train(toy_pairs[:100], run=run, overwrite=True, output=beside, **QUICK)
    assert beside.is_file()


def test_a_run_that_another_process_finished_meanwhile_is_never_overwritten(
    toy_pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs, usual = toy_pairs[:100], training_run.set_up

    def meanwhile(other: Callable[[], object]) -> None:
        """Let another training happen after the next one has looked at its folder."""

        def set_up(*given: Any) -> Any:
            monkeypatch.setattr(training_run, "set_up", usual)
            other()
            return usual(*given)

        monkeypatch.setattr(training_run, "set_up", set_up)

    run = tmp_path / "new"
    meanwhile(lambda: charseq.train(pairs, run=run, **QUICK))
    with pytest.raises(UsageError, match="already holds a run"):
        charseq.train(pairs, run=run, seed=7, **QUICK)
    assert charseq.load(run / "model.safetensors")
    assert history(run)["scores"]

    run = stopped_run(pairs, tmp_path / "stopped", refit=False)
    meanwhile(lambda: charseq.resume(run, pairs))
    with pytest.raises(UsageError, match="is finished"):
        charseq.resume(run, pairs)
    assert history(run)["scores"]


def test_a_step_that_is_cut_short_is_not_what_a_checkpoint_holds(
    toy_pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, steps = checkpointing.Checkpointer.after_step, []

    def twice(self: checkpointing.Checkpointer, rows: int) -> None:
        usual(self, rows)
        steps.append(rows)
        if len(steps) == 5:
            raise KeyboardInterrupt  # As a second signal does, within a step.

    monkeypatch.setattr(checkpointing.Checkpointer, "after_step", twice)
    run = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        charseq.train(toy_pairs[:300], run=run, units=4, epochs=2, checkpoint_every=3)
    (last,) = checkpoints(run)
    assert last.name.startswith("fit-0000000003")


# Nor does it warn that it goes on.
@pytest.mark.filterwarnings("error")
def test_a_run_that_refuses_a_changed_corpus_is_as_it_was(corpus: Path, tmp_path: Path) -> None:
    run, original = stopped_run(corpus, tmp_path / "run"), corpus.read_bytes()
    before = (run / "history.json").read_bytes()
    corpus.write_bytes(original + b"abc\t\xe2\x98\x83\n")
    with pytest.raises(DataError, match="has other symbols"):
        charseq.resume(run, changed=True)
    assert (run / "history.json").read_bytes() == before
    corpus.write_bytes(original)
    charseq.resume(run)
    assert "the corpus changed" not in (run / "model-card.md").read_text(encoding="utf-8")


def test_a_signal_at_the_very_end_finds_a_finished_run(
    toy_pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = checkpointing.Checkpointer.finish

    def stopped(self: checkpointing.Checkpointer) -> None:
        signal.raise_signal(signal.SIGINT)
        usual(self)

    monkeypatch.setattr(checkpointing.Checkpointer, "finish", stopped)
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    run = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt) as stop:
        charseq.train(toy_pairs[:100], run=run, **QUICK)
    signal.signal(signal.SIGINT, former)
    model = run / "model.safetensors"
    assert stop.value.__notes__ == [f"the run is finished: its model is {model}"]
    assert not (run / "checkpoints").exists()
    assert charseq.load(model)


def test_a_run_whose_last_file_cannot_be_written_is_not_finished(
    toy_pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs, run, usual = toy_pairs[:100], tmp_path / "run", training_run.write_atomically

    def full(path: Path, content: bytes) -> None:
        if path.name == "history.json" and json.loads(content)["scores"]:
            raise MachineError("no space left")
        usual(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(training_run, "write_atomically", full)
        with pytest.raises(MachineError) as stop:
            charseq.train(pairs, run=run, **QUICK)
    assert stop.value.__notes__ == [f"resume with: charseq.resume({str(run)!r}, corpus)"]
    assert charseq.resume(run, pairs).training_run is not None


def test_a_refit_that_ended_within_an_epoch_is_not_trained_on_by_resuming(
    toy_pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs, usual = toy_pairs[:200], training_run.refitted
    settings = SETTINGS | {"refit": True, "schedule": "constant"}

    def within(*given: Any, epochs: float, **named: Any) -> Any:
        del epochs
        return usual(*given, epochs=1.5, **named)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(training_run, "refitted", within)
    whole = charseq.train(pairs, run=tmp_path / "whole", **settings)
    with monkeypatch.context() as patch:
        patch.setattr(training_run, "model_card", stop)
        with pytest.raises(KeyboardInterrupt):
            charseq.train(pairs, run=tmp_path / "run", **settings)
    resumed = charseq.resume(tmp_path / "run", pairs)
    for name, tensor in whole.model.tensors().items():
        assert np.array_equal(tensor, resumed.model.tensors()[name]), name


def test_a_run_goes_on_on_another_kind_of_device(toy_pairs: Pairs, tmp_path: Path) -> None:
    run = stopped_run(toy_pairs[:200], tmp_path / "run", dropout=0.5)
    newest = checkpointing.read_checkpoint(run / "checkpoints")
    assert newest is not None
    # As short as the state of a GPU's random numbers.
    tensors = {**newest.tensors, "noise": np.zeros(16, np.uint8)}
    checkpointing.write_checkpoint(run / "checkpoints", replace(newest, tensors=tensors))
    ended = charseq.resume(run, toy_pairs[:200]).training_run
    assert ended is not None
    assert len(ended.history.epochs) == 3


def test_whatever_stops_a_run_from_outside_says_how_to_go_on(
    toy_pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs, run = toy_pairs[:100], tmp_path / "run"

    def fail(_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as stop:
        charseq.train(pairs, run=run, callbacks=[fail], **QUICK)
    assert stop.value.__notes__ == [f"resume with: charseq.resume({str(run)!r}, corpus)"]

    def full(*_: object) -> None:
        raise MachineError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr("charseq.training.run.write_model", full)
        with pytest.raises(MachineError) as stop:
            charseq.resume(run, pairs)
    assert stop.value.__notes__ == [f"resume with: charseq.resume({str(run)!r}, corpus)"]
    assert charseq.resume(run, pairs).training_run is not None
    with pytest.raises(DataError, match="not finite") as stop:
        charseq.train(pairs, run=tmp_path / "diverged", learning_rate=1e30, **QUICK)
    assert not hasattr(stop.value, "__notes__")


@pytest.mark.parametrize("callbacks", [print, [print, 3], "print", iter([print])])
def test_what_cannot_be_called_after_an_epoch_is_refused_before_it(
    toy_pairs: Pairs, tmp_path: Path, callbacks: object
) -> None:
    with pytest.raises(UsageError, match="callbacks must be a list of functions, not"):
        charseq.train(toy_pairs[:100], run=tmp_path / "run", callbacks=callbacks, **QUICK)
    assert not (tmp_path / "run").exists()


def test_a_folder_where_a_run_was_killed_as_it_began_can_be_used(
    toy_pairs: Pairs, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / ".history.json.abcdefgh").touch()
    assert charseq.train(toy_pairs[:100], run=run, units=4, epochs=1, refit=False)


def test_lengths_are_counted_as_when_the_run_began(tmp_path: Path) -> None:
    """Two syllables, which a model reads as more letters, are within a limit of two."""
    syllables = "가각간갇갈감갑값갓강"
    pairs = [(a + b, b + a) for a in syllables for b in syllables]
    run = stopped_run(pairs, tmp_path / "run", max_length=2)
    assert charseq.resume(run, pairs).description.config.normalise == "jamo"


def test_a_run_of_a_file_whose_name_is_no_text_goes_on(toy_pairs: Pairs, tmp_path: Path) -> None:
    corpus = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.tsv"))
    corpus.write_text("".join(f"{source}\t{target}\n" for source, target in toy_pairs[:100]))
    run = stopped_run(corpus, tmp_path / "run")
    assert charseq.resume(run).training_run is not None


def test_two_processes_are_never_in_one_run(toy_pairs: Pairs, tmp_path: Path) -> None:
    run = stopped_run(toy_pairs[:100], tmp_path / "run")
    with locked(run):
        with pytest.raises(UsageError, match="another process is training in"):
            charseq.resume(run, toy_pairs[:100])
        with pytest.raises(UsageError, match="another process is training in"):
            charseq.train(toy_pairs[:100], run=run, overwrite=True, units=4, epochs=1)
    assert charseq.resume(run, toy_pairs[:100])


def test_a_changed_corpus_is_refused_unless_told_otherwise(
    toy_pairs: Pairs, tmp_path: Path
) -> None:
    run = stopped_run(toy_pairs[:200], tmp_path / "run")
    others = [*toy_pairs[:199], (toy_pairs[199][0], toy_pairs[198][1])]
    with pytest.raises(UsageError, match="the corpus has changed since the run began"):
        charseq.resume(run, others)
    with pytest.warns(CharseqWarning, match="what is held out now may have been trained on"):
        found = charseq.resume(run, others, changed=True)
    assert found.training_run is not None
    history = found.training_run.history
    assert history.corpus_changed
    assert history.corpus["digest"] == found.description.corpus["digest"]
    assert history.begun_with["corpus_digest"] == history.corpus["digest"]
    card = (run / "model-card.md").read_text(encoding="utf-8")
    assert "the corpus changed during training" in card


def test_a_corpus_with_other_symbols_goes_on_with_nothing(toy_pairs: Pairs, tmp_path: Path) -> None:
    run = stopped_run(toy_pairs[:200], tmp_path / "run")
    # As many symbols as before, each with another's id.
    first = min(symbol for source, _ in toy_pairs[:200] for symbol in source)
    others = [(source.replace(first, "~"), target) for source, target in toy_pairs[:200]]
    with pytest.raises(DataError, match="the corpus has other symbols than when the run began"):
        charseq.resume(run, others, changed=True)


def test_where_a_file_system_has_no_locks_training_goes_on_without(
    toy_pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", missing)
    assert charseq.train(toy_pairs[:60], run=tmp_path / "run", units=4, epochs=1)


def test_the_first_training_is_not_repeated_if_the_refit_fails(
    toy_pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise MemoryError

    run, steps = tmp_path / "run", []
    settings = {**SETTINGS, "refit": True, "checkpoint_every": 10_000}
    with monkeypatch.context() as patched:
        patched.setattr(training_run, "refitted", failing)
        with pytest.raises(MachineError, match="not enough memory"):
            charseq.train(toy_pairs[:100], run=run, **settings)
    real = checkpointing.Checkpointer.after_step
    monkeypatch.setattr(
        checkpointing.Checkpointer, "after_step", lambda *given: (steps.append(1), real(*given))
    )
    assert charseq.resume(run, toy_pairs[:100])
    # 100 pairs are 7 batches; the refit alone is done.
    assert len(steps) == 7 * round(3 * 0.9)


def test_a_vanished_corpus_is_named_and_the_checkpoint_stays(corpus: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved.tsv"
    moved.write_bytes(corpus.read_bytes())

    def stop(_: charseq.training.EpochRecord) -> None:
        raise KeyboardInterrupt

    run = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        charseq.train(moved, run=run, callbacks=[stop], units=8, epochs=2)
    moved.rename(tmp_path / "elsewhere.tsv")
    with pytest.raises(UsageError, match=r"moved\.tsv, no longer exists: .* --resume"):
        charseq.resume(run)
    assert checkpoints(run)
    assert charseq.resume(run, tmp_path / "elsewhere.tsv")


def test_a_held_out_corpus_from_nowhere_or_moved_must_be_given_again(
    toy_pairs: Pairs, corpus: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "moved.tsv"
    moved.write_bytes(corpus.read_bytes())
    run = stopped_run(toy_pairs[:100], tmp_path / "file", held_out=moved)
    moved.unlink()
    with pytest.raises(
        UsageError, match=r"held-out corpus, .*moved\.tsv, no longer exists: .*--held"
    ):
        charseq.resume(run, toy_pairs[:100])
    assert charseq.resume(run, toy_pairs[:100], held_out=corpus)
    run = stopped_run(toy_pairs[:100], tmp_path / "pairs", held_out=toy_pairs[100:150])
    for changed in (False, True):
        with pytest.raises(UsageError, match="name the run's held-out corpus with --held-out"):
            charseq.resume(run, toy_pairs[:100], changed=changed)
    assert charseq.resume(run, toy_pairs[:100], held_out=toy_pairs[100:150])
    run = stopped_run(toy_pairs[:100], tmp_path / "none")
    with pytest.raises(UsageError, match="the run has no held-out corpus of its own"):
        charseq.resume(run, toy_pairs[:100], held_out=corpus)


def test_pairs_from_nowhere_must_be_given_again(toy_pairs: Pairs, tmp_path: Path) -> None:
    run = stopped_run(toy_pairs[:100], tmp_path / "run")
    with pytest.raises(UsageError, match="name the run's corpus"):
        charseq.resume(run)
    with pytest.raises(UsageError, match="there is no run in"):
        charseq.resume(tmp_path)


def test_a_loss_that_is_no_number_stops_at_the_last_good_checkpoint(
    toy_pairs: Pairs, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with pytest.raises(DataError, match=r"not finite at step \d+, in epoch 1: try a smaller"):
        charseq.train(
            toy_pairs, run=run, units=8, learning_rate=1e30, gradient_clip=None, checkpoint_every=1
        )
    for path in checkpoints(run):
        for name, tensor in safetensors.numpy.load_file(path).items():
            assert np.isfinite(tensor).all(), name


@pytest.mark.parametrize("select", ["cer", "loss"])
@pytest.mark.parametrize("epochs", [1, 3])
def test_weights_that_the_last_step_ruins_are_not_kept(
    toy_pairs: Pairs, tmp_path: Path, epochs: int, select: str
) -> None:
    """Of an epoch of one step, the loss is the one before the step."""
    with pytest.raises(DataError, match=r"not finite at step 1, in epoch 1: try a smaller"):
        charseq.train(
            toy_pairs[:100],
            run=tmp_path / "run",
            units=8,
            epochs=epochs,
            batch_size=200,
            learning_rate=1e38,
            schedule="constant",
            select=select,
        )
    assert not (tmp_path / "run" / "model.safetensors").exists()


@pytest.mark.parametrize("stopped_after", [1, 2, 3])
def test_a_run_that_is_stopped_between_two_epochs_ends_as_if_it_never_had_been(
    corpus: Path, whole: Path, tmp_path: Path, stopped_after: int
) -> None:
    def stop(record: charseq.training.EpochRecord) -> None:
        if record.epoch == stopped_after:
            raise KeyboardInterrupt

    run = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt), one_thread():
        charseq.train(corpus, run=run, callbacks=[stop], refit=True, **SETTINGS)
    with one_thread():
        charseq.resume(run)
    assert_equal_runs(whole, run)


def test_a_run_that_is_stopped_after_its_refit_ends_as_if_it_never_had_been(
    corpus: Path, whole: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    card = ("charseq.training.run", "model_card", 1)
    assert train(corpus, run, *card, SIGNAL="SIGINT").returncode == 130
    assert resume(run).returncode == 0
    assert_equal_runs(whole, run)


def test_a_full_disk_is_said_and_the_last_checkpoint_stays(
    toy_pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = os.fsync, iter(range(1_000))

    def full(descriptor: int) -> None:
        if next(calls) > 8:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    run = tmp_path / "run"
    with pytest.raises(MachineError, match=r"cannot write .*checkpoints.*: No space left"):
        charseq.train(toy_pairs, run=run, units=8, epochs=2, checkpoint_every=1)
    monkeypatch.undo()
    assert len(checkpoints(run)) == KEPT
    assert charseq.resume(run, toy_pairs)
