"""Templates about a verb and a person, as a pronoun or a name: *I see him*, *he gave me a book.*"""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from charseq.corpus.phrasebook import english
from charseq.corpus.phrasebook.assembly import Chooser, Rendering, Template, template_over
from charseq.corpus.phrasebook.clauses import (
    Clitic,
    ask,
    clause,
    command,
    past_clause,
    sentences,
)
from charseq.corpus.phrasebook.conjugation import PLURAL_YOU, SINGULAR_YOU, Tense
from charseq.corpus.phrasebook.english_clauses import (
    am,
    do_not,
    is_it,
    present,
    will,
)
from charseq.corpus.phrasebook.noun_phrases import Determiner
from charseq.corpus.phrasebook.subjects import ANYBODY, PRONOUNS, TU, VOUS, FrenchSubject, Subject
from charseq.corpus.phrasebook.templates.actions import Action, Spoken, actions_of
from charseq.corpus.phrasebook.vocabulary import Verb, verbs


class Person(NamedTuple):
    """An object pronoun for a person: English, grammatical person, French direct and indirect."""

    english: str
    person: int
    direct: tuple[Clitic, ...]
    indirect: tuple[str, ...]


def _both_genders(text: str, *, is_plural: bool = False) -> tuple[Clitic, ...]:
    return (
        Clitic(text, is_plural=is_plural),
        Clitic(text, is_feminine=True, is_plural=is_plural),
    )


ME = Person("me", 0, _both_genders("me"), ("me",))
YOU_AS_OBJECT = Person(
    "you",
    1,
    (*_both_genders("te"), *_both_genders("vous"), *_both_genders("vous", is_plural=True)),
    ("te", "vous"),
)
HIM = Person("him", 2, (Clitic("le"),), ("lui",))
HER = Person("her", 2, (Clitic("la", is_feminine=True),), ("lui",))
US = Person("us", 3, _both_genders("nous", is_plural=True), ("nous",))
THEM = Person("them", 5, _both_genders("les", is_plural=True), ("leur",))
PERSONS = (ME, YOU_AS_OBJECT, HIM, HER, US, THEM)


class Encounter(NamedTuple):
    """A verb and the person it is done to."""

    verb: Verb
    person: Person

    @property
    def group(self) -> str:
        """The verb and the pronoun."""
        return f"{self.verb.english}+{self.person.english}"

    @property
    def head(self) -> str:
        """The verb."""
        return self.verb.english

    @property
    def clitics(self) -> tuple[Clitic, ...]:
        """The French pronouns, direct or indirect as the verb demands."""
        if self.verb.french.endswith(" à"):
            return tuple(Clitic(text, is_direct=False) for text in self.person.indirect)
        return self.person.direct

    @property
    def bare_french(self) -> str:
        """The French verb without the preposition that the pronoun absorbs."""
        return self.verb.french.removesuffix(" à")


class Gift(NamedTuple):
    """Something given, shown, lent … and whoever receives it."""

    action: Action
    person: Person

    @property
    def group(self) -> str:
        """The verb and the thing: the combination of the templates without a receiver."""
        return self.action.group

    @property
    def head(self) -> str:
        """The verb."""
        return self.action.verb.english


@cache
def encounters(*kinds: str) -> tuple[Encounter, ...]:
    """Return verbs of some kinds that can be done to a person, with each person."""
    return tuple(
        Encounter(verb, person)
        for verb in verbs()
        if not verb.kinds.isdisjoint(kinds) and "person" in verb.kinds
        for person in PERSONS
    )


def _doable() -> Iterable[Encounter]:
    return encounters("do")


def _present() -> Iterable[Encounter]:
    return encounters("state", "sense")


def _past() -> Iterable[Encounter]:
    return encounters("do", "happen", "sense")


@cache
def gifts() -> tuple[Gift, ...]:
    """Return everything that can be given, with every receiver."""
    return tuple(Gift(action, person) for action in actions_of("give") for person in PERSONS)


def _clash(subject: Subject, person: Person) -> bool:
    """Tell whether subject and object would be the same, or part of each other."""
    first, second = {0, 3}, {1, 4}
    return any(
        subject.person in persons and person.person in persons for persons in (first, second)
    )


@template_over(_doable)
def doing_to(encounter: Encounter, choose: Chooser) -> Rendering | None:
    """*I'm helping him.*"""
    subject = choose.choose(ANYBODY)
    words = f"{am(subject)} {english.ing(encounter.verb.english)} {encounter.person.english}"
    return _statement(encounter, subject, words, Tense.PRESENT)


@template_over(_present)
def feeling(encounter: Encounter, choose: Chooser) -> Rendering | None:
    """*I know him.*"""
    subject = choose.choose(ANYBODY)
    words = f"{present(subject, encounter.verb.english)} {encounter.person.english}"
    return _statement(encounter, subject, words, Tense.PRESENT)


@template_over(_present)
def not_feeling(encounter: Encounter, choose: Chooser) -> Rendering | None:
    """*I don't know him.*"""
    subject = choose.choose(ANYBODY)
    words = f"{do_not(subject)} {encounter.verb.english} {encounter.person.english}"
    return _statement(encounter, subject, words, Tense.PRESENT, negation="pas")


@template_over(_doable)
def will_do_to(encounter: Encounter, choose: Chooser) -> Rendering | None:
    """*I'll help him.*"""
    subject = choose.choose(ANYBODY)
    words = f"{will(subject)} {encounter.verb.english} {encounter.person.english}"
    return _statement(encounter, subject, words, Tense.FUTURE)


@template_over(_past)
def did_to(encounter: Encounter, choose: Chooser) -> Rendering | None:
    """*I helped him.*"""
    subject = choose.choose(ANYBODY)
    words = f"{subject.english} {english.past(encounter.verb.english)} {encounter.person.english}"
    return _past_statement(encounter, subject, words)


@template_over(_past)
def did_not_do_to(encounter: Encounter, choose: Chooser) -> Rendering | None:
    """*I didn't help him.*"""
    subject = choose.choose(ANYBODY)
    words = f"{subject.english} didn't {encounter.verb.english} {encounter.person.english}"
    return _past_statement(encounter, subject, words, negation="pas")


@template_over(_doable)
def order_to_do_to(encounter: Encounter, choose: Chooser) -> Rendering | None:
    """*Help him!*"""
    person, end = encounter.person, choose.choose((".", "!"))
    # *Leave us* sends the listener out of the room (laisse-nous); quitte-nous does not.
    if person.person in {SINGULAR_YOU, PLURAL_YOU} or encounter.verb.english == "leave":
        return None
    strong = {"me": "moi"}
    clauses = (
        command(
            listener.person,
            encounter.bare_french,
            strong_clitic=strong.get(clitic.text, clitic.text),
        )
        for listener in (TU, VOUS)
        for clitic in encounter.clitics
    )
    words = f"{encounter.verb.english} {person.english}"
    return Rendering(english.sentence(words, end), sentences(clauses, end))


@template_over(_doable)
def prohibition_to_do_to(encounter: Encounter, choose: Chooser) -> Rendering | None:
    """*Don't help him.*"""
    person, end = encounter.person, choose.choose((".", "!"))
    if person.person in {SINGULAR_YOU, PLURAL_YOU}:
        return None
    clauses = (
        command(listener.person, encounter.bare_french, negation="pas", clitic=clitic.text)
        for listener in (TU, VOUS)
        for clitic in encounter.clitics
    )
    words = f"don't {encounter.verb.english} {person.english}"
    return Rendering(english.sentence(words, end), sentences(clauses, end))


@template_over(_doable)
def doing_to_question(encounter: Encounter, choose: Chooser) -> Rendering | None:
    """*Are you helping him?*"""
    subject, person = choose.choose(PRONOUNS[1:]), encounter.person
    if _clash(subject, person):
        return None
    clauses = [
        text
        for who in subject.french
        for clitic in _matching(encounter.clitics, subject, who)
        for text in ask(
            who,
            clause(who, encounter.bare_french, clitic=clitic),
            clause(who, encounter.bare_french, clitic=clitic, is_inverted=True),
        )
    ]
    words = f"{is_it(subject)} {english.ing(encounter.verb.english)} {person.english}"
    return Rendering(english.sentence(words, "?"), sentences(clauses, "?"))


@template_over(gifts)
def gave(gift: Gift, choose: Chooser) -> Rendering | None:
    """*He gave me a book.*"""
    subject = choose.choose(ANYBODY)
    if _clash(subject, gift.person):
        return None
    spoken = Spoken(gift.action, choose.choose(gift.action.determiners))
    verb = gift.action.verb
    clauses = (
        past_clause(who, verb.french, words, clitic=Clitic(text, is_direct=False))
        for who in subject.french
        for words in spoken.french(who.person)
        for text in gift.person.indirect
    )
    words = " ".join(
        (
            subject.english,
            english.past(verb.english),
            gift.person.english,
            spoken.english(subject.possessive),
        )
    )
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(gifts)
def give(gift: Gift, choose: Chooser) -> Rendering | None:
    """*Give me the key.*"""
    if gift.person.person in {SINGULAR_YOU, PLURAL_YOU}:
        return None
    determiners = [d for d in gift.action.determiners if d is not Determiner.SOME]
    spoken = Spoken(gift.action, choose.choose(determiners or [Determiner.SOME]))
    text = {"me": "moi"}.get(gift.person.indirect[0], gift.person.indirect[0])
    clauses = (
        command(listener.person, gift.action.verb.french, words, strong_clitic=text)
        for listener in (TU, VOUS)
        for words in spoken.french(listener.person)
    )
    words = f"{gift.action.verb.english} {gift.person.english} {spoken.english('your')}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


def _matching(
    clitics: tuple[Clitic, ...], subject: Subject, who: FrenchSubject
) -> tuple[Clitic, ...]:
    """Keep te and vous from meeting in one sentence with a subject of the other form."""
    if subject.person != SINGULAR_YOU:
        return clitics
    other = "vous" if who.text == "tu" else "te"
    return tuple(clitic for clitic in clitics if clitic.text != other)


def _statement(
    encounter: Encounter, subject: Subject, words: str, tense: Tense, *, negation: str = ""
) -> Rendering | None:
    if _clash(subject, encounter.person):
        return None
    clauses = (
        clause(who, encounter.bare_french, tense=tense, clitic=clitic, negation=negation)
        for who in subject.french
        for clitic in encounter.clitics
    )
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


def _past_statement(
    encounter: Encounter, subject: Subject, words: str, *, negation: str = ""
) -> Rendering | None:
    if _clash(subject, encounter.person):
        return None
    clauses = (
        past_clause(who, encounter.bare_french, clitic=clitic, negation=negation)
        for who in subject.french
        for clitic in encounter.clitics
    )
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


TEMPLATES: tuple[Template, ...] = (
    doing_to,
    feeling,
    not_feeling,
    will_do_to,
    did_to,
    did_not_do_to,
    order_to_do_to,
    prohibition_to_do_to,
    doing_to_question,
    gave,
    give,
)
