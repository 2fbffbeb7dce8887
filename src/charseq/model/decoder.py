"""The decoder: all symbols at once by teacher forcing, or one at a time."""

from collections.abc import Callable
from typing import NamedTuple, cast

import torch
from torch import Generator, Tensor, nn

from charseq.config import ModelConfig
from charseq.errors import UsageError
from charseq.model.attention import Attention, apart, places_of
from charseq.model.cells import Layer, layers_of
from charseq.model.copying import Copying
from charseq.model.embedding import Embedding, locked_dropout
from charseq.model.state import Memory, State, Step


class Aligned(NamedTuple):
    """What a decoder predicts, and what it looked at for it.

    Attributes:
        predictions: as `Decoder.forward` returns them.
        weights: the last attention's, (batch, time, source time); each row sums to 1.
        copying: how probable it is that the symbol is copied, (batch, time); None: nothing is.
    """

    predictions: Tensor
    weights: Tensor
    copying: Tensor | None


class FurtherLook(nn.Module):
    """A layer that reads what attention saw, and attention that looks again, knowing it.

    So what has been looked at bears upon what is looked at next (multi-step attention, Gehring et
    al. 2017), which input feeding is for too (Luong et al. 2015), and training stays fused calls.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.layer = Layer(config.cell, config.units, config.units)
        self.attention = _attention(config)


class Decoder(nn.Module):
    """Layers that write targets, with attention and copying where the model has them."""

    def __init__(self, config: ModelConfig, symbols: int, embedding: Embedding | None) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.symbols = symbols
        self.embedding = embedding or Embedding(symbols, config.embedding)
        sizes = [self.embedding.size] + [config.units] * (config.layers - 1)
        self.layers = nn.ModuleList(Layer(config.cell, size, config.units) for size in sizes)
        self.attention = None if config.attention == "none" else _attention(config)
        self.further = nn.ModuleList(
            FurtherLook(config) for _ in range(config.attention_layers - 1)
        )
        self.copying = Copying(config.units) if config.copying else None
        self.output = nn.Linear(config.units, symbols)

    @property
    def recurrent(self) -> list[Layer]:
        """All layers that have a state, in their order."""
        return [*layers_of(self.layers), *(look.layer for look in _looks_of(self.further))]

    def memory(
        self,
        sources: Tensor,
        source_lengths: Tensor,
        outputs: Tensor,
        conditions: Tensor | None,
        copies: Tensor | None,
    ) -> Memory:
        """Prepare what the encoder wrote for being looked at.

        Args:
            sources: ids, (batch, time).
            source_lengths: (batch,).
            outputs: the encoder's, (time, batch, units).
            conditions: how many features and languages stand before each text, (batch,); None: no
                text has any.
            copies: where the model copies, the column of each source symbol, (batch, time).
        """
        lengths = source_lengths.to(sources.device)
        if self.attention is None:
            return Memory.without_attention(lengths)
        outputs = outputs.transpose(0, 1)
        places = nothing = sources.new_empty(len(sources), 0)
        if self.attention.relative:
            if conditions is None:
                conditions = sources.new_zeros(len(sources))
            places = places_of(sources, conditions)
        attentions = self.attention, *(look.attention for look in _looks_of(self.further))
        views = tuple(attention.view(outputs, lengths, places) for attention in attentions)
        return Memory(lengths, places, nothing if copies is None else copies, views)

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
        attended, scores = self._forced(self.attention, outputs, state, memory, noise)
        return self._predicted(attended, scores, memory, noise)

    def align(self, previous: Tensor, state: State, memory: Memory) -> Aligned:
        """Predict as `forward` does, without noise, and say what was looked at for it.

        Raises:
            UsageError: if the model has no attention.
        """
        if self.attention is None:
            raise UsageError("a model without attention looks at nothing that could be aligned")
        outputs = self._outputs(previous, state, None)
        attended, scores = self._forced(self.attention, outputs, state, memory, None)
        return Aligned(
            self._predicted(attended, scores, memory, None),
            torch.softmax(scores, dim=2),
            None if self.copying is None else self.copying.share(attended)[:, :, 0],
        )

    @torch.no_grad()
    def stepper(self) -> Step:
        """Lay the weights out for writing symbol by symbol, and return the `step` that does so."""
        layers = [layer.stepper() for layer in self.recurrent]
        plain = len(self.layers)
        # What each symbol adds to the first layer's gates; an id beyond them adds the bias alone.
        table = layers[0].project(self.embedding.table)
        last = len(table) - 1
        counting = self.attention is not None and self.attention.relative
        output, bias = self.output.weight.t().contiguous(), self.output.bias

        def step(previous: Tensor, state: State, memory: Memory) -> tuple[Tensor, State]:
            ids = previous if self.copying is None else previous.clamp(max=last)
            before = state.layers(len(layers))
            states = [layers[0](table.index_select(0, ids), *before[0])]

            def read(number: int, vectors: Tensor) -> Tensor:
                layer = layers[number]
                states.append(layer(layer.project(vectors), *before[number]))
                return states[-1][0]

            for number in range(1, plain):
                read(number, states[-1][0])
            outputs, _ = states[-1]
            if self.attention is None:
                written = torch.addmm(bias, outputs, output)
            else:
                attended, scores = self._looked(
                    self.attention,
                    outputs[:, None],
                    state.place,
                    memory,
                    lambda number, seen: read(plain + number, seen[:, 0])[:, None],
                )
                written = self._predicted(attended, scores, memory, None)[:, 0]
            if self.copying is None:
                written = torch.log_softmax(written, dim=1)
            return written, State.of_layers(states, state.place + 1 if counting else state.place)

        return step

    def _outputs(self, previous: Tensor, state: State, noise: Generator | None) -> Tensor:
        """Return what the last layer writes, (time, batch, units), in one fused call a layer."""
        vectors: Tensor = self.embedding(previous.t())
        for number in range(len(self.layers)):
            vectors = self._read(number, vectors, state, noise)
        return vectors

    def _read(self, number: int, vectors: Tensor, state: State, noise: Generator | None) -> Tensor:
        """Let a layer read vectors, (time, batch, size), in one fused call."""
        recurrent = self.recurrent
        hidden, cell = state.layers(len(recurrent))[number]
        vectors = locked_dropout(vectors, self.dropout, noise)
        outputs: Tensor = recurrent[number](vectors, hidden.contiguous(), cell.contiguous())[0]
        return outputs

    def _forced(
        self,
        attention: Attention,
        outputs: Tensor,
        state: State,
        memory: Memory,
        noise: Generator | None,
    ) -> tuple[Tensor, Tensor]:
        """Look back for all outputs, (time, batch, units), at once; return as `_looked` does."""

        def read(number: int, seen: Tensor) -> Tensor:
            number += len(self.layers)
            return self._read(number, seen.transpose(0, 1), state, noise).transpose(0, 1)

        return self._looked(attention, outputs.transpose(0, 1), state.place, memory, read)

    def _looked(
        self,
        attention: Attention,
        outputs: Tensor,
        place: Tensor,
        memory: Memory,
        read: Callable[[int, Tensor], Tensor],
    ) -> tuple[Tensor, Tensor]:
        """Look back as often as the model does.

        Args:
            attention: the first.
            outputs: of the last layer before it, (batch, time, units).
            place: of the first of them, (batch, 1), where places count.
            memory: of the same rows.
            read: has the layer of this further look read attentional vectors, and returns its
                outputs, both (batch, time, units).

        Returns:
            The last attentional vectors, (batch, time, units), and the scores behind them.
        """
        view, *others = memory.views
        distances = None
        if attention.relative:
            distances = apart(memory.places, place, outputs.shape[1])
        scores = attention.scores(outputs, distances, view)
        attended: Tensor = attention(outputs, scores, view)
        for number, (look, view) in enumerate(zip(_looks_of(self.further), others, strict=True)):
            outputs = read(number, attended)
            scores = look.attention.scores(outputs, distances, view)
            attended = look.attention(outputs, scores, view)
        return attended, scores

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


def _looks_of(further: nn.ModuleList) -> list[FurtherLook]:
    """Return further looks, typed."""
    return [cast(FurtherLook, look) for look in further]


def _attention(config: ModelConfig) -> Attention:
    if config.attention == "none":
        raise AssertionError("a model without attention has no layer of it")
    return Attention(config.attention, config.units, relative=config.relative_positions)
