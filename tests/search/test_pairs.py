import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import VOCABULARY, sharp_model

from charseq.answering import answer_texts, score_pairs
from charseq.answering.pairs import too_large
from charseq.config import DecodingConfig, ModelConfig
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription, OutputLimit
from charseq.search import TorchEngine
from charseq.text import Input, Vocabulary

LETTERS = Vocabulary.of_sources(["wxyz"])


def description(targets: Vocabulary = VOCABULARY, **shape) -> ModelDescription:
    config = ModelConfig(units=12, normalise="none", **shape)
    return ModelDescription(config, LETTERS, targets, OutputLimit(1.0, 2))


@settings(max_examples=20)
@given(st.integers(0, 100), st.lists(st.text("wxyz?", max_size=6), min_size=1, max_size=6))
def test_scoring_an_answer_gives_what_its_search_gave(seed, texts) -> None:
    engine = TorchEngine(sharp_model(seed), description())
    inputs = [Input(text) for text in texts]
    for search in (DecodingConfig(beam=4, n_best=3), DecodingConfig(sample=True, seed=seed)):
        found = answer_texts(engine, description(), inputs, search)
        whole = [
            (each, hypothesis)
            for each, hypotheses in zip(inputs, found, strict=True)
            for hypothesis in hypotheses
            if not hypothesis.cut
        ]
        targets = [VOCABULARY.text(hypothesis.ids) for _, hypothesis in whole]
        scores = score_pairs(engine, description(), [each for each, _ in whole], targets)
        expected = [hypothesis.log_probability for _, hypothesis in whole]
        assert scores == pytest.approx(expected, abs=1e-4)


def test_a_pair_scores_the_same_in_any_company(monkeypatch) -> None:
    engine = TorchEngine(sharp_model(3), description())
    pairs = [("wxyz" * (row % 4) + "w", "abc"[: row % 4] * (row % 3)) for row in range(40)]
    inputs, targets = [Input(source) for source, _ in pairs], [target for _, target in pairs]
    together = score_pairs(engine, description(), inputs, targets)
    alone = [
        score_pairs(engine, description(), [each], [target])[0]
        for each, target in zip(inputs, targets, strict=True)
    ]
    assert together == pytest.approx(alone, abs=1e-4)
    # In batches of a few, and of one where even that is too long.
    monkeypatch.setattr("charseq.answering.pairs.MOST_SYMBOLS", 12)
    assert score_pairs(engine, description(), inputs, targets) == pytest.approx(alone, abs=1e-4)

    monkeypatch.undo()
    monkeypatch.setattr("charseq.answering.pairs.MOST_WEIGHTS", 60)
    shapes = []
    force = engine.force

    def watched(forced, **options):
        shapes.append((*forced.sources.shape, forced.targets.shape[1]))
        return force(forced, **options)

    monkeypatch.setattr(engine, "force", watched)
    attentive = description(attention="general")
    found = score_pairs(engine, attentive, inputs, targets)
    refused = [len(s) * len(t) > 60 for s, t in pairs]
    assert [math.isnan(score) for score in found] == refused
    assert all(rows == 1 or rows * read * written <= 60 for rows, read, written in shapes)


def test_additive_attention_counts_its_units() -> None:
    wide = replace(
        description(attention="additive"), config=ModelConfig(attention="additive", units=512)
    )
    assert too_large(wide, "a" * 700, "a" * 700) is None
    assert too_large(wide, "a" * 730, "a" * 730).endswith("are more than 524,288")
    narrow = description(attention="additive")
    assert too_large(narrow, "a" * 2_000, "a" * 2_000) is None
    assert too_large(narrow, "a" * 2_001, "a" * 2_000).endswith("are more than 4,000,000")


@pytest.mark.parametrize("unknown", [True, False])
def test_a_target_that_cannot_be_written_has_no_probability(unknown: bool) -> None:
    targets = Vocabulary.of_targets(["abc"], unknown=unknown)
    model = Seq2Seq.fresh(ModelConfig(units=12), 5, len(targets), seed=1)
    known = description(targets, unknown_symbol=unknown)
    inputs = [Input("w"), Input("w"), Input("w"), Input("w"), Input(""), Input("")]
    scores = score_pairs(
        TorchEngine(model, known),
        known,
        inputs,
        ["ab", "aé", "\t", "a\n", "", "a"],
    )
    assert math.isfinite(scores[0])
    assert scores[1:4] == [-math.inf] * 3
    assert scores[4:] == [0.0, -math.inf]


def test_the_probabilities_of_all_answers_sum_to_what_has_ended() -> None:
    model = sharp_model(5)
    with torch.no_grad():
        # Start and unknown, which no target holds, get nothing; the end comes soon.
        model.decoder.output.bias[[0, 2]] = -torch.inf
        model.decoder.output.bias[1] += 12
    texts = ["", *"abc", *(first + second for first in "abc" for second in "abc")]
    texts += [pair + third for pair in texts[4:] for third in "abc"]
    engine = TorchEngine(model, description())
    scores = score_pairs(engine, description(), [Input("wx")] * len(texts), texts)
    assert sum(map(math.exp, scores)) == pytest.approx(1, abs=0.01)
