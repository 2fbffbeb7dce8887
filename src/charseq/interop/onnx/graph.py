"""Writing ONNX graphs: one node per call, with generated names and equal constants shared."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import helper, numpy_helper

Value = str
"""The name of a value in a graph."""

OPSET = 20
CONTRIBUTED = "com.microsoft"
CONTRIBUTED_VERSION = 1
# ONNX Runtime 1.20 and its build for browsers read this version.
IR_VERSION = 10

Shape = Sequence[str | int]
FLOAT, INTEGER, INT32, BOOL = (
    onnx.TensorProto.FLOAT,
    onnx.TensorProto.INT64,
    onnx.TensorProto.INT32,
    onnx.TensorProto.BOOL,
)


class Constants:
    """The constants of a whole model, including its subgraphs; equal constants are shared."""

    def __init__(self) -> None:
        self.tensors: dict[str, onnx.TensorProto] = {}
        self._known: dict[tuple[str, tuple[int, ...], bytes], Value] = {}
        self.values = 0

    def named(self, array: NDArray[Any], name: str | None = None) -> Value:
        """Return the name of a constant with this content."""
        content = str(array.dtype), array.shape, array.tobytes()
        if content not in self._known:
            chosen = f"constant_{len(self._known)}" if name is None else name
            self._known[content] = chosen
            self.tensors[chosen] = numpy_helper.from_array(array, chosen)
        return self._known[content]

    def fresh(self, kind: str) -> Value:
        """Return a name that no other value has."""
        self.values += 1
        return f"{kind}_{self.values}"


class Graph:
    """A graph that is being written, or a subgraph, which sees the values of enclosing graphs."""

    def __init__(self, constants: Constants) -> None:
        self.constants = constants
        self.nodes: list[onnx.NodeProto] = []

    def op(self, kind: str, *inputs: Value, domain: str = "", **attributes: Any) -> Value:
        """Add a node with one output and return the output."""
        return self.ops(kind, *inputs, outputs=1, domain=domain, **attributes)[0]

    def ops(
        self, kind: str, *inputs: Value, outputs: int, domain: str = "", **attributes: Any
    ) -> list[Value]:
        """Add a node with several outputs and return these."""
        names = [self.constants.fresh(kind) for _ in range(outputs)]
        node = helper.make_node(kind, inputs, names, domain=domain, **attributes)
        self.nodes.append(node)
        return names

    def constant(self, value: ArrayLike, dtype: Any = None, name: str | None = None) -> Value:
        """Return a constant; integers are 64 bits wide and other numbers 32."""
        array = np.asarray(value)
        if dtype is None:
            kinds = {"i": np.int64, "f": np.float32, "b": np.bool_}
            dtype = array.dtype if array.dtype.itemsize == 1 else kinds[array.dtype.kind]
        return self.constants.named(np.array(array, dtype, order="C"), name)

    def highest(self, value: Value) -> Value:
        """Return the largest number, or whether anything is true, as a scalar.

        Nothing else may control how long a loop runs or which branch is taken: see
        `charseq.runtime.inspection`.
        """
        return self.op("ReduceMax", value, keepdims=0)

    def range(self, size: Value) -> Value:
        """Return the integers from 0 up to, but without, a scalar size."""
        return self.op("Range", self.constant(0), size, self.constant(1))

    def size(self, value: Value, axis: int) -> Value:
        """Return the size of a value along an axis, as a scalar."""
        return self.op("Squeeze", self.op("Shape", value, start=axis, end=axis + 1))

    def choose(
        self,
        condition: Value,
        then: Callable[["Graph"], Sequence[Value]],
        otherwise: Callable[["Graph"], Sequence[Value]],
    ) -> list[Value]:
        """Add an `If` whose branches are written by two functions, and return its outputs."""
        branches = []
        for name, write in (("then", then), ("otherwise", otherwise)):
            inner = Graph(self.constants)
            outputs = inner.as_outputs(write(inner))
            branches.append(inner.proto(name, {}, dict.fromkeys(outputs)))
        return self.ops(
            "If",
            condition,
            outputs=len(branches[0].output),
            then_branch=branches[0],
            else_branch=branches[1],
        )

    def loop(
        self,
        most: Value,
        carried: Sequence[tuple[Value, int, Shape]],
        body: "Body",
        *,
        condition: Value = "",
    ) -> list[Value]:
        """Add a `Loop` and return what it carried at its end, then what the rounds kept, stacked.

        Args:
            most: the maximum number of rounds.
            carried: what goes from round to round: its first value, type and shape.
            body: takes the round's number and what is carried; returns whether to go on, what to
                carry on, and what to keep of this round.
            condition: whether there is a first round; by default, there is.
        """
        inner = Graph(self.constants)
        number, going = (self.constants.fresh(kind) for kind in ("round", "going"))
        names = [self.constants.fresh("carried") for _ in carried]
        on, state, kept = body(inner, number, names)
        outputs = inner.as_outputs([on, *state, *kept])
        inputs: dict[Value, tuple[int, Shape] | None] = {
            number: (INTEGER, ()),
            going: (BOOL, ()),
            **{name: (kind, shape) for name, (_, kind, shape) in zip(names, carried, strict=True)},
        }
        return self.ops(
            "Loop",
            most,
            condition,
            *(start for start, _, _ in carried),
            outputs=len(state) + len(kept),
            body=inner.proto("body", inputs, dict.fromkeys(outputs)),
        )

    def as_outputs(self, values: Sequence[Value]) -> list[Value]:
        """Return values that may be outputs: each is made in this graph and occurs once."""
        made = {output for node in self.nodes for output in node.output}
        outputs: list[Value] = []
        for value in values:
            own = value in made and value not in outputs
            outputs.append(value if own else self.op("Identity", value))
        return outputs

    def proto(
        self,
        name: str,
        inputs: Mapping[Value, tuple[int, Shape] | None],
        outputs: Mapping[Value, tuple[int, Shape] | None],
    ) -> onnx.GraphProto:
        """Return the graph; only the outermost one contains constants."""
        return helper.make_graph(self.nodes, name, _described(inputs), _described(outputs))


Body = Callable[[Graph, Value, Sequence[Value]], tuple[Value, Sequence[Value], Sequence[Value]]]
"""A loop's round, as `Graph.loop` takes it."""


def _described(values: Mapping[Value, tuple[int, Shape] | None]) -> list[onnx.ValueInfoProto]:
    return [
        onnx.ValueInfoProto(name=value)
        if described is None
        else helper.make_tensor_value_info(value, *described)
        for value, described in values.items()
    ]
