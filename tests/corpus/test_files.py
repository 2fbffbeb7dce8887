import bz2
import codecs
import csv
import gzip
import io
import json
import lzma
import os
import subprocess
import sys
import time
import tracemalloc
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from charseq.config import CorpusConfig
from charseq.corpus import Corpus, Pair, corpus_of, lines, read_corpus
from charseq.errors import (
    CharseqWarning,
    ColumnError,
    DataError,
    MachineError,
    MissingExtraError,
    UsageError,
)
from charseq.text import Spelling, Spellings

PAIRS = [Pair("Go.", "Va !"), Pair("Run!", "Cours\u202f!")]
TSV = "Go.\tVa !\nRun!\tCours\u202f!\n".encode()

texts = st.text(st.characters(exclude_characters="\0\t\n\r", exclude_categories=["Cs"]), min_size=1)
# As many parts as given: `builds` would draw the rest.
pair_lists = st.lists(st.tuples(texts, texts).map(lambda parts: Pair(*parts)), min_size=1)


def read(content: bytes, folder: Path, name: str = "pairs.tsv", **settings: object) -> Corpus:
    path = folder / name
    path.write_bytes(content)
    return read_corpus(path, CorpusConfig(**settings))  # type: ignore[arg-type]


def refusal(content: bytes, folder: Path, name: str = "pairs.tsv", **settings: object) -> str:
    with pytest.raises(DataError) as caught:
        read(content, folder, name, **settings)
    return str(caught.value)


def parquet(columns: dict[str, object]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


# What a line is, and what a text is


@pytest.mark.parametrize(
    "content",
    [
        TSV,
        TSV.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + TSV,
        TSV.removesuffix(b"\n"),
        TSV.replace(b"\n", b"\tCC-BY 2.0 (France)\n"),
    ],
    ids=["plain", "CRLF", "byte-order mark", "no last newline", "a third column"],
)
def test_a_tsv_is_read_whatever_its_line_ends_and_its_first_and_last_bytes(
    content: bytes, tmp_path: Path
) -> None:
    assert read(content, tmp_path).pairs == PAIRS


@given(pair_lists)
def test_a_text_is_taken_exactly_as_it_stands(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[Pair]
) -> None:
    pairs[0] = Pair(f"<{pairs[0].source}", pairs[0].target)  # A byte-order mark is not a text's.
    content = "".join(f"{pair.source}\t{pair.target}\n" for pair in pairs).encode()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CharseqWarning)
        assert read(content, tmp_path_factory.mktemp("any")).pairs == pairs


@pytest.mark.parametrize("character", "\u202f\u00a0\u2009\u2028\u2029\u0085\x0b\x0c\x1c\u3000 ")
def test_spaces_and_separators_of_unicode_are_ordinary_characters(
    character: str, tmp_path: Path
) -> None:
    pair = Pair(f"{character}a{character}", f"{character}b{character}")
    assert read("\t".join(pair[:2]).encode() + b"\n", tmp_path).pairs == [pair]


def test_quotes_in_a_tsv_are_ordinary_characters(tmp_path: Path) -> None:
    corpus = read(b'"Go.\t"Va !\n"Run!"\tCours !\n', tmp_path)
    assert corpus.pairs == [Pair('"Go.', '"Va !'), Pair('"Run!"', "Cours !")]


# Formats and compressions


def test_a_csv_is_read_with_its_quotes(tmp_path: Path) -> None:
    content = b'"Go, ""now"".",Va !\nRun!,"Cours\xe2\x80\xaf!"\n'
    assert read(content, tmp_path, "pairs.csv").pairs == [Pair('Go, "now".', "Va !"), PAIRS[1]]


@given(pair_lists)
def test_what_the_csv_module_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[Pair]
) -> None:
    output = io.StringIO()
    csv.writer(output).writerows(pair[:2] for pair in pairs)
    path = tmp_path_factory.mktemp("any") / "pairs.csv"
    path.write_bytes(b"\xef\xbb\xbf" + output.getvalue().encode())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CharseqWarning)
        assert read_corpus(path).pairs == pairs


def test_a_stray_quote_in_a_csv_costs_its_own_line_only(tmp_path: Path) -> None:
    content = b'"Go.,Va !\nRun!,Cours !\nStop!,Arr\xc3\xaate !\n'
    corpus = read(content, tmp_path, "pairs.csv", skip_bad_lines=True)
    assert [pair.source for pair in corpus.pairs] == ["Run!", "Stop!"]
    assert corpus.left_out == {"invalid CSV": 1}
    assert "pairs.csv:1: not valid CSV: a quoted text" in refusal(content, tmp_path, "pairs.csv")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"Hello, how are you?,Bonjour\n", "3 columns where the first line has 2: put texts that"),
        (b'"Go, go.", "Va, va !"\n', "a space before a double quote: remove it"),
        (b'"Go.", "Va !"\n', "a space before a double quote: remove it"),
        (b' "Go.",Va !\n', "a space before a double quote: remove it"),
        (b'Go.,  "Va !"\n', "a space before a double quote: remove it"),
    ],
)
def test_a_comma_in_a_csv_that_may_not_separate_is_not_taken_for_one_that_does(
    line: bytes, fault: str, tmp_path: Path
) -> None:
    assert fault in refusal(b"Go.,Va !\n" + line, tmp_path, "pairs.csv")


def test_spaces_and_empty_cells_of_a_csv_may_be_where_they_are(tmp_path: Path) -> None:
    content = b'Go., Va !\n" ""Go.""","Va !"\nGo.,Va !,,\n" a","x, ""y"""\n'
    assert read(content, tmp_path, "pairs.csv").pairs == [
        Pair("Go.", " Va !"),
        Pair(' "Go."', "Va !"),
        Pair("Go.", "Va !"),
        Pair(" a", 'x, "y"'),
    ]


def test_json_lines_are_read_from_objects_by_key_and_from_arrays_by_number(tmp_path: Path) -> None:
    content = b'{"target": "Va !", "source": "Go."}\n["Run!", "Cours\\u202f!"]\n'
    assert read(content, tmp_path, "pairs.jsonl").pairs == PAIRS
    named = b'{"en": "Go.", "n": 1, "fr": "Va !"}\n{"fr": "Cours\\u202f!", "en": "Run!"}'
    columns = {"source_column": "en", "target_column": "fr"}
    assert read(named, tmp_path, "pairs.ndjson", **columns).pairs == PAIRS


@pytest.mark.parametrize("text_type", [pa.string(), pa.large_string(), pa.string_view()])
def test_parquet_is_read_by_number_and_by_name(text_type: pa.DataType, tmp_path: Path) -> None:
    columns = {
        "n": [1, 2],
        "en": pa.array([pair.source for pair in PAIRS], text_type),
        "fr": pa.array([pair.target for pair in PAIRS]).dictionary_encode(),
    }
    content = parquet(columns)
    by_number = {"source_column": 2, "target_column": 3}
    by_name = {"source_column": "en", "target_column": "fr"}
    assert read(content, tmp_path, "pairs.parquet", **by_number).pairs == PAIRS
    assert read(content, tmp_path, "pairs.parquet", **by_name).pairs == PAIRS


def test_parquet_columns_that_are_not_there_or_hold_no_texts_are_refused(tmp_path: Path) -> None:
    content = parquet({"english": ["Go."], "count": [1]})
    assert "column 'count' contains int64" in refusal(content, tmp_path, "pairs.parquet")
    with pytest.raises(UsageError, match="did you mean 'english'"):
        read(content, tmp_path, "pairs.parquet", source_column="englich")
    with pytest.raises(UsageError, match="no column 3"):
        read(content, tmp_path, "pairs.parquet", target_column=3)
    assert "not Parquet" in refusal(b"PAR1 and then nothing", tmp_path, "pairs.parquet")


@pytest.mark.parametrize(("compress", "program"), [(bz2.compress, "bzip2"), (lzma.compress, "xz")])
def test_files_of_other_compressors_are_called_so(
    compress: Callable[[bytes], bytes], program: str, tmp_path: Path
) -> None:
    assert f"compressed by {program}: unpack it" in refusal(compress(TSV), tmp_path, "pairs.tsv")


@pytest.mark.parametrize(
    ("name", "compress"),
    [
        ("pairs.tsv.gz", gzip.compress),
        ("pairs.tsv.zst", zstandard.compress),
        ("pairs.tsv.gz", lambda data: gzip.compress(data[:9]) + gzip.compress(data[9:])),
        ("pairs.zst", lambda data: zstandard.compress(data[:9]) + zstandard.compress(data[9:])),
        ("pairs", gzip.compress),
    ],
    ids=["gzip", "zstd", "two gzip members", "two zstd frames", "no suffix"],
)
def test_compressed_files_are_read_as_if_they_were_plain(
    name: str, compress: object, tmp_path: Path
) -> None:
    corpus = read(compress(TSV), tmp_path, name)  # type: ignore[operator]
    assert corpus.pairs == PAIRS
    assert corpus.name == "pairs"


@pytest.mark.parametrize("suffix", ["gz", "zst"])
@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_compressed_file_is_refused_even_where_its_texts_could_be_read(
    suffix: str, damage: str, tmp_path: Path
) -> None:
    lines = b"".join(b"%d\t%d\n" % (n, n * n) for n in range(5_000))
    compressor = zstandard.ZstdCompressor(write_checksum=True)
    whole = gzip.compress(lines) if suffix == "gz" else compressor.compress(lines)
    damaged = whole[:-3] if damage == "cut" else whole[:-6] + b"\x55\xaa" + whole[-4:]
    if suffix == "zst" and damage == "changed":
        damaged = whole[:-4] + bytes(byte ^ 255 for byte in whole[-4:])
    assert "damaged or cut short" in refusal(damaged, tmp_path, f"pairs.tsv.{suffix}")


def test_standard_input_is_read_plain_or_compressed(monkeypatch: pytest.MonkeyPatch) -> None:
    for content in (TSV, gzip.compress(TSV), zstandard.compress(TSV)):
        stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(content)))  # type: ignore[arg-type]
        monkeypatch.setattr(sys, "stdin", stdin)
        corpus = read_corpus("-")
        assert (corpus.pairs, corpus.name, corpus.path) == (PAIRS, "stdin", None)


def test_compressed_standard_input_may_come_byte_by_byte() -> None:
    command = [sys.executable, "-m", "charseq", "corpus", "head", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        for byte in gzip.compress(TSV):
            process.stdin.write(bytes([byte]))
            process.stdin.flush()
            time.sleep(0.005)
        output, _ = process.communicate()
    assert output == TSV


def test_a_text_may_begin_like_another_format(tmp_path: Path) -> None:
    assert read(b"PAR1\tPK\n", tmp_path).pairs == [Pair("PAR1", "PK")]


def test_a_files_name_need_not_be_text(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.tsv"))
    path.write_bytes(TSV)
    assert read_corpus(path).name == "caf\N{REPLACEMENT CHARACTER}"


def test_equal_pairs_have_equal_digests_whatever_they_are_read_from(tmp_path: Path) -> None:
    digests = {
        read(TSV, tmp_path).digest,
        read(zstandard.compress(TSV), tmp_path, "other.zst").digest,
        read("Go.,Va !\r\nRun!,Cours\u202f!".encode(), tmp_path, "pairs.csv").digest,
    }
    assert len(digests) == 1
    assert read(TSV, tmp_path, limit=1).digest not in digests


@pytest.mark.parametrize("setting", [{"source_column": 2, "target_column": 1}, {"format": "csv"}])
def test_the_phrasebook_has_no_columns(setting: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="no file with columns: omit --"):
        read_corpus("phrasebook", CorpusConfig(**setting))


def test_the_format_can_be_said_where_the_name_does_not_say_it(tmp_path: Path) -> None:
    assert read(b"Go.,Va !\n", tmp_path, "pairs.txt", format="csv").pairs == PAIRS[:1]


def test_files_that_are_of_another_kind_than_they_look_are_named(tmp_path: Path) -> None:
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        assert "UTF-16" in refusal(TSV.decode().encode(encoding), tmp_path)
    assert "is a workbook: save it as CSV" in refusal(b"PK\x03\x04....", tmp_path, "book.xlsx")
    for array in (b'[["a", "b"]]', b'[{"source": "a", "target": "b"}]', b'[\n  ["a", "b"]\n]'):
        assert "is one JSON array" in refusal(array, tmp_path, "pairs.json")
    assert "zip archive" in refusal(b"PK\x03\x04....", tmp_path)
    assert "--format parquet" in refusal(parquet({"a": ["b"]}), tmp_path)


def test_a_package_that_is_not_installed_is_named_by_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(MissingExtraError, match=r"charseq\[files\]"):
        read(b"\x28\xb5\x2f\xfd....", tmp_path, "pairs.zst")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"charseq\[files\]"):
        read(b"PAR1", tmp_path, "pairs.parquet")


def test_a_tab_within_a_text_is_kept_where_the_format_can_hold_it(tmp_path: Path) -> None:
    assert read(b'["a\\tb", "c"]', tmp_path, "pairs.jsonl").pairs == [Pair("a\tb", "c")]


# The built-in corpus


class Phrase(NamedTuple):
    english: str
    french: str
    group: str
    template: str


@pytest.fixture
def _three_phrases(monkeypatch: pytest.MonkeyPatch) -> None:
    phrases = (
        Phrase("I eat.", "Je mange.", "eat", "svo"),
        Phrase("I eat an apple.", "Je mange une pomme.", "eat apple", "svo"),
        Phrase("Eat!", "Mange !", "eat", "imperative"),
    )
    module = types.ModuleType("charseq.corpus.phrasebook")
    module.phrases = lambda: phrases  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)


@pytest.mark.usefixtures("_three_phrases")
def test_the_phrasebook_is_read_with_its_groups_and_settings() -> None:
    corpus = read_corpus("phrasebook", CorpusConfig(max_length=10, reverse=True))
    assert corpus.pairs == [Pair("Je mange.", "I eat."), Pair("Mange !", "Eat!")]
    assert corpus.groups == ["eat", "eat"]
    assert corpus.left_out == {"longer than 10 characters": 1}
    assert corpus.attribution
    assert len(read_corpus("phrasebook", CorpusConfig(limit=2))) == 2
    assert len(read_corpus("phrasebook")) == 3
    with pytest.raises(DataError, match="3 × longer than 3 characters"):
        read_corpus("phrasebook", CorpusConfig(max_length=3))


# Settings


def test_columns_are_chosen_by_number(tmp_path: Path) -> None:
    corpus = read(b"1\tVa !\tGo.\n", tmp_path, source_column=3, target_column=2)
    assert corpus.pairs == PAIRS[:1]


@pytest.mark.parametrize(("name", "tab"), [("pairs.tsv", b"\t"), ("pairs.csv", b",")])
def test_columns_are_chosen_by_the_headers_names(name: str, tab: bytes, tmp_path: Path) -> None:
    content = b"\xef\xbb\xbffr\tn\ten\r\nVa !\t1\tGo.\r\n".replace(b"\t", tab)
    settings = {"source_column": "en", "target_column": "fr"}
    assert read(content, tmp_path, name, header=True, **settings).pairs == PAIRS[:1]
    with pytest.raises(UsageError, match="--header"):
        read(content, tmp_path, name, **settings)
    with pytest.raises(UsageError, match=r"unknown column .* 'eng'; did you mean 'en'"):
        read(content, tmp_path, name, header=True, source_column="eng")


def test_a_name_that_two_columns_bear_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="several columns named 'a'"):
        read(b"a\ta\nGo.\tVa !\n", tmp_path, header=True, source_column="a")


@pytest.mark.parametrize(
    "first",
    [
        "source\ttarget",
        "English\tFrench",
        "WORD\tpronunciation",
        "src_text\ttgt_1",
        "id\tlemma",
        "Hangul\tromanization",
    ],
)
def test_a_first_row_that_looks_like_a_header_is_warned_about(first: str, tmp_path: Path) -> None:
    with pytest.warns(CharseqWarning, match="looks like a header"):
        corpus = read(f"{first}\n".encode() + TSV, tmp_path)
    assert len(corpus) == 3
    assert read(f"{first}\n".encode() + TSV, tmp_path, header=True).pairs == PAIRS


def test_what_further_columns_are_called_does_not_make_it_less_of_a_header(tmp_path: Path) -> None:
    with pytest.warns(CharseqWarning, match=r"looks like a header \(lemma, form, tag\)"):
        read(b"lemma\tform\ttag\ngo\twent\tPST\n", tmp_path, features_column=3)


@pytest.mark.filterwarnings("error")
def test_a_first_row_that_is_a_pair_is_not_warned_about(tmp_path: Path) -> None:
    for first in ("Go.", "1", "source of light", "?"):
        read(f"{first}\tVa !\n".encode(), tmp_path)


def test_reverse_swaps_source_and_target(tmp_path: Path) -> None:
    assert read(TSV, tmp_path, reverse=True).pairs == [
        Pair(pair.target, pair.source) for pair in PAIRS
    ]


def test_limit_takes_the_first_pairs_and_reads_no_further(tmp_path: Path) -> None:
    assert read(TSV + b"no pair\n", tmp_path, limit=2).pairs == PAIRS


def test_longer_pairs_are_left_out_and_counted_on_either_side(tmp_path: Path) -> None:
    content = "été\tabc\nabcd\ta\na\tabcd\n".encode()
    corpus = read(content, tmp_path, max_length=3)
    assert corpus.pairs == [Pair("été", "abc")]
    assert corpus.left_out == {"longer than 3 characters": 2}


def test_a_hangul_syllable_is_as_long_as_a_character_however_it_is_read(tmp_path: Path) -> None:
    content = "한국\thanguk\n한국어\thangugeo\n".encode()
    for form in ("none", "nfc", "jamo"):
        spellings = Spellings(Spelling(normalise=form), Spelling())
        path = tmp_path / "pairs.tsv"
        path.write_bytes(content)
        assert len(read_corpus(path, CorpusConfig(max_length=8), spellings=spellings)) == 2
        assert len(read_corpus(path, CorpusConfig(max_length=6), spellings=spellings)) == 1


def test_limit_counts_the_pairs_that_are_kept(tmp_path: Path) -> None:
    content = b"long one\tx\na\tb\nc\td\ne\tf\n"
    assert read(content, tmp_path, max_length=3, limit=2).pairs == [Pair("a", "b"), Pair("c", "d")]


# Bad lines

BAD_LINES = [
    (b"Go.", "too few columns", "1 of the 2 columns needed"),
    (b"", "empty line", "empty line"),
    (b"Go.\tVa\xff !", "invalid UTF-8", "not valid UTF-8: byte 7 is 0xff"),
    (b"\tVa !", "empty side", "column 1 is empty"),
    (b"Go.\t", "empty side", "column 2 is empty"),
    (b"Go.\tVa\0 !", "NUL character", "column 2 contains a NUL"),
    (b"G\ro.\tVa !", "line break in a text", "column 1 contains a line break"),
    (b"Go.\tV\xed\xa0\x80", "invalid UTF-8", "not valid UTF-8"),
]
BAD_JSON = [
    (b'{"source": "Go."', "invalid JSON", "not valid JSON"),
    (b'{"source": "Go."}', "too few columns", "no 'target' among the keys 'source'"),
    (b'{"source": "Go.", "target": 3}', "not a text", "'target' is 3, not a text"),
    (b'{"source": "Go.", "target": null}', "not a text", "'target' is null"),
    (b'["Go."]', "too few columns", "1 of the 2 columns"),
    (b'"Go."', "not a pair", "neither an object nor an array"),
    (b'["Go.", "\\ud83d"]', "lone surrogate", "column 2 contains half a character"),
    (b'["Go.", "a\\nb"]', "line break in a text", "column 2 contains a line break"),
    (b'["Go.", "a\\u0000b"]', "NUL character", "column 2 contains a NUL"),
    (b'["Go.", ""]', "empty side", "column 2 is empty"),
    (b"[" * 100_000, "invalid JSON", "not valid JSON"),
    (b"[" + b"9" * 10_000 + b"]", "invalid JSON", "not valid JSON"),
]


@pytest.mark.parametrize(
    ("name", "line", "reason", "detail"),
    [("pairs.tsv", *bad) for bad in BAD_LINES] + [("pairs.jsonl", *bad) for bad in BAD_JSON],
)
def test_a_bad_line_is_named_with_its_number_or_counted_by_its_reason(
    name: str, line: bytes, reason: str, detail: str, tmp_path: Path
) -> None:
    good = b"Run!\tCours !\n" if name == "pairs.tsv" else b'["Run!", "Cours !"]\n'
    message = refusal(good + line + b"\n" + good, tmp_path, name)
    assert f"{name}:2: {detail}" in message
    assert "--skip-bad-lines" in message
    corpus = read(good + line + b"\n" + good, tmp_path, name, skip_bad_lines=True)
    assert len(corpus) == 2
    assert corpus.left_out == {reason: 1}


def test_a_parquet_column_of_nothing_holds_no_features(tmp_path: Path) -> None:
    table = parquet({"a": ["Go."], "b": ["Va !"], "c": pa.nulls(1)})
    assert read(table, tmp_path, "p.parquet", features_column=3).pairs == PAIRS[:1]


def test_a_bad_text_in_a_dictionary_of_parquet_is_a_bad_line(tmp_path: Path) -> None:
    bad = pa.array([b"Go.", b"\xff"], pa.binary()).view(pa.string()).dictionary_encode()
    table = parquet({"a": bad, "b": ["Va !", "x"]})
    corpus = read(table, tmp_path, "p.parquet", skip_bad_lines=True)
    assert (corpus.pairs, corpus.left_out) == (PAIRS[:1], {"invalid UTF-8": 1})


def test_bad_parquet_cells_are_bad_lines(tmp_path: Path) -> None:
    invalid = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"a\xff")]
    )
    targets = pa.concat_arrays([pa.array([None, "a\nb", "", "Va !"], pa.string()), invalid])
    content = parquet({"a": ["1", "2", "3", "Go.", "5"], "b": targets})
    corpus = read(content, tmp_path, "pairs.parquet", skip_bad_lines=True)
    assert corpus.pairs == PAIRS[:1]
    assert corpus.left_out == {"empty side": 2, "line break in a text": 1, "invalid UTF-8": 1}
    assert "pairs.parquet:2: column 2 contains a line" in refusal(
        content, tmp_path, "pairs.parquet"
    )


def test_the_first_five_bad_lines_are_named_and_all_are_counted(tmp_path: Path) -> None:
    message = refusal(TSV + b"bad\n" * 7 + TSV, tmp_path)
    assert "has 7 bad lines" in message
    assert [n for n in range(1, 12) if f"pairs.tsv:{n}:" in message] == [3, 4, 5, 6, 7]
    assert "2 more" in message


def test_the_header_counts_as_line_one(tmp_path: Path) -> None:
    assert "pairs.tsv:2:" in refusal(b"en\tfr\nbad\n", tmp_path, header=True)


def test_columns_that_are_not_asked_for_may_hold_anything(tmp_path: Path) -> None:
    assert read(b"Go.\tVa !\t\0\r \n", tmp_path).pairs == PAIRS[:1]


@pytest.mark.parametrize("name", ["pairs.tsv", "pairs.csv", "pairs.jsonl"])
@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("header", [False, True])
def test_a_corpus_without_pairs_is_refused(
    name: str, content: bytes, header: bool, tmp_path: Path
) -> None:
    message = refusal(content, tmp_path, name, header=header)
    assert "contains no pairs" in message or "is empty" in message


def test_a_corpus_that_loses_all_its_pairs_says_why(tmp_path: Path) -> None:
    message = refusal(b"bad\n\nGo.\tVa !\n", tmp_path, skip_bad_lines=True, max_length=2)
    for reason in ("1 × too few columns", "1 × empty line", "1 × longer than 2 characters"):
        assert reason in message


@pytest.mark.parametrize("end", [b"\n", b""], ids=["ends", "never ends"])
def test_a_line_of_any_length_is_refused_in_bounded_memory(
    end: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 10_000)
    path = tmp_path / "pairs.tsv"
    path.write_bytes(TSV + b"x" * 20_000_000 + end + (TSV if end else b""))
    tracemalloc.start()
    try:
        corpus = read_corpus(path, CorpusConfig(skip_bad_lines=True))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert corpus.left_out == {"line too long": 1}
    assert corpus.pairs == PAIRS * (2 if end else 1)
    assert peak < 2_000_000


def test_a_line_at_the_limit_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 19)
    line = b"a\t" + b"b" * 17 + b"\n"
    assert len(line) == 20
    assert len(read(line + line, tmp_path)) == 2
    assert len(read(line.replace(b"\n", b"\r\n") * 2 + line[:-1], tmp_path, "ends.tsv")) == 3
    assert "line too long" in str(
        read(line + b"b" + line, tmp_path, "b.tsv", skip_bad_lines=True).left_out
    )
    marked = codecs.BOM_UTF8 + line
    assert len(read(marked, tmp_path, "marked.tsv")) == 1
    longer = codecs.BOM_UTF8 + b"a\t" + b"b" * 50 + b"\n"
    left_out = read(longer + line, tmp_path, "longer.tsv", skip_bad_lines=True).left_out
    assert left_out == {"line too long": 1}


@pytest.mark.parametrize("name", ["pairs.gz", "pairs.zst"])
def test_a_small_file_that_unpacks_to_far_more_is_refused_in_bounded_memory(
    name: str, tmp_path: Path
) -> None:
    bomb = b"x" * 100_000_000
    path = tmp_path / name
    path.write_bytes(gzip.compress(bomb, 1) if name.endswith("gz") else zstandard.compress(bomb, 1))
    del bomb
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="unpacks to more than 100 times its size"):
            read_corpus(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 50_000_000


# Files that are not there


@pytest.mark.parametrize(
    "name", ["a\0b", "x" * 5_000, "no/such/folder/pairs.tsv", "", "pairs.tsv/x"]
)
def test_no_name_is_too_odd_for_a_plain_answer(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pairs.tsv").write_bytes(TSV)
    with pytest.raises(UsageError):
        read_corpus(name)


def test_a_missing_file_is_the_users_mistake_and_the_nearest_is_named(tmp_path: Path) -> None:
    (tmp_path / "names.tsv").write_bytes(TSV)
    with pytest.raises(UsageError, match=r"did you mean .*names\.tsv"):
        read_corpus(str(tmp_path / "nmaes.tsv"))
    with pytest.raises(UsageError, match="is a folder"):
        read_corpus(tmp_path)


def test_a_file_that_cannot_be_read_is_the_machines_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pairs.tsv").write_bytes(TSV)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(MachineError, match=r"cannot read .*pairs\.tsv: Permission denied"):
        read_corpus(tmp_path / "pairs.tsv")


def test_a_bare_name_that_is_no_corpus_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean phrasebook"):
        read_corpus("phrasebok")
    with pytest.raises(UsageError, match="did you mean fra-eng"):
        read_corpus("fra_eng")


def test_a_file_in_the_working_folder_is_read_by_its_bare_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pairs").write_bytes(TSV)
    monkeypatch.chdir(tmp_path)
    assert read_corpus("pairs").pairs == PAIRS


def test_a_path_is_read_as_a_file_even_if_it_bears_a_corpuss_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("phrasebook", "fra-eng"):
        (tmp_path / name).write_bytes(TSV)
        assert read_corpus(f"./{name}").pairs == PAIRS
        assert read_corpus(Path(name)).pairs == PAIRS


def test_a_hundred_thousand_pairs_are_read_in_well_under_two_seconds(tmp_path: Path) -> None:
    content = b"".join(b"I see %d cats.\tJe vois %d chats.\n" % (n, n) for n in range(100_000))
    start = time.perf_counter()
    assert len(read(content, tmp_path)) == 100_000
    assert time.perf_counter() - start < 2


def test_pairs_of_json_lines_survive_what_json_escapes(tmp_path: Path) -> None:
    pair = {"source": '\u2028\u0085"\\', "target": "😀"}
    content = (json.dumps(pair) + "\n" + json.dumps(pair, ensure_ascii=False)).encode()
    assert read(content, tmp_path, "pairs.jsonl").pairs == [Pair(*pair.values())] * 2


@pytest.mark.parametrize(
    ("pair", "fault"),
    [
        (("", "x"), "column 1 is empty"),
        (("x", "a\nb"), "column 2 contains a line break"),
        (("x", None), "not a pair of texts"),
        (("x", "y", 3), "not a pair of texts"),
        (("x", "y", ["N", 3]), "not a pair of texts"),
        (("x", "y", "N", "en", "more"), "not a pair of texts"),
        (("x", "y", "N;;SG"), "there is an empty feature in 'N;;SG'"),
        (("x", "y", ["N\n"]), "a feature contains a line break"),
        ("xy", "not a pair of texts"),
        (None, "not a pair of texts"),
        (5, "not a pair of texts"),
        ({"source": "x", "target": "y"}, "not a pair of texts"),
        (("x", "\ud800"), "a lone surrogate"),
    ],
)
def test_pairs_in_memory_are_held_to_the_rules_of_a_file(pair: Any, fault: str) -> None:
    with pytest.raises(DataError, match=f"pairs:2: {fault}"):
        corpus_of([("a", "b"), pair], CorpusConfig())
    kept = corpus_of([("a", "b"), pair], CorpusConfig(skip_bad_lines=True, reverse=True))
    assert kept.pairs == [Pair("b", "a")]
    assert sum(kept.left_out.values()) == 1


@pytest.mark.parametrize("pairs", [None, 5, {"a": "b"}, b"ab"])
def test_what_holds_no_pairs_is_no_corpus(pairs: Any) -> None:
    with pytest.raises(
        UsageError, match="a corpus must be a file, a corpus's name, or pairs of texts"
    ):
        corpus_of(pairs, CorpusConfig())


@pytest.mark.parametrize(
    ("name", "line", "hint"),
    [
        ("pairs.tsv", b"Go.;Va !", "columns seem to be separated by semicolons: add --format csv"),
        ("pairs.csv", b"a;b,c\nd;e", "columns seem to be separated by semicolons: put texts"),
        ("pairs.csv", b"Go.\tVa !", "columns seem to be separated by tabs: add --format tsv"),
        ("pairs.tsv", b"Go.,Va !", "columns seem to be separated by commas: add --format csv"),
        ("pairs.tsv", b"Go.   Va !", "columns are separated by tabs"),
    ],
)
def test_columns_that_something_else_separates_are_told(
    tmp_path: Path, name: str, line: bytes, hint: str
) -> None:
    with pytest.raises(DataError, match=f"1 of the 2 columns needed; {hint}"):
        read(line, tmp_path, name)


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize(
    ("name", "column", "line", "whole"),
    [
        ("pairs.tsv", 3, b"a\tb\n", b"a\tb\tN\n"),
        (
            "pairs.jsonl",
            "tags",
            b'{"source": "a", "target": "b"}\n',
            b'{"source": "a", "target": "b", "tags": "N"}\n',
        ),
    ],
)
def test_where_no_line_has_the_columns_it_is_they_that_are_wrong(
    tmp_path: Path, name: str, column: int | str, line: bytes, whole: bytes, skip: bool
) -> None:
    asked = {"features_column": column, "skip_bad_lines": skip}
    with pytest.raises(ColumnError, match=f"asked for with --features-column {column} "):
        read(line * 3, tmp_path, name, **asked)
    if skip:
        assert len(read(line * 3 + whole, tmp_path, name, **asked).pairs) == 1
    else:
        with pytest.raises(DataError, match="has 3 bad lines"):
            read(line * 3 + whole, tmp_path, name, **asked)


def test_semicolons_separate_a_csvs_columns_where_its_first_line_has_no_others(
    tmp_path: Path,
) -> None:
    semicolons = read(b'"1,5";"one; and a half"\n2,5;two and a half\n', tmp_path, "pairs.csv")
    assert semicolons.pairs == [Pair("1,5", "one; and a half"), Pair("2,5", "two and a half")]
    plain = read(b"Hello, you;Bonjour, toi\n1,5;one\n", tmp_path, "pairs.csv")
    assert plain.pairs == [Pair("Hello, you", "Bonjour, toi"), Pair("1,5", "one")]
    assert read(b"1,5;one\n", tmp_path, "pairs.csv").pairs == [Pair("1,5", "one")]
    commas = read(b"a;b,c\nd,e;f\n", tmp_path, "pairs.csv")
    assert commas.pairs == [Pair("a;b", "c"), Pair("d", "e;f")]


def test_a_cell_of_csv_may_be_as_long_as_a_line(tmp_path: Path) -> None:
    long = b"a" * 200_000
    assert len(read(long + b",b\n", tmp_path, "pairs.csv").pairs[0].source) == len(long)
