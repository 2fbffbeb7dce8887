"""A look at an ONNX file before ONNX Runtime sees it: is it what charseq writes?

Field numbers are those of `onnx.proto`, ONNX's own definition of its files.
"""

from collections.abc import Iterator

from charseq.errors import ModelFileError, visible
from charseq.modelfile import METADATA_KEY
from charseq.runtime.wire import fields

LARGEST_FILE = 2 << 30
MOST_NODES = 10_000
# A search's rounds stand in a loop; nothing that is written stands deeper.
DEEPEST_GRAPH = 3

# All that exported graphs compute with, and nothing that reads files or calls out.
OPERATORS = frozenset(
    """
    Add And ArgMax Cast Clip Concat ConstantOfShape Div Equal Expand EyeLike GRU Gather
    GatherElements Greater GreaterOrEqual Identity If LSTM Less LessOrEqual Log LogSoftmax Loop
    MatMul Max Min Mod Mul Not Or Pad Pow Range ReduceMax ReduceMin ReduceSum Reshape
    ScatterElements Shape Sigmoid Slice Softmax Split Squeeze Sub Tanh TopK Transpose Unsqueeze
    Where
    """.split()
)
CONTRIBUTED_OPERATORS = frozenset({"MatMulNBits"})
DOMAINS = {"": OPERATORS, "ai.onnx": OPERATORS, "com.microsoft": CONTRIBUTED_OPERATORS}

# The numbers of fields.
GRAPH, METADATA, TRAINING, FUNCTIONS = 7, 14, 20, 25
NODE, INITIALIZER, SPARSE_INITIALIZER = 1, 5, 15
ATTRIBUTE, KIND, DOMAIN = 5, 4, 7
TENSOR, SUBGRAPH, TENSORS, SUBGRAPHS, SPARSE, SPARSES = 5, 6, 10, 11, 22, 23
EXTERNAL, LOCATION = 13, 14


def metadata_of(content: bytes) -> str:
    """Return charseq's own metadata of an ONNX file, once all else in it is known to be harmless.

    Raises:
        ModelFileError: if it has none, or holds what no export of charseq holds: data in other
            files, functions, operators that compute something else.
        ValueError: if it is no ONNX file.
    """
    metadata, graphs = {}, []
    for number, value in fields(memoryview(content)):
        if number == METADATA:
            entry = {key: bytes(text) for key, text in fields(_message(value))}
            metadata[entry.get(1, b"")] = entry.get(2, b"")
        elif number == GRAPH:
            graphs.append(_message(value))
        elif number in (TRAINING, FUNCTIONS):
            raise ModelFileError("it holds functions or a training, which no export has")
    if METADATA_KEY.encode() not in metadata:
        raise ModelFileError("it is an ONNX file, but not a model that charseq exported")
    if len(graphs) != 1:
        raise ModelFileError(f"it holds {len(graphs)} graphs, and an export has one")
    if any(number >= MOST_NODES for number, _ in enumerate(_nodes(graphs[0], 1))):
        raise ModelFileError(f"its graph has more than {MOST_NODES:,} nodes")
    return metadata[METADATA_KEY.encode()].decode()


def _nodes(graph: memoryview, depth: int) -> Iterator[memoryview]:
    """Yield all nodes of a graph, those of its subgraphs too, and refuse what none may hold."""
    if depth > DEEPEST_GRAPH:
        raise ModelFileError("its graphs are nested more deeply than those of any export")
    for number, value in fields(graph):
        if number == NODE:
            node = _message(value)
            yield node
            yield from _within(node, depth)
        elif number == INITIALIZER:
            _refuse_external(_message(value))
        elif number == SPARSE_INITIALIZER:
            raise ModelFileError("it holds sparse tensors, which no export has")


def _within(node: memoryview, depth: int) -> Iterator[memoryview]:
    kind = domain = ""
    for number, value in fields(node):
        if number == KIND:
            kind = bytes(_message(value)).decode()
        elif number == DOMAIN:
            domain = bytes(_message(value)).decode()
        elif number == ATTRIBUTE:
            for part, content in fields(_message(value)):
                if part in (TENSOR, TENSORS):
                    _refuse_external(_message(content))
                elif part in (SUBGRAPH, SUBGRAPHS):
                    yield from _nodes(_message(content), depth + 1)
                elif part in (SPARSE, SPARSES):
                    raise ModelFileError("it holds sparse tensors, which no export has")
    if kind not in DOMAINS.get(domain, ()):
        name = visible(f"{domain}::{kind}" if domain else kind)
        raise ModelFileError(f"it computes with {name}, which no export does")


def _refuse_external(tensor: memoryview) -> None:
    for number, value in fields(tensor):
        if number == EXTERNAL or (number == LOCATION and value != 0):
            raise ModelFileError("it keeps numbers in another file, which no export does")


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number stands where a message should")
    return value
