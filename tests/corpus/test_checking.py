"""What a check finds in a corpus, and what it leaves in peace."""

import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charseq.config import ModelSettings
from charseq.corpus import Corpus, Pair, read_corpus
from charseq.corpus.checking import Finding, check_corpus

LETTERS = "abcdefghij"
# Enough of ordinary pairs that nothing is rare, short or out of line.
PLAIN = [
    (f"{number:04}".translate(str.maketrans("0123456789", LETTERS)),) * 2 for number in range(1500)
]


def found_in(
    *more: tuple[str, str], held_out: list[tuple[str, str]] | None = None, **model: object
) -> dict[str, Finding]:
    pairs = [Pair(*pair) for pair in [*PLAIN, *more]]
    other = held_out and Corpus("held out", [Pair(*pair) for pair in held_out])
    findings = check_corpus(Corpus("plain", pairs), other or None, ModelSettings(**model))
    return {finding.name: finding for finding in findings}


def test_nothing_is_found_in_an_orderly_corpus():
    assert found_in() == {}


def test_too_few_inputs_are_told_with_what_a_held_out_score_is_worth():
    (finding,) = check_corpus(Corpus("few", [Pair(*pair) for pair in PLAIN[:500]]))
    assert (finding.name, finding.count) == ("too few pairs", 500)
    # Half the 95 % interval of a share of one half among 50.
    assert "± 14 points" in finding.what


def test_repeated_pairs_are_counted_and_shown_with_their_first_place():
    finding = found_in(("aaaa", "aaaa"), ("aaaa", "aaaa"), ("aaab", "aaab"))["duplicates"]
    assert finding.count == 3
    assert [(each.pair, each.text) for each in finding.examples] == [
        (1, "aaaa → aaaa (3 ×)"),
        (2, "aaab → aaab (2 ×)"),
    ]


def test_a_pair_repeated_in_another_normal_form_is_repeated():
    apart = unicodedata.normalize("NFD", "é")
    finding = found_in(("é", "e"), (apart, "e"))["duplicates"]
    assert (finding.count, finding.examples[0].text) == (1, "é → e (2 ×)")


def test_inputs_with_several_targets_are_shown_with_the_most_frequent_first():
    finding = found_in(("aaaa", "bbbb"), ("aaaa", "bbbb"))["contradictory pairs"]
    assert finding.count == 1
    assert finding.examples[0].text == "aaaa → bbbb (2 ×) | aaaa (1 ×)"


def test_inputs_on_both_sides_are_found_with_their_place_among_the_held_out():
    held_out = [("jjjjj", "j"), ("aaaa", "c"), ("aaab", "aaab")]
    finding = found_in(held_out=held_out)["inputs on both sides"]
    assert finding.count == 2
    assert finding.held_out
    assert [each.pair for each in finding.examples] == [2, 3]
    assert "1 held-out pair with the same target" in finding.what


def test_held_out_pairs_are_counted_one_by_one_whatever_their_normal_form():
    apart = (unicodedata.normalize("NFD", "é"), "e")
    found = found_in(("é", "e"), held_out=[apart, apart, ("é", "f")])
    assert "2 held-out pairs with the same target" in found["inputs on both sides"].what


def test_a_held_out_file_of_other_inputs_is_left_in_peace():
    assert found_in(held_out=[("jjjjj", "j")]) == {}


def test_held_out_symbols_that_the_corpus_lacks_are_told_for_each_side():
    found = found_in(held_out=[("jjjjj", "z"), ("yabz", "z"), ("y", "abcd")])
    assert found.keys() == {"unseen source characters", "unseen target characters"}
    source, target = found["unseen source characters"], found["unseen target characters"]
    assert (source.count, target.count) == (2, 1)
    assert source.held_out
    assert "2 source characters of 2 held-out sources: y, z" in source.what
    assert [each.pair for each in source.examples] == [2, 2]
    assert [each.text for each in target.examples] == ["z (U+007A LATIN SMALL LETTER Z) in z"]
    assert "cannot write" in target.advice


def test_rare_characters_are_named_with_where_they_stand():
    finding = found_in(("abcZ", "abcd"))["rare source characters"]
    assert finding.count == 1
    assert finding.examples[0].pair == 1501
    assert "Z (U+005A LATIN CAPITAL LETTER Z) in abcZ" in finding.examples[0].text


PHONES = ("t͡ʃ", "t", "a", "aː", "k", "ʃ")
WORDS = [(f"{first} {second}",) * 2 for first in PHONES for second in PHONES for _ in range(2)]


def test_what_is_rare_is_what_the_model_reads_as_one_symbol():
    # Each of its characters is frequent.
    pairs = [*WORDS, ("t͡ʃ ta", "t͡ʃ ta"), ("ta a", "a a")]
    found = {
        separator: {
            finding.name: finding
            for finding in check_corpus(
                Corpus("phones", [Pair(*pair) for pair in pairs]),
                model=ModelSettings(source_separator=separator),
            )
        }
        for separator in (None, " ")
    }
    assert "rare source characters" not in found[None]
    assert "rare target symbols" not in found[" "]
    finding = found[" "]["rare source symbols"]
    assert finding.count == 1
    assert f"1 of {len(PHONES) + 1:,} source symbols: ta" in finding.what
    assert [each.text for each in finding.examples] == ["ta in t͡ʃ ta"]


def test_lengths_are_those_that_the_model_reads():
    words = [("a b c", "abc")] * 50
    long = [("+".join("abcdefghij" * 6), "x"), ("abcdefghij" * 9, "y")]
    apart = found_in(*words, *long, source_separator="+")
    assert [each.pair for each in apart["very long sources"].examples] == [1551]
    assert "(1 symbol); the longest has 60" in apart["very long sources"].what
    assert found_in(*words, *long)["very long sources"].count == 2


def test_both_ways_to_write_a_letter_are_one_unless_texts_are_read_as_they_stand():
    apart = unicodedata.normalize("NFD", "é")
    pairs = [("é", "x")] * 5 + [(apart, "x")]
    assert "rare source characters" not in found_in(*pairs)
    as_they_stand = found_in(*pairs, normalise="none")["rare source characters"]
    assert "\u0301" in as_they_stand.examples[0].text
    assert found_in(*pairs)["sources in another normal form"].count == 1


def test_a_corpus_with_hangul_is_checked_by_its_letters():
    pairs = [("한국", "x")] * 5 + [("간", "x")]
    assert "rare source characters" not in found_in(*pairs)
    assert "간" in found_in(*pairs, normalise="nfc")["rare source characters"].what


def test_what_looks_wrong_is_found_by_character_however_long_symbols_are():
    pairs = [("ab\u200bcd", "ab’cd"), ("capitаl ", "x"), *[("abcd", "ab'cd")] * 60]
    kinds = ("invisible", "look-alike", "mixed", "stray")
    plain, longer = (
        {name: finding for name, finding in found.items() if name.startswith(kinds)}
        for found in (
            found_in(*pairs),
            found_in(*pairs, source_separator=" ", symbols="graphemes"),
        )
    )
    assert longer == plain
    assert {name.split()[0] for name in plain} == set(kinds)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ab\u200bcd", "invisible target characters"),
        ("ab\u202ecd", "invisible target characters"),
        ("ab\ufe0fcd", "invisible target characters"),
        ("ab\u3164cd", "invisible target characters"),
        ("ab\ufffdcd", "damaged target characters"),
        ("ab\ue000cd", "damaged target characters"),
        ("ab\u00a0cd", "unusual space target characters"),
        ("ab\u202fcd", "unusual space target characters"),
    ],
)
def test_characters_that_are_not_what_they_seem_are_found(text, name):
    finding = found_in(*[("abcd", text)] * 7)[name]
    assert finding.count == 7
    assert finding.examples[0].pair == 1501


@pytest.mark.parametrize(
    ("text", "name", "shown"),
    [
        ("cafÃ© noir", "misread targets", "cafÃ© noir, meant: café noir"),
        ("itâ€™s", "misread targets", "itâ€™s, meant: it’s"),
        ("salt &amp; pepper", "markup in targets", "salt &amp; pepper"),
        ("a <b>bold</b> word", "markup in targets", "a <b>bold</b> word"),
        ('"a ""good"" one"', "quoted targets", '"a ""good"" one"'),
    ],
)
def test_traces_of_other_programs_are_found(text, name, shown):
    finding = found_in(*[("abcd", text)] * 7)[name]
    assert finding.count == 7
    assert (finding.examples[0].pair, finding.examples[0].text) == (1501, shown)


@pytest.mark.parametrize("text", ["café Ã la", "R&D; a < b > c", '"so" he said', "Â", "5 µm"])
def test_what_only_resembles_such_traces_is_not_told(text):
    names = {"misread targets", "markup in targets", "quoted targets"}
    assert names.isdisjoint(found_in(("abcd", text)))


def test_spaces_at_the_ends_and_in_a_row_are_found():
    finding = found_in(("abc ", "x"), (" abc", "x"), ("a  b", "x"), ("a b", "x"))[
        "stray source spaces"
    ]
    assert finding.count == 3
    assert [each.pair for each in finding.examples] == [1501, 1502, 1503]
    assert finding.examples[0].text == "'abc '"


def test_a_text_that_ends_and_the_next_that_begins_with_a_space_hold_no_two_in_a_row():
    finding = found_in(("abc ", "x"), (" abc", "x"))["stray source spaces"]
    assert "0 sources with several in a row" in finding.what


def test_spaces_at_the_ends_of_features_are_found():
    finding = found_in(("abcd", "x", ("V", " PST")), ("abce", "x", ("V", "PST")))[
        "spaces in features"
    ]
    assert finding.count == 1
    assert [(each.pair, each.text) for each in finding.examples] == [(1501, "' PST'")]


def test_inputs_in_another_normal_form_are_the_same():
    accented = "caf\u00e9"
    found = found_in((accented, "x"), (unicodedata.normalize("NFD", accented), "y"))
    assert found["contradictory pairs"].count == 1
    assert "--features-column" in found["contradictory pairs"].advice
    other = unicodedata.normalize("NFD", accented)
    shared = found_in((accented, "x"), held_out=[(other, "y")])["inputs on both sides"]
    assert shared.count == 1
    as_they_stand = found_in((accented, "x"), (other, "y"), normalise="none")
    assert "contradictory pairs" not in as_they_stand


def test_targets_in_another_normal_form_contradict_nothing():
    accented = "caf\u00e9"
    other = unicodedata.normalize("NFD", accented)
    assert "contradictory pairs" not in found_in((accented, "x"), (other, "x"))
    assert "contradictory pairs" not in found_in(("x", accented), ("x", other))


def test_words_of_mixed_scripts_are_found_and_the_odd_letter_is_named():
    finding = found_in(("capitаl", "x"), ("Жук abc", "x"))["mixed scripts in a source word"]
    assert finding.count == 1
    assert finding.examples[0].text == "capitаl: а (U+0430 CYRILLIC SMALL LETTER A)"


def test_marks_do_not_hide_a_mixed_word():
    decomposed = unicodedata.normalize("NFD", "café")
    assert "mixed scripts in a source word" in found_in((f"{decomposed}ж", "x"))
    assert "mixed scripts in a source word" not in found_in(("abc", "x"), ("\u0301жук", "x"))


def test_neighbouring_texts_of_different_scripts_are_no_mixed_word():
    assert "mixed scripts in a source word" not in found_in(("abc", "x"), ("Жук", "x"))


def test_phonetic_letters_from_greek_are_no_other_script():
    assert "mixed scripts in a source word" not in found_in(("θbaχi", "x"))


def test_a_rare_look_alike_of_a_common_character_is_found():
    finding = found_in(("abcd", "ab’cd"), *[("abcd", "ab'cd")] * 60)["look-alike target characters"]
    assert finding.count == 1
    assert (
        "’ (U+2019 RIGHT SINGLE QUOTATION MARK) 1 ×, against ' (U+0027 APOSTROPHE) 60 ×"
        in finding.what
    )
    assert [each.pair for each in finding.examples] == [1501]


def test_a_full_width_letter_is_a_look_alike():
    assert found_in(("ａbcd", "x"))["look-alike source characters"].count == 1


def test_look_alikes_that_are_both_common_are_left_in_peace():
    both = [("abcd", "ab’cd")] * 30 + [("abcd", "ab'cd")] * 60
    assert "look-alike target characters" not in found_in(*both)


def test_texts_in_another_form_than_nfc_are_found_and_those_in_both_forms_counted():
    apart = unicodedata.normalize("NFD", "été")
    finding = found_in(("été", "x"), (apart, "x"), (f"a{apart}", "x"))[
        "sources in another normal form"
    ]
    assert finding.count == 2
    assert "1 also occurring in NFC" in finding.what
    assert (finding.examples[0].pair, finding.examples[0].text) == (1502, r"e\u0301te\u0301")
    assert [each.pair for each in finding.examples] == [1502, 1503]


@pytest.mark.parametrize("composed", ["\u09cb", "\u0bca", "\u0cc7", "\u0dde", "\u1026", "\u1b0e"])
def test_vowel_signs_apart_are_found_though_they_do_not_combine(composed: str):
    apart = unicodedata.normalize("NFD", composed)
    assert "sources in another normal form" in found_in((apart, "ab"))


def test_hangul_apart_is_found_though_its_letters_do_not_combine():
    apart = unicodedata.normalize("NFD", "한글")
    assert found_in((apart, "x"))["sources in another normal form"].count == 1


def test_marks_that_have_no_composed_form_are_left_in_peace():
    assert "sources in another normal form" not in found_in(("ʃ̃a", "x"))


def test_pairs_of_odd_lengths_are_found():
    finding = found_in(("abcd", "abcd" * 20), ("abcd" * 20, "abcd"), ("ab", "abcd"))[
        "lengths out of line"
    ]
    assert finding.count == 2
    assert {each.pair for each in finding.examples} == {1501, 1502}


def test_a_few_long_pairs_that_have_most_symbols_are_found():
    long = [("abcd" * 100, "abcd" * 100)] * 60
    finding = found_in(*long)["few long pairs"]
    assert finding.count == 60
    assert "60 pairs of 1,560 with more than 8 symbols on a side have 8" in finding.what
    assert "--max-length 8" in finding.advice
    assert "few long pairs" not in found_in(*long[:5])


def test_very_long_texts_are_found():
    finding = found_in(("abcd" * 50, "abcd" * 50))["very long sources"]
    assert (finding.count, finding.examples[0].pair) == (1, 1501)


@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8)), min_size=1
    ),
    st.sampled_from([None, " ", "a"]),
    st.sampled_from(["characters", "graphemes"]),
)
def test_any_corpus_can_be_checked(pairs, separator, symbols):
    corpus = Corpus("any", [Pair(*pair) for pair in pairs])
    model = ModelSettings(source_separator=separator, symbols=symbols)
    for finding in check_corpus(corpus, corpus, model):
        assert finding.count > 0
        assert all(1 <= example.pair <= len(pairs) for example in finding.examples)
        assert len(finding.examples) <= 5


def test_the_time_grows_no_faster_than_the_corpus():
    few, many = (
        [Pair(f"abc {n:07}", f"def {n:07}") for n in range(count)] for count in (5_000, 50_000)
    )

    def seconds(pairs: list[Pair]) -> float:
        began = time.process_time()
        check_corpus(Corpus("numbers", pairs))
        return time.process_time() - began

    assert seconds(many) < 60 * seconds(few)


@pytest.mark.slow
def test_real_sentences_hold_the_slips_that_are_known(shared_data: Path):
    corpus = read_corpus(shared_data / "fra-eng.zip")
    findings = {finding.name: finding for finding in check_corpus(corpus)}
    assert "capitаl" in findings["mixed scripts in a source word"].examples[0].text
    assert findings["invisible target characters"].count == 2
    assert findings["duplicates"].count == 5
