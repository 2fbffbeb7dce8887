"""Make the golden model file of the present format, and write down what it answers.

    python tests/data/make_format.py

Run once for each format, when it is new: what it makes is committed and never made again, since
every later version must read it and answer the same. The model has as much as a model may have, and
spells words by their sounds: forwards or backwards by its language, with long or short vowels by
its features.
"""

import itertools
import json
import tempfile
from pathlib import Path

import charseq
from charseq.config import CorpusConfig
from charseq.corpus import Pair, corpus_of
from charseq.errors import UsageError
from charseq.modelfile import FORMAT_VERSION

LETTERS = ("a", "e", "b", "k", "m\u0329")  # The last is one grapheme cluster of two code points.
SOUNDS = {"LONG": {"a": "aː", "e": "eː"}, "SHORT": {}}
DIRECTIONS = {"fwd": 1, "bwd": -1}
# Longer than any it is trained on, and with symbols, features and languages that it never saw.
BEYOND = ("aebk", "m\u0329beabk", "zab", "bzka", "éa")
UNKNOWN = [
    ("", ("N", "LONG"), "fwd"),
    ("abk", ("N", "MIDDLE"), "fwd"),
    ("abk", ("N", "LONG"), "up"),
]


def pairs() -> list[Pair]:
    """Return all words of up to three letters in all their forms."""
    words = [word for length in (1, 2, 3) for word in itertools.product(LETTERS, repeat=length)]
    return [
        Pair(
            "".join(word),
            " ".join(sounds.get(each, each) for each in word[::step]),
            ("N", form),
            language,
        )
        for word in words
        for form, sounds in SOUNDS.items()
        for language, step in DIRECTIONS.items()
    ]


def main() -> None:
    """Train a model, and write it and its answers beside this file."""
    path = Path(__file__).with_name(f"format-{FORMAT_VERSION}.safetensors")
    if path.exists():
        raise UsageError(f"{path} is there, and to be kept as it is")
    corpus = corpus_of(pairs(), CorpusConfig(), name="sounds")
    with tempfile.TemporaryDirectory() as folder:
        translator = charseq.train(
            corpus,
            held_out=corpus,  # All pairs are learnt.
            run=Path(folder) / "run",
            features_column=3,
            language_column=4,
            target_separator=" ",
            symbols="graphemes",
            units=16,
            layers=2,
            embedding=8,
            bidirectional=True,
            attention="general",
            residual=True,
            relative_positions=True,
            copying=True,
            dropout=0.05,
            epochs=40,
            batch_size=16,
            learning_rate=0.01,
            keep="last",
        )
    inputs = [each.input for each in corpus.pairs[::37]]
    inputs += [
        (source, ("N", form), language)
        for source in BEYOND
        for form in SOUNDS
        for language in DIRECTIONS
    ]
    inputs += UNKNOWN
    sources, features, languages = zip(*inputs, strict=True)
    answers = translator.translate(sources, features=features, language=languages)
    fields = [
        answer.as_dict() | {"log_probability": round(answer.log_probability, 6)}
        for answer in answers
    ]
    lines = [json.dumps(each, ensure_ascii=False) for each in fields]
    translator.save(path)
    path.with_suffix(".json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
