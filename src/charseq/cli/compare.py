"""`charseq compare`: two systems side by side on the same items."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from charseq.answering import (
    corpus_to_score,
    refuse_other_columns,
    refuse_without_conditions,
    warn_of_training_corpus,
)
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
    one_output_each,
    read_outputs,
    refuse_decoding,
    translate_all,
    warn_of_idle_separator,
)
from charseq.cli.tables import (
    items_with_inputs,
    output_console,
    show_signatures,
    symbols_note,
    texts_in_lines,
)
from charseq.config import DecodingConfig
from charseq.corpus import references_by_input
from charseq.errors import DataError, visible
from charseq.loading import load
from charseq.modelfile import MODEL_SUFFIXES, is_named_like_a_model
from charseq.scoring import (
    ComparedItem,
    Comparison,
    Difference,
    Metric,
    comparison_of,
    nearest_references,
    scored_spelling,
    shown_interval,
    shown_metrics,
)


@corpus_options
@beam_options
def compare(
    first: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help=f"A model file ({' or '.join(MODEL_SUFFIXES)}), or a file of outputs, one per"
            " line: for each distinct input of the corpus in order, or for each of its pairs.",
        ),
    ],
    second: Annotated[str, typer.Argument(metavar="B", help="Another.")],
    name: Annotated[str, typer.Argument(metavar="CORPUS", help="The corpus to score against.")],
    *,
    settings: dict[str, Any],
    decoding: dict[str, Any],
    target_separator: TargetSeparatorOption = None,
    symbols: SymbolsOption = None,
    show: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="How many items to list that only A has right, and that only B has right.",
        ),
    ] = 10,
    as_json: JsonOption = False,
    device: DeviceOption = "auto",
    mirror: MirrorOption = None,
) -> None:
    """Compare two models, or outputs, on the same corpus."""
    refuse_two_readers({"A": first, "B": second, "CORPUS": name})
    named = {file: is_named_like_a_model(file) for file in (first, second)}
    if not any(named.values()):
        refuse_decoding(decoding, f"neither A nor B is a model ({' or '.join(MODEL_SUFFIXES)})")
    search = DecodingConfig.model_validate(decoding)
    # Read the smaller files first, so that their errors do not wait for a download.
    lines = {file: read_outputs(file) for file in named if not named[file]}
    models = {file: load(file, device=device) for file in named if named[file]}
    descriptions = [model.description for model in models.values()]
    if descriptions:
        refuse_other_columns(name, descriptions, settings)
    corpus = corpus_to_score(name, settings, next(iter(descriptions), None), mirror)
    for file, model in models.items():
        refuse_without_conditions(corpus, model.description, file)
    form = descriptions[0].sources.spelling.normalise if descriptions else "nfc"
    right = references_by_input(corpus.pairs, form)
    inputs = list(right)
    answers = {file: translate_all(model, inputs, search) for file, model in models.items()}
    ours, theirs = (
        [answer.hypothesis for answer in answers[file]]
        if file in answers
        else one_output_each(lines[file], corpus.pairs, right, file, form)
        for file in (first, second)
    )
    for file, model in models.items():
        warn_of_training_corpus(corpus, model.description, visible(file))
    references = list(right.values())
    own = (each.targets.spelling for each in descriptions)
    spelling = scored_spelling(target_separator, symbols, own)
    if target_separator is not None:
        warn_of_idle_separator(corpus.pairs, spelling)
    comparison = comparison_of(
        [each.label() for each in inputs],
        nearest_references(ours, references, spelling),
        nearest_references(theirs, references, spelling),
        spelling,
    )
    shown = _shown(comparison.only_one_right, show)
    if as_json:
        fields = {
            "a": first,
            "b": second,
            "corpus": corpus.name,
            "left_out": dict(corpus.left_out),
            **(search.model_dump(include=set(BEAM_SETTINGS)) if models else {}),
            **comparison.as_dict(),
            "only_one_right": items_with_inputs(shown, inputs),
        }
        typer.echo(json.dumps(fields, ensure_ascii=False))
    else:
        a, b = (
            f"{file}{beam_note(search)}" if file in models else file for file in (first, second)
        )
        note = symbols_note(comparison.first)
        _print(f"{visible(corpus.name)}: A = {a}, B = {b}{note}", comparison, shown)
    if any(answer.error is not None for each in answers.values() for answer in each):
        raise typer.Exit(DataError.exit_code)


def _shown(items: Sequence[ComparedItem], count: int) -> list[ComparedItem]:
    """Return the first `count` items that only one system has right, for each system."""
    return [
        item
        for system in ("first", "second")
        for item in [each for each in items if each.right == system][:count]
    ]


def _print(heading: str, comparison: Comparison, shown: Sequence[ComparedItem]) -> None:
    console = output_console()
    console.print(Text(heading), soft_wrap=True)
    console.print(_scores(comparison))
    show_signatures(console, comparison.first)
    items = comparison.first.items
    console.print(
        f"\n{items:,} items: both right {comparison.both_right:,}, only A"
        f" {comparison.only_first_right:,}, only B {comparison.only_second_right:,},"
        f" neither {comparison.neither_right:,}"
    )
    for system, title in (("first", "Only A is right"), ("second", "Only B is right")):
        chosen = [item for item in shown if item.right == system]
        if chosen:
            console.print()
            console.print(_items(title, chosen))


def _scores(comparison: Comparison) -> Table:
    """Return the table of scores, each above its 95 % interval."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption="below each: its 95 % interval")
    table.add_column("metric", no_wrap=True)
    for column in ("A", "B", "A − B", "p"):
        table.add_column(column, justify="right", no_wrap=True)
    for field, title, full_shape in shown_metrics(comparison.first):
        shape = full_shape.replace(".2", ".1")  # Three intervals side by side leave little room.
        difference = comparison.differences[field]
        table.add_row(
            title,
            _cell(getattr(comparison.first, field), shape),
            _cell(getattr(comparison.second, field), shape),
            _cell(difference, f"+{shape}"),
            f"{difference.p_value:.3f}",
        )
    return table


def _cell(score: Metric | Difference, shape: str) -> str:
    return f"{score.value:{shape}}\n{shown_interval(score.low, score.high, shape)}"


def _items(title: str, items: Sequence[ComparedItem]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    for column in ("source", "A", "B", "references"):
        table.add_column(column, overflow="fold")
    for item in items:
        table.add_row(
            Text(visible(item.source)),
            Text(visible(item.first)),
            Text(visible(item.second)),
            Text(texts_in_lines(item.references)),
        )
    return table
