"""Hand-made log-probabilities: a search needs no network."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from charseq.config import ModelConfig
from charseq.model import Memory, Seq2Seq, State, Step
from charseq.search import Hypothesis
from charseq.text import Vocabulary

VOCABULARY = Vocabulary.of_targets(["abc"])
START, END = VOCABULARY.frame
UNKNOWN = 2
A, B, C = VOCABULARY.ids("abc")

Script = dict[int, list[float]]

EVEN = [1 / 6] * 6
#                 start end unknown a    b    c
ABC: Script = {
    START: [0.0, 0.1, 0.0, 0.7, 0.1, 0.1],
    A: [0.0, 0.1, 0.0, 0.1, 0.6, 0.2],
    B: [0.0, 0.5, 0.0, 0.1, 0.1, 0.3],
}


def scripted(script: Script) -> Step:
    """A step that writes what a script says, whatever was read."""

    def step(previous: Tensor, state: State, memory: Memory) -> tuple[Tensor, State]:
        assert len(previous) == len(memory.source_lengths) == len(state.hidden)
        # After its end a row may be asked for more; nobody reads that.
        return torch.tensor([script.get(i, EVEN) for i in previous.tolist()]).log(), state

    return step


def search(
    method: Callable[..., Any], step: Step, limits: Sequence[int], **settings: Any
) -> list[Any]:
    """Search with a step that reads no source."""
    count = len(limits)
    memory = Memory.without_attention(torch.ones(count))
    state = State(*torch.zeros(3, count, 1))
    found: list[Any] = method(step, memory, state, VOCABULARY, torch.tensor(limits), **settings)
    return found


def sharp_model(seed: int, units: int = 12) -> Seq2Seq:
    """A model of five source symbols, sharper than fresh weights are, so that answers differ."""
    model = Seq2Seq.fresh(ModelConfig(units=units), 5, len(VOCABULARY), seed)
    with torch.no_grad():
        model.decoder.output.weight.mul_(8)
    return model


def searched(
    model: Seq2Seq,
    method: Callable[..., Any],
    sources: Tensor,
    lengths: Sequence[int],
    **settings: Any,
) -> list[Any]:
    """Search with a model, (batch, time), under limits that differ from row to row if asked."""
    limits = settings.pop("limits")
    with torch.inference_mode():
        memory, state = model.encode(sources, torch.tensor(lengths))
        found: list[Any] = method(
            model.stepper(), memory, state, VOCABULARY, torch.tensor(limits), **settings
        )
    return found


def every_answer(model: Seq2Seq, source: Tensor, limit: int) -> Iterator[Hypothesis]:
    """Yield every answer that can be written within the limit."""
    memory, state = model.encode(source[None], torch.tensor([len(source)]))
    for count in range(limit + 1):
        for ids in itertools.product((A, B, C), repeat=count):
            cut = count == limit
            total, now, previous = 0.0, state, START
            for symbol in ids if cut else (*ids, END):
                scores, now = model.step(torch.tensor([previous]), now, memory)
                total, previous = total + float(scores[0, symbol]), symbol
            yield Hypothesis(list(ids), total, cut)


def probability(hypothesis: Hypothesis) -> float:
    return math.exp(hypothesis.log_probability)
