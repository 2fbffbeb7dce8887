"""The decoder: all symbols at once by teacher forcing, or one at a time."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

import torch
from torch import Generator, Tensor, nn

from charseq.config import ModelConfig
from charseq.errors import UsageError
from charseq.model.attention import Attention, apart, places_of
from charseq.model.cells import Layer, layers_of
from charseq.model.copying import Copying
from charseq.model.embedding import Embedding, locked_dropout, symbol_dropout
from charseq.model.state import Memory, State, Step

# Lets the layer of this number, among those with a state, read vectors; returns its outputs.
Read = Callable[[int, Tensor], Tensor]


class Aligned(NamedTuple):
    """What a decoder predicts, and what it attended to in doing so.

    Attributes:
        predictions: as `Decoder.forward` returns them.
        weights: the last attention's weights, (batch, time, source time); each row sums to 1.
        copying: the probability that each symbol is copied, (batch, time); None: nothing is.
    """

    predictions: Tensor
    weights: Tensor
    copying: Tensor | None


class FurtherAttention(nn.Module):
    """A recurrent layer that reads attentional vectors, and a layer of attention after it.

    What has been attended to influences what is attended to next (multi-step attention, Gehring et
    al. 2017). Input feeding does the same (Luong et al. 2015), but not in fused calls.
    """

    def __init__(self, config: ModelConfig, size: int) -> None:
        super().__init__()
        self.layer = Layer(config.cell, config.attention_size or config.units, config.units)
        self.attention = _attention(config, size, location_aware=config.location_aware)


class Decoder(nn.Module):
    """Layers that write targets, with attention and copying where the model has them."""

    def __init__(self, config: ModelConfig, symbols: int, embedding: Embedding | None) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.symbol_dropout = config.symbol_dropout
        self.symbols = symbols
        self.embedding = embedding or Embedding(symbols, config.embedding)
        sizes = [self.embedding.size] + [config.units] * (config.layers - 1)
        self.layers = nn.ModuleList(Layer(config.cell, size, config.units) for size in sizes)
        # Layers read all attentional vectors but the last, from which symbols are written.
        read = [config.attention_size or config.units] * (config.attention_layers - 1)
        first, *further = [*read, config.units]
        self.attention = None if config.attention == "none" else _attention(config, first)
        self.further = nn.ModuleList(FurtherAttention(config, size) for size in further)
        self.copying = Copying(config.units) if config.copying else None
        self.output = nn.Linear(config.units, symbols)

    @property
    def recurrent(self) -> list[Layer]:
        """All layers that have a state, in order."""
        return [*layers_of(self.layers), *(each.layer for each in _further_of(self.further))]

    @property
    def attentions(self) -> list[Attention]:
        """All layers of attention, in order."""
        if self.attention is None:
            return []
        return [self.attention, *(each.attention for each in _further_of(self.further))]

    def memory(
        self,
        sources: Tensor,
        lengths: Tensor,
        outputs: Tensor,
        conditions: Tensor | None,
        copies: Tensor | None,
    ) -> Memory:
        """Prepare the encoder's outputs for attention.

        Args:
            sources: the sources' ids, (batch, time).
            lengths: the sources' lengths, (batch,).
            outputs: the encoder's outputs, (time, batch, units).
            conditions: how many features and languages precede each text, (batch,); None: no
                text has any.
            copies: where the model copies, the column of each source symbol, (batch, time).
        """
        if self.attention is None:
            return Memory.without_attention(lengths)
        outputs = outputs.transpose(0, 1)
        places = nothing = sources.new_empty(len(sources), 0)
        if self.attention.relative:
            if conditions is None:
                conditions = sources.new_zeros(len(sources))
            places = places_of(sources, conditions)
        views = tuple(attention.view(outputs, lengths, places) for attention in self.attentions)
        return Memory(lengths, places, nothing if copies is None else copies, views)

    def forward(
        self, previous: Tensor, state: State, memory: Memory, noise: Generator | None
    ) -> Tensor:
        """Predict every next symbol from those before.

        Args:
            previous: ids, (batch, time).
            state: the state to start from.
            memory: the memory of the same rows.
            noise: what dropout draws from, if there is any.

        Returns:
            Logits, (batch, time, symbols), or log-probabilities where the model copies.
        """
        outputs, read = self._outputs(previous, state, noise)
        if self.attention is None:
            return self._logits(outputs, noise)
        attended, scores = self._forced(outputs, state.place, memory, read)
        return self._predicted(attended, scores, memory, noise)

    def align(self, previous: Tensor, state: State, memory: Memory) -> Aligned:
        """Predict as `forward` does, without noise, and return the weights of attention too.

        Raises:
            UsageError: if the model has no attention.
        """
        if self.attention is None:
            raise UsageError("a model without attention looks at nothing that could be aligned")
        outputs, read = self._outputs(previous, state, None)
        attended, scores = self._forced(outputs, state.place, memory, read)
        return Aligned(
            self._predicted(attended, scores, memory, None),
            torch.softmax(scores, dim=2),
            None if self.copying is None else self.copying.share(attended)[:, :, 0],
        )

    @torch.no_grad()
    def stepper(self) -> Step:
        """Prepare the weights for writing symbol by symbol, and return the `step` that does so."""
        layers = [layer.stepper() for layer in self.recurrent]
        plain, attentions = len(self.layers), self.attentions
        # What each symbol adds to the first layer's gates; an id beyond them adds the bias alone.
        table = self.embedding.through(layers[0], self.symbols)
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
            if not attentions:
                written = torch.addmm(bias, outputs, output)
            else:
                attended, scores = self._attended(
                    attentions,
                    outputs[:, None],
                    state.place,
                    memory,
                    lambda number, seen: read(number, seen[:, 0])[:, None],
                )
                written = self._predicted(attended, scores, memory, None)[:, 0]
            if self.copying is None:
                written = torch.log_softmax(written, dim=1)
            return written, State.of_layers(states, state.place + 1 if counting else state.place)

        return step

    def _outputs(
        self, previous: Tensor, state: State, noise: Generator | None
    ) -> tuple[Tensor, Read]:
        """Let all layers before attention read what was written, each in one fused call.

        Returns:
            What the last of them writes, (time, batch, units), and what lets a layer read vectors
            of such a shape.
        """
        layers = self.recurrent
        starts = state.layers(len(layers))
        if self.copying is not None:
            # What is copied from outside the vocabulary is read as zeros, as in a step.
            previous = previous.clamp(max=self.symbols)
        # A shared embedding also has vectors of features and languages, which no target contains.
        vectors, inputs = self.embedding(previous.t(), self.symbols)
        vectors = symbol_dropout(vectors, self.symbol_dropout, noise)

        def read(number: int, vectors: Tensor) -> Tensor:
            start = (each.contiguous() for each in starts[number])
            vectors = locked_dropout(vectors, self.dropout, noise)
            read_of = inputs if number == 0 else None
            outputs: Tensor = layers[number](vectors, *start, inputs=read_of)[0]
            return outputs

        for number in range(len(self.layers)):
            vectors = read(number, vectors)
        return vectors, read

    def _forced(
        self, outputs: Tensor, place: Tensor, memory: Memory, read: Read
    ) -> tuple[Tensor, Tensor]:
        """Attend for all outputs, (time, batch, units), at once; return as `_attended` does."""
        return self._attended(
            self.attentions,
            outputs.transpose(0, 1),
            place,
            memory,
            lambda number, seen: read(number, seen.transpose(0, 1)).transpose(0, 1),
        )

    def _attended(
        self,
        attentions: Sequence[Attention],
        outputs: Tensor,
        place: Tensor,
        memory: Memory,
        read: Read,
    ) -> tuple[Tensor, Tensor]:
        """Attend with one layer after another.

        Args:
            attentions: all layers of attention.
            outputs: those of the last layer before attention, (batch, time, units).
            place: the place of the first of them, (batch, 1), where places count.
            memory: the memory of the same rows.
            read: lets a layer read attentional vectors, (batch, time, size), and returns its
                outputs, (batch, time, units).

        Returns:
            The last attentional vectors, (batch, time, units), and the scores behind them.
        """
        distances = weights = None
        if attentions[0].relative:
            distances = apart(memory.places, place, outputs.shape[1])
        attended = scores = outputs
        for number, (attention, view) in enumerate(zip(attentions, memory.views, strict=True)):
            if number > 0:
                outputs = read(len(self.layers) + number - 1, attended)
            scores = attention.scores(outputs, distances, view, weights)
            weights = torch.softmax(scores, dim=2)
            attended = attention(outputs, weights, view)
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


def _further_of(further: nn.ModuleList) -> list[FurtherAttention]:
    """Return further layers of attention, typed."""
    return [cast(FurtherAttention, each) for each in further]


def _attention(config: ModelConfig, size: int, *, location_aware: bool = False) -> Attention:
    if config.attention == "none":
        raise AssertionError("a model without attention has no layer of it")
    return Attention(
        config.attention,
        config.units,
        size,
        relative=config.relative_positions,
        location_aware=location_aware,
    )
