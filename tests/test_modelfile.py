import json
import os
import struct
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

from charseq.config import ModelConfig
from charseq.errors import ModelFileError, UsageError
from charseq.model import Seq2Seq
from charseq.modelfile import (
    FORMAT_VERSION,
    ModelDescription,
    OutputLimit,
    count_parameters,
    description_to_dict,
    read_description,
    read_model,
    write_model,
)
from charseq.scoring import Calibration
from charseq.text import Vocabulary
from charseq.translator import load

DESCRIPTION = ModelDescription(
    config=ModelConfig(units=4, normalise="none"),
    sources=Vocabulary.of_sources(["ab\u202f\N{GRINNING FACE}"]),
    targets=Vocabulary.of_targets(["é\n<end>"]),
    output_limit=OutputLimit(1.25, 5),
    corpus={"name": "toy", "training_pairs": 3},
    scores={"exact_match": 0.5},
    calibration=Calibration(1.5, 0.125, 4.5),
)


Reader = Callable[[Path], object]
CALIBRATION = ("temperature", "offset_per_symbol", "reach")


def tensors() -> dict[str, np.ndarray]:
    sizes = len(DESCRIPTION.sources), len(DESCRIPTION.targets)
    return Seq2Seq.fresh(DESCRIPTION.config, *sizes, seed=1).tensors()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    write_model(path, DESCRIPTION, tensors())
    return path


def rewritten(path: Path, change: dict[str, object]) -> Path:
    """The same file with some fields of its description changed."""
    with safetensors.safe_open(path, framework="numpy") as file:
        fields = json.loads(file.metadata()["charseq"]) | change
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    path.write_bytes(safetensors.numpy.save(arrays, {"charseq": json.dumps(fields)}))
    return path


def test_what_is_written_reads_back_equal(model: Path) -> None:
    description, arrays = read_model(model)
    assert description == DESCRIPTION == read_description(model)
    assert arrays.keys() == tensors().keys()
    assert all(np.array_equal(arrays[name], tensors()[name]) for name in arrays)


def test_equal_models_are_equal_files(model: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.safetensors"
    write_model(again, replace(DESCRIPTION), dict(reversed(tensors().items())))
    assert again.read_bytes() == model.read_bytes()


def test_a_description_and_a_count_of_parameters_need_no_weights_read(tmp_path: Path) -> None:
    # A file with a hole, which takes no space on the disk and much in memory.
    path = tmp_path / "large.safetensors"
    metadata = {"charseq": json.dumps(description_to_dict(DESCRIPTION))}
    size = 4 * 5_000 * 10_000
    hole = {"dtype": "F32", "shape": [5_000, 10_000], "data_offsets": [0, size]}
    header = json.dumps({"__metadata__": metadata, "weight": hole}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    os.truncate(path, 8 + len(header) + size)
    tracemalloc.start()
    try:
        assert read_description(path) == DESCRIPTION
        assert count_parameters(path) == 50_000_000
        assert tracemalloc.get_traced_memory()[1] < size / 100
    finally:
        tracemalloc.stop()


READERS = pytest.mark.parametrize("read", [read_model, read_description])


@READERS
@pytest.mark.parametrize("keep", [0, 7, 100, -1])
def test_a_truncated_file_is_refused(model: Path, keep: int, read: Reader) -> None:
    model.write_bytes(model.read_bytes()[:keep])
    with pytest.raises(ModelFileError, match="not a charseq model, or is damaged"):
        read(model)


@READERS
def test_a_foreign_file_is_refused(tmp_path: Path, read: Reader) -> None:
    foreign = tmp_path / "foreign.safetensors"
    foreign.write_bytes(safetensors.numpy.save({"weight": np.zeros(3, np.float32)}))
    with pytest.raises(ModelFileError, match="but not a charseq model"):
        read(foreign)
    foreign.write_bytes(b"PK\x03\x04 something else altogether")
    with pytest.raises(ModelFileError, match="not a charseq model"):
        read(foreign)


@READERS
def test_a_missing_file_is_named(tmp_path: Path, read: Reader) -> None:
    with pytest.raises(UsageError, match=r"there is no file .*nowhere"):
        read(tmp_path / "nowhere")


@READERS
def test_an_export_is_not_taken_for_a_model_file(model: Path, read: Reader) -> None:
    with pytest.raises(UsageError, match="is named like an export"):
        read(model.rename(model.with_suffix(".onnx")))


@READERS
def test_a_newer_format_says_to_upgrade(model: Path, read: Reader) -> None:
    rewritten(model, {"format_version": 99, "charseq_version": "9.9"})
    with pytest.raises(ModelFileError, match=r"format 99, made by charseq 9\.9.*upgrade charseq"):
        read(model)


@READERS
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format_version": "1"}, "malformed"),
        ({"format_version": 0}, "there is no format 0"),
        ({"config": 3}, "malformed"),
        ({"config": {"unit": 3}}, "did you mean 'units'"),
        ({"config": {"pad_source_to": "longest"}}, "pad_source_to must be a number"),
        ({"config": {"normalise": "auto"}}, "normalise must be"),
        ({"answer_form": "jamo"}, "malformed"),
        ({"output_limit": {"per_symbol": -1, "constant": 3}}, "malformed"),
        ({"output_limit": {"per_symbol": True, "constant": 3}}, "malformed"),
        ({"scores": {"cer": "low"}}, "malformed"),
        ({"scores": {"cer": float("nan")}}, "malformed"),
        ({"scores": {"cer": 10**400}}, "malformed"),
        ({"scores": {"[bold]cer": 0.5}}, "malformed"),
        ({"corpus": {"na\x1bme": "x"}}, "malformed"),
        ({"corpus": {"name": "\ud800"}}, "malformed"),
        ({"charseq_version": "\ud800"}, "malformed"),
        ({"config": {"pad_source_to": 10_001}}, "pad_source_to must be"),
        ({"calibration": 1.5}, "its calibration is malformed"),
        ({"calibration": {"temperature": 1.5}}, "its calibration is malformed"),
        *(
            (
                {"calibration": dict(zip(CALIBRATION, values, strict=True))},
                "calibration is malformed",
            )
            for values in (
                (0, 0, 1),
                (1e9, 0, 1),
                (float("nan"), 0, 1),
                ("1", 0, 1),
                (True, 0, 1),
                (1, -1, 1),
                (1, 0, -1),
                (1, 0, float("inf")),
            )
        ),
        ({"source_vocabulary": {"symbols": ["a", "a"]}}, "twice"),
        ({"target_vocabulary": {"symbols": ["a"]}}, "lacks a start or an end symbol"),
    ],
)
def test_a_malformed_description_is_refused(model: Path, change, sentence, read: Reader) -> None:
    with pytest.raises(ModelFileError) as refused:
        read(rewritten(model, change))
    assert sentence in str(refused.value)
    assert str(model) in str(refused.value)


def test_tensors_that_do_not_fit_are_refused_by_name_and_shape(model: Path) -> None:
    rewritten(model, {"config": {"units": 5}})
    with pytest.raises(ModelFileError, match=r"weight_hh_l0 should be \(20, 5\), is \(16, 4\)"):
        load(model)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (torch.float16, "F16"),
        (torch.bfloat16, "BF16"),
        (torch.float8_e4m3fn, "F8_E4M3"),
        (torch.int32, "I32"),
    ],
)
def test_a_tensor_of_another_type_is_refused_by_name_and_type(
    model: Path, kind: torch.dtype, name: str
) -> None:
    with safetensors.safe_open(model, framework="pt") as file:
        arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        metadata = file.metadata()
    arrays["bridge.weight"] = torch.zeros(2).to(kind)
    safetensors.torch.save_file(arrays, model, metadata)
    with pytest.raises(ModelFileError, match=rf"bridge\.weight has the type {name}, not F32"):
        read_model(model)


def test_a_tensor_is_found_under_its_present_name_alone(model: Path) -> None:
    with safetensors.safe_open(model, framework="numpy") as file:
        arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        metadata = file.metadata()
    # Its name in format 1, in a file that says it is of format 2.
    arrays["output.bias"] = arrays["decoder.output.bias"]
    safetensors.numpy.save_file(arrays, model, metadata)
    with pytest.raises(ModelFileError, match=r"output\.bias should be absent"):
        load(model)


DATA = Path(__file__).parent / "data"


@pytest.mark.filterwarnings("ignore::charseq.errors.UnknownCharactersWarning")
def test_format_1_keeps_loading_and_answers_as_it_did() -> None:
    # Committed with the format: a model that writes words backwards in capitals.
    translator = load(DATA / "format-1.safetensors")
    expected = json.loads((DATA / "format-1.json").read_text(encoding="utf-8"))
    answers = translator.translate(list(expected))
    assert {answer.source: answer.hypothesis for answer in answers} == expected
    # They do not say how sure the model is.
    assert translator.description.calibration is None
    assert {answer.confidence for answer in answers} == {None}


# A new format has to have its file, too: `data/make_format.py` makes it.
@pytest.mark.filterwarnings("ignore::charseq.errors.UnknownCharactersWarning")
@pytest.mark.parametrize("version", range(2, FORMAT_VERSION + 1))
def test_a_model_with_everything_keeps_loading_and_answers_as_it_did(version: int) -> None:
    translator = load(DATA / f"format-{version}.safetensors")
    expected = json.loads((DATA / f"format-{version}.json").read_text(encoding="utf-8"))
    answers = translator.translate(
        [each["source"] for each in expected],
        features=[each["features"] for each in expected],
        language=[each["language"] for each in expected],
    )
    for answer, known in zip(answers, expected, strict=True):
        near = {
            name: known[name] and pytest.approx(known[name], abs=1e-3)
            for name in ("log_probability", "confidence")
        }
        found = json.loads(json.dumps(answer.as_dict()))
        assert {name: found.get(name) for name in known} == known | near
