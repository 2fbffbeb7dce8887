from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import VOCABULARY

from charseq.answering import answer_texts, score_pairs, spelt
from charseq.config import DecodingConfig, ModelConfig
from charseq.encoding import NEVER_COPIED, encode_inputs
from charseq.hypothesis import Hypothesis
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription, OutputLimit
from charseq.search import TorchEngine
from charseq.search.copies import Copies
from charseq.text import Input, Spelling, Vocabulary

SHAPE = ModelConfig(units=12, normalise="none", attention="dot", copying=True)
DESCRIPTION = ModelDescription(
    SHAPE, Vocabulary.of_sources(["abxy"]), VOCABULARY, OutputLimit(1.0, 3)
)
SEARCHES = [
    DecodingConfig(beam=30, n_best=30),
    DecodingConfig(sample=True, temperature=20.0),
    DecodingConfig(),
]


def copying_model(seed: int) -> Seq2Seq:
    model = Seq2Seq.fresh(SHAPE, len(DESCRIPTION.sources), len(VOCABULARY), seed)
    assert model.decoder.copying is not None
    with torch.no_grad():
        # Half of what is written is copied.
        model.decoder.copying.gate.weight.zero_()
    return model


def answered(
    engine: TorchEngine, texts: list[str], decoding: DecodingConfig
) -> tuple[list[Input], list[Hypothesis], list[str]]:
    """Every hypothesis of every text, with its input and its spelling."""
    inputs = [Input(text) for text in texts]
    found = answer_texts(engine, DESCRIPTION, inputs, decoding)
    each = [input_ for input_, hypotheses in zip(inputs, found, strict=True) for _ in hypotheses]
    hypotheses = [hypothesis for those in found for hypothesis in those]
    return each, hypotheses, spelt(DESCRIPTION, each, hypotheses)


def test_only_the_vocabulary_and_what_the_source_offers_may_be_written() -> None:
    copies = torch.tensor([[NEVER_COPIED, 3, 7], [6, NEVER_COPIED, NEVER_COPIED]])
    columns = Copies.of(copies, 6).allowed(9)
    assert columns.tolist() == [[True] * 6 + [False, True, False], [True] * 7 + [False] * 2]


@settings(max_examples=15)
@given(st.integers(0, 100), st.lists(st.text("abxy?!", max_size=6), min_size=1, max_size=5))
def test_every_search_writes_only_symbols_that_there_are(seed, texts) -> None:
    engine = TorchEngine(copying_model(seed), DESCRIPTION)
    for decoding in SEARCHES:
        inputs, hypotheses, spellings = answered(engine, texts, decoding)
        for each, hypothesis, text in zip(inputs, hypotheses, spellings, strict=True):
            assert set(text) <= {*"abc", *each.source}
            assert len(text) == len(hypothesis.ids)
    # Different ids are different texts, since each symbol has one column.
    _, _, best = answered(engine, texts[:1], SEARCHES[0])
    assert len(set(best)) == len(best)


@settings(max_examples=15)
@given(st.integers(0, 100), st.lists(st.text("abxy?!", max_size=6), min_size=1, max_size=5))
def test_an_answer_with_copied_symbols_scores_what_its_search_gave(seed, texts) -> None:
    engine = TorchEngine(copying_model(seed), DESCRIPTION)
    for decoding in SEARCHES:
        inputs, hypotheses, spellings = answered(engine, texts, decoding)
        whole = np.flatnonzero([not hypothesis.cut for hypothesis in hypotheses])
        scores = score_pairs(
            engine, DESCRIPTION, [inputs[i] for i in whole], [spellings[i] for i in whole]
        )
        expected = [hypotheses[i].log_probability for i in whole]
        assert scores == pytest.approx(expected, abs=1e-4)


def test_symbols_copied_from_any_place_are_read_again_as_unseen() -> None:
    shape = SHAPE.model_copy(update={"embedding": 5})
    description = replace(DESCRIPTION, config=shape)
    model = Seq2Seq.fresh(shape, len(DESCRIPTION.sources), len(VOCABULARY), seed=1)
    engine = TorchEngine(model, description)
    decoding = DecodingConfig(beam=30, n_best=30)
    (found,) = answer_texts(engine, description, [Input("a?b!")], decoding)
    whole = [hypothesis for hypothesis in found if not hypothesis.cut]
    texts = spelt(description, [Input("a?b!")] * len(whole), whole)
    assert any("!" in text[:-1] for text in texts)
    scores = score_pairs(engine, description, [Input("a?b!")] * len(whole), texts)
    assert scores == pytest.approx([each.log_probability for each in whole], abs=1e-4)


def test_copies_stand_after_the_features_that_precede_a_text() -> None:
    inputs = [Input("b?b", ("N", "PL")), Input("?", ("N", "PL"))]
    sources = DESCRIPTION.sources.conditioned(inputs)
    copies = encode_inputs(inputs, sources, VOCABULARY, SHAPE).copies
    assert copies is not None
    never, unseen, (known,) = NEVER_COPIED, len(VOCABULARY), VOCABULARY.ids("b")
    assert copies.padded(np.array([0]), 0)[0].tolist() == [never, never, known, unseen + 3, known]
    assert copies.padded(np.array([1]), 0)[0].tolist() == [never, never, unseen + 2]


@pytest.mark.parametrize(("separator", "graphemes"), [(" ", False), (None, True)])
def test_what_targets_would_read_as_several_symbols_is_not_copied(separator, graphemes) -> None:
    texts = [Input("XY ab" if separator else "e\u0301ab")]
    sources = Vocabulary.of_sources([], spelling=Spelling(separator, graphemes))
    copies = encode_inputs(texts, sources, VOCABULARY, SHAPE).copies
    assert copies is not None
    assert copies.ids[0] == VOCABULARY.unseen


def test_a_target_symbol_that_is_nowhere_to_copy_from_has_no_probability() -> None:
    here, nowhere = score_pairs(
        TorchEngine(copying_model(1), DESCRIPTION),
        DESCRIPTION,
        [Input("a?"), Input("a!")],
        ["?"] * 2,
    )
    assert here > -10
    assert nowhere == -torch.inf
