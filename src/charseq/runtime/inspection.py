"""Checks on an ONNX file before ONNX Runtime sees it: is it what charseq writes?

Field numbers are those of `onnx.proto`, ONNX's own definition of its file format.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterator

import numpy as np

from charseq.errors import ModelFileError, visible
from charseq.files import LARGEST_HEADER
from charseq.modelfile import METADATA_KEY
from charseq.runtime.wire import BYTES, fields

LARGEST_FILE = 2 << 30
MOST_NODES = 10_000
# No export nests deeper than the rounds of a search's loop.
DEEPEST_GRAPH = 3
# No tensor of an export has more.
MOST_DIMENSIONS = 8
# The largest magnitude of a graph's integers: sizes, axes, ids, and the mark of no place at all.
FARTHEST_NUMBER = 1_000_000

# All operators of exported graphs; none reads files or calls out.
OPERATORS = frozenset(
    """
    Add And ArgMax Cast Clip Concat ConstantOfShape Conv Div Equal Expand EyeLike GRU Gather
    GatherElements Gemm Greater GreaterOrEqual Identity If LSTM Less LessOrEqual Log LogSoftmax Loop
    MatMul Max Min Mod Mul NonZero Not Or Pad Pow Range ReduceMax ReduceMin ReduceSum Reshape
    ScatterElements Shape Sigmoid Slice Softmax Split Squeeze Sub Tanh TopK Transpose Unsqueeze
    Where
    """.split()
)
# The places of inputs that may be omitted: a loop's condition, the lengths of a layer's sequences.
LEFT_OUT = {"Loop": 1, "LSTM": 4, "GRU": 4}
CONTRIBUTED_OPERATORS = frozenset({"MatMulNBits"})
DOMAINS = {"": OPERATORS, "ai.onnx": OPERATORS, "com.microsoft": CONTRIBUTED_OPERATORS}

# Field numbers, line by line: of a model, a graph, a node, an attribute, a tensor.
GRAPH, METADATA, TRAINING, FUNCTIONS = 7, 14, 20, 25
NODE, INITIALIZER, GRAPH_INPUT, GRAPH_OUTPUT, SPARSE_INITIALIZER = 1, 5, 11, 12, 15
INPUT, OUTPUT, KIND, ATTRIBUTE, DOMAIN = 1, 2, 4, 5, 7
NAME, NUMBER, TEXT, TENSOR, SUBGRAPH, NUMBERS, SORT = 1, 3, 4, 5, 6, 8, 20
DIMENSION, TYPE, TENSOR_NAME, RAW, EXTERNAL, LOCATION = 1, 2, 8, 9, 13, 14
WHOLE = 7
# Bytes per number of each tensor type: float32, uint8, int32, int64, bool, float16.
WIDTHS = {1: 4, 2: 1, 6: 4, WHOLE: 8, 9: 1, 10: 2}

SEAL_KEY = b"charseq_sha256"


def sealed(content: bytes) -> bytes:
    """Return an ONNX file with its checksum appended as one more metadata entry."""
    return content + _seal(content)


def metadata_of(content: bytes) -> str:
    """Return charseq's own metadata in an ONNX file, once all else in it is known to be harmless.

    Raises:
        ModelFileError: if it has none, was changed since it was written, or holds what no export
            holds: data in other files, functions, other operators.
        ValueError: if it is not an ONNX file.
    """
    if not content:
        raise ModelFileError("it is empty")
    metadata, graphs, whole = {}, [], memoryview(content)
    for number, value in fields(whole):
        if number == METADATA:
            entry = {key: bytes(_message(text)) for key, text in fields(_message(value))}
            metadata[entry.get(1, b"")] = entry.get(2, b"")
        elif number == GRAPH:
            graphs.append(_message(value))
        elif number in (TRAINING, FUNCTIONS):
            raise ModelFileError(
                "it contains functions or training information, which no export has"
            )
    if METADATA_KEY.encode() not in metadata:
        raise ModelFileError("it is an ONNX file, but not a model that charseq exported")
    before, seal = whole[:-SEAL_SIZE], whole[-SEAL_SIZE:]
    if bytes(seal) != _seal(before):
        raise ModelFileError(
            "its checksum does not match its content: it is damaged, or was changed after it was"
            " exported; export the model again"
        )
    description = metadata[METADATA_KEY.encode()]
    if len(description) > LARGEST_HEADER:
        raise ModelFileError(f"its description has more than {LARGEST_HEADER:,} bytes")
    if len(graphs) != 1:
        raise ModelFileError(f"it contains {len(graphs)} graphs, but an export has one")
    if any(number >= MOST_NODES for number, _ in enumerate(_nodes(graphs[0], 1))):
        raise ModelFileError(f"its graph has more than {MOST_NODES:,} nodes")
    _refuse_loose(graphs[0])
    return description.decode()


def _nodes(graph: memoryview, depth: int) -> Iterator[memoryview]:
    """Yield all nodes of a graph and its subgraphs, and refuse what no export holds."""
    if depth > DEEPEST_GRAPH:
        raise ModelFileError("its graphs are nested more deeply than those of any export")
    for number, value in fields(graph):
        if number == NODE:
            node = _message(value)
            yield node
            yield from _within(node, depth)
        elif number == INITIALIZER:
            if depth > 1:
                raise ModelFileError("it has constants inside a subgraph, which no export does")
            _refuse_odd(_message(value))
        elif number == SPARSE_INITIALIZER:
            raise ModelFileError("it contains sparse tensors, which no export has")


def _within(node: memoryview, depth: int) -> Iterator[memoryview]:
    kind = domain = ""
    inputs: list[memoryview] = []
    for number, value in fields(node):
        if number == INPUT:
            inputs.append(_message(value))
        elif number == OUTPUT and not _message(value):
            raise ModelFileError("it computes something without a name, which no export does")
        elif number == KIND:
            kind = bytes(_message(value)).decode()
        elif number == DOMAIN:
            domain = bytes(_message(value)).decode()
        elif number == ATTRIBUTE:
            yield from _attribute(_message(value), depth)
    if kind not in DOMAINS.get(domain, ()):
        name = visible(f"{domain}::{kind}" if domain else kind)
        raise ModelFileError(f"it computes with {name}, which no export does")
    # If a required input is omitted, ONNX Runtime 1.32 reads it all the same and crashes.
    if any(not name and place != LEFT_OUT.get(kind) for place, name in enumerate(inputs)):
        raise ModelFileError(f"it omits an input of {kind}, which no export does")
    if kind == "Split":
        _refuse_uneven(node)


def _attribute(attribute: memoryview, depth: int) -> Iterator[memoryview]:
    """Yield the nodes of an attribute that is a graph, and refuse unexpected attributes."""
    seen = set[int]()
    for number, value in fields(attribute):
        if number == SUBGRAPH:
            yield from _nodes(_message(value), depth + 1)
        elif number == TENSOR:
            _refuse_odd(_message(value))
        elif number in (NUMBER, NUMBERS):
            _refuse_far(_number(value))
        elif number not in (NAME, TEXT, SORT):
            raise ModelFileError("it contains an attribute of a kind that no export has")
        if number in seen and number != NUMBERS:
            # Readers join what is repeated: they would see another graph than is inspected here.
            raise ModelFileError("it contains an attribute with two values")
        seen.add(number)


def _refuse_loose(graph: memoryview) -> None:
    """Refuse loops and branches that anything but a single number controls.

    ONNX Runtime 1.32 reads that number without checking how many there are, and crashes if there is
    none. The maximum over a whole tensor is always a single number, and `explain` is our own input.
    """
    given = _named(graph, GRAPH_INPUT)
    deciding, single = set[bytes](), {b"explain"}.intersection(given)
    made = Counter([*given, *_named(graph, INITIALIZER, TENSOR_NAME)])
    for node in _nodes(graph, 1):
        kind, inputs, outputs = b"", [], []
        attributes: dict[bytes, dict[int, int | memoryview]] = {}
        for number, value in fields(node):
            if number == KIND:
                kind = bytes(_message(value))
            elif number == INPUT:
                inputs.append(bytes(_message(value)))
            elif number == OUTPUT:
                outputs.append(bytes(_message(value)))
            elif number == ATTRIBUTE:
                attribute = dict(fields(_message(value)))
                attributes[bytes(_message(attribute.get(NAME, _NOTHING)))] = attribute
        made.update(outputs)
        if kind == b"ReduceMax" and len(inputs) == 1 and attributes.keys() == {b"keepdims"}:
            if attributes[b"keepdims"].get(NUMBER, 0) == 0:
                single.update(outputs)
        elif kind == b"Loop":
            deciding.update(filter(None, inputs[:2]))
            body = _message(attributes.get(b"body", {}).get(SUBGRAPH, _NOTHING))
            deciding.update(_named(body, GRAPH_OUTPUT)[:1])
            made.update(_named(body, GRAPH_INPUT))
        elif kind == b"If":
            deciding.update(inputs[:1])
    if any(name not in single or made[name] != 1 for name in deciding):
        raise ModelFileError("a loop or branch in its graph is not controlled by a scalar")


def _named(graph: memoryview, what: int, name: int = NAME) -> list[bytes]:
    """Return the names of a graph's inputs, outputs or constants."""
    values = (dict(fields(_message(value))) for number, value in fields(graph) if number == what)
    return [bytes(_message(value.get(name, _NOTHING))) for value in values]


def _refuse_uneven(split: memoryview) -> None:
    """Refuse a split into more or fewer parts than outputs, which crashes ONNX Runtime 1.32."""
    outputs = sum(number == OUTPUT for number, _ in fields(split))
    for number, value in fields(split):
        attribute = dict(fields(_message(value))) if number == ATTRIBUTE else {}
        named = bytes(_message(attribute.get(NAME, _NOTHING)))
        if named == b"num_outputs" and attribute.get(NUMBER) != outputs:
            raise ModelFileError(
                "it splits a tensor into a number of parts that is not its number of outputs"
            )


def _refuse_odd(tensor: memoryview) -> None:
    """Raise a `ModelFileError` if a tensor's numbers are stored elsewhere or misfit its shape."""
    sizes, kind, content = [], 0, _NOTHING
    for number, value in fields(tensor):
        if number == EXTERNAL or (number == LOCATION and value != 0):
            raise ModelFileError("it stores numbers in another file, which no export does")
        if number == DIMENSION:
            sizes.append(_number(value))
            if len(sizes) > MOST_DIMENSIONS:
                raise ModelFileError(
                    f"it contains a tensor of more than {MOST_DIMENSIONS} dimensions"
                )
        elif number == TYPE:
            kind = _number(value)
        elif number == RAW:
            content = _message(value)
        elif number not in (TENSOR_NAME, LOCATION):
            raise ModelFileError("it contains a tensor of a kind that no export has")
    if min(sizes, default=0) < 0 or math.prod(sizes) * WIDTHS.get(kind, 0) != len(content):
        raise ModelFileError("it contains a tensor whose data does not match its shape")
    if kind == WHOLE and len(content):
        numbers = np.frombuffer(content, "<i8")
        _refuse_far(int(numbers.min()))
        _refuse_far(int(numbers.max()))


def _refuse_far(number: int) -> None:
    if abs(number) > FARTHEST_NUMBER:
        raise ModelFileError(
            f"it contains the integer {number}, which is farther from 0 than any in an export"
        )


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("there is a number where a message should be")
    return value


def _number(value: int | memoryview) -> int:
    """Return a 64-bit integer with its sign."""
    if not isinstance(value, int):
        raise ValueError("there is a message where a number should be")
    return value - (1 << 64) if value >> 63 else value


def _seal(content: bytes | memoryview) -> bytes:
    """Return the checksum of `content` as a metadata entry, which always has the same size."""
    entry = _field(1, SEAL_KEY) + _field(2, hashlib.sha256(content).hexdigest().encode())
    return _field(METADATA, entry)


def _field(number: int, content: bytes) -> bytes:
    """Return a short field of bytes."""
    return bytes([number << 3 | BYTES, len(content)]) + content


_NOTHING = memoryview(b"")
SEAL_SIZE = len(_seal(b""))
