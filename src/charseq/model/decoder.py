"""The decoder: all symbols at once by teacher forcing, or one at a time."""

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from charseq.config import ModelConfig
from charseq.model.attention import Attention
from charseq.model.cells import Layer, layers_of
from charseq.model.copying import Copying
from charseq.model.embedding import Embedding, locked_dropout
from charseq.model.state import Memory, State, Step


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
            None if config.attention == "none" else Attention(config.attention, config.units)
        )
        self.copying = Copying(config.units) if config.copying else None
        self.output = nn.Linear(config.units, symbols)

    @torch.no_grad()
    def initialise(self, generator: Generator) -> None:
        """Draw fresh weights for the output; the other parts draw their own."""
        nn.init.xavier_uniform_(self.output.weight, generator=generator)
        nn.init.zeros_(self.output.bias)

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
        vectors = self.embedding(previous.t())
        for number, layer in enumerate(layers_of(self.layers)):
            vectors = locked_dropout(vectors, self.dropout, noise)
            start = (part[:, number].contiguous() for part in state)
            vectors, _, _ = layer(vectors, *start)
        return self._written(vectors.transpose(0, 1), memory, noise)

    @torch.no_grad()
    def stepper(self) -> Step:
        """Lay the weights out for writing symbol by symbol, and return the `step` that does so."""
        layers = [layer.stepper() for layer in layers_of(self.layers)]
        # What each symbol adds to the first layer's gates; an id beyond them adds the bias alone.
        table = layers[0].project(self.embedding.table)
        last = len(table) - 1

        def step(previous: Tensor, state: State, memory: Memory) -> tuple[Tensor, State]:
            ids = previous.clamp(max=last) if self.copying is not None else previous
            projected = table.index_select(0, ids)
            hidden, cell = layers[0](projected, state.hidden[:, 0], state.cell[:, 0])
            states = [(hidden, cell)]
            for number, layer in enumerate(layers[1:], start=1):
                before = state.hidden[:, number], state.cell[:, number]
                hidden, cell = layer(layer.project(hidden), *before)
                states.append((hidden, cell))
            written = self._written(hidden[:, None], memory, None)[:, 0]
            if self.copying is None:
                written = functional.log_softmax(written, dim=1)
            hiddens, cells = zip(*states, strict=True)
            return written, State(torch.stack(hiddens, dim=1), torch.stack(cells, dim=1))

        return step

    def _written(self, outputs: Tensor, memory: Memory, noise: Generator | None) -> Tensor:
        """Turn the last layer's outputs, (batch, time, units), into logits."""
        if self.attention is None:
            return self._logits(outputs, noise)
        scores = self.attention.scores(outputs, memory)
        attended = self.attention(outputs, scores, memory)
        logits = self._logits(attended, noise)
        if self.copying is None:
            return logits
        mixed: Tensor = self.copying(attended, logits, scores, memory.copies)
        return mixed

    def _logits(self, vectors: Tensor, noise: Generator | None) -> Tensor:
        dropped = locked_dropout(vectors.transpose(0, 1), self.dropout, noise).transpose(0, 1)
        logits: Tensor = self.output(dropped)
        return logits
