"""Every setting of charseq, documented once: the command line and TOML files mirror these names."""

from charseq.config.corpus import CorpusConfig
from charseq.config.decoding import DecodingConfig
from charseq.config.model import ModelConfig, ModelSettings
from charseq.config.run import PRESETS, SECTIONS, RunConfig, RunSettings, configure
from charseq.config.serving import ServeConfig
from charseq.config.settings import Column, Settings, refuse_unknown
from charseq.config.training import TrainingConfig, TrainingSettings

__all__ = [
    "PRESETS",
    "SECTIONS",
    "Column",
    "CorpusConfig",
    "DecodingConfig",
    "ModelConfig",
    "ModelSettings",
    "RunConfig",
    "RunSettings",
    "ServeConfig",
    "Settings",
    "TrainingConfig",
    "TrainingSettings",
    "configure",
    "refuse_unknown",
]
