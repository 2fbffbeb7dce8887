"""The memory that training takes: keeping it, and checking that there is enough."""

import contextlib
import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from charseq.batching import sorted_batches
from charseq.config import ModelConfig
from charseq.errors import MachineError, lacks_memory
from charseq.model.attention import PATTERNS
from charseq.model.embedding import ONE_HOT_STEP
from charseq.training.prepare import Prepared
from charseq.training.step import EVALUATION_BATCH

# glibc's names for mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT = 1 << 30
# Blocks larger than this would leave gaps of many sizes.
LARGEST = 1 << 26


@contextlib.contextmanager
def enough_memory() -> Iterator[None]:
    """Turn a lack of memory into a plain error message.

    Raises:
        MachineError: if what happens within runs out of memory.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        raise MachineError(
            "there is not enough memory: try a smaller --batch-size or --units, or leave out the"
            " longest pairs with --max-length"
        ) from None


def keep_freed_memory() -> None:
    """Let the C library keep the memory that a step frees for the next step.

    Where all batches are padded to the longest, an LSTM's workspace is tens of megabytes. glibc
    returns such blocks to the system at once, and the next step pays for every page again, which
    took a fifth of the Keras example's epochs. Batches with little padding never need such blocks.
    At most a gigabyte is kept. Other C libraries are left alone.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    mallopt(M_MMAP_THRESHOLD, LARGEST)
    mallopt(M_TRIM_THRESHOLD, KEPT)


def refuse_too_much(prepared: Prepared, weights: int) -> None:
    """Raise a `MachineError` if training would need more memory than is free.

    Args:
        prepared: what to train on.
        weights: how many numbers the model has.
    """
    free = free_memory()
    if free is None:
        return
    config, pairs = prepared.config, prepared.training
    training, description = config.training, prepared.description
    # Weights, gradients and their two moments; a copy of the best weights, and maybe an average.
    needed = 4 * weights * (5 + (training.average is not None))
    # All but the gradients, twice while a checkpoint is made, which is between two steps.
    checkpoint = 4 * weights * 2 * (4 + (training.average is not None))
    symbols = len(description.sources), len(description.targets)
    batches = (
        # Any pairs may share a batch: it may be full, and have the longest source.
        [np.argsort(-pairs.sources.lengths)[: training.batch_size]]
        if training.count_padding
        else sorted_batches(pairs, training.batch_size, training.batch_characters)
    )
    held_out, characters = prepared.held_out, training.batch_characters
    # Scoring goes without gradients, but the refit trains on what was held out, too.
    shares = [
        (pairs, batches, 1),
        (held_out, sorted_batches(held_out, EVALUATION_BATCH, characters), 2),
    ]
    if training.refit:
        again = sorted_batches(held_out, training.batch_size, characters)
        shares.append((held_out, again, 1))
    heaviest, source, target = max(
        (batch_memory(config.model, len(rows), source, target, *symbols) // less, source, target)
        for some, dealt, less in shares
        for rows in dealt
        for source in [int(some.sources.lengths[rows].max())]
        for target in [some.target_width or int(some.targets.lengths[rows].max())]
    )
    taken = needed + max(heaviest, checkpoint)
    if taken > free:
        lead = (
            f"Most of it is for the model's {weights:,} weights: try a smaller --units or --layers"
            if needed + checkpoint > heaviest
            else f"Most of it is for sources of {source:,} symbols with targets of {target:,}:"
            " leave out such pairs with --max-length, or try a smaller --batch-size,"
            " --batch-characters or --units"
        )
        raise MachineError(
            f"training would take about {taken / 2**30:.1f} GiB of memory, but only"
            f" {free / 2**30:.1f} are free. {lead}"
        )


def batch_memory(
    model: ModelConfig, rows: int, source: int, target: int, read: int, symbols: int
) -> int:
    """Estimate, rather too high than too low, the bytes that a training step takes beside weights.

    Args:
        model: the model's shape.
        rows: pairs in the batch.
        source: symbols of the longest source.
        target: symbols of the longest target.
        read: the size of the source vocabulary.
        symbols: the size of the target vocabulary.
    """
    units = model.units
    # Gates and states, and the gradients of both, which oneDNN keeps in its workspace.
    layers = 12 * units * model.layers
    # One-hot vectors have an element for each symbol that occurs in the batch.
    heard = model.embedding or min(read, rows * source + ONE_HOT_STEP)
    encoder = rows * source * (layers + 7 * heard)
    decoder = rows * target * (layers + 4 * (model.embedding or symbols) + 5 * symbols)
    looking = 0
    if model.attention != "none":
        # Each layer of attention after the first has a recurrent layer of its own.
        size = max(units, model.attention_size or units)
        encoder += rows * source * (2 + 4 * model.attention_layers) * size
        decoder += rows * target * (20 * model.attention_layers - 12) * size
        score = 3 + (3 * units if model.attention == "additive" else 0)
        location = 4 * PATTERNS * model.location_aware * (model.attention_layers - 1)
        each = 5 + score * model.attention_layers + location + 12 * model.copying
        looking = rows * source * target * each
    return 4 * (encoder + decoder + looking)


def free_memory(group: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return how many bytes this process may still take, or None if the system does not report it.

    Args:
        group: the folder of the process's control group, which may have a limit of its own.
    """
    meminfo = Path("/proc/meminfo")
    if not meminfo.exists():
        return None
    fields = dict(line.split(":") for line in meminfo.read_text().splitlines() if ":" in line)
    free = int(fields.get("MemAvailable", fields["MemFree"]).split()[0]) * 1024
    with contextlib.suppress(OSError, ValueError):
        limit = int((group / "memory.max").read_text())
        taken = int((group / "memory.current").read_text())
        counts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        # Files that were read are counted too, but give way.
        free = min(free, limit - taken + int(counts.get("inactive_file", 0)))
    return free
