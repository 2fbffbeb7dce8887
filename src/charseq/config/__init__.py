"""Every setting of charseq, documented once: the command line and TOML files mirror these names."""

from charseq.config.corpus import CorpusConfig
from charseq.config.decoding import DecodingConfig
from charseq.config.model import ModelConfig
from charseq.config.run import PRESETS, SECTIONS, RunConfig, configure
from charseq.config.settings import Column, Settings, refuse_unknown
from charseq.config.training import TrainingConfig

__all__ = [
    "PRESETS",
    "SECTIONS",
    "Column",
    "CorpusConfig",
    "DecodingConfig",
    "ModelConfig",
    "RunConfig",
    "Settings",
    "TrainingConfig",
    "configure",
    "refuse_unknown",
]
