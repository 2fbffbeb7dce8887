import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import (
    ABC,
    END,
    VOCABULARY,
    A,
    B,
    C,
    every_answer,
    scripted,
    search,
    searched,
    sharp_model,
)

from charseq.answering import Lexicon
from charseq.errors import UsageError
from charseq.search import beam_search, greedy, sample
from charseq.search.constraint import together
from charseq.search.lexicon import Trie, Walk
from charseq.search.prefixes import Prefixes
from charseq.text import Spelling, Vocabulary

WORDS = st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=12)
CPU = torch.device("cpu")


def within(lexicon: Lexicon, limits: list[int]) -> Walk:
    return Trie.of(lexicon, CPU).within(torch.tensor(limits))


def continuations(lexicon: Lexicon, written: str, limit: int) -> set[int]:
    """What may come after these symbols."""
    walk = within(lexicon, [limit])
    for symbol in VOCABULARY.ids(written):
        walk = walk.advance(torch.tensor([symbol]))
    return set(walk.allowed(len(VOCABULARY))[0].nonzero()[:, 0].tolist())


@given(WORDS, st.text("abc", max_size=5), st.integers(1, 6))
def test_what_may_come_next_is_what_goes_on_in_a_text_that_fits(words, written, limit) -> None:
    fitting = [w for w in words if w.startswith(written) and len(w) + 1 <= limit]
    expected = {VOCABULARY.ids(w)[len(written)] if w != written else END for w in fitting}
    assert continuations(Lexicon.of(words, VOCABULARY), written, limit) == expected


@settings(max_examples=25)
@given(st.integers(0, 100), WORDS, st.integers(2, 5))
def test_every_answer_of_every_search_is_in_the_lexicon(seed, words, limit) -> None:
    model = sharp_model(seed)
    lexicon = Lexicon.of(words, VOCABULARY)
    limits = [limit, 6, 2]
    chosen = {"limits": limits, "constraint": within(lexicon, limits)}
    sources = torch.randint(0, 5, (3, 3))
    found = [
        [[each] for each in searched(model, greedy, sources, [3] * 3, **chosen)],
        searched(model, beam_search, sources, [3] * 3, beam=3, n_best=3, **chosen),
        [
            [each]
            for each in searched(
                model, sample, sources, [3] * 3, numbers=np.arange(3), seed=seed, **chosen
            )
        ],
    ]
    for answers in found:
        for row, hypotheses in enumerate(answers):
            fitting = {word for word in words if len(word) + 1 <= limits[row]}
            if not fitting:
                assert [each.possible for each in hypotheses] == [False]
                continue
            assert {VOCABULARY.text(each.ids) for each in hypotheses} <= fitting
            assert not any(each.cut for each in hypotheses)


@settings(max_examples=15)
@given(st.integers(0, 100), WORDS)
def test_a_beam_finds_the_best_texts_of_the_lexicon(seed, words) -> None:
    model, source = sharp_model(seed), torch.randint(0, 5, (3,))
    walk = within(Lexicon.of(words, VOCABULARY), [5])
    chosen = {"limits": [5], "beam": 100, "n_best": 3, "constraint": walk}
    (found,) = searched(model, beam_search, source[None], [3], **chosen)
    with torch.inference_mode():
        scores = {
            VOCABULARY.text(each.ids): each.score(0.6)
            for each in every_answer(model, source, 5)
            if not each.cut
        }
    best = sorted((scores[word] for word in set(words)), reverse=True)[:3]
    assert [each.score(0.6) for each in found] == pytest.approx(best, abs=1e-4)


def test_a_prefix_and_a_lexicon_hold_together() -> None:
    walk = within(Lexicon.of(["a", "cab", "cc", "b"], VOCABULARY), [9, 9, 9])
    prefixes = Prefixes.of([[], VOCABULARY.ids("c"), VOCABULARY.ids("bc")], CPU)
    found = search(greedy, scripted(ABC), [9, 9, 9], constraint=together(prefixes, walk))
    assert [VOCABULARY.text(each.ids) for each in found[:2]] == ["a", "cab"]
    assert not found[2].possible
    assert together() is together(None, None) is None
    assert together(walk, None) is together(None, walk) is walk


def test_texts_that_the_vocabulary_cannot_spell_are_left_out_and_counted() -> None:
    lexicon = Lexicon.of(["ab", "xy", "ab", "bz"], VOCABULARY)
    assert lexicon.left_out == 2
    assert continuations(lexicon, "", 9) == {A}
    assert C not in continuations(lexicon, "a", 9)
    assert continuations(lexicon, "a", 9) == {B}
    bare = Vocabulary.of_targets(["ab"], unknown=False)
    assert Lexicon.of(["ab", "c"], bare).left_out == 1
    with pytest.raises(UsageError, match="cannot write any entry of the lexicon"):
        Lexicon.of(["x", "y"], VOCABULARY)
    with pytest.raises(UsageError, match="no entries"):
        Lexicon.of([], VOCABULARY)


def test_blank_lines_and_separators_alone_are_no_empty_answer() -> None:
    spaced = Vocabulary.of_targets(["a b"], spelling=Spelling(separator=" "))
    lexicon = Lexicon.of(["a b", " ", ""], spaced)
    assert lexicon.left_out == 2
    assert lexicon.shortest[0] == 3
    assert Lexicon.of(["ab", ""], VOCABULARY).left_out == 1


def test_a_large_lexicon_takes_no_more_than_its_texts_do() -> None:
    generator = np.random.default_rng(1)
    words = ["".join(generator.choice(list("abc"), 12)) for _ in range(20_000)]
    lexicon = Lexicon.of(words, VOCABULARY)
    held = (lexicon.first_edges, lexicon.keys, lexicon.shortest)
    assert sum(array.size for array in held) <= 3 * sum(len(word) + 1 for word in words)
