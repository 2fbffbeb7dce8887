"""The network in ONNX: an encoder, and the step that a search drives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from charseq.interop.onnx.graph import FLOAT, INT32, Graph, Shape, Value
from charseq.interop.onnx.layers import Layers
from charseq.interop.onnx.weights import Array, Weights
from charseq.model.attention import FARTHEST, NO_PLACE, REACH
from charseq.model.copying import SMALLEST
from charseq.modelfile import ModelDescription


class View(NamedTuple):
    """What one layer of attention sees of sources.

    Attributes:
        mask: what is added to scores, (batch, 1, source time), -inf past a source's end.
        keys: (batch, units, source time), or (batch, 1, source time, units) for additive attention.
        values: (batch, source time, size), with the attentional vector's bias added to each.
        gains: what each distance between places adds to a score, where places count.
    """

    mask: Value
    keys: Value
    values: Value
    gains: Value


class Memory(NamedTuple):
    """What is computed once per source; empty in a model without attention.

    Attributes:
        places: each symbol's place plus the farthest distance, (batch, 1, source time).
        columns: the column that each symbol is copied to, (batch, 1, source time).
        never: -inf where nothing is copied from, (batch, 1, source time).
        views: one for each layer of attention.
        alone: whether this is the memory of a single source; see `Network.alone`.
    """

    places: Value = ""
    columns: Value = ""
    never: Value = ""
    views: tuple[View, ...] = ()
    alone: bool = False

    def each(self, change: Callable[[Value], Value]) -> "Memory":
        """Return the memory with each of its parts changed."""
        places, columns, never = (value and change(value) for value in self[:3])
        views = tuple(
            View(change(view.mask), change(view.keys), change(view.values), view.gains)
            for view in self.views
        )
        return Memory(places, columns, never, views)


class Inputs(NamedTuple):
    """What the graph reads of each source; see `exporting`."""

    sources: Value
    lengths: Value
    conditions: Value
    copies: Value


class Scores(NamedTuple):
    """What a step returns.

    Attributes:
        log_probabilities: (rows, symbols), with a further column for each source symbol where the
            model copies.
        weights: the last attention's weights, (batch, beam, source time).
        copying: the probability that a symbol is copied, (rows, 1).
    """

    log_probabilities: Value
    weights: Value = ""
    copying: Value = ""


@dataclass(frozen=True)
class Network:
    """A model that is written into graphs part by part.

    Attributes:
        outer: the outermost graph, for everything that is the same in every call.
        description: the model's description.
        tensors: its weights, by their names in the model file.
        weights: how they are laid out.
    """

    outer: Graph
    description: ModelDescription
    tensors: Mapping[str, Array]
    weights: Weights

    @property
    def attention(self) -> bool:
        """Whether the decoder has attention."""
        return self.description.config.attention != "none"

    @property
    def copying(self) -> bool:
        """Whether the model copies."""
        return self.description.config.copying

    @property
    def one_hot(self) -> bool:
        """Whether symbols are read as one-hot vectors."""
        return self.description.config.embedding is None

    @property
    def relative(self) -> bool:
        """Whether distances between places count."""
        return self.attention and self.description.config.relative_positions

    @property
    def conditioned(self) -> bool:
        """Whether features or languages may precede a source."""
        return bool(self.description.sources.conditions.ids)

    @property
    def state_shapes(self) -> list[Shape]:
        """The shapes of what a step replaces: each layer's hidden and, for LSTMs, its cell."""
        config = self.description.config
        parts = 2 if config.cell == "lstm" else 1
        return [("rows", config.units)] * (parts * len(self.recurrent))

    @property
    def layers(self) -> Layers:
        """All recurrent layers, the encoder's and the decoder's."""
        return Layers(self.outer, self.description.config.cell, self.tensors, self.weights)

    @property
    def recurrent(self) -> list[str]:
        """The names of the decoder's layers that have a state, in order."""
        config = self.description.config
        plain = [f"decoder.layers.{number}.fused" for number in range(config.layers)]
        further = range(config.attention_layers - 1)
        return plain + [f"decoder.further.{number}.layer.fused" for number in further]

    @property
    def attentions(self) -> list[str]:
        """The names of the layers of attention, in order."""
        further = range(self.description.config.attention_layers - 1)
        names = ["decoder.attention"] + [f"decoder.further.{each}.attention" for each in further]
        return names if self.attention else []

    def encode(self, inputs: Inputs) -> tuple[Memory, list[Value]]:
        """Read whole sources; return the memory, and the decoder's first state."""
        graph, config = self.outer, self.description.config
        ids = graph.op("Transpose", inputs.sources, perm=[1, 0])
        vectors = symbols = self._read(graph, "encoder", ids)
        lengths = graph.op("Cast", inputs.lengths, to=INT32)
        ways = ["forwards", "backwards"] if config.bidirectional else ["forwards"]
        finals: list[Value] = []
        for number in range(config.layers):
            names = [f"encoder.{way}.{number}.fused" for way in ways]
            outputs, *last = self.layers.whole(graph, names, vectors, lengths)
            joined = graph.op("Transpose", outputs, perm=[0, 2, 1, 3])
            vectors = graph.op("Reshape", joined, graph.constant([0, 0, config.units]))
            # (directions, batch, units) to (batch, units).
            finals += [
                graph.op(
                    "Reshape",
                    graph.op("Transpose", each, perm=[1, 0, 2]) if len(ways) > 1 else each,
                    graph.constant([-1, config.units]),
                )
                for each in last
            ]
        if "bridge.weight" not in self.tensors:
            return Memory(), finals
        parts = len(self.state_shapes)
        hidden = finals[-1] if config.cell == "gru" else finals[-2]
        bridged = self._linear(graph, hidden, "bridge")
        start = graph.ops(
            "Split", graph.op("Tanh", bridged), outputs=parts, axis=1, num_outputs=parts
        )
        # The bridge computes all layers' hidden first, then all cells.
        if config.cell == "lstm":
            start = [start[i // 2 + (i % 2) * len(self.recurrent)] for i in range(parts)]
        if not self.attention:
            return Memory(), start
        if "encoder.residual.weight" in self.tensors:
            residual = self._matrix("encoder.residual.weight")
            vectors = graph.op("Add", vectors, graph.op("MatMul", symbols, residual))
        return self._memory(graph.op("Transpose", vectors, perm=[1, 0, 2]), inputs), start

    def alone(self, memory: Memory, length: Value, most: Value) -> Memory:
        """Return the first source's memory, for steps of a single row, which take fewer nodes.

        It lacks the batch axis, so all products are of matrices. It is cut to the source's length,
        so a mask is needed only where features have no place. And it has a gain for every distance
        in an answer, so no step needs to clip distances.

        Args:
            memory: all sources' memory.
            length: the first source's length, (1,).
            most: the most symbols of an answer, a scalar.
        """
        graph = self.outer
        start = graph.constant([0])

        def first(value: Value, axis: int = 1) -> Value:
            own = graph.op("Gather", value, graph.constant(0), axis=0)
            return graph.op("Slice", own, start, length, graph.constant([axis]))

        places = distances = ""
        if self.relative:
            # Shift places so that no index is negative; what has no place still counts as farthest.
            nowhere = graph.op("Add", most, graph.constant(1))
            places = graph.op("Max", first(memory.places), graph.constant(-1))
            places = graph.op("Add", places, nowhere)
            beyond = graph.op("Add", nowhere, graph.constant(FARTHEST))
            beyond = graph.op("Add", beyond, graph.op("Squeeze", length))
            distances = graph.op("Sub", graph.range(beyond), nowhere)
            distances = graph.op("Clip", distances, *map(graph.constant, (0, 2 * FARTHEST)))
        views = []
        for view in memory.views:
            keys = first(view.keys)
            if self.description.config.attention != "additive":
                # Products with keys are fastest when these are read row by row.
                keys = graph.op("Transpose", keys, perm=[1, 0])
            # Without conditions, the mask would be all zeros.
            mask = first(view.mask) if self.conditioned else ""
            gains = distances and graph.op("Gather", view.gains, distances)
            views.append(View(mask, keys, first(view.values, 0), gains))
        columns, never = (value and first(value) for value in (memory.columns, memory.never))
        return Memory(places, columns, never, tuple(views), alone=True)

    def step(
        self,
        graph: Graph,
        previous: Value,
        state: Sequence[Value],
        memory: Memory,
        place: Value,
        beam: Value | None = None,
    ) -> tuple[Scores, list[Value]]:
        """Write one symbol per row.

        Args:
            graph: the graph to write the step to.
            previous: the ids written last, (rows,).
            state: the decoder's state.
            memory: the sources' memory, (batch, …); rows are batch · beam.
            place: the symbol's place, from 0, a scalar.
            beam: how many rows each source has, (1,); None: one.
        """
        next_state: list[Value] = []

        def read(number: int, vectors: Value) -> Value:
            name = self.recurrent[number]
            if number == 0:
                vectors_of_all = "" if self.one_hot else self._embedding("decoder")
                table = self.layers.table(name, vectors_of_all)
                projected = graph.op("Gather", table, vectors)
            else:
                projected = self.layers.project(graph, name, vectors)
            new = self.layers.step(graph, name, projected, self._own(state, number))
            next_state.extend(new)
            return new[0]

        return self._predict(graph, previous, memory, place, beam, read), next_state

    def retrace(
        self, graph: Graph, ids: Value, state: Sequence[Value], memory: Memory, places: Value
    ) -> Scores:
        """Predict all symbols of whole targets by teacher forcing.

        Args:
            graph: the graph to write to.
            ids: the targets' ids, each after the start symbol, (batch, time).
            state: the decoder's first state.
            memory: the sources' memory.
            places: how many symbols a target has, (1,).

        Returns:
            The scores, with batch · time rows.
        """
        first = graph.op("Transpose", ids, perm=[1, 0])
        here = graph.range(graph.op("Squeeze", places))
        here = graph.op("Unsqueeze", here, graph.constant([0, 2]))

        def read(number: int, vectors: Value) -> Value:
            if number == 0:
                vectors = self._read(graph, "decoder", vectors)
            else:
                grid = self.grid(graph, vectors, places)
                vectors = graph.op("Transpose", grid, perm=[1, 0, 2])
            zero = graph.constant([0])
            starts = [graph.op("Unsqueeze", each, zero) for each in self._own(state, number)]
            outputs, *_ = self.layers.whole(graph, [self.recurrent[number]], vectors, "", starts)
            # (time, 1, batch, units) to rows.
            outputs = graph.op("Transpose", outputs, perm=[2, 0, 1, 3])
            shape = graph.constant([-1, self.description.config.units])
            return graph.op("Reshape", outputs, shape)

        return self._predict(graph, first, memory, here, places, read)

    def _own(self, state: Sequence[Value], number: int) -> Sequence[Value]:
        """Return the state of one of the decoder's layers."""
        parts = len(state) // len(self.recurrent)
        return state[parts * number : parts * (number + 1)]

    def _predict(
        self,
        graph: Graph,
        previous: Value,
        memory: Memory,
        place: Value,
        beam: Value | None,
        read: Callable[[int, Value], Value],
    ) -> Scores:
        """Predict the next symbols.

        Args:
            graph: the graph to write to.
            previous: the ids written last, in the form that `read` takes.
            memory: the sources' memory, (batch, …); rows are batch · beam.
            place: the symbols' places, from 0.
            beam: how many rows each source has, (1,); None: one.
            read: lets a layer read the ids, if it is the first, or the previous outputs, and
                returns its outputs, (rows, units).
        """
        config = self.description.config
        if self.copying:
            previous = graph.op("Min", previous, graph.constant(len(self.description.targets)))
        vectors = previous
        for number in range(config.layers):
            vectors = read(number, vectors)
        if not self.attention:
            logits = self._linear(graph, vectors, "decoder.output")
            return Scores(graph.op("LogSoftmax", logits, axis=-1))
        distances = scores = weights = ""
        if self.relative:
            distances = graph.op("Sub", memory.places, place)
            if not memory.alone:
                span = graph.constant(0), graph.constant(2 * FARTHEST)
                distances = graph.op("Clip", distances, *span)
        for number, (name, view) in enumerate(zip(self.attentions, memory.views, strict=True)):
            if number > 0:
                vectors = read(config.layers + number - 1, vectors)
            queries = vectors if memory.alone else self.grid(graph, vectors, beam)
            located = ""
            if number > 0 and config.location_aware:
                located = self._located(graph, name, weights, alone=memory.alone)
            scores = self._attention_scores(
                graph, name, queries, view, distances, located, alone=memory.alone
            )
            weights = graph.op("Softmax", scores, axis=-1)
            matrix = f"{name}.own.weight"
            own = self.weights.product(graph, self.outer, vectors, self.tensors[matrix], matrix)
            if memory.alone:
                attended = graph.op("Gemm", weights, view.values, own)
            else:
                context = graph.op("MatMul", weights, view.values)
                size = len(self.tensors[matrix])
                flat = graph.op("Reshape", context, graph.constant([-1, size]))
                attended = graph.op("Add", own, flat)
            vectors = graph.op("Tanh", attended)
        logits = self._linear(graph, vectors, "decoder.output")
        if not self.copying:
            return Scores(graph.op("LogSoftmax", logits, axis=-1), weights)
        copied = graph.op("Sigmoid", self._linear(graph, vectors, "decoder.copying.gate"))
        pointed = weights
        if memory.never:
            pointed = graph.op("Softmax", graph.op("Add", scores, memory.never), axis=-1)
        return Scores(self._mixed(graph, logits, copied, pointed, memory, beam), weights, copied)

    def _mixed(
        self,
        graph: Graph,
        logits: Value,
        copied: Value,
        pointed: Value,
        memory: Memory,
        beam: Value | None,
    ) -> Value:
        """Return the log-probabilities of symbols, whether written or copied."""
        written = graph.op("Softmax", logits, axis=-1)
        written = graph.op("Mul", written, graph.op("Sub", graph.constant(1.0), copied))
        columns = memory.columns
        if beam is not None:
            columns = graph.op("Expand", columns, graph.op("Shape", pointed))
        if not memory.alone:
            columns, pointed = (self._rows(graph, each) for each in (columns, pointed))
        pointed = graph.op("Mul", pointed, copied)
        room = graph.op("Mul", pointed, graph.constant(0.0))
        mixed = graph.op(
            "ScatterElements",
            graph.op("Concat", written, room, axis=1),
            columns,
            pointed,
            axis=1,
            reduction="add",
        )
        return graph.op("Log", graph.op("Max", mixed, graph.constant(SMALLEST)))

    def _memory(self, outputs: Value, inputs: Inputs) -> Memory:
        graph = self.outer
        columns = graph.range(graph.size(inputs.sources, 1))
        least = graph.constant(-np.inf, np.float32)
        none = graph.constant(0.0)
        inside = graph.op(
            "Less", columns, graph.op("Unsqueeze", inputs.lengths, graph.constant([1]))
        )
        mask = graph.op("Where", inside, none, least)
        places = outside = ""
        if self.relative:
            before = graph.op("Unsqueeze", inputs.conditions, graph.constant([1]))
            own = graph.op("Sub", columns, before)
            if self.conditioned:
                outside = graph.op("Less", own, graph.constant(0))
                own = graph.op("Where", outside, graph.constant(NO_PLACE), own)
            places = self._middle(graph.op("Add", own, graph.constant(FARTHEST)))
        views = tuple(self._view(name, outputs, mask, outside) for name in self.attentions)
        copied = never = ""
        if self.copying:
            copied = self._middle(graph.op("Max", inputs.copies, graph.constant(0)))
            if self.conditioned:
                nothing = graph.op("Less", inputs.copies, graph.constant(0))
                never = self._middle(graph.op("Where", nothing, least, none))
        return Memory(places, copied, never, views)

    def _view(self, name: str, outputs: Value, mask: Value, outside: Value) -> View:
        """Prepare the encoder's outputs, (batch, time, units), for a layer of attention."""
        graph, kind = self.outer, self.description.config.attention
        if outside:
            placeless = graph.constant(float(self.tensors[f"{name}.placeless"][0]))
            lost = graph.op("Where", outside, placeless, graph.constant(0.0))
            mask = graph.op("Add", mask, lost)
        keys = outputs
        if kind != "dot":
            keys = graph.op("MatMul", outputs, self._matrix(f"{name}.key.weight"))
        if kind == "additive":
            keys = self._middle(keys)
        else:
            keys = graph.op("Transpose", keys, perm=[0, 2, 1])
        values = graph.op("MatMul", outputs, self._matrix(f"{name}.context.weight"))
        # The weights of a step sum to 1, so the bias can be added to each of the values.
        bias = graph.constant(self.tensors[f"{name}.own.bias"])
        gains = graph.constant(self.tensors[f"{name}.distances"]) if self.relative else ""
        return View(self._middle(mask), keys, graph.op("Add", values, bias), gains)

    def _attention_scores(
        self,
        graph: Graph,
        name: str,
        queries: Value,
        view: View,
        distances: Value,
        located: Value,
        *,
        alone: bool,
    ) -> Value:
        """Compare the decoder's outputs, (batch, beam, units), with each source symbol.

        Where places count, `distances` are those between them; where locations do, `located` is
        what these add. With `alone`, everything lacks the first axis.
        """
        gained = distances and graph.op("Gather", view.gains, distances)
        added = [each for each in (view.mask, gained, located) if each]
        if self.description.config.attention == "additive":
            asked = graph.op("MatMul", queries, self._matrix(f"{name}.query.weight"))
            asked = graph.op("Unsqueeze", asked, graph.constant([-2]))
            both = graph.op("Tanh", graph.op("Add", asked, view.keys))
            vector = graph.constant(self.tensors[f"{name}.score"])
            scores = graph.op("MatMul", both, vector)
        elif alone:
            scores = graph.op("Gemm", queries, view.keys, *added[:1], transB=1)
            added = added[1:]
        else:
            scores = graph.op("MatMul", queries, view.keys)
        for each in added:
            scores = graph.op("Add", scores, each)
        return scores

    def _located(self, graph: Graph, name: str, weights: Value, *, alone: bool) -> Value:
        """Return what a layer of attention adds to its scores for the `weights` of that before."""
        kernel = graph.constant(self.tensors[f"{name}.location.patterns.weight"][:, None])
        bias = graph.constant(self.tensors[f"{name}.location.patterns.bias"])
        rows = weights if alone else self._rows(graph, weights)
        rows = graph.op("Unsqueeze", rows, graph.constant([1]))
        reach = REACH // 2
        found = graph.op("Tanh", graph.op("Conv", rows, kernel, bias, pads=[reach, reach]))
        scores = graph.op("MatMul", graph.constant(self.tensors[f"{name}.location.score"]), found)
        return scores if alone else graph.op("Reshape", scores, graph.op("Shape", weights))

    def _read(self, graph: Graph, side: str, ids: Value) -> Value:
        """Return the vectors of ids, of any shape, (…, size)."""
        if not self.one_hot:
            return graph.op("Gather", self._embedding(side), ids)
        # Unlike an identity matrix, this takes no memory for each pair of symbols.
        reads = self.description.sources if side == "encoder" else self.description.targets
        every = graph.constant(np.arange(len(reads)))
        same = graph.op("Equal", graph.op("Unsqueeze", ids, graph.constant([-1])), every)
        return graph.op("Cast", same, to=FLOAT)

    def _embedding(self, side: str) -> Value:
        """Return every symbol's learnt vector, followed by zeros."""
        config = self.description.config
        name = f"{'encoder' if config.tied_embeddings else side}.embedding.weight"
        vectors = self.weights.tensor(self.outer, self.tensors[name], name)
        symbols = len(self.description.targets)
        if side == "decoder" and symbols < len(self.tensors[name]):
            # A shared embedding also has vectors of features and languages.
            start, end, axis = ([each] for each in (0, symbols, 0))
            vectors = self.outer.op("Slice", vectors, *map(self.outer.constant, (start, end, axis)))
        return self.outer.op("Pad", vectors, self.outer.constant([0, 0, 1, 0]))

    def _linear(self, graph: Graph, vectors: Value, name: str) -> Value:
        weight = self.tensors[f"{name}.weight"]
        product = self.weights.product(graph, self.outer, vectors, weight, f"{name}.weight")
        return graph.op("Add", product, graph.constant(self.tensors[f"{name}.bias"]))

    def _matrix(self, name: str) -> Value:
        return self.weights.matrix(self.outer, self.tensors[name], name)

    def _middle(self, value: Value) -> Value:
        return self.outer.op("Unsqueeze", value, self.outer.constant([1]))

    def of(self, graph: Graph, log_probabilities: Value, symbols: Value) -> Value:
        """Return the log-probabilities, (…, symbols), of the given symbols, one for each line."""
        if self.description.targets.unknown is None and not self.copying:
            # A symbol that the model never saw is read as zeros, and has no column.
            symbols = graph.op("Min", symbols, graph.constant(len(self.description.targets) - 1))
        chosen = graph.op("Unsqueeze", symbols, graph.constant([-1]))
        gains = graph.op("GatherElements", log_probabilities, chosen, axis=-1)
        return graph.op("Squeeze", gains, graph.constant([-1]))

    @staticmethod
    def grid(graph: Graph, value: Value, beam: Value | None) -> Value:
        """Return rows, (rows, size), as (batch, beam, size)."""
        if beam is None:
            return graph.op("Unsqueeze", value, graph.constant([1]))
        size = graph.op("Shape", value, start=1)
        shape = graph.op("Concat", graph.constant([-1]), beam, size, axis=0)
        return graph.op("Reshape", value, shape)

    @staticmethod
    def _rows(graph: Graph, grid: Value) -> Value:
        """Return (batch, beam, size) as (rows, size)."""
        size = graph.op("Shape", grid, start=2)
        return graph.op("Reshape", grid, graph.op("Concat", graph.constant([-1]), size, axis=0))
