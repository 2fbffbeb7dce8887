"""The encoder–decoder network: the Keras example's (Sutskever et al. 2014) and its extensions."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from charseq.batching import Batch
from charseq.config import ModelConfig
from charseq.errors import ModelFileError
from charseq.model.attention import Attention, Location
from charseq.model.cells import Layer
from charseq.model.copying import Copying
from charseq.model.decoder import Aligned, Decoder
from charseq.model.embedding import Embedding
from charseq.model.encoder import Encoder
from charseq.model.state import Memory, State, Step
from charseq.modelfile import ModelDescription


class Seq2Seq(nn.Module):
    """An encoder whose last state starts a decoder that may look back at what was read."""

    def __init__(self, config: ModelConfig, source_symbols: int, target_symbols: int) -> None:
        super().__init__()
        self.encoder = Encoder(config, source_symbols)
        shared = self.encoder.embedding if config.tied_embeddings else None
        self.decoder = Decoder(config, target_symbols, shared)
        # A decoder that only continues the encoder takes over its state. `nn.LSTM` returns c only
        # at the last step, so where rows end at different steps, a learnt bridge on h replaces it.
        self.bridge = None
        if config.bidirectional or config.attention != "none":
            vectors = 2 if config.cell == "lstm" else 1
            layers = len(self.decoder.recurrent)
            self.bridge = nn.Linear(config.units, vectors * layers * config.units)

    @classmethod
    def fresh(
        cls, config: ModelConfig, source_symbols: int, target_symbols: int, seed: int
    ) -> "Seq2Seq":
        """Return a model with weights drawn from `seed`, as Keras initialises them."""
        model = cls(config, source_symbols, target_symbols)
        generator = Generator().manual_seed(seed)
        for part in model.modules():
            if isinstance(part, Embedding | Layer | Attention | Location | Copying):
                part.initialise(generator)
        linears = (model.decoder.output, model.bridge, model.encoder.residual)
        for linear in filter(None, linears):
            nn.init.xavier_uniform_(linear.weight, generator=generator)
            if linear.bias is not None:
                nn.init.zeros_(linear.bias)
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
        # On no device first, which takes no memory: a configuration may claim any sizes.
        with torch.device("meta"):
            _refuse_other_shapes(cls(config, source_symbols, target_symbols)._kept(), tensors)
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

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.decoder.output.weight.device

    @torch.no_grad()
    def adopt(self, tensors: Mapping[str, NDArray[np.float32]]) -> None:
        """Take over the weights of a model with the same units and only the first of the symbols.

        What belongs to later symbols keeps its fresh weights.
        """
        for name, tensor in self._kept().items():
            known = tensors[name]
            tensor[tuple(slice(size) for size in known.shape)] = torch.from_numpy(known)

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Return the weights as a model file keeps them."""
        return {name: tensor.detach().cpu().numpy() for name, tensor in self._kept().items()}

    def encode(
        self,
        sources: Tensor,
        source_lengths: Tensor,
        copies: Tensor | None = None,
        conditions: Tensor | None = None,
        noise: Generator | None = None,
        lengths_there: Tensor | None = None,
    ) -> tuple[Memory, State]:
        """Read whole sources, each with the same result in any batch.

        Args:
            sources: the sources' ids, (batch, time).
            source_lengths: (batch,), at least 1, on the CPU.
            copies: where the model copies, the column of each source symbol, (batch, time).
            conditions: how many features and languages precede each text, (batch,); None: no text
                has any.
            noise: what dropout draws from, if there is any.
            lengths_there: the lengths on the sources' device, if they are there already.
        """
        sources = sources[:, : int(source_lengths.max())]
        if lengths_there is None:
            lengths_there = source_lengths.to(sources.device)
        if self.bridge is None:
            memory = Memory.without_attention(lengths_there)
            return memory, self._last_state(sources, source_lengths, noise)
        uniform = int(source_lengths.min()) == sources.shape[1]
        outputs, last = self.encoder(sources, None if uniform else lengths_there, noise)
        start = torch.tanh(self.bridge(last))
        width = len(self.decoder.recurrent) * last.shape[1]
        state = State(start[:, :width], start[:, width:], self._first_places(sources))
        if copies is not None:
            copies = copies[:, : sources.shape[1]]
        return self.decoder.memory(sources, lengths_there, outputs, conditions, copies), state

    def stepper(self) -> Step:
        """Prepare the weights for writing symbol by symbol, and return the `step` that does so.

        Make it once for many steps; later changes to the weights have no effect on it.
        """
        return self.decoder.stepper()

    def step(self, previous: Tensor, state: State, memory: Memory) -> tuple[Tensor, State]:
        """Write one symbol per row; for many steps in turn, make a `stepper` once.

        Args:
            previous: the ids written last, (batch,).
            state: the decoder's state.
            memory: the memory of the same rows.

        Returns:
            The log-probabilities of the next symbol, (batch, symbols), and the next state.
        """
        return self.stepper()(previous, state, memory)

    def forward(self, batch: Batch, noise: Generator | None = None) -> Tensor:
        """Predict every next symbol of the targets by teacher forcing.

        Returns:
            The logits, (batch, target time - 1, symbols), or log-probabilities where the model
            copies, with a further column for each source symbol.
        """
        memory, state = self._encoded(batch, noise)
        predicted: Tensor = self.decoder(batch.targets[:, :-1], state, memory, noise)
        return predicted

    def align(self, batch: Batch) -> Aligned:
        """Predict as `forward` does, without noise, and return the weights of attention too.

        Raises:
            UsageError: if the model has no attention.
        """
        memory, state = self._encoded(batch, None)
        return self.decoder.align(batch.targets[:, :-1], state, memory)

    def _encoded(self, batch: Batch, noise: Generator | None) -> tuple[Memory, State]:
        lengths = batch.source_lengths
        return self.encode(
            batch.sources, lengths, batch.copies, batch.conditions, noise, batch.lengths_there
        )

    def _first_places(self, sources: Tensor) -> Tensor:
        relative = self.decoder.attention is not None and self.decoder.attention.relative
        return sources.new_zeros(len(sources), int(relative))

    def _last_state(
        self, sources: Tensor, source_lengths: Tensor, noise: Generator | None
    ) -> State:
        """Read all rows of the same length in one fused call, without padding or mask."""
        longest = sources.shape[1]
        if int(source_lengths.min()) == longest:
            return self.encoder.last_state(sources, noise)
        order, states = [], []
        for length in torch.unique(source_lengths).tolist():
            rows = (source_lengths == length).nonzero()[:, 0].to(sources.device)
            order.append(rows)
            states.append(self.encoder.last_state(sources.index_select(0, rows)[:, :length], noise))
        together = State(*(torch.cat(parts) for parts in zip(*states, strict=True)))
        return together.select(torch.cat(order).argsort())

    def _kept(self) -> dict[str, Tensor]:
        zeros = {
            f"{name}.fused.bias_hh_l0"
            for name, part in self.named_modules()
            if isinstance(part, Layer) and part.cell == "lstm"
        }
        return {name: tensor for name, tensor in self.named_parameters() if name not in zeros}


def _refuse_other_shapes(
    expected: Mapping[str, Tensor], tensors: Mapping[str, NDArray[np.float32]]
) -> None:
    """Raise a `ModelFileError` if tensors are missing, misfit or too many."""
    shapes = {name: tuple(tensor.shape) for name, tensor in expected.items()}
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    names = shapes.keys() | found.keys()
    wrong = sorted(
        (name for name in names if shapes.get(name) != found.get(name)),
        key=lambda name: (name in found, name),
    )
    if wrong:
        raise ModelFileError(
            "its tensors do not fit its configuration: "
            + "; ".join(
                f"{name} should be {shapes.get(name, 'absent')}, is {found.get(name, 'absent')}"
                for name in wrong[:3]
            )
        )
