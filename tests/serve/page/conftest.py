"""The page of a real service with small models, in a real browser."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright
from tests.serve.page.reading import Opener
from tests.serve.page.running import running

import charseq
from charseq import Translator
from charseq.corpus import Corpus, Pair
from charseq.serve import ServedModel
from charseq.text import Input

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
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


# Playwright keeps an event loop running in this thread, which no other module's tests may see.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        reason = "there is no chromium on the PATH to open the page in"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


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
    """Opens the page, and sees to it that nothing is asked of others and nothing goes wrong."""
    foreign: list[str] = []
    errors: list[str] = []
    contexts = []

    def note_request(request: Request) -> None:
        if not request.url.removeprefix("blob:").startswith(address):
            foreign.append(request.url)

    def open_it(fragment: str = "", prepare: Preparation | None = None, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("request", note_request)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: message.type in ("error", "warning") and errors.append(message.text),
        )
        if prepare is not None:
            prepare(page)
        page.goto(address + fragment)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert not foreign
    # The browser notes every answer that is an error; what the page makes of them is tested.
    assert not [each for each in errors if not each.startswith("Failed to load resource")]
