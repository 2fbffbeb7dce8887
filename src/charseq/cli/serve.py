"""`charseq serve`: answers over HTTP."""

import codecs
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from charseq.cli.lines import Columns, Refused
from charseq.cli.options import DeviceOption, settings_options
from charseq.cli.telling import warn
from charseq.config import ServeConfig
from charseq.errors import DataError
from charseq.files import read_bounded
from charseq.page import EXAMPLES_FILE, LARGEST_EXAMPLES
from charseq.serve.keys import environment_keys, read_keys
from charseq.serve.models import ServedModel, load_served, named_paths
from charseq.text import Input
from charseq.text.inputs import features_of

LONGEST_EXAMPLE = 1_000

# These have options of their own.
LISTS = {"api_keys", "allow_origins"}


@settings_options(ServeConfig, only=ServeConfig.model_fields.keys() - LISTS)
def serve(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL…",
            help="Model files, each as FILE or NAME=FILE; the first answers requests that"
            " name none.",
            show_default=False,
        ),
    ],
    *,
    settings: dict[str, Any],
    examples: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Inputs to try on the page, one per line, with further columns as for"
            " translate; by default examples.txt beside the model.",
            show_default=False,
        ),
    ] = None,
    api_key_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Answer only requests with one of these keys, one per line; also"
            " CHARSEQ_API_KEYS.",
            show_default=False,
        ),
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            help="Let web pages from this origin, such as https://example.org, call the"
            " service; may be given several times.",
            show_default=False,
        ),
    ] = None,
    device: DeviceOption = "auto",
) -> None:
    """Answer over HTTP, and show a page for trying models."""
    keys = environment_keys()
    if api_key_file is not None:
        keys += read_keys(api_key_file)
    config = ServeConfig(**settings, api_keys=keys, allow_origins=tuple(allow_origin or ()))
    paths = named_paths(models)

    from charseq.serve.server import bound_socket, serve, url_of

    # Report a taken port before spending seconds on loading models.
    with bound_socket(config.host, config.port) as sock:
        served = [_served(name, path, examples, device) for name, path in paths.items()]
        names = ", ".join(paths)
        serve(
            served,
            config,
            sock,
            lambda: typer.echo(f"serving {names} on {url_of(sock)} (Ctrl-C stops)"),
        )


def _served(name: str, path: Path, examples: Path | None, device: str) -> ServedModel:
    """Load a model with its examples: those in the given file, or in the one beside the model."""
    model = load_served(name, path, device)
    if examples is not None:
        return replace(model, examples=_examples(examples, model))
    beside = path.with_name(EXAMPLES_FILE)
    if not beside.is_file():
        return model
    try:
        return replace(model, examples=_examples(beside, model))
    except DataError as error:
        # Nobody asked for these, and they may be another model's.
        warn(f"{name} has no examples: {error}")
        return model


def _examples(path: Path, model: ServedModel) -> list[Input]:
    description = model.translator.description
    text = read_bounded(path, LARGEST_EXAMPLES).removeprefix(codecs.BOM_UTF8)
    columns = Columns.of(description.sources.conditions, None, None)
    inputs = []
    for number, row in enumerate(columns.read(text.splitlines(), LONGEST_EXAMPLE).rows, start=1):
        if isinstance(row, Refused):
            # There is no remedy: no option gives features or a language for all lines.
            raise DataError(f"{path}:{number}: {row.reason}")
        features = features_of(row.get("features", ""), description.features_separator)
        inputs.append(Input(row["source"], features, row.get("language", "")))
    return [each for each in inputs if each.source]
