"""Why an answer is what it is, after it is written and while it is."""

import json
import math
import subprocess
import sys
import warnings
from contextlib import AbstractContextManager
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from charseq.answering import Asked, BaseTranslator, Engine, Forced, ForcedScores, Lexicon
from charseq.config import DecodingConfig, ModelConfig
from charseq.errors import UnknownCharactersWarning, UsageError
from charseq.hypothesis import Hypothesis
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription, OutputLimit
from charseq.results import END_LABEL, Explanation, WrittenSymbol
from charseq.text import Spelling, Vocabulary
from charseq.translator import Translator

COPYING = ModelDescription(
    ModelConfig(units=12, normalise="none", attention="dot", copying=True),
    Vocabulary.of_sources(["abxy"]),
    Vocabulary.of_targets(["abc"]),
    OutputLimit(1.0, 3),
)


def copying_translator(seed: int) -> Translator:
    """Nothing it answers makes sense, and most of that is copied."""
    model = Seq2Seq.fresh(COPYING.config, len(COPYING.sources), len(COPYING.targets), seed)
    assert model.decoder.copying is not None
    with torch.no_grad():
        model.decoder.copying.gate.weight.zero_()
        model.decoder.copying.gate.bias.fill_(0.5)
    return Translator(model, COPYING)


def assert_written(translator: BaseTranslator, text: str, prefix: str | None = None) -> None:
    """The symbols as they are written make the answer, and are as probable as it."""
    answer = translator.translate(text, prefix=prefix)
    symbols = list(translator.write(text, prefix=prefix))
    written = [each.symbol for each in symbols if not each.end]
    assert translator.description.targets.spelling.text(written) == answer.hypothesis
    assert [each.end for each in symbols] == [False] * len(written) + [True] * (not answer.cut)
    total = math.fsum(each.log_probability for each in symbols)
    assert total == pytest.approx(answer.log_probability, abs=1e-4)


def assert_same(one: WrittenSymbol, other: WrittenSymbol) -> None:
    assert (one.symbol, one.end) == (other.symbol, other.end)
    assert one.log_probability == pytest.approx(other.log_probability, abs=1e-4)
    assert dict(one.runners_up) == pytest.approx(dict(other.runners_up), abs=1e-4)
    assert one.weights == pytest.approx(other.weights, abs=1e-5)
    assert one.copying == (other.copying and pytest.approx(other.copying, abs=1e-5))


def test_what_is_written_symbol_by_symbol_is_the_answer(toy_translator, toy_pairs) -> None:
    for source, _ in toy_pairs[::60]:
        assert_written(toy_translator, source)
    for prefix in ("D", "DDDDDDDDDDDDDDDDDDD", "AB"):
        assert_written(toy_translator, "abcd", prefix)


def test_longer_symbols_are_written_one_by_one(speaker: Translator) -> None:
    assert [str(each) for each in speaker.write("abc")] == ["aː", "t͡ʃ", "k", ""]
    for text in ("fad", "b", "cabbac"):
        assert_written(speaker, text)


@settings(max_examples=30)
@given(st.integers(0, 200), st.text("abxy?!", max_size=12), st.text("abc", max_size=3))
def test_symbols_that_can_only_be_copied_are_written_as_they_are_answered(
    seed, text, prefix
) -> None:
    translator = copying_translator(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnknownCharactersWarning)
        assert_written(translator, text, prefix)
        found = list(translator.write(text, prefix=prefix))
        own = translator.explain(text)
        assert isinstance(own, Explanation)
    assert {name for each in found for name, _ in each.runners_up} <= {*"abc", *text, END_LABEL}
    if not prefix:
        assert len(own.symbols) == len(found)
        for one, other in zip(own.symbols, found, strict=True):
            assert_same(one, other)


def test_an_unseen_symbol_is_really_copied() -> None:
    with pytest.warns(UnknownCharactersWarning, match=r"\? \(U\+003F\)"):
        symbols = list(copying_translator(1).write("?b?"))
    assert "?" in [each.symbol for each in symbols]
    assert all(each.copying == pytest.approx(0.622, abs=1e-3) for each in symbols)


class Counting:
    """An engine that counts how many symbols it is asked for."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.asked: list[int] = []

    def answers(
        self, asked: Asked, decoding: DecodingConfig, lexicon: Lexicon | None
    ) -> list[list[Hypothesis]]:
        self.asked += asked.limits.tolist()
        return self.engine.answers(asked, decoding, lexicon)

    def force(self, forced: Forced, *, weights: bool, best: int) -> list[ForcedScores]:
        return self.engine.force(forced, weights=weights, best=best)

    def at_once(self) -> AbstractContextManager[int]:
        return self.engine.at_once()


def test_writing_costs_little_more_than_answering_and_begins_at_once(toy_translator) -> None:
    description = replace(toy_translator.description, output_limit=OutputLimit(0, 200))
    engine = Counting(toy_translator.engine)
    symbols = BaseTranslator(engine, description).write("abcd", prefix="A" * 150)
    next(symbols)
    assert engine.asked == [151]
    engine.asked.clear()
    model = toy_translator.model
    bias = model.decoder.output.bias
    end = description.targets.frame[1]
    before = bias[end].item()
    try:
        with torch.no_grad():
            bias[end] = -1e4
        endless = Translator(model, description)
        engine = Counting(endless.engine)
        symbols = BaseTranslator(engine, description).write("abcd")
        next(symbols)
        assert engine.asked == [1]
        assert len(list(symbols)) == 199
        assert engine.asked[:6] == [1, 2, 4, 7, 12, 20]
        assert sum(engine.asked) < 4 * 200
        assert_written(endless, "abcd")
    finally:
        with torch.no_grad():
            bias[end] = before


def test_a_thread_that_writes_leaves_others_their_threads(toy_translator) -> None:
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        for _ in toy_translator.write("abcd"):
            assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)


def test_symbols_are_as_probable_as_their_target_and_looked_at_as_it_is_aligned(
    speaker: Translator, spoken_pairs
) -> None:
    sources, targets = map(list, zip(*spoken_pairs[:30], strict=True))
    scores = speaker.score(sources, targets)
    alignments = speaker.align(sources, targets)
    explained = speaker.explain(sources, targets)
    for each, score, alignment in zip(explained, scores, alignments, strict=True):
        assert each.log_probability == pytest.approx(score, abs=1e-4)
        assert each.source_symbols == alignment.source_symbols
        *symbols, end = each.symbols
        assert tuple(symbol.symbol for symbol in symbols) == alignment.target_symbols
        assert (end.symbol, end.end) == (END_LABEL, True)
        weights = [symbol.weights for symbol in each.symbols]
        np.testing.assert_allclose(weights, alignment.weights, atol=1e-6)


def test_runners_up_are_what_else_may_come_most_probable_first(toy_translator) -> None:
    explained = toy_translator.explain("abca", "ACBA")
    for each in explained.symbols:
        names, gains = zip(*each.runners_up, strict=True)
        # Of four letters and the end, all but the one that is chosen.
        assert {*names, each.symbol} == {*"ABCD", END_LABEL}
        assert len(names) == 4
        assert list(gains) == sorted(gains, reverse=True)
        everything = sum(map(math.exp, (*gains, each.log_probability)))
        assert everything == pytest.approx(1, abs=1e-3)
    # What stands in the place of a wrong symbol is the right one.
    wrong = toy_translator.explain("abca", "ADBA").symbols[1]
    assert wrong.runners_up[0][0] == "C"
    assert wrong.log_probability < wrong.runners_up[0][1]


def test_there_are_five_runners_up_where_there_are_enough(speaker: Translator) -> None:
    assert {len(each.runners_up) for each in speaker.explain("fad").symbols} == {5}
    assert {len(each.runners_up) for each in speaker.write("fad")} == {5}


def test_a_model_without_attention_is_explained_too(toy_translator) -> None:
    explained = toy_translator.explain(["abcd", "dd"])
    assert [each.target for each in explained] == ["DCBA", "DD"]
    assert all(symbol.weights == () for each in explained for symbol in each.symbols)
    assert str(explained[0]) == "DCBA"


def test_a_source_without_symbols_is_answered_with_nothing(speaker: Translator) -> None:
    end = WrittenSymbol(END_LABEL, 0.0, end=True)
    assert list(speaker.write("")) == [end]
    nothing, something = speaker.explain(["", ""], ["", "k"])
    assert nothing.symbols == (end,)
    assert something.log_probability == speaker.score("", "k") == -math.inf
    assert something.as_dict()["symbols"][0]["log_probability"] is None
    assert speaker.explain([]) == []


def test_what_is_refused_says_why(speaker: Translator) -> None:
    refused = speaker.explain("a" * 10_001)
    assert (refused.symbols, refused.source_symbols) == ((), ())
    assert refused.error == "longer than 10,000 characters"
    with pytest.raises(UsageError, match="longer than 10,000 characters"):
        speaker.write("a" * 10_001)
    with pytest.raises(UsageError, match="the model cannot write its prefix: ж"):
        speaker.write("a", prefix="ж")
    with pytest.raises(UsageError, match="give one source and one target, or a list of each"):
        speaker.explain(["a"], "k")
    with pytest.raises(UsageError, match="does not take features"):
        speaker.write("a", features="N")


def test_symbols_never_seen_are_named(speaker: Translator) -> None:
    with pytest.warns(UnknownCharactersWarning, match=r"ж \(U\+0436\)$"):
        explained = speaker.explain("aжb", "aː ж t͡ʃ")
    assert explained.unknown_symbols == ("ж",)
    assert explained.symbols[1].log_probability == -math.inf
    with pytest.warns(UnknownCharactersWarning, match=r"ж \(U\+0436\)$"):
        speaker.write("aжb")


def test_an_answer_that_is_cut_has_no_end(speaker: Translator) -> None:
    short = Translator(
        speaker.model, replace(speaker.description, output_limit=OutputLimit(0.0, 2))
    )
    explained = short.explain("abc")
    assert explained.cut
    assert [each.symbol for each in explained.symbols] == ["aː", "t͡ʃ"]
    answer = short.translate("abc")
    assert explained.log_probability == pytest.approx(answer.log_probability, abs=1e-4)
    assert [each.end for each in short.write("abc")] == [False, False]
    # A target that is given is whole, however long.
    assert short.explain("abc", "aː t͡ʃ k").symbols[-1].end


def test_an_explanation_is_json_without_what_says_nothing(speaker: Translator) -> None:
    fields = json.loads(json.dumps(speaker.explain("ab").as_dict()))
    assert fields.keys() == {"source", "target", "source_symbols", "symbols", "conditions"}
    assert fields["conditions"] == 0
    symbol, _, end = fields["symbols"]
    assert symbol.keys() == {"symbol", "end", "log_probability", "runners_up", "weights"}
    assert (symbol["symbol"], symbol["end"], end["end"]) == ("aː", False, True)
    assert len(symbol["weights"]) == len(fields["source_symbols"])
    assert WrittenSymbol("a", -1 / 3, (("b", -math.inf),), (0.25,), 2 / 3).as_dict() == {
        "symbol": "a",
        "end": False,
        "log_probability": -0.333333,
        "runners_up": [["b", None]],
        "weights": [0.25],
        "copying": 0.666667,
    }


def test_whoever_answers_with_another_engine_needs_no_torch() -> None:
    program = "import sys, charseq.answering; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_an_answer_is_explained_as_it_was_written_even_if_its_text_tells_otherwise(
    seed: int,
) -> None:
    # Together, letter and mark are one character, which this model cannot write.
    targets = Vocabulary.of_targets(["e\N{COMBINING TILDE}x"], spelling=Spelling(written="nfc"))
    config = ModelConfig(units=8, attention="dot")
    sources = Vocabulary.of_sources(["ab"])
    description = ModelDescription(config, sources, targets, OutputLimit(1.0, 6))
    model = Seq2Seq.fresh(config, len(sources), len(targets), seed)
    translator = Translator(model, description)
    for text in ("a", "ab", "bba"):
        answer = translator.translate(text)
        explanation, alignment = translator.explain(text), translator.align(text)
        assert explanation.target == alignment.target == answer.hypothesis
        written = tuple(each.symbol for each in explanation.symbols if not each.end)
        assert set(written) <= set("e\N{COMBINING TILDE}x")
        assert alignment.target_symbols == written
        assert targets.spelling.text(written) == answer.hypothesis
        total = math.fsum(each.log_probability for each in explanation.symbols)
        assert total == pytest.approx(answer.log_probability, abs=1e-4)
        assert "columns" not in answer.as_dict()
