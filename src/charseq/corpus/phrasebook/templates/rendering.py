"""A sentence about a subject, once in English and in French for every possible subject."""

from collections.abc import Callable, Iterable

from charseq.corpus.phrasebook import english
from charseq.corpus.phrasebook.assembly import Rendering
from charseq.corpus.phrasebook.clauses import sentences
from charseq.corpus.phrasebook.subjects import FrenchSubject, Subject


def render(
    subject: Subject,
    words: str,
    build: Callable[[FrenchSubject], str | Iterable[str]],
    end: str = ".",
) -> Rendering:
    """Close the English words, and the French clauses built for each reading of the subject."""
    clauses: list[str] = []
    for who in subject.french:
        built = build(who)
        clauses.extend([built] if isinstance(built, str) else built)
    return Rendering(english.sentence(words, end), sentences(clauses, end))
