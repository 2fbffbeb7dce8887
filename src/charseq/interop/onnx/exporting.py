"""A model as one ONNX graph that contains the whole search."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

import charseq
from charseq.corpus import Pair
from charseq.interop.onnx.beam import Beam, beam_search
from charseq.interop.onnx.checking import Agreement, agreement
from charseq.interop.onnx.constraints import Constraints
from charseq.interop.onnx.explaining import Explained, explained, unexplained
from charseq.interop.onnx.graph import (
    BOOL,
    CONTRIBUTED,
    CONTRIBUTED_VERSION,
    FLOAT,
    INTEGER,
    IR_VERSION,
    OPSET,
    Constants,
    Graph,
    Shape,
    Value,
)
from charseq.interop.onnx.greedy import greedy
from charseq.interop.onnx.network import Inputs, Network
from charseq.interop.onnx.weights import Precision, Weights
from charseq.modelfile import METADATA_KEY, ModelDescription, description_to_dict

Array = NDArray[np.float32]

INPUTS: Mapping[str, tuple[int, Shape]] = {
    "sources": (INTEGER, ("batch", "source_time")),
    "source_lengths": (INTEGER, ("batch",)),
    "conditions": (INTEGER, ("batch",)),
    "copies": (INTEGER, ("batch", "source_time")),
    "prefixes": (INTEGER, ("batch", "prefix_time")),
    "limits": (INTEGER, ("batch",)),
    "beam": (INTEGER, ()),
    "n_best": (INTEGER, ()),
    "length_penalty": (FLOAT, ()),
    "explain": (BOOL, ()),
}
OUTPUTS: Mapping[str, tuple[int, Shape]] = {
    "ids": (INTEGER, ("batch", "answers", "places")),
    "lengths": (INTEGER, ("batch", "answers")),
    "log_probabilities": (FLOAT, ("batch", "answers")),
    "symbol_log_probabilities": (FLOAT, ("batch", "answers", "places_and_end")),
    "explained_log_probabilities": (FLOAT, ("explained", "places_explained")),
    "alignments": (FLOAT, ("aligned", "places_aligned", "source_time_aligned")),
    "copying": (FLOAT, ("copied", "places_copied")),
    "best_symbols": (INTEGER, ("explained", "places_explained", "some")),
    "best_log_probabilities": (FLOAT, ("explained", "places_explained", "some")),
}


@dataclass(frozen=True)
class Export:
    """A file for ONNX Runtime, and how its answers compare with PyTorch's.

    Attributes:
        content: the file's content.
        precision: the precision of its weights.
        agreement: how its answers agree with PyTorch's.
        description: the model's description.
    """

    content: bytes
    precision: Precision
    agreement: Agreement
    description: ModelDescription


def export(
    path: str | Path,
    *,
    precision: Precision = "float32",
    pairs: Sequence[Pair] | None = None,
    force: bool = False,
) -> Export:
    """Export a model file to ONNX, and compare the export's answers with PyTorch's.

    Args:
        path: the model file.
        precision: `float32` or, for smaller files, `half`, 16-bit numbers that are widened on
            loading, or `int8`, 8-bit integers with scales.
        pairs: the sources to translate, and the targets that are right; without them, inputs are
            made up of the model's own symbols.
        force: keep an export even if rounding loses right answers.

    Raises:
        CharseqError: if a float32 export answers differently from PyTorch.
        ModelFileError: if the model file cannot be read.
        UsageError: if there is no model file, or rounding costs more than half a point of exact
            match.
    """
    from charseq.runtime import OnnxEngine, Translator, sealed, session_of
    from charseq.translator import load

    model = load(path, device="cpu")
    proto = onnx_model(model.description, model.model.tensors(), precision)
    session = session_of(proto.SerializeToString())
    engine = OnnxEngine(session, model.description, threads=1)
    found = agreement(model, Translator(engine, model.description), pairs)
    if precision == "float32":
        found.refuse_faulty()
    if not force:
        found.refuse_loss()
    _describe(proto, model.description, precision, {"agreement": found.as_dict()})
    content = sealed(proto.SerializeToString(deterministic=True))
    return Export(content, precision, found, model.description)


def onnx_model(
    description: ModelDescription,
    tensors: Mapping[str, Array],
    precision: Precision = "float32",
) -> onnx.ModelProto:
    """Return a model as an ONNX graph that reads ids and writes the ids of whole answers.

    Args:
        description: the model's description, which goes into the metadata to make the file
            complete.
        tensors: its weights, as a model file keeps them.
        precision: the precision of the weights.
    """
    constants = Constants()
    graph = Graph(constants)
    network = Network(graph, description, tensors, Weights(precision))
    inputs = Inputs("sources", "source_lengths", "conditions", "copies")
    memory, state = network.encode(inputs)
    constraints = Constraints.of(graph, _mask(graph, network))
    first = greedy(graph, network, memory, state, constraints)

    beam = Beam("beam", "n_best", "length_penalty")
    answers = beam_search(graph, network, memory, state, constraints, first, beam)

    def told(inner: Graph) -> Explained:
        best = inner.op("Gather", answers.ids, inner.constant(0), axis=1)
        return explained(inner, network, memory, state, best, constraints.mask)

    explanation = graph.choose("explain", told, unexplained)
    for name, value in zip(OUTPUTS, (*answers, *explanation), strict=True):
        graph.nodes.append(helper.make_node("Identity", [value], [name]))
    read = {name: INPUTS[name] for name in inputs_of(network)}
    proto = graph.proto("charseq", read, OUTPUTS)
    proto.initializer.extend(constants.tensors.values())
    opsets = [helper.make_opsetid("", OPSET)]
    if precision == "int8":
        opsets.append(helper.make_opsetid(CONTRIBUTED, CONTRIBUTED_VERSION))
    model = helper.make_model(
        proto,
        opset_imports=opsets,
        ir_version=IR_VERSION,
        producer_name="charseq",
        producer_version=charseq.__version__,
    )
    _describe(model, description, precision, {})
    return model


def inputs_of(network: Network) -> list[str]:
    """Return the names of the inputs that a model has."""
    lacking = set()
    if not network.relative:
        lacking.add("conditions")
    if not network.copying:
        lacking.add("copies")
    return [name for name in INPUTS if name not in lacking]


def _describe(
    model: onnx.ModelProto,
    description: ModelDescription,
    precision: Precision,
    facts: Mapping[str, Any],
) -> None:
    """Write the model's description and the facts of its export into the metadata."""
    fields = {
        **description_to_dict(description),
        "export": {
            "precision": precision,
            # Operators beyond ONNX's own.
            "contributed_operators": "MatMulNBits" if precision == "int8" else "none",
            **facts,
        },
    }
    helper.set_model_props(
        model, {METADATA_KEY: json.dumps(fields, ensure_ascii=True, sort_keys=True)}
    )


def _mask(graph: Graph, network: Network) -> Value:
    """Return a mask, -inf for what is never written: special symbols, columns without a copy."""
    targets = network.description.targets
    _, end = targets.frame
    never = np.zeros(len(targets), np.float32)
    never[[place for place in targets.special if place != end]] = -np.inf
    if not network.copying:
        return graph.constant(never[None, None])
    # Beyond the vocabulary, only columns that a source symbol is copied to are open.
    batch = graph.op("Shape", "copies", start=0, end=1)
    rows = graph.op("Concat", batch, graph.constant([len(never)]), axis=0)
    least = graph.constant(-np.inf, np.float32)
    closed = graph.op("Expand", least, graph.op("Shape", "copies"))
    whole = graph.op("Concat", graph.op("Expand", graph.constant(never), rows), closed, axis=1)
    columns = graph.op("Max", "copies", graph.constant(0))
    beyond = graph.op("GreaterOrEqual", columns, graph.constant(len(never)))
    kept = graph.op("GatherElements", whole, columns, axis=1)
    opened = graph.op("Where", beyond, graph.constant(0.0), kept)
    return graph.op(
        "Unsqueeze",
        graph.op("ScatterElements", whole, columns, opened, axis=1),
        graph.constant([1]),
    )
