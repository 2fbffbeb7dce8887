"""From a file to an epoch's batches, in a process of its own; prints each part's seconds as JSON.

python -m benchmarks.scale_reading CORPUS
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from charseq.batching import EncodedPairs, bucketed_batches
from charseq.config import RunConfig
from charseq.corpus import read_corpus, split_corpus
from charseq.encoding import encode_sources, encode_targets
from charseq.text import Vocabulary


def main(name: str) -> None:
    """Read, split, build the vocabularies, encode, and deal one epoch."""
    config = RunConfig()
    parts: dict[str, float] = {}

    @contextmanager
    def timed(part: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        parts[part] = time.perf_counter() - began

    with timed("reading"):
        corpus = read_corpus(name, config.corpus)
    with timed("splitting"):
        pairs = split_corpus(corpus, config.training).training
    with timed("vocabularies"):
        sources = Vocabulary.of_sources(pair.source for pair in pairs)
        targets = Vocabulary.of_targets(pair.target for pair in pairs)
    with timed("encoding"):
        encoded = EncodedPairs(
            encode_sources([pair.source for pair in pairs], sources, config.model),
            encode_targets([pair.target for pair in pairs], targets),
            fill=targets.frame[1],
        )
    with timed("bucketing"):
        for rows in bucketed_batches(encoded, config.training.batch_size, np.random.default_rng(1)):
            encoded.batch(rows)
    print(json.dumps(parts))


if __name__ == "__main__":
    main(sys.argv[1])
