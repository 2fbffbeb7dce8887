"""`charseq score`: how probable a model finds the pairs of a corpus."""

import json
import math
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from charseq.answering import conditions_of, corpus_to_score
from charseq.cli.options import DeviceOption, MirrorOption, corpus_options
from charseq.cli.outputs import refuse_tab, warn_of_impossible
from charseq.corpus import Pair
from charseq.errors import DataError
from charseq.modelfile import ModelDescription


@corpus_options
def score(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The model file.")],
    corpus: Annotated[
        str, typer.Argument(metavar="CORPUS", help="The pairs: a file, '-', or a corpus's name.")
    ],
    *,
    settings: dict[str, Any],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line.")
    ] = False,
    device: DeviceOption = "auto",
    mirror: MirrorOption = None,
) -> None:
    """Print the log-probability that a model gives to each pair of a corpus."""
    from charseq.loading import load  # Only this needs torch, or ONNX Runtime.

    translator = load(model, device=device)
    pairs = corpus_to_score(corpus, settings, translator.description, mirror).pairs
    sources, targets = [pair.source for pair in pairs], [pair.target for pair in pairs]
    if not as_json:
        for number, pair in enumerate(pairs, start=1):
            refuse_tab(number, _cells(translator.description, pair), ": add --json")
    scores = translator.score(sources, targets, **conditions_of(pairs))
    show = _json if as_json else partial(_row, translator.description)
    for pair, log_probability in zip(pairs, scores, strict=True):
        # Unlike `typer.echo`, this leaves texts as they are.
        sys.stdout.write(f"{show(pair, log_probability)}\n")
    warn_of_impossible(sum(map(math.isinf, scores)), len(pairs))
    if any(map(math.isnan, scores)):
        raise typer.Exit(DataError.exit_code)


def _row(description: ModelDescription, pair: Pair, log_probability: float) -> str:
    return "\t".join([f"{log_probability:.6f}", *_cells(description, pair)])


def _cells(description: ModelDescription, pair: Pair) -> list[str]:
    known = description.sources.conditions
    cells = [pair.source, pair.target]
    cells += [description.features_separator.join(pair.features)] if known.features else []
    cells += [pair.language] if known.languages else []
    return cells


def _json(pair: Pair, log_probability: float) -> str:
    fields = {
        "source": pair.source,
        "target": pair.target,
        # JSON has no infinity.
        "log_probability": log_probability if math.isfinite(log_probability) else None,
        **({"features": pair.features} if pair.features else {}),
        **({"language": pair.language} if pair.language else {}),
    }
    return json.dumps(fields, ensure_ascii=False)
