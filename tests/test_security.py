"""What `docs/security.md` promises: its limits; nothing foreign runs or lands elsewhere."""

import ast
import io
import json
import re
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import charseq
from charseq import files, page
from charseq.answering import pairs, translations
from charseq.cli import main
from charseq.cli.lines import Readable, arriving_lines
from charseq.config import ServeConfig, configure, run
from charseq.config.model import LONGEST_PADDED
from charseq.corpus import archive, lines, read_corpus
from charseq.errors import CharseqError, DataError, ModelFileError, UsageError
from charseq.files import write_atomically
from charseq.interop.keras import archive as keras_archive
from charseq.interop.keras import shape
from charseq.interop.onnx.web import runtime as web_runtime
from charseq.model import embedding
from charseq.modelfile import METADATA_KEY, description_to_dict, read_description, read_model
from charseq.runtime import inspection, wire
from charseq.serve import bodies, connections, keys, models, requests
from charseq.text import normalisation, vocabulary
from charseq.training import history, read_history
from charseq.translator import Translator

PACKAGE = Path(charseq.__file__).parent
PAGE = Path(__file__).parents[1] / "docs" / "security.md"

FORBIDDEN_MODULES = {"dill", "marshal", "pickle", "runpy", "shelve", "subprocess"}
FORBIDDEN_CALLS = {"__import__", "compile", "eval", "exec"}
FORBIDDEN_METHODS = {"os.popen", "os.system", "torch.load", "numpy.load", "np.load", "yaml.load"}


def nodes() -> Iterator[tuple[Path, ast.AST]]:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield path, node


def test_nothing_is_unpickled_evaluated_or_handed_to_a_shell() -> None:
    found = []
    for path, node in nodes():
        match node:
            case ast.Import(names=names):
                used = {name.name.partition(".")[0] for name in names} & FORBIDDEN_MODULES
            case ast.ImportFrom(module=module):
                used = {str(module).partition(".")[0]} & FORBIDDEN_MODULES
            case ast.Call(func=ast.Name(id=name)):
                used = {name} & FORBIDDEN_CALLS
            case ast.Call(func=ast.Attribute() as called):
                used = {ast.unparse(called)} & FORBIDDEN_METHODS
            case _:
                continue
        found += [(path.relative_to(PACKAGE).as_posix(), name) for name in used]
    # That starts npm, with words of its own alone.
    assert found == [("interop/onnx/web/runtime.py", "subprocess")]


def test_modules_are_imported_by_names_of_our_own_alone() -> None:
    called = {
        path.relative_to(PACKAGE).as_posix()
        for path, node in nodes()
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "importlib.import_module"
    }
    # All take the name from a table in the code.
    assert called == {"__init__.py", "cli/__init__.py", "config/__init__.py"}


def test_the_page_has_the_limits_that_hold() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \| [^|]+\|$", text, re.MULTILINE))
    mebi, gibi = 1 << 20, 1 << 30
    served = ServeConfig()
    times, small = files.LARGEST_EXPANSION, files.SMALL // mebi
    assert files.unpacked_limit(1) == files.SMALL
    assert files.unpacked_limit(gibi) == times * gibi
    assert run.LARGEST == keys.LARGEST_FILE == models.LARGEST_CARD
    assert {name: limit for name, limit in rows.items() if name not in ("what", "---")} == {
        "a line of a corpus, of a lexicon, of outputs to score": f"{lines.LONGEST_LINE:,} bytes",
        "a line to translate or to align": f"{4 * translations.LONGEST_SOURCE:,} bytes",
        "a compressed text, unpacked": f"{times} times its size, or {small} MiB",
        "the text in a zip, unpacked": f"that, and {archive.LARGEST_TEXT // mebi} MiB",
        "a text to translate": f"{translations.LONGEST_SOURCE:,} characters",
        "marks of one letter": f"{normalisation.MOST_MARKS}",
        "a source or target to score, align or explain": f"{pairs.LONGEST:,} characters",
        "source times target, to score, align or explain": f"{pairs.MOST_WEIGHTS:,}, with"
        " attention; 2²⁸ / units if it is additive",
        "source times hypotheses of a beam": f"{translations.MOST_IN_A_BEAM:,} characters",
        "a settings file, a file of API keys, a model card": f"{run.LARGEST // mebi} MiB",
        "a file of inputs to try": f"{page.LARGEST_EXAMPLES // 1_024} KiB",
        "the history of a run": f"{history.LARGEST // mebi} MiB",
        "the header of a safetensors file": f"{files.LARGEST_HEADER // mebi} MiB",
        "a safetensors file": f"{files.LARGEST_TENSORS // gibi} GiB,"
        f" {files.MOST_TENSORS:,} tensors",
        "a vocabulary": f"{vocabulary.MOST_SYMBOLS:,} symbols",
        "`config.json` in a `.keras` archive": f"{keras_archive.LARGEST_CONFIG // mebi} MiB",
        "`charseq.json` in one": f"{files.LARGEST_HEADER // mebi} MiB, {times} times its packed"
        f" size if over {keras_archive.LARGEST_CONFIG // mebi} MiB",
        "a member of a `.keras` archive, unpacked": f"{times} times its size, or {small} MiB",
        "units of a model": f"{shape.MOST_UNITS:,}",
        "symbols read one-hot": f"{embedding.MOST_ONE_HOT:,}",
        "symbols that sources are padded to": f"{LONGEST_PADDED:,}",
        "the body of a request to `charseq serve`": f"{served.max_body_bytes // mebi} MiB",
        "texts of a request, symbols of each": f"{served.max_texts:,}, {served.max_symbols:,}",
        "the beam and the answers of a request": f"{served.max_beam}, {served.max_n_best}",
        "the bodies of all requests in progress": f"{bodies.MOST_SMALL // mebi} MiB of the first"
        f" {bodies.SMALL >> 10} KiB of each, {bodies.MOST_BYTES // mebi} MiB of the rest",
        "how slowly an answer is read": f"{connections.SLOWEST:,} bytes a second",
        "answers that several clients have not read yet": f"{connections.MOST_UNREAD // mebi} MiB",
        "features and language for all texts, repeated for each": f"{served.max_body_bytes // mebi}"
        " MiB, the same as a body",
        "the features of a requested text, its language": f"{requests.LONGEST_CONDITION:,}"
        " characters each",
        "numbers in the explanations of a request": f"{requests.MOST_NUMBERS:,}",
        "how long a request takes, its arrival": f"{served.timeout:g} s,"
        f" {served.client_timeout:g} s",
        "requests that wait for a model or are being answered by it": f"{served.queue:,}",
        "the package onnxruntime-web, packed": f"{web_runtime.LARGEST_ARCHIVE // mebi} MiB",
        "a file of that package": f"{web_runtime.LARGEST_FILE // mebi} MiB",
        "an export": f"{inspection.LARGEST_FILE // gibi} GiB, {inspection.MOST_NODES:,} nodes",
        "the description in an export": f"{files.LARGEST_HEADER // mebi} MiB",
        "graphs within graphs of an export": f"{inspection.DEEPEST_GRAPH} deep",
        "fields of a message in an export": f"{wire.MOST_FIELDS:,}",
        "dimensions of an export's tensor": f"{inspection.MOST_DIMENSIONS}",
        "a whole number in an export's graph": f"{inspection.FARTHEST_NUMBER:,} from 0",
    }


# Lines


def ended_with(arguments: Sequence[object]) -> int:
    """The exit code of a command that is run in this process."""
    with pytest.raises(SystemExit) as end:
        main([str(each) for each in arguments])
    return int(end.value.code or 0)


READERS_OF_LINES = pytest.mark.parametrize(
    "command",
    [["translate", "none.safetensors", "a", "--lexicon"], ["evaluate", "none.tsv", "--hypotheses"]],
    ids=["lexicon", "outputs"],
)


@READERS_OF_LINES
@pytest.mark.parametrize("end", [b"\nlast\n", b""], ids=["ends", "never ends"])
def test_a_line_of_a_lexicon_or_of_outputs_is_refused_beyond_the_limit_in_bounded_memory(
    command: list[str], end: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(b"first\n" + b"x" * 50_000_000 + end)
    tracemalloc.start()
    try:
        assert ended_with([*command, path]) == DataError.exit_code
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert capsys.readouterr().err == f"charseq: {path}:2: longer than 1,000,000 bytes\n"
    assert peak < 40_000_000


@READERS_OF_LINES
def test_a_line_of_a_lexicon_or_of_outputs_is_read_up_to_the_limit(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(b"x" * 999_999 + b"\n")
    # The next that is asked for is not there.
    assert ended_with([*command, path]) == UsageError.exit_code
    assert "there is no" in capsys.readouterr().err


@pytest.mark.parametrize("character", "xéあ😀")
def test_a_line_to_translate_is_cut_beyond_the_limit_and_refused_for_its_length(
    character: str, toy_translator: Translator, tmp_path: Path, monkeypatch, capsysbinary
) -> None:
    model = tmp_path / "toy.safetensors"
    toy_translator.save(model)
    given = [b"\xef\xbb\xbfab\n", character.encode() * 100_000, b"\nab\n"]
    held: list[int] = []

    def arriving(stream: Readable, longest: int) -> Iterator[list[bytes]]:
        for together in arriving_lines(stream, longest):
            held.extend(map(len, together))
            yield together

    monkeypatch.setattr("charseq.cli.lines.arriving_lines", arriving)
    monkeypatch.setattr("charseq.cli.lines.PIECE", 5_000)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"".join(given))))
    assert ended_with(["translate", model]) == DataError.exit_code
    shown = capsysbinary.readouterr()
    assert shown.out == b"BA\n\nBA\n"
    assert b"line 2: longer than 10,000 characters" in shown.err
    assert 40_000 < held[1] <= 40_000 + 5_010


# Model files


def safetensors(header: dict[str, Any], data: bytes = b"", claimed: int | None = None) -> bytes:
    """A safetensors file with any header whatever."""
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if claimed is None else claimed) + text + data


def tensor(start: int, end: int, *shape: int) -> dict[str, Any]:
    return {"dtype": "F32", "shape": list(shape), "data_offsets": [start, end]}


@pytest.fixture
def description(toy_translator) -> dict[str, Any]:
    fields: dict[str, Any] = description_to_dict(toy_translator.description)
    return fields


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    messages = set()
    for read in (read_model, read_description):
        with pytest.raises(ModelFileError) as error:
            read(path)
        messages.add(str(error.value))
    (message,) = messages
    assert str(path) in message
    return message


@pytest.mark.parametrize(
    ("tensors", "size"),
    [
        ({"a": tensor(0, 8, 2), "b": tensor(4, 12, 2)}, 12),
        ({"a": tensor(0, 8, 2), "b": tensor(12, 20, 2)}, 20),
        ({"a": tensor(0, 4 << 40, 1 << 40)}, 8),
        ({"a": tensor(0, 8, 1 << 62, 4)}, 8),
        ({"a": tensor(8, 0, 2)}, 8),
        ({"a": tensor(0, 8, -2)}, 8),
    ],
    ids=["overlap", "gap", "terabytes", "overflow", "backwards", "negative"],
)
def test_tensors_that_are_not_where_they_say_are_refused(
    tmp_path: Path, description, tensors: dict[str, Any], size: int
) -> None:
    header = {"__metadata__": {METADATA_KEY: json.dumps(description)}, **tensors}
    assert "damaged" in refused(tmp_path / "m.safetensors", safetensors(header, bytes(size)))


def test_a_header_beyond_the_limit_or_the_file_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.safetensors"
    assert "truncated" in refused(path, safetensors({}, claimed=1 << 62))
    monkeypatch.setattr(files, "LARGEST_HEADER", 1_000)
    large = safetensors({"__metadata__": {METADATA_KEY: "x" * 1_000}})
    assert "its header has 1," in refused(path, large)
    monkeypatch.setattr(files, "LARGEST_TENSORS", 1_000)
    assert "but at most 1,000 are read" in refused(path, safetensors({}, bytes(1_000)))


def test_more_tensors_than_any_model_has_are_refused(tmp_path: Path, description) -> None:
    tensors = {f"t{number}": tensor(0, 0, 0) for number in range(files.MOST_TENSORS + 1)}
    header = {"__metadata__": {METADATA_KEY: json.dumps(description)}, **tensors}
    assert "2,001 tensors" in refused(tmp_path / "m.safetensors", safetensors(header))


def test_a_vocabulary_beyond_the_limit_is_refused_in_files_and_in_training(
    tmp_path: Path, description, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary, "MOST_SYMBOLS", 100)
    description["source_vocabulary"]["symbols"] = [chr(0x4E00 + n) for n in range(101)]
    header = {"__metadata__": {METADATA_KEY: json.dumps(description)}}
    message = refused(tmp_path / "m.safetensors", safetensors(header))
    assert "101 different symbols, but at most 100" in message
    pairs = [(f"word{number}", "b") for number in range(150)]
    with pytest.raises(DataError, match="different symbols, but at most 100"):
        charseq.train(pairs, run=tmp_path / "run", source_separator=" ", epochs=1, units=2)


def test_half_a_character_in_a_vocabulary_is_refused(tmp_path: Path, description) -> None:
    description["target_vocabulary"]["symbols"][-1] = "\ud83d"
    header = {"__metadata__": {METADATA_KEY: json.dumps(description)}}
    refused(tmp_path / "m.safetensors", safetensors(header))


def test_json_that_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    header = {"__metadata__": {METADATA_KEY: deep}}
    refused(tmp_path / "m.safetensors", safetensors(header))
    (tmp_path / "history.json").write_text(deep)
    with pytest.raises(DataError):
        read_history(tmp_path / "history.json")
    (tmp_path / "settings.toml").write_text(f"a = {deep}")
    with pytest.raises(UsageError):
        configure(file=tmp_path / "settings.toml")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_ten_million_symbols_take_no_memory(tmp_path: Path) -> None:
    """In a process that may not have 500 MiB more than charseq itself needs."""
    path = tmp_path / "m.safetensors"
    symbols = '"' + '","'.join(map(str, range(10_000_000))) + '"'
    fields = '{"format_version":2,"source_vocabulary":{"symbols":[' + symbols + "]}}"
    path.write_bytes(safetensors({"__metadata__": {METADATA_KEY: fields}}))
    program = (
        "import re, sys\n"
        "from charseq.modelfile import read_model\n"
        "from charseq.errors import CharseqError\n"
        "def peak():\n"
        "    with open('/proc/self/status') as file:\n"
        "        return int(re.search(r'VmHWM:\\s+(\\d+)', file.read())[1])\n"
        "before = peak()\n"
        "try: read_model(sys.argv[1])\n"
        "except CharseqError: pass\n"
        "else: sys.exit('it was read')\n"
        "print(peak() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 100 * 1024


# Zips, links, and what is shown


@pytest.mark.parametrize("name", ["../../evil.txt", "/etc/evil.txt", "a/../../evil.txt"])
def test_names_in_a_zip_lead_nowhere(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    path = folder / "pairs.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr(name, "go\tva\nrun\tcours\n")
    assert len(read_corpus(path)) == 2
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == [path]


def test_a_zip_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pairs.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("fra.txt", b"go\tva\n" * 10_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="unpacks to more than"):
            read_corpus(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100 << 20


def test_a_link_is_replaced_and_what_it_points_to_is_not(tmp_path: Path) -> None:
    precious, link = tmp_path / "precious", tmp_path / "model"
    precious.write_text("precious")
    link.symlink_to(precious)
    write_atomically(link, b"new")
    assert (precious.read_text(), link.read_text()) == ("precious", "new")
    assert not link.is_symlink()
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "elsewhere")
    write_atomically(dangling, b"new")
    assert not (tmp_path / "elsewhere").exists()


def test_control_characters_of_a_file_never_reach_the_terminal(tmp_path: Path, capsys) -> None:
    evil = "\x1b]0;owned\x07\u202e"
    path = tmp_path / "pairs.tsv"
    path.write_text(f"{evil}\n", encoding="utf-8")
    for arguments in (["corpus", "info", str(path)], ["train", str(path)]):
        with pytest.raises(SystemExit):
            main(arguments)
    with zipfile.ZipFile(tmp_path / "pairs.zip", "w") as zipped:
        zipped.writestr(f"{evil}.txt", "alone\n")
    with pytest.raises(CharseqError) as refused:
        read_corpus(tmp_path / "pairs.zip")
    shown = "".join(capsys.readouterr()) + str(refused.value)
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)
