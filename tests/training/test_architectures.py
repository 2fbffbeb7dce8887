"""Models beyond the Keras example's, really trained."""

import math
import random
from pathlib import Path

import pytest
import torch
from tests.conftest import ATTENTIVE

import charseq
from charseq import Translator
from charseq.config import configure
from charseq.corpus import Corpus, Pair, split_corpus
from charseq.encoding import NEVER_COPIED
from charseq.errors import UsageError
from charseq.training.prepare import Prepared, prepare

PLAIN = {
    "attention": "none",
    "bidirectional": False,
    "embedding": None,
    "units": 48,
    "batch_size": 64,
    "dropout": 0,
    "symbol_dropout": 0,
}


def prepared(pairs: list[Pair], **settings: object) -> Prepared:
    config = configure(**ATTENTIVE, **settings)
    corpus = Corpus("pairs", pairs)
    return prepare(corpus, split_corpus(corpus, config.training), config)


def test_attention_learns_to_reverse_words_better_than_two_vectors(toy_pairs, tmp_path) -> None:
    rates = {}
    for name, options in (("with", ATTENTIVE), ("without", PLAIN)):
        trained = charseq.train(toy_pairs[:700], run=tmp_path / name, epochs=12, **options)
        assert trained.training_run is not None
        rates[name] = trained.training_run.report.character_error_rate.value
    assert rates["with"] < 0.5 * rates["without"]


@pytest.mark.parametrize("stranger", ["ж", "🙂", "京"])
def test_symbols_never_seen_are_copied_as_they_are(copier: Translator, stranger: str) -> None:
    word = f"a{stranger}l"
    with pytest.warns(UserWarning, match="never saw"):
        assert str(copier.translate(word)) == f"{word}s"


def test_what_can_only_be_copied_is_and_what_can_only_be_written_is_not(copier: Translator) -> None:
    with pytest.warns(UserWarning, match="never saw"):
        alignments = copier.align([f"a{stranger}l" for stranger in "ж🙂京"])
    for alignment in alignments:
        assert alignment.target == f"{alignment.source}s"
        assert len(alignment.copying) == len(alignment.target_symbols) + 1
        stranger, ending = alignment.copying[1], alignment.copying[3]
        assert stranger > 0.8
        assert ending < 0.2


@pytest.mark.parametrize("languages", [False, True])
def test_the_held_out_loss_of_a_copying_model_is_that_of_its_scores(
    languages: bool, tmp_path: Path
) -> None:
    draw = random.Random(1)
    words = sorted({"".join(draw.choices("abcd", k=3)) for _ in range(40)})
    # In these, a model can write X, Y and Z, which it has never seen, only by copying them.
    held_out = [(f"{word}{draw.choice('XYZ')}a",) * 2 for word in words[:10]]
    several = [("one", "other")[number % 2] if languages else "" for number in range(len(words))]

    def pairs(some: list[tuple[str, str]]) -> list[Pair]:
        return [Pair(*pair, (), several[number]) for number, pair in enumerate(some)]

    trained = charseq.train(
        pairs([(word, word) for word in words]),
        held_out=pairs(held_out),
        run=tmp_path / "run",
        copying=True,
        precision="float32",
        units=16,
        epochs=3,
    )
    assert trained.training_run is not None
    sources = [source for source, _ in held_out]
    given = {"language": several[: len(sources)]} if languages else {}
    with pytest.warns(UserWarning, match="never saw"):
        total = sum(trained.score(sources, sources, **given))
    assert math.isfinite(total)
    loss = trained.training_run.history.best.held_out_loss
    symbols = sum(len(source) + 1 for source in sources)
    assert loss == pytest.approx(-total / symbols, rel=1e-4)


def test_copying_models_come_back_from_their_files(copier: Translator, tmp_path) -> None:
    copier.save(tmp_path / "copier.safetensors")
    loaded = charseq.load(tmp_path / "copier.safetensors")
    words = ["agl", "fkp", "bio"]
    assert loaded.translate(words) == copier.translate(words)


def test_features_are_never_copied_and_strangers_have_a_column_of_their_own() -> None:
    pairs = [Pair(word, word, ("N", "PL")) for word in ("ab", "ba", "aab", "bb")]
    found = prepared(pairs, copying=True)
    pairs_copies = found.training.copies
    assert pairs_copies is not None
    assert (pairs_copies.padded([0], fill=NEVER_COPIED)[0, :2] == NEVER_COPIED).all()
    assert (pairs_copies.padded([0], fill=NEVER_COPIED)[0, 2:] >= 3).all()


def test_tied_sides_give_equal_symbols_equal_ids() -> None:
    pairs = [Pair("ab", "bc"), Pair("ba", "cb"), Pair("aa", "bb"), Pair("bb", "cc")]
    description = prepared(pairs, tied_embeddings=True, vocabulary_from="corpus").description
    assert description.sources.ids("abc") == description.targets.ids("abc")
    assert description.sources.unseen not in description.sources.ids("abc")


def test_a_tied_model_trains_and_refuses_new_symbols(tmp_path) -> None:
    pairs = [(a + b, b + a) for a in "abcd" for b in "abcd"]
    charseq.train(pairs, run=tmp_path / "run", epochs=1, tied_embeddings=True, **ATTENTIVE)
    model = tmp_path / "run" / "model.safetensors"
    charseq.train(pairs, run=tmp_path / "again", epochs=1, start_from=model)
    with pytest.raises(UsageError, match="tied embeddings cannot learn new symbols"):
        charseq.train([*pairs, ("x", "x")], run=tmp_path / "more", epochs=1, start_from=model)


def test_dropout_changes_training_and_is_repeated_by_its_seed(tmp_path) -> None:
    pairs = [(a + b, b + a) for a in "abcd" for b in "abcd"]

    def loss(name: str, **settings: object) -> float:
        trained = charseq.train(pairs, run=tmp_path / name, epochs=1, **ATTENTIVE, **settings)
        assert trained.training_run is not None
        return trained.training_run.history.epochs[0].training_loss

    torch.manual_seed(1)
    first = loss("first", dropout=0.5)
    torch.manual_seed(2)
    assert loss("second", dropout=0.5) == first
    assert loss("plain", dropout=0) != first
