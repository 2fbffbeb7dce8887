import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest

import charseq
from charseq.config import ModelConfig
from charseq.errors import MachineError
from charseq.training import memory
from charseq.training.memory import batch_memory, free_memory

PROGRAM = """
import resource
import sys

import torch

from charseq.training.memory import keep_freed_memory

if sys.argv[1] == "keep":
    keep_freed_memory()
for _ in range(3):
    torch.ones(12 << 20)  # 48 MiB
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    torch.ones(12 << 20)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(*arguments: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_large_blocks_that_a_step_frees_are_not_paid_for_again() -> None:
    assert page_faults("keep") < page_faults("as it is") / 20


def test_what_does_not_fit_is_refused_before_it_is_begun(toy_pairs, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 50 << 20)
    pairs = [*toy_pairs[:100], ("ab" * 1_000, "BA" * 1_500)]
    with pytest.raises(MachineError) as refused:
        charseq.train(pairs, run=tmp_path / "run", seed=2, batch_size=16)
    message = str(refused.value)
    assert "training would take about 1.7 GiB of memory, but only 0.0 are free" in message
    assert "sources of 2,000 symbols with targets of 3,002" in message
    assert not (tmp_path / "run").exists()
    assert charseq.train(pairs, run=tmp_path / "run", epochs=1, units=2, max_length=100)


def test_what_is_held_out_is_refused_too(toy_pairs, tmp_path, monkeypatch) -> None:
    long = [("ab" * 1_000, "BA" * 1_500)]
    settings = {"held_out": long, "units": 16, "epochs": 1, "batch_size": 16}
    what = r"sources of 2,000 symbols with targets of 3,002"
    # Scored only, it takes less than where it is trained on at the end.
    monkeypatch.setattr(memory, "free_memory", lambda: 200 << 20)
    assert charseq.train(toy_pairs[:100], run=tmp_path / "scored", **settings)
    with pytest.raises(MachineError, match=what):
        charseq.train(toy_pairs[:100], run=tmp_path / "run", refit=True, **settings)
    monkeypatch.setattr(memory, "free_memory", lambda: 100 << 20)
    with pytest.raises(MachineError, match=what):
        charseq.train(toy_pairs[:100], run=tmp_path / "run", **settings)


def test_a_model_that_does_not_fit_is_not_made_first(toy_pairs, tmp_path) -> None:
    began = time.perf_counter()
    with pytest.raises(MachineError, match=r"take about .* for the model's [\d,]+ weights: try"):
        charseq.train(toy_pairs[:100], run=tmp_path / "run", units=65_536, epochs=1)
    assert time.perf_counter() - began < 10


def test_any_pairs_may_share_a_batch_where_padding_counts(toy_pairs, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 50 << 20)
    pairs = [*toy_pairs[:100], ("ab" * 1_000, "BA" * 100)]
    settings = {"attention": "none", "units": 16, "epochs": 1, "batch_size": 64, "seed": 2}
    assert charseq.train(pairs, run=tmp_path / "alone", **settings)
    with pytest.raises(MachineError, match=r"sources of 2,000 symbols"):
        charseq.train(pairs, run=tmp_path / "run", count_padding=True, **settings)


def test_more_of_anything_takes_more_memory() -> None:
    model = ModelConfig(units=8, attention="dot")
    least = batch_memory(model, 2, 3, 4, 5, 6)
    for more in (
        (4, 3, 4, 5, 6),
        (2, 6, 4, 5, 6),
        (2, 3, 8, 5, 6),
        (2, 3, 4, 6, 6),
        (2, 3, 4, 5, 7),
    ):
        assert batch_memory(model, *more) > least
    changes = {
        "units": 16,
        "layers": 2,
        "attention_layers": 2,
        "attention_size": 64,
        "copying": True,
    }
    for change in ({"attention": "additive"}, *({name: v} for name, v in changes.items())):
        assert batch_memory(model.model_copy(update=change), 2, 3, 4, 5, 6) > least
    twice = model.model_copy(update={"attention_layers": 2})
    aware = twice.model_copy(update={"location_aware": True})
    assert batch_memory(aware, 2, 3, 4, 5, 6) > batch_memory(twice, 2, 3, 4, 5, 6)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux is asked")
def test_free_memory_is_what_the_system_says() -> None:
    free = free_memory()
    assert free is not None
    assert 10 << 20 < free < 100 << 40


def test_what_gives_way_in_a_control_group_is_free(tmp_path: Path) -> None:
    files = {"max": "8000\n", "current": "7000\n", "stat": "anon 500\ninactive_file 6000\n"}
    for name, content in files.items():
        (tmp_path / f"memory.{name}").write_text(content)
    assert free_memory(tmp_path) == 7_000


STEP = """
import re, sys, time

from charseq.config import configure
from charseq.corpus import Corpus, Pair, Split
from charseq.training.loop import Clock, Trainer, first_model
from charseq.training.memory import batch_memory
from charseq.training.prepare import prepare

rows, length, letters, *options = sys.argv[1:]
source = "".join(chr(0x4E00 + place % int(letters)) for place in range(int(length)))
pairs = (Pair(source, ("abcdefgh" * int(length))[: int(length)]),) * int(rows)
settings = dict(option.split("=") for option in options)
prepared = prepare(
    Corpus("pairs", pairs),
    Split(pairs, pairs[:1]),
    configure(epochs=1, batch_size=int(rows), precision="float32", **settings),
)
config = prepared.config
trainer = Trainer(
    first_model(prepared, None), prepared, config.training, Clock(None, time.monotonic())
)


def peak():
    # Not getrusage's, which a process inherits from the one that started it.
    with open("/proc/self/status") as file:
        return 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", file.read())[1])


before = peak()
trainer.train_epoch(1)
taken = peak() - before
read, symbols = len(prepared.description.sources), len(prepared.description.targets)
print(taken / batch_memory(config.model, int(rows), int(length), int(length) + 2, read, symbols))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted as Linux does")
@pytest.mark.parametrize(
    "arguments",
    [
        ("32", "200", "8", "units=256"),
        ("1", "3000", "8", "units=128"),
        ("64", "100", "8", "units=256", "attention=none"),
        ("8", "200", "8", "units=128", "attention=additive"),
        ("8", "1000", "8", "units=128", "copying=true"),
        ("16", "1000", "1000", "units=64", "embedding=none"),
        ("16", "1000", "1000", "units=64", "embedding=none", "attention=none"),
        ("16", "500", "8", "units=64", "embedding=512"),
    ],
)
def test_the_estimate_is_near_what_a_step_takes(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STEP, *arguments], capture_output=True, text=True, check=True
    )
    assert 0.35 < float(done.stdout) < 1.25
