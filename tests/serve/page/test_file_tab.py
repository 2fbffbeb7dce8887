"""A file is chosen: its lines are translated, and come back as a file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, expect
from tests.serve.page.reading import Opener, refuse

from charseq import Translator


def _choose(page: Page, text: str | bytes, name: str = "words.txt") -> None:
    page.get_by_role("tab", name="File").click()
    content = text.encode() if isinstance(text, str) else text
    page.get_by_label("Drop a text file here").set_input_files(
        {"name": name, "mimeType": "text/plain", "buffer": content}
    )


def _downloaded(page: Page, folder: Path) -> str:
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path.read_text(encoding="utf-8")


def test_a_file_comes_back_with_its_answers(
    open_page: Opener, speaker: Translator, spoken_pairs: list[tuple[str, str]], tmp_path: Path
) -> None:
    sizes: list[int] = []

    def count(page: Page) -> None:
        page.on(
            "request",
            lambda request: (
                request.post_data and sizes.append(len(json.loads(request.post_data)["texts"]))
            ),
        )

    page = open_page("", count)
    words = [*(source for source, _ in spoken_pairs), "", *(word[::-1] for word, _ in spoken_pairs)]
    _choose(page, "\r\n".join(words) + "\n")
    expect(page.get_by_role("status")).to_have_text(f"All {len(words)} lines are done.")
    assert sizes == [200, 200, 1]
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 1)
    expect(page.locator("#batch-words")).to_contain_text("a second")
    table = _downloaded(page, tmp_path)
    answers = speaker.translate(words)
    assert table == "".join(f"{each.source}\t{each.hypothesis}\n" for each in answers)
    assert [each.name for each in tmp_path.iterdir()] == ["words-sounds.tsv"]


def test_columns_say_features_and_language_of_each_line(open_page: Opener, tmp_path: Path) -> None:
    page = open_page("#model=scribe&features=N;SG&language=latin")
    _choose(page, "ab\tN;PL\tlatin\nab\nb\tN;SG\tarabic\n")
    expect(page.get_by_role("status")).to_contain_text("3 lines")
    assert _downloaded(page, tmp_path) == "ab\tAB S\nab\tAB\nb\tتُ\n"


def test_a_file_can_be_dropped(open_page: Opener, tmp_path: Path) -> None:
    page = open_page("#model=toy")
    page.get_by_role("tab", name="File").click()
    page.evaluate(
        """() => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File(["ab\\nabc\\n"], "dropped.txt"));
          const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
          document.getElementById("drop").dispatchEvent(drop);
        }"""
    )
    expect(page.get_by_role("status")).to_contain_text("2 lines")
    assert _downloaded(page, tmp_path) == "ab\tBA\nabc\tCBA\n"


def _after(count: int, handle: Any) -> Any:
    """Let some requests through, and handle those that follow."""
    seen: list[Route] = []

    def route(page: Page) -> None:
        def each(route: Route) -> None:
            seen.append(route)
            if len(seen) > count:
                handle(route)
            else:
                route.continue_()

        page.route("**/v1/translate", each)

    return route


def _failing(which: int) -> tuple[list[int], Callable[[Route], None]]:
    """Return what refuses one request, and how many texts each has asked for so far."""
    sizes: list[int] = []

    def handle(route: Route) -> None:
        sizes.append(len(json.loads(route.request.post_data or "")["texts"]))
        if len(sizes) == which:
            refuse(route, 500, "internal", "The model cannot answer.")
        else:
            route.continue_()

    return sizes, handle


def test_a_cancelled_file_gives_what_is_done(open_page: Opener, tmp_path: Path) -> None:
    page = open_page("#model=toy", _after(1, lambda _: None))  # The second never answers.
    _choose(page, "ab\n" * 500)
    expect(page.locator("#batch-words")).to_contain_text("200 of 500 lines")
    # The file stays that of the model which translated it.
    page.get_by_label("Model", exact=True).select_option("sounds")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("link", name="-toy.tsv")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Cancelled after 200 of 500 lines.")
    assert _downloaded(page, tmp_path) == "ab\tBA\n" * 200


def test_a_file_that_fails_says_why_and_gives_what_is_done(
    open_page: Opener, tmp_path: Path
) -> None:
    def refuse_it(route: Route) -> None:
        refuse(route, 500, "internal", "The model cannot answer.")

    page = open_page("#model=toy", _after(1, refuse_it))
    _choose(page, "ab\n" * 500)
    expect(page.get_by_role("alert")).to_contain_text("The model cannot answer.")
    expect(page.get_by_role("status")).to_have_text("Stopped after 200 of 500 lines.")
    assert _downloaded(page, tmp_path) == "ab\tBA\n" * 200


def test_lines_too_large_for_the_service_are_left_out_and_the_others_translated(
    open_page: Opener, tmp_path: Path
) -> None:
    long = "ab" * 3_000
    page = open_page("#model=toy")
    _choose(page, f"ab\n{long}\nabc\n{long}\nb\n")
    expect(page.get_by_role("status")).to_have_text(
        "All 5 lines are done. Refused, without an answer: 2; the first is line 2: the text has"
        " 6,000 symbols, but this service takes at most 1,000."
    )
    assert _downloaded(page, tmp_path) == f"ab\tBA\n{long}\t\nabc\tCBA\n{long}\t\nb\tB\n"


def test_what_failed_goes_on_where_it_stopped(open_page: Opener, tmp_path: Path) -> None:
    sizes, fail_once = _failing(2)
    page = open_page("#model=toy", _after(0, fail_once))
    _choose(page, "ab\n" * 500)
    expect(page.get_by_role("status")).to_have_text("Stopped after 200 of 500 lines.")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("status")).to_have_text("All 500 lines are done.")
    assert sizes == [200, 200, 200, 100]
    assert _downloaded(page, tmp_path) == "ab\tBA\n" * 500


def test_a_portion_that_takes_too_long_is_asked_for_in_smaller_ones(
    open_page: Opener, tmp_path: Path
) -> None:
    def slow_with_many(route: Route) -> None:
        if len(json.loads(route.request.post_data or "")["texts"]) > 60:
            # A proxy's own answers are no JSON.
            route.fulfill(status=504, body="<html>Gateway Time-out</html>")
        else:
            route.continue_()

    page = open_page("#model=toy", _after(0, slow_with_many))
    _choose(page, "ab\n" * 200)
    expect(page.get_by_role("status")).to_have_text("All 200 lines are done.")
    assert _downloaded(page, tmp_path) == "ab\tBA\n" * 200


def test_a_line_with_too_many_columns_is_refused(open_page: Opener, tmp_path: Path) -> None:
    page = open_page("#model=scribe&features=N;SG&language=latin")
    _choose(page, "ab\nab\tN;PL\tlatin\tmore\n")
    expect(page.get_by_role("status")).to_have_text(
        "All 2 lines are done. Refused, without an answer: 1; the first is line 2: 4 columns, but"
        " the model reads 3: source, features, language, separated by tabs."
    )
    assert _downloaded(page, tmp_path) == "ab\tAB\nab\t\n"


def test_what_cannot_be_read_is_told_from_what_is_no_text(open_page: Opener) -> None:
    page = open_page()
    page.evaluate(
        "() => { File.prototype.arrayBuffer = () => Promise.reject(new DOMException('gone')); }"
    )
    _choose(page, "ab\n", "gone.txt")
    expect(page.get_by_role("status")).to_contain_text("gone.txt cannot be read")


def test_a_file_is_cancelled_while_it_is_read(open_page: Opener) -> None:
    page = open_page()
    page.evaluate(
        "() => { File.prototype.arrayBuffer = () => new Promise((read) => (window.read = read)); }"
    )
    _choose(page, "ab\n", "slow.txt")
    page.get_by_role("button", name="Cancel").click()
    page.evaluate("window.read(new ArrayBuffer(0))")
    expect(page.get_by_role("status")).to_have_text("Cancelled.")
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()


def test_what_failed_can_go_on_after_another_model_was_looked_at(open_page: Opener) -> None:
    sizes, fail_once = _failing(1)
    page = open_page("#model=toy&text=ab")
    expect(page.locator("#alternatives li").first).to_be_visible()
    assert page.locator("#answer").text_content() == "BA"
    _after(0, fail_once)(page)
    _choose(page, "ab\n" * 300)
    expect(page.get_by_role("status")).to_have_text("Stopped after 0 of 300 lines.")
    page.get_by_label("Model", exact=True).select_option("sounds")
    page.get_by_role("button", name="Try again").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("All 300 lines are done.")
    assert sizes == [200, 200, 100]
    # The text is answered by the other model as soon as it can be seen.
    page.get_by_role("tab", name="Text").click()
    expect(page.locator("#answer")).not_to_have_text("BA")


def test_the_focus_goes_on_to_what_there_is(open_page: Opener) -> None:
    page = open_page("#model=toy", _after(1, lambda _: None))
    _choose(page, "ab\n" * 500)
    expect(page.locator("#batch-words")).to_contain_text("200 of 500 lines")
    page.get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Download")).to_be_focused()


def test_a_busy_service_is_waited_for(open_page: Opener) -> None:
    busy: list[Route] = []

    def be_busy_once(route: Route) -> None:
        if busy:
            route.continue_()
            return
        busy.append(route)
        refuse(route, 503, "busy", "The queue is full.", **{"Retry-After": "1"})

    page = open_page("#model=toy", _after(0, be_busy_once))
    _choose(page, "ab\n")
    expect(page.get_by_role("alert")).to_contain_text("busy")
    expect(page.get_by_role("status")).to_have_text("The line is done.")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_what_is_no_text_is_refused(open_page: Opener) -> None:
    page = open_page()
    _choose(page, b"\xff\xfe\x00", "picture.png")
    expect(page.get_by_role("status")).to_contain_text("picture.png is not UTF-8 text")
    _choose(page, b"", "empty.txt")
    expect(page.get_by_role("status")).to_have_text("empty.txt is empty.")
    expect(page.get_by_role("link", name="Download")).to_be_hidden()
