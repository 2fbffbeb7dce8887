"""Symbols of several characters and Unicode's forms, from a corpus to a model's answers."""

import itertools
import unicodedata
import warnings
from pathlib import Path

import pytest
from tests.conftest import ATTENTIVE

import charseq
from charseq.config import CorpusConfig, ModelConfig, configure
from charseq.corpus import Corpus, Pair, Split, corpus_of, read_corpus
from charseq.errors import DataError, UnknownCharactersWarning, UsageError
from charseq.modelfile import description_from_dict, description_to_dict
from charseq.scoring import character_error_rate
from charseq.text import Spelling, Spellings
from charseq.training.prepare import Prepared, prepare
from charseq.translator import Translator

SOUNDS = {"a": "aː", "b": "t͡ʃ", "c": "k", "é": "e"}
WORDS = ["".join(word) for n in (1, 2, 3) for word in itertools.product(SOUNDS, repeat=n)]
SEPARATED = Spellings.of(ModelConfig(source_separator="+", target_separator=" "))


def prepared(pairs: list[Pair], **settings: object) -> Prepared:
    split = Split(tuple(pairs), tuple(pairs))
    return prepare(Corpus("toy", pairs), split, configure(**settings))


@pytest.fixture(scope="module")
def phonemes(tmp_path_factory: pytest.TempPathFactory) -> Translator:
    """A translator that writes a phoneme for each letter."""
    return charseq.train(
        [(word, " ".join(SOUNDS[letter] for letter in word)) for word in WORDS],
        run=tmp_path_factory.mktemp("runs") / "phonemes",
        target_separator=" ",
        units=48,
        epochs=25,
        learning_rate=0.01,
        patience=None,
        keep="last",
    )


def test_phonemes_are_single_symbols_and_are_written_apart(phonemes: Translator) -> None:
    assert phonemes.description.targets.ordinary == ("aː", "e", "k", "t͡ʃ")
    assert str(phonemes.translate("bab")) == "t͡ʃ aː t͡ʃ"
    limit = phonemes.description.output_limit.of(3)
    assert 3 < limit < 10  # Counted in characters, the longest target alone has eleven.


def test_a_model_of_longer_symbols_is_the_same_after_saving(
    phonemes: Translator, tmp_path: Path
) -> None:
    phonemes.save(tmp_path / "model.safetensors")
    again = charseq.load(tmp_path / "model.safetensors")
    assert again.description == phonemes.description
    assert again.translate(WORDS) == phonemes.translate(WORDS)


def test_both_ways_to_write_a_letter_are_one(phonemes: Translator) -> None:
    composed, decomposed = (unicodedata.normalize(form, "éa") for form in ("NFC", "NFD"))
    with warnings.catch_warnings(action="error"):
        assert str(phonemes.translate(decomposed)) == str(phonemes.translate(composed)) == "e aː"
    assert phonemes.translate(decomposed).source == decomposed


def test_unknown_symbols_are_named_whole(tmp_path: Path) -> None:
    translator = charseq.train(
        [("t͡ʃ a", "x"), ("a", "y"), ("a a", "z")],
        run=tmp_path / "run",
        source_separator=" ",
        units=4,
        epochs=1,
    )
    with pytest.warns(UnknownCharactersWarning, match="symbols that the model never saw .*: d͡ʒ$"):
        answer = translator.translate("d͡ʒ a")
    assert answer.unknown_symbols == ("d͡ʒ",)
    assert translator.translate(["d͡ʒ"], unknown="error")[0].error == "the model never saw d͡ʒ"
    assert [str(answer) for answer in translator.translate(["", " "])] == ["", ""]


def test_the_answers_form_is_that_of_the_targets() -> None:
    for form in ("NFC", "NFD"):
        targets = [unicodedata.normalize(form, text) for text in ("é", "한국", "ab")]
        description = prepared([Pair("a", target) for target in targets]).description
        assert description.targets.spelling.written == form.lower()
        for target in targets:
            assert description.targets.text(description.targets.ids(target)) == target


@pytest.mark.parametrize(
    ("pairs", "settings", "form"),
    [
        ([Pair("한국", "hanguk")], {}, "jamo"),
        ([Pair("hanguk", "한국")], {}, "jamo"),
        ([Pair("a", "é")], {}, "nfc"),
        ([Pair("한국", "é")], {"normalise": "nfd"}, "nfd"),
        ([Pair("한국", "é")], {"normalise": "none"}, "none"),
    ],
)
def test_a_corpus_with_hangul_is_read_in_jamo(pairs, settings, form) -> None:
    description = prepared(pairs, **settings).description
    assert description.config.normalise == form
    assert description.sources.spelling.normalise == form
    assert ("한" in description.sources.symbols) == (pairs[0].source == "한국" and form == "none")


def test_the_keras_preset_takes_texts_as_they_stand() -> None:
    pairs = [Pair("e\u0301", "한")]
    split = Split(tuple(pairs), tuple(pairs))
    made = prepare(Corpus("toy", pairs), split, configure("keras-example")).description
    assert made.config.normalise == "none"
    assert "\u0301" in made.sources.symbols
    assert "한" in made.targets.symbols


@pytest.mark.parametrize("symbols", ["characters", "graphemes"])
@pytest.mark.parametrize("normalise", ["auto", "none", "nfc", "nfd", "jamo"])
@pytest.mark.parametrize("separators", list(itertools.product([None, " ", "é"], repeat=2)))
@pytest.mark.parametrize("features", [(), ("N", "PL")])
def test_every_way_to_spell_comes_back_from_a_model_file(
    symbols, normalise, separators, features
) -> None:
    made = prepared(
        [Pair("한 e\u0301 a", "x y\u0301", features, "kor" * bool(features))],
        symbols=symbols,
        normalise=normalise,
        source_separator=separators[0],
        target_separator=separators[1],
    ).description
    assert made.config.normalise != "auto"
    assert description_from_dict(description_to_dict(made)) == made


def test_lengths_count_symbols() -> None:
    made = prepared(
        [Pair("aa bb", "xx yy zz"), Pair("aa", "xx")],
        source_separator=" ",
        target_separator=" ",
        pad_source_to="longest",
        maximum_output_length="longest",
    )
    assert made.description.config.pad_source_to == 2
    assert made.training.sources.lengths.tolist() == [2, 2]
    # Start and end, and one more.
    assert made.description.config.maximum_output_length == 3 + 2 + 1
    pad = made.description.sources.id_of(" ")
    assert made.training.sources.ids.tolist()[-1] == pad != made.description.sources.unknown


def test_the_longest_side_is_counted_in_symbols() -> None:
    pairs = [("abc+d+e", "x"), ("a", "xx yy"), ("a+b+c", "x")]
    corpus = corpus_of(pairs, CorpusConfig(max_length=2), spellings=SEPARATED)
    assert [pair.target for pair in corpus.pairs] == ["xx yy"]
    assert corpus.left_out == {"longer than 2 symbols": 2}


@pytest.mark.parametrize("layout", ["tsv", "csv", "jsonl"])
def test_a_separator_without_symbol_is_a_bad_line(tmp_path: Path, layout: str) -> None:
    lines = {
        "tsv": "a+b\tx y\na++b\tx\na\tx \n",
        "csv": "a+b,x y\na++b,x\na,x \n",
        "jsonl": '["a+b", "x y"]\n["a++b", "x"]\n["a", "x "]\n',
    }
    path = tmp_path / f"pairs.{layout}"
    path.write_text(lines[layout], encoding="utf-8")
    with pytest.raises(DataError) as refused:
        read_corpus(path, spellings=SEPARATED)
    assert f"{path}:2: column 1 has a separator with no symbol next to it" in str(refused.value)
    assert f"{path}:3: column 2 has" in str(refused.value)
    skipped = read_corpus(path, CorpusConfig(skip_bad_lines=True), spellings=SEPARATED)
    assert skipped.left_out == {"empty symbol": 2}
    # Separators belong to sides, not to columns.
    with pytest.raises(DataError, match=f"{path}:3: column 2"):
        read_corpus(path, CorpusConfig(reverse=True), spellings=Spellings(*SEPARATED[::-1]))


def test_every_score_of_a_model_of_graphemes_is_over_graphemes(tmp_path: Path) -> None:
    words = ["".join(word) for word in itertools.product("कखगघ", "ािीु", "कखगघ", "ािीु")]
    held_out = words[::4]
    model = charseq.train(
        [(word, word) for word in words if word not in held_out],
        held_out=[(word, word) for word in held_out],
        run=tmp_path / "run",
        symbols="graphemes",
        units=32,
        copying=False,
        epochs=3,
        learning_rate=0.01,
        keep="last",
        refit=False,
    )
    answers = [str(each) for each in model.translate(held_out)]
    by_grapheme, by_character = (
        character_error_rate(
            [" ".join(cut(answer)) for answer in answers],
            [[" ".join(cut(word))] for word in held_out],
            target_separator=" ",
        )
        for cut in (Spelling(graphemes=True).symbols, list)
    )
    assert 0 < by_character < by_grapheme < 1
    run, report = model.training_run, model.evaluate([(word, word) for word in held_out])
    assert run is not None
    assert run.history.epochs[-1].cer == pytest.approx(by_grapheme)
    assert run.report.character_error_rate.value == by_grapheme
    assert report.character_error_rate.value == by_grapheme


def test_training_goes_on_with_the_spelling_of_the_model_it_starts_from(
    phonemes: Translator, tmp_path: Path
) -> None:
    phonemes.save(tmp_path / "model.safetensors")
    model = {"start_from": tmp_path / "model.safetensors", "epochs": 1}
    pairs = [("ab", "aː t͡ʃ"), ("d", "d͡ʒ"), ("a", "aː")]
    further = charseq.train(pairs, run=tmp_path / "further", **model)
    known = phonemes.description.targets.symbols
    assert further.description.targets.symbols in (known, (*known, "d͡ʒ"))
    assert further.description.targets.spelling == phonemes.description.targets.spelling
    with pytest.raises(UsageError, match="target_separator is ' ' in the model to start from"):
        charseq.train(pairs, run=tmp_path / "other", target_separator="+", **model)
    with pytest.raises(DataError, match="separator with no symbol"):
        charseq.train([("ab", "aː  t͡ʃ")], run=tmp_path / "bad", **model)


def test_a_space_that_separates_symbols_is_never_copied_as_one(tmp_path: Path) -> None:
    words = ["".join(letters) for letters in itertools.product("abcd", repeat=2)]
    pairs = [(f"{a} {b}", " ".join(a + b)) for a in words for b in words[::3]]
    model = charseq.train(
        pairs,
        run=tmp_path / "run",
        target_separator=" ",
        copying=True,
        epochs=8,
        learning_rate=0.01,
        refit=False,
        **ATTENTIVE,
    )
    for source in ("ab cd", "a  b", " ", "a ж"):
        answer = model.translate(source)
        assert model.description.targets.spelling.length(answer.hypothesis) == len(
            answer.hypothesis.split(" ")
        )
        if not answer.cut:
            score = model.score(source, answer.hypothesis)
            assert score == pytest.approx(answer.log_probability, abs=1e-4)
    # Other unseen symbols still are.
    assert "ж" in str(model.translate("ab ж"))
