"""Templates about qualities: *she's tired*, *the house is big*, *it's a black cat.*"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple

from charseq.corpus.phrasebook import english, french
from charseq.corpus.phrasebook.assembly import Chooser, Rendering, Template, template_over
from charseq.corpus.phrasebook.clauses import clause, past_clause, sentences
from charseq.corpus.phrasebook.conjugation import Tense
from charseq.corpus.phrasebook.english_clauses import am, is_it, present, was
from charseq.corpus.phrasebook.noun_phrases import (
    Determiner,
    Wording,
    english_phrase,
    french_phrases,
    is_plural_in_english,
)
from charseq.corpus.phrasebook.subjects import ANYBODY, PRONOUNS, YOU, FrenchSubject, I, Subject
from charseq.corpus.phrasebook.vocabulary import Adjective, Noun, Number, adjectives


class Trait(NamedTuple):
    """An adjective that describes people."""

    adjective: Adjective

    @property
    def group(self) -> str:
        """The adjective."""
        return f"be+{self.adjective.english}"

    @property
    def head(self) -> str:
        """The adjective."""
        return self.adjective.english


class Quality(NamedTuple):
    """An adjective with a noun that it suits."""

    adjective: Adjective
    noun: Noun

    @property
    def group(self) -> str:
        """The adjective and the noun."""
        return f"{self.adjective.english}+{self.noun.english}"

    @property
    def head(self) -> str:
        """The adjective."""
        return self.adjective.english


class Other(NamedTuple):
    """Somebody to be compared with."""

    english: str
    person: int
    french: tuple[str, ...]


_OTHERS = (
    Other("me", 0, ("moi",)),
    Other("you", 1, ("toi", "vous")),
    Other("him", 2, ("lui",)),
    Other("her", 2, ("elle",)),
    Other("us", 3, ("nous",)),
    Other("them", 5, ("eux", "elles")),
    Other("Tom", 2, ("Tom",)),
    Other("Mary", 2, ("Marie",)),
    Other("my sister", 2, ("ma sœur",)),
    Other("my brother", 2, ("mon frère",)),
)
_OWNED_CLASSES = frozenset(
    "pet clothing thing furniture vehicle accessory device readable instrument building".split()
)
# Passing qualities do not tell a thing apart from others.
_PASSING = frozenset({"open", "closed", "broken", "wet", "dry", "dirty", "clean", "empty", "full"})
# Nothing can be too much of these.
_WELCOME = frozenset(
    "beautiful pretty good comfortable interesting elegant useful clean fresh soft".split()
)
_STRIKING = frozenset(
    "beautiful pretty big small strange boring interesting old good bad dangerous noisy elegant "
    "delicious dark comfortable".split()
)
# Qualities that nobody looks for or likes in a thing.
_UNSOUGHT = frozenset({"old", "bad", "heavy", "noisy", "boring", "strange", "hard"})
_UNLIKED = (_UNSOUGHT - {"old"}) | {"expensive", "difficult", "narrow", "important"}


@cache
def traits() -> tuple[Trait, ...]:
    """Return the adjectives for people."""
    return tuple(Trait(adjective) for adjective in adjectives() if adjective.describes_people)


def _graded() -> Iterable[Trait]:
    return (trait for trait in traits() if trait.adjective.is_graded)


@cache
def qualities() -> tuple[Quality, ...]:
    """Return every adjective with every noun that it suits."""
    return tuple(Quality(adjective, noun) for adjective in adjectives() for noun in adjective.nouns)


def _predicates() -> Iterable[Quality]:
    """Return what can be said of a thing after *is*: hardly that a coffee is Turkish."""
    return (
        quality
        for quality in qualities()
        if quality.adjective.degree != "origin" or "person" in quality.noun.classes
    )


def _attributes() -> Iterable[Quality]:
    return (quality for quality in qualities() if quality.adjective.place != "predicate")


def _possessions() -> Iterable[Quality]:
    return (
        quality
        for quality in _attributes()
        if not quality.noun.classes.isdisjoint(_OWNED_CLASSES)
        and quality.adjective.english not in _PASSING
        and quality.noun.number is not Number.MASS
    )


def _impressions() -> Iterable[Quality]:
    return (quality for quality in _attributes() if quality.adjective.english in _STRIKING)


@template_over(traits)
def trait(trait: Trait, choose: Chooser) -> Rendering | None:
    """*I'm tired.*"""
    subject = choose.choose(ANYBODY)
    return _people(subject, trait, am(subject), lambda who, form: clause(who, "être", form))


@template_over(traits)
def no_trait(trait: Trait, choose: Chooser) -> Rendering | None:
    """*I'm not tired.*"""
    subject = choose.choose(ANYBODY)
    return _people(
        subject,
        trait,
        am(subject, is_negative=True),
        lambda who, form: clause(who, "être", form, negation="pas"),
    )


@template_over(_graded)
def past_trait(trait: Trait, choose: Chooser) -> Rendering | None:
    """*I was tired.*"""
    subject = choose.choose(ANYBODY)
    return _people(
        subject,
        trait,
        was(subject),
        lambda who, form: clause(who, "être", form, tense=Tense.IMPERFECT),
    )


@template_over(_graded)
def very(trait: Trait, choose: Chooser) -> Rendering | None:
    """*I'm very tired.*, *I'm too tired.*"""
    subject = choose.choose(ANYBODY)
    degree, french_degree = choose.choose((("very", "très"), ("too", "trop")))
    return _people(
        subject,
        trait,
        f"{am(subject)} {degree}",
        lambda who, form: clause(who, "être", f"{french_degree} {form}"),
    )


@template_over(traits)
def trait_question(trait: Trait, choose: Chooser) -> Rendering | None:
    """*Is she tired?*, *Are you tired?*"""
    subject = choose.choose(ANYBODY[1:])
    clauses: list[str] = []
    for who in subject.french:
        form = _agree(trait.adjective, who)
        clauses.append(clause(who, "être", form, is_inverted=True))
        if len(subject.french) <= 2:
            clauses.append(f"est-ce que {clause(who, 'être', form)}")
        elif who.text == "tu":
            clauses.append(clause(who, "être", form))
    words = f"{is_it(subject)} {trait.adjective.english}"
    return Rendering(english.sentence(words, "?"), sentences(clauses, "?"))


@template_over(_graded)
def comparison(trait: Trait, choose: Chooser) -> Rendering | None:
    """*Tom is taller than me.*"""
    subject, other = choose.choose(ANYBODY), choose.choose(_OTHERS)
    sides = {subject.person, other.person}
    if other.english == subject.english or sides <= {0, 3} or sides <= {1, 4}:
        return None
    words = f"{am(subject)} {english.comparative(trait.adjective.english)} than {other.english}"
    clauses = (
        clause(who, "être", f"plus {_agree(trait.adjective, who)} que {than}")
        for who in subject.french
        for than in other.french
    )
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(_predicates)
def quality(quality: Quality, choose: Chooser) -> Rendering | None:
    """*The house is big.*, *My shoes are dirty.*"""
    thing = _choose_thing(quality, choose)
    return _describe(thing, f"{thing.english} {thing.be} {quality.adjective.english}", _affirm)


@template_over(_predicates)
def no_quality(quality: Quality, choose: Chooser) -> Rendering | None:
    """*The house isn't big.*"""
    thing = _choose_thing(quality, choose)
    return _describe(thing, f"{thing.english} {thing.be}n't {quality.adjective.english}", _deny)


@template_over(_predicates)
def past_quality(quality: Quality, choose: Chooser) -> Rendering | None:
    """*The house was big.*"""
    thing = _choose_thing(quality, choose)
    was_or_were = "were" if thing.be == "are" else "was"
    words = f"{thing.english} {was_or_were} {quality.adjective.english}"
    return _describe(thing, words, _affirm_past)


@template_over(_predicates)
def quality_question(quality: Quality, choose: Chooser) -> Rendering | None:
    """*Is the house big?*"""
    thing = _choose_thing(quality, choose)
    words = f"{thing.be} {thing.english} {quality.adjective.english}"
    return _describe(thing, words, _wonder, "?")


@template_over(lambda: (quality for quality in qualities() if quality.adjective.is_graded))
def too(quality: Quality, choose: Chooser) -> Rendering | None:
    """*The house is too big.*, *The house is very big.*"""
    thing = _choose_thing(quality, choose)
    degree, french_degree = choose.choose((("too", "trop"), ("very", "très")))
    if "person" in quality.noun.classes or quality.adjective.english in _WELCOME:
        degree, french_degree = "very", "très"
    words = f"{thing.english} {thing.be} {degree} {quality.adjective.english}"
    return _describe(
        thing, words, lambda wording, form: _affirm(wording, f"{french_degree} {form}")
    )


@template_over(_attributes)
def it_is(quality: Quality, choose: Chooser) -> Rendering | None:
    """*It's a big house.*, *He's a good doctor.*"""
    adjective, noun = quality
    if adjective.english in {"open", "closed"} or "sole" in noun.classes:
        return None
    determiner = Determiner.SOME if noun.number is Number.MASS else Determiner.A
    phrase = english_phrase(noun, determiner, adjective=adjective.english).removeprefix("some ")
    wordings = french_phrases(noun, determiner, adjective=adjective)
    beginning = "they're" if is_plural_in_english(noun, determiner) else "it's"
    if "person" in noun.classes:
        is_feminine = choose.choose(noun.french).is_feminine
        beginning = "she's" if is_feminine else "he's"
        wordings = tuple(wording for wording in wordings if wording.is_feminine is is_feminine)
    clauses = (
        f"{'ce sont' if wording.is_plural else 'ce est'} {wording.text}" for wording in wordings
    )
    return Rendering(english.sentence(f"{beginning} {phrase}", "."), sentences(clauses, "."))


@template_over(_impressions)
def what_a(quality: Quality, _choose: Chooser) -> Rendering | None:
    """*What a beautiful house!*"""
    adjective, noun = quality
    determiner = Determiner.SOME if noun.number is Number.MASS else Determiner.A
    phrase = english_phrase(noun, determiner, adjective=adjective.english).removeprefix("some ")
    clauses = []
    for wording in french_phrases(noun, Determiner.BARE, adjective=adjective):
        which = french.agree("quel", is_feminine=wording.is_feminine, is_plural=wording.is_plural)
        _, _, words = wording.text.partition(" ")
        clauses.append(f"{which} {words}")
    return Rendering(english.sentence(f"what {phrase}", "!"), sentences(clauses, "!"))


@template_over(_possessions)
def has_such(quality: Quality, choose: Chooser) -> Rendering | None:
    """*I have a black cat.*, *I want a new car.*, *I'm looking for a blue pen.*"""
    subject = choose.choose(ANYBODY)
    beginning, verb = choose.choose(
        (
            (present(subject, "have"), "avoir"),
            (present(subject, "want"), "vouloir"),
            (f"{am(subject)} looking for", "chercher"),
        )
    )
    adjective, noun = quality
    if verb != "avoir" and adjective.english in _UNSOUGHT:
        return None
    phrase = english_phrase(noun, Determiner.A, adjective=adjective.english)
    clauses = (
        clause(who, verb, wording.text)
        for who in subject.french
        for wording in french_phrases(noun, Determiner.A, adjective=adjective)
    )
    return Rendering(english.sentence(f"{beginning} {phrase}", "."), sentences(clauses, "."))


@template_over(_possessions)
def bought_such(quality: Quality, choose: Chooser) -> Rendering | None:
    """*I bought a red car.*, *I saw …*, *I found …*"""
    subject = choose.choose(ANYBODY)
    past, verb = choose.choose((("bought", "acheter"), ("saw", "voir"), ("found", "trouver")))
    adjective, noun = quality
    if past == "bought" and adjective.english in {"important", "difficult"}:
        return None
    phrase = english_phrase(noun, Determiner.A, adjective=adjective.english)
    clauses = (
        past_clause(who, verb, wording.text)
        for who in subject.french
        for wording in french_phrases(noun, Determiner.A, adjective=adjective)
    )
    words = f"{subject.english} {past} {phrase}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(_possessions)
def likes_such(quality: Quality, choose: Chooser) -> Rendering | None:
    """*I like this red dress.*"""
    subject = choose.choose(PRONOUNS)
    adjective, noun = quality
    if adjective.english in _UNLIKED:
        return None
    phrase = english_phrase(noun, Determiner.THIS, adjective=adjective.english)
    clauses = (
        clause(who, "aimer", wording.text)
        for who in subject.french
        for wording in french_phrases(noun, Determiner.THIS, adjective=adjective)
    )
    words = f"{present(subject, 'like')} {phrase}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


class Thing(NamedTuple):
    """A noun phrase about to be described by an adjective."""

    english: str
    be: str
    french: tuple[Wording, ...]
    adjective: Adjective


def _choose_thing(quality: Quality, choose: Chooser) -> Thing:
    noun = quality.noun
    determiners = [Determiner.THE, Determiner.THIS]
    if "relation" in noun.classes:
        determiners = [Determiner.MY]
    elif not noun.classes.isdisjoint({"sole", "daily"}):
        determiners = [Determiner.THE]
    elif not noun.classes.isdisjoint(_OWNED_CLASSES):
        determiners.append(Determiner.MY)
    determiner, subject = choose.choose(determiners), choose.choose(_OWNERS)
    owners = subject.french if determiner is Determiner.MY else I.french
    return Thing(
        english_phrase(noun, determiner, subject.possessive),
        "are" if is_plural_in_english(noun, determiner) else "is",
        tuple(
            dict.fromkeys(
                wording
                for owner in owners
                for wording in french_phrases(noun, determiner, owner.person)
            )
        ),
        quality.adjective,
    )


def _describe(
    thing: Thing, words: str, build: Callable[[Wording, str], tuple[str, ...]], end: str = "."
) -> Rendering:
    clauses = (
        text
        for wording in thing.french
        for text in build(
            wording,
            french.agree(
                thing.adjective.french,
                is_feminine=wording.is_feminine,
                is_plural=wording.is_plural,
            ),
        )
    )
    return Rendering(english.sentence(words, end), sentences(clauses, end))


def _affirm(wording: Wording, form: str) -> tuple[str, ...]:
    return (f"{wording.text} {_is(wording)} {form}",)


def _affirm_past(wording: Wording, form: str) -> tuple[str, ...]:
    return (f"{wording.text} {'étaient' if wording.is_plural else 'était'} {form}",)


def _deny(wording: Wording, form: str) -> tuple[str, ...]:
    return (f"{wording.text} ne {_is(wording)} pas {form}",)


def _wonder(wording: Wording, form: str) -> tuple[str, ...]:
    pronoun = ("elle" if wording.is_feminine else "il") + ("s" if wording.is_plural else "")
    return (
        f"est-ce que {wording.text} {_is(wording)} {form}",
        f"{wording.text} {_is(wording)}-{pronoun} {form}",
    )


def _is(wording: Wording) -> str:
    return "sont" if wording.is_plural else "est"


def _agree(adjective: Adjective, who: FrenchSubject) -> str:
    return french.agree(adjective.french, is_feminine=who.is_feminine, is_plural=who.is_plural)


def _people(
    subject: Subject,
    trait: Trait,
    beginning: str,
    build: Callable[[FrenchSubject, str], str],
) -> Rendering:
    clauses = (build(who, _agree(trait.adjective, who)) for who in subject.french)
    words = f"{beginning} {trait.adjective.english}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


_OWNERS = (I, I, YOU, *ANYBODY[2:6])

TEMPLATES: tuple[Template, ...] = (
    trait,
    no_trait,
    past_trait,
    very,
    trait_question,
    comparison,
    quality,
    no_quality,
    past_quality,
    quality_question,
    too,
    it_is,
    what_a,
    has_such,
    bought_such,
    likes_such,
)
