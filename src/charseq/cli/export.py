"""`charseq export`: a model file becomes one ONNX file, or a site that answers in browsers."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from charseq.cli.options import MirrorOption, corpus_options, refuse_corpus_options
from charseq.errors import UsageError
from charseq.files import read_bounded, refuse_output, write_atomically
from charseq.modelfile import EXPORT_SUFFIX, read_description, refuse_no_file
from charseq.page import EXAMPLES_FILE, LARGEST_EXAMPLES


@corpus_options
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
            help="Round the weights to 8 bits: about a third of the size, and often faster;"
            " some answers may differ.",
            show_default=False,
        ),
    ] = None,
    half: Annotated[
        bool,
        typer.Option(
            "--half",
            help="Store the weights in 16 bits: half the size; they are widened on loading,"
            " so the export runs as fast, but starts later.",
        ),
    ] = False,
    corpus: Annotated[
        str | None,
        typer.Option(
            metavar="CORPUS",
            help="Pairs to compare answers on, at most their first 2,000 inputs; without"
            " them, 200 made-up texts.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Write even an export whose rounding loses more than half a point of exact"
            " match on the corpus.",
        ),
    ] = False,
    web: Annotated[
        Path | None,
        typer.Option(
            "--web",
            metavar="DIR",
            help="Write a static site instead, in which the model runs in the browser.",
            show_default=False,
        ),
    ] = None,
    onnxruntime_web: Annotated[
        Path | None,
        typer.Option(
            "--onnxruntime-web",
            metavar="DIR",
            help="The folder of the unpacked package onnxruntime-web, for --web (default:"
            " npm downloads it).",
            show_default=False,
        ),
    ] = None,
    mirror: MirrorOption = None,
) -> None:
    """Write a model as a single ONNX file, which runs without PyTorch, and check its answers."""
    if quantise not in (None, "int8"):
        raise UsageError(f"--quantise must be int8, not {quantise!r}")
    if quantise and half:
        raise UsageError("--quantise and --half cannot be combined: choose one")
    refuse_corpus_options(settings, corpus, "--corpus")
    if web is None and onnxruntime_web is not None:
        raise UsageError("--onnxruntime-web is for a site: name the site's folder with --web")
    if web is not None and output is not None:
        raise UsageError("--web writes the model into its folder: omit --output")
    refuse_no_file(model)
    target = web or output or model.with_suffix(EXPORT_SUFFIX)
    if web is None and target.suffix != EXPORT_SUFFIX:
        raise UsageError(f"cannot write {target}: name a file that ends in {EXPORT_SUFFIX}")
    write = _file_writer(target) if web is None else _site_writer(target, model, onnxruntime_web)
    pairs = None
    if corpus is not None:
        from charseq.answering import corpus_to_score

        pairs = corpus_to_score(corpus, settings, read_description(model), mirror).pairs

    from charseq.cli.hints import serve_hint, translate_hint
    from charseq.interop import onnx

    precision: Literal["float32", "half", "int8"] = (
        "int8" if quantise else "half" if half else "float32"
    )
    made = onnx.export(model, precision=precision, pairs=pairs, force=force)
    write(made.content)
    it = made.agreement
    before, after = model.stat().st_size, len(made.content)
    typer.echo(
        f"{target}: {after:,} bytes in {precision}, {after / before:.2f} times the size of"
        f" {model.name}\n{it.texts - it.different:,} of {it.texts:,} answers are the same as"
        f" PyTorch's; a symbol's log-probability differs by at most {it.farthest:.2g}"
    )
    if it.exact_match is not None and it.exported_exact_match is not None:
        right = f"{it.exact_match:.2%} with PyTorch, {it.exported_exact_match:.2%} exported"
        typer.echo(f"exact match: {right}")
    hint = translate_hint(target, conditions=made.description.sources.conditions)
    typer.echo(f"Try:   {hint if web is None else serve_hint(target)}")


def _file_writer(path: Path) -> Callable[[bytes], None]:
    """Return a function that writes an export as a file, after checking that this is possible."""
    refuse_output(path)
    return partial(write_atomically, path)


def _site_writer(
    folder: Path, model: Path, onnxruntime_web: Path | None
) -> Callable[[bytes], None]:
    """Return a function that writes an export as a site, after preparing its other files."""
    from charseq.interop.onnx.web import refuse_site, runtime_files, write_site

    refuse_site(folder)
    beside = model.with_name(EXAMPLES_FILE)
    examples = read_bounded(beside, LARGEST_EXAMPLES) if beside.is_file() else b""
    runtime = runtime_files(onnxruntime_web)
    return partial(write_site, folder, runtime=runtime, examples=examples)
