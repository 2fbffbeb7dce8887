"""What the page says and does when the service is away, busy, closed or at a loss."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, expect
from tests.browsing import watched
from tests.serve.page.reading import Opener, answer_of, refuse, stream, stream_of
from tests.serve.page.running import running

from charseq import Translator
from charseq.config import ServeConfig
from charseq.serve import ServedModel


def _routed(address: str, handle: Callable[[Route], object]) -> Callable[[Page], None]:
    return lambda page: page.route(address, handle)


def test_a_service_that_is_away_can_be_asked_again(open_page: Opener) -> None:
    page = open_page("#model=toy")
    page.route("**/v1/translate", lambda route: route.abort())
    page.get_by_role("textbox", name="Source").fill("ab")
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    page.unroute("**/v1/translate")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#answer")).to_have_text("BA")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_page_that_opens_while_the_service_is_away_can_begin_later(open_page: Opener) -> None:
    page = open_page("#model=toy&text=ab", _routed("**/v1/models", lambda r: r.abort()))
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    page.unroute("**/v1/models")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#answer")).to_have_text("BA")


def test_a_busy_service_is_asked_again_when_it_said(open_page: Opener) -> None:
    asked: list[Route] = []

    def busy_once(route: Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            refuse(route, 503, "busy", "The queue is full.", **{"Retry-After": "1"})
        else:
            route.continue_()

    page = open_page("#model=toy", _routed("**/v1/translate", busy_once))
    page.get_by_role("textbox", name="Source").fill("ab")
    expect(page.get_by_role("alert")).to_contain_text("busy. Trying again in 1 s")
    expect(page.locator("#answer.stale")).to_have_count(1)
    expect(page.get_by_role("button", name="Copy answer")).to_be_hidden()
    expect(page.locator("#answer")).to_have_text("BA")
    expect(page.locator("#answer.stale")).to_have_count(0)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_key_is_asked_for_once_and_sent_from_then_on(open_page: Opener) -> None:
    keys: list[str | None] = []

    def closed(route: Route) -> None:
        keys.append(route.request.headers.get("authorization"))
        if keys[-1] == "Bearer open sesame":
            route.continue_()
        else:
            refuse(route, 401, "unauthorised", "The API key is not one of this service.")

    page = open_page("#model=toy&text=ab", _routed("**/v1/*", closed))
    expect(page.get_by_role("alert")).to_contain_text("asks for an API key")
    page.get_by_label("API key").fill("wrong")
    page.get_by_role("button", name="Use this key").click()
    expect(page.get_by_role("alert")).to_contain_text("The API key is not one of this service.")
    page.get_by_label("API key").fill("open sesame")
    page.keyboard.press("Enter")
    expect(page.locator("#answer")).to_have_text("BA")
    expect(page.get_by_label("API key")).to_be_hidden()
    expect(page.get_by_role("textbox", name="Source")).to_be_focused()
    page.reload()
    expect(page.locator("#answer")).to_have_text("BA")
    assert keys[:2] == [None, "Bearer wrong"]
    assert set(keys[2:]) == {"Bearer open sesame"}
    assert page.evaluate("localStorage.length") == 0


def test_a_key_that_no_longer_opens_takes_no_focus_from_who_is_typing(open_page: Opener) -> None:
    page = open_page("#model=toy")
    page.route(
        "**/v1/translate",
        lambda route: refuse(route, 401, "unauthorised", "The API key is unknown."),
    )
    source = page.get_by_role("textbox", name="Source")
    source.press_sequentially("ab")
    expect(page.get_by_role("alert")).to_contain_text("API key")
    page.keyboard.type("cd")
    expect(source).to_have_value("abcd")
    assert page.get_by_label("API key").input_value() == ""


def test_a_link_that_is_followed_before_the_models_are_known_is_kept(open_page: Opener) -> None:
    errors: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.route("**/v1/models", lambda route: route.abort())

    page = open_page("", watch)
    page.evaluate("location.hash = 'model=toy&text=ab'")
    page.unroute("**/v1/models")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#answer")).to_have_text("BA")
    assert errors == []


def test_a_key_may_be_of_any_letters(open_page: Opener) -> None:
    def closed(route: Route) -> None:
        # Playwright reads headers as UTF-8, as the service does.
        if route.request.headers.get("authorization") == "Bearer ключ":
            route.continue_()
        else:
            refuse(route, 401, "unauthorised", "The API key is not one of this service.")

    page = open_page("#model=toy&text=ab", _routed("**/v1/*", closed))
    page.get_by_label("API key").fill("ключ")
    page.keyboard.press("Enter")
    expect(page.locator("#answer")).to_have_text("BA")


def test_a_refusal_is_shown_as_the_service_words_it(open_page: Opener) -> None:
    def refuse_it(route: Route) -> None:
        refuse(route, 422, "invalid", "this is the sentence")

    page = open_page("#model=toy&text=ab", _routed("**/v1/translate", refuse_it))
    expect(page.locator("#notice-words")).to_have_text("This is the sentence.")
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    page.get_by_role("textbox", name="Source").fill("")
    expect(page.locator("#notice-words")).to_be_hidden()


def test_an_error_within_a_stream_is_shown(open_page: Opener) -> None:
    begun, _, _ = stream_of("ab", "BA").partition("event: translation")
    error = 'event: error\ndata: {"error": {"kind": "internal", "message": "It broke."}}\n\n'
    page = open_page(
        "#model=toy&text=ab", _routed("**/v1/translate", lambda r: stream(r, begun + error))
    )
    expect(page.locator("#notice-words")).to_have_text("It broke.")
    expect(page.locator("#findings")).to_be_hidden()
    assert answer_of(page) == ""


def test_a_stream_that_breaks_off_is_no_answer(open_page: Opener) -> None:
    begun, _, _ = stream_of("ab", "BA").partition("event: translation")
    page = open_page("#model=toy&text=ab", _routed("**/v1/translate", lambda r: stream(r, begun)))
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    assert answer_of(page) == ""


def test_an_answer_that_was_cut_says_so(open_page: Opener) -> None:
    events = stream_of("ab", "BBBB", cut=True)
    page = open_page("#model=toy&text=ab", _routed("**/v1/translate", lambda r: stream(r, events)))
    expect(page.locator("#answer")).to_have_text("BBBB")
    expect(page.locator("#remarks")).to_contain_text("The answer was cut")


def test_a_service_of_narrow_limits_is_asked_for_no_more(
    browser: Browser, toy_translator: Translator, tmp_path: Path
) -> None:
    settings = ServeConfig(max_beam=3, max_texts=2, max_body_bytes=120)
    with (
        running([ServedModel("toy", toy_translator)], settings) as address,
        watched(browser, address) as new_page,
    ):
        page = new_page()
        page.goto(f"{address}#text=ab")
        expect(page.locator("#answer")).to_have_text("BA")
        expect(page.locator("#alternatives li")).to_have_count(3)
        expect(page.get_by_role("alert")).to_be_hidden()
        page.get_by_role("tab", name="File").click()
        (tmp_path / "words.txt").write_text("ab\nabcd\n" + "abcd" * 9 + "\n" + "b\n" * 20)
        page.get_by_label("Drop a text file here").set_input_files(tmp_path / "words.txt")
        expect(page.get_by_role("status")).to_have_text("All 23 lines are done.")


def test_an_answer_stands_though_the_others_are_refused(open_page: Opener) -> None:
    refused: list[bool] = []

    def refuse_beams(route: Route) -> None:
        if refused and '"beam"' in (route.request.post_data or ""):
            refuse(route, 413, "too_large", "beam is 5, but this service allows at most 3")
        else:
            route.continue_()

    page = open_page("#model=toy&text=abc", _routed("**/v1/translate", refuse_beams))
    expect(page.locator("#alternatives li").first).to_be_visible()
    refused.append(True)
    page.get_by_role("textbox", name="Source").fill("ab")
    expect(page.get_by_role("alert")).to_contain_text("this service allows at most 3")
    expect(page.locator("#answer")).to_have_text("BA")
    # Those of the former text are gone.
    expect(page.locator("#alternatives li")).to_have_count(0)
