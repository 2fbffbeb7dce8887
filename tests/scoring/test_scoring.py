"""Scores: what they are, where they come from, and how sure they are."""

import json
import subprocess
import sys
from itertools import zip_longest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from noisy import noisy_corpus
from sacrebleu import corpus_bleu, corpus_chrf

from charseq.errors import DataError, UsageError
from charseq.scoring import (
    Metric,
    Report,
    character_error_rate,
    edit_distance,
    score,
    worst_errors,
)

texts = st.text(alphabet="ab é.\u202f", max_size=12)
items = st.lists(
    st.tuples(texts, st.lists(texts.filter(len), min_size=1, max_size=3)), min_size=1, max_size=12
)
Items = list[tuple[str, list[str]]]


def split(pairs: Items) -> tuple[list[str], list[list[str]]]:
    return [hypothesis for hypothesis, _ in pairs], [references for _, references in pairs]


def values(report: Report) -> list[float]:
    return [metric.value for metric in metrics(report)]


def metrics(report: Report) -> list[Metric]:
    return [report.exact_match, report.character_error_rate, report.chrf, report.bleu]


class TestEditDistance:
    @pytest.mark.parametrize(
        ("hypothesis", "reference", "distance"),
        [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("a\u0301", "á", 2),
            ("ab", "ba", 2),
        ],
    )
    def test_counts_the_edits_between_two_texts(self, hypothesis, reference, distance):
        assert edit_distance(hypothesis, reference) == distance

    def test_counts_whole_symbols_where_they_are_longer_than_a_character(self):
        assert edit_distance(["K", "AA1", "T"], ("K", "AE1", "T")) == 1

    def test_does_not_take_symbols_of_equal_hash_for_equal(self):
        assert hash(-1) == hash(-2)
        assert edit_distance([-1], [-2]) == 1
        assert edit_distance(["a"], [ord("a")]) == 1

    @settings(deadline=None)
    @given(texts, texts)
    def test_is_the_same_both_ways_and_for_lists_of_characters(self, one, other):
        assert edit_distance(one, other) == edit_distance(other, one)
        assert edit_distance(one, other) == edit_distance(list(one), list(other))
        assert edit_distance(one, other) == edit_distance(one, list(other))


class TestCharacterErrorRate:
    def test_is_all_edits_over_all_reference_characters(self):
        assert character_error_rate(["abcd", "x"], [["abce"], ["yz"]]) == (1 + 2) / (4 + 2)

    def test_counts_against_the_reference_that_needs_fewest_edits(self):
        assert character_error_rate(["chat"], [["chien", "chats"]]) == 1 / 5

    def test_counts_against_the_longest_of_equally_near_references(self):
        assert character_error_rate(["chat"], [["cha", "chats"]]) == 1 / 5
        assert character_error_rate(["chat"], [["chats", "cha"]]) == 1 / 5

    def test_counts_an_empty_output_as_all_wrong(self):
        assert character_error_rate([""], [["abc"]]) == 1

    def test_may_exceed_one(self):
        assert character_error_rate(["abcdef"], [["xy"]]) == 3

    def test_counts_empty_references_as_one_character(self):
        assert character_error_rate([""], [[""]]) == 0
        assert character_error_rate(["ab"], [[""]]) == 2

    def test_compares_texts_as_given_but_for_their_normal_form(self):
        assert character_error_rate(["Va\u202f!"], [["Va !"]]) > 0
        assert character_error_rate(["ﬁ"], [["fi"]]) > 0
        assert character_error_rate(["e\u0301"], [["é"]]) == 0
        assert character_error_rate(["é"], [["e\u0301"]]) == 0
        assert character_error_rate(["a "], [["a"]]) > 0

    @settings(deadline=None)
    @given(items)
    def test_is_zero_just_when_every_output_equals_a_reference(self, pairs):
        right = all(hypothesis in references for hypothesis, references in pairs)
        assert (character_error_rate(*split(pairs)) == 0) == right

    @settings(deadline=None)
    @given(texts, st.lists(texts, min_size=1, max_size=3), texts)
    def test_never_counts_more_edits_for_one_reference_more(self, hypothesis, references, another):
        def edits(right: list[str]) -> int:
            return sum(item.distance for item in worst_errors([""], [hypothesis], [right]))

        assert edits([*references, another]) <= edits(references)

    @settings(deadline=None)
    @given(items)
    def test_is_the_reports(self, pairs):
        alone = character_error_rate(*split(pairs))
        assert score(*split(pairs), intervals=False).character_error_rate.value == alone


class TestReport:
    def test_counts_whole_outputs_that_equal_any_reference(self):
        report = score(["a", "b", "c", ""], [["x", "a"], ["b"], ["C", "d"], ["e"]])
        assert report.items == 4
        assert report.exact_match.value == 2 / 4

    def test_is_perfect_for_perfect_outputs(self):
        report = score(["one two three four five."] * 2, [["one two three four five."]] * 2)
        assert values(report) == pytest.approx([1, 0, 100, 100])

    def test_gives_nothing_for_empty_outputs(self):
        assert values(score(["", ""], [["one two three four"], ["five"]])) == [0, 1, 0, 0]

    @settings(deadline=None)
    @given(items)
    def test_keeps_every_metric_in_its_range(self, pairs):
        hypotheses, references = split(pairs)
        report = score(hypotheses, references, bootstrap=5)
        assert 0 <= report.exact_match.value <= 1
        assert report.character_error_rate.value >= 0
        assert 0 <= report.chrf.value <= 100 + 1e-9
        assert 0 <= report.bleu.value <= 100 + 1e-9
        right = sum(hypothesis in references for hypothesis, references in pairs)
        assert report.exact_match.value == right / len(pairs)

    @settings(deadline=None)
    @given(items, st.randoms(use_true_random=False))
    def test_does_not_depend_on_the_order_of_items(self, pairs, draw):
        shuffled = draw.sample(pairs, len(pairs))
        report = score(*split(pairs), intervals=False)
        assert values(score(*split(shuffled), intervals=False)) == values(report)

    @settings(deadline=None)
    @given(items)
    def test_does_not_depend_on_the_order_of_references_but_in_chrf(self, pairs):
        """SacreBLEU's chrF counts an output that shares nothing against its first reference."""
        turned = [(hypothesis, references[::-1]) for hypothesis, references in pairs]
        report = score(*split(pairs), intervals=False)
        other = score(*split(turned), intervals=False)
        assert other.exact_match == report.exact_match
        assert other.character_error_rate == report.character_error_rate
        assert other.bleu == report.bleu

    def test_is_written_as_json_and_read_back_whole(self):
        report = score(*noisy_corpus(10), bootstrap=20, seed=7)
        fields = json.loads(json.dumps(report.as_dict()))
        assert fields["items"] == 10
        assert (fields["bootstrap"], fields["seed"]) == (20, 7)
        assert Metric(**fields["bleu"]) == report.bleu


class TestAgreementWithSacrebleu:
    @settings(deadline=None)
    @given(items)
    def test_gives_the_figures_of_sacrebleu(self, pairs):
        hypotheses, references = split(pairs)
        streams = list(zip_longest(*references))
        report = score(hypotheses, references, intervals=False)
        assert report.chrf.value == corpus_chrf(hypotheses, streams).score
        assert report.bleu.value == corpus_bleu(hypotheses, streams, force=True).score

    def test_gives_the_figures_of_sacrebleu_on_sentences(self):
        hypotheses, references = noisy_corpus(200)
        streams = list(zip_longest(*references))
        report = score(hypotheses, references, intervals=False)
        assert 20 < report.bleu.value < 95
        assert report.chrf.value == corpus_chrf(hypotheses, streams).score
        assert report.bleu.value == corpus_bleu(hypotheses, streams).score

    def test_signs_with_the_number_of_references(self):
        assert score(["a"], [["a", "b"]]).chrf.signature == (
            f"chrF2|nrefs:2|case:mixed|eff:yes|nc:6|nw:0|space:no|version:{sacrebleu_version()}"
        )
        assert score(["a", "b"], [["a"], ["b", "c"]]).bleu.signature == (
            f"BLEU|nrefs:var|case:mixed|eff:no|tok:13a|smooth:exp|version:{sacrebleu_version()}"
        )

    def test_signs_only_what_sacrebleu_computed(self):
        report = score(["a"], [["a"]])
        assert report.exact_match.signature is None
        assert report.character_error_rate.signature is None


class TestIntervals:
    @pytest.mark.parametrize("seed", range(3))
    def test_contain_the_value(self, seed):
        for metric in metrics(score(*noisy_corpus(100, seed), seed=seed)):
            assert metric.low is not None
            assert metric.high is not None
            assert metric.low < metric.value < metric.high

    def test_shrink_with_more_items(self):
        few, many = metrics(score(*noisy_corpus(50))), metrics(score(*noisy_corpus(800)))
        for wide, narrow in zip(few, many, strict=True):
            assert narrow.high - narrow.low < 0.5 * (wide.high - wide.low)

    def test_are_those_of_the_binomial_for_exact_match(self):
        hypotheses, references = ["a"] * 80 + ["b"] * 20, [["a"]] * 100
        match = score(hypotheses, references, bootstrap=4000).exact_match
        assert match.low == pytest.approx(0.8 - 1.96 * 0.04, abs=0.015)
        assert match.high == pytest.approx(0.8 + 1.96 * 0.04, abs=0.015)

    @pytest.mark.parametrize(
        ("right", "items", "low", "high"),
        # Wilson (1927), as tabulated for 20 and 10 trials.
        [
            (20, 20, 0.8389, 1),
            (0, 20, 0, 0.1611),
            (10, 20, 0.2993, 0.7007),
            (1, 10, 0.0179, 0.4042),
        ],
    )
    def test_of_shares_are_no_points_however_few_are_right_or_wrong(self, right, items, low, high):
        hypotheses = ["a b"] * right + ["b"] * (items - right)
        report = score(hypotheses, [["a b"]] * items, target_separator=" ", bootstrap=10)
        match, words = report.exact_match, report.word_error_rate
        assert words is not None
        assert (match.low, match.high) == pytest.approx((low, high), abs=1e-4)
        assert (words.low, words.high) == pytest.approx(
            (100 - 100 * high, 100 - 100 * low), abs=0.01
        )

    def test_are_the_same_for_the_same_seed_only(self):
        corpus = noisy_corpus(60)
        assert score(*corpus, seed=3) == score(*corpus, seed=3)
        assert score(*corpus, seed=3).chrf.low != score(*corpus, seed=4).chrf.low

    def test_do_not_depend_on_how_many_resamples_are_drawn_at_once(self, monkeypatch):
        corpus = noisy_corpus(60)
        together = score(*corpus, bootstrap=50)
        monkeypatch.setattr("charseq.scoring.bootstrap._WEIGHTS_AT_ONCE", 7 * 60 + 1)
        assert score(*corpus, bootstrap=50) == together

    def test_are_what_scoring_drawn_items_gives(self):
        import numpy as np

        hypotheses, references = noisy_corpus(40)
        random_items = np.random.default_rng(5)
        drawn = []
        for _ in range(30):
            chosen = random_items.integers(40, size=40).tolist()
            report = score(
                [hypotheses[i] for i in chosen], [references[i] for i in chosen], intervals=False
            )
            drawn.append(values(report))
        report = score(hypotheses, references, bootstrap=30, seed=5)
        _, *ends = [(metric.low, metric.high) for metric in metrics(report)]
        _, *expected = np.percentile(drawn, [2.5, 97.5], axis=0).T
        assert np.array(ends) == pytest.approx(np.array(expected), abs=1e-9)

    def test_are_a_point_for_a_single_item_but_for_shares(self):
        _, *others = metrics(score(["abc def"], [["abd def"]], bootstrap=10))
        for metric in others:
            assert metric.low == metric.value == metric.high

    def test_are_left_out_on_request(self):
        report = score(["a"], [["a"]], intervals=False)
        assert report.bootstrap == 0
        assert all(metric.low is None and metric.high is None for metric in metrics(report))

    def test_need_at_least_one_resample(self):
        with pytest.raises(UsageError, match="at least one resample, not 0"):
            score(["a"], [["a"]], bootstrap=0)


class TestWorstErrors:
    def test_lists_the_most_edits_per_character_first_and_no_right_ones(self):
        found = worst_errors(
            ["s1", "s2", "s3", "s4"],
            ["abcdefgX", "right", "Y", "longX"],
            [["abcdefgh"], ["right"], ["x"], ["longy", "other"]],
        )
        assert [(item.source, item.distance, item.error_rate) for item in found] == [
            ("s3", 1, 1.0),
            ("s4", 1, 0.2),
            ("s1", 1, 0.125),
        ]
        assert [item.place for item in found] == [2, 3, 0]
        assert found[1].hypothesis == "longX"
        assert found[1].references == ("longy", "other")
        assert found[1].nearest == "longy"

    def test_puts_more_edits_then_the_earlier_item_first_among_equals(self):
        found = worst_errors(["a", "b", "c"], ["x", "x", "xx"], [["y"], ["y"], ["yy"]])
        assert [item.source for item in found] == ["c", "a", "b"]

    @settings(deadline=None)
    @given(items, st.integers(0, 5))
    def test_lists_at_most_as_many_as_asked_for(self, pairs, count):
        hypotheses, references = split(pairs)
        wrong = sum(hypothesis not in right for hypothesis, right in pairs)
        found = worst_errors(hypotheses, hypotheses, references, count=count)
        assert len(found) == min(count, wrong)

    def test_is_written_as_json(self):
        (item,) = worst_errors(["s"], ["a"], [["b", "cd"]])
        assert item.as_dict() == {
            "place": 0,
            "source": "s",
            "hypothesis": "a",
            "references": ["b", "cd"],
            "nearest": "b",
            "distance": 1,
            "error_rate": 1.0,
        }


class TestRefusals:
    @pytest.mark.parametrize("measure", [score, character_error_rate])
    def test_says_what_does_not_match_up(self, measure):
        with pytest.raises(DataError, match="2 hypotheses but references for 1 items"):
            measure(["a", "b"], [["a"]])
        with pytest.raises(DataError, match="nothing to score"):
            measure([], [])
        with pytest.raises(DataError, match="item 2 has no references"):
            measure(["a", "b"], [["a"], []])
        with pytest.raises(DataError, match="item 1 must have a list of references"):
            measure(["ab"], ["ab"])

    def test_wants_a_source_for_each_of_the_worst(self):
        with pytest.raises(DataError, match="1 sources but 2 hypotheses"):
            worst_errors(["a"], ["a", "b"], [["a"], ["b"]])


def test_importing_scoring_loads_neither_sacrebleu_nor_torch():
    code = "import sys, charseq.scoring; print({'sacrebleu', 'torch'} & set(sys.modules))"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "set()"


def sacrebleu_version() -> str:
    import sacrebleu

    return sacrebleu.__version__


def test_a_report_is_shown_as_a_table() -> None:
    shown = str(score(["ab", "cd"], [["ab"], ["ce"]])).splitlines()
    assert shown[0] == "2 outputs"
    assert shown[1].split() == ["metric", "value", "95", "%", "interval"]
    assert shown[2].startswith("exact match")
    assert "50.00%" in shown[2]
    assert len({len(line) for line in shown[1:]}) == 1
