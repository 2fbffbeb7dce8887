"""The decoder: all symbols at once by teacher forcing, or one at a time."""

from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn

from charseq.config import ModelConfig
from charseq.errors import UsageError
from charseq.model.attention import Attention
from charseq.model.cells import Layer, layers_of
from charseq.model.copying import Copying
from charseq.model.embedding import Embedding, locked_dropout
from charseq.model.state import Memory, State, Step


class Aligned(NamedTuple):
    """What a decoder predicts, and what it looked at for it.

    Attributes:
        predictions: as `Decoder.forward` returns them.
        weights: attention's, (batch, time, source time); each row sums to 1.
        copying: how probable it is that the symbol is copied, (batch, time); None: nothing is.
    """

    predictions: Tensor
    weights: Tensor
    copying: Tensor | None


class Decoder(nn.Module):
    """Layers that write targets, with attention and copying where the model has them."""

    def __init__(self, config: ModelConfig, symbols: int, embedding: Embedding | None) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.symbols = symbols
        self.embedding = embedding or Embedding(symbols, config.embedding)
        sizes = [self.embedding.size] + [config.units] * (config.layers - 1)
        self.layers = nn.ModuleList(Layer(config.cell, size, config.units) for size in sizes)
        self.attention = (
            None
            if config.attention == "none"
            else Attention(config.attention, config.units, relative=config.relative_positions)
        )
        self.copying = Copying(config.units) if config.copying else None
        self.output = nn.Linear(config.units, symbols)

    def forward(
        self, previous: Tensor, state: State, memory: Memory, noise: Generator | None
    ) -> Tensor:
        """Predict every next symbol from the ones before.

        Args:
            previous: ids, (batch, time).
            state: where to start.
            memory: of the same rows.
            noise: what dropout draws from, if there is any.

        Returns:
            Logits, (batch, time, symbols), or log-probabilities where the model copies.
        """
        outputs = self._outputs(previous, state, noise)
        if self.attention is None:
            return self._logits(outputs, noise)
        return self._attended(self.attention, outputs.transpose(0, 1), state.place, memory, noise)

    def align(self, previous: Tensor, state: State, memory: Memory) -> Aligned:
        """Predict as `forward` does, without noise, and say what was looked at for it.

        Raises:
            UsageError: if the model has no attention.
        """
        if self.attention is None:
            raise UsageError("a model without attention looks at nothing that could be aligned")
        outputs = self._outputs(previous, state, None).transpose(0, 1)
        scores = self.attention.scores(outputs, state.place, memory)
        attended = self.attention(outputs, scores, memory)
        return Aligned(
            self._predicted(attended, scores, memory, None),
            torch.softmax(scores, dim=2),
            None if self.copying is None else self.copying.share(attended)[:, :, 0],
        )

    @torch.no_grad()
    def stepper(self) -> Step:
        """Lay the weights out for writing symbol by symbol, and return the `step` that does so."""
        layers = [layer.stepper() for layer in layers_of(self.layers)]
        # What each symbol adds to the first layer's gates; an id beyond them adds the bias alone.
        table = layers[0].project(self.embedding.table)
        last = len(table) - 1
        counting = self.attention is not None and self.attention.relative
        output, bias = self.output.weight.t().contiguous(), self.output.bias

        def step(previous: Tensor, state: State, memory: Memory) -> tuple[Tensor, State]:
            ids = previous if self.copying is None else previous.clamp(max=last)
            first, *others = state.layers(len(layers))
            outputs, cell = layers[0](table.index_select(0, ids), *first)
            states = [(outputs, cell)]
            for layer, before in zip(layers[1:], others, strict=True):
                outputs, cell = layer(layer.project(outputs), *before)
                states.append((outputs, cell))
            if self.attention is None:
                written = torch.addmm(bias, outputs, output)
            else:
                written = self._attended(
                    self.attention, outputs[:, None], state.place, memory, None
                )[:, 0]
            if self.copying is None:
                written = torch.log_softmax(written, dim=1)
            return written, State.of_layers(states, state.place + 1 if counting else state.place)

        return step

    def _outputs(self, previous: Tensor, state: State, noise: Generator | None) -> Tensor:
        """Return what the last layer writes, (time, batch, units), in one fused call a layer."""
        vectors: Tensor = self.embedding(previous.t())
        starts = state.layers(len(self.layers))
        for layer, (hidden, cell) in zip(layers_of(self.layers), starts, strict=True):
            vectors = locked_dropout(vectors, self.dropout, noise)
            vectors, _, _ = layer(vectors, hidden.contiguous(), cell.contiguous())
        return vectors

    def _attended(
        self,
        attention: Attention,
        outputs: Tensor,
        place: Tensor,
        memory: Memory,
        noise: Generator | None,
    ) -> Tensor:
        """Predict from the last layer's outputs, (batch, time, units), by looking back."""
        scores = attention.scores(outputs, place, memory)
        return self._predicted(attention(outputs, scores, memory), scores, memory, noise)

    def _predicted(
        self, attended: Tensor, scores: Tensor, memory: Memory, noise: Generator | None
    ) -> Tensor:
        """Predict from attentional vectors, (batch, time, units), and the scores behind them."""
        logits = self._logits(attended.transpose(0, 1), noise)
        if self.copying is None:
            return logits
        mixed: Tensor = self.copying(attended, logits, scores, memory.copies)
        return mixed

    def _logits(self, vectors: Tensor, noise: Generator | None) -> Tensor:
        """Return the vocabulary's logits, (batch, time, symbols), for (time, batch, units)."""
        logits: Tensor = self.output(locked_dropout(vectors, self.dropout, noise))
        return logits.transpose(0, 1)
