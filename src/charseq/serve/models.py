"""The models of a service, and how it describes them."""

import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charseq.answering import BaseTranslator
from charseq.errors import UsageError, visible
from charseq.files import read_bounded
from charseq.loading import load
from charseq.modelcard import CARD_FILE
from charseq.modelfile import EXPORT_SUFFIX, MODEL_FILE
from charseq.text import Input, has_half

LARGEST_CARD = 1 << 20


@dataclass(frozen=True)
class ServedModel:
    """A model and the name that requests use.

    Attributes:
        name: the name.
        translator: what answers.
        runtime: what computes, PyTorch or ONNX Runtime.
        card: its model card, in Markdown; empty without one.
        examples: inputs that people may try.
    """

    name: str
    translator: BaseTranslator
    runtime: str = "PyTorch"
    card: str = ""
    examples: Sequence[Input] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the model's description for clients."""
        it = self.translator.description
        conditions = it.sources.conditions
        return {
            "name": self.name,
            "runtime": self.runtime,
            "attention": it.config.attention != "none",
            "copying": it.config.copying,
            "languages": list(conditions.languages),
            "features": list(conditions.features),
            "features_separator": it.features_separator,
            "target_separator": it.config.target_separator or "",
            "corpus": dict(it.corpus),
            "scores": dict(it.scores),
            "calibrated": it.calibration is not None,
            "examples": [_example(each, it.features_separator) for each in self.examples],
            "card": self.card,
        }


def load_served(name: str, path: Path, device: str = "auto") -> ServedModel:
    """Load a model with the card beside it, if there is one.

    Raises:
        CharseqError: as `charseq.load` does.
    """
    translator = load(path, device=device)
    beside = path.with_name(CARD_FILE)
    card = ""
    if beside.is_file():
        card = read_bounded(beside, LARGEST_CARD).decode("utf-8", "replace")
    runtime = "ONNX Runtime" if path.suffix == EXPORT_SUFFIX else "PyTorch"
    return ServedModel(name, translator, runtime, card)


def named_paths(words: Sequence[str]) -> dict[str, Path]:
    """Return the model files given on a command line, by distinct names.

    Args:
        words: paths, or `NAME=PATH`; without a name, the file's is used, or its folder's if
            training named the file, with a number if that is taken.

    Raises:
        UsageError: if a name is given twice, or empty.
    """
    parts = [_named(word) for word in words]
    given = [name for name, _ in parts if name]
    for name in given:
        if given.count(name) > 1:
            raise UsageError(f"two models are named {name}: give them different names")
    taken = set(given)
    named: dict[str, Path] = {}
    for own, path in parts:
        name = own or next(
            each for each in _numbered(_own_name(path)) if each not in taken and each not in named
        )
        if has_half(name):
            raise UsageError(
                f"the name {visible(name)} is not text: give the model another, as NAME=FILE"
            )
        named[name] = path
    return named


def _named(word: str) -> tuple[str, Path]:
    name, equals, path = word.partition("=")
    if not equals or Path(word).exists():
        return "", Path(word)
    if not name or not path:
        raise UsageError(f"{visible(word)!r} must be a model file, or NAME=FILE")
    return name, Path(path)


def _own_name(path: Path) -> str:
    """Return the default name of a file: its own or, for a run's model, the run's."""
    if path.stem != Path(MODEL_FILE).stem:
        return path.stem
    # Whatever `..` it is given with; the root has no name.
    return Path(os.path.abspath(path)).parent.name or path.stem


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in itertools.count(2))


def _example(each: Input, separator: str) -> dict[str, str]:
    fields = {
        "source": each.source,
        "features": separator.join(each.features),
        "language": each.language,
    }
    return {name: value for name, value in fields.items() if value or name == "source"}
