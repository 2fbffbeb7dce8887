import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import (
    ABC,
    END,
    EVEN,
    START,
    UNKNOWN,
    VOCABULARY,
    A,
    B,
    C,
    every_answer,
    scripted,
    search,
    searched,
    sharp_model,
)
from torch import Tensor

from charseq.hypothesis import penalty
from charseq.model import Memory, State
from charseq.search import Hypothesis, beam_search, greedy

PENALTIES = st.sampled_from([0.0, 0.6, 1.0, 2.0])
#                start end unknown a   b    c
# Greedy search takes a, after which nothing is probable; b is surer in the end.
GARDEN_PATH = {
    START: [0.0, 0.0, 0.0, 0.6, 0.4, 0.0],
    A: [0.0, 0.3, 0.0, 0.2, 0.3, 0.2],
    B: [0.0, 0.9, 0.0, 0.0, 0.0, 0.1],
    C: [0.0, 0.2, 0.0, 0.4, 0.2, 0.2],
}


def ids_of(hypotheses: list[Hypothesis]) -> list[list[int]]:
    return [list(hypothesis.ids) for hypothesis in hypotheses]


def test_a_beam_finds_what_greedy_search_passes_by() -> None:
    (narrow,) = search(greedy, scripted(GARDEN_PATH), [6])
    ((wide,),) = search(beam_search, scripted(GARDEN_PATH), [6], beam=2)
    assert narrow.ids == [A]
    assert wide.ids == [B]
    assert wide.log_probability == pytest.approx(math.log(0.4 * 0.9))


def test_the_penalty_is_that_of_wu_and_others_and_lets_long_answers_win() -> None:
    assert penalty(7.0, 0.6) == pytest.approx((12 / 6) ** 0.6)
    assert Hypothesis([A, B], -3.0, False).score(1.0) == pytest.approx(-3 / (8 / 6))
    assert Hypothesis([A, B], -3.0, True).score(1.0) == pytest.approx(-3 / (7 / 6))
    long_or_short = {
        START: [0.0, 0.4, 0.0, 0.6, 0.0, 0.0],
        A: [0.0, 0.1, 0.0, 0.0, 0.9, 0.0],
        B: [0.0, 0.1, 0.0, 0.0, 0.0, 0.9],
        C: [0.0, 0.35, 0.0, 0.65, 0.0, 0.0],
    }
    found = {
        alpha: search(beam_search, scripted(long_or_short), [4], beam=3, length_penalty=alpha)
        for alpha in (0.0, 1.0)
    }
    assert found[0.0][0][0].ids == []
    assert found[1.0][0][0].ids == [A, B, C, A]
    assert found[1.0][0][0].cut


@settings(max_examples=15)
@given(st.integers(0, 200), st.lists(st.integers(1, 4), min_size=1, max_size=3), PENALTIES)
def test_a_beam_of_everything_finds_the_best_of_all_answers(seed, limits, alpha) -> None:
    model = sharp_model(seed)
    sources = torch.randint(0, 5, (len(limits), 3))
    settings = {"limits": limits, "beam": 81, "n_best": 4, "length_penalty": alpha}
    found = searched(model, beam_search, sources, [3] * len(limits), **settings)
    with torch.inference_mode():
        for row, limit in enumerate(limits):
            every = sorted(every_answer(model, sources[row], limit), key=lambda h: -h.score(alpha))
            assert len(found[row]) == min(4, len(every))
            for mine, best in zip(found[row], every, strict=False):
                assert mine.score(alpha) == pytest.approx(best.score(alpha), abs=1e-4)
            for mine in found[row]:
                (same,) = [each for each in every if list(each.ids) == list(mine.ids)]
                assert mine.log_probability == pytest.approx(same.log_probability, abs=1e-4)
                assert mine.cut == same.cut


@settings(max_examples=25)
@given(st.integers(0, 200), st.integers(2, 6), st.integers(1, 9), PENALTIES)
def test_no_beam_ranks_its_answer_below_the_greedy_one(seed, beam, limit, alpha) -> None:
    model = sharp_model(seed)
    sources = torch.randint(0, 5, (6, 4))
    limits = [limit + row % 3 for row in range(6)]
    plain = searched(model, greedy, sources, [4] * 6, limits=limits)
    settings = {"limits": limits, "length_penalty": alpha}
    wide = searched(model, beam_search, sources, [4] * 6, beam=beam, **settings)
    for (best,), taken in zip(wide, plain, strict=True):
        assert best.score(alpha) >= taken.score(alpha)
    assert searched(model, beam_search, sources, [4] * 6, beam=1, **settings) == [
        [taken] for taken in plain
    ]


@settings(max_examples=25)
@given(st.integers(0, 200), st.integers(2, 6), PENALTIES)
def test_the_n_best_are_sorted_distinct_and_first_of_them_the_best(seed, beam, alpha) -> None:
    model = sharp_model(seed)
    sources = torch.randint(0, 5, (5, 4))
    settings = {"limits": [2, 5, 7, 7, 9], "beam": beam, "length_penalty": alpha}
    for hypotheses in searched(model, beam_search, sources, [4] * 5, n_best=beam, **settings):
        scores = [hypothesis.score(alpha) for hypothesis in hypotheses]
        assert scores == sorted(scores, reverse=True)
        assert len({tuple(hypothesis.ids) for hypothesis in hypotheses}) == len(hypotheses) == beam
        assert not {START, END, UNKNOWN} & {i for ids in ids_of(hypotheses) for i in ids}


@settings(max_examples=15)
@given(st.lists(st.integers(1, 6), min_size=2, max_size=8), st.integers(0, 50), PENALTIES)
def test_a_source_is_answered_the_same_way_in_any_company(lengths, seed, alpha) -> None:
    model = sharp_model(seed)
    sources = torch.randint(0, 5, (len(lengths), max(lengths)))
    settings = {"beam": 3, "n_best": 2, "length_penalty": alpha}
    together = searched(
        model, beam_search, sources, lengths, limits=[2 * each for each in lengths], **settings
    )
    for row, length in enumerate(lengths):
        own = sources[row, :length][None]
        (alone,) = searched(model, beam_search, own, [length], limits=[2 * length], **settings)
        assert ids_of(alone) == ids_of(together[row])
        for mine, other in zip(alone, together[row], strict=True):
            assert mine.log_probability == pytest.approx(other.log_probability, abs=1e-4)


def test_each_source_has_its_own_limit_and_says_what_was_cut() -> None:
    endless = {START: ABC[START], A: [0.0, 0.05, 0.0, 0.9, 0.05, 0.0], B: ABC[B], C: EVEN}
    found = search(beam_search, scripted(endless), [1, 4, 2], beam=2)
    assert [best.ids for (best,) in found] == [[A], [A] * 4, [A] * 2]
    assert all(best.cut for (best,) in found)


def test_an_answer_that_ends_in_its_last_place_is_not_cut() -> None:
    ((found,),) = search(beam_search, scripted(ABC), [3], beam=4, length_penalty=0)
    assert (found.ids, found.cut) == ([A, B], False)


def test_fewer_answers_than_asked_for_come_where_there_are_no_more() -> None:
    two = {START: [0.0, 0.4, 0.0, 0.6, 0.0, 0.0], A: [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]}
    (found,) = search(beam_search, scripted(two), [9], beam=5, n_best=5)
    assert ids_of(found) == [[A], []]


def test_what_cannot_win_any_more_is_not_gone_on_with() -> None:
    rows: list[int] = []
    sure = [0.0, 0.01, 0.0, 0.97, 0.01, 0.01]
    step = scripted({START: sure, A: [0.0, 0.97, 0.0, 0.01, 0.01, 0.01], B: sure, C: sure})

    def counting(previous: Tensor, state: State, memory: Memory) -> tuple[Tensor, State]:
        rows.append(len(previous))
        return step(previous, state, memory)

    found = search(beam_search, counting, [50] * 4, beam=5)
    assert [best.ids for (best,) in found] == [[A]] * 4
    # Two steps of greedy search, and then the only first symbol that can still win.
    assert rows == [4, 4, 4, 4]


def test_what_the_model_adds_to_the_vocabulary_can_be_written() -> None:
    copied = len(VOCABULARY)
    wide = {
        START: [0, 0.1, 0, 0.5, 0, 0, 0.4],
        copied: [0, 0.9, 0, 0.1, 0, 0, 0],
        A: [0, 0.2, 0, 0.2, 0.2, 0.2, 0.2],
        B: [*EVEN, 0],
        C: [*EVEN, 0],
        END: [*EVEN, 0],
    }
    ((found,),) = search(beam_search, scripted(wide), [5], beam=3)
    assert found.ids == [copied]
