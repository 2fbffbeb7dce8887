import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from charseq.config import ModelConfig
from charseq.model import Memory, Seq2Seq, State, Step
from charseq.search import Hypothesis, answer_texts, greedy
from charseq.text import Input, Vocabulary

VOCABULARY = Vocabulary.of_targets(["abc"])
START, END = VOCABULARY.frame
A, B, C = VOCABULARY.ids("abc")


def scripted(script: dict[int, list[float]]) -> Step:
    """A step that writes what a script says, whatever was read: a search needs no network."""

    def step(previous: Tensor, state: State, memory: Memory) -> tuple[Tensor, State]:
        assert len(previous) == len(memory.source_lengths) == len(state.hidden)
        # After its end a row may be asked for more; nobody reads that.
        scores = torch.tensor([script.get(i, ENDED) for i in previous.tolist()])
        return scores.log(), state

    return step


def run(step: Step, limits: list[int]) -> list[Hypothesis]:
    count = len(limits)
    memory = Memory.without_attention(torch.ones(count))
    state = State(torch.zeros(count, 1), torch.zeros(count, 1))
    return greedy(step, memory, state, VOCABULARY, torch.tensor(limits))


ENDED = [1 / 6] * 6
#                 start end unknown a    b    c
ABC = {
    START: [0.0, 0.1, 0.0, 0.7, 0.1, 0.1],
    A: [0.0, 0.1, 0.0, 0.1, 0.6, 0.2],
    B: [0.0, 0.5, 0.0, 0.1, 0.1, 0.3],
}


def test_the_most_probable_symbol_is_written_until_the_end() -> None:
    (found,) = run(scripted(ABC), [10])
    assert found.ids == [A, B]
    assert not found.cut
    assert found.log_probability == pytest.approx(math.log(0.7 * 0.6 * 0.5))


def test_an_answer_is_cut_at_its_own_limit() -> None:
    endless = {START: ABC[START], A: [0.0, 0.1, 0.0, 0.9, 0.0, 0.0]}
    found = run(scripted(endless), [1, 4, 2])
    assert [hypothesis.ids for hypothesis in found] == [[A], [A] * 4, [A] * 2]
    assert all(hypothesis.cut for hypothesis in found)
    assert found[1].log_probability == pytest.approx(math.log(0.7 * 0.9**3))


def test_an_answer_that_ends_in_its_last_place_is_not_cut() -> None:
    (found,) = run(scripted(ABC), [3])
    assert (found.ids, found.cut) == ([A, B], False)


def test_start_and_unknown_are_never_written() -> None:
    tempting = {START: [0.5, 0.0, 0.4, 0.1, 0.0, 0.0], A: [0.5, 0.1, 0.4, 0.0, 0.0, 0.0]}
    (found,) = run(scripted(tempting), [5])
    assert found.ids == [A]
    # The probability is the model's own, not shared out anew.
    assert found.log_probability == pytest.approx(math.log(0.1 * 0.1))


def plain_greedy(model: Seq2Seq, source: Tensor, limit: int) -> tuple[list[int], float]:
    """The search of the Keras example, one row, one symbol at a time."""
    memory, state = model.encode(source[None], torch.tensor([len(source)]))
    previous, written, total = START, [], 0.0
    while len(written) < limit:
        scores, state = model.step(torch.tensor([previous]), state, memory)
        scores[0, [START, VOCABULARY.unknown or 0]] = -torch.inf
        previous = int(scores.argmax())
        total += float(scores.max())
        if previous == END:
            break
        written.append(previous)
    return written, total


@settings(max_examples=25)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.integers(1, 12), st.integers(0, 50))
def test_a_batch_finds_what_a_plain_loop_finds_for_each_row(lengths, limit, seed) -> None:
    model = Seq2Seq.fresh(ModelConfig(units=12), 5, len(VOCABULARY), seed)
    with torch.inference_mode():
        # Sharper than fresh weights are, so that answers differ and end at different places.
        model.decoder.output.weight.mul_(8)
        sources = torch.randint(0, 5, (len(lengths), max(lengths)))
        memory, state = model.encode(sources, torch.tensor(lengths))
        found = greedy(
            model.stepper(), memory, state, VOCABULARY, torch.full((len(lengths),), limit)
        )
        for row, length in enumerate(lengths):
            ids, total = plain_greedy(model, sources[row, :length], limit)
            assert found[row].ids == ids
            assert found[row].log_probability == pytest.approx(total, abs=1e-4)


def test_answers_come_in_the_order_of_the_texts_whatever_the_threads(
    toy_translator, toy_pairs, monkeypatch
) -> None:
    inputs = [Input(source) for source, _ in toy_pairs[::7]]
    inputs += map(Input, ["", "abba", "abba"])

    def answers() -> list[Hypothesis]:
        model = toy_translator.model
        return answer_texts(model, model.stepper(), toy_translator.description, inputs)

    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = answers()
        torch.set_num_threads(3)
        monkeypatch.setattr("charseq.search.texts.MOST_ROWS", 16)
        together = answers()
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)
    assert [answer.ids for answer in together] == [answer.ids for answer in alone]
    targets = toy_translator.description.targets
    assert targets.text(together[-1].ids) == "ABBA"
    assert together[-1] is together[-2]
    assert together[-3].ids == ()
