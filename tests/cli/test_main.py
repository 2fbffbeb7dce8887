import json
import os
import re
import subprocess
import sys

import pytest

from charseq.cli import COMMANDS, main


def imported_by(code: str) -> set[str]:
    """The top-level modules that a fresh process has after running `code`."""
    printed = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {name.partition(".")[0] for name in printed.splitlines()[-1].split()}


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    code = "from charseq.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    heavy = {"torch", "numpy", "sacrebleu", "rapidfuzz", "pooch", "safetensors", "matplotlib"}
    assert not imported_by(code) & heavy


@pytest.mark.parametrize(
    "module", ["config", "corpus", "modelfile", "results", "scoring", "text", "cli.train"]
)
def test_the_ground_floors_never_import_torch(module: str) -> None:
    assert "torch" not in imported_by(f"import charseq.{module}")


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


def test_help_lists_the_commands(capsys) -> None:
    assert run("--help") == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys) -> None:
    assert run(name, "--help") == 0
    shown = capsys.readouterr().out
    assert "Usage: charseq" in shown
    assert "<bool>" not in shown


def test_the_version_is_shown(capsys) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out.startswith("charseq ")


def test_output_is_utf_8_whatever_the_systems_encoding() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "charseq", "corpus", "list"],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=True,
    )
    assert "→" in done.stdout.decode("utf-8")


def test_an_unknown_command_is_the_users_mistake(capsys) -> None:
    assert run("trian") == 2
    assert "trian" in capsys.readouterr().err


def test_a_missing_package_says_which_extra_brings_it(capsys, monkeypatch, tmp_path) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "charseq.translator", raising=False)
    for name in [name for name in sys.modules if name.startswith("charseq.model")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "charseq.batching", raising=False)
    monkeypatch.delitem(sys.modules, "charseq.search", raising=False)
    monkeypatch.delitem(sys.modules, "charseq.training", raising=False)
    assert run("translate", str(tmp_path / "model.safetensors"), "Go.") == 4
    assert capsys.readouterr().err == (
        "charseq: loading a model that is not an export (charseq export) needs packages that are"
        " not installed: pip install 'charseq[train]'\n"
    )


@pytest.mark.parametrize("what", ["train('pairs.tsv')", "load('m.safetensors')", "Translator"])
def test_python_is_told_too_which_extra_brings_what_it_lacks(what: str) -> None:
    code = f"import sys; sys.modules['torch'] = None; import charseq; charseq.{what}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert last.startswith("charseq.errors.MissingExtraError: ")
    assert last.endswith("needs packages that are not installed: pip install 'charseq[train]'")


def test_the_service_says_which_extra_brings_what_it_lacks() -> None:
    lacking = "import sys; sys.modules['fastapi'] = None; from charseq.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", lacking, "serve", "m.onnx"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        4,
        "charseq: this command needs packages that are not installed:"
        " pip install 'charseq[serve]'\n",
    )


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_fault_of_charseqs_own_shows_a_traceback_and_how_to_report_it(
    options: tuple[str, ...], monkeypatch, capsys
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("this should never happen")

    monkeypatch.setattr("charseq.modelfile.file.Path.is_dir", broken)
    assert run("info", "model.safetensors", *options) == 1
    *traceback, last = capsys.readouterr().err.splitlines()
    assert "ZeroDivisionError: this should never happen" in traceback
    if options:
        error = json.loads(last)["error"]
        assert (error["kind"], error["exit_code"]) == ("fault", 1)
        last = error["message"]
    assert "please report it" in last


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("arguments", [("corpus", "list"), ("train", "--print-config")])
def test_a_full_disk_is_one_sentence_and_exit_code_4(arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "charseq", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (4, "charseq: No space left on device\n")


@pytest.mark.skipif(os.name != "posix", reason="closes streams by a shell")
@pytest.mark.parametrize(
    ("streams", "code", "told"),
    [
        ("<&-", 3, "charseq: standard input contains no pairs\n"),
        (">&-", 4, "charseq: standard output is closed: to discard output, send it to /dev/null\n"),
    ],
)
def test_closed_streams_are_no_fault(streams: str, code: int, told: str) -> None:
    command = f"{sys.executable} -m charseq corpus info - {streams}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (code, told)


def test_help_says_which_settings_are_durations(capsys) -> None:
    assert run("serve", "--help") == 0
    shown = capsys.readouterr().out
    assert re.search(r"--timeout +DURATION", shown)
    assert re.search(r"--batch-wait +NUMBER", shown)
