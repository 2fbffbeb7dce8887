import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from charseq.calibration import Calibration
from charseq.config import ModelConfig, TrainingConfig
from charseq.model import Seq2Seq
from charseq.training.averaging import WeightAverage
from charseq.training.loss import compare, held_back, smoothed
from charseq.training.optimiser import (
    KerasRMSprop,
    build_optimiser,
    clip_gradients,
    move_weights,
    set_step_size,
)


def test_padding_is_masked_and_also_counted() -> None:
    logits = torch.tensor([[[2.0, 0.0], [0.0, 1.0], [5.0, 0.0]]])
    targets = torch.tensor([[0, 0, 0]])
    mask = torch.tensor([[True, True, False]])
    compared = compare(logits.log_softmax(2), targets, mask, count_padding=True)
    assert compared.padded is not None
    losses = -torch.log_softmax(logits, 2)[0, :, 0]
    assert np.isclose(compared.masked.mean_loss, losses[:2].mean())
    assert np.isclose(compared.padded.mean_loss, losses.mean())
    assert np.isclose(compared.masked.accuracy, 1 / 2)
    assert np.isclose(compared.padded.accuracy, 2 / 3)
    assert compare(logits.log_softmax(2), targets, mask).padded is None


def test_the_padded_loss_is_clipped_as_keras_clips_it() -> None:
    logits = torch.tensor([[[60.0, 0.0], [0.0, 60.0]]], requires_grad=True)
    mask = torch.ones(1, 2, dtype=torch.bool)
    sums = compare(logits.log_softmax(2), torch.tensor([[0, 0]]), mask, count_padding=True).padded
    assert sums is not None
    expected = -np.log(1 - 1e-7) - np.log(1e-7)
    assert np.isclose(float(sums.loss.detach()), expected)
    sums.loss.backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert not logits.grad.any()


def test_sums_add_up() -> None:
    logits, targets = torch.randn(4, 3, 5), torch.randint(0, 5, (4, 3))
    mask = torch.tensor([[True, True, False]]).expand(4, 3)
    whole = compare(logits.log_softmax(2), targets, mask, count_padding=True)
    parts = compare(logits[:1].log_softmax(2), targets[:1], mask[:1], count_padding=True)
    parts += compare(logits[1:].log_softmax(2), targets[1:], mask[1:], count_padding=True)
    for one, other in ((whole.masked, parts.masked), (whole.padded, parts.padded)):
        assert one is not None
        assert other is not None
        assert np.isclose(one.mean_loss, other.mean_loss)
        assert one.accuracy == other.accuracy


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_smoothing_holds_back_what_it_says_of_a_symbol_that_is_certain(share: float) -> None:
    symbols, mask = 5, torch.ones(1, 1, dtype=torch.bool)
    probabilities = torch.arange(0.2, 1.0, 0.001)

    def loss(probability: Tensor) -> Tensor:
        others = (1 - probability) / (symbols - 1)
        logits = torch.stack([probability, *[others] * (symbols - 1)]).log()[None, None]
        return smoothed(-probability.log(), logits.log_softmax(2), mask, share, symbols)

    best = probabilities[torch.stack([loss(each) for each in probabilities]).argmin()]
    assert -math.log(best) == pytest.approx(held_back(share, symbols), abs=2e-3)
    assert held_back(0, symbols) == 0
    calibration = Calibration(1.0, held_back(share, symbols), 0.0)
    assert calibration.smoothed(symbols) == pytest.approx(share / symbols)


def test_what_copies_gets_no_share_of_label_smoothing() -> None:
    probabilities = torch.tensor([[[0.5, 0.3, 0.2, 1e-12, 1e-12]]])
    mask = torch.ones(1, 1, dtype=torch.bool)
    found = smoothed(torch.tensor(2.0), probabilities.log(), mask, 0.1, 3)
    expected = 0.9 * 2 - 0.1 * float(probabilities[..., :3].log().mean())
    assert float(found) == pytest.approx(expected)


def test_early_averages_are_short_and_later_ones_as_long_as_asked_for() -> None:
    model = Seq2Seq.fresh(ModelConfig(units=2), 3, 3, seed=1)
    average = WeightAverage(model, decay=0.8)
    weight, kept = model.decoder.output.bias, average.model.decoder.output.bias
    expected, decays = 0.0, [1 / 10, 2 / 11, 3 / 12, *[min(0.8, n / (n + 9)) for n in range(4, 60)]]
    assert decays[-1] == 0.8
    for step, decay in enumerate(decays, start=1):
        with torch.no_grad():
            weight.fill_(step)
        average.update()
        expected = decay * expected + (1 - decay) * step
        assert kept.tolist() == pytest.approx([expected] * 3)


@pytest.mark.parametrize("longest", [0.5, 1.0])
def test_gradients_that_are_no_numbers_do_not_pass_as_short_ones(longest: float) -> None:
    weight = torch.zeros(2, requires_grad=True)
    weight.grad = torch.tensor([1.0, math.nan])
    clip_gradients(torch.optim.SGD([weight]), longest)
    # Nothing of such a step can be told from the rest of it.
    assert weight.grad.isnan().all()


@pytest.mark.parametrize(("longest", "expected"), [(10.0, 5.0), (1.0, 1.0)])
def test_only_longer_gradients_are_scaled(longest: float, expected: float) -> None:
    first, second, untouched = (torch.zeros(1, size, requires_grad=True) for size in (1, 2, 3))
    first.grad, second.grad = torch.tensor([[3.0]]), torch.tensor([[0.0, 4.0]])
    clip_gradients(torch.optim.SGD([first, second, untouched]), longest)
    clipped = torch.cat([first.grad, second.grad], dim=1)
    assert float(clipped.norm()) == pytest.approx(expected, abs=1e-4)
    torch.testing.assert_close(clipped / expected, torch.tensor([[0.6, 0.0, 0.8]]))
    assert untouched.grad is None


@pytest.mark.parametrize(
    "settings", [{"weight_decay": 0.01}, {"weight_decay": 0}, {"optimiser": "keras-rmsprop"}]
)
def test_weights_move_as_by_the_step_of_their_optimiser(settings: dict[str, Any]) -> None:
    config = TrainingConfig(**settings)
    start = [torch.rand(3, 2), torch.rand(2), torch.rand(4)]
    moved = []
    for move in (move_weights, lambda built: built.step()):
        weights = [each.clone().requires_grad_() for each in start]
        built = build_optimiser(config, weights)
        for step in range(1, 5):
            set_step_size(built, 0.1 / step)
            for weight in weights[: 2 if step < 3 else 3]:
                weight.grad = step * torch.cos(weight.detach())
            move(built)
        moved.append(weights)
    for once, again in zip(*moved, strict=True):
        assert torch.equal(once, again)


def test_rmsprop_moves_as_keras_documents_it() -> None:
    weight = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
    optimiser = KerasRMSprop([weight], learning_rate=0.01)
    expected, velocity = weight.detach().double().numpy().copy(), np.zeros(3)
    for step in range(1, 6):
        gradient = np.array([0.5, 1e-4, -2.0]) * step
        weight.grad = torch.tensor(gradient, dtype=torch.float32)
        optimiser.step()
        velocity = 0.9 * velocity + 0.1 * gradient**2
        expected -= 0.01 * gradient / np.sqrt(velocity + 1e-7)
        np.testing.assert_allclose(weight.detach().numpy(), expected, rtol=1e-5)
