"""The phrasebook's vocabulary, read from the data files: nouns, verbs, adjectives, adverbs."""

from enum import StrEnum
from functools import cache
from typing import NamedTuple

from charseq.corpus.phrasebook.tables import read_table


class Number(StrEnum):
    """How a noun counts: singly, as a mass, in the plural, in pairs, or in the plural in French."""

    COUNT = "count"
    MASS = "mass"
    PLURAL = "plural"
    PAIR = "pair"
    FRENCH_PLURAL = "french-plural"


class FrenchNoun(NamedTuple):
    """One French word for a noun; an English noun has two where the sexes differ (ami, amie)."""

    text: str
    is_feminine: bool


class Noun(NamedTuple):
    """A noun, its French words, and the semantic classes that decide what it goes with."""

    english: str
    french: tuple[FrenchNoun, ...]
    number: Number
    classes: frozenset[str]


class Verb(NamedTuple):
    """A verb with the articles and the objects that it takes; `kinds` decides its templates."""

    english: str
    french: str
    kinds: frozenset[str]
    articles: tuple[str, ...]
    objects: tuple[Noun, ...]


class Adverb(NamedTuple):
    """An adverb; one in the middle comes before a past participle (il a bien chanté)."""

    english: str
    french: str
    kind: str
    in_the_middle: bool


class Intransitive(NamedTuple):
    """A verb that needs no object, with the adverbs of manner that suit it."""

    english: str
    french: str
    kinds: frozenset[str]
    adverbs: tuple[Adverb, ...]


class Adjective(NamedTuple):
    """An adjective: its place (before, after, predicate) and what it can describe.

    Its degree is graded (very big), plain (not *very round*), or origin (*the teacher is Chinese*,
    but not *the tea is Chinese*; nor *la robe est nouvelle*).
    """

    english: str
    french: str
    place: str
    degree: str
    describes_people: bool
    nouns: tuple[Noun, ...]

    @property
    def is_graded(self) -> bool:
        """Whether something can be so to a greater or lesser degree."""
        return self.degree == "graded"


class HandWritten(NamedTuple):
    """An everyday sentence with all its French references."""

    english: str
    french: tuple[str, ...]


@cache
def nouns() -> tuple[Noun, ...]:
    """Return all nouns in the order of their file."""
    result = []
    for english, french, gender, number, classes in read_table("nouns"):
        texts, genders = french.split("/"), gender.split("/")
        words = tuple(
            FrenchNoun(text, sex == "f") for text, sex in zip(texts, genders, strict=True)
        )
        result.append(Noun(english, words, Number(number), frozenset(classes.split())))
    return tuple(result)


@cache
def verbs() -> tuple[Verb, ...]:
    """Return all verbs that take an object."""
    return tuple(
        Verb(
            english,
            french,
            frozenset(kinds.split()),
            tuple(articles.split()),
            _select_nouns(objects, f"verb {english!r}"),
        )
        for english, french, kinds, articles, objects in read_table("verbs")
    )


@cache
def intransitives() -> tuple[Intransitive, ...]:
    """Return all verbs that take no object."""
    manners = {adverb.english: adverb for adverb in adverbs()}
    return tuple(
        Intransitive(
            english,
            french,
            frozenset(kinds.split()),
            tuple(manners[name.replace("_", " ")] for name in names.split()),
        )
        for english, french, kinds, names in read_table("intransitives")
    )


@cache
def adjectives() -> tuple[Adjective, ...]:
    """Return all adjectives."""
    return tuple(
        Adjective(
            english,
            french,
            place,
            degree,
            "people" in suits.split(),
            _select_nouns(suits.replace("people", ""), f"adjective {english!r}"),
        )
        for english, french, place, degree, suits in read_table("adjectives")
    )


@cache
def adverbs() -> tuple[Adverb, ...]:
    """Return all adverbs."""
    return tuple(
        Adverb(english, french, kind, position == "middle")
        for english, french, kind, position in read_table("adverbs")
    )


@cache
def hand_written() -> tuple[HandWritten, ...]:
    """Return the everyday sentences with their references."""
    return tuple(
        HandWritten(english, tuple(french.split(" / ")))
        for english, french in read_table("sentences")
    )


def nouns_of(*classes: str) -> tuple[Noun, ...]:
    """Return the nouns that belong to any of the classes."""
    return tuple(noun for noun in nouns() if not noun.classes.isdisjoint(classes))


def _select_nouns(selection: str, owner: str) -> tuple[Noun, ...]:
    """Resolve a cell such as ``@food wine post_office``: classes after @, single nouns by name."""
    chosen: dict[str, Noun] = {}
    for item in selection.split():
        matches = _nouns_by_name().get(item.replace("_", " "))
        if matches is None:
            raise ValueError(f"{owner}: there is no noun or class {item!r}")
        chosen.update((noun.english, noun) for noun in matches)
    return tuple(chosen.values())


@cache
def _nouns_by_name() -> dict[str, list[Noun]]:
    by_name: dict[str, list[Noun]] = {}
    for noun in nouns():
        for name in (noun.english, *(f"@{name}" for name in noun.classes)):
            by_name.setdefault(name, []).append(noun)
    return by_name
