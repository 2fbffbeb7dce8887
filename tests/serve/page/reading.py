"""What the tests read off the page, and what they compare it with."""

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Request, Route, expect

Opener = Callable[..., Page]
"""Opens the page at a fragment of its address, after a preparation, with a context's options."""


def type_text(page: Page, text: str) -> None:
    """Type a text into the empty field, and wait until all of its answer is there."""
    source = page.get_by_role("textbox", name="Source")
    source.fill("")
    with page.expect_response(lambda answer: _asks_for_the_best(answer.request, text)):
        source.press_sequentially(text)
    expect(page.locator("#alternatives.stale")).to_have_count(0)


def _asks_for_the_best(request: Request, text: str) -> bool:
    asked = json.loads(request.post_data or "{}")
    return "n_best" in asked and asked["texts"] == text


def answer_of(page: Page) -> str:
    """Return the answer that is shown."""
    return page.locator("#answer").text_content() or ""


def fulfil(route: Route, status: int, body: Any, **headers: str) -> None:
    """Answer in the service's place."""
    route.fulfill(status=status, json=body, headers=headers)


def refuse(route: Route, status: int, kind: str, message: str, **headers: str) -> None:
    """Refuse in the service's place."""
    fulfil(route, status, {"error": {"kind": kind, "message": message}}, **headers)


def stream_of(source: str, hypothesis: str, **fields: Any) -> str:
    """Return the stream of an answer that is made up: certain of each symbol, and of nothing else.

    Args:
        source: the text; each character is a symbol.
        hypothesis: the answer.
        **fields: further ones of the translation.
    """
    start = {"model": "made up", "source_symbols": list(source), "conditions": 0}
    symbols = [
        {"symbol": each, "end": False, "log_probability": 0.0, "runners_up": [], "weights": []}
        for each in hypothesis
    ]
    translation = {"source": source, "hypothesis": hypothesis, "log_probability": 0.0, "cut": False}
    explanation = {**start, "symbols": symbols}
    events = [
        ("start", start),
        *(("symbol", each) for each in symbols),
        ("translation", {**translation, "explanation": explanation, **fields}),
    ]
    return "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)


def stream(route: Route, events: str) -> None:
    """Stream in the service's place, and let all but streams through."""
    if '"stream":true' in (route.request.post_data or ""):
        route.fulfill(status=200, content_type="text/event-stream", body=events)
    else:
        route.continue_()
