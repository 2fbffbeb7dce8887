"""The whole phrasebook: the hand-written sentences and the pairs of every template."""

from collections.abc import Iterator
from functools import cache

from charseq.corpus.phrasebook import french
from charseq.corpus.phrasebook.assembly import Phrase, draw, well_mixed, with_joined_groups
from charseq.corpus.phrasebook.templates import TEMPLATES
from charseq.corpus.phrasebook.vocabulary import hand_written

_WRITTEN_KINDS = {".": "statement", "?": "question", "!": "exclamation"}


@cache
def phrases() -> tuple[Phrase, ...]:
    """Return all pairs, each once, in a fixed and well-mixed order."""
    return tuple(well_mixed((*_written(), *with_joined_groups(_made()))))


def _written() -> Iterator[Phrase]:
    for sentence in hand_written():
        template = f"hand-written-{_WRITTEN_KINDS[sentence.english[-1]]}"
        for translation in dict.fromkeys(sentence.french):
            yield Phrase(
                sentence.english, french.punctuate(translation), sentence.english, template
            )


def _made() -> Iterator[Phrase]:
    # Each hand-written sentence is a group of its own, so no template may repeat it.
    written = {sentence.english for sentence in hand_written()}
    for template in TEMPLATES:
        for phrase in draw(template):
            if phrase.english not in written:
                yield phrase
