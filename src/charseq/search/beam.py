"""Beam search: several hypotheses per source, ranked together whatever their length.

Hypotheses occupy a grid of (sources, beam) slots; only the held slots are rows of the model's
batch. The symbols written form a tree: every step adds one node per slot, which knows its parent
and its symbol, and the answers are read from their last nodes at the end.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from charseq.hypothesis import Hypothesis, penalty
from charseq.model import Memory, State, Step
from charseq.search.constraint import Constraint
from charseq.search.greedy import most_probable
from charseq.search.writing import LEAVING_SHARE, Written, device_of, masked, never_written, write
from charseq.text import Vocabulary

# Stand-ins for a node of the tree: before the first symbol, and for the greedy hypothesis.
ROOT, GREEDY = -1, -2


@torch.inference_mode()
def beam_search(
    step: Step,
    memory: Memory,
    state: State,
    vocabulary: Vocabulary,
    limits: Tensor,
    *,
    beam: int,
    n_best: int = 1,
    length_penalty: float = 0.6,
    constraint: Constraint | None = None,
) -> list[list[Hypothesis]]:
    """Find the best distinct answers to each source by their score, best first.

    At every step each hypothesis may end, and the `beam` most probable continuations of a source's
    hypotheses go on. A hypothesis goes on only while it can still get among the source's n best:
    its log-probability cannot rise, so dividing it by the penalty of the longest answer bounds its
    score. The greedy hypothesis is among the answers from the start, so the best answer never
    scores lower, and a beam of one is greedy search.

    Args:
        step: the model's step function.
        memory: the memory of the encoded sources, (batch, …).
        state: the state of the encoded sources, (batch, …).
        vocabulary: the vocabulary of the targets.
        limits: the most symbols of each answer, (batch,), on the CPU.
        beam: how many hypotheses per source are kept at each step.
        n_best: the most answers per source, at most `beam`; fewer where the constraint or the limit
            leaves fewer.
        length_penalty: the strength of the `penalty`, at least 0.
        constraint: what answers may be.
    """
    first = write(step, memory, state, vocabulary, limits, most_probable, constraint)
    if beam == 1:
        return [[hypothesis] for hypothesis in first.hypotheses()]
    start, end = vocabulary.frame
    device, ends = device_of(state), set(limits.tolist())
    forbidden = never_written(vocabulary, device)
    taken = torch.from_numpy(first.symbols).to(device)
    sources = _Sources.beginning(limits.to(device), length_penalty)
    best = _Best.beginning(first, n_best, length_penalty, device)
    live = _Live.beginning(first, beam, device)
    found, tree = best, _Tree()
    held = (torch.arange(beam, device=device) == 0).expand(len(limits), beam)
    previous = torch.full((len(limits),), start, device=device)
    for place in range(1, max(ends) + 1):
        divisor = penalty(float(place), length_penalty)
        scores, state = step(previous, state, memory)
        reached = masked(scores, forbidden, constraint).add_(live.totals[:, None])
        copied = taken[min(place, len(taken)) - 1, sources.rows]

        # Every hypothesis may end here; the greedy one is already among the best.
        rows = _spread(torch.arange(len(reached), device=device), live.cells, held, 0)
        counted = live.greedy.take(rows) & (copied == end)[:, None]
        ended = _spread(reached[:, end], live.cells, held, -torch.inf)
        ended = ended.masked_fill(counted, -torch.inf)
        best = best.joined(ended, live.nodes.take(rows), divisor)

        reached[:, end] = -torch.inf
        totals, parents, symbols = _continued(reached, live.cells, rows)
        nodes = tree.grow(live.nodes.take(parents), symbols)
        as_greedy = live.greedy.take(parents) & (symbols == copied[:, None])
        if place in ends:
            over = (sources.limits == place)[:, None]
            best = best.joined(totals.masked_fill(as_greedy | ~over, -torch.inf), nodes, divisor)
            totals = totals.masked_fill(over, -torch.inf)

        # Drop hypotheses that can no longer get among the best.
        keep = totals / sources.divisors[:, None] > best.scores[:, -1:]
        totals = totals.masked_fill(~keep, -torch.inf)
        staying, new = torch.stack([keep.sum(), (keep & ~held).sum()]).tolist()
        # Memory is large, so rows are laid out again only if slots are missing or many are empty.
        anew = new > 0 or staying <= (1 - LEAVING_SHARE) * len(live.cells)
        if anew:
            found = found.with_rows(sources.rows, best)
            kept = keep.any(1).nonzero()[:, 0]
            sources, best, held = sources.select(kept), best.select(kept), keep[kept]
            totals, nodes, symbols = totals[kept], nodes[kept], symbols[kept]
            parents, as_greedy = parents[kept], as_greedy[kept]
        if staying == 0:
            break
        cells = held.flatten().nonzero()[:, 0]
        live = _Live(cells, *(each.take(cells) for each in (totals, nodes, as_greedy)))
        previous, chosen = symbols.take(cells), parents.take(cells)
        state = state.select(chosen)
        if anew:
            memory = memory.select(chosen)
        if constraint is not None:
            constraint = constraint.select(chosen).advance(previous)
    return _answers(found, tree, first, limits, length_penalty)


class _Sources(NamedTuple):
    """The sources that still have live hypotheses.

    Attributes:
        rows: where they stand in the whole batch, (sources,).
        limits: the most symbols of each answer, (sources,).
        divisors: the penalty of an answer that long, (sources,).
    """

    rows: Tensor
    limits: Tensor
    divisors: Tensor

    @classmethod
    def beginning(cls, limits: Tensor, length_penalty: float) -> "_Sources":
        rows = torch.arange(len(limits), device=limits.device)
        return cls(rows, limits, penalty(limits.float(), length_penalty))

    def select(self, rows: Tensor) -> "_Sources":
        return _Sources(*(tensor.index_select(0, rows) for tensor in self))


class _Live(NamedTuple):
    """The rows of the model's batch: hypotheses that may still go on.

    Those that cannot go on but have not left yet have a total of minus infinity.

    Attributes:
        cells: their places in the grid, counted source by source, (rows,).
        totals: log-probabilities so far, (rows,).
        nodes: the nodes of their last symbols, (rows,).
        greedy: whether all symbols so far are those of the greedy hypothesis, (rows,).
    """

    cells: Tensor
    totals: Tensor
    nodes: Tensor
    greedy: Tensor

    @classmethod
    def beginning(cls, first: Written, beam: int, device: torch.device) -> "_Live":
        cells = torch.arange(len(first.lengths), device=device) * beam
        possible = torch.from_numpy(first.log_probabilities > -np.inf).to(device)
        return cls(cells, torch.zeros(len(cells), device=device), cells * 0 + ROOT, possible)


class _Best(NamedTuple):
    """The best answers of each source so far, best first.

    Attributes:
        scores: minus infinity where there is none yet, (sources, n best).
        totals: log-probabilities, (sources, n best).
        nodes: the nodes of their last symbols, (sources, n best).
    """

    scores: Tensor
    totals: Tensor
    nodes: Tensor

    @classmethod
    def beginning(
        cls, first: Written, n_best: int, length_penalty: float, device: torch.device
    ) -> "_Best":
        totals = torch.full((len(first.lengths), n_best), -torch.inf, device=device)
        totals[:, 0] = torch.from_numpy(first.log_probabilities)
        steps = torch.from_numpy(first.lengths + ~first.cut).to(device)
        scores = totals / penalty(steps.float(), length_penalty)[:, None]
        return cls(scores, totals, torch.full_like(totals, GREEDY, dtype=torch.long))

    def joined(self, totals: Tensor, nodes: Tensor, divisor: float) -> "_Best":
        """Return the best of these answers and others, (sources, answers), of equal length."""
        others = (totals / divisor, totals, nodes)
        scores, *rest = (torch.cat(pair, dim=1) for pair in zip(self, others, strict=True))
        scores, places = scores.topk(self.scores.shape[1], dim=1)
        return _Best(scores, *(values.gather(1, places) for values in rest))

    def select(self, rows: Tensor) -> "_Best":
        return _Best(*(tensor.index_select(0, rows) for tensor in self))

    def with_rows(self, rows: Tensor, others: "_Best") -> "_Best":
        """Return these answers with those of some sources replaced."""
        pairs = zip(self, others, strict=True)
        return _Best(*(mine.index_copy(0, rows, theirs) for mine, theirs in pairs))


class _Tree:
    """Everything written: each node is one symbol, which follows its parent's."""

    def __init__(self) -> None:
        self._parents: list[Tensor] = []
        self._symbols: list[Tensor] = []
        self._size = 0

    def grow(self, parents: Tensor, symbols: Tensor) -> Tensor:
        """Add a node for each parent and symbol, and return the nodes, shaped like them."""
        self._parents.append(parents.flatten())
        self._symbols.append(symbols.flatten())
        nodes = torch.arange(self._size, self._size + parents.numel(), device=parents.device)
        self._size += parents.numel()
        return nodes.view(parents.shape)

    def paths(self, nodes: Tensor) -> list[list[list[int]]]:
        """Return the symbols from the root to each of the nodes, (sources, n best)."""
        parents, symbols = torch.cat(self._parents), torch.cat(self._symbols)
        backwards = [torch.full_like(nodes, ROOT)]
        while bool((inside := nodes > ROOT).any()):
            known = nodes.clamp(min=0)
            backwards.append(symbols[known].masked_fill(~inside, ROOT))
            nodes = parents[known].masked_fill(~inside, ROOT)
        table = torch.stack(backwards[::-1], dim=2).tolist()
        return [[[i for i in path if i != ROOT] for path in of_source] for of_source in table]


def _continued(reached: Tensor, cells: Tensor, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Choose each source's most probable continuations, as many as it has slots, best first.

    Args:
        reached: the log-probability of every continuation, (rows, symbols).
        cells: the rows' places in the grid, (rows,).
        rows: the row in each cell, (sources, beam).

    Returns:
        Their log-probabilities, the rows that they continue and their symbols, (sources, beam).
    """
    beam = rows.shape[1]
    # A source's best continuations are among the best of each of its hypotheses.
    gains, symbols = reached.topk(min(beam, reached.shape[1]), dim=1)
    each = gains.shape[1]
    totals, picks = _spread(gains, cells, rows, -torch.inf).topk(beam, dim=1)
    parents = rows.gather(1, picks // each)
    return totals, parents, symbols.take(parents * each + picks % each)


def _spread(values: Tensor, cells: Tensor, grid: Tensor, fill: float) -> Tensor:
    """Arrange the rows' values in the grid, (sources, slots), one source per line."""
    spread = values.new_full((grid.numel(), *values.shape[1:]), fill)
    return spread.index_copy_(0, cells, values).view(len(grid), -1)


def _answers(
    best: _Best, tree: _Tree, first: Written, limits: Tensor, length_penalty: float
) -> list[list[Hypothesis]]:
    """Return the answers sorted by score; where there are none, the impossible greedy one."""
    answers = []
    columns = first.hypotheses(), limits.tolist(), best.totals.tolist(), best.nodes.tolist()
    for greedy, limit, totals, nodes, paths in zip(*columns, tree.paths(best.nodes), strict=True):
        hypotheses = [
            greedy if node == GREEDY else Hypothesis(ids, total, len(ids) == limit)
            for total, node, ids in zip(totals, nodes, paths, strict=True)
            if total > -torch.inf
        ]
        hypotheses.sort(key=lambda hypothesis: -hypothesis.score(length_penalty))
        answers.append(hypotheses or [greedy])
    return answers
