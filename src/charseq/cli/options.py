"""Settings as command-line options, so that every setting is defined only once."""

import functools
import inspect
import re
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from charseq.config import COLUMNS, CorpusConfig, DecodingConfig, Settings, SymbolKind
from charseq.config.settings import Duration
from charseq.errors import UsageError

# Digits of a whole number.
LONGEST_NUMBER = 30

MirrorOption = Annotated[
    str | None,
    typer.Option(
        "--mirror",
        metavar="URL",
        envvar="CHARSEQ_CORPUS_MIRROR",
        help="Download named corpora from here instead of manythings.org/anki.",
    ),
]

DeviceOption = Annotated[
    str, typer.Option("--device", metavar="TEXT", help="Where to compute: auto, cpu, cuda or mps.")
]

FeaturesOption = Annotated[
    str | None,
    typer.Option(
        "--features",
        metavar="TEXT",
        help="The features of all texts, such as 'N;ACC;PL', for a model that reads"
        " features. Without this option, they are a further column of each text, after"
        " a tab.",
        show_default=False,
    ),
]

LanguageOption = Annotated[
    str | None,
    typer.Option(
        "--language",
        metavar="TEXT",
        help="The language of all texts, for a model of several languages. Without this"
        " option, it is the last column of each text, after a tab.",
        show_default=False,
    ),
]

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object instead of tables.")
]

TargetSeparatorOption = Annotated[
    str | None,
    typer.Option(
        "--target-separator",
        metavar="TEXT",
        help="What separates the symbols of a target, such as ' ' between phonemes; by default,"
        " a model's own symbols are counted, and without a model, characters.",
        show_default=False,
    ),
]
SymbolsOption = Annotated[
    SymbolKind | None,
    typer.Option(
        "--symbols",
        help="What a symbol of a target without a separator is; by default, what it is to a"
        " model, and without a model, a character.",
        show_default=False,
    ),
]


def settings_options(
    *kinds: type[Settings],
    only: Collection[str] | None = None,
    parameter: str = "settings",
    defaults: Mapping[str, str] = MappingProxyType({}),
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command one option for each setting of `kinds`.

    The command takes the options that were given, as a dictionary by the settings' names, and
    passes them to `charseq.config.configure` or to the settings' class, which parse and check them.
    `none` unsets a setting that may be unset.

    Args:
        kinds: the classes of the settings.
        only: give options for these settings only.
        parameter: the command's parameter that takes the dictionary.
        defaults: the defaults to show in help, where they are not the settings' own.
    """
    fields = {
        name: (kind, field)
        for kind in kinds
        for name, field in kind.model_fields.items()
        if only is None or name in only
    }

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command)
        own = [each for name, each in signature.parameters.items() if name != parameter]
        options = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None,
                annotation=_option(name, *field, defaults.get(name)),
            )
            for name, field in fields.items()
        ]

        @functools.wraps(command)
        def with_options(**values: Any) -> None:
            given = {name: values.pop(name, None) for name in fields}
            settings = {
                name: _value(fields[name][1], value)
                for name, value in given.items()
                if value is not None
            }
            command(**values, **{parameter: settings})

        with_options.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
        return with_options

    return decorate


_AS_TRAINED = "as the model was trained"

corpus_options = settings_options(
    CorpusConfig,
    defaults={
        **dict.fromkeys(COLUMNS, _AS_TRAINED),
        # With numbers, another file may well have no header.
        "header": f"{_AS_TRAINED} if columns have names, else off",
    },
)
"""Give a command that scores models the options for reading a corpus, in its `settings`."""

BEAM_SETTINGS = frozenset({"beam", "length_penalty"})

beam_options = settings_options(DecodingConfig, only=BEAM_SETTINGS, parameter="decoding")
"""Give a command that scores models the options of a beam, in its parameter `decoding`."""


def refuse_corpus_options(settings: Collection[str], corpus: str | None, option: str) -> None:
    """Raise a `UsageError` if options say how to read a corpus, but there is none.

    Args:
        settings: the settings of `CorpusConfig` that are given.
        corpus: the corpus to read, if any.
        option: the option that names it.
    """
    if corpus is None and settings:
        given = next(iter(settings)).replace("_", "-")
        raise UsageError(f"--{given} is for reading a corpus: name it with {option}")


def refuse_two_readers(given: Mapping[str, object]) -> None:
    """Raise a `UsageError` if more than one of the given files is standard input.

    Args:
        given: files, or `-`, by their names in messages.
    """
    readers = [what for what, file in given.items() if str(file) == "-"]
    if len(readers) > 1:
        raise UsageError(f"{readers[0]} and {readers[1]} cannot both come from standard input")


def _option(name: str, kind: type[Settings], field: FieldInfo, told: str | None) -> Any:
    flag = name.replace("_", "-")
    default = field.default if told is None else told
    if default is None or isinstance(default, bool):
        default = {None: "none", True: "on", False: "off"}[default]
    elif isinstance(default, str) and not default.strip():
        default = repr(default)
    description = str(field.description)
    text = f"{description[0].upper()}{description[1:]} (default: {default})"
    panel = (kind.__doc__ or kind.__name__).splitlines()[0].rstrip(".")
    if field.annotation is bool or bool in get_args(field.annotation):
        switch = typer.Option(f"--{flag}/--no-{flag}", help=text, rich_help_panel=panel)
        return Annotated[bool | None, switch]
    metavar = "|".join(_choices(_annotation(field)))
    return Annotated[
        str | None, typer.Option(f"--{flag}", help=text, metavar=metavar, rich_help_panel=panel)
    ]


def _value(field: FieldInfo, given: object) -> object:
    """Convert typed values that the setting's own parsing could not distinguish."""
    if not isinstance(given, str):
        return given
    choices = _choices(_annotation(field))
    # Longer numbers, which Python does not read, are refused as texts.
    whole = re.fullmatch(r"[+-]?\d+", given) and len(given) < LONGEST_NUMBER
    return int(given) if "INTEGER" in choices and whole else given


def _annotation(field: FieldInfo) -> Any:
    # Pydantic takes the outermost `Annotated` apart.
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def _choices(annotation: Any) -> list[str]:
    """Return the values that a setting may have, for help: `INTEGER`, `longest`, `none`."""
    origin = get_origin(annotation)
    if origin is Literal:
        return [str(choice) for choice in get_args(annotation)]
    if origin is Annotated:
        kind, *details = get_args(annotation)
        return ["DURATION"] if get_args(Duration)[-1] in details else _choices(kind)
    if origin in (Union, UnionType):
        return [choice for part in get_args(annotation) for choice in _choices(part)]
    kinds = {int: "INTEGER", float: "NUMBER", str: "TEXT", type(None): "none"}
    return [kinds[annotation]]
