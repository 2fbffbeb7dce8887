"""Characters a second and latency of translating: charseq beside the Keras example and the floor.

    python -m benchmarks.translating [CORPUS] [--model FILE] [--train-epochs 6] [--rounds 3]

charseq trains a model by the preset `keras-example`, and the example's own loop translates with
the very same weights, in a process of its own, on Keras's JAX backend.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import charseq
from benchmarks.floor import matrix_product_rate, translating_floor
from benchmarks.report import machine, machine_line, spread, write_section
from charseq.config import CorpusConfig
from charseq.corpus import read_corpus
from charseq.interop.keras import export_keras
from charseq.modelfile import read_model

SENTENCES = 10_000
SIZES = (1, 32, SENTENCES)
WARM_UP = 5
# One more search is one more row.
SEARCHES: dict[str, dict[str, int]] = {"charseq, greedy": {}}
PEER = "Keras example, JAX backend"


@dataclass
class Measured:
    """What one contestant did.

    Attributes:
        rates: characters a second of each call, by the number of sentences in it.
        latencies: seconds of each call with one sentence.
        answers: what it answered to each source that was timed alone.
    """

    rates: dict[int, list[float]] = field(default_factory=lambda: {size: [] for size in SIZES})
    latencies: list[float] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    def add(self, texts: Sequence[str], answers: Sequence[str], seconds: float) -> None:
        """Note one call."""
        self.rates[len(texts)].append(sum(map(len, answers)) / seconds)
        if len(texts) == 1:
            self.latencies.append(seconds)
            self.answers[texts[0]] = answers[0]


def main() -> None:
    """Measure, print a table, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", default="fra-eng")
    parser.add_argument("--model", type=Path, help="by default, one is trained")
    parser.add_argument("--train-epochs", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repetitions", type=int, default=200, help="of one sentence, each round")
    chosen = parser.parse_args()
    pairs = read_corpus(chosen.corpus, CorpusConfig(limit=SENTENCES)).pairs
    texts = list(islice(cycle(pair.source for pair in pairs), SENTENCES))
    random.Random(1).shuffle(texts)  # The corpus is sorted by length.

    with tempfile.TemporaryDirectory() as folder:
        model = chosen.model or trained(chosen.corpus, chosen.train_epochs, Path(folder) / "run")
        archive = Path(folder) / "model.keras"
        export_keras(*read_model(model), archive)
        translator = charseq.load(model, device="cpu")
        answers = [each.hypothesis for each in translator.translate(texts)]
        alone = of_usual_length(texts, answers)[: chosen.repetitions]
        singles = list(islice(cycle(alone), chosen.repetitions))
        measured = {name: Measured() for name in (*SEARCHES, PEER)}
        before = matrix_product_rate()
        for number in range(chosen.rounds):
            for name, search in SEARCHES.items():
                time_charseq(translator, search, singles, texts, measured[name])
            time_keras(archive, singles, measured[PEER])
            for name, each in measured.items():
                print(f"round {number + 1}: {name}: {spread(milliseconds(each))} ms", flush=True)

    best_rate = max(before, matrix_product_rate())
    floor = Floor(translator, dict(zip(texts, answers, strict=True)), best_rate)
    rate_of_peer = statistics.median(measured[PEER].rates[1])
    greedy, peer = measured["charseq, greedy"].answers, measured[PEER].answers
    same = sum(greedy[text] == answer for text, answer in peer.items())
    where = machine()
    lines = [
        "## Translating: characters a second, and latency",
        "",
        "One model of the Keras example's shape (256 units, one-hot characters), trained by"
        " charseq, in both; characters written, their end not counted. *1 sentence*: sources of"
        f" 14 characters with answers of 18 to 22, {len(alone)} of them in turn; *32 sentences*"
        f" and *{SENTENCES:,} sentences*: the corpus's first, shuffled, in one call. The example"
        " translates one sentence at a time, however many there are. Thousands of characters a"
        f" second: median (least – most) of the calls of {chosen.rounds} rounds; × is the median"
        " beside the example's. The floor: the matrix products of the same characters alone,"
        f" without padding, at the best rate measured in the same run, {best_rate / 1e9:.0f}"
        " GFLOP/s.",
        "",
        f"| | 1 sentence | × | 32 sentences | × | {SENTENCES:,} sentences | ×"
        " | latency p50, ms | p99, ms |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(row(name, each, rate_of_peer) for name, each in measured.items()),
        floor.row(singles, texts, rate_of_peer),
        "",
        f"charseq and the example answer the same to {same} of {len(peer)} sources.",
        "",
        f"Command: `python -m benchmarks.translating fra-eng --train-epochs {chosen.train_epochs}"
        f" --rounds {chosen.rounds} --repetitions {chosen.repetitions}`, with the release of"
        f" 2017-09-29. {machine_line(where)}",
    ]
    print("\n".join(lines))
    figures = {
        name: {"characters_per_second": each.rates, "latencies": each.latencies}
        for name, each in measured.items()
    }
    write_section(
        "translating",
        lines,
        {"machine": where, "matrix_product_rate": floor.rate, "same_answers": same, **figures},
    )


def trained(corpus: str, epochs: int, run: Path) -> Path:
    """Train as the Keras example does and return the model's file."""
    charseq.train(corpus, preset="keras-example", epochs=epochs, run=run, device="cpu")
    return run / "model.safetensors"


def of_usual_length(texts: Sequence[str], answers: Sequence[str]) -> list[str]:
    """Return the sources of 14 characters whose answers have 18 to 22."""
    found = [
        text
        for text, answer in zip(texts, answers, strict=True)
        if len(text) == 14 and 18 <= len(answer) <= 22
    ]
    if not found:
        sys.exit("no source of 14 characters has an answer of 18 to 22: train for longer")
    return list(dict.fromkeys(found))


def time_charseq(
    translator: charseq.Translator,
    search: dict[str, int],
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
        start = 32 * number % (len(texts) - 31)
        yield texts[start : start + 32]
    yield texts


def time_keras(archive: Path, singles: Sequence[str], measured: Measured) -> None:
    """Time the Keras example's loop; what it does with one sentence it does with many."""
    job = {"archive": str(archive), "sentences": singles, "warm_up": WARM_UP}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.translating_keras"],
        input=json.dumps(job),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for text, line in zip(singles, done.stdout.splitlines(), strict=True):
        took = json.loads(line)
        measured.add([text], [took["answer"]], took["seconds"])


def milliseconds(measured: Measured) -> list[float]:
    """Return the latencies in milliseconds."""
    return [1_000 * seconds for seconds in measured.latencies]


def row(name: str, measured: Measured, rate_of_peer: float) -> str:
    """Return a contestant's row of the table."""
    cells = []
    for rates in measured.rates.values():
        # The example has one rate, whatever the number of sentences.
        own = rates or measured.rates[1]
        thousands = spread([rate / 1_000 for rate in own])
        cells += [thousands, f"{statistics.median(own) / rate_of_peer:.1f}"]
    ordered = sorted(milliseconds(measured))
    late = [ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.99)]
    cells += [f"{latency:.2f}" for latency in late]
    return f"| {name} | {' | '.join(cells)} |"


@dataclass(frozen=True)
class Floor:
    """The least time that the model's matrix products take.

    Attributes:
        translator: whose model it is.
        answers: its answer to each source.
        rate: operations a second.
    """

    translator: charseq.Translator
    answers: dict[str, str]
    rate: float

    def row(self, singles: Sequence[str], texts: Sequence[str], rate_of_peer: float) -> str:
        """Return the floor's row of the table."""
        rates = [self._characters(each) / self._seconds(each) for each in (singles, texts, texts)]
        latency = 1_000 * self._seconds(singles) / len(singles)
        cells = [f"{rate / 1_000:.2f} | {rate / rate_of_peer:.1f}" for rate in rates]
        return f"| floor | {' | '.join(cells)} | {latency:.2f} | |"

    def _characters(self, texts: Sequence[str]) -> int:
        return sum(len(self.answers[text]) for text in texts)

    def _seconds(self, texts: Sequence[str]) -> float:
        description = self.translator.description
        return translating_floor(
            description.config.units,
            sum(map(len, texts)),
            # Each answer's end is a prediction too.
            self._characters(texts) + len(texts),
            len(description.targets),
            rate=self.rate,
        )


if __name__ == "__main__":
    main()
