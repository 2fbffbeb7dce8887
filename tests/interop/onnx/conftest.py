"""Models of every kind that answers differ by, really trained, each with its export."""

import itertools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.conftest import ATTENTIVE

import charseq
from charseq import Translator, runtime
from charseq.interop.onnx import Precision, export


class Both(NamedTuple):
    """A model in PyTorch and its export, and what they are asked.

    Attributes:
        own: the model.
        exported: its export, as a file was loaded.
        texts: sources, some of them with symbols that the model never saw.
        targets: some targets, as many.
        conditions: the features and languages of the texts.
        prefix: what answers may begin with.
    """

    own: Translator
    exported: runtime.Translator
    texts: list[str]
    targets: list[str]
    conditions: dict[str, Any]
    prefix: str


def exported(model: Translator, folder: Path, precision: Precision = "float32") -> Path:
    """Save a model, export it, write the export, and return where that is."""
    model.save(folder / "model.safetensors")
    made = export(folder / "model.safetensors", precision=precision, force=True)
    path = folder / f"{precision}.onnx"
    path.write_bytes(made.content)
    return path


SMALL = {**ATTENTIVE, "epochs": 6, "learning_rate": 0.01, "patience": None, "refit": False}


def conjugator(folder: Path) -> Translator:
    """Words in two languages with two features, which say what becomes of them."""
    words = [a + b + c for a in "abcd" for b in "efg" for c in "hijk"]
    endings = {("L1", "SG"): "a", ("L1", "PL"): "is", ("L2", "SG"): "o", ("L2", "PL"): "um"}
    lines = [
        f"{word}\t{word}{ending}\t{number}\t{language}\n"
        for word in words
        for (language, number), ending in endings.items()
    ]
    path = folder / "forms.tsv"
    path.write_text("".join(lines), encoding="utf-8")
    columns = {"features_column": 3, "language_column": 4}
    return charseq.train(path, run=folder / "run", copying=True, **columns, **SMALL)


def clustered(folder: Path) -> Translator:
    """Letters with accents that stand in clusters of their own."""
    draw = random.Random(5)
    letters = ["a", "e\u0301", "g\u0308", "n\u0303\u0301", "👩‍🚀", "o"]
    words = {"".join(draw.choices(letters, k=draw.randint(1, 5))) for _ in range(150)}
    pairs = [(word, word[:1] + word) for word in sorted(words)]
    return charseq.train(pairs, run=folder / "run", symbols="graphemes", **SMALL)


def hangul(folder: Path) -> Translator:
    """Syllables that are read and written letter by letter."""
    draw = random.Random(6)
    syllables = [chr(code) for code in range(0xAC00, 0xAC00 + 5_880, 147)]
    words = {"".join(draw.choices(syllables, k=draw.randint(1, 3))) for _ in range(150)}
    return charseq.train(
        [(word, word[::-1]) for word in sorted(words)], run=folder / "run", **SMALL
    )


def spaced(folder: Path) -> Translator:
    """Letters with spaces between them, as between the words before: nothing there is a symbol."""
    draw = random.Random(7)
    words = ["".join(draw.choices("abcdef", k=draw.randint(1, 3))) for _ in range(150)]
    texts = sorted({f"{a} {b}" for a, b in itertools.pairwise(words)})
    pairs = [(text, " ".join(text.replace(" ", ""))) for text in texts]
    return charseq.train(pairs, run=folder / "run", target_separator=" ", copying=True, **SMALL)


def worded(folder: Path, target_separator: str | None) -> Translator:
    """Words as symbols on the source's side, and letters or other words on the target's."""
    draw = random.Random(8)
    words = [draw.choices("abcdef", k=draw.randint(1, 4)) for _ in range(150)]
    pairs = sorted({(" ".join(word), (target_separator or "").join(word)) for word in words})
    separators = {"source_separator": " ", "target_separator": target_separator}
    return charseq.train(pairs, run=folder / "run", copying=True, **separators, **SMALL)


def both_of(kind: str, request: pytest.FixtureRequest, folder: Path) -> Both:
    """Make a model of a kind, and its export."""
    fixtures = {"toy": "toy_translator", "speaker": "speaker", "copier": "copier"}
    makers: dict[str, Callable[[Path], Translator]] = {
        "conjugator": conjugator,
        "clustered": clustered,
        "hangul": hangul,
        "spaced": spaced,
        "worded": lambda folder: worded(folder, None),
        "apart": lambda folder: worded(folder, "|"),
    }
    own = request.getfixturevalue(fixtures[kind]) if kind in fixtures else makers[kind](folder)
    texts, targets, prefix = {
        "toy": (["abcd", "d", "", "bxb", "abcab", "cc"], ["DCBA", "A", "", "BxB", "B", "DC"], "D"),
        "speaker": (["fad", "é", "abcdef", "zz", "ca"], ["ʃ aː", "e", "k", "x", ""], "t͡ʃ k"),
        "copier": (["agl", "bжn", "cio", "🙂🙂", "f"], ["agls", "bжns", "c", "🙂", "ж"], "ag"),
        "conjugator": (["afh", "deж", "cgk", "b"], ["afha", "deжum", "cgk", ""], "a"),
        "clustered": (
            ["ae\u0301", "n\u0303\u0301g\u0308", "👩‍🚀o", "é\u0323a"],
            ["aae\u0301", "n\u0303\u0301", "👩‍🚀", "x"],
            "a",
        ),
        "spaced": (["ab cd", "f жa", "b  c", "ж"], ["a b c d", "f ж a", "b c", ""], "a"),
        "worded": (["a b", "xy xy xy", "a zz b", "ж"], ["ab", "xy", "azzb", ""], "a"),
        "apart": (["a b", "|e x|y x|y d", "a || b", "ж f"], ["a|b", "e", "a|b", ""], "a"),
        "hangul": (["가", "곣각", "값", "가a"], ["가", "각곣", "a", ""], "가"),
    }[kind]
    conditions = {}
    if kind == "conjugator":
        conditions = {"features": ["SG", "PL", "PL", "DUAL"], "language": ["L1", "L2", "L1", "L3"]}
    return Both(own, runtime.load(exported(own, folder)), texts, targets, conditions, prefix)


@pytest.fixture(
    scope="session",
    params=[
        "toy",
        "speaker",
        "copier",
        "conjugator",
        "clustered",
        "hangul",
        "spaced",
        "worded",
        "apart",
    ],
)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """A model and its export."""
    return both_of(request.param, request, tmp_path_factory.mktemp(request.param))
