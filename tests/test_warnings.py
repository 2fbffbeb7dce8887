"""Warnings point at the user's own line, however deep within charseq they are raised."""

from collections.abc import Callable

import pytest

import charseq
from charseq.errors import CharseqWarning
from charseq.translator import Translator


@pytest.mark.parametrize(
    "ask",
    [
        lambda translator: translator.translate("a€"),
        lambda translator: translator.translate(["a€", "b"], beam=2),
        lambda translator: list(translator.stream(["a€"])),
        lambda translator: translator.score("a€", "A"),
    ],
)
def test_a_warning_names_the_line_that_asked(
    ask: Callable[[Translator], object], toy_translator: Translator
) -> None:
    with pytest.warns(CharseqWarning, match="€") as found:
        ask(toy_translator)
    assert [each.filename for each in found] == [__file__]


def test_so_does_one_from_within_a_training(tmp_path) -> None:
    corpus = tmp_path / "pairs.tsv"
    corpus.write_text("source\ttarget\n" + "a\tb\n" * 20, encoding="utf-8")
    with pytest.warns(CharseqWarning, match="looks like a header") as found:
        charseq.train(corpus, run=tmp_path / "run", epochs=1, units=4)
    assert [each.filename for each in found] == [__file__]


def test_so_does_one_from_its_end(toy_translator: Translator, toy_pairs, tmp_path) -> None:
    toy_translator.save(tmp_path / "start.safetensors")
    with pytest.warns(CharseqWarning, match="better") as found:
        charseq.train(
            [(source, "A") for source, _ in toy_pairs[:200]],
            held_out=toy_pairs[-60:],
            run=tmp_path / "run",
            start_from=tmp_path / "start.safetensors",
            learning_rate=0.02,
            epochs=1,
        )
    assert [each.filename for each in found] == [__file__]
