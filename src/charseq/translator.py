"""A model that PyTorch computes: load it, translate, save it."""

from pathlib import Path

from charseq.answering import BaseTranslator
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription, read_model, write_model
from charseq.search import TorchEngine
from charseq.training import TrainedModel
from charseq.training.device import resolve_device


class Translator(BaseTranslator):
    """A model, ready to translate, which copies and pickles.

    Attributes:
        model: the network. Make a new translator of it if you change its weights: this one has
            prepared some of them.
        description: its configuration, vocabularies, corpus and scores.
        training_run: how it was trained, if it comes directly from `charseq.train`.
    """

    def __init__(
        self,
        model: Seq2Seq,
        description: ModelDescription,
        training_run: TrainedModel | None = None,
    ) -> None:
        super().__init__(TorchEngine(model.eval(), description), description)
        self.model = model
        self.training_run = training_run

    def save(self, path: str | Path) -> None:
        """Write the model file.

        Raises:
            UsageError: if the path does not name a model file.
            MachineError: if it cannot be written.
        """
        write_model(path, self.description, self.model.tensors())


def load(path: str | Path, *, device: str = "auto") -> Translator:
    """Load a model file.

    Args:
        path: of a `.safetensors` file that charseq wrote.
        device: where to compute: auto, cpu, cuda or mps.

    Raises:
        ModelFileError: if the file is not one that this version can read.
        UsageError: if there is no such file, or this machine has no such device.
    """
    description, tensors = read_model(path)
    model = Seq2Seq.from_description(description, tensors)
    return Translator(model.to(resolve_device(device)), description)
