"""Characters a second and latency of translating: charseq beside the Keras example and the floor.

    python -m benchmarks.translating [CORPUS] [--model FILE] [--train-epochs 20] [--rounds 3]

charseq trains a model by the preset `keras-example`, and the example's own loop translates with
the very same weights, in a process of its own, on Keras's JAX backend.
"""

import argparse
import random
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import charseq
from benchmarks.floor import matrix_product_rate, translating_floor
from benchmarks.report import machine, machine_line, spread, write_section
from benchmarks.translating_contestants import (
    SOME,
    Measured,
    milliseconds,
    time_charseq,
    time_keras,
)
from charseq.answering import BaseTranslator
from charseq.config import CorpusConfig
from charseq.corpus import read_corpus
from charseq.interop.keras import export_keras
from charseq.modelfile import read_model

SENTENCES = 10_000
SEARCHES: dict[str, dict[str, int]] = {"charseq, greedy": {}, "charseq, beam 5": {"beam": 5}}
PEER = "Keras example, JAX backend"


def main() -> None:
    """Measure, print a table, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", default="fra-eng")
    parser.add_argument("--model", type=Path, help="by default, one is trained")
    parser.add_argument("--train-epochs", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repetitions", type=int, default=200, help="of one sentence, each round")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = chosen.model or trained(chosen.corpus, chosen.train_epochs, Path(folder) / "run")
        archive = Path(folder) / "model.keras"
        export_keras(*read_model(model), archive)
        translator = charseq.load(model, device="cpu")
        texts = sources(chosen.corpus, translator)
        answers, *others = (
            [each.hypothesis for each in translator.translate(texts, beam=search.get("beam", 1))]
            for search in SEARCHES.values()
        )
        alone = of_usual_length(texts, answers, *others)[: chosen.repetitions]
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
        f" 14 characters with answers of 18 to 22 by both searches, {len(alone)} of them in turn;"
        f" *32 sentences* and *{len(texts):,} sentences*: the corpus's first different sources,"
        f" shuffled, in one call, with answers of {mean_length(answers):.1f} characters on average"
        f" by the greedy search and {mean_length(*others):.1f} by the beam. The example translates"
        " one at a time, however many there are. Thousands of"
        " characters a second: median (least – most) of the calls of"
        f" {chosen.rounds} rounds; × is the median beside the example's. The floor: the matrix"
        " products of the same characters alone, without padding, at the best rate measured in"
        f" the same run, {best_rate / 1e9:.0f} GFLOP/s.",
        "",
        f"| | 1 sentence | × | 32 sentences | × | {len(texts):,} sentences | ×"
        " | latency p50, ms | p99, ms |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(row(name, each, len(texts), rate_of_peer) for name, each in measured.items()),
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


def sources(corpus: str, translator: BaseTranslator, most: int = SENTENCES) -> list[str]:
    """Return a corpus's first sources, each once, that hold no character unknown to the model."""
    pairs = read_corpus(corpus, CorpusConfig()).pairs
    unknown = translator.description.sources.unknown_symbols
    # Each once: equal texts of one call need to be translated only once.
    known = (text for text in dict.fromkeys(pair.source for pair in pairs) if not unknown(text))
    texts = list(islice(known, most))
    random.Random(1).shuffle(texts)  # The corpus is sorted by length.
    return texts


def of_usual_length(texts: Sequence[str], *answers: Sequence[str]) -> list[str]:
    """Return the sources of 14 characters whose answers, in each list of them, have 18 to 22."""
    found = [
        text
        for text, *each in zip(texts, *answers, strict=True)
        if len(text) == 14 and all(18 <= len(answer) <= 22 for answer in each)
    ]
    if not found:
        sys.exit("no source of 14 characters has an answer of 18 to 22: train for longer")
    return list(dict.fromkeys(found))


def mean_length(answers: Sequence[str]) -> float:
    """Return how many characters answers have on average."""
    return sum(map(len, answers)) / len(answers)


def row(name: str, measured: Measured, most: int, rate_of_peer: float) -> str:
    """Return a contestant's row of the table."""
    cells = []
    for size in (1, SOME, most):
        # The example has one rate, whatever the number of sentences.
        own = measured.rates[size] or measured.rates[1]
        thousands = spread([rate / 1_000 for rate in own])
        cells += [thousands, f"{statistics.median(own) / rate_of_peer:.1f}"]
    percentiles = statistics.quantiles(milliseconds(measured), n=100, method="inclusive")
    cells += [f"{percentiles[share - 1]:.2f}" for share in (50, 99)]
    return f"| {name} | {' | '.join(cells)} |"


@dataclass(frozen=True)
class Floor:
    """The least time that the model's matrix products take.

    Attributes:
        translator: whose model it is.
        answers: its answer to each source.
        rate: operations a second.
    """

    translator: BaseTranslator
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
