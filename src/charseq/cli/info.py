"""`charseq info`: what a model file holds."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from charseq.errors import visible
from charseq.loading import EXPORT_SUFFIX
from charseq.modelfile import ModelDescription, read_model
from charseq.text import Vocabulary


def info(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The model file.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what a model file holds."""
    description, facts = _read(model)
    size = model.stat().st_size
    limit, calibration = description.output_limit, description.calibration
    if as_json:
        fields = {
            "file": str(model),
            "bytes": size,
            **facts,
            "charseq_version": description.charseq_version,
            "config": description.config.model_dump(),
            "source_vocabulary": description.sources.as_dict(),
            "target_vocabulary": description.targets.as_dict(),
            "answer_form": description.targets.spelling.written,
            "output_limit": {"per_symbol": limit.per_symbol, "constant": limit.constant},
            "columns": dict(description.columns),
            "corpus": dict(description.corpus),
            "scores": dict(description.scores),
            "calibration": calibration and asdict(calibration),
        }
        typer.echo(json.dumps(fields, ensure_ascii=False, indent=1))
        return

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False)

    def row(name: str, value: object) -> None:
        shown = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value
        table.add_row(name, Text(visible(str(shown), limit=1_000)))

    row("file", model)
    row("size", f"{size:,} bytes")
    for name, value in facts.items():
        row(name.replace("_", " "), value)
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
        row("temperature", "unknown: answers have no confidence")
    for part in (
        description.columns,
        description.corpus,
        description.scores,
        asdict(calibration) if calibration else {},
    ):
        for name, value in part.items():
            if value != "":
                row(name.replace("_", " "), f"{value:.4f}" if isinstance(value, float) else value)
    Console().print(table)


def _read(path: Path) -> tuple[ModelDescription, dict[str, Any]]:
    """Return a model's description and what its file is; of an export also how it was checked."""
    if path.suffix != EXPORT_SUFFIX:
        description, tensors = read_model(path)
        return description, {"parameters": sum(tensor.size for tensor in tensors.values())}
    from charseq.runtime import read_export

    description, facts, _ = read_export(path)
    return description, {
        "precision": facts.get("precision", "unknown"),
        "contributed_operators": facts.get("contributed_operators", "unknown"),
        **facts.get("agreement", {}),
    }


def _symbols(vocabulary: Vocabulary) -> str:
    symbols = vocabulary.ordinary
    shown = [repr("".join(symbols))] if vocabulary.spelling.is_of_characters else symbols
    conditions = vocabulary.conditions.ids
    special = [vocabulary.symbols[i] for i in vocabulary.special if i not in conditions]
    return f"{len(vocabulary) - len(conditions)}: {' '.join([*special, *shown])}"


COMMANDS = {"info": info}
