"""yoyodyne's LSTM at the Keras example's sizes, on pairs in two files.

It is near the example's model, not the same: it embeds characters (128 wide, its default), and
its decoder starts from learnt states and reads the source's encoding at every step. Its loss is
masked, its sources are packed.

Runs where yoyodyne is installed and needs nothing of charseq: its requirements are many and would
hold back charseq's own. Such an environment is made with

    python3 -m venv yoyodyne && yoyodyne/bin/pip install torch==2.13.0 yoyodyne==0.5.27
    yoyodyne/bin/pip uninstall --yes torchaudio torchvision

(it needs neither of the last two, and beside a CPU build of PyTorch they may fail to load), and
named to `benchmarks.training` with `--yoyodyne yoyodyne/bin/python`. The first argument is a folder
with `training.tsv` and `held-out.tsv`. Prints one JSON object an epoch: its seconds with and
without its validation.
"""

import importlib.metadata
import importlib.util
import logging
import tempfile
import time
import warnings

from benchmarks.contestant import contestant_arguments, skip, tell
from benchmarks.example import BATCH_SIZE, UNITS

if importlib.util.find_spec("yoyodyne") is None:
    skip("yoyodyne is not installed: name an interpreter that has it with --yoyodyne")

import lightning
from yoyodyne import models, trainers
from yoyodyne.data import DataModule
from yoyodyne.models import modules

MODELS = {"lstm": models.LSTMModel, "soft-attention": models.SoftAttentionLSTMModel}


class Timer(lightning.Callback):
    """Times each epoch, up to its validation and as a whole."""

    def on_train_epoch_start(self, trainer, model):
        self.began = time.perf_counter()

    def on_validation_start(self, trainer, model):
        self.trained = time.perf_counter()

    def on_train_epoch_end(self, trainer, model):
        tell(
            training_seconds=self.trained - self.began,
            seconds=time.perf_counter() - self.began,
            version=importlib.metadata.version("yoyodyne"),
            **{name: float(value) for name, value in trainer.callback_metrics.items()},
        )


def main() -> None:
    """Train on the pairs of a folder."""
    parser = contestant_arguments(__doc__.splitlines()[0])
    parser.add_argument("--model", choices=MODELS, default="lstm")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        data = DataModule(
            model_dir=folder,
            train=f"{chosen.corpus}/training.tsv",
            val=f"{chosen.corpus}/held-out.tsv",
            batch_size=BATCH_SIZE,
        )
        model = MODELS[chosen.model](
            source_encoder=modules.LSTMEncoder(hidden_size=UNITS, bidirectional=False, dropout=0),
            decoder_hidden_size=UNITS,
            decoder_dropout=0,
            vocab_size=data.vocab_size,
            target_vocab_size=data.target_vocab_size,
        )
        trainer = trainers.Trainer(
            accelerator="cpu",
            max_epochs=chosen.epochs,
            callbacks=[Timer()],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
        )
        trainer.fit(model, data)


if __name__ == "__main__":
    main()
