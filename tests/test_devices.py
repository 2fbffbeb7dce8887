"""The same command on a CPU, on CUDA and on Apple's MPS."""

import os
from dataclasses import replace

import numpy as np
import pytest
import torch

import charseq
from charseq import Translator
from charseq.batching import Batch
from charseq.config import ModelConfig, TrainingConfig
from charseq.model import Seq2Seq
from charseq.training import loop, recording
from charseq.training.device import is_crowded
from charseq.training.optimiser import build_optimiser
from charseq.training.step import training_step

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


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_reads_a_batch_with_its_lengths_there_as_without(device: str) -> None:
    config = ModelConfig(units=16, embedding=8, bidirectional=True, attention="general")
    model = Seq2Seq.fresh(config, 9, 9, seed=1).to(device)
    lengths = torch.tensor([5, 3, 1])
    ids = torch.arange(15).view(3, 5) % 9
    batch = Batch(ids, lengths, ids, lengths)
    there = batch.unpacked(batch.packed().to(device))
    expected = model(replace(there, lengths_there=None))
    torch.testing.assert_close(model(there), expected)
    torch.testing.assert_close(model(there).cpu(), model.cpu()(batch), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("copying", [False, True])
@pytest.mark.parametrize("device", DEVICES)
def test_targets_that_are_filled_up_cost_and_teach_nothing(device: str, copying: bool) -> None:
    config = ModelConfig(
        units=16, embedding=8, bidirectional=True, attention="general", copying=copying
    )
    lengths = torch.tensor([5, 3])
    ids = torch.arange(10).view(2, 5) % 9
    batch = Batch(ids, lengths, ids, lengths, ids if copying else None)
    assert recording.widened(batch).targets.shape == (2, 8)
    weights = []
    for given in (batch, recording.widened(batch)):
        model = Seq2Seq.fresh(config, 9, 9, seed=1).to(device)
        optimiser = build_optimiser(TrainingConfig(), model.parameters())
        training_step(model, optimiser, given, 7, TrainingConfig())
        weights.append(model.state_dict())
    torch.testing.assert_close(*weights, atol=1e-5, rtol=1e-4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize(
    "shape", [{}, {"attention": "none", "bidirectional": False}, {"copying": True}]
)
def test_steps_that_are_recorded_move_the_weights_as_others(
    shape, toy_pairs, tmp_path, monkeypatch
) -> None:
    histories, counts = [], []

    class Counted(recording.RecordedSteps):
        def __call__(self, batch):
            compared = super().__call__(batch)
            counts.append(len(self))
            return compared

    monkeypatch.setattr(loop, "RecordedSteps", Counted)
    for most in (0, 512):
        monkeypatch.setattr(recording, "MOST_RECORDINGS", most)
        trained = charseq.train(
            toy_pairs[:400],
            run=tmp_path / str(most),
            units=32,
            epochs=3,
            device="cuda",
            **shape,
        )
        assert trained.training_run is not None
        histories.append(trained.training_run.history.epochs)
        assert (counts[-1] > 0) == (most > 0)
    for alone, played in zip(*histories, strict=True):
        assert played.training_loss == pytest.approx(alone.training_loss, rel=0.01)
        assert played.held_out_loss == pytest.approx(alone.held_out_loss, rel=0.02)
