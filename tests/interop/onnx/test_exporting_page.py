"""What the page on exporting says: what works where, what the graph reads and gives, an example."""

import contextlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.interop.onnx.conftest import conjugator, exported

import charseq
from charseq import Translator
from charseq.answering import BaseTranslator
from charseq.cli import main
from charseq.errors import CharseqError, UsageError
from charseq.interop.onnx.exporting import INPUTS, OUTPUTS

TEXT = (Path(__file__).parents[3] / "docs/how-to/exporting.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """Return the cells of each row of the table whose first line begins with `heading`."""
    _, after = TEXT.split(f"\n{heading}", 1)
    rows = after.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


class Files(NamedTuple):
    """The files of two models, both of PyTorch's or both exports.

    Attributes:
        toy: of a model of the Keras example's shape.
        forms: of one that looks back, copies, and reads features and languages.
    """

    toy: Path
    forms: Path


@pytest.fixture(scope="module")
def files(toy_translator: Translator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Files]:
    folders = [tmp_path_factory.mktemp(name) for name in ("toy", "forms")]
    models = toy_translator, conjugator(folders[1])
    exports = Files(*map(exported, models, folders))
    return {
        "ONNX Runtime": exports,
        "PyTorch": Files(*(folder / "model.safetensors" for folder in folders)),
    }


FORM = {"features": "PL", "language": "L2"}


def toy(ask: Callable[[BaseTranslator], object]) -> Callable[[Files], object]:
    return lambda files: ask(charseq.load(files.toy))


def forms(ask: Callable[[BaseTranslator], object]) -> Callable[[Files], object]:
    return lambda files: ask(charseq.load(files.forms))


def asked(**settings: Any) -> Callable[[Files], object]:
    return toy(lambda model: str(model.translate("abcda", **settings)))


def command(*words: str) -> Callable[[Files], object]:
    """Run a command in the folder of the toy model, {model}; what it refuses is raised."""

    def run(files: Files) -> bool:
        folder = files.toy.parent
        words_here = [word.format(model=files.toy, folder=folder) for word in words]
        with contextlib.redirect_stdout(io.StringIO()), pytest.raises(SystemExit) as end:
            main(words_here)
        if end.value.code:
            raise CharseqError
        return True

    return run


def elsewhere(files: Files) -> bool:
    try:
        charseq.load(files.toy, device="cuda:0")
    except UsageError as error:
        if "this machine has no device" not in str(error):
            raise
    return True


def refused(model: BaseTranslator) -> object:
    return "never saw" in str(model.translate("é", unknown="error").error)


# What each row of the table stands for; each returns something true where it works.
TRIES: dict[str, Callable[[Files], object]] = {
    "greedy answers": toy(lambda model: str(model.translate("abcda")) == "ADCBA"),
    "`beam`, `n_best`, `length_penalty`": toy(
        lambda model: (
            len(model.translate("abcda", beam=4, n_best=3, length_penalty=1.0).alternatives) == 3
        )
    ),
    "`prefix`": toy(lambda model: str(model.translate("ab", prefix="DD")).startswith("DD")),
    "`features`, `language`": forms(lambda model: str(model.translate("afh", **FORM))),
    "confidence": toy(lambda model: 0 < model.translate("abcda").confidence < 1),
    '`unknown="error"`': toy(refused),
    "`abstain_below`": toy(lambda model: model.translate("abcda", abstain_below=1.0).abstained),
    "`stream`": toy(lambda model: [str(each) for each in model.stream(["ab"])] == ["BA"]),
    "`score`": toy(lambda model: model.score("ab", "BA") > model.score("ab", "AB")),
    "`align`": forms(lambda model: model.align("afh", **FORM).weights.any()),
    "`explain`": toy(lambda model: len(model.explain("ab").symbols) == 3),
    "`write`": toy(lambda model: "".join(map(str, model.write("ab"))) == "BA"),
    "`sample`, `temperature`, `top_k`, `top_p`, `seed`": asked(
        sample=True, temperature=0.5, top_k=3, top_p=0.9, seed=2
    ),
    "`lexicon`": asked(lexicon=["ADCBA"]),
    "`device` other than the CPU": elsewhere,
    "`charseq train --from`": command(
        *("train", "{folder}/pairs.tsv", "--run", "{folder}/further", "--epochs", "1"),
        *("--no-refit", "--quiet", "--from", "{model}"),
    ),
    "`charseq export-keras`": command("export-keras", "{model}", "-o", "{folder}/toy.keras"),
}


def test_every_row_of_the_table_is_tried() -> None:
    assert [row for row, *_ in table("| | PyTorch | ONNX Runtime | browser |")] == list(TRIES)


@pytest.mark.filterwarnings("ignore::charseq.errors.UnknownCharactersWarning")
@pytest.mark.parametrize(
    ("row", "pytorch", "onnx_runtime", "browser"),
    table("| | PyTorch | ONNX Runtime | browser |"),
    ids=TRIES,
)
def test_what_works_where(
    files: dict[str, Files], toy_pairs, row: str, pytorch: str, onnx_runtime: str, browser: str
) -> None:
    pairs = files["PyTorch"].toy.parent / "pairs.tsv"
    pairs.write_text("".join(f"{source}\t{target}\n" for source, target in toy_pairs[:90]))
    for where, works in (("PyTorch", pytorch), ("ONNX Runtime", onnx_runtime)):
        if works == "yes":
            assert TRIES[row](files[where])
        else:
            with pytest.raises(CharseqError):
                TRIES[row](files[where])
    assert browser in ("yes", "no")


@pytest.mark.parametrize(
    ("heading", "there_are"),
    [("| input | shape |", INPUTS), ("| output | shape |", OUTPUTS)],
    ids=["inputs", "outputs"],
)
def test_the_tables_of_inputs_and_outputs_are_the_graphs(heading: str, there_are) -> None:
    assert [row[0].strip("`") for row in table(heading)] == list(there_are)


@pytest.mark.parametrize("options", [{"attention": "dot"}, {"attention": "none"}], ids=str)
def test_the_example_with_onnx_runtime_alone_answers_as_charseq_does(
    toy_pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, str]
) -> None:
    (example,) = re.findall(r"```python\n(import json\n.*?)```", TEXT, re.DOTALL)
    assert "charseq." not in example
    model = charseq.train(
        toy_pairs[:300], run=tmp_path / "run", units=16, epochs=2, copying=False, **options
    )
    exported(model, tmp_path).rename(tmp_path / "dates.onnx")
    monkeypatch.chdir(tmp_path)
    for text in ("abca", "dd", "b?"):
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            exec(example.replace("27 June 2031", text), {})
        (answer,) = charseq.load("dates.onnx").translate([text], beam=5)
        assert shown.getvalue() == f"{answer}\n"
