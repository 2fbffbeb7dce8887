import gzip
import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from charseq.answering import LONGEST_SOURCE
from charseq.cli.lines import arriving_lines
from charseq.translator import Translator


@pytest.fixture(scope="module")
def model(toy_translator: Translator, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("model") / "toy.safetensors"
    toy_translator.save(path)
    return str(path)


# Shells ignore the signal for what they run in the background.
INTERRUPTIBLE = """
import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
from charseq.cli import main
main()
"""


def command(model: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "charseq", "translate", model, *arguments]


class Done(NamedTuple):
    stdout: bytes
    stderr: str
    returncode: int


@pytest.fixture
def translate(charseq_command, monkeypatch, capsysbinary) -> Callable[..., Done]:
    """Runs the command in this process."""

    def run(model: str, *arguments: str, given: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        code = charseq_command("translate", model, *arguments)
        captured = capsysbinary.readouterr()
        return Done(captured.out, captured.err.decode(), code)

    return run


def test_texts_are_translated_one_to_a_line(model: str, translate) -> None:
    done = translate(model, "abcda", "", "ddd")
    assert (done.stdout, done.stderr, done.returncode) == (b"ADCBA\n\nDDD\n", "", 0)


def test_a_hyphen_is_standard_input_and_a_file_name_is_a_text(model: str, translate) -> None:
    assert translate(model, "-", given=b"abcda\n").stdout == b"ADCBA\n"
    done = translate(model, model)
    assert "is translated as a text; to translate the lines of that file" in done.stderr


def test_a_text_may_be_too_long_for_a_files_name(model: str, translate) -> None:
    done = translate(model, "ab" * 200)
    assert done.returncode == 0
    assert done.stdout.startswith(b"B")


def test_each_line_in_gives_one_line_out_in_order(model: str, translate) -> None:
    done = translate(model, given=b"abcda\r\n\nddd\nbacad")
    assert (done.stdout, done.returncode) == (b"ADCBA\n\nDDD\nDACAB\n", 0)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            gzip.compress(b"abcda\n" * 9),
            "the lines are compressed: unpack it first, as with gunzip",
        ),
        ("abcda\nddd\n".encode("utf-16"), "the lines are in UTF-16: convert it first, as with ic"),
    ],
    ids=["gzip", "UTF-16"],
)
def test_what_is_no_text_in_utf8_is_said_once(model: str, translate, given, sentence) -> None:
    done = translate(model, given=given)
    assert (done.stdout, done.returncode) == (b"", 3)
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"charseq: {sentence}")


def test_refused_lines_are_empty_and_the_others_translated(model: str, translate) -> None:
    long = b"a" * (4 * LONGEST_SOURCE + 5)
    done = translate(model, given=b"abcda\n\xff\xfe\n" + long + b"\nddd\n")
    assert done.stdout == b"ADCBA\n\n\nDDD\n"
    assert done.stderr.splitlines() == [
        "charseq: line 2: not valid UTF-8 (byte 1)",
        "charseq: line 3: longer than 10,000 characters",
        "charseq: 2 of 4 lines were refused; their answers are empty",
    ]
    assert done.returncode == 3


def test_an_answer_is_always_one_line(model: str, translate) -> None:
    done = translate(model, "ab\ncd", "ab\rcd", "ddd")
    assert done.stdout == b"\n\nDDD\n"
    assert done.stderr.splitlines()[0] == (
        "charseq: line 1: it contains a line break; give each line as a text of its own"
    )
    assert done.returncode == 3


def test_texts_shorter_or_longer_than_all_in_training_are_told(
    speaker: Translator, translate, tmp_path: Path
) -> None:
    speaker.save(tmp_path / "speaker.safetensors")
    model = str(tmp_path / "speaker.safetensors")
    facts = speaker.description.corpus
    assert (facts["shortest_source"], facts["longest_source"]) == (2, 6)
    assert translate(model, "ab", "abcdfa").stderr == ""
    assert translate(model, "a", "abcdaff", "abcdfab", "ab").stderr == (
        "charseq: warning: of 4 texts, 1 shorter than any source in training (2 symbols) and 2"
        " longer than any source in training (6 symbols): the model has not learnt how to answer"
        " these, and may be sure of wrong answers\n"
    )


def test_json_gives_source_hypothesis_probability_and_what_went_wrong(
    model: str, translate
) -> None:
    done = translate(model, "--json", given="abcda\naéb\n\xff".encode("latin-1"))
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert first.keys() == {"source", "hypothesis", "log_probability", "cut", "confidence"}
    assert 0.5 < first["confidence"] <= 1
    assert (first["source"], first["hypothesis"], first["cut"]) == ("abcda", "ADCBA", False)
    assert "not valid UTF-8" in second["error"]
    assert "not valid UTF-8" in third["error"]


def test_unknown_characters_are_named_once_or_refused(model: str, translate) -> None:
    replaced = translate(model, given="aéb\néa\n".encode())
    assert replaced.returncode == 0
    assert replaced.stderr == (
        "charseq: warning: characters that the model never saw were read as unknown: é (U+00E9)\n"
    )
    refused = translate(model, "--unknown", "error", given="aéb\nabcda\n".encode())
    assert (refused.stdout, refused.returncode) == (b"\nADCBA\n", 3)
    assert refused.stderr.splitlines() == [
        "charseq: line 1: the model never saw é (U+00E9)",
        "charseq: 1 of 2 lines were refused; their answers are empty",
    ]


def test_a_pipe_that_stays_open_gets_its_answers(model: str) -> None:
    with subprocess.Popen(command(model), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line, answer in ((b"abcda\n", b"ADCBA\n"), (b"ddd\n", b"DDD\n")):
            process.stdin.write(line)
            process.stdin.flush()
            assert process.stdout.readline() == answer
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_a_reader_that_goes_away_ends_it_quietly(model: str) -> None:
    with subprocess.Popen(
        command(model), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        try:
            process.stdin.write(b"abcda\n" * 200_000)
            process.stdin.close()
        except BrokenPipeError:
            pass
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 0


def test_a_missing_model_is_named(model: str, translate) -> None:
    done = translate(f"{model}.onnx", "x")
    assert (done.stdout, done.returncode) == (b"", 2)
    assert done.stderr == f"charseq: there is no file {model}.onnx\n"


class Pieces(io.RawIOBase):
    """A stream that arrives in pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces

    def read1(self, size: int, /) -> bytes:
        piece = next(self.pieces, b"")
        assert len(piece) <= size
        return piece


def test_lines_are_handed_on_as_soon_as_they_have_arrived() -> None:
    stream = Pieces(iter([b"a\nb\nc", b"d\r\n", b"e"]))
    assert list(arriving_lines(stream, longest=10)) == [[b"a", b"b"], [b"cd"], [b"e"]]


@pytest.mark.parametrize("pieces", [[b"\xef\xbb\xbfa\nb"], [b"\xef", b"\xbb\xbfa\n", b"b"]])
def test_a_byte_order_mark_is_no_part_of_the_first_line(pieces: list[bytes]) -> None:
    lines = [line for lines in arriving_lines(Pieces(iter(pieces)), longest=10) for line in lines]
    assert lines == [b"a", b"b"]
    marked = [b"a\n\xef\xbb\xbfb\n", b"\xef\xbb\xbf"]
    (first, second), (third,) = arriving_lines(Pieces(iter(marked)), longest=10)
    assert (first, second, third) == (b"a", marked[1] + b"b", marked[1])


def test_a_line_without_end_is_held_in_bounded_memory() -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        for _ in range(1_000):
            read += 50_000
            yield b"x" * 50_000
        yield b"\nend\n"

    (lines,) = arriving_lines(Pieces(endless()), longest=1_000)
    assert read == 50_000_000
    assert len(lines[0]) > 1_000
    assert sum(map(len, lines)) < 100_000
    assert lines[1] == b"end"


def test_memory_does_not_grow_with_the_number_of_lines(model: str, tmp_path: Path) -> None:
    lines = 60_000
    (tmp_path / "in").write_bytes(b"ab\n" * lines)
    script = (
        "import resource, sys\n"
        "from charseq.cli import main\n"
        "try: main()\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
    )

    def peak(count: int) -> int:
        with (tmp_path / "in").open("rb") as given:
            given.seek((lines - count) * 3)
            done = subprocess.run(
                [sys.executable, "-c", script, "translate", model],
                stdin=given,
                capture_output=True,
                check=True,
            )
        assert done.stdout.count(b"\n") == count
        return int(done.stderr.split()[-1])

    assert peak(lines) < 1.15 * peak(lines // 2)


def test_the_n_best_come_with_their_line_rank_and_score(model: str, translate) -> None:
    done = translate(model, "--beam", "4", "--n-best", "2", given=b"abcda\n\n\xff\nddd\n")
    rows = [line.split("\t") for line in done.stdout.decode().split("\n")[:-1]]
    assert [row[:2] for row in rows] == [
        ["1", "1"],
        ["1", "2"],
        ["2", "1"],
        ["3", "1"],
        ["4", "1"],
        ["4", "2"],
    ]
    assert [row[3] for row in rows if row[1] == "1"] == ["ADCBA", "", "", "DDD"]
    assert 0 >= float(rows[0][2]) > float(rows[1][2])
    assert rows[3][2] == ""
    assert done.returncode == 3


def test_json_has_all_of_the_n_best(model: str, translate) -> None:
    done = translate(model, "--json", "--beam", "4", "--n-best", "3", "abcda")
    answer = json.loads(done.stdout)
    assert answer["hypothesis"] == answer["alternatives"][0]["hypothesis"] == "ADCBA"
    assert len(answer["alternatives"]) == 3
    fields = {"hypothesis", "log_probability", "score", "cut", "confidence"}
    assert set(answer["alternatives"][1]) == fields
    sure = [each["confidence"] for each in answer["alternatives"]]
    assert answer["confidence"] == sure[0] == max(sure)


def test_samples_depend_on_the_seed_and_not_on_how_lines_arrive(
    model: str, translate, monkeypatch
) -> None:
    def drawn(seed: str) -> bytes:
        options = ("--sample", "--temperature", "4", "--top-k", "5", "--top-p", "0.99")
        return translate(model, *options, "--seed", seed, given=b"abcda\n" * 20).stdout

    together = drawn("3")
    assert len(set(together.splitlines())) > 3
    monkeypatch.setattr("charseq.cli.lines.PIECE", 16)
    assert drawn("3") == together
    assert drawn("4") != together


def test_a_refused_line_changes_no_other_lines_sample(model: str, translate) -> None:
    options = ("--sample", "--temperature", "4", "--seed", "3")
    whole = translate(model, *options, given=b"abcda\n" * 20).stdout.splitlines()
    assert len(set(whole)) > 3
    some = translate(model, *options, given=b"\xff\n" + b"abcda\n" * 19).stdout.splitlines()
    assert some == [b"", *whole[1:]]


def test_answers_begin_with_a_prefix_and_come_from_a_lexicon(
    model: str, translate, tmp_path
) -> None:
    assert translate(model, "--prefix", "C", "ab").stdout.startswith(b"C")
    lexicon = tmp_path / "words.txt"
    lexicon.write_bytes("ADCBA\r\nDDA\n\nCC\nÉ\n".encode())
    done = translate(model, "--lexicon", str(lexicon), "abcda", "bbc", "dda")
    assert {*done.stdout.split()} <= {b"ADCBA", b"DDA", b"CC"}
    assert "entries of the lexicon left out" in done.stderr
    assert done.returncode == 0
    nothing = translate(model, "--lexicon", str(lexicon), "--prefix", "B", "abcda")
    assert (nothing.stdout, nothing.returncode) == (b"\n", 3)
    assert "line 1: no entry of the lexicon begins with its prefix" in nothing.stderr


def test_answers_below_a_confidence_are_left_empty_and_counted(model: str, translate) -> None:
    # So long a word was never seen.
    given = b"abcda\n\n" + b"abcd" * 10 + b"\nddd\n"
    done = translate(model, "--abstain-below", "0.8", given=given)
    assert (done.stdout, done.returncode) == (b"ADCBA\n\n\nDDD\n", 0)
    assert done.stderr == (
        "charseq: 1 of 4 answers have a confidence below 0.8 and are left empty\n"
    )
    several = ("--beam", "3", "--n-best", "2")
    rows = translate(model, "--abstain-below", "0.8", *several, given=given).stdout.splitlines()
    assert [row for row in rows if row.startswith(b"3\t")] == [b"3\t1\t\t"]
    everything = translate(model, "--abstain-below", "0", given=given)
    assert everything.stderr == (
        "charseq: warning: of 4 texts, 1 longer than any source in training (5 symbols): the model"
        " has not learnt how to answer these, and may be sure of wrong answers\n"
    )
    assert all(line for line in everything.stdout.splitlines()[2:])


def test_json_still_shows_the_answer_that_was_withheld(model: str, translate) -> None:
    def answers(*options: str) -> list[dict]:
        done = translate(model, "--json", *options, "abcd" * 10, "ddd")
        return [json.loads(line) for line in done.stdout.splitlines()]

    (would_be, _), (withheld, given) = answers(), answers("--abstain-below", "0.8")
    assert withheld == {
        **would_be,
        "hypothesis": "",
        "abstained": True,
        "withheld": would_be["hypothesis"],
    }
    assert not {"abstained", "withheld"} & given.keys()


def test_a_model_that_does_not_know_how_sure_it_is_does_not_abstain(translate) -> None:
    older = str(Path(__file__).parents[1] / "data" / "format-1.safetensors")
    assert "confidence" not in json.loads(translate(older, "--json", "abc").stdout)
    done = translate(older, "--abstain-below", "0.5", "abc")
    assert (done.stdout, done.returncode) == (b"", 2)
    assert "so it cannot abstain" in done.stderr
    assert "Train it again, continue with --from" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--n-best", "2"], "n_best is 2, but a beam of 1 finds at most 1: widen it with --beam 2"),
        (["--beam", "many"], "beam must be a whole number, not 'many'"),
        (["--top-k", "3"], "top_k is for sampling: add --sample (sample=True), or omit it"),
        (["--lexicon", "nowhere.txt"], "nowhere.txt"),
        (["--abstain-below", "80"], "abstain_below"),
        (["--sample", "--abstain-below", "0.8"], "sample and abstain_below cannot be combined"),
    ],
)
def test_searches_that_make_no_sense_are_refused(model, translate, options, sentence) -> None:
    done = translate(model, *options, "ab")
    assert (done.stdout, done.returncode) == (b"", 2)
    assert sentence in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [((), "charseq: interrupted\n"), (("--json",), '"kind": "interrupted"')],
)
def test_an_interruption_is_said(model: str, options: tuple[str, ...], said: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, "translate", model, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write("ab\n")
        running.stdin.flush()
        # Now it is at work, and waits for more.
        assert "BA" in running.stdout.readline()
        running.send_signal(signal.SIGINT)
        _, error = running.communicate(timeout=60)
    assert running.returncode == 130
    assert said in error
    assert error.count("\n") == 1
