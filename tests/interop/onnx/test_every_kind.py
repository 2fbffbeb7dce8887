"""Whatever a model is made of, its graph finds what PyTorch finds."""

import random

import numpy as np
import onnx
import pytest
from numpy.testing import assert_allclose
from tests.test_model import described, every_kind_of_model, random_model

from charseq.answering import Asked, Forced
from charseq.config import DecodingConfig, ModelConfig
from charseq.encoding import NEVER_COPIED
from charseq.hypothesis import Hypothesis
from charseq.interop.onnx import onnx_model
from charseq.modelfile import ModelDescription, OutputLimit
from charseq.runtime import OnnxEngine
from charseq.runtime.loading import session_of
from charseq.search import TorchEngine
from charseq.text import Input, Vocabulary

LETTERS, WRITTEN = "abcdef", "uvwxyz"
kinds = every_kind_of_model()
some_kinds = pytest.mark.parametrize("config", kinds[::6], ids=described)
other_kinds = pytest.mark.parametrize(
    "config", [each for i, each in enumerate(kinds) if i % 6], ids=described
)


def description_of(config: ModelConfig) -> ModelDescription:
    """Seven source symbols, one of them unknown and one a feature, and nine target symbols."""
    sources = Vocabulary.of_sources([LETTERS[:4]]).conditioned([Input("a", ("F",))])
    return ModelDescription(config, sources, Vocabulary.of_targets([WRITTEN]), OutputLimit(1.0, 3))


def engines(config: ModelConfig) -> tuple[TorchEngine, OnnxEngine]:
    description, model = description_of(config), random_model(config).eval()
    if config.tied_embeddings:
        sources = Vocabulary.of_sources([LETTERS], also="gh").conditioned([Input("a", ("F",))])
        description = ModelDescription(
            config, sources, description.targets, description.output_limit
        )
    proto = onnx_model(description, model.tensors())
    onnx.checker.check_model(proto, full_check=True)
    session = session_of(proto.SerializeToString())
    return TorchEngine(model, description), OnnxEngine(session, description, threads=1)


def asked_of(config: ModelConfig, *, begun: bool = False, seed: int = 0) -> Asked:
    draw = np.random.default_rng(seed)
    lengths = np.array([3, 5, 5, 1, 4])
    longest, symbols = int(lengths.max()), 11 if config.tied_embeddings else 7
    copies = draw.integers(0, 9 + longest, (5, longest)).clip(max=8 + lengths[:, None])
    # A feature stands before two of the texts.
    conditions = np.array([0, 1, 0, 0, 1])
    copies[np.arange(longest) < conditions[:, None]] = NEVER_COPIED
    copies[np.arange(longest) >= lengths[:, None]] = NEVER_COPIED
    return Asked(
        sources=draw.integers(0, symbols, (5, longest)),
        lengths=lengths,
        conditions=conditions,
        copies=copies if config.copying else None,
        limits=np.array([4, 9, 6, 1, 12]),
        prefixes=[[], [4, 5], [3], [], [7, 7, 4]] if begun else [[]] * 5,
        numbers=np.arange(5),
    )


def assert_alike(mine: list[list[Hypothesis]], theirs: list[list[Hypothesis]]) -> None:
    for own, others in zip(mine, theirs, strict=True):
        assert [list(each.ids) for each in own] == [list(each.ids) for each in others]
        assert [each.cut for each in own] == [each.cut for each in others]
        totals = [[each.log_probability for each in some] for some in (own, others)]
        assert_allclose(*totals, atol=1e-4)


def check(config: ModelConfig) -> None:
    torch_engine, onnx_engine = engines(config)
    for decoding in (DecodingConfig(), DecodingConfig(beam=4, n_best=3)):
        for begun in (False, True):
            asked = asked_of(config, begun=begun)
            found = [e.answers(asked, decoding, None) for e in (onnx_engine, torch_engine)]
            assert_alike(*found)
    forced = forced_of(config)
    for own, other in zip(
        *(e.force(forced, weights=True, best=3) for e in (onnx_engine, torch_engine)), strict=True
    ):
        assert_allclose(own.log_probabilities, other.log_probabilities, atol=1e-4)
        for one, two in ((own.weights, other.weights), (own.copying, other.copying)):
            assert (one is None) == (two is None)
            if one is not None and two is not None:
                assert_allclose(one, two, atol=1e-4)


def forced_of(config: ModelConfig) -> Forced:
    asked = asked_of(config)
    draw = random.Random(1)
    symbols = [2, 0, 4, 1, 3]
    longest = max(symbols) + 2
    targets = np.full((5, longest), 1)
    targets[:, 0] = 0
    for row, count in enumerate(symbols):
        targets[row, 1 : count + 1] = [draw.randrange(2, 9) for _ in range(count)]
    columns = targets[:, 1:].copy()
    # A symbol that cannot be written.
    columns[2, 1] = NEVER_COPIED
    return Forced(
        asked.sources,
        asked.lengths,
        asked.conditions,
        asked.copies,
        targets,
        np.array(symbols) + 2,
        columns,
    )


@some_kinds
def test_a_graph_finds_what_pytorch_finds(config: ModelConfig) -> None:
    check(config)


@pytest.mark.slow
@other_kinds
def test_a_graph_of_any_kind_finds_what_pytorch_finds(config: ModelConfig) -> None:
    check(config)
