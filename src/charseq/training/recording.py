"""Training steps on CUDA: recorded when a shape recurs, and replayed.

A step consists of some hundred small kernels, and starting one from Python takes longer than
computing it takes the GPU. A CUDA graph starts them all at once, for one shape of batch.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn import functional
from torch.optim import Optimizer

from charseq.batching import Batch
from charseq.errors import warn_caller
from charseq.training.loss import Comparison

# Targets are padded to a multiple of this many symbols, so that more batches have the same shape.
WIDTH = 4
# Each recording takes some memory.
MOST_RECORDINGS = 512
# How often a shape comes before it is only replayed: once to compute it, once to record it.
FIRST_TIMES = 2


class _Shape(NamedTuple):
    """All that decides which kernels a batch's step starts, and with what sizes."""

    sources: torch.Size
    targets: torch.Size
    longest: int
    alike: bool
    has: tuple[bool, bool]


class RecordedSteps:
    """Training steps; those of a shape that came before are replayed from a recording.

    A replay computes exactly what a step would: the same kernels on the same weights, with noise
    that continues from its last state.
    """

    def __init__(
        self,
        step: Callable[[Batch], Comparison],
        optimiser: Optimizer,
        noise: Generator,
        *,
        alike_only: bool,
    ) -> None:
        """Begin without recordings.

        Args:
            step: moves the weights once, for a batch on the device; it does not wait for the
                device, and returns its numbers as tensors there.
            optimiser: the optimiser that moves them.
            noise: the generator that the step draws from, on the device.
            alike_only: whether `step` avoids waiting only if all sources of a batch have one
                length.
        """
        self._step = step
        self._optimiser = optimiser
        self._noise = noise
        self._alike_only = alike_only
        self._stream = torch.cuda.Stream(noise.device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()
        self._met: set[_Shape] = set()
        self._recordings: dict[_Shape, _Recording] = {}
        self._fits = True

    def __len__(self) -> int:
        """Return the number of recordings."""
        return len(self._recordings)

    def __call__(self, batch: Batch) -> Comparison:
        """Move the weights once, for a batch on the CPU."""
        batch = widened(batch)
        shape = _shape_of(batch)
        if shape not in self._recordings and shape in self._met and len(self) < MOST_RECORDINGS:
            self._record(shape, batch)
        if shape in self._recordings:
            return self._recordings[shape].play(batch)
        if shape.alike or not self._alike_only:
            self._met.add(shape)
        with _on(self._stream):
            return self._step(batch.to(self._noise.device))

    def _record(self, shape: "_Shape", batch: Batch) -> None:
        """Record a step without computing it; after a first failure, record no more."""
        if not self._fits:
            return
        if not self._recordings:
            # Recordings have their own memory and cannot use what PyTorch has cached.
            torch.cuda.empty_cache()
        packed = batch.packed().to(self._noise.device)
        graph = torch.cuda.CUDAGraph()
        with warnings.catch_warnings():
            # Later versions of PyTorch find the generator themselves, and warn of this call.
            warnings.simplefilter("ignore", FutureWarning)
            graph.register_generator_state(self._noise)
        torch.cuda.synchronize(self._noise.device)
        try:
            with torch.cuda.stream(self._stream), self._capturable():
                graph.capture_begin(self._pool, capture_error_mode="thread_local")
                try:
                    compared = self._step(batch.unpacked(packed))
                finally:
                    graph.capture_end()
        except RuntimeError as error:
            # Mostly a lack of memory; without recordings, training is only slower.
            self._fits = False
            warn_caller(f"steps are not recorded, so training is slower: {error}")
            return
        self._recordings[shape] = _Recording(graph, packed, compared)

    @contextmanager
    def _capturable(self) -> Iterator[None]:
        """Mark the optimiser as capturable, without which it cannot be recorded."""
        groups = self._optimiser.param_groups
        for group in groups:
            group["capturable"] = True
        try:
            yield
        finally:
            for group in groups:
                group["capturable"] = False


@dataclass(frozen=True)
class _Recording:
    """A recorded step for one shape.

    Attributes:
        graph: the graph to replay.
        packed: the batch that the graph reads.
        compared: the comparison that the graph writes.
    """

    graph: torch.cuda.CUDAGraph
    packed: Tensor
    compared: Comparison

    def play(self, batch: Batch) -> Comparison:
        self.packed.copy_(batch.packed().pin_memory(), non_blocking=True)
        self.graph.replay()
        found = self.compared.tensors()
        return Comparison.from_tensors({name: tensor.clone() for name, tensor in found.items()})


def widened(batch: Batch) -> Batch:
    """Return the batch with targets padded to a multiple of `WIDTH`; the padding does not count."""
    lacking = -batch.targets.shape[1] % WIDTH
    return replace(batch, targets=functional.pad(batch.targets, (0, lacking)))


def _shape_of(batch: Batch) -> _Shape:
    lengths = batch.source_lengths
    longest, alike = int(lengths.max()), int(lengths.min()) == int(lengths.max())
    has = batch.copies is not None, batch.conditions is not None
    return _Shape(batch.sources.shape, batch.targets.shape, longest, alike, has)


@contextmanager
def _on(stream: torch.cuda.Stream) -> Iterator[None]:
    """Work on another stream, after what was started before and ahead of what follows."""
    usual = torch.cuda.current_stream(stream.device)
    stream.wait_stream(usual)
    try:
        with torch.cuda.stream(stream):
            yield
    finally:
        usual.wait_stream(stream)
