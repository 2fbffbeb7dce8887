"""`charseq export`: a model file becomes one ONNX file."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from charseq.cli.options import MirrorOption, settings_options
from charseq.config import CorpusConfig
from charseq.errors import UsageError
from charseq.modelfile import EXPORT_SUFFIX, read_model, refuse_output, write_atomically


@settings_options(CorpusConfig)
def export(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="The model file.", show_default=False)
    ],
    *,
    settings: dict[str, Any],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The file to write (default: beside the model, named after it).",
            show_default=False,
        ),
    ] = None,
    quantise: Annotated[
        str | None,
        typer.Option(
            metavar="int8",
            help="Round the weights to 8 bits: a third of the size and faster; answers may differ.",
            show_default=False,
        ),
    ] = None,
    half: Annotated[
        bool,
        typer.Option(
            "--half",
            help="Keep the weights in 16 bits: half the size; they are widened on loading, so that"
            " it runs as fast as before, but starts later.",
        ),
    ] = False,
    corpus: Annotated[
        str | None,
        typer.Option(
            metavar="CORPUS",
            help="Pairs to compare answers on; without them, 200 made-up texts.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write even an export that loses right answers.")
    ] = False,
    mirror: MirrorOption = None,
) -> None:
    """Write a model as one ONNX file, which runs without PyTorch, and check its answers."""
    if quantise not in (None, "int8"):
        raise UsageError(f"--quantise must be int8, not {quantise!r}")
    if quantise and half:
        raise UsageError("--quantise and --half exclude each other: choose one")
    if corpus is None and settings:
        option = next(iter(settings)).replace("_", "-")
        raise UsageError(f"--{option} says how a corpus is read: name it with --corpus")
    target = model.with_suffix(EXPORT_SUFFIX) if output is None else output
    if target.suffix != EXPORT_SUFFIX:
        raise UsageError(f"cannot write {target}: name a file that ends in {EXPORT_SUFFIX}")
    refuse_output(target)
    pairs = None
    if corpus is not None:
        from charseq.cli.outputs import corpus_to_score

        pairs = corpus_to_score(corpus, settings, read_model(model)[0], mirror).pairs

    from charseq.cli.hints import translate_hint
    from charseq.interop import onnx

    precision: Literal["float32", "half", "int8"] = (
        "int8" if quantise else "half" if half else "float32"
    )
    made = onnx.export(model, precision=precision, pairs=pairs, force=force)
    write_atomically(target, made.content)
    it = made.agreement
    before, after = model.stat().st_size, len(made.content)
    typer.echo(
        f"{target}: {after:,} bytes in {precision}, {after / before:.2f} of {model.name}\n"
        f"{it.texts - it.different:,} of {it.texts:,} answers are PyTorch's; a symbol's"
        f" log-probability differs by {it.farthest:.2g} at most"
    )
    if it.exact_match is not None and it.exported_exact_match is not None:
        right = f"{it.exact_match:.2%} with PyTorch, {it.exported_exact_match:.2%} exported"
        typer.echo(f"exact match: {right}")
    typer.echo(f"Try:   {translate_hint(target)}")


COMMANDS = {"export": export}
