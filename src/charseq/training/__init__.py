"""Training: from pairs to a run's folder with a model, its history and its learning curve."""

from charseq.training.history import Callback, EpochRecord, History
from charseq.training.run import TrainedModel, train_run

__all__ = ["Callback", "EpochRecord", "History", "TrainedModel", "train_run"]
