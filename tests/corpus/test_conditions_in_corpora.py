"""Features and languages in corpora: reading, digests, references, splits."""

import hashlib
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from charseq.config import CorpusConfig, TrainingConfig
from charseq.corpus import Corpus, Pair, corpus_of, read_corpus, references_by_input, split_corpus
from charseq.corpus.pairs import digest_of
from charseq.errors import DataError, UsageError
from charseq.text import Input

PAIRS = [
    Pair("Haus", "Häuser", ("N", "NOM", "PL"), "deu"),
    Pair("ev", "evler", ("N", "PL"), "tur"),
]
COLUMNS = {"features_column": 3, "language_column": 4}
PARQUET = {"s": ["Haus", "ev"], "t": ["Häuser", "evler"], "feat": ["N;NOM;PL", "N;PL"]}


def parquet(columns: dict[str, list[str]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def test_parquet_may_have_several_columns_of_one_name(tmp_path: Path) -> None:
    columns = [pa.array(["Haus"]), pa.array(["Häuser"]), pa.array(["Maus"])]
    path = tmp_path / "pairs.parquet"
    pq.write_table(pa.Table.from_arrays(columns, names=["x", "x", "y"]), path)
    assert read_corpus(path, CorpusConfig()).pairs == [Pair("Haus", "Häuser")]
    settings = CorpusConfig(source_column=3, target_column=2)
    assert read_corpus(path, settings).pairs == [Pair("Maus", "Häuser")]


@pytest.mark.parametrize(
    ("name", "content", "settings"),
    [
        ("pairs.tsv", "Haus\tHäuser\tN;NOM;PL\tdeu\nev\tevler\tN;PL\ttur\n", COLUMNS),
        (
            "pairs.csv",
            'form,"features",lang,lemma\nHäuser,"N+NOM+PL",deu,Haus\nevler,N+PL,tur,ev\n',
            {
                "header": True,
                "source_column": "lemma",
                "target_column": 1,
                "features_column": "features",
                "features_separator": "+",
                "language_column": "lang",
            },
        ),
        (
            "pairs.jsonl",
            '{"source": "Haus", "target": "Häuser", "f": "N;NOM;PL", "l": "deu"}\n'
            '{"source": "ev", "target": "evler", "f": "N;PL", "l": "tur"}\n',
            {"features_column": "f", "language_column": "l"},
        ),
        (
            "arrays.jsonl",
            '{"source": "Haus", "target": "Häuser", "f": ["N", "NOM", "PL"], "l": "deu"}\n'
            '{"source": "ev", "target": "evler", "f": ["N", "PL"], "l": "tur"}\n',
            {"features_column": "f", "language_column": "l"},
        ),
        ("pairs.parquet", parquet({**PARQUET, "l": ["deu", "tur"]}), COLUMNS),
    ],
)
def test_every_layout_holds_features_and_languages(tmp_path, name, content, settings) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    corpus = read_corpus(path, CorpusConfig(**settings))
    assert corpus.pairs == PAIRS
    assert corpus.digest == digest_of(PAIRS)
    # Either may be there without the other.
    alone = read_corpus(path, CorpusConfig(**{**settings, "features_column": None}))
    assert [pair.language for pair in alone.pairs] == ["deu", "tur"]
    assert not any(pair.features for pair in alone.pairs)


def test_pairs_in_memory_may_have_two_to_four_parts() -> None:
    pairs = [("a", "b"), ("a", "b", "N;PL"), ("a", "b", ["N", "PL"], "deu"), Pair("a", "b", ("V",))]
    assert corpus_of(pairs, CorpusConfig()).pairs == [
        Pair("a", "b"),
        Pair("a", "b", ("N", "PL")),
        Pair("a", "b", ("N", "PL"), "deu"),
        Pair("a", "b", ("V",)),
    ]


def test_reverse_leaves_features_and_language_where_they_are() -> None:
    (pair,) = corpus_of([("a", "b", "N", "deu")], CorpusConfig(reverse=True)).pairs
    assert pair == Pair("b", "a", ("N",), "deu")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("a\tb\tN;\tdeu", "there is an empty feature in 'N;'"),
        ("a\tb\tN\t", "column 4 is empty"),
        ("a\tb\tN", "3 of the 4 columns needed"),
        ("a\tb\tN\0\tdeu", "a feature contains a line break or NUL"),
    ],
)
def test_faulty_features_and_languages_are_bad_lines(tmp_path: Path, line, fault) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text(f"a\tb\t\tdeu\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match=f"{path}:2: {fault}"):
        read_corpus(path, CorpusConfig(**COLUMNS))
    kept = read_corpus(path, CorpusConfig(**COLUMNS, skip_bad_lines=True))
    assert kept.pairs == [Pair("a", "b", (), "deu")]


def test_a_missing_column_of_features_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs.parquet"
    path.write_bytes(parquet(PARQUET))
    with pytest.raises(UsageError, match=r"unknown column of .*'feats'; did you mean"):
        read_corpus(path, CorpusConfig(features_column="feats", source_column="s"))
    with pytest.raises(UsageError, match="has 3 columns, so no column 4"):
        read_corpus(path, CorpusConfig(language_column=4))


def test_the_digest_of_plain_pairs_is_that_of_their_lines() -> None:
    assert digest_of([Pair("a", "b")]) == hashlib.sha256(b"a\tb\n").hexdigest()
    different = [Pair("a", "b", ("N", "PL")), Pair("a", "b", ("N;PL",)), Pair("a", "b", (), "N")]
    assert len({digest_of([pair]) for pair in (Pair("a", "b"), *different)}) == 4


def test_references_are_those_of_an_input() -> None:
    pairs = [Pair("a", "x", ("N",)), Pair("a", "y", ("V",)), Pair("a", "z", ("N",)), Pair("a", "x")]
    assert references_by_input([*pairs, pairs[0]]) == {
        Input("a", ("N",)): ["x", "z"],
        Input("a", ("V",)): ["y"],
        Input("a"): ["x"],
    }


pairs = st.lists(
    st.builds(Pair, st.text("ab", min_size=1, max_size=2), st.just("x"), st.tuples(st.text("NV"))),
    max_size=30,
)


@given(pairs, st.integers(0, 99))
def test_a_split_keeps_sources_or_inputs_on_one_side(pairs: list[Pair], seed: int) -> None:
    for by, key in (("source", lambda pair: pair.source), ("input", lambda pair: pair.input)):
        assume(len({key(pair) for pair in pairs}) > 1)
        split = split_corpus(Corpus("toy", pairs), TrainingConfig(split_by=by, seed=seed))
        sides = [{key(pair) for pair in side} for side in (split.training, split.held_out)]
        assert sides[0].isdisjoint(sides[1])
        assert sorted(split.training + split.held_out) == sorted(pairs)


def test_inputs_of_one_source_may_stand_on_both_sides() -> None:
    corpus = Corpus("toy", [Pair("a", str(n), (str(n),)) for n in range(20)])
    split = split_corpus(corpus, TrainingConfig(split_by="input"))
    assert (len(split.training), len(split.held_out)) == (18, 2)
    with pytest.raises(DataError, match="all sources are the same"):
        split_corpus(corpus, TrainingConfig())
