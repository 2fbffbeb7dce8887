"""The page of a real service with small models, in a real browser."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.browsing import watched
from tests.serve.page.reading import Opener
from tests.serve.page.running import running

import charseq
from charseq import Translator
from charseq.corpus import Corpus, Pair
from charseq.serve import ServedModel
from charseq.text import Input

CARD = """# Model card: sounds\\_<b>

<img src=x onerror=alert(1)> **<script>alert(2)</script>**

| `metric` | <i>value</i> |
| --- | --- |
| exact match | 80.00% |
"""

Preparation = Callable[[Page], object]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


ARABIC = {"a": "بَ", "b": "تُ", "c": "مِ"}


@pytest.fixture(scope="session")
def scribe(tmp_path_factory: pytest.TempPathFactory) -> Translator:
    """A translator of two languages and some features: to pointed Arabic, and to capitals."""
    words = ("".join(word) for n in (1, 2, 3) for word in itertools.product(ARABIC, repeat=n))
    pairs = []
    for word in words:
        for number, ending in (("SG", ""), ("PL", " S")):
            pointed = "".join(ARABIC[letter] for letter in word)
            pairs.append(Pair(word, pointed, ("N", number), "arabic"))
            pairs.append(Pair(word, word.upper() + ending, ("N", number), "latin"))
    return charseq.train(
        Corpus("scribe", tuple(pairs)),
        held_out=Corpus("scribe", tuple(pairs)),
        run=tmp_path_factory.mktemp("runs") / "scribe",
        attention="general",
        embedding=16,
        units=48,
        epochs=30,
        batch_size=8,
        learning_rate=0.01,
        patience=None,
        keep="last",
    )


@pytest.fixture(scope="session")
def translators(
    speaker: Translator, scribe: Translator, toy_translator: Translator
) -> Mapping[str, Translator]:
    """The models by their names, in the order in which the page offers them."""
    return {"sounds": speaker, "scribe": scribe, "toy": toy_translator}


@pytest.fixture(scope="session")
def address(translators: Mapping[str, Translator]) -> Iterator[str]:
    """Where the service runs."""
    told: dict[str, dict[str, Any]] = {
        "sounds": {"card": CARD, "examples": (Input("abc"), Input("fadé"))},
        "scribe": {"examples": (Input("cab", ("N", "PL"), "latin"),)},
        "toy": {},
    }
    models = [ServedModel(name, each, **told[name]) for name, each in translators.items()]
    with running(models) as address:
        yield address


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Opener]:
    """Opens the page."""
    with watched(browser, address) as new_page:

        def open_it(fragment: str = "", prepare: Preparation | None = None, **options: Any) -> Page:
            page = new_page(**options)
            if prepare is not None:
                prepare(page)
            page.goto(address + fragment)
            return page

        yield open_it
