"""What the tests read off the page, and what they compare it with."""

import math
from typing import Any

from playwright.sync_api import Page, Route, expect

NARROW = "\u202f"


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


def type_text(page: Page, text: str) -> None:
    """Type a text into the empty field, and wait until all of its answer is there."""
    source = page.get_by_label("Source")
    source.fill("")
    with page.expect_response(lambda answer: '"n_best"' in (answer.request.post_data or "")):
        source.press_sequentially(text)
    expect(page.locator("#alternatives.stale")).to_have_count(0)


def answer_of(page: Page) -> str:
    """Return the answer that is shown."""
    return page.locator("#answer").text_content() or ""


def fulfil(route: Route, status: int, body: Any, **headers: str) -> None:
    """Answer in the service's place."""
    route.fulfill(status=status, json=body, headers=headers)


def refuse(route: Route, status: int, kind: str, message: str, **headers: str) -> None:
    """Refuse in the service's place."""
    fulfil(route, status, {"error": {"kind": kind, "message": message}}, **headers)


def weights_shown(page: Page) -> list[float]:
    """Return how strongly each source symbol is shaded, from 0 to 1."""
    shaded = page.locator("#read-symbols .tile").evaluate_all(
        "tiles => tiles.map((tile) => Number(tile.style.getPropertyValue('--weight')))"
    )
    return [float(each) for each in shaded]


def is_near(shown: float, true: float) -> bool:
    """Return whether a rounded percentage stands for a probability."""
    return math.isclose(shown, true, abs_tol=0.006)
