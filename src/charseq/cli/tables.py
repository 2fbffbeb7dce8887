"""Tables that more than one command shows."""

import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from charseq.errors import visible
from charseq.results import symbol_label
from charseq.scoring import (
    ComparedItem,
    ErrorGroups,
    Group,
    Reliability,
    Report,
    ScoredItem,
    score_rows,
)
from charseq.text import Input

_TEXTS_SHOWN = 3
# Wider than any table: output to a pipe or a file is not wrapped.
_UNBOUND = 1_000


def output_console(*, soft_wrap: bool = False) -> Console:
    """Return a console that prints tables to standard output, wrapped only on a terminal."""
    bounded = sys.stdout.isatty() or "COLUMNS" in os.environ
    # Names and texts may look like Rich's markup.
    return Console(
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=soft_wrap,
        width=None if bounded else _UNBOUND,
    )


def scores_table(report: Report) -> Table:
    """Return the table of scores, each with its 95 % interval."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("metric")
    table.add_column("value", justify="right")
    table.add_column("95 % interval", justify="right")
    for row in score_rows(report):
        table.add_row(*row)
    return table


def symbols_note(report: Report) -> str:
    """Return a note that graphemes were counted, or nothing where others were."""
    counted = report.symbols == "graphemes" and not report.target_separator
    return ", counted in graphemes" if counted else ""


def show_signatures(console: Console, report: Report) -> None:
    """Print sacreBLEU's signatures of its scores."""
    for metric in (report.chrf, report.bleu):
        # Signatures are meant to be copied whole.
        console.print(Text(str(metric.signature)), soft_wrap=True)


def show_reliability(console: Console, reliability: Reliability) -> None:
    """Print how far confidences can be relied on, and how many confident answers are right."""
    console.print(
        "\nConfidence: expected calibration error"
        f" {reliability.expected_calibration_error:.3f}, Brier score {reliability.brier_score:.3f}"
    )
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("most confident")
    for column in ("at least", "answers", "exact match"):
        table.add_column(column, justify="right")
    for each in reliability.coverages:
        table.add_row(
            f"{each.share:.0%}",
            f"{each.least_confidence:.3f}",
            f"{each.items:,}",
            f"{each.exact_match:.2%}",
        )
    console.print(table)


def show_groups(console: Console, groups: ErrorGroups) -> None:
    """Print recurring errors; nothing if all outputs are right."""
    if not groups.substitutions + groups.insertions + groups.deletions:
        return
    console.print(
        f"\nSymbol edits: substitutions {groups.substitutions:,}, insertions {groups.insertions:,},"
        f" deletions {groups.deletions:,}; outputs too short {groups.too_short:,},"
        f" too long {groups.too_long:,}"
    )
    if groups.edits:
        table = Table(box=box.SIMPLE_HEAD)
        for column in ("reference", "hypothesis"):
            table.add_column(column)
        table.add_column("count", justify="right")
        for edit in groups.edits:
            table.add_row(_symbol(edit.reference), _symbol(edit.hypothesis), f"{edit.count:,}")
        console.print(table)
    console.print(_groups_table("source length", groups.by_source_length))
    if len(groups.by_unseen) > 1:
        console.print(_groups_table("sources with", groups.by_unseen))


def texts_in_lines(texts: Sequence[str]) -> str:
    """Return the first texts, one per line, and how many more there are."""
    lines = [visible(text) for text in texts[:_TEXTS_SHOWN]]
    if len(texts) > _TEXTS_SHOWN:
        lines.append(f"… and {len(texts) - _TEXTS_SHOWN} more")
    return "\n".join(lines)


def _symbol(symbol: str) -> Text:
    if not symbol:
        return Text("(nothing)", style="dim")
    return Text(symbol_label(symbol))


def _groups_table(title: str, groups: Sequence[Group]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(title)
    for column in ("items", "exact match", "CER"):
        table.add_column(column, justify="right")
    for group in groups:
        table.add_row(
            group.name,
            f"{group.items:,}",
            f"{group.exact_match:.2%}",
            f"{group.character_error_rate:.3f}",
        )
    return table


def items_with_inputs(
    items: Iterable[ScoredItem | ComparedItem], inputs: Sequence[Input]
) -> list[dict[str, Any]]:
    """Return items in JSON's types, each with its source, features and language apart.

    Args:
        items: some of the items that were scored.
        inputs: the inputs of all.
    """
    shown = []
    for item in items:
        fields = item.as_dict()
        each = inputs[fields.pop("place")]
        given = {"features": list(each.features), "language": each.language}
        told = {name: value for name, value in given.items() if value}
        shown.append({**fields, "source": each.source, **told})
    return shown
