"""Training: from pairs to a run's folder with a model, its history and its learning curve."""

from charseq.modelcard import CARD_FILE
from charseq.modelfile import MODEL_FILE
from charseq.training.folder import (
    CURVE_FILE,
    HISTORY_FILE,
    free_folder,
    own_folder,
    refuse_taken,
)
from charseq.training.history import Callback, EpochRecord, History, read_history
from charseq.training.material import Material, place_of
from charseq.training.progress import progress_console
from charseq.training.rehearsal import Rehearsal, rehearse_run
from charseq.training.run import TrainedModel, history_to_resume, resume_run, train_run
from charseq.training.tensorboard import tensorboard_callback

__all__ = [
    "CARD_FILE",
    "CURVE_FILE",
    "HISTORY_FILE",
    "MODEL_FILE",
    "Callback",
    "EpochRecord",
    "History",
    "Material",
    "Rehearsal",
    "TrainedModel",
    "free_folder",
    "history_to_resume",
    "own_folder",
    "place_of",
    "progress_console",
    "read_history",
    "refuse_taken",
    "rehearse_run",
    "resume_run",
    "tensorboard_callback",
    "train_run",
]
