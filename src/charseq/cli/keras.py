"""`charseq import-keras` and `charseq export-keras`: the Keras example's models, both ways."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from charseq.cli.options import MirrorOption, refuse_corpus_options, settings_options
from charseq.cli.telling import note_left_out
from charseq.config import CorpusConfig, configure
from charseq.errors import UsageError

OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="The file to write (default: in the working folder, named after the input).",
        show_default=False,
    ),
]


@settings_options(CorpusConfig, defaults={"limit": "10000"})
def import_keras(
    archive: Annotated[
        Path, typer.Argument(metavar="ARCHIVE", help="The .keras file.", show_default=False)
    ],
    *,
    settings: dict[str, Any],
    corpus: Annotated[
        str | None,
        typer.Option(
            metavar="CORPUS",
            help="The corpus that the model was trained on; its first 10,000 pairs are read"
            " unless --limit says otherwise. Not needed for a file that export-keras"
            " wrote.",
            show_default=False,
        ),
    ] = None,
    output: OutputOption = None,
    mirror: MirrorOption = None,
) -> None:
    """Read a .keras file that the Keras example saved, and write a model file."""
    from charseq.cli.hints import translate_hint
    from charseq.corpus import read_corpus
    from charseq.interop import keras
    from charseq.modelfile import write_model

    refuse_corpus_options(settings, corpus, "--corpus")
    target = _target(output, archive, ".safetensors")
    config = configure("keras-example", **settings).corpus
    pairs = None if corpus is None else read_corpus(corpus, config, mirror=mirror)
    if pairs is not None:
        note_left_out(pairs)
    description, tensors = keras.import_keras(archive, pairs, config)
    write_model(target, description, tensors)
    parameters = sum(tensor.size for tensor in tensors.values())
    typer.echo(
        f"{archive}: {description.config.units} units, {len(description.sources)} source and"
        f" {len(description.targets)} target symbols, {parameters:,} parameters"
    )
    first = pairs.pairs[0].source if pairs is not None else "…"
    typer.echo(f"Model: {target}\nTry:   {translate_hint(target, first)}")


def export_keras(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="The model file.", show_default=False)
    ],
    *,
    output: OutputOption = None,
) -> None:
    """Write a .keras file that Keras loads, and print code that translates with it."""
    from charseq.interop import keras
    from charseq.modelfile import read_model

    target = _target(output, model, ".keras")
    keras.export_keras(*read_model(model), target)
    # The code alone goes to standard output, so that it can be sent to a file.
    typer.echo(
        f"Wrote {target}. This code translates with it, with Keras and without charseq; run it in"
        " a process of its own:\n",
        err=True,
    )
    sys.stdout.write(keras.inference_code(target))


def _target(output: Path | None, source: Path, suffix: str) -> Path:
    if output is not None:
        if output.exists() and source.exists() and output.samefile(source):
            raise UsageError(f"{output} cannot be written over itself")
        return output
    target = Path(f"{source.stem}{suffix}")
    if target.exists():
        raise UsageError(f"{target} already exists: name the file to write with -o")
    return target
