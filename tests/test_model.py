import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from charseq.batching import Batch
from charseq.config import ModelConfig
from charseq.errors import ModelFileError
from charseq.model import Seq2Seq

SOURCES, TARGETS = 7, 9


def random_model(units: int = 16, seed: int = 0) -> Seq2Seq:
    """A model with all weights drawn at random, biases too."""
    model = Seq2Seq.fresh(ModelConfig(units=units), SOURCES, TARGETS, seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn(parameter.shape, generator=generator) / 4)
    return model


def random_batch(lengths: list[int], time: int, seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    return Batch(
        # The id past the last symbol reads as zeros.
        torch.randint(0, SOURCES + 1, (len(lengths), max(lengths)), generator=generator),
        torch.tensor(lengths),
        torch.randint(0, TARGETS, (len(lengths), time), generator=generator),
        torch.full((len(lengths),), time),
    )


def stepped(model: Seq2Seq, batch: Batch) -> Tensor:
    memory, state = model.encode(batch.sources, batch.source_lengths)
    outputs = []
    for previous in batch.targets[:, :-1].t():
        log_probabilities, state = model.step(previous, state, memory)
        outputs.append(log_probabilities)
    return torch.stack(outputs, dim=1)


lengths_of_rows = st.lists(st.integers(1, 8), min_size=1, max_size=6)


@settings(max_examples=40)
@given(lengths_of_rows, st.integers(2, 8), st.integers(1, 40), st.integers(0, 99))
def test_stepping_symbol_by_symbol_gives_the_teacher_forced_logits(
    lengths, time, units, seed
) -> None:
    model, batch = random_model(units, seed), random_batch(lengths, time, seed)
    with torch.inference_mode():
        forced = torch.log_softmax(model(batch), dim=2)
        torch.testing.assert_close(stepped(model, batch), forced, rtol=0, atol=1e-5)


@settings(max_examples=40)
@given(lengths_of_rows, st.integers(0, 99))
def test_a_row_is_encoded_as_it_is_alone_whatever_pads_it(lengths, seed) -> None:
    model, batch = random_model(seed=seed), random_batch(lengths, 3, seed)
    with torch.inference_mode():
        _, together = model.encode(batch.sources, batch.source_lengths)
        for row, length in enumerate(lengths):
            source = batch.sources[row : row + 1, :length]
            _, alone = model.encode(source, torch.tensor([length]))
            torch.testing.assert_close(together.hidden[row], alone.hidden[0])
            torch.testing.assert_close(together.cell[row], alone.cell[0])


def test_memory_and_state_select_rows() -> None:
    model, batch = random_model(), random_batch([2, 3, 1], 3)
    memory, state = model.encode(batch.sources, batch.source_lengths)
    rows = torch.tensor([2, 0])
    assert memory.select(rows).source_lengths.tolist() == [1, 2]
    assert torch.equal(state.select(rows).hidden, state.hidden[[2, 0]])
    assert torch.equal(state.select(rows).cell, state.cell[[2, 0]])


def test_nothing_is_stored_on_a_module() -> None:
    model, batch = random_model(), random_batch([2, 3], 4)
    before = {name: copy.copy(vars(module)) for name, module in model.named_modules()}
    model(batch)
    stepped(model, batch)
    after = {name: vars(module) for name, module in model.named_modules()}
    assert {name: list(values) for name, values in before.items()} == {
        name: list(values) for name, values in after.items()
    }
    for name, values in before.items():
        assert all(values[key] is after[name][key] for key in values)


def test_fresh_weights_are_drawn_as_keras_draws_them() -> None:
    model = Seq2Seq.fresh(ModelConfig(units=64), 71, 93, seed=1)
    kernel, recurrent, bias, second = model.encoder.lstm.all_weights[0]
    bound = (6 / (71 + 4 * 64)) ** 0.5
    assert 0.9 * bound < float(kernel.detach().abs().max()) <= bound
    torch.testing.assert_close(recurrent.t() @ recurrent, torch.eye(64), atol=1e-5, rtol=0)
    assert bias.tolist() == [0.0] * 64 + [1.0] * 64 + [0.0] * 128
    assert not second.any()
    assert not second.requires_grad
    assert not model.output.bias.any()


def test_weights_come_back_from_their_arrays() -> None:
    model = random_model(8)
    again = Seq2Seq.from_tensors(ModelConfig(units=8), SOURCES, TARGETS, model.tensors())
    batch = random_batch([3, 2], 5)
    assert torch.equal(model(batch), again(batch))


@pytest.mark.parametrize("units", [9, 65_536])
def test_weights_that_do_not_fit_the_configuration_are_refused(units: int) -> None:
    with pytest.raises(ModelFileError, match=r"do not fit its configuration: .* should be"):
        Seq2Seq.from_tensors(ModelConfig(units=units), SOURCES, TARGETS, random_model(8).tensors())


def test_adopted_weights_stand_where_the_known_symbols_are() -> None:
    small = random_model(8)
    large = Seq2Seq.fresh(ModelConfig(units=8), SOURCES + 2, TARGETS + 1, seed=5)
    fresh = large.encoder.lstm.all_weights[0][0].detach().clone()
    large.adopt(small.tensors())
    kernel = large.encoder.lstm.all_weights[0][0]
    assert torch.equal(kernel[:, :SOURCES], small.encoder.lstm.all_weights[0][0])
    assert torch.equal(kernel[:, SOURCES:], fresh[:, SOURCES:])
    assert torch.equal(large.output.weight[:TARGETS], small.output.weight)
