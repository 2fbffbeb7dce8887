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
from torch.optim import Optimizer

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
                device, and its numbers are tensors there.
            optimiser: that it moves them with.
            noise: what it draws from, on the device.
            alike_only: whether that is true only of batches whose sources have one length.
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
        """Count the recordings."""
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
        """Record a step, which computes nothing; after the first that fails, none is any more."""
        if not self._fits:
            return
        if not self._recordings:
            # Recordings have memory of their own, and cannot ask for what lies idle.
            torch.cuda.empty_cache()
        packed = batch.packed().to(self._noise.device)
        graph = torch.cuda.CUDAGraph()
        with warnings.catch_warnings():
            # Later versions of PyTorch find the generator by themselves, and say so.
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
            # Mostly for want of memory: what goes on without it is slower, and no worse.
            self._fits = False
            warnings.warn(f"training steps are not recorded: {error}", stacklevel=2)
            return
        self._recordings[shape] = _Recording(graph, packed, compared)

    @contextmanager
    def _capturable(self) -> Iterator[None]:
        """Let the optimiser be recorded; otherwise it warns that it is not."""
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
    try:
        with torch.cuda.stream(stream):
            yield
    finally:
        usual.wait_stream(stream)
