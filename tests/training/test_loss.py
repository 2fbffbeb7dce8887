import numpy as np
import torch

from charseq.training.loss import totals
from charseq.training.optimiser import KerasRMSprop


def test_padding_is_masked_and_also_counted() -> None:
    logits = torch.tensor([[[2.0, 0.0], [0.0, 1.0], [5.0, 0.0]]])
    targets = torch.tensor([[0, 0, 0]])
    sums = totals(logits, targets, torch.tensor([[True, True, False]]))
    losses = -torch.log_softmax(logits, 2)[0, :, 0]
    assert np.isclose(sums.loss, losses[:2].mean())
    assert np.isclose(sums.keras_loss, losses.mean())
    assert np.isclose(sums.accuracy, 1 / 2)
    assert np.isclose(sums.keras_accuracy, 2 / 3)


def test_the_padded_loss_is_clipped_as_keras_clips_it() -> None:
    logits = torch.tensor([[[60.0, 0.0], [0.0, 60.0]]], requires_grad=True)
    sums = totals(logits, torch.tensor([[0, 0]]), torch.ones(1, 2, dtype=torch.bool))
    expected = -np.log(1 - 1e-7) - np.log(1e-7)
    assert np.isclose(float(sums.padded_loss.detach()), expected)
    sums.padded_loss.backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert not logits.grad.any()


def test_sums_add_up() -> None:
    logits, targets = torch.randn(4, 3, 5), torch.randint(0, 5, (4, 3))
    mask = torch.tensor([[True, True, False]]).expand(4, 3)
    whole = totals(logits, targets, mask)
    parts = totals(logits[:1], targets[:1], mask[:1]) + totals(logits[1:], targets[1:], mask[1:])
    assert np.isclose(whole.loss, parts.loss)
    assert np.isclose(whole.keras_loss, parts.keras_loss)
    assert (whole.accuracy, whole.keras_accuracy) == (parts.accuracy, parts.keras_accuracy)


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
