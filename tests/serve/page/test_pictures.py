"""The documentation's pictures of the page: made where CHARSEQ_SCREENSHOTS names their folder.

The models are real ones, trained in some twelve minutes; or CHARSEQ_SCREENSHOT_RUNS names the
folder of an earlier making's runs.
"""

import io
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from tests.serve.page.running import running

import charseq
from charseq.serve import ServedModel, load_served
from charseq.text import Input

COLOURS = 256


class Shown(NamedTuple):
    """A model that is shown: what it is trained on, how, and what it is asked."""

    corpus: str
    settings: dict[str, Any]
    examples: tuple[Input, ...]


MODELS = {
    "english-french": Shown(
        "phrasebook",
        {"limit": 10_000, "time_limit": 480},
        tuple(map(Input, ("You bought a beautiful hat.", "We buy chairs.", "Anna reads a lot."))),
    ),
    "german": Shown(
        "inflection/german-train-medium.tsv",
        {"features_column": 3, "time_limit": 120},
        (Input("Haustür", ("N", "DAT", "PL")), Input("anrufen", ("V", "IND", "PST", "2", "PL"))),
    ),
    "icelandic": Shown(
        "g2p/ice_train.tsv",
        {"target_separator": " ", "time_limit": 120},
        tuple(map(Input, ("sólskin", "þriðjudagur", "hestur"))),
    ),
}
PICTURES = {
    "page": ("english-french", {"viewport": {"width": 1180, "height": 1010}}),
    "page-dark": ("german", {"viewport": {"width": 1180, "height": 860}, "color_scheme": "dark"}),
    "page-phone": ("icelandic", {"viewport": {"width": 390, "height": 1000}}),
}


@pytest.fixture(scope="module")
def folder() -> Path:
    """Where the pictures go."""
    named = os.environ.get("CHARSEQ_SCREENSHOTS")
    if not named:
        pytest.skip("CHARSEQ_SCREENSHOTS names no folder for pictures")
    return Path(named)


@pytest.fixture(scope="module")
def shown(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page with the models that are shown."""
    earlier = os.environ.get("CHARSEQ_SCREENSHOT_RUNS")
    runs = Path(earlier) if earlier else tmp_path_factory.mktemp("shown")
    models: list[ServedModel] = []
    for name, (corpus, settings, examples) in MODELS.items():
        if not (runs / name).exists():
            path = shared_data / corpus
            charseq.train(path if path.exists() else corpus, run=runs / name, **settings)
        served = load_served(name, runs / name / "model.safetensors")
        models.append(replace(served, examples=examples))
    with running(models) as address:
        yield address


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_the_page_at_work(
    folder: Path, browser: Browser, shown: str, name: str
) -> None:
    model, options = PICTURES[name]
    text, features, _ = MODELS[model].examples[0]
    with browser.new_context(**options, reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(f"{shown}#model={model}&text={text}&features={';'.join(features)}")
        expect(page.locator("#alternatives li")).to_have_count(5)
        picture = Image.open(io.BytesIO(page.screenshot()))
        assert page.get_by_role("alert").is_hidden()
    picture.convert("RGB").quantize(COLOURS).save(folder / f"{name}.png", optimize=True)
