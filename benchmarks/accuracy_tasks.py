"""The tasks that charseq's accuracy is measured on, and what each is to reach."""

import random
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# Of the 142,787 pairs, the sources whose pairs are kept for testing.
TEST_SHARE = 0.02
SHUFFLE = 2017


@dataclass(frozen=True)
class Target:
    """One figure of `charseq evaluate --json` and where it should be.

    Attributes:
        metric: its name there.
        bound: the least, or for an error rate the largest, value.
        published: what others reached, in words.
    """

    metric: str
    bound: float
    published: str = ""

    @property
    def is_error(self) -> bool:
        """Whether less is better."""
        return self.metric.endswith("error_rate")


@dataclass(frozen=True)
class Task:
    """A training file, a file to evaluate on, and what is expected.

    Attributes:
        name: as the command line and the table have it.
        training: the file that `charseq train` gets, all held-out pairs drawn from it.
        test: the file that `charseq evaluate` gets, and nothing else.
        options: of the training command.
        targets: what is to be reached.
        minutes: what the training may take on two cores.
        seeds: how many runs, with the seeds from 1.
    """

    name: str
    training: Path
    test: Path
    options: Sequence[str]
    targets: Sequence[Target]
    minutes: float
    seeds: int = 3


def tasks(data: Path, scratch: Path) -> Iterator[Task]:
    """Yield the tasks of a folder of data; what has to be cut out of it goes to `scratch`.

    Args:
        data: with `g2p/`, `inflection/` and `fra-eng.zip`, as the SIGMORPHON shared tasks and
            manythings.org/anki give them.
        scratch: an existing folder.
    """
    voted = "voted edit transducers"
    for language, bound, published, minutes, seeds in (
        ("ice", 22, f"11 ({voted})", 3, 3),
        ("rum", 14, f"10 ({voted})", 3, 3),
        ("lav", 50, f"41 ({voted})", 3, 3),
        ("fre", 8.5, f"7.4 ({voted})", 10, 3),
        ("kor", 20, f"18.4 ({voted})", 10, 3),
        ("hun", 2, f"1.5 ({voted})", 10, 3),
        ("eng_us", 44, f"45.1 ({voted})", 45, 1),
    ):
        yield Task(
            language,
            data / "g2p" / f"{language}_train.tsv",
            data / "g2p" / f"{language}_dev.tsv",
            ("--target-separator", " "),
            (Target("word_error_rate", bound, published),),
            minutes,
            seeds,
        )
    for language, bound, published in (
        ("turkish", 0.88, "0.84–0.89 (yoyodyne's fixture)"),
        ("german", 0.75, "0.647 rules, 0.828 best system, over 52 languages"),
    ):
        yield Task(
            language,
            data / "inflection" / f"{language}-train-medium.tsv",
            data / "inflection" / f"{language}-dev.tsv",
            ("--features-column", "3"),
            (Target("exact_match", bound, published),),
            4,
        )
    yield from _translation(data, scratch)


def _translation(data: Path, scratch: Path) -> Iterator[Task]:
    with zipfile.ZipFile(data / "fra-eng.zip") as archive:
        lines = archive.read("fra.txt").decode().splitlines()
    example = (
        Target("exact_match", 0.015, "0.0008 (the Keras example, 100 epochs)"),
        Target("character_error_rate", 0.58, "0.668 (the Keras example, 100 epochs)"),
    )
    yield Task(
        "example",
        _written(scratch / "example-train.tsv", lines[:8_000]),
        _written(scratch / "example-test.tsv", lines[8_000:10_000]),
        (),
        example,
        # A fifth of the Keras example's 100 epochs of 17 s.
        5.7,
    )
    sources = sorted({line.split("\t")[0] for line in lines})
    random.Random(SHUFFLE).shuffle(sources)
    kept = set(sources[: round(TEST_SHARE * len(sources))])
    yield Task(
        "english-french",
        _written(
            scratch / "english-french-train.tsv",
            [line for line in lines if line.split("\t")[0] not in kept],
        ),
        _written(
            scratch / "english-french-test.tsv",
            [line for line in lines if line.split("\t")[0] in kept],
        ),
        (),
        (Target("exact_match", 0.12), Target("chrf", 52), Target("bleu", 30)),
        60,
        1,
    )


def _written(path: Path, lines: Sequence[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
