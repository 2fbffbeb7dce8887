"""Training: from pairs to a run's folder with a model, its history and its learning curve."""

from charseq.training.history import Callback, EpochRecord, History
from charseq.training.run import (
    CARD_FILE,
    CURVE_FILE,
    MODEL_FILE,
    TrainedModel,
    default_folder,
    train_run,
)
from charseq.training.tensorboard import tensorboard_callback

__all__ = [
    "CARD_FILE",
    "CURVE_FILE",
    "MODEL_FILE",
    "Callback",
    "EpochRecord",
    "History",
    "TrainedModel",
    "default_folder",
    "tensorboard_callback",
    "train_run",
]
