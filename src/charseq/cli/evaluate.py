"""`charseq evaluate`: score a model, or anyone's output, against every reference of a corpus."""

import codecs
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from charseq.cli.options import MirrorOption, settings_options
from charseq.cli.tables import scores_table
from charseq.config import CorpusConfig, configure
from charseq.corpus import Pair, read_corpus, references_by_input
from charseq.corpus.files import in_plain_words
from charseq.errors import DataError, UsageError, visible
from charseq.results import Translation
from charseq.scoring import Report, ScoredItem, score, worst_errors
from charseq.text import PLAIN, Input

if TYPE_CHECKING:
    from charseq.translator import Translator

_REFERENCES_SHOWN = 3


@settings_options(CorpusConfig)
def evaluate(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="[MODEL] CORPUS",
            help="The model file, left out with --hypotheses, and the corpus to score against.",
            show_default=False,
        ),
    ],
    *,
    settings: dict[str, Any],
    hypotheses: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Score these outputs, one to a line, instead of a model's: for each of the"
            " corpus's distinct sources in order, or for each of its pairs. '-' reads standard"
            " input.",
            show_default=False,
        ),
    ] = None,
    worst: Annotated[
        int, typer.Option(min=0, metavar="N", help="List so many of the worst errors.")
    ] = 10,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of tables.")
    ] = False,
    mirror: MirrorOption = None,
) -> None:
    """Score a model, or anyone's output, against every reference of a corpus."""
    model, name = _model_and_corpus(names, hypotheses)
    # The smaller file first: its faults should not wait for a download.
    lines = [] if hypotheses is None else _read_lines(hypotheses)
    translator = None if model is None else _load(model)
    description = translator and translator.description
    corpus = read_corpus(
        name,
        # What the model was trained with, unless other columns are named.
        configure(**{**(description.columns if description else {}), **settings}).corpus,
        mirror=mirror,
        spellings=description.spellings if description else PLAIN,
    )
    right = references_by_input(corpus.pairs)
    notes: dict[str, int] = {}
    if translator is None:
        inputs, outputs = _match(lines, corpus.pairs, right, str(hypotheses))
    else:
        inputs = list(right)
        translations = _translate(translator, inputs)
        outputs = [translation.hypothesis for translation in translations]
        notes = {
            "cut": sum(translation.cut for translation in translations),
            "refused": sum(translation.error is not None for translation in translations),
        }
    references = [right[each] for each in inputs]
    report = score(outputs, references)
    errors = worst_errors([each.label() for each in inputs], outputs, references, count=worst)
    if as_json:
        given = {"model": model, "hypotheses": hypotheses, "corpus": corpus.name}
        fields = {**given, **report.as_dict(), **notes, "worst": [e.as_dict() for e in errors]}
        typer.echo(json.dumps(fields, ensure_ascii=False))
    else:
        cut = f", {notes['cut']:,} of them cut at the output limit" if notes.get("cut") else ""
        what = f"{report.items:,} outputs{cut}, against {sum(map(len, references)):,} references"
        _show(f"{visible(corpus.name)}: {what}", report, errors)
    if notes.get("refused"):
        raise typer.Exit(DataError.exit_code)


def _model_and_corpus(names: Sequence[str], hypotheses: str | None) -> tuple[str | None, str]:
    if hypotheses is None:
        if len(names) != 2:
            raise UsageError("name a model and a corpus, or a corpus and --hypotheses FILE")
        return names[0], names[1]
    if len(names) != 1:
        raise UsageError("with --hypotheses, name the corpus only")
    if hypotheses == names[0] == "-":
        raise UsageError("hypotheses and corpus cannot both come from standard input")
    return None, names[0]


def _read_lines(name: str) -> list[str]:
    """Return the lines of a file as they stand; one that is empty is an empty output."""
    where = _where(name)
    with in_plain_words(where):
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    lines = content.removeprefix(codecs.BOM_UTF8).split(b"\n")
    if not lines[-1]:
        lines.pop()
    texts = []
    for number, line in enumerate(lines, start=1):
        try:
            texts.append(line.decode().removesuffix("\r"))
        except UnicodeDecodeError as error:
            raise DataError(
                f"{where}:{number}: not valid UTF-8: byte {error.start + 1} is"
                f" 0x{line[error.start]:02x}"
            ) from None
    return texts


def _where(name: str) -> str:
    return "standard input" if name == "-" else name


def _match(
    lines: Sequence[str], pairs: Sequence[Pair], right: Mapping[Input, object], name: str
) -> tuple[list[Input], list[str]]:
    """Return the inputs and outputs that `lines` stand for."""
    if len(lines) == len(right):
        return list(right), list(lines)
    if len(lines) == len(pairs):
        # A source with several pairs counts once, as it does when a model is scored, unless it was
        # answered in several ways.
        answers = dict.fromkeys(zip((pair.input for pair in pairs), lines, strict=True))
        return [each for each, _ in answers], [output for _, output in answers]
    raise DataError(
        f"{_where(name)} has {len(lines):,} lines, but the corpus has {len(right):,} distinct"
        f" sources in {len(pairs):,} pairs: give one line for each source, or one for each pair"
    )


def _load(model: str) -> "Translator":
    from charseq.translator import load  # Only this needs torch.

    return load(model)


def _translate(translator: "Translator", inputs: list[Input]) -> list[Translation]:
    features, languages = [each.features for each in inputs], [each.language for each in inputs]
    translations = translator.translate(
        [each.source for each in inputs],
        features=features if any(features) else None,
        language=languages if any(languages) else None,
    )
    refused = [translation for translation in translations if translation.error is not None]
    if refused:
        first = refused[0]
        typer.echo(
            f"charseq: the model refused {len(refused):,} of {len(inputs):,} sources, which count"
            f" as empty outputs; the first: {visible(first.source)}: {first.error}",
            err=True,
        )
    return translations


def _show(heading: str, report: Report, errors: Sequence[ScoredItem]) -> None:
    console = Console(highlight=False)
    console.print(Text(heading))
    console.print(scores_table(report))
    for metric in (report.chrf, report.bleu):
        # A signature is there to be copied whole.
        console.print(Text(str(metric.signature)), soft_wrap=True)
    if not errors:
        return
    console.print()
    table = Table(box=box.SIMPLE_HEAD, title="Worst errors", title_justify="left")
    for column in ("source", "hypothesis", "references"):
        table.add_column(column, overflow="fold")
    table.add_column("edits", justify="right")
    table.add_column("CER", justify="right")
    for error in errors:
        table.add_row(
            Text(visible(error.source)),
            Text(visible(error.hypothesis)),
            Text(_references(error)),
            f"{error.distance:,}",
            f"{error.error_rate:.2f}",
        )
    console.print(table)


def _references(error: ScoredItem) -> str:
    """Return the references, one to a line and the nearest first."""
    others = [reference for reference in error.references if reference != error.nearest]
    lines = [visible(text) for text in [error.nearest, *others][:_REFERENCES_SHOWN]]
    if len(others) >= _REFERENCES_SHOWN:
        lines.append(f"… and {len(others) + 1 - _REFERENCES_SHOWN} more")
    return "\n".join(lines)


COMMANDS = {"evaluate": evaluate}
