import itertools
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

import charseq

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from charseq import Translator

# Timings say nothing on a busy machine.
hypothesis.settings.register_profile("charseq", deadline=None)
hypothesis.settings.load_profile("charseq")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that is too large to live beside the code."""
    folder = os.environ.get("CHARSEQ_TEST_DATA")
    if not folder:
        pytest.skip("CHARSEQ_TEST_DATA does not name the folder of the shared data")
    return Path(folder)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or fills the user's cache, and none reaches the network by accident."""
    monkeypatch.setenv("CHARSEQ_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("CHARSEQ_CORPUS_MIRROR", "http://127.0.0.1:9")


# Playwright keeps an event loop running in this thread, which no other module's tests may see.
@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A real browser to open pages in."""
    from tests.browsing import launched

    with launched() as browser:
        yield browser


TOY_LETTERS = "abcd"

PLAIN = {
    "attention": "none",
    "bidirectional": False,
    "embedding": None,
    "dropout": 0,
    "symbol_dropout": 0,
    "batch_size": 64,
    "schedule": "constant",
    "label_smoothing": 0,
    "refit": False,
}
"""The Keras example's architecture, and a training that soon learns toy tasks by heart."""

ATTENTIVE = {"bidirectional": True, "attention": "dot", "embedding": 16, "units": 48}
"""A small model that looks back."""


@pytest.fixture(scope="session")
def toy_pairs() -> list[tuple[str, str]]:
    """Words and the same words reversed, in capitals: easy, and every symbol matters."""
    words = ("".join(w) for n in range(1, 6) for w in itertools.product(TOY_LETTERS, repeat=n))
    return [(word, word[::-1].upper()) for word in words]


@pytest.fixture(scope="session")
def toy_translator(
    toy_pairs: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> "Translator":
    """A translator that has really learnt the toy task, in a few seconds."""
    return charseq.train(
        toy_pairs,
        run=tmp_path_factory.mktemp("runs") / "toy",
        units=64,
        epochs=16,
        learning_rate=0.005,
        held_out_maximum=150,
        **PLAIN,
    )


SOUNDS = {"a": "aː", "b": "t͡ʃ", "c": "k", "é": "e", "d": "d", "f": "ʃ"}


@pytest.fixture(scope="session")
def spoken_pairs() -> list[tuple[str, str]]:
    """Words and their sounds, one for each letter: where a sound comes from is plain."""
    draw = random.Random(3)
    words = {"".join(draw.choices(list(SOUNDS), k=draw.randint(2, 6))) for _ in range(260)}
    return [(word, " ".join(SOUNDS[letter] for letter in word)) for word in sorted(words)[:200]]


@pytest.fixture(scope="session")
def speaker(
    spoken_pairs: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> "Translator":
    """A translator with attention that has really learnt the sounds of words, in two seconds."""
    return charseq.train(
        spoken_pairs,
        run=tmp_path_factory.mktemp("runs") / "speaker",
        target_separator=" ",
        attention="general",
        embedding=16,
        units=32,
        epochs=15,
        batch_size=16,
        learning_rate=0.01,
        patience=None,
        held_out_decoded=20,
    )


@pytest.fixture(scope="session")
def copier(tmp_path_factory: pytest.TempPathFactory) -> "Translator":
    """Words with an ending: all but the ending is copied."""
    words = [a + b + c for a in "abcdef" for b in "ghijk" for c in "lmnop"]
    return charseq.train(
        [(word, word + "s") for word in words],
        run=tmp_path_factory.mktemp("runs") / "copier",
        copying=True,
        epochs=25,
        learning_rate=0.01,
        unknown_rate=0.05,
        patience=None,
        **ATTENTIVE,
    )
