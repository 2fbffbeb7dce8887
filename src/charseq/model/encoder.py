"""The encoder: it describes a source symbol by symbol, and as a whole."""

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from charseq.config import ModelConfig
from charseq.model.cells import Layer, layers_of
from charseq.model.embedding import Embedding, locked_dropout
from charseq.model.state import State


class Encoder(nn.Module):
    """Layers that read sources forwards and, where the model is bidirectional, backwards too.

    Both directions together have as many units as the decoder.
    """

    def __init__(self, config: ModelConfig, symbols: int) -> None:
        super().__init__()
        first = config.dropout if config.source_dropout is None else config.source_dropout
        self.dropout = [first] + [config.dropout] * (config.layers - 1)
        self.embedding = Embedding(symbols, config.embedding)
        units = config.units // 2 if config.bidirectional else config.units
        self.residual = (
            nn.Linear(self.embedding.size, config.units, bias=False) if config.residual else None
        )
        sizes = [self.embedding.size] + [config.units] * (config.layers - 1)
        self.forwards = nn.ModuleList(Layer(config.cell, size, units) for size in sizes)
        self.backwards = nn.ModuleList(
            Layer(config.cell, size, units) for size in sizes if config.bidirectional
        )

    def last_state(self, ids: Tensor, noise: Generator | None) -> State:
        """Return each layer's last state after sources of one length, (batch, time)."""
        vectors, inputs = self.embedding(ids.t())
        states = []
        for layer, rate in zip(layers_of(self.forwards), self.dropout, strict=True):
            vectors, hidden, cell = layer(locked_dropout(vectors, rate, noise), inputs=inputs)
            states.append((hidden, cell))
            inputs = None
        return State.of_layers(states, ids.new_empty(len(ids), 0))

    def forward(
        self, ids: Tensor, lengths: Tensor | None, noise: Generator | None
    ) -> tuple[Tensor, Tensor]:
        """Read sources of any lengths, padded on the right.

        Nothing is packed, since packing leaves the fused path on CPUs. Padding comes after all that
        is used, backwards too, since each row is reversed on its own.

        Args:
            ids: (batch, time).
            lengths: (batch,), at least 1; None: no row is padded.
            noise: what dropout draws from, if there is any.

        Returns:
            The outputs of the last layer, (time, batch, units), and the last output of each
            direction, (batch, units).
        """
        symbols, inputs = self.embedding(ids.t())
        vectors, read = symbols, inputs
        ends = _Ends(ids, lengths)
        last = vectors
        for number, onwards in enumerate(layers_of(self.forwards)):
            vectors = locked_dropout(vectors, self.dropout[number], noise)
            outputs, _, _ = onwards(vectors, inputs=read)
            last = ends.last(outputs)
            if self.backwards:
                back, _, _ = self.backwards[number](ends.reversed(vectors), inputs=read)
                last = torch.cat([last, ends.last(back)], dim=1)
                outputs = torch.cat([outputs, ends.reversed(back)], dim=2)
            vectors, read = outputs, None
        if self.residual is not None:
            weight = self.residual.weight
            weight = weight if inputs is None else weight.index_select(1, inputs)
            symbols = locked_dropout(symbols, self.dropout[0], noise)
            vectors = vectors + functional.linear(symbols, weight)
        return vectors, last


class _Ends:
    """Where the rows of a padded batch end."""

    def __init__(self, ids: Tensor, lengths: Tensor | None) -> None:
        rows, time = ids.shape
        self.uniform = lengths is None
        if lengths is not None:
            steps = torch.arange(time, device=ids.device)[:, None]
            mirrored = torch.where(steps < lengths, lengths - 1 - steps, steps)
            self.mirrored = (mirrored * rows + torch.arange(rows, device=ids.device)).flatten()
            self.final = (lengths - 1) * rows + torch.arange(rows, device=ids.device)

    def reversed(self, vectors: Tensor) -> Tensor:
        """Reverse each row up to its end, (time, batch, size)."""
        if self.uniform:
            return vectors.flip(0)
        return vectors.flatten(0, 1).index_select(0, self.mirrored).view_as(vectors)

    def last(self, vectors: Tensor) -> Tensor:
        """Return each row's last real vector, (batch, size)."""
        if self.uniform:
            return vectors[-1]
        return vectors.flatten(0, 1).index_select(0, self.final)
