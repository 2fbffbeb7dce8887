"""How probable given answers are: whole targets at once, by teacher forcing."""

import math
from collections.abc import Sequence
from itertools import compress

import torch

from charseq.batching import (
    EncodedPairs,
    Rows,
    encode_conditions,
    encode_sources,
    encode_targets,
)
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription
from charseq.search.batches import MOST_SYMBOLS, in_batches
from charseq.text import Input

# The logits of a batch are all there at once; so many take 64 MiB.
MOST_LOGITS = 2**24


def score_pairs(
    model: Seq2Seq,
    description: ModelDescription,
    inputs: Sequence[Input],
    targets: Sequence[str],
) -> list[float]:
    """Return the log-probability of each target, its end symbol included, given its input.

    It is what a search finds for the same answer, unless that was cut. A target with a symbol that
    the target vocabulary lacks cannot be written: its log-probability is minus infinity. A source
    without symbols is surely answered with nothing.

    Args:
        model: on the device where the work is done.
        description: of that model.
        inputs: the sources of the pairs, with their features and languages.
        targets: one for each of them.
    """
    reads, writes = description.sources, description.targets
    filled = [bool(reads.spelling.symbols(each.source)) for each in inputs]
    plain = list(compress(inputs, filled))
    sources = encode_sources([each.source for each in plain], reads, description.config)
    pairs = EncodedPairs(
        encode_conditions(plain, reads).followed_by(sources),
        encode_targets(list(compress(targets, filled)), writes),
        fill=writes.frame[1],
    )
    unseen = writes.unseen
    device = next(model.parameters()).device

    def scored(rows: Rows) -> list[float]:
        batch = pairs.batch(rows).to(device)
        logits = model(batch)
        following = batch.targets[:, 1:]
        # The id of an unseen symbol may be one more than there are logits.
        chosen = logits.gather(2, following.masked_fill(following == unseen, 0)[:, :, None])
        gains = chosen[:, :, 0] - logits.logsumexp(dim=2)
        gains = gains.masked_fill(following == unseen, -torch.inf).masked_fill(~batch.mask, 0)
        totals: list[float] = gains.sum(dim=1).tolist()
        return totals

    scores = iter(
        in_batches(
            scored,
            pairs.sources.lengths,
            pairs.targets.lengths,
            device=device,
            most_symbols=min(MOST_SYMBOLS, MOST_LOGITS // len(writes)),
        )
    )
    return [
        next(scores) if some else -math.inf if writes.spelling.symbols(target) else 0.0
        for some, target in zip(filled, targets, strict=True)
    ]
