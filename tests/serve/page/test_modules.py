"""What shapes data for display, called by itself."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.serve.page.reading import Opener

Call = Callable[..., Any]


@pytest.fixture
def call(open_page: Opener) -> Call:
    """Calls what a module exports."""
    page = open_page()

    def called(module: str, name: str, *arguments: Any) -> Any:
        return page.evaluate(
            "async ([module, name, args]) => (await import(`/static/${module}.js`))[name](...args)",
            [module, name, arguments],
        )

    return called


STREAM = (
    ": a comment\r\n\r\n"
    'event: start\r\ndata: {"source_symbols": ["é", "𐍈"]}\r\n\r\n'
    "data: two\ndata:lines\n\n"
    "event: symbol\rdata\r\r"
    "id: 7\nevent: nothing\n\n"
    "event: cut\ndata: off"
)


def test_events_are_read_however_their_bytes_are_cut(open_page: Opener) -> None:
    read = open_page().evaluate(
        """async (text) => {
          const { eventsOf } = await import("/static/events.js");
          const bytes = new TextEncoder().encode(text);
          const all = async (...chunks) => {
            const read = [];
            for await (const { event, data } of eventsOf(chunks)) read.push([event, data]);
            return JSON.stringify(read);
          };
          const single = [...bytes].map((byte) => Uint8Array.of(byte));
          const answers = new Set([await all(bytes), await all(...single)]);
          for (let place = 0; place <= bytes.length; place++) {
            answers.add(await all(bytes.slice(0, place), bytes.slice(place)));
          }
          return [...answers].map((each) => JSON.parse(each));
        }""",
        STREAM,
    )
    assert read == [
        [
            ["start", '{"source_symbols": ["é", "𐍈"]}'],
            ["message", "two\nlines"],
            ["symbol", ""],
        ]
    ]


@pytest.mark.parametrize(
    ("symbol", "label"),
    [
        ("e", "e"),
        ("iː", "iː"),
        (" ", "␣"),
        ("\u0301", "◌\u0301"),
        ("\u064e", "◌\u064e"),
        ("\u00a0", "U+00A0"),
        ("\u200d", "U+200D"),
        ("a\u200d", "aU+200D"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
        ("\U0001f3f4\U000e0067\U000e007f", "\U0001f3f4\U000e0067\U000e007f"),
        ("\n", "U+000A"),
    ],
)
def test_a_symbol_by_itself_can_be_seen(call: Call, symbol: str, label: str) -> None:
    assert call("symbols", "symbolLabel", symbol) == label


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (1, "100 %"),
        (0.99999, "> 99.9 %"),
        (0.994, "99.4 %"),
        (0.5, "50 %"),
        (0.0831, "8.3 %"),
        (0.0001, "< 0.1 %"),
        (0, "0 %"),
    ],
)
def test_only_what_is_certain_reads_as_certain(call: Call, probability: float, words: str) -> None:
    assert call("symbols", "percent", probability).replace("\u202f", " ") == words


def test_the_least_sure_symbol_is_the_first_of_the_least_probable(call: Call) -> None:
    symbols = [{"log_probability": each} for each in (-0.1, -2, -2, -0.3)]
    assert call("symbols", "leastSure", symbols) == 1
    assert call("symbols", "leastSure", [*symbols, {"log_probability": None}]) == 4


@pytest.mark.parametrize(
    "translation",
    [
        {"error": "longer than 10,000 characters"},
        {"abstained": True, "confidence": 0.25, "withheld": "abc"},
        {"cut": True},
        {"unknown_symbols": ["x", "ý"], "unknown_features": ["DU"]},
    ],
    ids=lambda each: next(iter(each)),
)
def test_what_an_answer_lacks_is_told_in_a_sentence(
    call: Call, translation: dict[str, Any]
) -> None:
    expected = {
        "error": "There is no answer: longer than 10,000 characters.",
        "abstained": "The model withholds its answer, because it is only 25 % sure."
        " The answer would be: abc",
        "cut": "The answer was cut off at the length limit.",
        "unknown_symbols": "The model has never seen x (U+0078), ý (U+00FD) and DU, so that"
        " part is a guess.",
    }
    (words,) = call("sentences", "remarks", translation)
    plain = words.translate({0x202F: " ", 0x2068: None, 0x2069: None})
    assert plain == expected[next(iter(translation))]


def test_columns_of_a_line_are_what_the_model_reads(call: Call) -> None:
    lines = ["a\tN;PL\tfr", "b\tN;SG", "c"]
    assert call("batch", "requestOf", lines, {"features": "N", "language": "de"}) == {
        "texts": ["a", "b", "c"],
        "features": ["N;PL", "N;SG", "N"],
        "language": ["fr", "de", "de"],
    }
    # Where a model reads neither, a tab is a character like others.
    assert call("batch", "requestOf", lines, {}) == {"texts": lines}
    assert call("batch", "surplusIn", lines[0], {}) is None
    assert call("batch", "surplusIn", lines[0], {"features": "N", "language": "de"}) is None
    assert call("batch", "surplusIn", lines[0], {"language": "de"}) == (
        "3 columns, but the model reads 2: source, language, separated by tabs"
    )
    assert call("batch", "tableOf", [{"source": "a\tb", "hypothesis": "c"}]) == "a b\tc\n"
    assert call("batch", "requestOf", ["a\tfr"], {"language": "de"}) == {
        "texts": ["a"],
        "language": ["fr"],
    }


def test_progress_says_how_far_how_fast_and_how_long(call: Call) -> None:
    assert call("batch", "progressOf", 0, 1000, 0.1) == "0 of 1,000 lines"
    assert (
        call("batch", "progressOf", 400, 1000, 2) == "400 of 1,000 lines · 200 a second · 3 s left"
    )
    assert call("batch", "progressOf", 1000, 1000, 2) == "1,000 of 1,000 lines · 500 a second"
    assert (
        call("batch", "progressOf", 600, 1000, 2, 400)
        == "600 of 1,000 lines · 100 a second · 4 s left"
    )
    assert call("batch", "duration", 600) == "10 min"
    assert call("batch", "duration", 7200) == "2.0 h"


def test_a_card_is_read_as_far_as_cards_go(call: Call) -> None:
    card = (
        "# A\\_b\n\ntwo\nlines\n\n- one\n- two\n\n"
        "```sh\n# no heading\n\n| no | row |\n```\n## B\n| a |\n"
    )
    assert [(each["kind"], each["lines"]) for each in call("markdown", "blocksOf", card)] == [
        ("heading", ["# A\\_b"]),
        ("paragraph", ["two", "lines"]),
        ("list", ["- one", "- two"]),
        ("code", ["# no heading", "", "| no | row |"]),
        ("heading", ["## B"]),
        ("table", ["| a |"]),
    ]
    table = ["| metric | a \\| b |", "| --- | :-: |", "| - x | 2 |", "| | |"]
    assert call("markdown", "rowsOf", table) == [
        ["metric", "a \\| b"],
        ["- x", "2"],
        ["", ""],
    ]


def test_a_link_leads_back_to_its_query(call: Call) -> None:
    query = {"model": "a&b", "text": "50 % #1 = é 你好 \u0301+", "features": "N;PL"}
    fragment = call("link", "fragmentOf", query)
    assert " " not in fragment
    assert call("link", "queryOf", fragment) == query
    assert call("link", "queryOf", "#text=a&other=b") == {"text": "a"}
    emptied = {"text": "a", "features": ""}
    assert call("link", "queryOf", call("link", "fragmentOf", emptied)) == emptied
    assert call("link", "fragmentOf", {}) == ""
