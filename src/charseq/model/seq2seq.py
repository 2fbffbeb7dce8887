"""The encoder–decoder network of the Keras example `lstm_seq2seq` (Sutskever et al. 2014)."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn import functional

from charseq.batching import Batch
from charseq.config import ModelConfig
from charseq.errors import ModelFileError
from charseq.model.lstm import CharacterLSTM
from charseq.model.state import Memory, State, Step
from charseq.modelfile import ModelDescription


class Seq2Seq(nn.Module):
    """An encoder LSTM whose last state starts a decoder LSTM."""

    def __init__(self, config: ModelConfig, source_symbols: int, target_symbols: int) -> None:
        super().__init__()
        self.encoder = CharacterLSTM(source_symbols, config.units)
        self.decoder = CharacterLSTM(target_symbols, config.units)
        self.output = nn.Linear(config.units, target_symbols)

    @classmethod
    def fresh(
        cls, config: ModelConfig, source_symbols: int, target_symbols: int, seed: int
    ) -> "Seq2Seq":
        """Return a model with weights drawn from `seed`, as Keras initialises them."""
        model = cls(config, source_symbols, target_symbols)
        generator = Generator().manual_seed(seed)
        model.encoder.initialise(generator)
        model.decoder.initialise(generator)
        nn.init.xavier_uniform_(model.output.weight, generator=generator)
        nn.init.zeros_(model.output.bias)
        return model

    @classmethod
    def from_tensors(
        cls,
        config: ModelConfig,
        source_symbols: int,
        target_symbols: int,
        tensors: Mapping[str, NDArray[np.float32]],
    ) -> "Seq2Seq":
        """Return a model with the weights of a model file.

        Raises:
            ModelFileError: if they do not fit the configuration.
        """
        # Without memory first: the configuration may claim sizes that the tensors do not have.
        with torch.device("meta"):
            expected = {
                name: tuple(tensor.shape)
                for name, tensor in cls(config, source_symbols, target_symbols)._kept().items()
            }
        found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        wrong = sorted(
            name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)
        )
        wrong += sorted(name for name in found if tensors[name].dtype != np.float32)
        if wrong:
            raise ModelFileError(
                "its tensors do not fit its configuration: "
                + "; ".join(
                    f"{name} should be {expected.get(name, 'absent')},"
                    f" is {found.get(name, 'absent')}"
                    for name in wrong[:3]
                )
            )
        model = cls(config, source_symbols, target_symbols)
        with torch.no_grad():
            for name, tensor in model._kept().items():
                tensor.copy_(torch.from_numpy(tensors[name]))
        return model

    @classmethod
    def from_description(
        cls, description: ModelDescription, tensors: Mapping[str, NDArray[np.float32]]
    ) -> "Seq2Seq":
        """Return the model that a file describes, with its weights.

        Raises:
            ModelFileError: if they do not fit its configuration.
        """
        symbols = len(description.sources), len(description.targets)
        return cls.from_tensors(description.config, *symbols, tensors)

    @torch.no_grad()
    def adopt(self, tensors: Mapping[str, NDArray[np.float32]]) -> None:
        """Take over the weights of a model with the same units and the first of the symbols.

        What belongs to later symbols keeps its fresh weights.
        """
        for name, tensor in self._kept().items():
            known = tensors[name]
            tensor[tuple(slice(size) for size in known.shape)] = torch.from_numpy(known)

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Return the weights as a model file keeps them."""
        return {name: tensor.detach().cpu().numpy() for name, tensor in self._kept().items()}

    def encode(self, sources: Tensor, source_lengths: Tensor) -> tuple[Memory, State]:
        """Read whole sources.

        Rows of one length take one fused call without padding or mask, so that a source is read
        the same way in any company.

        Args:
            sources: ids, (batch, time).
            source_lengths: (batch,), at least 1, on the CPU.
        """
        memory = Memory(source_lengths.to(sources.device))
        longest = int(source_lengths.max())
        if int(source_lengths.min()) == longest:
            return memory, self.encoder(sources[:, :longest])[1]
        order, states = [], []
        for length in torch.unique(source_lengths).tolist():
            rows = (source_lengths == length).nonzero()[:, 0].to(sources.device)
            order.append(rows)
            states.append(self.encoder(sources.index_select(0, rows)[:, :length])[1])
        together = State(*(torch.cat(parts) for parts in zip(*states, strict=True)))
        return memory, together.select(torch.cat(order).argsort())

    @torch.no_grad()
    def stepper(self) -> Step:
        """Lay the weights out for writing symbol by symbol, and return the `step` that does so.

        It is made once for many steps; later changes of the weights do not reach it.
        """
        decoder = self.decoder.stepper()
        weight, bias = self.output.weight.t().contiguous(), self.output.bias.clone()

        def step(previous: Tensor, state: State, memory: Memory) -> tuple[Tensor, State]:
            del memory  # The two state vectors are all that this decoder reads.
            state = decoder(previous, state)
            logits = torch.addmm(bias, state.hidden, weight)
            return functional.log_softmax(logits, dim=1), state

        return step

    def step(self, previous: Tensor, state: State, memory: Memory) -> tuple[Tensor, State]:
        """Write one symbol per row; for many steps in turn, make a `stepper` once.

        Args:
            previous: the ids written last, (batch,).
            state: the decoder's state.
            memory: of the same rows.

        Returns:
            The log-probabilities of the next symbol, (batch, symbols), and the next state.
        """
        return self.stepper()(previous, state, memory)

    def forward(self, batch: Batch) -> Tensor:
        """Predict every next symbol of the targets by teacher forcing.

        Returns:
            The logits, (batch, target time - 1, symbols).
        """
        _, state = self.encode(batch.sources, batch.source_lengths)
        outputs, _ = self.decoder(batch.targets[:, :-1], state)
        logits: Tensor = self.output(outputs)
        return logits.transpose(0, 1)

    def _kept(self) -> dict[str, Tensor]:
        zeros = ("encoder.lstm.bias_hh_l0", "decoder.lstm.bias_hh_l0")
        return {name: tensor for name, tensor in self.named_parameters() if name not in zeros}
