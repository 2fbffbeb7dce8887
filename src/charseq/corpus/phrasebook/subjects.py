"""Subjects: the persons of English, with all French persons that translate them."""

from typing import NamedTuple

from charseq.corpus.phrasebook.conjugation import PLURAL_YOU, SINGULAR_YOU


class FrenchSubject(NamedTuple):
    """A French subject: its word, its grammatical person, its gender and number for agreement."""

    text: str
    person: int
    is_feminine: bool = False
    is_plural: bool = False

    @property
    def is_name(self) -> bool:
        """Whether the subject is a name, which an inverted question repeats as a pronoun."""
        return self.text[0].isupper()

    @property
    def pronoun(self) -> str:
        """The pronoun that repeats the subject: Marie mange-t-elle."""
        if not self.is_name:
            return self.text
        return "elle" if self.is_feminine else "il"


class Subject(NamedTuple):
    """An English subject, its possessive, and its French translations."""

    english: str
    possessive: str
    french: tuple[FrenchSubject, ...]

    @property
    def is_third_singular(self) -> bool:
        """Whether the English verb takes -s."""
        return self.french[0].person == 2

    @property
    def person(self) -> int:
        """The grammatical person; that of tu stands for both second persons of French."""
        return self.french[0].person


def _named(english: str, french: str, *, is_feminine: bool) -> Subject:
    possessive = "her" if is_feminine else "his"
    return Subject(english, possessive, (FrenchSubject(french, 2, is_feminine),))


TU = FrenchSubject("tu", SINGULAR_YOU)
VOUS = FrenchSubject("vous", PLURAL_YOU, is_plural=True)

I = Subject("I", "my", (FrenchSubject("je", 0), FrenchSubject("je", 0, is_feminine=True)))  # noqa: E741
YOU = Subject(
    "you",
    "your",
    (
        TU,
        TU._replace(is_feminine=True),
        VOUS._replace(is_plural=False),
        VOUS._replace(is_plural=False, is_feminine=True),
        VOUS,
        VOUS._replace(is_feminine=True),
    ),
)
HE = Subject("he", "his", (FrenchSubject("il", 2),))
SHE = Subject("she", "her", (FrenchSubject("elle", 2, is_feminine=True),))
WE = Subject(
    "we",
    "our",
    (
        FrenchSubject("nous", 3, is_plural=True),
        FrenchSubject("nous", 3, is_feminine=True, is_plural=True),
    ),
)
THEY = Subject(
    "they",
    "their",
    (
        FrenchSubject("ils", 5, is_plural=True),
        FrenchSubject("elles", 5, is_feminine=True, is_plural=True),
    ),
)
TOM = _named("Tom", "Tom", is_feminine=False)
MARY = _named("Mary", "Marie", is_feminine=True)
PAUL = _named("Paul", "Paul", is_feminine=False)
ANNA = _named("Anna", "Anna", is_feminine=True)

PRONOUNS = (I, YOU, HE, SHE, WE, THEY)
NAMES = (TOM, MARY, PAUL, ANNA)
ANYBODY = (*PRONOUNS, *NAMES)
