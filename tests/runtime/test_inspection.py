"""What is no export of charseq's is refused before ONNX Runtime sees it, in one sentence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from fuzz.exports import failing, seeds
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper, numpy_helper
from tests.interop.onnx.test_every_kind import description_of
from tests.test_model import every_kind_of_model, random_model

from charseq import Translator, runtime
from charseq.errors import ModelFileError, UsageError
from charseq.interop.onnx import Precision, export, onnx_model, weights
from charseq.modelfile import FORMAT_VERSION, METADATA_KEY
from charseq.runtime import inspection, loading, sealed
from charseq.runtime.wire import MOST_FIELDS

Change = Callable[[onnx.ModelProto], object]


def written(path: Path, model: onnx.ModelProto) -> Path:
    """Write a model with a right checksum, as someone who means ill does."""
    path.write_bytes(sealed(model.SerializeToString()))
    return path


def refusal(path: Path) -> str:
    """Return the sentence that a file is refused with."""
    with pytest.raises(ModelFileError) as error:
        runtime.load(path)
    sentence = str(error.value)
    assert sentence.startswith(f"{path}")
    assert "\n" not in sentence
    return sentence


def test_an_export_passes(toy_proto: onnx.ModelProto, tmp_path: Path) -> None:
    assert str(runtime.load(written(tmp_path / "m.onnx", toy_proto)).translate("abc")) == "CBA"


@pytest.mark.parametrize("precision", ["float32", "half", "int8"])
def test_exports_of_every_kind_pass(precision: Precision, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "FEW", 1)
    for config in every_kind_of_model():
        if not config.tied_embeddings:
            model = onnx_model(description_of(config), random_model(config).tensors(), precision)
            assert inspection.metadata_of(sealed(model.SerializeToString()))


def node(model: onnx.ModelProto, kind: str) -> onnx.NodeProto:
    """Return the first node of a kind, subgraphs included."""
    graphs = [model.graph]
    for graph in graphs:
        for each in graph.node:
            if each.op_type == kind:
                return each
            graphs += [attribute.g for attribute in each.attribute if attribute.HasField("g")]
    raise LookupError(kind)


def attribute(model: onnx.ModelProto, **values: Any) -> None:
    """Give the first node one more attribute."""
    model.graph.node[0].attribute.extend(helper.make_attribute(*each) for each in values.items())


def elsewhere(tensor: onnx.TensorProto) -> onnx.TensorProto:
    """Have a tensor's numbers in another file."""
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return tensor


def nested(depth: int) -> onnx.GraphProto:
    graph = helper.make_graph([], "innermost", [], [])
    for _ in range(depth):
        inner = helper.make_node("If", ["a"], ["b"], then_branch=graph, else_branch=graph)
        graph = helper.make_graph([inner], "g", [], [])
    return graph


def typed(kind: int) -> Change:
    def change(model: onnx.ModelProto) -> None:
        model.graph.initializer[0].data_type = kind

    return change


def sized(*sizes: int) -> Change:
    def change(model: onnx.ModelProto) -> None:
        model.graph.initializer[0].dims[:] = sizes

    return change


def with_initializer(tensor: onnx.TensorProto) -> Change:
    return lambda model: model.graph.initializer.append(tensor)


def with_kind(kind: str, name: str, domain: str = "") -> Change:
    def change(model: onnx.ModelProto) -> None:
        found = node(model, kind)
        found.op_type, found.domain = name, domain

    return change


def decided_by_a_shape(model: onnx.ModelProto, kind: str, place: int) -> None:
    """Have a loop or a branch go by what may have any number of values, or none."""
    node(model, kind).input[place] = node(model, "Shape").output[0]


def body(model: onnx.ModelProto) -> onnx.GraphProto:
    """Return what the first loop repeats."""
    return next(each.g for each in node(model, "Loop").attribute if each.name == "body")


def keeping_dimensions(model: onnx.ModelProto) -> None:
    for each in node(model, "ReduceMax").attribute:
        each.i = 1


def made_twice(model: onnx.ModelProto) -> None:
    """Give what decides a loop a second maker, within its body."""
    node(model, "Loop").attribute[0].g.node[0].output[0] = node(model, "Loop").input[1]


LOOSE = "a loop or branch in its graph is not controlled by a scalar"
SPARSE = onnx.SparseTensorProto(dims=[1])
TENSOR = numpy_helper.from_array(np.zeros(3, np.float32), "t")
CHANGES: dict[str, tuple[Change, str]] = {
    "weights in another file": (
        lambda model: elsewhere(model.graph.initializer[0]),
        "it stores numbers in another file, which no export does",
    ),
    "a constant in another file": (
        lambda model: attribute(model, value=elsewhere(onnx.TensorProto(name="t"))),
        "it stores numbers in another file, which no export does",
    ),
    "functions": (
        lambda model: model.functions.add(name="f"),
        "it contains functions or training information, which no export has",
    ),
    "a training": (
        lambda model: model.training_info.add(),
        "it contains functions or training information, which no export has",
    ),
    "sparse weights": (
        lambda model: model.graph.sparse_initializer.append(SPARSE),
        "it contains sparse tensors, which no export has",
    ),
    "a sparse constant": (
        lambda model: attribute(model, value=SPARSE),
        "it contains an attribute of a kind that no export has",
    ),
    "an operator that no export has": (
        with_kind("Gather", "Unique"),
        "it computes with Unique, which no export does",
    ),
    "an operator of a stranger": (
        with_kind("Gather", "Gather", "evil.example"),
        "it computes with evil.example::Gather, which no export does",
    ),
    "an operator within a loop": (
        with_kind("ArgMax", "Scan"),
        "it computes with Scan, which no export does",
    ),
    "an operator with a name that is none": (
        with_kind("Gather", "\x1b[2J"),
        "it computes with \\x1b[2J, which no export does",
    ),
    "graphs within graphs": (
        lambda model: model.graph.node.extend(nested(4).node),
        "its graphs are nested more deeply than those of any export",
    ),
    "more numbers than its shape has": (
        sized(1),
        "it contains a tensor whose data does not match its shape",
    ),
    "a shape of terabytes": (
        sized(1 << 20, 1 << 20, 1 << 20),
        "it contains a tensor whose data does not match its shape",
    ),
    "a shape of thousands of dimensions": (
        sized(*[1 << 62] * 9_000),
        "it contains a tensor of more than 8 dimensions",
    ),
    "a shape below nothing": (
        sized(-1, -5),
        "it contains a tensor whose data does not match its shape",
    ),
    "texts": (
        typed(onnx.TensorProto.STRING),
        "it contains a tensor whose data does not match its shape",
    ),
    "numbers that are laid out otherwise": (
        with_initializer(helper.make_tensor("t", onnx.TensorProto.FLOAT, [2], [1.0, 2.0])),
        "it contains a tensor of a kind that no export has",
    ),
    "a size beyond all bounds": (
        with_initializer(numpy_helper.from_array(np.array([3, -(1 << 62)]), "t")),
        "it contains the integer -4611686018427387904, which is farther from 0 than any in an"
        " export",
    ),
    "an attribute beyond all bounds": (
        lambda model: attribute(model, axis=1_000_001),
        "it contains the integer 1000001, which is farther from 0 than any in an export",
    ),
    "attributes beyond all bounds": (
        lambda model: attribute(model, axes=[0, -1_000_001]),
        "it contains the integer -1000001, which is farther from 0 than any in an export",
    ),
    "an attribute of another kind": (
        lambda model: attribute(model, value=[TENSOR, TENSOR]),
        "it contains an attribute of a kind that no export has",
    ),
    "an input left out": (
        lambda model: node(model, "Min").input.__setitem__(0, ""),
        "it omits an input of Min, which no export does",
    ),
    "an output without a name": (
        lambda model: node(model, "Min").output.__setitem__(0, ""),
        "it computes something without a name, which no export does",
    ),
    "a loop as long as a shape says": (
        lambda model: decided_by_a_shape(model, "Loop", 0),
        LOOSE,
    ),
    "a loop that a shape begins": (
        lambda model: decided_by_a_shape(model, "Loop", 1),
        LOOSE,
    ),
    "a branch that a shape takes": (
        lambda model: decided_by_a_shape(model, "If", 0),
        LOOSE,
    ),
    "a loop that goes on by what it carries": (
        lambda model: body(model).output[0].MergeFrom(body(model).output[1]),
        LOOSE,
    ),
    "a largest number that may be many": (keeping_dimensions, LOOSE),
    "what decides is made twice": (made_twice, LOOSE),
    "constants of a loop's own": (
        lambda model: body(model).initializer.append(TENSOR),
        "it has constants inside a subgraph, which no export does",
    ),
    "no graph": (
        lambda model: model.ClearField("graph"),
        "it contains 0 graphs, but an export has one",
    ),
}


@pytest.mark.parametrize(("change", "sentence"), CHANGES.values(), ids=CHANGES)
def test_what_no_export_holds_is_refused(
    toy_proto: onnx.ModelProto, tmp_path: Path, change: Change, sentence: str
) -> None:
    change(toy_proto)
    path = written(tmp_path / "m.onnx", toy_proto)
    assert refusal(path) == f"{path}: {sentence}"


def test_a_split_into_other_parts_than_it_names_is_refused(tmp_path: Path) -> None:
    """By such a one, ONNX Runtime 1.32 ends the process."""
    model = onnx.ModelProto.FromString(seeds()["separated.onnx"])
    (parts,) = (each for each in node(model, "Split").attribute if each.name == "num_outputs")
    parts.i = 2
    path = written(tmp_path / "m.onnx", model)
    assert (
        refusal(path)
        == f"{path}: it splits a tensor into a number of parts that is not its number of outputs"
    )


def test_an_attribute_with_two_values_is_refused() -> None:
    """A reader of ONNX joins the two, so that what is inspected is not what is run."""
    once = onnx.AttributeProto(name="body", g=nested(0)).SerializeToString()
    assert list(inspection._attribute(memoryview(once), 1)) == []
    twice = once + onnx.AttributeProto(g=nested(0)).SerializeToString()
    with pytest.raises(ModelFileError, match="an attribute with two values"):
        list(inspection._attribute(memoryview(twice), 1))


@pytest.mark.parametrize(
    "swell",
    [
        lambda model: model.graph.node[0].input.extend("i" for _ in range(MOST_FIELDS)),
        lambda model: model.graph.input.extend(
            onnx.ValueInfoProto(name="i") for _ in range(MOST_FIELDS)
        ),
        lambda model: helper.set_model_props(model, {str(n): "" for n in range(MOST_FIELDS)}),
    ],
    ids=["inputs of a node", "inputs of a graph", "metadata"],
)
def test_a_message_of_too_many_fields_is_refused(
    toy_proto: onnx.ModelProto, tmp_path: Path, swell: Change
) -> None:
    swell(toy_proto)
    path = written(tmp_path / "m.onnx", toy_proto)
    assert refusal(path).endswith(f"a message has more than {MOST_FIELDS:,} fields")


@pytest.mark.parametrize("export", [{"precision": "\ud800"}, {"texts": float("nan")}])
def test_facts_of_an_export_that_are_no_text_or_number_are_refused(
    toy_proto: onnx.ModelProto, tmp_path: Path, export: dict[str, Any]
) -> None:
    (entry,) = (each for each in toy_proto.metadata_props if each.key == METADATA_KEY)
    entry.value = json.dumps({**json.loads(entry.value), "export": export})
    assert str(refusal(written(tmp_path / "m.onnx", toy_proto)))


def test_two_graphs_and_too_many_nodes_are_refused(
    toy_export: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(sealed(toy_export + onnx.ModelProto(graph=nested(0)).SerializeToString()))
    assert refusal(path) == f"{path}: it contains 2 graphs, but an export has one"
    path.write_bytes(sealed(toy_export))
    monkeypatch.setattr(inspection, "MOST_NODES", 100)
    assert refusal(path) == f"{path}: its graph has more than 100 nodes"


def test_a_file_or_a_description_beyond_its_limit_is_refused(
    toy_export: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(sealed(toy_export))
    monkeypatch.setattr(inspection, "LARGEST_HEADER", 100)
    assert refusal(path) == f"{path}: its description has more than 100 bytes"
    monkeypatch.setattr(loading, "LARGEST_FILE", 100)
    assert refusal(path) == f"{path}: it has more than 100 bytes"


def test_foreign_onnx_files_are_told_from_damaged_ones(tmp_path: Path) -> None:
    graph = helper.make_graph([], "g", [], [])
    path = written(tmp_path / "m.onnx", helper.make_model(graph))
    assert refusal(path) == f"{path}: it is an ONNX file, but not a model that charseq exported"
    path.write_bytes(b"")
    assert refusal(path) == f"{path}: it is empty"
    for content in (b"go\tva\n" * 30, b"\x93NUMPY", b"PK\x03\x04"):
        path.write_bytes(content)
        assert "it is an ONNX file, but not" in (said := refusal(path)) or "damaged" in said


def test_an_export_without_its_checksum_is_refused(toy_export: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(toy_export)
    assert "its checksum does not match its content: it is damaged, or was changed" in refusal(path)


@settings(max_examples=200)
@given(data=st.data())
def test_no_byte_can_change_unnoticed(toy_export: bytes, data: st.DataObject) -> None:
    content = bytearray(sealed(toy_export))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises((ModelFileError, ValueError)):
        inspection.metadata_of(bytes(content))


@settings(max_examples=100)
@given(data=st.data())
def test_a_file_that_is_cut_anywhere_is_refused(toy_export: bytes, data: st.DataObject) -> None:
    content = sealed(toy_export)
    keep = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises((ModelFileError, ValueError)):
        inspection.metadata_of(content[:keep])


def described(model: onnx.ModelProto, text: str) -> onnx.ModelProto:
    helper.set_model_props(model, {METADATA_KEY: text})
    return model


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"format_version": FORMAT_VERSION + 1, "charseq_version": "9.1"}, "made by charseq 9.1;"),
        ({"config": {"units": -3}}, "its configuration is not valid: units must be at least 1"),
        ({"config": None}, "its description is malformed"),
        ({"source_vocabulary": {"symbols": 3}}, ""),
        ({"output_limit": {"per_symbol": 1e99, "constant": 3}}, "its description is malformed"),
        ({"export": ["float32"]}, "its description of the export is malformed"),
    ],
)
def test_a_malformed_or_newer_description_is_refused(
    toy_proto: onnx.ModelProto, tmp_path: Path, fields: dict[str, Any], sentence: str
) -> None:
    (own,) = (each.value for each in toy_proto.metadata_props if each.key == METADATA_KEY)
    changed = described(toy_proto, json.dumps({**json.loads(own), **fields}))
    assert sentence in refusal(written(tmp_path / "m.onnx", changed))


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "null", "[" * 100_000, '"\ud83d"'])
def test_a_description_that_is_none_is_refused(
    toy_proto: onnx.ModelProto, tmp_path: Path, text: str
) -> None:
    content = described(toy_proto, "@@").SerializeToString()
    entry = next(each for each in toy_proto.metadata_props if each.value == "@@")
    before = entry.SerializeToString()
    if text == '"\ud83d"':
        content = content.replace(before, before.replace(b"@@", b"\xff\xfe"))
    else:
        entry.value = text
        content = toy_proto.SerializeToString()
    path = tmp_path / "m.onnx"
    path.write_bytes(sealed(content))
    refusal(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        runtime.load(tmp_path / "nowhere.onnx")
    with pytest.raises(UsageError, match="is a folder: name a model file"):
        runtime.load(tmp_path)


# What ONNX Runtime takes or refuses


def test_a_graph_that_onnx_runtime_refuses_is_told_in_one_sentence(
    toy_proto: onnx.ModelProto, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    node(toy_proto, "Gather").input[0] = "nowhere"
    assert "ONNX Runtime refuses it" in refusal(written(tmp_path / "m.onnx", toy_proto))
    assert "".join(capfd.readouterr()) == ""


def test_names_that_are_no_text_are_told_in_one_sentence(
    toy_export: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    read = b"\n\x0bTranspose_1"
    assert read in toy_export
    path = tmp_path / "m.onnx"
    path.write_bytes(sealed(toy_export.replace(read, b"\n\x0bTranspo\xff\xfe_1")))
    refusal(path)
    assert "".join(capfd.readouterr()) == ""


def test_a_graph_that_reads_something_else_is_refused(
    toy_proto: onnx.ModelProto, tmp_path: Path
) -> None:
    toy_proto.graph.input.append(helper.make_tensor_value_info("secrets", 1, [1]))
    path = written(tmp_path / "m.onnx", toy_proto)
    assert refusal(path) == f"{path}: its graph reads 'secrets', which no export does"


def minus_1000(model: onnx.ModelProto, output: str) -> None:
    """Have an output be less by 1,000 than it is."""
    (last,) = (each for each in model.graph.node if output in each.output)
    kind = np.int64 if output in ("ids", "lengths", "best_symbols") else np.float32
    model.graph.initializer.append(numpy_helper.from_array(np.array(1_000, kind), "thousand"))
    last.op_type = "Sub"
    last.input.append("thousand")


@pytest.mark.parametrize("output", ["ids", "lengths"])
def test_answers_that_no_model_gives_are_refused(
    toy_proto: onnx.ModelProto, tmp_path: Path, output: str
) -> None:
    minus_1000(toy_proto, output)
    model = runtime.load(written(tmp_path / "m.onnx", toy_proto))
    for asked in ({}, {"beam": 3, "n_best": 2}):
        with pytest.raises(
            ModelFileError, match="the model returned output that no export produces"
        ):
            model.translate("abc", **asked)


def test_infinite_probabilities_are_refused(toy_proto: onnx.ModelProto, tmp_path: Path) -> None:
    (last,) = (each for each in toy_proto.graph.node if "log_probabilities" in each.output)
    toy_proto.graph.initializer.append(
        numpy_helper.from_array(np.array(-np.inf, np.float32), "endless")
    )
    last.op_type = "Mul"
    last.input[:] = [last.input[0], "endless"]
    model = runtime.load(written(tmp_path / "m.onnx", toy_proto))
    with pytest.raises(ModelFileError, match="the model returned output that no export produces"):
        model.translate("abc")


def test_what_is_copied_from_beyond_a_source_is_refused(copier: Translator, tmp_path: Path) -> None:
    copier.save(tmp_path / "m.safetensors")
    model = onnx.load_from_string(export(tmp_path / "m.safetensors", force=True).content)
    (last,) = (each for each in model.graph.node if "ids" in each.output)
    # The end of the longer source of a batch is beyond that of the shorter.
    place = np.array(len(copier.description.targets) + 3)
    model.graph.initializer.append(numpy_helper.from_array(place, "place"))
    last.op_type = "Max"
    last.input[:] = [last.input[0], "place"]
    strange = runtime.load(written(tmp_path / "m.onnx", model))
    with pytest.raises(ModelFileError, match="the model returned output that no export produces"):
        strange.translate(["a", "agl", "abcdefg"])


def of_another_type(model: onnx.ModelProto) -> None:
    """Have ids that are no whole numbers."""
    (last,) = (each for each in model.graph.node if "ids" in each.output)
    last.op_type = "Cast"
    last.attribute.append(helper.make_attribute("to", onnx.TensorProto.FLOAT))
    (output,) = (each for each in model.graph.output if each.name == "ids")
    output.type.tensor_type.elem_type = onnx.TensorProto.FLOAT


def never_computed(model: onnx.ModelProto) -> None:
    """Have a branch give the lengths twice, and no ids."""
    (last,) = (each for each in model.graph.node if "ids" in each.output)
    (choice,) = (each for each in model.graph.node if last.input[0] in each.output)
    for branch in choice.attribute:
        branch.g.output[0].name = branch.g.output[1].name


@pytest.mark.parametrize("change", [of_another_type, never_computed])
def test_answers_that_are_no_whole_numbers_are_refused(
    toy_proto: onnx.ModelProto, tmp_path: Path, change: Change
) -> None:
    change(toy_proto)
    model = runtime.load(written(tmp_path / "m.onnx", toy_proto))
    with pytest.raises(ModelFileError, match="the model returned output that no export produces"):
        model.translate("abc")


def test_explanations_that_no_model_gives_are_refused(
    toy_proto: onnx.ModelProto, tmp_path: Path
) -> None:
    minus_1000(toy_proto, "best_symbols")
    model = runtime.load(written(tmp_path / "m.onnx", toy_proto))
    with pytest.raises(ModelFileError, match="the model returned output that no export produces"):
        model.explain("abc")


def test_weights_that_are_no_numbers_are_told(toy_translator: Translator, tmp_path: Path) -> None:
    tensors = toy_translator.model.tensors()
    tensors["decoder.output.bias"] = tensors["decoder.output.bias"] * np.float32(np.nan)
    model = onnx_model(toy_translator.description, tensors)
    with pytest.raises(ModelFileError, match="the model returned output that no export produces"):
        runtime.load(written(tmp_path / "m.onnx", model)).translate("abc")


def test_what_fails_within_onnx_runtime_is_told_in_one_sentence(
    toy_proto: onnx.ModelProto, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (last,) = (each for each in toy_proto.graph.node if "ids" in each.output)
    last.op_type = "Reshape"
    last.input.append("nine")
    toy_proto.graph.initializer.append(numpy_helper.from_array(np.array([9, 9]), "nine"))
    model = runtime.load(written(tmp_path / "m.onnx", toy_proto))
    with pytest.raises(ModelFileError, match="ONNX Runtime cannot compute with this model"):
        model.translate("abc")
    assert "".join(capfd.readouterr()) == ""


@pytest.mark.parametrize(
    ("first", "count"), [(0, 60), pytest.param(60, 2_000, marks=pytest.mark.slow)]
)
def test_whatever_is_changed_in_an_export_never_ends_the_process(first: int, count: int) -> None:
    """`make fuzz` tries 20,000."""
    assert failing(first, count) == []
