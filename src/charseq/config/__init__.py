"""Every setting of charseq, documented once: the command line and TOML files mirror these names."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from charseq.config.corpus import (
        COLUMNS,
        CONDITION_COLUMNS,
        NAMED_COLUMNS,
        TEXT_COLUMNS,
        CorpusConfig,
    )
    from charseq.config.decoding import DecodingConfig
    from charseq.config.model import MOST_OUTPUT, NOISE, ModelConfig, ModelSettings
    from charseq.config.run import PRESETS, SECTIONS, RunConfig, RunSettings, configure, sections_of
    from charseq.config.serving import ServeConfig
    from charseq.config.settings import Column, Settings, SymbolKind, refuse_unknown
    from charseq.config.training import TrainingConfig, TrainingSettings

__all__ = [
    "COLUMNS",
    "CONDITION_COLUMNS",
    "MOST_OUTPUT",
    "NAMED_COLUMNS",
    "NOISE",
    "PRESETS",
    "SECTIONS",
    "TEXT_COLUMNS",
    "Column",
    "CorpusConfig",
    "DecodingConfig",
    "ModelConfig",
    "ModelSettings",
    "RunConfig",
    "RunSettings",
    "ServeConfig",
    "Settings",
    "SymbolKind",
    "TrainingConfig",
    "TrainingSettings",
    "configure",
    "refuse_unknown",
    "sections_of",
]

_HOMES = {
    "corpus": (
        "COLUMNS",
        "CONDITION_COLUMNS",
        "NAMED_COLUMNS",
        "TEXT_COLUMNS",
        "CorpusConfig",
    ),
    "decoding": ("DecodingConfig",),
    "model": ("MOST_OUTPUT", "NOISE", "ModelConfig", "ModelSettings"),
    "run": ("PRESETS", "SECTIONS", "RunConfig", "RunSettings", "configure", "sections_of"),
    "serving": ("ServeConfig",),
    "settings": ("Column", "Settings", "SymbolKind", "refuse_unknown"),
    "training": ("TrainingConfig", "TrainingSettings"),
}


def __getattr__(name: str) -> Any:
    # Settings classes take time to set up, and translating needs few of them.
    for module, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"charseq.config.{module}"), name)
    raise AttributeError(f"module 'charseq.config' has no attribute {name!r}")
