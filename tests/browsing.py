"""A real browser, and what the tests of all pages read off them."""

import math
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

NewPage = Callable[..., Page]
"""Makes a page that shows nothing yet, with a context's options."""

NARROW = "\u202f"


def lacking(reason: str) -> NoReturn:
    """What a test needs is not there: it is left out, but where nobody would notice."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def launched() -> Iterator[Browser]:
    """Run the Chromium that is on the PATH."""
    chromium = shutil.which("chromium")
    if chromium is None:
        lacking("there is no chromium on the PATH to open the page in")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def watched(browser: Browser, address: str) -> Iterator[NewPage]:
    """Yield what makes pages, and see to it that they ask nothing of others, and nothing fails."""
    foreign: list[str] = []
    errors: list[str] = []
    contexts: list[BrowserContext] = []

    def note(request: Request) -> None:
        if not request.url.removeprefix("blob:").startswith(address):
            foreign.append(request.url)

    def new_page(**options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        context.on("request", note)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: message.type in ("error", "warning") and errors.append(message.text),
        )
        return page

    yield new_page
    for context in contexts:
        context.close()
    assert not foreign
    # The browser notes what it was kept from; what the page makes of that is tested.
    kept_from = ("Failed to load resource", "Service Worker registration blocked")
    assert not [each for each in errors if not each.startswith(kept_from)]


def percent(probability: float) -> str:
    """Return a probability as the page writes it."""
    hundredths = 100 * probability
    if 0 < hundredths < 0.1:
        return f"<{NARROW}0.1{NARROW}%"
    if 99.9 < hundredths < 100:
        return f">{NARROW}99.9{NARROW}%"
    digits = 1 if hundredths < 10 or 99 < hundredths < 100 else 0
    return f"{hundredths:.{digits}f}{NARROW}%"


def shares(texts: list[str]) -> list[float]:
    """Return the probabilities that percentages say, as numbers that can be compared roughly."""
    return [float(each.strip("<>%" + NARROW)) / 100 for each in texts]


def weights_shown(page: Page) -> list[float]:
    """Return how strongly each source symbol is shaded, from 0 to 1."""
    shaded = page.locator("#read-symbols .tile").evaluate_all(
        "tiles => tiles.map((tile) => Number(tile.style.getPropertyValue('--weight')))"
    )
    return [float(each) for each in shaded]


def is_near(shown: float, true: float) -> bool:
    """Return whether a rounded percentage stands for a probability."""
    return math.isclose(shown, true, abs_tol=0.006)
