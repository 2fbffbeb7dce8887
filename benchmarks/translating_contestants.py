"""What is timed when translating, the same for charseq and for the Keras example's loop."""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from charseq.answering import BaseTranslator

SOME = 32
WARM_UP = 5


@dataclass
class Measured:
    """What one contestant did.

    Attributes:
        rates: characters a second of each call, by the number of sentences in it.
        latencies: seconds of each call with one sentence.
        answers: what it answered to each source that was timed alone.
    """

    rates: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    latencies: list[float] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    def add(self, texts: Sequence[str], answers: Sequence[str], seconds: float) -> None:
        """Note one call."""
        self.rates[len(texts)].append(sum(map(len, answers)) / seconds)
        if len(texts) == 1:
            self.latencies.append(seconds)
            self.answers[texts[0]] = answers[0]


def time_charseq(
    translator: BaseTranslator,
    search: Mapping[str, Any],
    singles: Sequence[str],
    texts: Sequence[str],
    measured: Measured,
) -> None:
    """Time charseq on one sentence, on 32 and on all."""
    for batch in islice(calls(singles, texts), WARM_UP):
        translator.translate(batch, **search)
    for batch in calls(singles, texts):
        began = time.perf_counter()
        found = translator.translate(batch, **search)
        seconds = time.perf_counter() - began
        measured.add(batch, [each.hypothesis for each in found], seconds)


def calls(singles: Sequence[str], texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the sentences of every call: each alone, as many times 32, all at once."""
    yield from ([text] for text in singles)
    for number in range(len(singles)):
        start = SOME * number % max(1, len(texts) - SOME)
        yield texts[start : start + SOME]
    yield texts


def time_keras(archive: Path, singles: Sequence[str], measured: Measured) -> None:
    """Time the Keras example's loop; what it does with one sentence it does with many."""
    job = {"archive": str(archive), "sentences": singles, "warm_up": WARM_UP}
    # On a GPU, JAX would take most of the memory, and charseq waits beside it.
    environment = {**os.environ, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.translating_keras"],
        input=json.dumps(job),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=environment,
    )
    for text, line in zip(singles, done.stdout.splitlines(), strict=True):
        took = json.loads(line)
        measured.add([text], [took["answer"]], took["seconds"])


def milliseconds(measured: Measured) -> list[float]:
    """Return the latencies in milliseconds."""
    return [1_000 * seconds for seconds in measured.latencies]
