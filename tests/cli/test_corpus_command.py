import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest

import charseq.cli
from charseq.files import cache_folder


class Outcome(NamedTuple):
    code: int
    output: str
    error: str


@pytest.fixture
def charseq_(capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    def run(*arguments: str) -> Outcome:
        with pytest.raises(SystemExit) as ended:
            charseq.cli.main(["corpus", *arguments])
        code = ended.value.code
        return Outcome(code if isinstance(code, int) else 0, *capsys.readouterr())

    return run


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    with zipfile.ZipFile(folder / "fra-eng.zip", "w") as archive:
        archive.writestr("fra.txt", "Go.\tVa !\nRun!\tCours\u202f!\nRun!\tCourez\u202f!\n")
        archive.writestr("_about.txt", "Attribution: www.manythings.org/anki and tatoeba.org\n")
    return folder / "fra-eng.zip"


@pytest.fixture
def mirror(release: Path) -> Iterator[str]:
    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(release.parent))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_list_names_the_corpora_and_which_are_in_the_cache(charseq_, mirror: str) -> None:  # type: ignore[no-untyped-def]
    before = charseq_("list").output
    assert "phrasebook" in before
    assert "deu-eng     English → German" in before
    assert str(cache_folder()) in before
    assert "in the cache" not in before
    charseq_("download", "fra-eng", "--mirror", mirror)
    assert "fra-eng     English → French, in the cache\n" in charseq_("list").output


def test_info_shows_what_a_corpus_holds(charseq_, release: Path) -> None:  # type: ignore[no-untyped-def]
    code, output, error = charseq_("info", str(release))
    assert (code, error) == (0, "")
    lines = output.splitlines()
    facts = {line[:18].strip(): line[18:] for line in lines}
    assert facts["pairs"] == "3"
    assert facts["distinct sources"] == "2"
    assert facts["source lengths"] == "median 4, 95 % up to 4, longest 4"
    assert facts["target lengths"] == "median 7, 95 % up to 8, longest 8"
    assert facts["source alphabet"] == "7 characters"
    assert facts["attribution"] == "www.manythings.org/anki and tatoeba.org"
    assert len(facts["digest"]) == len(facts["archive digest"]) == 64
    assert facts["file"] == str(release)


def test_info_counts_what_was_left_out(charseq_, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "pairs.tsv"
    path.write_bytes(b"a\tb\nbad\n\nlonger\tthan this\n")
    output = charseq_("info", str(path), "--skip-bad-lines", "--max-length", "4").output
    assert "1 × too few columns" in output
    assert "1 × empty line" in output
    assert "1 × longer than 4 characters" in output


@pytest.fixture
def checked(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.tsv"
    path.write_text("from\tto\nGo.\tVa !\nGo.\tVa !\nHi.\tSa\u200blut.\n", encoding="utf-8")
    return path


def test_check_shows_what_it_finds_with_its_lines(charseq_, checked: Path) -> None:  # type: ignore[no-untyped-def]
    outcome = charseq_("check", str(checked), "--header")
    assert outcome.code == 0
    assert "pairs: 3 pairs, " in outcome.output
    assert "duplicates: 1 repetition of 1 pair\n  line 2: Go. → Va ! (2 ×)\n  → " in outcome.output
    assert "line 4: (U+200B ZERO WIDTH SPACE) in Sa\\u200blut." in outcome.output


def test_check_numbers_pairs_where_lines_were_left_out(charseq_, checked: Path) -> None:  # type: ignore[no-untyped-def]
    checked.write_text("bad\n" + checked.read_text(encoding="utf-8"), encoding="utf-8")
    assert "  pair 2: Go." in charseq_("check", str(checked), "--skip-bad-lines").output


def test_check_numbers_json_lines_from_the_first(charseq_, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"source": "ab", "target": "x "}\n{"source": "cd", "target": "y"}\n')
    assert "  line 1: 'x '" in charseq_("check", str(path), "--header").output


def test_check_looks_for_inputs_on_both_sides(charseq_, checked: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    held_out = tmp_path / "held-out.tsv"
    held_out.write_text("Run!\tCours !\nHi.\tSalut.\n", encoding="utf-8")
    output = charseq_("check", str(checked), "--held-out", str(held_out)).output
    assert "inputs on both sides: also in the corpus: 1 of 2 held-out inputs" in output
    assert "  held-out line 2: Hi. → Salut." in output


def test_check_goes_by_the_symbols_that_the_options_of_training_say(  # type: ignore[no-untyped-def]
    charseq_, tmp_path: Path
) -> None:
    path, held_out = tmp_path / "words.tsv", tmp_path / "held-out.tsv"
    path.write_text("chai\ttʃ aɪ\n" * 5 + "chat\ttʃ æ t\n", encoding="utf-8")
    held_out.write_text("chap\ttʃ æ p\n", encoding="utf-8")
    arguments = ("check", str(path), "--held-out", str(held_out), "--target-separator", " ")
    output = charseq_(*arguments).output
    assert "rare target symbols: seen fewer than 5 times: 2 of 4 target symbols" in output
    assert "unseen target symbols: not in the corpus: 1 target symbol of 1 held-out" in output
    assert "  held-out line 1: p (U+0070 LATIN SMALL LETTER P) in tʃ æ p" in output
    # What a training would refuse is refused at once.
    held_out.write_text("chap\ttʃ  p\n", encoding="utf-8")
    refused = charseq_(*arguments)
    assert refused.code == 3
    assert "column 2 has a separator with no symbol next to it" in refused.error


def test_check_ends_with_the_datas_code_only_if_it_must_be_strict(charseq_, checked: Path) -> None:  # type: ignore[no-untyped-def]
    assert charseq_("check", str(checked)).code == 0
    assert charseq_("check", str(checked), "--strict").code == 3


def test_check_prints_json_on_request(charseq_, checked: Path) -> None:  # type: ignore[no-untyped-def]
    found = json.loads(charseq_("check", str(checked), "--header", "--json").output)
    assert (found["corpus"], found["pairs"], found["first_line"]) == ("pairs", 3, 2)
    both = charseq_("check", str(checked), "--held-out", str(checked), "--header", "--json").output
    assert json.loads(both)["held_out_first_line"] == 2
    by_name = {finding["name"]: finding for finding in found["findings"]}
    assert by_name["duplicates"]["examples"] == [{"pair": 1, "text": "Go. → Va ! (2 ×)"}]


def test_head_prints_the_first_pairs_as_they_are(charseq_, release: Path) -> None:  # type: ignore[no-untyped-def]
    assert charseq_("head", str(release), "-n", "2").output == "Go.\tVa !\nRun!\tCours\u202f!\n"
    reversed_ = charseq_("head", str(release), "-n", "2", "--limit", "1", "--reverse")
    assert reversed_.output == "Va !\tGo.\n"


def test_head_writes_no_text_that_tsv_cannot_hold(charseq_, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"source": "a\\tb", "target": "c"}\n', encoding="utf-8")
    refused = charseq_("head", str(path))
    assert (refused.code, refused.output) == (3, "")
    assert "pair 1 contains a tab" in refused.error


def test_what_steers_a_terminal_is_shown_escaped(charseq_, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "\x1b[31mred.tsv"
    path.write_text("\x1b[32mgreen\tb\nx\ty\n", encoding="utf-8")
    shown = charseq_("info", str(path)).output
    assert "\\x1b[31mred" in shown
    assert "\x1b" not in shown
    refused = charseq_("info", str(path), "--header", "--source-column", "zzzz")
    assert "\\x1b[32mgreen" in refused.error
    assert "\x1b" not in refused.error


def test_head_escapes_what_would_steer_a_terminal(  # type: ignore[no-untyped-def]
    charseq_, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_bytes(b"\x1b[2Ja\tb\n")
    assert charseq_("head", str(path)).output == "\x1b[2Ja\tb\n"
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True)
    assert charseq_("head", str(path)).output == "\\x1b[2Ja\tb\n"


def test_download_prints_where_the_corpus_lies_and_fetches_it_once(  # type: ignore[no-untyped-def]
    charseq_, mirror: str, release: Path
) -> None:
    outcome = charseq_("download", "fra-eng", "--mirror", mirror)
    path = cache_folder() / "fra-eng.zip"
    assert (outcome.code, outcome.output) == (0, f"{path}\n")
    assert path.read_bytes() == release.read_bytes()
    assert charseq_("info", "fra-eng").code == 0
    nowhere = ["--mirror", "http://127.0.0.1:9"]
    assert charseq_("download", "fra-eng", *nowhere).code == 0
    refreshed = charseq_("download", "fra-eng", "--refresh", *nowhere)
    assert refreshed.code == 4
    assert "the path of the zip instead of" in refreshed.error
    assert path.read_bytes() == release.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["info", "no/such.tsv"], 2, "there is no file"),
        (["info", "frx_eng"], 2, "did you mean"),
        (["info", "fra-eng"], 4, "in a browser"),
        (["info", "fra-eng", "--mirror", "folder"], 2, "must be a URL"),
        (["download", "fra"], 2, "did you mean 'fra-eng'"),
        (["download", "phrasebook"], 2, "built in"),
        (["info", "bad.tsv"], 3, "bad.tsv:1: 1 of the 2 columns needed"),
        (["info", "bad.tsv", "--limit", "few"], 2, "limit must be a whole number, not 'few'"),
        (["info", "bad.tsv", "--source-column", "en"], 2, "add --header"),
    ],
)
def test_what_goes_wrong_is_said_plainly_and_ends_with_the_right_code(  # type: ignore[no-untyped-def]
    charseq_, arguments: list[str], code: int, message: str, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.tsv").write_bytes(b"bad\n")
    outcome = charseq_(*arguments)
    assert outcome.code == code
    assert outcome.output == ""
    assert outcome.error.startswith("charseq: ")
    assert message in outcome.error
    assert "Traceback" not in outcome.error


def test_standard_input_and_warnings_work_in_a_process_of_its_own() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "charseq", "corpus", "head", "-"],
        input="source\ttarget\nGo.\tVa\u202f!\n".encode(),
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        check=True,
    )
    assert run.stdout.decode() == "source\ttarget\nGo.\tVa\u202f!\n"
    warning = run.stderr.decode().splitlines()
    assert len(warning) == 1
    assert "looks like a header (source, target): add --header" in warning[0]


def test_corpora_are_looked_at_without_torch() -> None:
    code = (
        "import sys, charseq.cli\n"
        "try: charseq.cli.main(['corpus', 'list'])\n"
        "except SystemExit: pass\n"
        "assert 'English → French' and 'torch' not in sys.modules, sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
