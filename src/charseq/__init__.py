"""charseq: a two-column text file becomes a model that rewrites strings.

import charseq

translator = charseq.train("pairs.tsv", output="model.safetensors")
translator = charseq.load("model.safetensors")
print(translator.translate("Go."))
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from charseq.errors import CharseqError
    from charseq.loading import load
    from charseq.results import Alignment, Explanation, Translation, WrittenSymbol
    from charseq.trainer import rehearse, resume, train
    from charseq.translator import Translator

__all__ = [
    "Alignment",
    "CharseqError",
    "Explanation",
    "Translation",
    "Translator",
    "WrittenSymbol",
    "__version__",
    "load",
    "rehearse",
    "resume",
    "train",
]

_HOMES = {
    "Alignment": "charseq.results",
    "CharseqError": "charseq.errors",
    "Explanation": "charseq.results",
    "Translation": "charseq.results",
    "Translator": "charseq.translator",
    "WrittenSymbol": "charseq.results",
    "load": "charseq.loading",
    "rehearse": "charseq.trainer",
    "resume": "charseq.trainer",
    "train": "charseq.trainer",
}


def __getattr__(name: str) -> Any:
    # Importing charseq must not import torch: the name's home is imported when it is asked for.
    if name not in _HOMES:
        raise AttributeError(f"module 'charseq' has no attribute {name!r}")
    import importlib

    from charseq.errors import naming_extras

    with naming_extras(f"charseq.{name}"):
        return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
