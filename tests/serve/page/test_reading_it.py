"""Whoever reads the page, and on whatever: scripts, screens, colours, keys and screen readers."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.serve.page.reading import Opener, answer_of, stream, stream_of

from charseq import Translator

POINTED = "#model=scribe&text=cab&features=N;SG&language=arabic"


def _width(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_screen_is_too_narrow(open_page: Opener, width: int) -> None:
    page = open_page(POINTED, viewport={"width": width, "height": 700})
    expect(page.locator("#alternatives li").first).to_be_visible()
    assert _width(page) == width
    long = "abcdéf" * 30
    page.route("**/v1/translate", lambda route: stream(route, stream_of(long, long)))
    page.get_by_role("textbox", name="Source").fill(long)
    expect(page.locator("#written-symbols button").nth(170)).to_be_visible()
    assert _width(page) == width
    page.get_by_role("button", name="About this model").click()
    assert _width(page) == width
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="File").click()
    assert _width(page) == width


def test_source_and_answer_stand_side_by_side_or_one_below_the_other(open_page: Opener) -> None:
    for width, beside in ((1280, True), (390, False)):
        page = open_page(viewport={"width": width, "height": 700})
        source = page.get_by_role("region", name="Source").bounding_box()
        answer = page.get_by_role("region", name="Answer").bounding_box()
        assert source is not None
        assert answer is not None
        assert (answer["x"] >= source["x"] + source["width"]) == beside
        assert (answer["y"] >= source["y"] + source["height"]) == (not beside)


def test_what_is_written_from_right_to_left_is_shown_so(
    open_page: Opener, scribe: Translator
) -> None:
    page = open_page(POINTED)
    answer = scribe.translate("cab", features="N;SG", language="arabic").hypothesis
    expect(page.locator("#answer")).to_have_text(answer)
    expect(page.locator("#detail")).to_be_visible()
    for place, direction in (
        ("#answer", "rtl"),
        ("#written-symbols", "rtl"),
        ("#read-symbols", "ltr"),
        ("#source", "ltr"),
    ):
        assert page.locator(place).evaluate("e => getComputedStyle(e).direction") == direction
    boxes = [each.bounding_box() for each in page.locator("#written-symbols button").all()]
    lefts = [box["x"] for box in boxes if box]
    assert lefts == sorted(lefts, reverse=True)
    # Onwards is to the left, then.
    buttons = page.locator("#written-symbols button")
    buttons.first.focus()
    page.keyboard.press("ArrowLeft")
    expect(buttons.nth(1)).to_be_focused()


def test_marks_stand_on_a_circle_where_they_are_looked_at_and_not_in_the_answer(
    open_page: Opener,
) -> None:
    page = open_page(POINTED)
    expect(page.locator("#detail")).to_be_visible()
    labels = ["م", "◌ِ", "ب", "◌َ", "ت", "◌ُ", "end"]
    expect(page.locator("#written-symbols button")).to_have_text(labels)
    # One run of text, which the browser can join and point as the script asks.
    assert page.locator("#answer").evaluate("e => e.childNodes.length") == 1
    assert "◌" not in answer_of(page)


def test_a_space_can_be_seen_where_symbols_stand_by_themselves(open_page: Opener) -> None:
    page = open_page("#model=scribe&text=a&features=N;PL&language=latin")
    expect(page.locator("#answer")).to_have_text("A S")
    expect(page.locator("#written-symbols button")).to_have_text(["A", "␣", "S", "end"])
    expect(page.get_by_role("button", name=re.compile("^space, "))).to_be_visible()


CONTRASTS = """() => {
  // A canvas reads every way of writing a colour.
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = rgba(getComputedStyle(each).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const luminance = ([r, g, b]) => {
    const linear = (v) => (v <= 10 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility()) continue;
    const [a, b] = [rgba(getComputedStyle(element).color), behind(element)].map(luminance);
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.textContent]);
  }
  for (const element of document.querySelectorAll("[placeholder]")) {
    if (!element.checkVisibility()) continue;
    const { color, opacity } = getComputedStyle(element, "::placeholder");
    const [a, b] = [rgba(color), behind(element)].map(luminance);
    found.push([opacity * (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.placeholder]);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_what_is_behind_it(open_page: Opener, scheme: str) -> None:
    page = open_page("#text=%C2%A0", color_scheme=scheme, reduced_motion="reduce")
    expect(page.locator(".looked-at .named")).to_be_visible()
    texts = page.evaluate(CONTRASTS)
    page.get_by_role("textbox", name="Source").fill("abé☃")
    expect(page.locator("#read-symbols .tile")).to_have_count(4)
    expect(page.locator("#alternatives li").first).to_be_visible()
    texts += page.evaluate(CONTRASTS)
    page.route("**/v1/translate", lambda route: route.abort())
    page.get_by_role("textbox", name="Source").fill("a")
    expect(page.get_by_role("alert")).to_be_visible()
    texts += page.evaluate(CONTRASTS)
    page.get_by_role("tab", name="File").click()
    texts += page.evaluate(CONTRASTS)
    page.get_by_role("button", name="About this model").click()
    texts += page.evaluate(CONTRASTS)
    assert len(texts) > 60
    # The Web Content Accessibility Guidelines' level AA.
    assert not [text for ratio, text in texts if ratio < 4.5]


def test_where_the_system_chooses_the_colours_the_focus_and_bars_are_seen(
    open_page: Opener,
) -> None:
    page = open_page("#text=ab", forced_colors="active")
    expect(page.locator("#alternatives li").first).to_be_visible()
    source = page.get_by_role("textbox", name="Source")
    source.focus()
    outline = "e => [getComputedStyle(e).outlineStyle, getComputedStyle(e).outlineWidth]"
    assert source.evaluate(outline) == ["solid", "2px"]
    symbol = page.locator("#written-symbols button").first
    symbol.click()
    expect(symbol).to_have_attribute("aria-pressed", "true")
    assert symbol.evaluate(outline)[0] == "solid"
    inside, behind = (
        page.locator(".bar").first.evaluate(f"e => getComputedStyle(e{part}).backgroundColor")
        for part in (', "::before"', "")
    )
    assert inside != behind


def test_the_page_is_as_dark_as_the_system(open_page: Opener) -> None:
    colours = [
        open_page(color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    light, dark = (sum(map(int, re.findall(r"\d+", colour))) for colour in colours)
    assert light > 600
    assert dark < 150


def test_nothing_moves_where_that_is_not_wanted(open_page: Opener) -> None:
    moving = """() => [...document.querySelectorAll("*")]
      .map((element) => getComputedStyle(element).transitionDuration)
      .filter((duration) => parseFloat(duration) > 0).length"""
    for motion, moves in (("no-preference", True), ("reduce", False)):
        page = open_page("#text=ab", reduced_motion=motion)
        expect(page.locator("#alternatives li").first).to_be_visible()
        assert (page.evaluate(moving) > 0) == moves


def test_everything_is_within_reach_of_the_keyboard(open_page: Opener, speaker: Translator) -> None:
    page = open_page()
    expect(page.get_by_role("textbox", name="Source")).to_be_focused()
    page.keyboard.type("café")
    expect(page.locator("#alternatives li").first).to_be_visible()
    assert answer_of(page) == str(speaker.translate("café"))

    def tab_to(place: str) -> None:
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.locator(place).evaluate("e => e === document.activeElement"):
                return
        raise AssertionError(f"Tab does not reach {place}")

    tab_to("#copy-answer")
    tab_to("#written-symbols [tabindex='0']")
    symbols = page.locator("#written-symbols button")
    page.keyboard.press("Home")
    expect(symbols.first).to_be_focused()
    # With others, the keys stay the browser's.
    page.keyboard.press("Control+ArrowRight")
    expect(symbols.first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(symbols.nth(1)).to_be_focused()
    expect(symbols.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#detail-symbol span:first-child")).to_have_text(
        speaker.explain("café").symbols[1].symbol
    )
    page.keyboard.press("End")
    expect(symbols.last).to_be_focused()
    for _ in range(30):
        page.keyboard.press("Shift+Tab")
        if page.get_by_role("tab", name="Text").evaluate("e => e === document.activeElement"):
            break
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="File")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="File")).to_be_visible()
    expect(page.get_by_role("tabpanel", name="Text")).to_be_hidden()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Drop a text file here")).to_be_focused()


def test_what_has_the_focus_can_be_seen(open_page: Opener) -> None:
    page = open_page("#text=ab")
    expect(page.locator("#alternatives li").first).to_be_visible()
    page.locator("body").press("Home")
    for _ in range(15):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """() => {
              const element = document.activeElement;
              const shows = (style) => style.outlineStyle !== "none" || style.boxShadow !== "none";
              const sheet = element.closest(".sides");
              return element === document.body || shows(getComputedStyle(element)) ||
                (element.id === "source" && shows(getComputedStyle(sheet)));
            }"""
        )
        assert seen, page.evaluate("document.activeElement.outerHTML")


def test_a_screen_reader_hears_the_whole_answer_once(
    open_page: Opener, speaker: Translator
) -> None:
    page = open_page()
    page.evaluate(
        """() => {
          window.heard = [];
          const spoken = document.querySelector("[aria-live=polite]");
          const note = () => spoken.textContent && window.heard.push(spoken.textContent);
          new MutationObserver(note).observe(spoken, { childList: true, characterData: true });
        }"""
    )
    page.get_by_role("textbox", name="Source").fill("bad")
    expect(page.locator("#alternatives li").first).to_be_visible()
    (heard,) = page.evaluate("window.heard")
    assert heard.startswith(str(speaker.translate("bad")))
    assert heard.endswith("sure")
    expect(page.locator("#answer")).not_to_have_attribute("aria-live", re.compile(".*"))


def test_every_control_has_a_name_and_every_part_a_role(open_page: Opener) -> None:
    page = open_page("#text=ab")
    expect(page.locator("#alternatives li").first).to_be_visible()
    tree = page.locator("body").aria_snapshot()
    nameless = re.findall(
        r"^ *- (?:button|textbox|combobox|tab|tabpanel|toolbar|region|link)(?=:|$| \[).*$",
        tree,
        re.MULTILINE,
    )
    assert not nameless
    for part in ("banner", "main", 'tablist "What to translate"', 'region "Answer"', "toolbar"):
        assert f"- {part}" in tree
    assert re.search(r'button "aː, .*It looked most at .?a.?, place 1', tree)
