"""What a model looks at for each symbol that it writes."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

import charseq
from charseq.errors import UnknownCharactersWarning, UsageError
from charseq.results import Alignment, symbol_label
from charseq.translator import Translator

QUICK = {"attention": "dot", "units": 8, "epochs": 1, "patience": None}


def assert_complete(alignment: Alignment) -> None:
    """There is a row for each target symbol and the end, and each is all of what was looked at."""
    rows, columns = len(alignment.target_symbols) + 1, len(alignment.source_symbols)
    assert alignment.weights.shape == (rows, columns)
    assert (alignment.weights >= 0).all()
    if columns:
        assert alignment.weights.sum(axis=1) == pytest.approx(np.ones(rows), abs=1e-5)


def assert_same(one: Alignment, other: Alignment) -> None:
    assert one.source_symbols == other.source_symbols
    assert one.target_symbols == other.target_symbols
    assert one.log_probability == pytest.approx(other.log_probability, abs=1e-4)
    np.testing.assert_allclose(one.weights, other.weights, atol=1e-5)


def test_most_sounds_come_from_the_letter_in_their_place(speaker: Translator, spoken_pairs) -> None:
    alignments = speaker.align(*map(list, zip(*spoken_pairs, strict=True)))
    looks = [
        (int(row.argmax()), place)
        for alignment in alignments
        for place, row in enumerate(alignment.weights[:-1])
    ]
    assert len(looks) == sum(len(word) for word, _ in spoken_pairs)
    assert np.mean([column == place for column, place in looks]) > 0.8


def test_every_row_is_complete_in_any_company(speaker: Translator, spoken_pairs) -> None:
    pairs = [*spoken_pairs[:40], ("a", "k k k k k k k k"), ("abcdéf", ""), ("aaaaaaaaaaa", "k")]
    together = speaker.align([source for source, _ in pairs], [target for _, target in pairs])
    for (source, target), alignment in zip(pairs, together, strict=True):
        assert (alignment.source, alignment.target) == (source, target)
        assert alignment.source_symbols == tuple(source)
        assert alignment.target_symbols == tuple(target.split())
        assert_complete(alignment)
        assert_same(alignment, speaker.align(source, target))


def test_own_answers_are_aligned_as_their_pairs_are(speaker: Translator, spoken_pairs) -> None:
    words = [word for word, _ in spoken_pairs[:30]]
    answers, own = speaker.translate(words), speaker.align(words)
    for answer, alignment in zip(answers, own, strict=True):
        assert alignment.target == answer.hypothesis
        assert alignment.log_probability == pytest.approx(answer.log_probability, abs=1e-4)
        assert_same(alignment, speaker.align(answer.source, answer.hypothesis))
    assert isinstance(speaker.align(words[0]), Alignment)


def test_the_log_probability_is_that_of_scoring(speaker: Translator, spoken_pairs) -> None:
    sources, targets = map(list, zip(*spoken_pairs[:20], strict=True))
    scores = speaker.score(sources, targets)
    found = [alignment.log_probability for alignment in speaker.align(sources, targets)]
    assert found == pytest.approx(scores, abs=1e-5)


def test_a_source_without_symbols_is_not_looked_at(speaker: Translator) -> None:
    nothing, something = speaker.align(["", ""], ["", "k"])
    assert (nothing.weights.shape, something.weights.shape) == ((1, 0), (2, 0))
    assert (nothing.log_probability, something.log_probability) == (0, -math.inf)
    assert speaker.align("").as_dict()["weights"] == [[]]
    assert speaker.align([]) == []


def test_symbols_never_seen_are_aligned_and_named(speaker: Translator) -> None:
    with pytest.warns(UnknownCharactersWarning, match=r"ж \(U\+0436\)$"):
        alignment = speaker.align("aжb", "aː ж t͡ʃ")
    assert alignment.source_symbols == ("a", "ж", "b")
    assert alignment.unknown_symbols == ("ж",)
    # It cannot be written; what is looked at for it is there all the same.
    assert alignment.log_probability == -math.inf
    assert alignment.as_dict()["log_probability"] is None
    assert_complete(alignment)


def test_symbols_are_those_that_are_read(speaker: Translator) -> None:
    assert speaker.align("e\u0301a", "e aː").source_symbols == ("é", "a")


def test_what_is_too_long_is_refused_and_the_others_aligned(speaker: Translator) -> None:
    word = "ab" * 1_500
    long, endless, short = speaker.align([word, "a" * 10_001, "ab"], ["k " * 1_500, "", "aː t͡ʃ"])
    assert long.error == (
        "too long: 3,000 characters in the source times 3,000 in the target are more than 4,000,000"
    )
    assert (long.weights.size, long.log_probability) == (0, 0)
    assert endless.error is None
    assert_complete(short)
    refused = speaker.align("a" * 10_001)
    assert (refused.error, refused.target) == ("longer than 10,000 characters", "")
    assert str(refused).endswith(": longer than 10,000 characters")


def test_answers_that_hit_the_limit_say_so(tmp_path: Path) -> None:
    translator = charseq.train(
        [("ab", "ab"), ("ba", "ba")], run=tmp_path / "run", maximum_output_length=1, **QUICK
    )
    alignment = translator.align("ab")
    assert alignment.cut == translator.translate("ab").cut is True
    assert alignment.as_dict()["cut"] is True


def test_features_and_languages_are_columns_of_their_own(tmp_path: Path) -> None:
    pairs = [("ab", "abs", ["N", "PL"], "x"), ("N", "N", ["N"], "y"), ("ba", "bat", [], "x")]
    translator = charseq.train(pairs, run=tmp_path / "run", vocabulary_from="corpus", **QUICK)
    sources, targets, features, languages = map(list, zip(*pairs, strict=True))
    first, second, third = translator.align(sources, targets, features=features, language=languages)
    assert first.source_symbols == ("x", "N", "PL", "a", "b")
    assert second.source_symbols == ("y", "N", "N")
    assert third.source_symbols == ("x", "b", "a")
    assert [each.conditions for each in (first, second, third)] == [3, 2, 1]
    assert (first.features, first.language) == (("N", "PL"), "x")
    for alignment in (first, second, third):
        assert_complete(alignment)
    unread = translator.align("", features="N", language="x")
    assert (unread.source_symbols, unread.conditions) == ((), 0)
    with pytest.raises(UsageError, match="needs features for each text"):
        translator.align("ab", "abs", language="x")
    with pytest.warns(UnknownCharactersWarning, match="DU"):
        strange = translator.align("ab", "abs", features="DU", language="x")
    assert strange.source_symbols == ("x", "DU", "a", "b")
    assert strange.unknown_features == ("DU",)


def test_padding_that_is_read_is_a_column(tmp_path: Path) -> None:
    pairs = [("abc", "ab"), ("b", "ba")]
    settings = {"pad_source_to": 5, "pad_character": "_", **QUICK}
    translator = charseq.train(pairs, run=tmp_path / "run", vocabulary_from="corpus", **settings)
    alignment = translator.align("b", "ba")
    assert alignment.source_symbols == ("b", "_", "_", "_", "_")
    assert_complete(alignment)


def test_a_model_without_attention_says_what_to_train(toy_translator: Translator) -> None:
    with pytest.raises(UsageError) as refused:
        toy_translator.align("ab")
    assert str(refused.value) == (
        "this model, trained on pairs, has no attention, so it cannot align: train one with"
        " --attention dot"
    )


def test_sources_and_targets_go_together(speaker: Translator) -> None:
    with pytest.raises(UsageError, match=r"differ in number \(2 and 1\): give one"):
        speaker.align(["a", "b"], ["k"])
    with pytest.raises(UsageError, match="give one source and one target, or a list of each"):
        speaker.align("a", ["k"])
    with pytest.raises(UsageError, match="give one source and one target, or a list of each"):
        speaker.align(["a"], "k")


EXAMPLE = Alignment(
    source="a b",
    target="x́",
    source_symbols=("N", "a", " ", "b"),
    target_symbols=("x", "\u0301"),
    weights=np.array([[0, 0.9, 0.1, 0], [0.8, 0, 0, 0.2], [0, 0, 2 / 3, 1 / 3]], np.float32),
    log_probability=-0.25,
    conditions=1,
    copying=(0.75, 0.5, 0.0),
    features=("N",),
)


def test_an_alignment_is_read_line_by_line() -> None:
    assert str(EXAMPLE).splitlines() == [
        "a b · N → x́ (log-probability -0.2500)",
        "x\ta\t1\t0.90\t0.75",
        "◌\u0301\tN\t–\t0.80\t0.50",
        "(end)\t␣\t2\t0.67\t0.00",
    ]


def test_an_alignment_is_json_without_what_says_nothing(speaker: Translator) -> None:
    fields = json.loads(json.dumps(EXAMPLE.as_dict()))
    assert fields["weights"][2] == [0, 0, 0.666667, 0.333333]
    assert fields["copying"] == [0.75, 0.5, 0]
    assert (fields["conditions"], fields["features"]) == (1, ["N"])
    assert speaker.align("ab").as_dict().keys() == {
        "source",
        "target",
        "source_symbols",
        "target_symbols",
        "weights",
        "log_probability",
    }


@pytest.mark.parametrize(
    ("symbol", "label"),
    [
        ("a", "a"),
        ("t͡ʃ", "t͡ʃ"),
        (" ", "␣"),
        ("\u0301", "◌\u0301"),
        ("\n", "\\n"),
        ("\xa0", "\\xa0"),
        ("\u200d", "\\u200d"),
        ("a\u200d", "a\\u200d"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
        ("\U0001f3f4\U000e0067\U000e007f", "\U0001f3f4\U000e0067\U000e007f"),
    ],
)
def test_every_symbol_shows_by_itself(symbol: str, label: str) -> None:
    assert symbol_label(symbol) == label
