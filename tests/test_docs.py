"""What README and documentation show exists: commands, options, Python names, links, pictures."""

import ast
import importlib
import importlib.util
import pkgutil
import re
import shlex
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from charseq import cli
from charseq.config import SECTIONS, ServeConfig, Settings, configure
from charseq.corpus import Pair, Split
from charseq.training.choices import decided

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
MOST_PICTURE_BYTES = 60_000


class Fence(NamedTuple):
    """A fenced block of code."""

    language: str
    text: str


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _parts(page: Path) -> tuple[list[Fence], str]:
    """Return a page's fenced blocks, and the page without them."""
    fences: list[Fence] = []

    def cut(match: re.Match[str]) -> str:
        fences.append(Fence(match["language"], match["text"]))
        return ""

    block = r"^```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^```$"
    prose = re.sub(block, cut, page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return fences, prose


def _calls(script: str) -> Iterator[list[str]]:
    """Yield the arguments of each call of charseq in a shell script, pipes taken apart."""
    for line in script.replace("\\\n", " ").splitlines():
        if not re.search(r"\bcharseq\s", line):
            continue
        words = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
        words.whitespace_split = True
        words.commenters = "#"
        call: list[str] | None = None
        skipped = False  # The file that a redirection names.
        for word in words:
            if set(word) <= set("|&;"):
                if call is not None:
                    yield call
                call = None
            elif set(word) <= set("<>"):
                skipped = True
            elif skipped:
                skipped = False
            elif call is not None:
                call.append(word)
            elif Path(word).name == "charseq":
                call = []
        if call is not None:
            yield call


def _shown_calls() -> list[Any]:
    """Return every call of charseq in a shell block: it must be whole."""
    return [
        pytest.param(call, id=f"{_name(page)}: {shlex.join(call)}")
        for page in PAGES
        for fence in _parts(page)[0]
        if fence.language in ("sh", "bash", "shell", "console")
        for call in _calls(fence.text)
    ]


def _mentioned_calls() -> list[Any]:
    """Return every call of charseq within a sentence or a table: it may leave arguments out."""
    return [
        pytest.param(call, id=f"{_name(page)}: {shlex.join(call)}")
        for page in PAGES
        for code in re.findall(r"`(charseq [^`]+)`", _parts(page)[1])
        for call in _calls(" ".join(code.replace("\\|", "|").split()))
    ]


@cache
def _command(name: str) -> Any:
    return cli._application(name)


def _resolved(call: list[str]) -> tuple[Any, list[str]]:
    """Return the command that a call asks for, and what follows its name."""
    names = [word for word in call if not word.startswith("-")]
    command, rest = _command(names[0] if names else ""), list(call)
    while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
        if rest[0] == "COMMAND":  # As in `charseq COMMAND --help`.
            rest.pop(0)
            continue
        assert rest[0] in command.commands, f"there is no command {rest[0]!r}"
        command = command.commands[rest.pop(0)]
    return command, rest


def _options(command: Any) -> set[str]:
    names = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    return {name for name in names if name.startswith("-")} | {"-h", "--help"}


@pytest.mark.parametrize("call", _shown_calls())
def test_a_shown_command_parses(call: list[str]) -> None:
    command, rest = _resolved(call)
    command.make_context("charseq", rest)


@pytest.mark.parametrize("call", _mentioned_calls())
def test_a_mentioned_command_has_its_options(call: list[str]) -> None:
    command, rest = _resolved(call)
    words = [word.strip("[]") for word in rest if not word[0].isupper()]
    options = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert options <= _options(command)


def test_commands_are_found_where_they_stand() -> None:
    script = (
        "cut -f1 a.tsv | .venv/bin/charseq translate m - > out  # charseq\nOMP=1 charseq info m"
    )
    assert list(_calls(script)) == [["translate", "m", "-"], ["info", "m"]]
    assert len(_shown_calls()) > 20


def _leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    if hasattr(command, "commands"):
        for inner, each in command.commands.items():
            yield from _leaves(each, f"{name} {inner}")
    else:
        yield name, command


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_the_page_of_commands_has_every_option(name: str) -> None:
    page = (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")
    own = _section(page, f"## charseq {name}")
    shared = "### How a corpus is read"
    told = own + (_section(page, shared) if "#how-a-corpus-is-read" in own else "")
    for full_name, command in _leaves(_command(name).commands[name], f"charseq {name}"):
        assert f"`{full_name}" in own
        for option in _options(command) - {"-h", "--help"}:
            # A switch that is off by default need not be shown with its opposite.
            positive = option.replace("--no-", "--", 1)
            found = re.search(rf"`[^`]*{re.escape(positive)}(?![\w-])[^`]*`", told)
            assert found, f"{full_name} {option} is not in its section"


def _section(page: str, heading: str) -> str:
    """Return what stands below a heading, until the next of its level or above."""
    level = heading.index(" ")
    _, found, rest = page.partition(f"\n{heading}\n")
    assert found, f"{heading} is not on the page"
    return re.split(rf"^#{{1,{level}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def _rows(page: str, section: str = "") -> list[list[str]]:
    """Return the cells of all tables' rows, from a section's heading on."""
    text = (DOCS / page).read_text(encoding="utf-8")
    lines = text[text.index(section) :].splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("|")
    ]


def _in_words(default: object) -> str:
    if isinstance(default, bool):
        return "on" if default else "off"
    words = {"None": "none", " ": "a space", ";": "`;`"}
    return words.get(str(default), str(default))


@pytest.mark.parametrize(
    ("command", "kinds"),
    [("## charseq train", SECTIONS.values()), ("## charseq serve", [ServeConfig])],
)
def test_the_page_of_commands_has_the_defaults(
    command: str, kinds: Collection[type[Settings]]
) -> None:
    shown: dict[str, str] = {}
    for options, *cells in _rows("reference/commands.md", command):
        names = [name for name in re.findall(r"--([\w-]+)", options) if not name.startswith("no-")]
        defaults = cells[0].split(", ")
        if len(cells) == 2 and len(defaults) in (1, len(names)):
            defaults *= len(names) // len(defaults)
            for name, default in zip(names, defaults, strict=True):
                # `--format` and `--seed` mean something else to some commands, further down.
                shown.setdefault(name.replace("-", "_"), default)
    for kind in kinds:
        for name, field in kind.model_fields.items():
            if field.default != ():  # Lists have no default to show.
                assert shown[name] == _in_words(field.default), name


def test_the_table_of_choices_is_the_rule() -> None:
    rows = [row for row in _rows("how-to/training.md") if len(row) == 9][2:]
    assert len(rows) > 2
    fewest = 10
    for most, units, looks, dropout, of_sources, of_symbols, batch, epochs, refit in rows:
        number = int(re.sub(r"\D", "", most) or "60000")
        for pairs in (fewest, number - 1):
            split = Split((Pair("a", "b"),) * pairs, (Pair("a", "b"),))
            config = decided(configure(), split)
            model = config.model
            assert (model.units, model.attention_layers) == (int(units), int(looks))
            assert (model.dropout, model.symbol_dropout) == (float(dropout), float(of_symbols))
            assert model.source_dropout == float(of_sources.partition(",")[0])
            training = config.training
            assert (training.batch_size, training.epochs) == (int(batch), int(epochs))
            assert training.refit == refit.startswith("yes")
        fewest = number


def _python_blocks() -> list[Any]:
    return [
        pytest.param(fence.text, id=f"{_name(page)}: block {number}")
        for page in PAGES
        for number, fence in enumerate(_parts(page)[0], start=1)
        if fence.language in ("python", "py")
    ]


@pytest.mark.parametrize("text", _python_blocks())
def test_python_blocks_compile_and_import_what_exists(text: str) -> None:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("charseq"):
            home = importlib.import_module(str(node.module))
            for name in node.names:
                submodule = f"{node.module}.{name.name}"
                exists = hasattr(home, name.name) or importlib.util.find_spec(submodule)
                assert exists, f"{node.module} has no {name.name}"
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "charseq":
            home = importlib.import_module("charseq")
            assert hasattr(home, node.attr), f"charseq has no {node.attr}"


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _parts(page)[1], flags=re.MULTILINE)
    plain = [re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings]
    return {re.sub(r"[-\s]+", "-", heading) for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", _parts(page)[1]):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.is_file(), f"{target}: there is no such file"
        if anchor and file.suffix == ".md":
            assert anchor in _anchors(file), f"{target}: there is no such heading"


@pytest.mark.parametrize(
    "picture", sorted((DOCS / "images").iterdir()), ids=lambda path: str(path.name)
)
def test_pictures_are_small_and_shown(picture: Path) -> None:
    assert picture.stat().st_size < MOST_PICTURE_BYTES
    assert any(f"images/{picture.name})" in page.read_text(encoding="utf-8") for page in PAGES)


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"[\w/-]+\.md", navigation))
    assert named == {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}


def _documented() -> Iterator[tuple[str, str]]:
    """Yield the modules and objects that the reference shows, each with the names chosen of it."""
    for page in sorted((DOCS / "reference").glob("*.md")):
        blocks = re.split(r"^::: ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        for block in blocks:
            members = re.search(r"members: \[(.*?)\]", block, flags=re.DOTALL)
            names = re.findall(r"\w+", members[1]) if members else [""]
            yield from ((block.split()[0], name) for name in names)


@pytest.mark.parametrize(("module", "member"), sorted(_documented()))
def test_what_the_reference_shows_exists(module: str, member: str) -> None:
    found = pkgutil.resolve_name(module)
    assert not member or hasattr(found, member)


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
