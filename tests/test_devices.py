"""The same command on a CPU, on CUDA and on Apple's MPS."""

import os

import numpy as np
import pytest
import torch

import charseq
from charseq import Translator
from charseq.training.device import is_crowded

DEVICES = [
    "cpu",
    pytest.param(
        "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
    ),
    pytest.param(
        "mps",
        marks=pytest.mark.skipif(not torch.backends.mps.is_available(), reason="no MPS device"),
    ),
]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_a_device_learns_in_either_precision_and_translates_as_the_cpu(
    device: str, precision: str, toy_pairs, tmp_path
) -> None:
    trained = charseq.train(
        toy_pairs,
        run=tmp_path / "run",
        units=48,
        epochs=6,
        learning_rate=0.008,
        held_out_maximum=100,
        precision=precision,
        device=device,
    )
    assert trained.training_run is not None
    assert trained.training_run.report.character_error_rate.value < 0.3
    words = [source for source, _ in toy_pairs[:200]]
    on_the_cpu = charseq.load(tmp_path / "run" / "model.safetensors", device="cpu")
    there, here = trained.translate(words), on_the_cpu.translate(words)
    assert [each.hypothesis for each in there] == [each.hypothesis for each in here]


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_aligns_as_the_cpu(
    device: str, speaker: Translator, spoken_pairs, tmp_path
) -> None:
    speaker.save(tmp_path / "speaker.safetensors")
    there = charseq.load(tmp_path / "speaker.safetensors", device=device)
    sources, targets = map(list, zip(*spoken_pairs, strict=True))
    for one, other in zip(
        there.align(sources, targets), speaker.align(sources, targets), strict=True
    ):
        np.testing.assert_allclose(one.weights, other.weights, atol=1e-4)
        assert one.log_probability == pytest.approx(other.log_probability, abs=1e-3)


def test_bf16_computes_in_bf16_and_keeps_float32_weights(toy_pairs, tmp_path) -> None:
    losses = {}
    for precision in ("float32", "bf16"):
        trained = charseq.train(
            toy_pairs[:300],
            run=tmp_path / precision,
            units=32,
            epochs=1,
            precision=precision,
            device="cpu",
        )
        assert trained.training_run is not None
        losses[precision] = trained.training_run.history.epochs[0].training_loss
        assert all(tensor.dtype == "float32" for tensor in trained.model.tensors().values())
    assert losses["bf16"] != losses["float32"]
    assert losses["bf16"] == pytest.approx(losses["float32"], abs=0.02)


@pytest.mark.parametrize(
    ("load", "threads", "device", "crowded"),
    [
        (0.2, 4, "cpu", False),
        (0.8, 4, "cpu", True),
        (0.8, 2, "cpu", False),
        (2.8, 2, "cpu", True),
        (9.0, 1, "cpu", False),
        (9.0, 4, "meta", False),
    ],
)
def test_a_machine_is_crowded_where_threads_would_wait_for_cores(
    monkeypatch: pytest.MonkeyPatch, load: float, threads: int, device: str, crowded: bool
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    assert is_crowded(torch.device(device)) is crowded
