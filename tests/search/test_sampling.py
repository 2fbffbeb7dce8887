import itertools
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import ABC, END, EVEN, START, UNKNOWN, A, B, C, scripted, search, searched, sharp_model

from charseq.search import Hypothesis, greedy, sample, sampling
from charseq.search.sampling import uniform


def draw(
    script: dict[int, list[float]], count: int, limit: int = 1, **settings
) -> list[Hypothesis]:
    settings = {"numbers": np.arange(count), "seed": 1} | settings
    return search(sample, scripted(script), [limit] * count, **settings)


def first_symbols(script: dict[int, list[float]], **settings) -> dict[int, float]:
    """The share of each first symbol among many answers; the end symbol is one of them."""
    found = draw(script, 4_000, **settings)
    counts = Counter(hypothesis.ids[0] if hypothesis.ids else END for hypothesis in found)
    return {symbol: count / 4_000 for symbol, count in counts.items()}


def test_symbols_are_drawn_by_their_probability() -> None:
    assert first_symbols(ABC) == pytest.approx({END: 0.1, A: 0.7, B: 0.1, C: 0.1}, abs=0.03)


def test_the_log_probability_is_the_models_own_whatever_the_temperature() -> None:
    for hypothesis in draw(ABC, 50, temperature=3.0, top_p=0.9, limit=1):
        expected = {(): 0.1, (A,): 0.7, (B,): 0.1, (C,): 0.1}[tuple(hypothesis.ids)]
        assert hypothesis.log_probability == pytest.approx(np.log(expected))


def test_a_low_temperature_sharpens_and_a_high_one_flattens() -> None:
    squared = {END: 0.01, A: 0.49, B: 0.01, C: 0.01}
    expected = {symbol: share / 0.52 for symbol, share in squared.items()}
    assert first_symbols(ABC, temperature=0.5) == pytest.approx(expected, abs=0.03)
    flat = first_symbols(ABC, temperature=100.0)
    assert flat == pytest.approx(dict.fromkeys((END, A, B, C), 0.25), abs=0.03)


def test_top_k_and_top_p_leave_the_most_probable_and_share_out_what_they_have() -> None:
    script = {START: [0.0, 0.1, 0.0, 0.5, 0.25, 0.15]}
    assert first_symbols(script, top_k=2) == pytest.approx({A: 2 / 3, B: 1 / 3}, abs=0.03)
    # a and b have 0.75 together: for 0.7 they suffice, for 0.8 c is needed too.
    assert first_symbols(script, top_p=0.7) == pytest.approx({A: 2 / 3, B: 1 / 3}, abs=0.03)
    assert set(first_symbols(script, top_p=0.8)) == {A, B, C}
    assert set(first_symbols(script, top_p=0.3)) == {A}
    # After top k = 2, a has two thirds.
    assert set(first_symbols(script, top_k=2, top_p=0.6)) == {A}


def test_what_label_smoothing_gives_to_every_symbol_is_not_drawn() -> None:
    shares = {A: 0.6 / 0.64, B: 0.02 / 0.64, C: 0.02 / 0.64}
    script = {START: [0.02, 0.08, 0.02, 0.68, 0.1, 0.1]}
    drawn = first_symbols(script, smoothed=0.08)
    assert drawn == pytest.approx(
        {each: share for each, share in shares.items() if share}, abs=0.03
    )
    for hypothesis in draw(script, 50, smoothed=0.08):
        expected = {A: 0.68, B: 0.1, C: 0.1}[hypothesis.ids[0]]
        assert hypothesis.log_probability == pytest.approx(np.log(expected))
    # Something is drawn even where nothing is more probable than that.
    assert set(first_symbols({START: EVEN}, smoothed=0.5)) == {END, A, B, C}


def test_what_is_drawn_at_one_place_says_nothing_of_the_next() -> None:
    either = {START: [0, 0, 0, 0.5, 0.5, 0], A: [0, 0, 0, 0.5, 0.5, 0], B: [0, 0, 0, 0.5, 0.5, 0]}
    pairs = Counter(tuple(each.ids) for each in draw(either, 4_000, limit=2))
    shares = {pair: count / 4_000 for pair, count in pairs.items()}
    assert shares == pytest.approx(
        dict.fromkeys(itertools.product((A, B), repeat=2), 0.25), abs=0.03
    )


def test_label_smoothing_gave_nothing_to_what_is_copied() -> None:
    scores = torch.tensor([[0.3, 0.3, 0.2, 0.2]]).log()
    rest = sampling._without(0.2, scores, 2).exp()
    torch.testing.assert_close(rest, torch.tensor([[0.1, 0.1, 0.2, 0.2]]))


def test_start_and_unknown_are_never_drawn() -> None:
    assert {START, UNKNOWN}.isdisjoint(first_symbols({START: EVEN}, temperature=50.0))


@settings(max_examples=20)
@given(st.integers(0, 100), st.integers(0, 2**63 - 1))
def test_the_one_most_probable_symbol_is_what_greedy_search_takes(seed, draws) -> None:
    model, generator = sharp_model(seed), torch.Generator().manual_seed(seed)
    sources, limits = torch.randint(0, 5, (4, 4), generator=generator), [3, 6, 9, 9]
    taken = searched(model, greedy, sources, [4] * 4, limits=limits)
    common = {"numbers": np.arange(4), "seed": draws, "limits": limits}
    for sharpening in ({"top_k": 1}, {"temperature": 1e-6}):
        drawn = searched(model, sample, sources, [4] * 4, **common, **sharpening)
        assert [each.ids for each in drawn] == [each.ids for each in taken]


@settings(max_examples=20)
@given(st.integers(0, 100), st.permutations(range(6)), st.integers(1, 6))
def test_the_same_seed_draws_the_same_for_a_row_in_any_company(seed, order, kept) -> None:
    model = sharp_model(seed)
    sources, limits = torch.randint(0, 5, (6, 4)), np.array([3, 5, 7, 9, 9, 9])
    settings = {"seed": seed, "temperature": 1.5}

    def drawn(rows: list[int]) -> list[list[int]]:
        found = searched(
            model,
            sample,
            sources[rows],
            [4] * len(rows),
            numbers=np.array(rows),
            limits=limits[rows],
            **settings,
        )
        return [list(hypothesis.ids) for hypothesis in found]

    together = drawn(list(range(6)))
    assert drawn(order[:kept]) == [together[row] for row in order[:kept]]


def test_another_seed_or_number_draws_otherwise_and_evenly() -> None:
    numbers = np.arange(1_000)
    grid = uniform(1, numbers, 100)
    assert grid.min() >= 0
    assert grid.max() < 1
    assert len(np.unique(grid)) > 0.99 * grid.size
    assert np.histogram(grid, 10, (0, 1))[0] / grid.size == pytest.approx(0.1, abs=0.01)
    assert abs(np.corrcoef(grid[:-1].ravel(), grid[1:].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(grid[:, :-1].ravel(), grid[:, 1:].ravel())[0, 1]) < 0.02
    assert not np.isclose(uniform(2, numbers, 100), grid).mean() > 0.01
    # A short draw begins a long one.
    assert (uniform(1, numbers[5:7], 3) == grid[:3, 5:7]).all()
