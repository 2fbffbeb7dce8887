from itertools import pairwise
from unicodedata import normalize

import torch
from hypothesis import given
from hypothesis import strategies as st

from charseq import Translator
from charseq.answering import Lexicon, answer_texts, in_pieces
from charseq.config import DecodingConfig, ModelConfig
from charseq.hypothesis import Hypothesis
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription, OutputLimit
from charseq.text import Input, Spelling, Vocabulary


def test_answers_come_in_the_order_of_the_texts_whatever_the_threads(
    toy_translator, toy_pairs, monkeypatch
) -> None:
    inputs = [Input(source) for source, _ in toy_pairs[::7]]
    inputs += map(Input, ["", "abba", "abba"])

    def answers() -> list[list[Hypothesis]]:
        return answer_texts(toy_translator.engine, toy_translator.description, inputs)

    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = answers()
        torch.set_num_threads(3)
        monkeypatch.setattr("charseq.search.engine.MOST_ROWS", 16)
        together = answers()
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)
    assert [best.ids for (best,) in together] == [best.ids for (best,) in alone]
    targets = toy_translator.description.targets
    assert targets.text(together[-1][0].ids) == "ABBA"
    assert together[-1] is together[-2]
    assert together[-3][0].ids == ()


def test_every_search_is_asked_for_by_its_settings(toy_translator) -> None:
    engine, description = toy_translator.engine, toy_translator.description
    inputs = [Input("abcda"), Input("")]

    def answers(**settings) -> list[list[str]]:
        decoding = DecodingConfig(**settings)
        found = answer_texts(engine, description, inputs, decoding)
        return [[description.targets.text(each.ids) for each in hyps] for hyps in found]

    assert answers() == [["ADCBA"], [""]]
    best, nothing = answers(beam=4, n_best=3)
    assert best[0] == "ADCBA"
    assert len(set(best)) == 3
    assert nothing == [""]
    assert answers(sample=True, top_k=1) == [["ADCBA"], [""]]
    drawn = {answers(sample=True, temperature=5.0, seed=seed)[0][0] for seed in range(5)}
    assert len(drawn) > 1


def test_equal_texts_are_drawn_for_independently_and_by_their_number(toy_translator) -> None:
    engine, description = toy_translator.engine, toy_translator.description
    decoding = DecodingConfig(sample=True, temperature=5.0)

    def drawn(count: int, first: int = 0) -> list[list[int]]:
        inputs = [Input("abcda")] * count
        found = answer_texts(engine, description, inputs, decoding, first=first)
        return [list(best.ids) for (best,) in found]

    assert len({tuple(ids) for ids in drawn(8)}) > 4
    assert drawn(3) + drawn(5, first=3) == drawn(8)


def test_prefixes_and_a_lexicon_reach_their_own_texts(toy_translator) -> None:
    engine, description = toy_translator.engine, toy_translator.description
    lexicon = Lexicon.of(["ADCBA", "DDA", "CC", "CBB"], description.targets)

    def answers(**constraints) -> list[str]:
        inputs = [Input("abcda"), Input("add"), Input("bbc"), Input("cc"), Input("abcda")]
        found = answer_texts(engine, description, inputs, **constraints)
        return [description.targets.text(best.ids) for best, *_ in found]

    assert answers(lexicon=lexicon) == ["ADCBA", "DDA", "CBB", "CC", "ADCBA"]
    prefixes = ["", "DA", "", "DDDDDDDDDDDDDDDDDDDD", "B"]
    begun = answers(prefixes=prefixes)
    assert [begun[0], begun[2]] == ["ADCBA", "CBB"]
    assert [text[: len(prefix)] for text, prefix in zip(begun, prefixes, strict=True)] == prefixes
    both_ways = answers(lexicon=lexicon, prefixes=["", "", "CC", "", "A"])
    assert both_ways == ["ADCBA", "DDA", "CC", "CC", "ADCBA"]


def test_an_answer_may_go_on_or_end_after_a_prefix_of_any_length(toy_translator) -> None:
    prefix = "ABCD" * 10
    assert len(prefix) > toy_translator.description.output_limit.of(1)
    answer = toy_translator.translate("a", prefix=prefix)
    assert answer.hypothesis.startswith(prefix)
    assert answer.hypothesis != prefix or not answer.cut


def test_the_n_best_differ_in_their_spelling_not_only_in_the_order_of_marks() -> None:
    marks = ["a", "\N{COMBINING DOT BELOW}", "\N{COMBINING DOT ABOVE}"]
    targets = Vocabulary.of_targets(marks, spelling=Spelling(written="nfc"))
    sources = Vocabulary.of_sources(["a"])
    description = ModelDescription(ModelConfig(units=4), sources, targets, OutputLimit(0.0, 3))
    model = Seq2Seq.fresh(description.config, len(sources), len(targets), seed=1)
    answer = Translator(model, description).translate("a", beam=200, n_best=200)
    spelt = [str(each) for each in answer.alternatives]
    both = "a\N{COMBINING DOT BELOW}\N{COMBINING DOT ABOVE}"
    assert normalize("NFC", both) in spelt
    assert len(spelt) == len(set(spelt))
    ranks = [each.score for each in answer.alternatives]
    assert ranks == sorted(ranks, reverse=True)
    assert spelt[0] == answer.hypothesis


@given(st.lists(st.integers(0, 9)), st.integers(1, 4), st.integers(0, 20))
def test_pieces_are_all_of_a_list_in_order_and_no_larger_than_asked(sizes, most, together) -> None:
    pieces = [sizes[some] for some in in_pieces(sizes, most, together)]
    assert [size for piece in pieces for size in piece] == sizes
    for piece in pieces:
        assert 1 <= len(piece) <= most
        assert len(piece) == 1 or sum(piece) <= together
    # None could have taken the next one's first item.
    for piece, following in pairwise(pieces):
        assert len(piece) == most or sum(piece) + following[0] > together
