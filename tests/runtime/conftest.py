import onnx
import pytest

from charseq import Translator
from charseq.interop.onnx import onnx_model


@pytest.fixture(scope="session")
def toy_export(toy_translator: Translator) -> bytes:
    """The toy model as an ONNX file that lacks its checksum still."""
    model = onnx_model(toy_translator.description, toy_translator.model.tensors())
    content: bytes = model.SerializeToString(deterministic=True)
    return content


@pytest.fixture
def toy_proto(toy_export: bytes) -> onnx.ModelProto:
    """The same, to be changed."""
    return onnx.ModelProto.FromString(toy_export)
