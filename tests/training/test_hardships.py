"""Machines that have too little of something: it is said, and what the run had stays."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import charseq
from charseq.errors import Interrupted
from charseq.training import EpochRecord

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits are set as Linux has them")

# Goes on with a run where there is little left of something, once all libraries are loaded.
LIMITED = """
import resource, sys

import charseq.trainer
from charseq.cli import main

name, spare, *arguments = sys.argv[1:]
if name == "RLIMIT_AS":
    with open("/proc/self/statm") as file:
        spare = int(file.read().split()[0]) * resource.getpagesize() + int(spare)
limit = getattr(resource, name)
resource.setrlimit(limit, (int(spare), resource.getrlimit(limit)[1]))
main(arguments)
"""
# A run on a file system of its own, in a name space of its own: so large, and then made different.
ELSEWHERE = (
    "size=$(( $(du -sk {saved} | cut -f1) + {spare} ))k;"
    " mount -t tmpfs -o size=$size tmpfs {folder} && cp -a {saved}/. {folder} && {change} &&"
    " {python} -m charseq train --resume {folder}/run --quiet; code=$?;"
    " rm -rf {saved} && cp -a {folder} {saved}; exit $code"
)


@pytest.fixture
def corpus(toy_pairs, tmp_path: Path) -> Path:
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{source}\t{target}\n" for source, target in toy_pairs[:300]))
    return path


@pytest.fixture
def stopped(corpus: Path, tmp_path: Path) -> Path:
    """A run that was interrupted after its first epoch, with checkpoints of some 100 KiB."""
    run = tmp_path / "saved" / "run"
    run.parent.mkdir()

    def stop(_: EpochRecord) -> None:
        raise Interrupted(signal.SIGTERM)

    with pytest.raises(Interrupted):
        charseq.train(corpus, run=run, units=64, epochs=3, checkpoint_every=2, callbacks=[stop])
    return run


def called(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        list(map(str, arguments)),
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def contents(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (run / "checkpoints").iterdir()}


def assert_nothing_is_lost(run: Path, before: dict[str, bytes]) -> None:
    assert contents(run) == before
    charseq.resume(run)


@pytest.mark.parametrize(
    ("limit", "spare", "sentence"),
    [
        ("RLIMIT_AS", 4 << 20, "there is not enough memory"),
        ("RLIMIT_FSIZE", 20_000, "File too large"),
    ],
)
def test_too_little_is_said_and_the_run_goes_on_where_there_is_enough(
    stopped: Path, limit: str, spare: int, sentence: str
) -> None:
    before = contents(stopped)
    resume = ("train", "--resume", stopped, "--quiet")
    done = called(sys.executable, "-c", LIMITED, limit, spare, *resume)
    assert done.returncode == 4, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert_nothing_is_lost(stopped, before)


@pytest.mark.parametrize(
    ("spare", "change", "sentence"),
    [
        (60, "true", "No space left on device"),
        (10_000, "mount -o remount,ro {folder}", "Read-only file system"),
    ],
    ids=["full", "read-only"],
)
def test_a_file_system_that_takes_nothing_is_said_and_the_run_goes_on_elsewhere(
    stopped: Path, tmp_path: Path, spare: int, change: str, sentence: str
) -> None:
    before = contents(stopped)
    folder = tmp_path / "disk"
    folder.mkdir()
    script = ELSEWHERE.format(
        folder=folder,
        saved=stopped.parent,
        python=sys.executable,
        spare=spare,
        change=change.format(folder=folder),
    )
    done = called("unshare", "--map-root-user", "--mount", "sh", "-c", script)
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip("no file system may be mounted here")
    assert done.returncode == 4, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert_nothing_is_lost(stopped, before)


def test_a_training_whose_progress_nobody_reads_goes_on(corpus: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.safetensors"
    options = ["--units=8", "--epochs=2", "--no-refit", f"--run={tmp_path / 'run'}"]
    with subprocess.Popen(
        [sys.executable, "-m", "charseq", "train", str(corpus), *options, f"--output={model}"],
        stderr=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ) as training:
        assert training.stderr is not None
        training.stderr.readline()
        training.stderr.close()
        assert training.wait(timeout=120) == 0
    assert model.exists()


def test_a_training_with_standard_error_closed_ends_as_others(corpus: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.safetensors"
    options = f"--units=8 --epochs=1 --no-refit --run={tmp_path / 'run'} --output={model}"
    command = f"{sys.executable} -m charseq train {corpus} {options} 2>&-"
    assert called("sh", "-c", command).returncode == 0
    assert model.exists()
