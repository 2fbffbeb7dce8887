"""Where pairs come from: files, the collection of manythings.org/anki, the built-in phrasebook."""

import contextlib
import difflib
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from charseq.config import CorpusConfig
from charseq.corpus import anki
from charseq.corpus.archive import read_archive
from charseq.corpus.collecting import corpus_of
from charseq.corpus.columns import refuse_settings
from charseq.corpus.files import read_file
from charseq.corpus.pairs import Corpus, Pair, PairLike, references_by_input
from charseq.corpus.splitting import Split, split_corpus
from charseq.errors import DataError, UsageError, visible
from charseq.text import PLAIN, Spellings

__all__ = [
    "PHRASEBOOK",
    "Corpus",
    "CorpusLike",
    "Pair",
    "PairLike",
    "Split",
    "corpus_from",
    "corpus_of",
    "is_named",
    "read_corpus",
    "references_by_input",
    "split_corpus",
]

PHRASEBOOK = "phrasebook"

_DEFAULT = CorpusConfig()


CorpusLike = str | Path | Corpus | Iterable[PairLike]
"""A file, a corpus's name, a corpus, or pairs of source and target."""


def is_named(corpus: object) -> bool:
    """Return whether `corpus` is the name of a corpus, whatever is in the working folder."""
    return isinstance(corpus, str) and (corpus == PHRASEBOOK or anki.is_name(corpus))


def corpus_from(
    corpus: CorpusLike,
    config: CorpusConfig,
    *,
    mirror: str | None = None,
    spellings: Spellings = PLAIN,
) -> Corpus:
    """Return the corpus given by a file, a name or pairs.

    Args:
        corpus: a file, a corpus's name, a corpus, or pairs of source and target.
        config: as for `read_corpus`.
        mirror: as for `read_corpus`.
        spellings: as for `read_corpus`.

    Raises:
        CharseqError: if it cannot be read; its subclasses say what.
    """
    if isinstance(corpus, str | Path):
        return read_corpus(corpus, config, mirror=mirror, spellings=spellings)
    if isinstance(corpus, Corpus):
        _refuse_unlike_read(corpus, spellings)
        if corpus.digest:
            return corpus
        # It was made by hand.
        rules = CorpusConfig(features_separator=config.features_separator)
        made = corpus_of(corpus.pairs, rules, name=corpus.name, spellings=spellings)
        return replace(corpus, pairs=made.pairs, digest=made.digest)
    return corpus_of(corpus, config, spellings=spellings)


def _refuse_unlike_read(corpus: Corpus, spellings: Spellings) -> None:
    """Raise an error if a corpus that was made in memory has pairs that no file could have."""
    if corpus.groups is not None and len(corpus.groups) != len(corpus):
        raise UsageError(
            f"{visible(corpus.name)} has {len(corpus):,} pairs, but {len(corpus.groups):,} groups:"
            " give each pair one"
        )
    if not corpus.pairs:
        raise DataError(f"{visible(corpus.name)} contains no pairs")
    for number, pair in enumerate(corpus.pairs, start=1):
        if not isinstance(pair, Pair):
            raise UsageError(
                f"pair {number:,} of {visible(corpus.name)} is not a charseq.corpus.Pair: give the"
                " pairs themselves, without a Corpus around them"
            )
        if not (pair.source and pair.target):
            raise DataError(f"pair {number:,} of {visible(corpus.name)} has an empty side")
        for text, spelling in zip(pair[:2], spellings, strict=True):
            if isinstance(text, str) and spelling.lacks_symbols(text):
                raise DataError(
                    f"pair {number:,} of {visible(corpus.name)} has a separator with no symbol"
                    " next to it"
                )


def read_corpus(
    name: str | Path,
    config: CorpusConfig = _DEFAULT,
    *,
    mirror: str | None = None,
    spellings: Spellings = PLAIN,
) -> Corpus:
    """Read a corpus: a file, a named corpus, or the built-in phrasebook.

    A bare `phrasebook` or `xxx-eng` is always the built-in or the named corpus, whatever lies in
    the working folder: write `./phrasebook` for a file of that name. `-` is standard input, a
    `.zip` is an archive of the collection of manythings.org/anki, and everything else is a file.

    Args:
        name: the file or the corpus's name; a `Path` is always a file.
        config: how the pairs are read.
        mirror: where named corpora are downloaded from, in place of the collection's own site.
        spellings: how the two sides are cut into symbols; `config.max_length` counts those.

    Raises:
        UsageError: if there is no such corpus or column, or the settings do not suit it.
        DataError: if its content is not what it should be.
        MachineError: if it cannot be downloaded or read.
    """
    if isinstance(name, str) and name == PHRASEBOOK:
        return _phrasebook(config, spellings)
    if isinstance(name, str) and anki.is_name(name):
        return read_archive(anki.fetch(name, mirror), config, name, spellings)
    path = Path(name)
    if path.suffix in (".safetensors", ".onnx", ".keras"):
        raise UsageError(f"{visible(str(name))} is named like a model, not a corpus")
    if str(name) == "-" or os.path.exists(path):
        return (
            read_archive(path, config, path.stem, spellings)
            if path.suffix.lower() == ".zip"
            else read_file(path, config, spellings)
        )
    raise UsageError(f"there is no file or named corpus {visible(str(name))!r}{_hint(path)}")


def _phrasebook(config: CorpusConfig, spellings: Spellings) -> Corpus:
    from charseq.corpus.phrasebook import phrases

    refuse_settings(config, f"the {PHRASEBOOK} is built in, and no file", also=["format"])
    groups = {(phrase.english, phrase.french): phrase.group for phrase in phrases()}
    corpus = corpus_of(list(groups), config, name=PHRASEBOOK, spellings=spellings)
    return replace(
        corpus,
        groups=[groups[pair[1::-1] if config.reverse else pair[:2]] for pair in corpus.pairs],
        attribution="written for charseq; Apache-2.0",
    )


def _hint(path: Path) -> str:
    names = {} if path.name != str(path) else {name: name for name in (PHRASEBOOK, *anki.LANGUAGES)}
    with contextlib.suppress(OSError):  # Without such a folder, there are no neighbours.
        names |= {other.name: str(path.with_name(other.name)) for other in path.parent.iterdir()}
    near = [names[name] for name in difflib.get_close_matches(path.name, names)]
    return f"; did you mean {' or '.join(near)}?" if near else "; see: charseq corpus list"
