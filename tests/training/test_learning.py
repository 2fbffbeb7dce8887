"""What makes training just work: the schedule, smoothing, averages, and choosing an epoch."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

import charseq
from charseq.config import ModelConfig
from charseq.model import Seq2Seq
from charseq.training import EpochRecord
from charseq.training.averaging import WeightAverage
from charseq.training.loss import compare, smoothed
from charseq.training.schedule import WARM_UP, step_scale

QUICK = {"units": 16, "epochs": 3, "patience": None}


@given(st.floats(0, 2), st.floats(0, 2))
def test_steps_grow_to_their_full_size_and_shrink_to_nothing(one, other) -> None:
    assert step_scale(0) == 0
    assert step_scale(WARM_UP) == 1
    assert step_scale(1) == step_scale(1.5) == 0
    earlier, later = sorted((one, other))
    if later <= WARM_UP:
        assert step_scale(earlier) <= step_scale(later)
    if earlier >= WARM_UP:
        assert step_scale(earlier) >= step_scale(later)
    assert 0 <= step_scale(one) <= 1


@given(st.floats(0, 0.9), st.integers(0, 99))
def test_smoothing_is_that_of_pytorch_without_copies(share, seed) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, 4, 6, generator=generator)
    targets = torch.randint(0, 6, (2, 4), generator=generator)
    mask = torch.tensor([[True, True, True, False], [True, False, False, False]])
    predicted = logits.log_softmax(2)
    losses = compare(predicted, targets, mask).masked.loss
    found = smoothed(losses, predicted, mask, share, 6)
    expected = functional.cross_entropy(
        logits[mask], targets[mask], label_smoothing=share, reduction="sum"
    )
    torch.testing.assert_close(found, expected)


def test_columns_of_copies_get_no_share_of_a_target() -> None:
    probabilities = torch.tensor([0.5, 0.3, 0.2, 1e-12, 1e-12])
    logits, mask = probabilities.log().expand(1, 1, 5), torch.ones(1, 1, dtype=torch.bool)
    loss = smoothed(torch.tensor(0.0), logits, mask, 1 - 1e-9, 3)
    torch.testing.assert_close(loss, -probabilities[:3].log().mean())


def test_an_average_lies_between_the_weights_it_has_seen_which_it_leaves_alone() -> None:
    model = Seq2Seq.fresh(ModelConfig(units=4, embedding=2), 3, 4, seed=1)
    bias, average = model.decoder.output.bias, WeightAverage(model, 0.9)
    averaged = average.model.decoder.output.bias
    with torch.no_grad():
        for value in (2.0, 3.0, 4.0):
            bias.fill_(value)
            average.update()
    assert ((averaged > 1) & (averaged < 4)).all()
    assert (bias == 4).all()
    for _ in range(200):
        average.update()
    torch.testing.assert_close(averaged, bias, atol=1e-3, rtol=0)


def epochs(run, pairs, **settings: object) -> list[EpochRecord]:
    trained = charseq.train(pairs, run=run, **QUICK, **settings)
    assert trained.training_run is not None
    return trained.training_run.history.epochs


@pytest.mark.parametrize(
    "settings",
    [
        {"schedule": "constant"},
        {"label_smoothing": 0.2},
        {"average": 0.99},
        {"weight_decay": 1.0},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_each_option_changes_what_is_learnt(toy_pairs, tmp_path, settings) -> None:
    plain = epochs(tmp_path / "plain", toy_pairs[:300])[-1].held_out_loss
    assert epochs(tmp_path / "other", toy_pairs[:300], **settings)[-1].held_out_loss != plain


def test_the_last_steps_of_a_schedule_change_next_to_nothing(toy_pairs, tmp_path) -> None:
    found = epochs(tmp_path / "run", toy_pairs[:300], schedule="cosine", batch_size=8)
    first, middle, last = (record.held_out_loss for record in found)
    assert abs(last - middle) < abs(middle - first)


def test_a_training_of_one_step_moves_the_weights(tmp_path) -> None:
    pairs = [("ab", "ba"), ("bc", "cb"), ("ca", "ac"), ("abc", "cba")]
    settings = {"units": 4, "epochs": 1, "batch_size": 8, "learning_rate": 0.1, "split": "last"}
    trained = charseq.train(pairs, run=tmp_path / "run", refit=False, **settings)
    sizes = len(trained.description.sources), len(trained.description.targets)
    fresh = Seq2Seq.fresh(trained.description.config, *sizes, seed=1).tensors()
    assert any((weight != fresh[name]).any() for name, weight in trained.model.tensors().items())


def test_the_model_is_saved_with_its_averaged_weights(toy_pairs, tmp_path) -> None:
    settings = {"average": 0.999, "select": "loss", "epochs": 2, "units": 16, "refit": False}
    trained = charseq.train(toy_pairs[:300], run=tmp_path / "run", **settings)
    assert trained.training_run is not None
    record = trained.training_run.history.best
    held_out = trained.training_run.held_out
    pairs = [(each.source, target) for each, targets in held_out.items() for target in targets]
    scores = trained.score([source for source, _ in pairs], [target for _, target in pairs])
    symbols = sum(len(target) + 1 for _, target in pairs)
    loss = -sum(score for score in scores) / symbols
    assert loss == pytest.approx(record.held_out_loss, rel=1e-4)


@pytest.mark.parametrize(
    ("select", "figure"),
    [
        ("cer", lambda record: record.cer),
        ("exact", lambda record: -record.exact_match),
        ("chrf", lambda record: -record.chrf),
        ("loss", lambda record: record.held_out_loss),
    ],
)
def test_epochs_are_compared_by_the_score_that_was_asked_for(
    toy_pairs, tmp_path, select, figure
) -> None:
    found = epochs(tmp_path / "run", toy_pairs[:400], select=select, learning_rate=0.02)
    best = float("inf")
    for record in found:
        best = min(best, figure(record))
        if select in ("chrf", "loss") or figure(record) == best:
            assert record.best == (figure(record) == best)
