"""Training steps on CUDA: recorded where they come again, and played.

A step is some hundred small kernels, and to start each of them from Python takes longer than the
GPU takes to compute it. A CUDA graph starts them all at once; it is of one shape of batch.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn import functional

from charseq.batching import Batch
from charseq.training.loss import Comparison

# Targets are filled up to a multiple of so many symbols, so that more batches are of one shape.
WIDTH = 4
# Each recording takes some memory.
MOST_RECORDINGS = 512
# How often a shape comes before it is played only: it is computed once, and then recorded.
FIRST_TIMES = 2


class _Shape(NamedTuple):
    """All of a batch that decides which kernels its step starts, and on what sizes."""

    sources: torch.Size
    targets: torch.Size
    longest: int
    alike: bool
    has: tuple[bool, bool]


class RecordedSteps:
    """Steps of training, of which those of a shape that came before are played from a recording.

    What is played is what would have been computed: the same kernels on the same weights, with
    noise that goes on from where it was.
    """

    def __init__(
        self, step: Callable[[Batch], Comparison], noise: Generator, *, alike_only: bool
    ) -> None:
        """Begin without recordings.

        Args:
            step: moves the weights once, for a batch on the device; it does not wait for the
                device, and its numbers are tensors there.
            noise: what it draws from, on the device.
            alike_only: whether that is true only of batches whose sources have one length.
        """
        self._step = step
        self._noise = noise
        self._alike_only = alike_only
        self._stream = torch.cuda.Stream(noise.device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()
        self._met: set[_Shape] = set()
        self._recordings: dict[_Shape, _Recording] = {}

    def __len__(self) -> int:
        """Count the recordings."""
        return len(self._recordings)

    def __call__(self, batch: Batch) -> Comparison:
        """Move the weights once, for a batch on the CPU."""
        batch = widened(batch)
        shape = _shape_of(batch)
        recording = self._recordings.get(shape)
        if recording is None and shape in self._met and len(self) < MOST_RECORDINGS:
            recording = self._recordings[shape] = self._recorded(batch)
        if recording is not None:
            return recording.play(batch)
        if shape.alike or not self._alike_only:
            self._met.add(shape)
        with _on(self._stream):
            return self._step(batch.to(self._noise.device))

    def _recorded(self, batch: Batch) -> "_Recording":
        packed = batch.packed().to(self._noise.device)
        graph = torch.cuda.CUDAGraph()
        with warnings.catch_warnings():
            # Later versions of PyTorch find the generator by themselves, and say so.
            warnings.simplefilter("ignore", FutureWarning)
            graph.register_generator_state(self._noise)
        torch.cuda.synchronize(self._noise.device)
        with torch.cuda.stream(self._stream):
            graph.capture_begin(self._pool, capture_error_mode="thread_local")
            try:
                compared = self._step(batch.unpacked(packed))
            finally:
                graph.capture_end()
        return _Recording(graph, packed, compared)


@dataclass(frozen=True)
class _Recording:
    """A step of one shape.

    Attributes:
        graph: what is played.
        packed: the batch that it reads.
        compared: what it writes.
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
    """Return the batch with targets filled up to a multiple of `WIDTH`, where nothing counts."""
    lacking = -batch.targets.shape[1] % WIDTH
    return replace(batch, targets=functional.pad(batch.targets, (0, lacking)))


def _shape_of(batch: Batch) -> _Shape:
    lengths = batch.source_lengths
    longest, alike = int(lengths.max()), int(lengths.min()) == int(lengths.max())
    has = batch.copies is not None, batch.conditions is not None
    return _Shape(batch.sources.shape, batch.targets.shape, longest, alike, has)


@contextmanager
def _on(stream: torch.cuda.Stream) -> Iterator[None]:
    """Work on another stream, after what has been begun, and before what follows."""
    usual = torch.cuda.current_stream(stream.device)
    stream.wait_stream(usual)
    with torch.cuda.stream(stream):
        yield
    usual.wait_stream(stream)
