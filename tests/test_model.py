import copy
import random
from dataclasses import replace
from itertools import chain, product
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from charseq.batching import Batch
from charseq.config import ModelConfig
from charseq.errors import ModelFileError, UsageError
from charseq.model import Seq2Seq
from charseq.model.attention import Location, apart
from charseq.model.cells import Layer
from charseq.model.embedding import Embedding, locked_dropout, symbol_dropout

SOURCES, TARGETS = 7, 9


def every_kind_of_model() -> list[ModelConfig]:
    """Every combination of the options that change what is computed."""
    attention = [("none", False), *product(("dot", "general", "additive"), (False, True))]
    embeddings = [(None, False), (5, False), (5, True)]
    options = product(("lstm", "gru"), (1, 2), (False, True), attention, embeddings)
    # Of these three, each combination of the others has one triple of values, all equally often.
    several = ((1, None, False), (2, None, False), (2, 3, True), (2, None, True))
    looks = [*product((False, True), (False, True), several)] * 9
    random.Random(1).shuffle(looks)
    thrice = {"bidirectional": True, "embedding": 5, "copying": True, "layers": 2}
    return [
        ModelConfig(
            units=8,
            cell=cell,
            attention="general",
            **thrice,
            **named_look(True, True, (3, 6, True)),
        )
        for cell in ("lstm", "gru")
    ] + [
        ModelConfig(
            units=8,
            cell=cell,
            layers=layers,
            bidirectional=bidirectional,
            attention=kind,
            copying=copying,
            embedding=size,
            tied_embeddings=tied,
            **({} if kind == "none" else named_look(*looks.pop())),
        )
        for cell, layers, bidirectional, (kind, copying), (size, tied) in options
    ]


def named_look(
    residual: bool, relative_positions: bool, several: tuple[int, int | None, bool]
) -> dict:
    layers, size, location_aware = several
    return {
        "residual": residual,
        "relative_positions": relative_positions,
        "attention_layers": layers,
        "attention_size": size,
        "location_aware": location_aware,
    }


def described(config: ModelConfig) -> str:
    named = config.model_dump(exclude_defaults=True, exclude={"units"})
    return "-".join(f"{name}={value}" for name, value in named.items())


every_kind = pytest.mark.parametrize("config", every_kind_of_model(), ids=described)


def symbols_of(config: ModelConfig) -> tuple[int, int]:
    """How many symbols sources and targets have; tied ones share all but two features."""
    return (TARGETS + 2 if config.tied_embeddings else SOURCES), TARGETS


def random_model(config: ModelConfig, seed: int = 0) -> Seq2Seq:
    """A model with all weights drawn at random, biases too."""
    model = Seq2Seq.fresh(config, *symbols_of(config), seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn(parameter.shape, generator=generator) / 4)
    return model


def random_batch(config: ModelConfig, lengths: list[int], time: int, seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    rows, longest = len(lengths), max(lengths)
    # Into the vocabulary, beyond it and, but for the first of a row, nowhere.
    copies = torch.randint(-1, TARGETS + longest, (rows, longest), generator=generator)
    copies[:, 0].clamp_(min=0)
    copies = copies.minimum(TARGETS - 1 + torch.tensor(lengths)[:, None])
    return Batch(
        # The id past the last symbol reads as zeros.
        torch.randint(0, SOURCES + 1, (rows, longest), generator=generator),
        torch.tensor(lengths),
        torch.randint(0, TARGETS + 1, (rows, time), generator=generator),
        torch.full((rows,), time),
        copies if config.copying else None,
        torch.tensor([row % min(3, length) for row, length in enumerate(lengths)]),
    )


def stepped(model: Seq2Seq, batch: Batch) -> Tensor:
    memory, state = model.encode(
        batch.sources, batch.source_lengths, batch.copies, batch.conditions
    )
    step, outputs = model.stepper(), []
    for previous in batch.targets[:, :-1].t():
        log_probabilities, state = step(previous, state, memory)
        outputs.append(log_probabilities)
    return torch.stack(outputs, dim=1)


@every_kind
def test_stepping_symbol_by_symbol_gives_the_teacher_forced_predictions(config) -> None:
    model, batch = random_model(config), random_batch(config, [3, 5, 5, 1], 6)
    with torch.inference_mode():
        forced = torch.log_softmax(model(batch), dim=2)
        torch.testing.assert_close(stepped(model, batch), forced, rtol=0, atol=1e-5)


@every_kind
def test_what_is_copied_from_outside_the_vocabulary_is_read_as_unseen(config) -> None:
    model, batch = random_model(config), random_batch(config, [3, 5, 5, 1], 6)
    unseen = replace(batch, targets=torch.full_like(batch.targets, TARGETS))
    with torch.inference_mode():
        forced = torch.log_softmax(model(unseen), dim=2)
        for beyond in range(1 + 3 * config.copying):
            copied = replace(batch, targets=unseen.targets + beyond)
            torch.testing.assert_close(stepped(model, copied), forced, rtol=0, atol=1e-5)
    ids = torch.arange(TARGETS + 1)
    vectors, _ = model.decoder.embedding(ids, TARGETS)
    assert vectors[:-1].any(dim=1).all()
    assert not vectors[-1].any()
    # Symbol by symbol, what each adds to the first layer is looked up instead.
    layer = model.decoder.recurrent[0].stepper()
    looked_up = model.decoder.embedding.through(layer, TARGETS)
    torch.testing.assert_close(looked_up, layer.project(vectors), rtol=0, atol=1e-6)


@every_kind
def test_probabilities_add_up_to_one(config) -> None:
    model, batch = random_model(config), random_batch(config, [3, 5, 1], 3)
    with torch.inference_mode():
        totals = stepped(model, batch).exp().sum(dim=2)
    torch.testing.assert_close(totals, torch.ones_like(totals), rtol=0, atol=1e-5)


@every_kind
def test_a_row_is_answered_as_it_is_alone_whatever_pads_it(config) -> None:
    lengths = [3, 5, 1, 5]
    model, batch = random_model(config), random_batch(config, lengths, 4)
    with torch.inference_mode():
        together = stepped(model, batch)
        for row, length in enumerate(lengths):
            one = slice(row, row + 1)
            alone = Batch(
                batch.sources[one, :length],
                batch.source_lengths[one],
                batch.targets[one],
                batch.target_lengths[one],
                None if batch.copies is None else batch.copies[one, :length],
                None if batch.conditions is None else batch.conditions[one],
            )
            columns = TARGETS + length if config.copying else TARGETS
            found = together[one, :, :columns]
            torch.testing.assert_close(found, stepped(model, alone), rtol=0, atol=1e-5)


@every_kind
def test_what_was_looked_at_comes_with_the_same_predictions(config) -> None:
    lengths = [3, 5, 1]
    model, batch = random_model(config), random_batch(config, lengths, 4)
    with torch.inference_mode():
        if config.attention == "none":
            with pytest.raises(UsageError, match="without attention"):
                model.align(batch)
            return
        predictions, weights, copying = model.align(batch)
        torch.testing.assert_close(predictions, model(batch), rtol=0, atol=0)
    assert weights.shape == (3, 3, 5)
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(3, 3), rtol=0, atol=1e-6)
    for row, length in zip(weights, lengths, strict=True):
        assert (row[:, :length] > 0).all()
        assert not row[:, length:].any()
    assert (copying is not None) == config.copying
    if copying is not None:
        assert copying.shape == (3, 3)
        assert ((copying > 0) & (copying < 1)).all()


@every_kind
def test_weights_come_back_from_their_arrays(config) -> None:
    model, batch = random_model(config), random_batch(config, [3, 2], 5)
    again = Seq2Seq.from_tensors(config, *symbols_of(config), model.tensors())
    assert torch.equal(model(batch), again(batch))


@every_kind
def test_every_weight_that_is_kept_is_trained(config) -> None:
    model, batch = random_model(config), random_batch(config, [3, 2, 4], 5)
    model(batch)[..., :TARGETS].square().sum().backward()
    kept = model.tensors()
    untouched = [
        name
        for name, weight in model.named_parameters()
        if name in kept and (weight.grad is None or not weight.grad.any())
    ]
    assert not untouched


lengths_of_rows = st.lists(st.integers(1, 8), min_size=1, max_size=6)


@settings(max_examples=30)
@given(lengths_of_rows, st.integers(2, 8), st.integers(1, 40), st.integers(0, 99))
def test_the_examples_model_steps_as_it_is_forced_at_any_size(lengths, time, units, seed) -> None:
    config = ModelConfig(units=units)
    model, batch = random_model(config, seed), random_batch(config, lengths, time, seed)
    with torch.inference_mode():
        forced = torch.log_softmax(model(batch), dim=2)
        torch.testing.assert_close(stepped(model, batch), forced, rtol=0, atol=1e-5)


ATTENDING = ModelConfig(
    units=8,
    bidirectional=True,
    attention="dot",
    embedding=5,
    copying=True,
    residual=True,
    relative_positions=True,
    attention_layers=2,
    attention_size=5,
    location_aware=True,
)


def test_dropout_is_noise_that_its_generator_repeats_and_translating_lacks() -> None:
    config = ATTENDING.model_copy(update={"dropout": 0.5, "layers": 2})
    model, batch = random_model(config), random_batch(config, [3, 5], 5)

    def noisy(seed: int) -> Tensor:
        return model(batch, torch.Generator().manual_seed(seed))

    assert torch.equal(noisy(1), noisy(1))
    assert not torch.allclose(noisy(1), noisy(2))
    assert torch.equal(model(batch), model(batch))
    with torch.inference_mode():
        torch.testing.assert_close(stepped(model, batch), model(batch), rtol=0, atol=1e-5)


def test_source_dropout_is_noise_on_what_is_read_alone() -> None:
    noisy = {"dropout": 0.0, "source_dropout": 0.5, "layers": 2, "copying": False}
    config = ATTENDING.model_copy(update=noisy)
    model, batch = random_model(config), random_batch(config, [3, 5], 5)
    noises = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    quiet, state = model.encode(batch.sources, batch.source_lengths)
    first, second = (
        model.encode(batch.sources, batch.source_lengths, noise=noise)[0] for noise in noises
    )
    assert not torch.allclose(quiet.views[0].values, first.views[0].values)
    assert not torch.allclose(first.views[0].values, second.views[0].values)
    written = [model.decoder(batch.targets[:, :-1], state, quiet, noise) for noise in noises]
    assert torch.equal(*written)


def test_source_dropout_reaches_what_attention_reads_past_the_layers() -> None:
    noisy = {"source_dropout": 1 - 1e-9, "copying": False}
    config = ATTENDING.model_copy(update=noisy)
    model, batch = random_model(config), random_batch(config, [3, 5], 5)
    with torch.no_grad():
        for name, weight in model.encoder.named_parameters():
            if name.startswith(("forwards", "backwards")):
                weight.zero_()
    noise = torch.Generator().manual_seed(1)
    quiet, dropped = (
        model.encode(batch.sources, batch.source_lengths, noise=each)[0] for each in (None, noise)
    )
    assert quiet.views[0].values.any()
    assert not dropped.views[0].values.any()


def test_symbol_dropout_hides_what_stands_before_from_training_alone() -> None:
    config = ATTENDING.model_copy(update={"copying": False, "symbol_dropout": 1 - 1e-9})
    model, batch = random_model(config), random_batch(config, [3, 5], 5)
    others = replace(batch, targets=batch.targets.flip(0))

    def noisy(batch: Batch) -> Tensor:
        return model(batch, torch.Generator().manual_seed(1))

    torch.testing.assert_close(noisy(batch), noisy(others))
    assert not torch.allclose(model(batch), model(others))


def test_copied_symbols_outside_the_vocabulary_have_columns_of_their_own() -> None:
    model, batch = random_model(ATTENDING), random_batch(ATTENDING, [4], 3)
    assert batch.copies is not None
    batch.copies[:] = torch.tensor([[2, TARGETS + 1, -1, TARGETS + 1]])
    probabilities = model(batch).exp()[0]
    assert probabilities.shape == (2, TARGETS + 4)
    assert (probabilities[:, TARGETS + 1] > 0.01).all()
    assert (probabilities[:, [TARGETS, TARGETS + 2, TARGETS + 3]] < 1e-6).all()


def test_what_is_never_copied_gets_nothing_of_what_is_pointed_at() -> None:
    model, batch = random_model(ATTENDING), random_batch(ATTENDING, [4], 3)
    assert model.decoder.copying is not None
    with torch.no_grad():
        # All that is written is copied.
        model.decoder.copying.gate.weight.zero_()
        model.decoder.copying.gate.bias.fill_(50.0)
    batch.copies[:] = torch.tensor([[-1, -1, 2, TARGETS + 3]])
    probabilities = model(batch).exp()[0]
    assert (probabilities[:, 0] < 1e-6).all()
    torch.testing.assert_close(
        probabilities[:, 2] + probabilities[:, TARGETS + 3], torch.ones(2), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("rate", [0.25, 0.5])
def test_dropout_drops_features_of_whole_rows_and_makes_up_for_it(rate: float) -> None:
    noise = torch.Generator().manual_seed(1)
    dropped = locked_dropout(torch.ones(5, 40, 30), rate, noise)
    # The same at every time.
    assert torch.equal(dropped, dropped[:1].expand_as(dropped))
    assert dropped.unique().tolist() == pytest.approx([0, 1 / (1 - rate)])
    assert float(dropped.mean()) == pytest.approx(1, abs=0.06)


def test_symbol_dropout_drops_whole_symbols_here_and_there() -> None:
    dropped = symbol_dropout(torch.ones(20, 40, 3), 0.25, torch.Generator().manual_seed(1))
    assert torch.equal(dropped, dropped[:, :, :1].expand_as(dropped))
    assert float(dropped.mean()) == pytest.approx(0.75, abs=0.05)
    assert len({tuple(row) for row in dropped[:, :, 0].tolist()}) > 1


def test_source_dropout_is_for_the_symbols_and_not_between_layers() -> None:
    rates = {"dropout": 0.1, "source_dropout": 0.6, "layers": 3}
    assert random_model(ATTENDING.model_copy(update=rates)).encoder.dropout == [0.6, 0.1, 0.1]


@pytest.mark.parametrize("config", [ModelConfig(units=8, layers=2), ATTENDING], ids=described)
def test_memory_and_state_select_rows(config) -> None:
    model, batch = random_model(config), random_batch(config, [2, 3, 1], 3)
    memory, state = model.encode(
        batch.sources, batch.source_lengths, batch.copies, batch.conditions
    )
    rows = torch.tensor([2, 0])
    assert memory.select(rows).source_lengths.tolist() == [1, 2]
    *columns, views = memory
    *chosen_columns, chosen_views = memory.select(rows)
    assert len(views) == (2 if config == ATTENDING else 0)
    before = [*columns, *chain(*views), *state]
    after = [*chosen_columns, *chain(*chosen_views), *state.select(rows)]
    for chosen, whole in zip(after, before, strict=True):
        assert torch.equal(chosen, whole[[2, 0]])


@pytest.mark.parametrize("config", [ModelConfig(units=8), ATTENDING], ids=described)
def test_nothing_is_stored_on_a_module(config) -> None:
    model, batch = random_model(config), random_batch(config, [2, 3], 4)
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
    kernel, recurrent, bias, second = model.encoder.forwards[0].fused.all_weights[0]
    bound = (6 / (71 + 4 * 64)) ** 0.5
    assert 0.9 * bound < float(kernel.detach().abs().max()) <= bound
    torch.testing.assert_close(recurrent.t() @ recurrent, torch.eye(64), atol=1e-5, rtol=0)
    assert bias.tolist() == [0.0] * 64 + [1.0] * 64 + [0.0] * 128
    assert not second.any()
    assert not second.requires_grad
    assert not model.decoder.output.bias.any()


def test_distances_at_first_favour_near_symbols_and_do_not_count_for_features() -> None:
    look = Seq2Seq.fresh(ATTENDING, 7, 9, seed=1).decoder.attentions[0]
    assert look.distances is not None
    assert look.placeless is not None
    scores = look.distances.tolist()
    here = len(scores) // 2
    assert scores[:here] == sorted(scores[:here])
    assert scores == scores[::-1]
    assert scores[here] == 0 > scores[here - 1]
    # What has no place counts as farthest before.
    assert scores[0] + look.placeless.item() == scores[here]


@pytest.mark.parametrize("units", [9, 65_536])
def test_weights_that_do_not_fit_the_configuration_are_refused(units: int) -> None:
    tensors = random_model(ModelConfig(units=8)).tensors()
    with pytest.raises(ModelFileError, match=r"do not fit its configuration: .* should be"):
        Seq2Seq.from_tensors(ModelConfig(units=units), SOURCES, TARGETS, tensors)


@pytest.mark.parametrize(
    "sizes",
    [{"attention_size": 60_000}, {"embedding": 60_000}, {"units": 60_000}, {"layers": 16}],
)
def test_sizes_that_no_weights_have_are_refused_before_memory_is_taken(
    sizes: dict[str, int],
) -> None:
    tensors = random_model(ATTENDING).tensors()
    devices = []

    class Watched(Seq2Seq):
        def __init__(self, *given: Any) -> None:
            devices.append(torch.get_default_device().type)
            super().__init__(*given)

    with pytest.raises(ModelFileError, match="do not fit its configuration"):
        Watched.from_tensors(ATTENDING.model_copy(update=sizes), SOURCES, TARGETS, tensors)
    assert devices == ["meta"]  # Where tensors have shapes only.


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_layer_reads_of_one_hot_vectors_only_the_symbols_that_occur(cell) -> None:
    symbols, unseen = 100, 100
    ids = torch.tensor([[3, 77], [unseen, 3], [77, 50]])
    layer = Layer(cell, symbols, 8)
    layer.initialise(torch.Generator().manual_seed(1))
    every = functional.one_hot(ids, symbols + 1)[..., :symbols].to(torch.float32)
    vectors, inputs = Embedding(symbols, None)(ids)
    assert vectors.shape == (3, 2, 16)
    kernel, *_ = layer.fused.all_weights[0]
    read = [layer(every), layer(vectors, inputs=inputs)]
    torch.testing.assert_close(*read, rtol=0, atol=1e-6)
    moved = [torch.autograd.grad(outputs.sum(), kernel)[0] for outputs, _, _ in read]
    torch.testing.assert_close(*moved, rtol=0, atol=1e-6)
    assert set(moved[0].any(dim=0).nonzero().flatten().tolist()) == {3, 50, 77}


def test_too_many_symbols_for_one_hot_vectors_are_refused() -> None:
    with pytest.raises(UsageError, match=r"embedding is none, but 10,001 symbols are too many"):
        Seq2Seq(ModelConfig(units=2), 10_001, TARGETS)


def test_a_location_is_scored_by_what_was_attended_to_around_it() -> None:
    location = Location()
    location.initialise(torch.Generator().manual_seed(1))
    scores = torch.randn(2, 3, 4)
    scores[1, :, 2:] = -torch.inf  # A source of two symbols.
    with torch.inference_mode():
        added = location(scores.softmax(2))
        for row, step, place in product(range(2), range(3), range(4)):
            weights = torch.cat([torch.zeros(2), scores[row, step].softmax(0), torch.zeros(2)])
            found = torch.tanh(location.patterns(weights[place : place + 5]))
            torch.testing.assert_close(added[row, step, place], found @ location.score)
        # A source's end is like that of a shorter batch.
        torch.testing.assert_close(location(scores[1:, :, :2].softmax(2))[0], added[1, :, :2])


def test_a_second_look_depends_on_where_the_first_looked_if_it_is_location_aware() -> None:
    for aware in (False, True):
        model = random_model(ATTENDING.model_copy(update={"location_aware": aware}))
        first, second = model.decoder.attentions
        batch = random_batch(ATTENDING, [4], 3)
        queries = torch.randn(1, 2, 8)
        memory, state = model.encode(batch.sources, batch.source_lengths, conditions=None)
        distances = apart(memory.places, state.place, 2)
        before = first.scores(queries, distances, memory.views[0], None)
        weights = [scores.softmax(2) for scores in (before, -before)]
        seen = [second.scores(queries, distances, memory.views[1], each) for each in weights]
        assert torch.allclose(*seen) is not aware


def test_a_look_that_has_no_weights_is_refused() -> None:
    tensors = random_model(ATTENDING).tensors()
    thrice = ATTENDING.model_copy(update={"attention_layers": 3})
    with pytest.raises(ModelFileError, match=r"decoder\.further\.1\..* is absent"):
        Seq2Seq.from_tensors(thrice, SOURCES, TARGETS, tensors)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"bidirectional": True, "units": 7}, "needs an even number"),
        ({"copying": True}, "copying needs attention"),
        ({"residual": True}, "residual needs attention"),
        ({"relative_positions": True}, "relative_positions needs attention"),
        ({"attention_layers": 2}, "attention_layers needs attention"),
        ({"attention": "dot", "attention_size": 2}, "attention_size needs attention_layers"),
        ({"attention": "dot", "location_aware": True}, "location_aware needs attention_layers"),
        ({"tied_embeddings": True}, "needs an embedding size"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(options, reason) -> None:
    with pytest.raises(UsageError, match=reason):
        ModelConfig(**options)


def test_adopted_weights_stand_where_the_known_symbols_are() -> None:
    small = random_model(ModelConfig(units=8))
    large = Seq2Seq.fresh(ModelConfig(units=8), SOURCES + 2, TARGETS + 1, seed=5)
    fresh = large.tensors()["encoder.forwards.0.fused.weight_ih_l0"].copy()
    large.adopt(small.tensors())
    adopted, known = large.tensors(), small.tensors()
    kernel = adopted["encoder.forwards.0.fused.weight_ih_l0"]
    assert (kernel[:, :SOURCES] == known["encoder.forwards.0.fused.weight_ih_l0"]).all()
    assert (kernel[:, SOURCES:] == fresh[:, SOURCES:]).all()
    assert (adopted["decoder.output.weight"][:TARGETS] == known["decoder.output.weight"]).all()
