"""The engine that computes with PyTorch: every search, and teacher forcing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import repeat
from typing import Any

import torch
from torch import Tensor

from charseq.answering import Asked, Forced, ForcedScores, Lexicon
from charseq.batching import Batch
from charseq.config import DecodingConfig
from charseq.hypothesis import Hypothesis
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription
from charseq.search.beam import beam_search
from charseq.search.constraint import Constraint, together
from charseq.search.copies import Copies
from charseq.search.lexicon import Trie
from charseq.search.prefixes import Prefixes
from charseq.search.sampling import sample

MOST_ROWS = 512
# CUDA takes hardly longer for thousands of rows than for one.
MOST_CUDA_ROWS = 4_096


class TorchEngine:
    """An `Engine` on the device where its model is.

    Some weights are prepared once, so they must not change any more.

    Attributes:
        model: the network.
    """

    def __init__(self, model: Seq2Seq, description: ModelDescription) -> None:
        self.model = model
        self._description = description
        self._step = model.stepper()
        self._vocabulary = description.targets
        calibration = description.calibration
        self._smoothed = calibration.smoothed(len(description.targets)) if calibration else 0.0
        self._laid_out = lru_cache(maxsize=1)(Trie.of)

    def __reduce__(self) -> tuple[type["TorchEngine"], tuple[Seq2Seq, ModelDescription]]:
        """Return how a copy in this or another process is made."""
        return TorchEngine, (self.model, self._description)

    def most_rows(self, beam: int = 1) -> int:
        """Return how many rows suit a batch; those that have ended leave it."""
        most = MOST_CUDA_ROWS if self.model.device.type == "cuda" else MOST_ROWS
        return max(1, most // beam)

    @torch.inference_mode()
    def answers(
        self, asked: Asked, decoding: DecodingConfig, lexicon: Lexicon | None
    ) -> list[list[Hypothesis]]:
        """Search as `decoding` says, and return the n best hypotheses of each row, best first."""
        device = self.model.device
        copies = None if asked.copies is None else torch.from_numpy(asked.copies).to(device)
        memory, state = self.model.encode(
            torch.from_numpy(asked.sources).to(device),
            torch.from_numpy(asked.lengths),
            copies,
            torch.from_numpy(asked.conditions).to(device),
        )
        limits = torch.from_numpy(asked.limits)
        given = self._step, memory, state, self._vocabulary, limits
        constraint = self._constraint(asked, copies, lexicon)
        if not decoding.sample:
            return beam_search(
                *given,
                beam=decoding.beam,
                n_best=decoding.n_best,
                length_penalty=decoding.length_penalty,
                constraint=constraint,
            )
        drawn = sample(
            *given,
            numbers=asked.numbers,
            seed=decoding.seed,
            temperature=decoding.temperature,
            top_k=decoding.top_k,
            top_p=decoding.top_p,
            smoothed=self._smoothed,
            constraint=constraint,
        )
        return [[hypothesis] for hypothesis in drawn]

    @torch.inference_mode()
    def force(self, forced: Forced, *, weights: bool, best: int) -> list[ForcedScores]:
        """Return the scores of given targets by teacher forcing, all symbols at once."""
        batch = Batch(
            torch.from_numpy(forced.sources),
            torch.from_numpy(forced.lengths),
            torch.from_numpy(forced.targets),
            torch.from_numpy(forced.target_lengths),
            None if forced.copies is None else torch.from_numpy(forced.copies),
            torch.from_numpy(forced.conditions),
        ).to(self.model.device)
        attention: Tensor | None = None
        copying: Tensor | None = None
        if weights and self.model.decoder.attention is not None:
            predictions, weighed, copying = self.model.align(batch)
            attention = weighed.float()
        else:
            predictions = self.model(batch)
        logits = predictions.float()
        everything = logits.logsumexp(dim=2)
        columns = torch.from_numpy(forced.columns).to(logits.device)
        chosen = logits.gather(2, columns.clamp(min=0)[:, :, None])[:, :, 0]
        gains = (chosen - everything).masked_fill(columns < 0, -torch.inf)
        highest: Tensor | None = None
        places: Tensor | None = None
        if best:
            highest, places = logits.topk(min(best, logits.shape[2]), dim=2)
            highest = highest - everything[:, :, None]
        symbols, read = (forced.target_lengths - 1).tolist(), forced.lengths.tolist()
        return list(
            map(
                ForcedScores,
                _rows(gains, symbols),
                _rows(attention, symbols, read),
                _rows(copying, symbols),
                _rows(places, symbols),
                _rows(highest, symbols),
            )
        )

    @contextmanager
    def at_once(self) -> Iterator[int]:
        """Give each of a CPU's threads a batch of its own, and yield how many run at once.

        Threads that share one operation wait for the slowest at its end, very long on a busy
        machine, and an operation on one row is faster on one thread. Other devices work on one
        batch at a time.
        """
        threads = _OWN_THREADS.enter()
        torch.set_num_threads(1)
        try:
            yield threads if self.model.device.type == "cpu" else 1
        finally:
            torch.set_num_threads(threads)
            _OWN_THREADS.leave()

    def _constraint(
        self, asked: Asked, copies: Tensor | None, lexicon: Lexicon | None
    ) -> Constraint | None:
        device = self.model.device
        limits = torch.from_numpy(asked.limits)
        return together(
            None if copies is None else Copies.of(copies, len(self._vocabulary)),
            Prefixes.of(asked.prefixes, device) if any(asked.prefixes) else None,
            None if lexicon is None else self._laid_out(lexicon, device).within(limits.to(device)),
        )


class _Threads:
    """PyTorch's own number of threads, remembered while calls set it to one.

    Threads that start later inherit a number set in one thread, so a call must not read it while
    another call has lowered it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls = 0
        self._threads = 1

    def enter(self) -> int:
        """Count a call that sets one thread, and return PyTorch's own number."""
        with self._lock:
            if self._calls == 0:
                self._threads = torch.get_num_threads()
            self._calls += 1
            return self._threads

    def leave(self) -> None:
        """Count a call that has restored the number."""
        with self._lock:
            self._calls -= 1


_OWN_THREADS = _Threads()


def _rows(tensor: Tensor | None, *sizes: list[int]) -> Iterator[Any]:
    """Yield a copy of each row, cut to its sizes; for None, yield None for ever.

    Unlike a view, a copy does not keep the whole batch in memory.
    """
    if tensor is None:
        yield from repeat(None)
        return
    for row, *stops in zip(tensor.cpu().numpy(), *sizes, strict=True):
        yield row[tuple(map(slice, stops))].copy()
