"""`charseq evaluate`: score a model, or anyone's output, against every reference of a corpus."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from charseq.answering import corpus_to_score, warn_of_training_corpus
from charseq.cli.options import (
    BEAM_SETTINGS,
    DeviceOption,
    JsonOption,
    MirrorOption,
    SymbolsOption,
    TargetSeparatorOption,
    beam_options,
    corpus_options,
    refuse_two_readers,
)
from charseq.cli.outputs import (
    beam_note,
    inputs_and_outputs,
    read_outputs,
    refuse_decoding,
    translate_all,
    warn_of_idle_separator,
)
from charseq.cli.tables import (
    items_with_inputs,
    output_console,
    scores_table,
    show_groups,
    show_reliability,
    show_signatures,
    symbols_note,
    texts_in_lines,
)
from charseq.config import DecodingConfig
from charseq.corpus import references_by_input
from charseq.errors import DataError, UsageError, visible
from charseq.loading import load
from charseq.results import Translation
from charseq.scoring import (
    Nearest,
    Reliability,
    ScoredItem,
    groups_of,
    nearest_references,
    reliability_of,
    report_of,
    scored_spelling,
    worst_of,
)


@corpus_options
@beam_options
def evaluate(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="[MODEL] CORPUS",
            help="The model file, omitted with --hypotheses, and the corpus to score against.",
            show_default=False,
        ),
    ],
    *,
    settings: dict[str, Any],
    decoding: dict[str, Any],
    hypotheses: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Score these outputs, one per line, instead of a model's: for each distinct"
            " input of the corpus in order, or for each of its pairs. '-' reads"
            " standard input.",
            show_default=False,
        ),
    ] = None,
    target_separator: TargetSeparatorOption = None,
    symbols: SymbolsOption = None,
    worst: Annotated[
        int, typer.Option(min=0, metavar="N", help="How many of the worst errors to list.")
    ] = 10,
    edits: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="How many of the most frequent symbol edits to list."
        ),
    ] = 10,
    as_json: JsonOption = False,
    device: DeviceOption = "auto",
    mirror: MirrorOption = None,
) -> None:
    """Score a model, or anyone's output, against every reference of a corpus."""
    model, name = _model_and_corpus(names, hypotheses)
    if model is None:
        refuse_decoding(decoding, "with --hypotheses, there is no model")
    search = DecodingConfig.model_validate(decoding)
    # Read the smaller file first, so that its errors do not wait for a download.
    lines = [] if hypotheses is None else read_outputs(hypotheses)
    translator = None if model is None else load(model, device=device)
    description = None if translator is None else translator.description
    corpus = corpus_to_score(name, settings, description, mirror)
    if description is not None:
        warn_of_training_corpus(corpus, description)
    form = "nfc" if description is None else description.sources.spelling.normalise
    right = references_by_input(corpus.pairs, form)
    notes: dict[str, float] = {}
    own = [] if description is None else [description.targets.spelling]
    spelling = scored_spelling(target_separator, symbols, own)
    if target_separator is not None:
        warn_of_idle_separator(corpus.pairs, spelling)
    unseen: list[bool] | None = None
    translations: list[Translation] = []
    if translator is None:
        inputs, outputs = inputs_and_outputs(lines, corpus.pairs, right, str(hypotheses), form)
    else:
        inputs = list(right)
        translations = translate_all(translator, inputs, search)
        outputs = [translation.hypothesis for translation in translations]
        unseen = [bool(translation.unknown_symbols) for translation in translations]
        notes = {
            **search.model_dump(include=set(BEAM_SETTINGS)),
            "cut": sum(translation.cut for translation in translations),
            "refused": sum(translation.error is not None for translation in translations),
        }
    references = [right[each] for each in inputs]
    items = nearest_references(outputs, references, spelling)
    report = report_of(items, spelling)
    reliability = _reliability(translations, items) if translations else None
    errors = worst_of([each.label() for each in inputs], items, count=worst)
    groups = groups_of([each.source for each in inputs], items, unseen=unseen, most=edits)
    if as_json:
        fields = {
            "model": model,
            "hypotheses": hypotheses,
            "corpus": corpus.name,
            "left_out": dict(corpus.left_out),
            **report.as_dict(),
            **notes,
            "reliability": reliability and reliability.as_dict(),
            "errors": groups.as_dict(),
            "worst": items_with_inputs(errors, inputs),
        }
        typer.echo(json.dumps(fields, ensure_ascii=False))
    else:
        cut = f", {notes['cut']:,} of them cut at the output limit" if notes.get("cut") else ""
        what = (
            f"{report.items:,} outputs{beam_note(search)}{cut},"
            f" against {sum(map(len, references)):,} references{symbols_note(report)}"
        )
        console = output_console()
        console.print(Text(f"{visible(corpus.name)}: {what}"))
        console.print(scores_table(report))
        show_signatures(console, report)
        if reliability is not None:
            show_reliability(console, reliability)
        show_groups(console, groups)
        _show_worst(console, errors)
    if notes.get("refused"):
        raise typer.Exit(DataError.exit_code)


def _model_and_corpus(names: Sequence[str], hypotheses: str | None) -> tuple[str | None, str]:
    if hypotheses is None:
        if len(names) != 2:
            raise UsageError("name a model and a corpus, or a corpus and --hypotheses FILE")
        return names[0], names[1]
    if len(names) != 1:
        raise UsageError("with --hypotheses, name only the corpus")
    refuse_two_readers({"hypotheses": hypotheses, "corpus": names[0]})
    return None, names[0]


def _reliability(
    translations: Sequence[Translation], items: Sequence[Nearest]
) -> Reliability | None:
    """Compare all available confidences with what is right."""
    answers = [
        (translation.confidence, item.is_right)
        for translation, item in zip(translations, items, strict=True)
        if translation.confidence is not None
    ]
    if not answers:
        return None
    return reliability_of([sure for sure, _ in answers], [is_right for _, is_right in answers])


def _show_worst(console: Console, errors: Sequence[ScoredItem]) -> None:
    if not errors:
        return
    table = Table(box=box.SIMPLE_HEAD, title="Worst errors", title_justify="left")
    for column in ("source", "hypothesis", "references"):
        table.add_column(column, overflow="fold")
    table.add_column("edits", justify="right")
    table.add_column("CER", justify="right")
    for error in errors:
        others = [reference for reference in error.references if reference != error.nearest]
        table.add_row(
            Text(visible(error.source)),
            Text(visible(error.hypothesis)),
            Text(texts_in_lines([error.nearest, *others])),
            f"{error.distance:,}",
            f"{error.error_rate:.2f}",
        )
    console.print()
    console.print(table)
