"""`charseq translate`: one line out for each line in, in order."""

import json
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from charseq.answering import LONGEST_SOURCE
from charseq.cli.lines import Columns, Tally, chunks, warn_of_a_file
from charseq.cli.options import (
    DeviceOption,
    FeaturesOption,
    LanguageOption,
    refuse_two_readers,
    settings_options,
)
from charseq.cli.outputs import read_outputs
from charseq.cli.telling import warn
from charseq.config import DecodingConfig
from charseq.errors import UnknownCharactersWarning, UsageError
from charseq.results import Translation


@settings_options(DecodingConfig)
def translate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The model file.")],
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT…",
            help="Texts to translate; without any, or with '-', standard input, line by line.",
            show_default=False,
        ),
    ] = None,
    *,
    settings: dict[str, Any],
    features: FeaturesOption = None,
    language: LanguageOption = None,
    prefix: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="What every answer must begin with.", show_default=False),
    ] = None,
    lexicon: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Give only answers that are lines of this file.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Print one JSON object per line: source, hypothesis, log-probability,"
            " confidence, whether it was cut, and the n best answers.",
        ),
    ] = False,
    unknown: Annotated[
        str,
        typer.Option(
            metavar="replace|error",
            help="Read symbols that the model has never seen as its unknown symbol, or"
            " refuse their lines.",
        ),
    ] = "replace",
    device: DeviceOption = "auto",
) -> None:
    """Translate texts, or standard input line by line."""
    if unknown not in ("replace", "error"):
        raise UsageError(f"--unknown must be replace or error, not {unknown!r}")
    choice: Literal["replace", "error"] = "error" if unknown == "error" else "replace"

    # Check settings before spending seconds on loading a model.
    decoding = DecodingConfig.model_validate(settings)
    refuse_two_readers({"--lexicon": lexicon, "the texts": texts[0] if texts else "-"})
    entries = None if lexicon is None else [line for line in read_outputs(str(lexicon)) if line]

    from charseq.loading import load  # Only this needs torch, or ONNX Runtime.

    translator = load(model, device=device)
    warnings.simplefilter("ignore", UnknownCharactersWarning)
    allowed = None if entries is None else translator.lexicon(entries)
    if allowed is not None and allowed.left_out:
        warn(allowed.warning())
    columns = Columns.of(translator.description.sources.conditions, features, language)
    tally = Tally(least_confidence=decoding.abstain_below, description=translator.description)
    read = 0
    warn_of_a_file(texts, "translated as a text; to translate the lines of that file: … < {}")
    for chunk in chunks(texts, LONGEST_SOURCE):
        lines = columns.read(chunk, LONGEST_SOURCE)
        answers = translator.translate(
            lines.sources,
            **lines.conditions,
            prefix=prefix,
            lexicon=allowed,
            unknown=choice,
            first=read,
            **settings,
        )
        read += len(answers)
        for answer in lines.in_order(answers, Translation.refused):
            tally.add(answer)
            for line in _lines(tally.number, answer, as_json, decoding.n_best > 1):
                sys.stdout.buffer.write(f"{line}\n".encode("utf-8", "backslashreplace"))
        sys.stdout.buffer.flush()
    tally.report()


def _lines(number: int, answer: Translation, as_json: bool, several: bool) -> list[str]:
    """Return the lines to print for an answer; of several, each with its line, rank and score."""
    if as_json:
        return [json.dumps(answer.as_dict(), ensure_ascii=False)]
    if not several:
        return [str(answer)]
    if answer.error is not None or answer.abstained:
        return [f"{number}\t1\t\t"]
    return [
        f"{number}\t{rank}\t{each.score:.6f}\t{each}"
        for rank, each in enumerate(answer.alternatives, start=1)
    ]
