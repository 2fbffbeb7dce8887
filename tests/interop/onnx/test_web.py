"""A site in a real browser: what it answers is what Python answers."""

import functools
import itertools
import math
import random
import re
import shutil
import threading
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import regex
from playwright.sync_api import Browser, Error, Page, expect
from tests.browsing import is_near, lacking, percent, shares, watched, weights_shown
from tests.interop.onnx.conftest import spaced, worded

import charseq
from charseq import Translator
from charseq.answering import BaseTranslator
from charseq.corpus import Corpus, Pair
from charseq.errors import MachineError
from charseq.interop.onnx import Precision, export
from charseq.interop.onnx.checking import made_up_inputs
from charseq.interop.onnx.web import runtime_files, write_site
from charseq.text import Input

pytestmark = pytest.mark.slow

NEAR = 1e-4

Opener = Callable[..., Page]


# What there is to open


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """The real onnxruntime-web, by npm."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARSEQ_CACHE", str(tmp_path_factory.mktemp("cache")))
        try:
            return runtime_files()
        except MachineError as error:
            if shutil.which("npm") is None:
                pytest.skip(str(error))
            lacking(str(error))


@pytest.fixture(scope="session")
def scribe(tmp_path_factory: pytest.TempPathFactory) -> Translator:
    """Of two languages and some features; it copies what it never saw."""
    pairs = []
    for word in ("".join(word) for n in (1, 2, 3) for word in itertools.product("abé", repeat=n)):
        for number, ending in (("SG", ""), ("PL", "s")):
            pairs.append(Pair(word, word + ending, ("N", number), "plain"))
            pairs.append(Pair(word, word[::-1] + ending, ("N", number), "reversed"))
    return _trained(tmp_path_factory, "scribe", pairs, copying=True)


@pytest.fixture(scope="session")
def jamo(tmp_path_factory: pytest.TempPathFactory) -> Translator:
    """Reads Hangul in its letters and answers in syllables."""
    syllables = ["한", "국", "어", "말", "글", "가"]
    words = ("".join(word) for n in (1, 2, 3) for word in itertools.product(syllables, repeat=n))
    return _trained(tmp_path_factory, "jamo", [Pair(word, word[::-1]) for word in words], epochs=12)


@pytest.fixture(scope="session")
def conjuncts(tmp_path_factory: pytest.TempPathFactory) -> Translator:
    """Symbols are grapheme clusters, in scripts whose consonants join."""
    clusters = ["ক", "ক্ষ", "অ্যা", "নি", "क्ष", "त्र", "मि"]
    words = ("".join(word) for n in (1, 2, 3) for word in itertools.product(clusters, repeat=n))
    pairs = [Pair(word, "".join(reversed(regex.findall(r"\X", word)))) for word in words]
    return _trained(tmp_path_factory, "conjuncts", pairs, symbols="graphemes", epochs=4)


def _trained(
    folders: pytest.TempPathFactory, name: str, pairs: Sequence[Pair], **settings: Any
) -> Translator:
    corpus = Corpus(name, tuple(pairs))
    small = {"attention": "general", "embedding": 16, "units": 32, "epochs": 12, "batch_size": 16}
    manner = {"learning_rate": 0.01, "patience": None, "keep": "last", "refit": False}
    run = folders.mktemp("runs") / name
    return charseq.train(corpus, held_out=corpus, run=run, **{**small, **manner, **settings})


KINDS = ("toy", "speaker", "scribe", "jamo", "conjuncts", "spacer", "worder", "divider")


@pytest.fixture(scope="session")
def spacer(tmp_path_factory: pytest.TempPathFactory) -> Translator:
    """Copies letters, but never the spaces that separate its own."""
    return spaced(tmp_path_factory.mktemp("spacer"))


@pytest.fixture(scope="session")
def worder(tmp_path_factory: pytest.TempPathFactory) -> Translator:
    """Reads words as symbols, and writes letters: it copies no word of several."""
    return worded(tmp_path_factory.mktemp("worder"), None)


@pytest.fixture(scope="session")
def divider(tmp_path_factory: pytest.TempPathFactory) -> Translator:
    """Its targets have another separator than its sources."""
    return worded(tmp_path_factory.mktemp("divider"), "|")


@pytest.fixture(scope="session")
def site(
    runtime: Mapping[str, bytes],
    toy_translator: Translator,
    speaker: Translator,
    scribe: Translator,
    jamo: Translator,
    conjuncts: Translator,
    spacer: Translator,
    worder: Translator,
    divider: Translator,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A site with the speaker, the other models beside its own, and a site with the scribe."""
    folder = tmp_path_factory.mktemp("served") / "site"
    models = (toy_translator, speaker, scribe, jamo, conjuncts, spacer, worder, divider)
    exports = {
        name: _exported(each, folder.parent) for name, each in zip(KINDS, models, strict=True)
    }
    for precision in ("half", "int8"):
        exports[precision] = _exported(toy_translator, folder.parent, precision)
    write_site(folder, exports["speaker"], runtime, "fadé\nbad\n".encode())
    to_try = "abé\tN;PL\treversed\r\nba\tN;SG\tplain\r\n".encode()
    write_site(folder.with_name("scribe"), exports["scribe"], runtime, to_try)
    for name, content in exports.items():
        (folder / f"{name}.onnx").write_bytes(content)
    return folder


def _exported(model: Translator, folder: Path, precision: Precision = "float32") -> bytes:
    path = folder / "model.safetensors"
    model.save(path)
    return export(path, precision=precision, force=True).content


@pytest.fixture(scope="session")
def python(site: Path) -> Callable[[str], BaseTranslator]:
    """Returns an exported model as Python loads it."""
    return functools.cache(lambda name: charseq.load(site / f"{name}.onnx"))


TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}


class _Plain(SimpleHTTPRequestHandler):
    """A static server that knows nothing of scripts in `.mjs` and programs in `.wasm`."""

    def guess_type(self, path: Any) -> str:
        return TYPES.get(Path(path).suffix, "application/octet-stream")

    def log_message(self, *_: Any) -> None:
        """Keep still."""


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(_Plain, directory=str(site.parent))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@contextmanager
def opening(browser: Browser, address: str) -> Iterator[Opener]:
    """Yield what opens a site; sites stand below a path, as a project's pages may do."""
    with watched(browser, address) as new_page:

        def open_it(path: str = "site/", **options: Any) -> Page:
            page = new_page(**options)
            page.goto(address + path)
            expect(page.get_by_role("textbox", name="Source")).to_be_visible()
            return page

        yield open_it


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Opener]:
    with opening(browser, address) as opener:
        yield opener


@pytest.fixture(scope="module")
def page_with_models(browser: Browser, address: str) -> Iterator[Page]:
    """One page for all tests that ask models only, which stay loaded."""
    with opening(browser, address) as opener:
        yield opener()


TRANSLATE = """async ([url, questions]) => {
  const { load } = await import("./charseq.js");
  window.models ??= {};
  const model = (window.models[url] ??= await load(url));
  const answers = [];
  for (const [text, options] of questions) answers.push(await model.translate(text, options));
  return answers;
}"""

Question = tuple[str, dict[str, Any]]


@pytest.fixture
def ask(page_with_models: Page) -> Callable[[str, Sequence[Question]], list[dict[str, Any]]]:
    """Has the browser translate."""

    def asked(model: str, questions: Sequence[Question]) -> list[dict[str, Any]]:
        given = [f"{model}.onnx", questions]
        answers: list[dict[str, Any]] = page_with_models.evaluate(TRANSLATE, given)
        return answers

    return asked


# Answers

STRANGE = [
    "",
    " ",
    "☃",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "e\u0301\u0301",
    "\u0301a",
    "a\tb",
    "ﬁ Å \ud7a3 \u1112\u1161\u11ab",
    "\U00010348b",
    "ab" * 60,
    "a |b c|d |",
    "a" * 10_001,
]


def inputs_of(model: BaseTranslator) -> list[Input]:
    """200 inputs of a model's own symbols and of others, in one normal form and the other."""
    draw = random.Random(1)
    known = made_up_inputs(model.description)
    languages = list(model.description.sources.conditions.languages)
    features = list(model.description.sources.conditions.features)
    for place, strange in enumerate(STRANGE):
        known[place] = known[place]._replace(source=strange)
    for place in range(50, 100):
        form = draw.choice(("NFC", "NFD"))
        known[place] = known[place]._replace(
            source=unicodedata.normalize(form, known[place].source + draw.choice("xé☃ 한"))
        )
    if features:
        known[100] = known[100]._replace(features=(features[0], "NEVER"), language=languages[0])
        known[101] = known[101]._replace(language="nowhere")
    assert len(known) == 200
    return known


def conditions_of(model: BaseTranslator, each: Input) -> dict[str, Any]:
    known = model.description.sources.conditions
    return {
        **({"features": list(each.features)} if known.features else {}),
        **({"language": each.language} if known.languages else {}),
    }


def translated(
    model: BaseTranslator, inputs: Sequence[Input], **decoding: Any
) -> list[dict[str, Any]]:
    """What Python answers, as JSON."""
    conditions = [conditions_of(model, each) for each in inputs]
    many = {name: [own[name] for own in conditions] for name in conditions[0]}
    with warnings.catch_warnings(action="ignore"):
        answers = model.translate([each.source for each in inputs], **many, **decoding)
    return [each.as_dict() for each in answers]


def alike(mine: Any, theirs: Any) -> bool:
    """Whether two answers are one, but for the last digits of their numbers."""
    if isinstance(theirs, dict):
        return mine.keys() == theirs.keys() and all(
            alike(mine[name], theirs[name]) for name in theirs
        )
    if isinstance(theirs, list | tuple):
        return len(mine) == len(theirs) and all(map(alike, mine, theirs))
    if isinstance(theirs, float) and isinstance(mine, int | float):
        return bool(mine == pytest.approx(theirs, rel=NEAR, abs=NEAR))
    return bool(mine == theirs)


@pytest.mark.parametrize("name", [*KINDS, "half"])
@pytest.mark.parametrize(
    ("options", "decoding"),
    [({}, {}), ({"beam": 4, "nBest": 3}, {"beam": 4, "n_best": 3})],
    ids=["greedy", "beam"],
)
def test_the_browser_answers_as_python_does(
    ask: Any, python: Any, name: str, options: dict[str, Any], decoding: dict[str, Any]
) -> None:
    model = python(name)
    inputs = inputs_of(model)
    mine = ask(name, [(each.source, {**conditions_of(model, each), **options}) for each in inputs])
    theirs = translated(model, inputs, **decoding)
    assert [each for each in zip(mine, theirs, strict=True) if not alike(*each)] == []
    assert len({each["hypothesis"] for each in mine}) > 20
    assert sum("unknown_symbols" in each for each in mine) > 10


def test_weights_of_8_bits_run_too(ask: Any, python: Any) -> None:
    model = python("int8")
    inputs = inputs_of(model)
    mine = ask("int8", [(each.source, {}) for each in inputs])
    theirs = translated(model, inputs)
    same = sum(
        own["hypothesis"] == other["hypothesis"] for own, other in zip(mine, theirs, strict=True)
    )
    # Processors round the vectors in orders of their own.
    assert same >= 190


def test_what_was_never_seen_is_copied(ask: Any, python: Any) -> None:
    (answer,) = ask("scribe", [("a☃b", {"features": "N;SG", "language": "plain"})])
    assert answer["hypothesis"] == "a☃b"
    assert answer["unknown_symbols"] == ["☃"]
    asked = {"features": "N;SG", "language": "plain"}
    (begun,) = ask("scribe", [("a☃b", {**asked, "prefix": "☃a"})])
    assert begun["hypothesis"].startswith("☃a")
    assert begun["hypothesis"] == str(python("scribe").translate("a☃b", **asked, prefix="☃a"))
    (refused,) = ask("scribe", [("ab", {**asked, "prefix": "☃"})])
    assert refused["error"] == "the model cannot write its prefix: ☃ (U+2603)"


def test_half_a_character_is_refused(page_with_models: Page, python: Any) -> None:
    # Neither JSON nor this connection carries one.
    made = TRANSLATE.replace("model.translate(text, options)", "model.translate('a\\ud83d')")
    (refused,) = page_with_models.evaluate(
        made.replace("answers.push(await", "answers.push((await").replace("')", "')).error"),
        ["toy.onnx", [("", {})]],
    )
    assert refused == python("toy").translate("a\ud83d").error


@pytest.mark.parametrize("features", ["N;", ["N;SG"], ["N", "SG", ""], [], ""])
def test_features_are_cut_as_in_python(ask: Any, python: Any, features: str | list[str]) -> None:
    asked = {"features": features, "language": "plain"}
    (answer,) = ask("scribe", [("ab", asked)])
    expected = python("scribe").translate("ab", **asked)
    assert answer["hypothesis"] == str(expected)
    assert answer.get("unknown_features", []) == list(expected.unknown_features)


@pytest.mark.parametrize("name", ["speaker", "toy"])
def test_an_answer_begins_with_its_prefix(ask: Any, python: Any, name: str) -> None:
    prefix = {"speaker": "k aː", "toy": "BAD"}[name]
    for beam in (1, 3):
        (answer,) = ask(name, [("abc", {"prefix": prefix, "beam": beam})])
        expected = python(name).translate("abc", prefix=prefix, beam=beam)
        assert answer["hypothesis"] == str(expected)
        assert answer["hypothesis"].startswith(prefix)
    for strange in ("☃", "\0", "\n", "\u202e\U000e0001", "م\u200cن\u200c", "\u00a0"):
        (refused,) = ask(name, [("abc", {"prefix": strange})])
        assert refused["error"] == python(name).translate("abc", prefix=strange).error


@pytest.mark.parametrize("name", KINDS)
def test_an_explanation_is_pythons(ask: Any, python: Any, name: str) -> None:
    model = python(name)
    inputs = [each for each in inputs_of(model)[len(STRANGE) : 60] if each.source]
    questions = [(each.source, {**conditions_of(model, each), "explain": True}) for each in inputs]
    mine = [answer["explanation"] for answer in ask(name, questions)]
    with warnings.catch_warnings(action="ignore"):
        theirs = [
            model.explain(each.source, **conditions_of(model, each)).as_dict() for each in inputs
        ]
    for own, other in zip(mine, theirs, strict=True):
        assert alike(own, {field: other[field] for field in own})
        assert own.keys() == {"source_symbols", "conditions", "symbols"}


def test_a_very_long_text_with_a_very_long_answer_is_not_explained(ask: Any, python: Any) -> None:
    model, text = python("speaker"), "abcd" * 475
    # Longer than what is explained, if the answer were as long as it may be.
    assert len(text) * model.description.output_limit.of(len(text)) > 4_000_000
    sound = str(model.translate("abcd")).split(" ")[0]
    for prefix in ("", " ".join([sound] * 2_200)):
        (answer,) = ask("speaker", [(text, {"prefix": prefix, "explain": True})])
        assert answer["hypothesis"] == str(model.translate(text, prefix=prefix))
        explained = model.explain(text, answer["hypothesis"])
        assert (explained.error is None) == (not prefix)
        assert ("explanation" in answer) == (not prefix)
        if not prefix:
            assert len(answer["explanation"]["symbols"]) == len(explained.symbols)


def test_clusters_are_cut_where_python_cuts_them(page_with_models: Page) -> None:
    draw = random.Random(1)
    kinds = [
        *"aक\u094d\u093cষঅ\u09cd\u09be\u200c\u200d\u0301\u0903\u0600가각\u1100\u1161\u11a8\r\n❤\ufe0f",
        *"\U0001f468\U0001f3fb\U0001f1e6\U0001f1e7\u1b44\u1b13\u1039\u1000\u17d2\u1780\u0e33",
    ]
    texts = ["".join(some) for n in (1, 2, 3) for some in itertools.product(kinds, repeat=n)]
    texts += ["".join(draw.choices(kinds, k=draw.randint(4, 9))) for _ in range(20_000)]
    cut = page_with_models.evaluate(
        """async (texts) => {
          const { Spelling } = await import("./spelling.js");
          const how = { separator: null, graphemes: true, form: "none", written: "none" };
          const spelling = new Spelling(how);
          return texts.map((text) => spelling.symbols(text));
        }""",
        texts,
    )
    assert [
        text for text, own in zip(texts, cut, strict=True) if own != regex.findall(r"\X", text)
    ] == []


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("toy", {"beam": 0}, "beam must be a whole number from 1 to 1000, not 0"),
        (
            "toy",
            {"beam": 2, "nBest": 3},
            "nBest must be a whole number from 1 to the beam, 2, not 3",
        ),
        ("toy", {"lengthPenalty": -1}, "lengthPenalty must be a number from 0 to 10, not -1"),
        ("toy", {"n_best": 3}, "there is no option n_best"),
        ("toy", {"features": "N"}, "this model does not take features: omit features"),
        ("scribe", {"language": "plain"}, "this model needs features for each text"),
    ],
)
def test_what_a_model_cannot_follow_is_refused_in_a_sentence(
    ask: Any, name: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(Error, match=re.escape(said)):
        ask(name, [("a", options)])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("nothing", b"", "not a model that charseq exported"),
        ("damaged", b"\x0a\xff\xff\x03abc", "is damaged"),
        ("cut", b"\xff\xff", "is truncated"),
        ("missing", None, r"cannot load missing\.onnx: the server answered with status 404"),
    ],
)
def test_a_file_that_is_no_model_is_refused(
    ask: Any, site: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (site / f"{name}.onnx").write_bytes(content)
    with pytest.raises(Error, match=said):
        ask(name, [("a", {})])


# The page


def test_the_page_answers_as_one_types(open_page: Opener, python: Any) -> None:
    page, model = open_page(), python("speaker")
    page.get_by_role("textbox", name="Source").press_sequentially("fadé")
    expect(page.locator("#alternatives li")).to_have_count(5)
    expect(page.locator("#answer")).to_have_text(str(model.translate("fadé")))
    best = model.translate("fadé", beam=5, n_best=5).alternatives
    shown = page.locator("#alternatives bdi").all_inner_texts()
    assert shown == [each.hypothesis or "(nothing)" for each in best]
    confidence = model.translate("fadé").confidence
    assert confidence is not None
    expect(page.locator("#confidence")).to_have_text(f"{percent(confidence)} sure")
    expect(page).to_have_title("pairs")


def test_a_symbol_pointed_at_tells_where_the_model_looked_and_what_else_was_likely(
    open_page: Opener, python: Any
) -> None:
    page = open_page()
    page.get_by_role("textbox", name="Source").fill("fadé")
    explained = python("speaker").explain("fadé").symbols
    buttons = page.locator("#written-symbols button")
    expect(buttons).to_have_count(len(explained))
    for place, symbol in enumerate(explained):
        buttons.nth(place).hover()
        label = "end" if symbol.end else symbol.symbol
        expect(page.locator("#detail-symbol span:first-child")).to_have_text(label)
        assert weights_shown(page) == pytest.approx(symbol.weights, abs=0.001)
        best = [math.exp(symbol.log_probability)]
        best += [math.exp(logarithm) for _, logarithm in symbol.runners_up]
        shown = shares(page.locator("#choices .number").all_text_contents())
        assert all(map(is_near, shown, sorted(best, reverse=True)))
        assert len(shown) == len(best)


def test_what_is_wrong_is_told_until_it_is_right_again(open_page: Opener) -> None:
    page = open_page()
    page.get_by_role("textbox", name="Source").fill("a" * 10_001)
    expect(page.locator("#remarks")).to_have_text(
        "There is no answer: longer than 10,000 characters."
    )
    expect(page.locator("#written-symbols button")).to_have_count(0)
    page.get_by_role("textbox", name="Source").fill("a")
    expect(page.locator("#alternatives li").first).to_be_visible()
    assert page.locator("#remarks li").count() == 0
    page.get_by_role("textbox", name="Source").fill("")
    expect(page.locator("#findings")).to_be_hidden()
    assert page.locator("#answer").text_content() == ""


def test_the_page_says_what_the_model_never_saw(open_page: Opener) -> None:
    page = open_page()
    page.get_by_role("textbox", name="Source").fill("a☃<b>x</b>")
    expect(page.locator("#remarks")).to_contain_text("The model has never seen")
    expect(page.locator("#remarks")).to_contain_text("☃")
    assert page.locator("#work b").count() == 0


def test_pasted_lines_are_one_text(open_page: Opener, python: Any) -> None:
    page = open_page()
    page.get_by_role("textbox", name="Source").fill("fa \n dé")
    expect(page.get_by_role("textbox", name="Source")).to_have_value("fa dé")
    expect(page.locator("#answer")).to_have_text(str(python("speaker").translate("fa dé")))


def test_the_page_begins_with_an_examples_features(open_page: Opener) -> None:
    page = open_page("scribe/")
    expect(page.get_by_label("Features", exact=True)).to_have_value("N;PL")


def test_the_page_offers_languages_and_features(open_page: Opener, python: Any) -> None:
    page = open_page("scribe/")
    page.get_by_label("Language", exact=True).select_option("reversed")
    page.get_by_label("Features", exact=True).fill("N;PL")
    page.get_by_role("textbox", name="Source").fill("abé")
    expected = python("scribe").translate("abé", features="N;PL", language="reversed")
    expect(page.locator("#answer")).to_have_text(str(expected))
    expect(page.locator("#alternatives li")).to_have_count(5)
    assert page.locator("#conditions .tile").all_text_contents() == ["reversed", "N", "PL"]
    assert page.locator("#read-symbols .tile").all_text_contents() == ["a", "b", "é"]


def test_an_example_is_answered_at_a_click(open_page: Opener, python: Any) -> None:
    page = open_page()
    buttons = page.get_by_role("group", name="Examples").get_by_role("button")
    expect(buttons).to_have_text(["fadé", "bad"])
    buttons.nth(1).click()
    expect(page.get_by_role("textbox", name="Source")).to_have_value("bad")
    expect(page.locator("#answer")).to_have_text(str(python("speaker").translate("bad")))


def test_an_example_brings_its_features_and_its_language(open_page: Opener, python: Any) -> None:
    page = open_page("scribe/")
    page.get_by_role("button", name="abé").click()
    expect(page.get_by_label("Features", exact=True)).to_have_value("N;PL")
    expect(page.get_by_label("Language", exact=True)).to_have_value("reversed")
    expected = python("scribe").translate("abé", features="N;PL", language="reversed")
    expect(page.locator("#answer")).to_have_text(str(expected))


def test_the_page_works_without_examples_and_passes_over_those_that_are_none(
    open_page: Opener,
) -> None:
    page = open_page("scribe/", service_workers="block")
    page.route("**/examples.txt", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("textbox", name="Source")).to_be_visible()
    expect(page.get_by_role("group", name="Examples").get_by_role("button")).to_have_count(0)
    page.unroute("**/examples.txt")
    lines = "\tN;PL\tplain\nab\tN;SG\tunheard of\n"
    page.route("**/examples.txt", lambda route: route.fulfill(body=lines))
    page.reload()
    page.get_by_label("Language", exact=True).select_option("reversed")
    expect(page.get_by_role("group", name="Examples").get_by_role("button")).to_have_text(["ab"])
    page.get_by_role("button", name="ab").click()
    expect(page.get_by_label("Language", exact=True)).to_have_value("reversed")
    expect(page.locator("#answer")).not_to_be_empty()


def test_a_model_can_be_loaded_again_after_a_failure_of_the_network(open_page: Opener) -> None:
    page = open_page(service_workers="block")
    page.route("**/*.wasm", lambda route: route.abort(), times=1)
    told = page.evaluate(
        """async () => {
          const { load } = await import("./charseq.js?anew");
          const failed = await load("speaker.onnx").then(() => false, () => true);
          const model = await load("speaker.onnx");
          return [failed, (await model.translate("bad")).hypothesis.length > 0];
        }"""
    )
    assert told == [True, True]


def test_a_wide_beam_takes_texts_as_short_as_in_python(
    ask: Callable[..., list[dict[str, Any]]], python: Any
) -> None:
    text = "ab" * 1_400
    (answer,) = ask("speaker", [(text, {"beam": 100})])
    assert answer["error"] == python("speaker").translate(text, beam=100).error
    assert answer["error"].startswith("longer than 2,621 characters, the most with a beam")


def test_options_that_are_null_are_not_given_and_no_text_is_refused(
    ask: Callable[..., list[dict[str, Any]]],
) -> None:
    plain, unset = ask(
        "speaker", [("bad", {}), ("bad", {"prefix": None, "features": None, "language": None})]
    )
    assert plain == unset
    with pytest.raises(Error, match="the text must be a string, not null"):
        ask("speaker", [(None, {})])  # type: ignore[list-item]


def test_once_loaded_the_page_needs_no_network(open_page: Opener, python: Any) -> None:
    page = open_page(service_workers="block")
    page.context.set_offline(True)
    page.get_by_role("textbox", name="Source").fill("bad")
    expect(page.locator("#answer")).to_have_text(str(python("speaker").translate("bad")))


KEPT = "navigator.serviceWorker.ready.then(({ active }) => active.state === 'activated')"


def test_the_page_opens_again_without_a_network(open_page: Opener, python: Any) -> None:
    page = open_page()
    page.wait_for_function(KEPT)
    page.context.set_offline(True)
    for path in ("", "index.html", "?from=link"):
        page.goto(page.evaluate("(path) => new URL(path, document.baseURI).href", path))
        page.get_by_role("textbox", name="Source").fill("cab")
        expect(page.locator("#answer")).to_have_text(str(python("speaker").translate("cab")))


def test_a_new_export_comes_when_no_page_shows_the_old_one(
    open_page: Opener, site: Path, runtime: Mapping[str, bytes], address: str
) -> None:
    models = [(site / f"{name}.onnx").read_bytes() for name in ("speaker", "jamo")]
    folder = site.with_name("renewed")
    write_site(folder, models[0], runtime)
    page = open_page("renewed/")
    page.wait_for_function(KEPT)
    write_site(folder, models[1], runtime)
    page.reload()
    expect(page).to_have_title("pairs")
    page.wait_for_function("navigator.serviceWorker.ready.then(({ waiting }) => waiting !== null)")
    context = page.context
    page.close()
    page = context.new_page()
    # The new one takes over once the browser sees that nobody uses the old one.
    for _ in range(20):
        page.goto(address + "renewed/")
        expect(page.locator("#work")).to_be_visible()
        if page.title() == "jamo":
            break
        page.goto("about:blank")
    expect(page).to_have_title("jamo")
    assert len(page.evaluate("caches.keys()")) == 1


def test_a_site_that_was_removed_makes_way_for_what_is_there_now(
    open_page: Opener, site: Path, runtime: Mapping[str, bytes]
) -> None:
    folder = site.with_name("removed")
    write_site(folder, (site / "speaker.onnx").read_bytes(), runtime)
    page = open_page("removed/")
    page.wait_for_function(KEPT)
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "index.html").write_text("<title>another</title>", encoding="utf-8")
    page.reload()
    expect(page).to_have_title("another")
    assert page.evaluate("caches.keys()") == []


def test_no_script_but_the_sites_own_runs(open_page: Opener) -> None:
    page = open_page()
    policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content") or ""
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy
    assert page.locator("script:not([src])").count() == page.locator("[style]").count() == 0


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_no_screen_is_too_narrow(open_page: Opener, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 700})
    page.get_by_role("textbox", name="Source").fill("abcdéf" * 10)
    expect(page.locator("#alternatives li").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
