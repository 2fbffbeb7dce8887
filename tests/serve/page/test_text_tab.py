"""A text is typed: its answer, what is seen of it, and what else can be asked for."""

import math
from collections.abc import Mapping

import pytest
from playwright.sync_api import Page, Route, expect
from tests.browsing import is_near, percent, shares, weights_shown
from tests.serve.page.reading import Opener, answer_of, type_text

from charseq import Translator


def test_typing_brings_the_translators_answer(open_page: Opener, speaker: Translator) -> None:
    page = open_page()
    for text in ("abé", "facadé"):
        type_text(page, text)
        assert answer_of(page) == speaker.translate(text).hypothesis


def test_the_answer_grows_symbol_by_symbol(open_page: Opener, speaker: Translator) -> None:
    page = open_page()
    page.evaluate(
        """() => {
          window.seen = [];
          const note = (changes) => {
            for (const { addedNodes } of changes) {
              window.seen.push(...[...addedNodes].map((node) => node.textContent));
            }
          };
          const answer = document.getElementById("answer");
          new MutationObserver(note).observe(answer, { childList: true });
        }"""
    )
    page.get_by_role("textbox", name="Source").fill("bad")
    expect(page.locator("#copy-answer")).to_be_visible()
    parts = speaker.translate("bad").hypothesis.split(" ")
    growing = [" ".join(parts[:count]) for count in range(1, len(parts) + 1)]
    assert [each for each in dict.fromkeys(page.evaluate("window.seen")) if each] == growing


def test_a_symbol_pointed_at_tells_where_the_model_looked(
    open_page: Opener, speaker: Translator
) -> None:
    page = open_page()
    type_text(page, "décaf")
    explanation = speaker.explain("décaf")
    buttons = page.locator("#written-symbols button")
    expect(buttons).to_have_count(len(explanation.symbols))
    for place, symbol in enumerate(explanation.symbols):
        buttons.nth(place).hover()
        label = "end" if symbol.end else symbol.symbol
        expect(page.locator("#detail-symbol span:first-child")).to_have_text(label)
        assert weights_shown(page) == pytest.approx(symbol.weights, abs=0.001)
        rows = page.locator("#choices li")
        expect(rows).to_have_count(1 + len(symbol.runners_up))
        shown = shares(page.locator("#choices .number").all_text_contents())
        logarithms = [symbol.log_probability, *(each for _, each in symbol.runners_up)]
        probabilities = sorted(map(math.exp, logarithms), reverse=True)
        assert all(map(is_near, shown, probabilities))
        chosen = page.locator("#choices .chosen span:first-child")
        expect(chosen).to_have_text(label)


def test_the_symbol_that_the_model_was_least_sure_of_is_shown_first(
    open_page: Opener, speaker: Translator
) -> None:
    page = open_page()
    type_text(page, "bcx")
    symbols = speaker.explain("bcx").symbols
    least = min(range(len(symbols)), key=lambda place: symbols[place].log_probability)
    expect(page.locator("#written-symbols [aria-pressed=true]")).to_have_count(1)
    shown = page.locator("#written-symbols button").nth(least)
    expect(shown).to_have_attribute("aria-pressed", "true")


def test_a_model_without_attention_says_that_it_shows_no_place(open_page: Opener) -> None:
    page = open_page("#model=toy&text=abc")
    expect(page.locator("#detail-words")).to_contain_text("no attention")
    assert weights_shown(page) == [0, 0, 0]
    assert answer_of(page) == "CBA"


def test_the_best_answers_come_with_their_probabilities(
    open_page: Opener, speaker: Translator
) -> None:
    page = open_page()
    type_text(page, "facéd")
    best = speaker.translate("facéd", beam=5, n_best=5)
    assert page.locator("#alternatives bdi").all_text_contents() == [
        each.hypothesis for each in best.alternatives
    ]
    assert page.locator("#alternatives .number").all_text_contents() == [
        percent(each.confidence or 0) for each in best.alternatives
    ]
    assert page.locator("#alternatives .hint").all_text_contents() == [
        f"probability {percent(math.exp(each.log_probability))}" for each in best.alternatives
    ]
    greedy = speaker.translate("facéd")
    assert greedy.confidence is not None
    expect(page.locator("#confidence")).to_have_text(f"{percent(greedy.confidence)} sure")


def test_another_model_answers_when_it_is_chosen(
    open_page: Opener, translators: Mapping[str, Translator]
) -> None:
    page = open_page("#text=abc")
    expect(page.locator("#answer")).to_have_text(str(translators["sounds"].translate("abc")))
    page.get_by_label("Model", exact=True).select_option("toy")
    expect(page.locator("#answer")).to_have_text(str(translators["toy"].translate("abc")))
    assert "model=toy" in page.url


def test_features_and_languages_are_asked_for_where_the_model_reads_them(
    open_page: Opener, scribe: Translator
) -> None:
    page = open_page()
    expect(page.get_by_label("Features", exact=True)).to_be_hidden()
    expect(page.get_by_label("Language", exact=True)).to_be_hidden()
    page.get_by_label("Model", exact=True).select_option("scribe")
    page.get_by_label("Language", exact=True).select_option("latin")
    page.get_by_label("Features", exact=True).fill("N;PL")
    type_text(page, "ab")
    answer = scribe.translate("ab", features="N;PL", language="latin")
    assert answer_of(page) == answer.hypothesis == "AB S"
    page.get_by_label("Features", exact=True).fill("N;SG")
    expect(page.locator("#answer")).to_have_text("AB")
    assert page.locator("#conditions .tile").all_text_contents() == ["latin", "N", "SG"]
    assert page.locator("#read-symbols .tile").all_text_contents() == ["a", "b"]


def test_known_features_are_offered_to_go_on_with(open_page: Opener) -> None:
    page = open_page("#model=scribe")
    offered = page.locator("#known-features option")

    def values() -> list[str]:
        return [each.get_attribute("value") or "" for each in offered.all()]

    page.get_by_label("Features", exact=True).fill("")
    assert sorted(values()) == ["N", "PL", "SG"]
    page.get_by_label("Features", exact=True).fill("N;")
    assert sorted(values()) == ["N;PL", "N;SG"]


def test_an_example_is_a_click_away(open_page: Opener) -> None:
    page = open_page("#model=scribe")
    page.get_by_role("button", name="cab").click()
    expect(page.locator("#answer")).to_have_text("CAB S")
    assert page.get_by_label("Features", exact=True).input_value() == "N;PL"


def test_a_link_brings_back_the_query(open_page: Opener) -> None:
    page = open_page("#model=scribe&text=ba&features=N;SG&language=latin")
    expect(page.locator("#answer")).to_have_text("BA")
    page.get_by_role("textbox", name="Source").fill("bac")
    expect(page.locator("#answer")).to_have_text("BAC")
    other = open_page(page.url.partition("/#")[2].join(["#", ""]))
    expect(other.locator("#answer")).to_have_text("BAC")
    assert other.get_by_role("textbox", name="Source").input_value() == "bac"
    # A link within the page is followed too.
    other.evaluate("location.hash = '#model=toy&text=ab'")
    expect(other.locator("#answer")).to_have_text("BA")


def test_links_and_answers_can_be_copied(open_page: Opener) -> None:
    page = open_page("#model=toy&text=ab", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy answer").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "BA"
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_have_count(2)
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_typing_on_gives_up_the_former_answer(open_page: Opener) -> None:
    held: list[Route] = []

    def hold_first(page: Page) -> None:
        page.route(
            "**/v1/translate", lambda route: route.continue_() if held else held.append(route)
        )

    page = open_page("#model=toy", hold_first)
    with page.expect_request("**/v1/translate"):
        page.get_by_role("textbox", name="Source").fill("ab")
    with page.expect_event("requestfailed"):
        page.get_by_role("textbox", name="Source").fill("abc")
    expect(page.locator("#answer")).to_have_text("CBA")


def test_an_empty_field_shows_nothing(open_page: Opener) -> None:
    page = open_page("#model=toy&text=ab")
    expect(page.locator("#findings")).to_be_visible()
    page.get_by_role("textbox", name="Source").fill("")
    expect(page.locator("#findings")).to_be_hidden()
    assert answer_of(page) == ""


def test_what_another_model_knows_too_stays_chosen(open_page: Opener) -> None:
    page = open_page("#model=scribe&features=N;PL&language=arabic&text=ab")
    model = page.get_by_label("Model", exact=True)
    model.select_option("toy")
    model.select_option("scribe")
    expect(page.get_by_label("Language", exact=True)).to_be_visible()
    assert page.get_by_label("Features", exact=True).input_value() == "N;PL"


def test_lines_that_are_pasted_become_one(open_page: Opener) -> None:
    page = open_page()
    source = page.get_by_role("textbox", name="Source")
    source.fill("ab\n  ba\n")
    assert source.input_value() == "ab ba "
    # The cursor stays where it is.
    source.fill("abcd")
    source.evaluate("field => field.setSelectionRange(2, 2)")
    page.keyboard.press("Enter")
    page.keyboard.type("x")
    expect(source).to_have_value("ab xcd")


def test_unknown_symbols_are_named_and_marked(open_page: Opener) -> None:
    page = open_page("#text=ab☃")
    expect(page.locator("#remarks")).to_contain_text("(U+2603)")
    assert page.locator("#read-symbols .unknown").all_text_contents() == ["☃"]


def test_an_answer_that_is_not_sure_enough_is_withheld(
    open_page: Opener, speaker: Translator
) -> None:
    text = "☃☃☃☃"
    answer = speaker.translate(text, abstain_below=0.95)
    assert answer.abstained
    page = open_page("#text=" + text)
    expect(page.locator("#answer")).to_have_text(answer.withheld)
    page.get_by_role("combobox", name="Answer").select_option("0.95")
    expect(page.locator("#answer")).to_have_text("")
    expect(page.locator("#remarks")).to_contain_text("withholds its answer")
    expect(page.locator("#remarks")).to_contain_text(answer.withheld)
    assert "sure=0.95" in page.url


def test_a_refused_text_is_told_why(open_page: Opener) -> None:
    page = open_page()
    page.get_by_role("textbox", name="Source").fill("a" * 20_000)
    expect(page.get_by_text("20,000")).to_be_visible()


def test_nothing_is_ever_read_as_markup(open_page: Opener) -> None:
    page = open_page()
    page.get_by_role("textbox", name="Source").fill("<img src=x onerror=alert(1)>")
    expect(page.locator("#remarks li")).to_be_visible()
    page.get_by_role("button", name="About this model").click()
    expect(page.locator("#card-text")).to_contain_text("<script>alert(2)</script>")
    expect(page.get_by_role("heading", name="Model card: sounds_<b>")).to_be_visible()
    assert page.locator("#card-text th").all_text_contents() == ["metric", "<i>value</i>"]
    assert page.locator("#card-text").locator("b, i, img, script").count() == 0
    assert page.locator("img").count() == 1  # The page's own.
    assert page.locator("script").count() == 1
    page.keyboard.press("Escape")
    expect(page.locator("#card")).to_be_hidden()
