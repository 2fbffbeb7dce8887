import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import (
    ABC,
    END,
    START,
    UNKNOWN,
    VOCABULARY,
    A,
    B,
    scripted,
    search,
    searched,
    sharp_model,
)
from torch import Tensor

from charseq.model import Seq2Seq
from charseq.search import Hypothesis, greedy


def run(script: dict[int, list[float]], limits: list[int]) -> list[Hypothesis]:
    return search(greedy, scripted(script), limits)


def test_the_most_probable_symbol_is_written_until_the_end() -> None:
    (found,) = run(ABC, [10])
    assert found.ids == [A, B]
    assert not found.cut
    assert found.log_probability == pytest.approx(math.log(0.7 * 0.6 * 0.5))


def test_an_answer_is_cut_at_its_own_limit() -> None:
    endless = {START: ABC[START], A: [0.0, 0.1, 0.0, 0.9, 0.0, 0.0]}
    found = run(endless, [1, 4, 2])
    assert [hypothesis.ids for hypothesis in found] == [[A], [A] * 4, [A] * 2]
    assert all(hypothesis.cut for hypothesis in found)
    assert found[1].log_probability == pytest.approx(math.log(0.7 * 0.9**3))


def test_an_answer_that_ends_in_its_last_place_is_not_cut() -> None:
    (found,) = run(ABC, [3])
    assert (found.ids, found.cut) == ([A, B], False)


def test_start_and_unknown_are_never_written() -> None:
    tempting = {START: [0.5, 0.0, 0.4, 0.1, 0.0, 0.0], A: [0.5, 0.1, 0.4, 0.0, 0.0, 0.0]}
    (found,) = run(tempting, [5])
    assert found.ids == [A]
    # The probability is the model's own, not shared out anew.
    assert found.log_probability == pytest.approx(math.log(0.1 * 0.1))


def plain_greedy(model: Seq2Seq, source: Tensor, limit: int) -> tuple[list[int], float]:
    """The search of the Keras example, one row, one symbol at a time."""
    memory, state = model.encode(source[None], torch.tensor([len(source)]))
    previous, written, total = START, [], 0.0
    while len(written) < limit:
        scores, state = model.step(torch.tensor([previous]), state, memory)
        scores[0, [START, UNKNOWN]] = -torch.inf
        previous = int(scores.argmax())
        total += float(scores.max())
        if previous == END:
            break
        written.append(previous)
    return written, total


@settings(max_examples=25)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.integers(1, 12), st.integers(0, 50))
def test_a_batch_finds_what_a_plain_loop_finds_for_each_row(lengths, limit, seed) -> None:
    model = sharp_model(seed)
    sources = torch.randint(0, 5, (len(lengths), max(lengths)))
    found = searched(model, greedy, sources, lengths, limits=[limit] * len(lengths))
    with torch.inference_mode():
        for row, length in enumerate(lengths):
            ids, total = plain_greedy(model, sources[row, :length], limit)
            assert found[row].ids == ids
            assert found[row].log_probability == pytest.approx(total, abs=1e-4)


def test_what_the_model_adds_to_the_vocabulary_can_be_written() -> None:
    """Copied symbols have columns of their own after the vocabulary's."""
    copied = len(VOCABULARY)
    wide = {START: [0, 0.1, 0, 0.2, 0, 0, 0.7], copied: [0, 0.9, 0, 0.1, 0, 0, 0]}
    (found,) = run(wide, [5])
    assert found.ids == [copied]
