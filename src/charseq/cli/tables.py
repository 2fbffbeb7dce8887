"""Tables that more than one command shows."""

from rich import box
from rich.table import Table

from charseq.scoring import Report


def scores_table(report: Report) -> Table:
    """Return the table of scores, each with its 95 % interval."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("metric")
    table.add_column("value", justify="right")
    table.add_column("95 % interval", justify="right")
    for name, metric, shape in (
        ("exact match", report.exact_match, "{:.2%}"),
        ("CER", report.character_error_rate, "{:.3f}"),
        ("chrF", report.chrf, "{:.1f}"),
        ("BLEU", report.bleu, "{:.1f}"),
    ):
        interval = f"{shape} – {shape}".format(metric.low, metric.high)
        table.add_row(name, shape.format(metric.value), interval)
    return table
