import copy
import math
import pickle
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import charseq
from charseq.answering import LONGEST_SOURCE, STREAM_CHUNK
from charseq.errors import CharseqWarning, UnknownCharactersWarning, UsageError
from charseq.modelfile import OutputLimit
from charseq.search.engine import _OWN_THREADS
from charseq.translator import Translator

words = st.text("abcd", max_size=7)


def test_a_text_gives_a_translation_that_prints_as_itself(toy_translator: Translator) -> None:
    answer = toy_translator.translate("abcda")
    assert str(answer) == answer.hypothesis == "ADCBA"
    assert answer.source == "abcda"
    assert 0 < math.exp(answer.log_probability) <= 1
    assert not answer.cut


@settings(max_examples=30)
@given(st.lists(words, max_size=12))
def test_a_batch_gives_the_strings_its_rows_give_alone(toy_translator, texts) -> None:
    together = toy_translator.translate(texts)
    backwards = toy_translator.translate(texts[::-1])[::-1]
    alone = [toy_translator.translate(text) for text in texts]
    assert [str(a) for a in together] == [str(a) for a in alone] == [str(a) for a in backwards]
    for one, other in zip(together, alone, strict=True):
        assert one.log_probability == pytest.approx(other.log_probability, abs=1e-4)


def test_more_texts_than_a_batch_come_back_in_order(toy_translator: Translator, toy_pairs) -> None:
    texts = [source for source, _ in toy_pairs] * 2
    answers = toy_translator.translate(texts)
    assert [answer.source for answer in answers] == texts
    assert [str(a) for a in answers[: len(toy_pairs)]] == [
        str(a) for a in answers[len(toy_pairs) :]
    ]


def test_an_empty_text_comes_back_empty(toy_translator: Translator) -> None:
    assert [str(answer) for answer in toy_translator.translate(["", "ab", ""])][::2] == ["", ""]
    assert toy_translator.translate([]) == []


def test_a_stream_is_answered_in_order_before_it_ends(toy_translator: Translator) -> None:
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield "abcda"[: 1 + taken % 5]

    answers = toy_translator.stream(endless())
    first = [next(answers) for _ in range(10)]
    assert [answer.source for answer in first] == ["abcda"[: 1 + n % 5] for n in range(1, 11)]
    assert taken <= STREAM_CHUNK


def test_unknown_characters_are_replaced_with_one_warning_that_names_them(
    toy_translator: Translator,
) -> None:
    with pytest.warns(UnknownCharactersWarning) as warned:
        answers = toy_translator.translate(["aéb", "ab", "\u202eéa"])
    assert len(warned) == 1
    assert "é (U+00E9)" in str(warned[0].message)
    assert "\\u202e (U+202E)" in str(warned[0].message)
    assert [answer.unknown_symbols for answer in answers] == [("é",), (), ("é", "\u202e")]
    assert all(set(answer.hypothesis) <= set("ABCD") for answer in answers)


def test_unknown_characters_are_refused_where_they_are_an_error(toy_translator: Translator) -> None:
    with pytest.raises(UsageError, match="unknown must be 'replace' or 'error', not 'eror'"):
        toy_translator.translate("aéb", unknown="eror")
    refused, fine = toy_translator.translate(["aéb", "abcda"], unknown="error")
    assert refused.error == "the model never saw é (U+00E9)"
    assert refused.hypothesis == ""
    assert (fine.hypothesis, fine.error) == ("ADCBA", None)


def test_a_text_that_is_too_long_is_refused_and_the_others_answered(
    toy_translator: Translator,
) -> None:
    refused, fine = toy_translator.translate(["a" * (LONGEST_SOURCE + 1), "abcda"])
    assert refused.error == "longer than 10,000 characters"
    assert fine.hypothesis == "ADCBA"


def test_a_long_text_is_answered_within_its_limit(toy_translator: Translator) -> None:
    answer = toy_translator.translate("abcd" * 500)
    assert len(answer.hypothesis) <= toy_translator.description.output_limit.of(2_000)


def test_saving_and_loading_changes_no_answer(
    toy_translator: Translator, toy_pairs, tmp_path: Path
) -> None:
    toy_translator.save(tmp_path / "model.safetensors")
    again = charseq.load(tmp_path / "model.safetensors")
    texts = [source for source, _ in toy_pairs]
    assert again.translate(texts) == toy_translator.translate(texts)
    again.save(tmp_path / "again.safetensors")
    files = [tmp_path / f"{name}.safetensors" for name in ("model", "again")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_the_public_names_are_there_without_importing_torch_first() -> None:
    assert set(charseq.__all__) <= set(dir(charseq))
    assert charseq.Translator is Translator
    with pytest.raises(AttributeError, match="no attribute 'translat'"):
        charseq.translat  # noqa: B018


def test_a_beam_gives_the_n_best_with_their_scores(toy_translator: Translator) -> None:
    answer = toy_translator.translate("abcda", beam=5, n_best=3, length_penalty=1)
    assert len(answer.alternatives) == len({str(each) for each in answer.alternatives}) == 3
    best = answer.alternatives[0]
    assert str(best) == str(answer) == "ADCBA"
    assert best.log_probability == answer.log_probability
    # Six symbols with the end.
    assert best.score == pytest.approx(best.log_probability / (11 / 6))
    scores = [each.score for each in answer.alternatives]
    assert scores == sorted(scores, reverse=True)
    assert answer.as_dict()["alternatives"][2]["hypothesis"] == str(answer.alternatives[2])
    plain = toy_translator.translate("abcda", beam=5)
    assert plain.alternatives == ()
    assert "alternatives" not in plain.as_dict()


def test_a_confidence_is_what_the_calibration_makes_of_the_log_probability(
    toy_translator: Translator, toy_pairs
) -> None:
    calibration = toy_translator.description.calibration
    assert calibration is not None
    for answer in toy_translator.translate([source for source, _ in toy_pairs[::9]]):
        symbols = len(answer.hypothesis) + 1
        assert answer.confidence == calibration.confidence(answer.log_probability, symbols)
    best, *others = toy_translator.translate("abcda", beam=5, n_best=3).alternatives
    assert best.confidence is not None
    assert all(best.confidence > each.confidence > 0 for each in others if each.confidence)
    # A prefix and a lexicon change what can be answered, not how probable the model finds it.
    forced = [{"prefix": "ADC"}, {"lexicon": ["ADCBA", "DDA"]}]
    for constraint in forced:
        answer = toy_translator.translate("abcda", **constraint)
        assert answer.confidence == pytest.approx(best.confidence, abs=1e-4)
    assert toy_translator.translate("abcda", prefix="C").confidence < best.confidence / 2


def test_what_is_drawn_refused_or_unended_has_no_confidence(toy_translator: Translator) -> None:
    assert toy_translator.translate("abcda", sample=True).confidence is None
    assert toy_translator.translate("aéb", unknown="error").confidence is None
    description = replace(toy_translator.description, output_limit=OutputLimit(0, 3))
    cut = Translator(toy_translator.model, description).translate("abcda")
    assert (str(cut), cut.cut, cut.confidence) == ("ADC", True, 0)
    assert cut.as_dict()["confidence"] == 0


def test_just_the_answers_below_a_confidence_are_withheld(
    toy_translator: Translator, toy_pairs
) -> None:
    texts = [source for source, _ in toy_pairs[::9]]
    all_given = toy_translator.translate(texts)
    sure = sorted(answer.confidence or 0 for answer in all_given)
    least = sure[len(sure) // 3]
    assert sure[0] < least
    some_given = toy_translator.translate(texts, abstain_below=least)
    for answer, again in zip(all_given, some_given, strict=True):
        assert answer.confidence is not None
        withheld = answer.confidence < least
        assert again.abstained == withheld
        assert str(again) == ("" if withheld else str(answer))
        assert again.withheld == (str(answer) if withheld else "")
        assert again.confidence == answer.confidence
    streamed = toy_translator.stream(texts, abstain_below=least)
    assert [each.abstained for each in streamed] == [each.abstained for each in some_given]


def test_of_several_answers_the_best_says_whether_all_are_withheld(
    toy_translator: Translator,
) -> None:
    search = {"beam": 3, "n_best": 3}
    answer = toy_translator.translate("abcda", **search)
    assert answer.confidence is not None
    least = (1 + answer.confidence) / 2
    withheld = toy_translator.translate("abcda", abstain_below=least, **search)
    assert (withheld.abstained, str(withheld), withheld.withheld) == (True, "", "ADCBA")
    assert withheld.alternatives == answer.alternatives


def test_a_model_without_calibration_cannot_abstain(toy_translator: Translator) -> None:
    description = replace(toy_translator.description, calibration=None)
    older = Translator(toy_translator.model, description)
    answer = older.translate("abcda", beam=2, n_best=2)
    assert (answer.confidence, answer.alternatives[0].confidence) == (None, None)
    assert "confidence" not in str(answer.as_dict())
    with pytest.raises(UsageError, match="so it cannot abstain"):
        older.translate("abcda", abstain_below=0.5)


def test_an_unknown_setting_of_the_search_names_the_nearest(toy_translator: Translator) -> None:
    with pytest.raises(UsageError, match="unknown setting 'beems'; did you mean 'beam'"):
        toy_translator.translate("ab", beems=3)


def test_samples_are_the_same_alone_in_a_list_and_in_a_stream(toy_translator: Translator) -> None:
    texts = ["abcda"] * (STREAM_CHUNK + 3)
    asked = {"sample": True, "temperature": 4.0, "seed": 7}
    streamed = [str(each) for each in toy_translator.stream(texts, **asked)]
    assert len(set(streamed)) > 5
    assert streamed[:9] == [str(each) for each in toy_translator.translate(texts[:9], **asked)]
    last = STREAM_CHUNK + 2
    assert streamed[last] == str(toy_translator.translate(texts[0], first=last, **asked))
    other = toy_translator.stream(texts[:9], **{**asked, "seed": 8})
    assert [str(each) for each in other] != streamed[:9]


def test_a_prefix_is_for_all_texts_or_one_for_each(toy_translator: Translator) -> None:
    def answers(prefix) -> list[str]:
        return [str(each) for each in toy_translator.translate(["ab", "cd"], prefix=prefix)]

    assert [text[0] for text in answers("D")] == ["D", "D"]
    assert [text[:2] for text in answers(["BA", "CC"])] == ["BA", "CC"]
    assert answers(["", ""]) == ["BA", "DC"]
    assert str(toy_translator.translate("ab", prefix="C"))[0] == "C"
    for prefixes, which in ((["A"], "fewer"), (["A", "B", "C"], "more")):
        with pytest.raises(UsageError, match=f"there are {which} prefixes than texts"):
            answers(prefixes)
    refused, fine = toy_translator.translate(["ab", "cd"], prefix=["Éx", "D"])
    assert refused.error == "the model cannot write its prefix: x (U+0078) É (U+00C9)"
    assert (str(refused), str(fine)) == ("", "DC")


def test_with_a_lexicon_every_answer_is_in_it_or_says_why_there_is_none(
    toy_translator: Translator,
) -> None:
    entries = ["ADCBA", "DDA", "CC"]
    for search in ({}, {"beam": 3}, {"sample": True}):
        answers = toy_translator.translate(["abcda", "bbc"], lexicon=entries, **search)
        assert {str(each) for each in answers} <= set(entries)
    with pytest.warns(UnknownCharactersWarning, match="entries of the lexicon left out.*: 1"):
        lexicon = toy_translator.lexicon([*entries, "zz"])
    assert str(toy_translator.translate("abcda", lexicon=lexicon)) == "ADCBA"
    assert [str(each) for each in toy_translator.stream(["add"], lexicon=lexicon)] == ["DDA"]
    long = toy_translator.translate("a", lexicon=["A" * 500])
    assert long.error == "no entry of the lexicon fits within the output limit"
    assert (str(long), long.log_probability) == ("", 0.0)
    both = toy_translator.translate("a", lexicon=lexicon, prefix="B", beam=2, n_best=2)
    assert both.error == (
        "no entry of the lexicon begins with its prefix and fits within the output limit"
    )
    assert both.alternatives == ()
    with pytest.raises(UsageError, match="no entries"):
        toy_translator.translate("a", lexicon=[])


def test_scoring_an_answer_gives_its_own_log_probability(toy_translator: Translator) -> None:
    sources = ["abcda", "dd", "bbc"]
    answers = toy_translator.translate(sources, beam=3)
    scores = toy_translator.score(sources, [str(each) for each in answers])
    assert scores == pytest.approx([each.log_probability for each in answers], abs=1e-4)
    right = toy_translator.score("dd", "DD")
    assert right == pytest.approx(scores[1], abs=1e-4)
    assert toy_translator.score("dd", "AB") < right
    assert toy_translator.score("dd", "é") == -math.inf
    assert toy_translator.score([], []) == []


def test_a_pair_that_is_too_long_has_no_score_and_the_others_have_theirs(
    speaker: Translator,
) -> None:
    alone = speaker.score("ab", "aː t͡ʃ")
    with pytest.warns(CharseqWarning, match="2 of 3 pairs were not scored.*longer than 100,000"):
        long, both, short = speaker.score(
            ["a" * 100_001, "ab" * 1_500, "ab"], ["", "k " * 1_500, "aː t͡ʃ"]
        )
    assert math.isnan(long)
    assert math.isnan(both)
    assert short == pytest.approx(alone, abs=1e-4)


def test_a_wide_beam_takes_shorter_texts(toy_translator: Translator) -> None:
    long, short = toy_translator.translate(["ab" * 1_400, "ab"], beam=100)
    assert long.error == "longer than 2,621 characters, the most with a beam of 100"
    assert short.error is None
    assert toy_translator.translate("ab" * 1_400, beam=2).error is None


def test_threads_have_their_number_back_before_others_may_ask_for_it(
    toy_translator: Translator, monkeypatch
) -> None:
    found = []
    threads = type(_OWN_THREADS)
    leave = threads.leave
    monkeypatch.setattr(
        threads, "leave", lambda self: (found.append(torch.get_num_threads()), leave(self))
    )
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        toy_translator.translate("ab")
    finally:
        torch.set_num_threads(before)
    assert found
    assert set(found) == {2}


def test_pairs_that_do_not_match_are_not_scored(toy_translator: Translator) -> None:
    with pytest.raises(UsageError, match=r"sources and targets differ in number \(2 and 1\)"):
        toy_translator.score(["a", "b"], ["A"])
    with pytest.raises(UsageError, match="one source and one target, or a list of each"):
        toy_translator.score("a", ["A"])
    with pytest.warns(UnknownCharactersWarning, match="é"):
        toy_translator.score(["é"], ["A"])


def test_a_model_is_not_saved_under_the_name_of_an_export(
    toy_translator: Translator, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="named like an export: name a file that ends in"):
        toy_translator.save(tmp_path / "toy.onnx")
    assert not list(tmp_path.iterdir())


def test_a_stream_that_fails_answers_what_came_before(toy_translator: Translator) -> None:
    def failing():
        yield from ["ab", "ba"]
        raise OSError("gone")

    answers = toy_translator.stream(failing())
    assert [str(next(answers)) for _ in range(2)] == ["BA", "AB"]
    with pytest.raises(OSError, match="gone"):
        next(answers)


def test_a_stream_names_all_that_was_never_seen(toy_translator: Translator) -> None:
    texts = ["a☃", *["a☺"] * (STREAM_CHUNK + 100)]
    with pytest.warns(UnknownCharactersWarning, match="☃.*☺"):
        list(toy_translator.stream(texts))


@pytest.mark.parametrize(
    ("ask", "fault"),
    [
        (lambda it: list(it.stream("ab")), "stream takes several texts, not str"),
        (lambda it: list(it.stream(None)), "stream takes several texts, not NoneType"),
        (lambda it: it.translate(np.array("ab")), "translate takes a text or several texts, not"),
        (lambda it: it.translate("ab", prefix=np.array("B")), "a prefix must be a text, not array"),
        (lambda it: it.translate("ab", lexicon=np.array("BA")), "a lexicon must be several texts"),
        (
            lambda it: it.score("ab", np.array("BA")),
            "give one source and one target, or a list of each",
        ),
        (lambda it: it.explain(np.array("ab")), "give a text or several texts, not array"),
        (lambda it: it.explain(None), "give a text or several texts, not None"),
        (lambda it: it.translate("ab", lexicon="BA"), "a lexicon must be several texts, not 'BA'"),
        (
            lambda it: it.translate("ab", lexicon=[["BA"]]),
            r"a lexicon must contain only texts, not \['BA'\]",
        ),
        (lambda it: it.lexicon(None), "a lexicon must be several texts, not None"),
        (lambda it: it.translate("ab", lexicon=["BA", 1]), "must contain only texts, not 1"),
        (lambda it: it.translate("ab", prefix=3), "a prefix must be a text, not 3"),
        (
            lambda it: it.translate(["a", "b"], prefix=["A", None]),
            "a prefix must be a text, not None",
        ),
        (lambda it: it.translate(["a", "b"], prefix=["A"]), "there are fewer prefixes than texts"),
        (lambda it: it.score(["ab"], [2]), "target 1 must be a string, not int"),
        (lambda it: it.translate("ab", first="x"), "first must be a whole number of at least 0"),
        (lambda it: it.translate("ab", first=-1), "first must be a whole number of at least 0"),
        (lambda _: charseq.load(3), "a model is loaded from its path, not from int"),
        (lambda it: it.explain(["ab"], [None]), "target 1 must be a string, not NoneType"),
        (lambda it: it.evaluate(None), "a corpus must be a file, a corpus's name, or pairs"),
    ],
)
def test_what_is_no_text_is_said_in_plain_words(toy_translator: Translator, ask, fault) -> None:
    with pytest.raises(UsageError, match=fault):
        ask(toy_translator)


def test_copies_in_this_and_other_processes_answer_alike(
    toy_translator: Translator, tmp_path: Path
) -> None:
    toy_translator.save(tmp_path / "toy.safetensors")
    loaded = charseq.load(tmp_path / "toy.safetensors")
    expected = loaded.translate("abcd", beam=3, n_best=2)
    copies = [copy.copy(loaded), copy.deepcopy(loaded), pickle.loads(pickle.dumps(loaded))]
    assert [each.translate("abcd", beam=3, n_best=2) for each in copies] == [expected] * 3
    trained = pickle.loads(pickle.dumps(toy_translator))
    assert trained.translate("abcd", beam=3, n_best=2) == expected
    # A deep copy has weights of its own.
    with torch.no_grad():
        for weight in copies[1].model.parameters():
            weight.zero_()
    assert loaded.translate("abcd", beam=3, n_best=2) == expected


def test_sources_of_numpys_type_are_strings_in_the_answers(toy_translator: Translator) -> None:
    answers = toy_translator.translate(np.array(["ab", "ba"]))
    assert [type(each.source) for each in answers] == [str, str]
    assert [str(each) for each in answers] == ["BA", "AB"]


def test_sources_and_targets_may_come_from_anywhere(toy_translator: Translator) -> None:
    pairs = [("ab", "BA"), ("ba", "AB")]
    sources, targets = (list(side) for side in zip(*pairs, strict=True))
    scores = toy_translator.score((s for s, _ in pairs), (t for _, t in pairs))
    assert scores == toy_translator.score(sources, targets)
    explained = toy_translator.explain((s for s, _ in pairs), (t for _, t in pairs))
    assert explained == toy_translator.explain(sources, targets)


def test_a_lexicon_of_another_model_is_refused(
    toy_translator: Translator, copier: Translator
) -> None:
    with pytest.raises(UsageError, match="prepared for a model with other symbols"):
        toy_translator.translate("ab", lexicon=copier.lexicon(["agl"]))
    assert str(toy_translator.translate("ab", lexicon=toy_translator.lexicon(["BA"]))) == "BA"


def test_calls_at_once_leave_the_number_of_threads_as_it_was(toy_translator: Translator) -> None:
    """The second begins while the first has left the threads to batches, and ends after it."""
    engine, begun, ending = toy_translator.engine, threading.Event(), threading.Event()
    found: list[int] = []

    def first() -> None:
        with engine.at_once():
            begun.set()
            ending.wait()

    def second() -> None:
        begun.wait()
        with engine.at_once() as batches:
            found.append(batches)
            ending.set()
            one.join()

    def later() -> None:
        found.append(torch.get_num_threads())

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        one, other = threading.Thread(target=first), threading.Thread(target=second)
        for thread in (one, other):
            thread.start()
        other.join()
        after = threading.Thread(target=later)
        after.start()
        after.join()
    finally:
        torch.set_num_threads(before)
    assert found == [2, 2]
