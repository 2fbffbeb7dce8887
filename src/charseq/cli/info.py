"""`charseq info`: what a model file contains."""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from charseq.errors import visible
from charseq.modelfile import (
    EXPORT_SUFFIX,
    ModelDescription,
    count_parameters,
    description_to_dict,
    read_description,
)
from charseq.results import symbol_label
from charseq.text import Vocabulary

OF_THE_CONFIDENCE = {
    "temperature": "confidence: temperature",
    "offset_per_symbol": "confidence: added for each symbol",
    "reach": "confidence: reach of the temperature",
}
OF_AN_EXPORT = {
    "precision": "precision",
    "contributed_operators": "operators beyond ONNX's",
    "texts": "answers compared with PyTorch's",
    "different": "answers that differ",
    "farthest": "largest difference in log-probability",
    "exact_match": "exact match in PyTorch",
    "exported_exact_match": "exact match of the export",
}


def info(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The model file.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what a model file contains."""
    description, facts = _read(model)
    size = model.stat().st_size
    limit, calibration = description.output_limit, description.calibration
    if as_json:
        kept = description_to_dict(description)
        del kept["format_version"]  # It concerns the file, not the model.
        version = kept.pop("charseq_version")
        fields = {
            "file": str(model),
            "bytes": size,
            **facts,
            "charseq_version": version,
            **kept,
        }
        typer.echo(json.dumps(fields, ensure_ascii=False, indent=1))
        return

    from rich.table import Table
    from rich.text import Text

    from charseq.cli.tables import output_console

    table = Table(show_header=False)

    def row(name: str, value: object) -> None:
        shown = value
        if isinstance(value, int) and not isinstance(value, bool):
            shown = f"{value:,}"
        elif isinstance(value, float):
            shown = f"{value:.4f}" if value >= 0.001 else f"{value:.2g}"
        table.add_row(name, Text(visible(str(shown), limit=1_000)))

    row("file", model)
    row("size", f"{size:,} bytes")
    for name, value in _in_words(facts).items():
        row(name, value)
    row("made by", f"charseq {description.charseq_version}")
    for name, value in description.config.model_dump().items():
        shown = "none" if value is None else repr(value) if isinstance(value, str) else value
        row(name.replace("_", " "), shown)
    row("source symbols", _symbols(description.sources))
    row("target symbols", _symbols(description.targets))
    conditions = description.sources.conditions
    for name, known in (("languages", conditions.languages), ("features", conditions.features)):
        if known:
            row(name, f"{len(known)}: {' '.join(known)}")
    row("answer form", description.targets.spelling.written)
    row("output limit", f"{limit.constant} + {limit.per_symbol:g} per source symbol")
    if calibration is None:
        row("confidence", "none: the file has no calibration")
    else:
        for name, value in asdict(calibration).items():
            row(OF_THE_CONFIDENCE[name], value)
    # The scores of a model that was trained again on all pairs are those of the one before it.
    before = ", before the refit" if "refitted_on" in description.corpus else ""
    for part, note in (
        (description.columns, ""),
        (description.corpus, ""),
        (description.scores, before),
    ):
        for name, value in part.items():
            if value != "":
                row(f"{name.replace('_', ' ')}{note}", value)
    output_console().print(table)


def _read(path: Path) -> tuple[ModelDescription, dict[str, Any]]:
    """Return a model's description and facts of its file, for an export also how it was checked."""
    if path.suffix != EXPORT_SUFFIX:
        return read_description(path), {"parameters": count_parameters(path)}
    from charseq.runtime import read_export

    description, facts, _ = read_export(path)
    return description, {"export": facts}


def _in_words(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a file as rows of a table."""
    if "export" not in facts:
        return dict(facts)
    export = {**facts["export"], **facts["export"].get("agreement", {})}
    return {row: export[name] for name, row in OF_AN_EXPORT.items() if name in export}


def _symbols(vocabulary: Vocabulary) -> str:
    symbols = vocabulary.ordinary
    if vocabulary.spelling.is_of_characters:
        # A mark would join the character before it.
        apart = (f"◌{each}" if unicodedata.combining(each) else each for each in symbols)
        shown = [repr("".join(apart))]
    else:
        shown = list(map(symbol_label, symbols))
    conditions = vocabulary.conditions.ids
    special = [vocabulary.symbols[i] for i in vocabulary.special if i not in conditions]
    return f"{len(vocabulary) - len(conditions)}: {' '.join([*special, *shown])}"
