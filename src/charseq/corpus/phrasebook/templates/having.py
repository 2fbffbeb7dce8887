"""Templates about things and their owners: *I have a dog*, *there's no milk*, *whose car …*"""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from charseq.corpus.phrasebook import english
from charseq.corpus.phrasebook.assembly import Chooser, Rendering, Template, template_over
from charseq.corpus.phrasebook.clauses import ask, clause, past_clause, sentences
from charseq.corpus.phrasebook.conjugation import Tense
from charseq.corpus.phrasebook.english_clauses import am, do, do_not, present, would
from charseq.corpus.phrasebook.noun_phrases import (
    Determiner,
    english_phrase,
    fits,
    french_phrases,
    is_plural_in_english,
)
from charseq.corpus.phrasebook.subjects import (
    ANYBODY,
    HE,
    NAMES,
    PRONOUNS,
    SHE,
    THEY,
    WE,
    YOU,
    FrenchSubject,
    I,
)
from charseq.corpus.phrasebook.vocabulary import Noun, Number, nouns_of


class Having(NamedTuple):
    """A noun together with the relation that the sentence is about."""

    relation: str
    noun: Noun

    @property
    def group(self) -> str:
        """The relation and the noun."""
        return f"{self.relation}+{self.noun.english}"

    @property
    def head(self) -> str:
        """The noun."""
        return self.noun.english


class Position(NamedTuple):
    """A thing and where it is."""

    noun: Noun
    english_place: str
    place: Noun
    french_preposition: str

    @property
    def group(self) -> str:
        """The thing and the place."""
        return f"{self.noun.english}+{self.place.english}"

    @property
    def head(self) -> str:
        """The thing."""
        return self.noun.english


_OWNED = ("pet", "thing", "accessory", "instrument", "device", "vehicle", "luggage", "clothing")
# Words rather than sheets of paper, so they hardly lie about.
_WORDS = frozenset({"poem", "text", "message", "article"})
_NUMERALS = ("two deux", "three trois", "four quatre", "five cinq", "six six", "ten dix")


def _owned() -> Iterable[Having]:
    return tuple(Having("have", noun) for noun in nouns_of(*_OWNED, "thought"))


def _had_in_number() -> Iterable[Having]:
    nouns = nouns_of("pet", "farm", "thing", "vehicle", "instrument", "clothing", "family")
    return tuple(
        Having("have", noun)
        for noun in nouns
        if noun.number is Number.COUNT
        and "only" not in noun.classes
        and noun.english not in {"grandfather", "grandmother"}
    )


def _wanted() -> Iterable[Having]:
    nouns = nouns_of("food", "drink", "thing", "pet", "vehicle", "clothing", "instrument", "device")
    return tuple(Having("want", noun) for noun in nouns)


def _needed() -> Iterable[Having]:
    nouns = nouns_of("thing", "vehicle", "clothing", "grocery", "device", "helper", "drink")
    return tuple(Having("need", noun) for noun in nouns)


def _tastes() -> Iterable[Having]:
    nouns = nouns_of("food", "drink", "animal", "game", "blossom", "art")
    return tuple(
        Having("like", noun)
        for noun in nouns
        if not ("dish" in noun.classes and noun.number is Number.COUNT)
    )


def _feared() -> Iterable[Having]:
    return tuple(Having("fear", noun) for noun in nouns_of("animal"))


def _supplies() -> Iterable[Having]:
    return tuple(Having("there", noun) for noun in nouns_of("food", "drink", "grocery", "money"))


def _shown() -> Iterable[Having]:
    nouns = nouns_of(*_OWNED, "building", "relation", "furniture", "readable")
    return tuple(Having("this", noun) for noun in nouns)


def _sought() -> Iterable[Having]:
    nouns = nouns_of(*_OWNED, "relation", "room", "readable", "shop", "place")
    return tuple(Having("where", noun) for noun in nouns)


def _aching() -> Iterable[Having]:
    return tuple(Having("hurt", noun) for noun in nouns_of("body"))


def _professions() -> Iterable[Having]:
    return tuple(Having("be", noun) for noun in nouns_of("profession"))


@cache
def positions() -> tuple[Position, ...]:
    """Return small things on, under and in furniture and bags, and animals in rooms."""
    nouns = nouns_of("small", "readable", "tableware", "toy", "accessory")
    small = [noun for noun in nouns if noun.english not in _WORDS]
    return (
        *(
            Position(noun, where, place, preposition)
            for noun in small
            for place in nouns_of("surface")
            if place.english != "shelf" or noun.number is Number.COUNT
            for where, preposition in (("on", "sur"), ("under", "sous"))
            if not (where == "under" and place.english == "shelf")
        ),
        *(
            Position(noun, "in", place, "dans")
            for noun in nouns_of("small")
            for place in nouns_of("container")
        ),
    )


@cache
def sights() -> tuple[Position, ...]:
    """Return animals and people that can be found in a room or a garden."""
    return tuple(
        Position(noun, "in", place, "dans")
        for noun in nouns_of("pet", "insect", "human")
        for place in nouns_of("room")
        if place.english != ("street" if "insect" in noun.classes else "church")
    )


@template_over(_owned)
def has(having: Having, choose: Chooser) -> Rendering | None:
    """*I have a dog.*"""
    subject = choose.choose(ANYBODY)
    phrase = english_phrase(having.noun, Determiner.A)
    clauses = (
        clause(who, "avoir", wording.text)
        for who in subject.french
        for wording in french_phrases(having.noun, Determiner.A)
    )
    words = f"{present(subject, 'have')} {phrase}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(_owned)
def has_not(having: Having, choose: Chooser) -> Rendering | None:
    """*I don't have a dog.*"""
    subject = choose.choose(ANYBODY)
    phrase = english_phrase(having.noun, Determiner.A)
    clauses = (
        clause(who, "avoir", wording.text, negation="pas")
        for who in subject.french
        for wording in french_phrases(having.noun, Determiner.A, is_denied=True)
    )
    words = f"{do_not(subject)} have {phrase}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(_owned)
def has_question(having: Having, choose: Chooser) -> Rendering | None:
    """*Do you have a dog?*"""
    subject = choose.choose(ANYBODY[1:])
    phrase = english_phrase(having.noun, Determiner.A)
    clauses = (
        text
        for who in subject.french
        for wording in french_phrases(having.noun, Determiner.A)
        for text in ask(
            who,
            clause(who, "avoir", wording.text),
            clause(who, "avoir", wording.text, is_inverted=True),
        )
    )
    words = f"{do(subject)} have {phrase}"
    return Rendering(english.sentence(words, "?"), sentences(clauses, "?"))


@template_over(_had_in_number)
def has_several(having: Having, choose: Chooser) -> Rendering | None:
    """*She has two cats.*"""
    subject = choose.choose(ANYBODY)
    number, french_number = choose.choose(_NUMERALS).split()
    if number == "ten" and "family" in having.noun.classes:
        return None
    plural = Determiner.GENERIC
    clauses = (
        clause(who, "avoir", f"{french_number} {wording.text.removeprefix('les ')}")
        for who in subject.french
        for wording in french_phrases(having.noun, plural)
    )
    words = f"{present(subject, 'have')} {number} {english_phrase(having.noun, plural)}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(_wanted)
def wants(having: Having, choose: Chooser) -> Rendering | None:
    """*I want an apple.*, *He wants some bread.*"""
    subject = choose.choose(ANYBODY)
    determiner = _indefinite(having.noun)
    clauses = (
        clause(who, "vouloir", wording.text)
        for who in subject.french
        for wording in french_phrases(having.noun, determiner)
    )
    words = f"{present(subject, 'want')} {english_phrase(having.noun, determiner)}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(_wanted)
def would_like(having: Having, choose: Chooser) -> Rendering | None:
    """*I'd like an apple.*"""
    subject = choose.choose(PRONOUNS)
    determiner = _indefinite(having.noun)
    clauses = (
        clause(who, "vouloir", wording.text, tense=Tense.CONDITIONAL)
        for who in subject.french
        for wording in french_phrases(having.noun, determiner)
    )
    words = f"{would(subject)} like {english_phrase(having.noun, determiner)}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(_wanted)
def wants_question(having: Having, choose: Chooser) -> Rendering | None:
    """*Do you want an apple?*"""
    subject = choose.choose((YOU, HE, SHE, THEY))
    determiner = _indefinite(having.noun)
    clauses = (
        text
        for who in subject.french
        for wording in french_phrases(having.noun, determiner)
        for text in ask(
            who,
            clause(who, "vouloir", wording.text),
            clause(who, "vouloir", wording.text, is_inverted=True),
        )
    )
    words = f"{do(subject)} want {english_phrase(having.noun, determiner)}"
    return Rendering(english.sentence(words, "?"), sentences(clauses, "?"))


@template_over(_needed)
def needs(having: Having, choose: Chooser) -> Rendering | None:
    """*I need a key.*, *I need water.*"""
    subject = choose.choose(ANYBODY)
    determiner = _indefinite(having.noun)
    clauses = (
        clause(who, "avoir besoin de", wording.text)
        for who in subject.french
        for wording in french_phrases(having.noun, determiner, is_after_de=True)
    )
    phrase = english_phrase(having.noun, determiner).removeprefix("some ")
    words = f"{present(subject, 'need')} {phrase}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(_needed)
def needs_not(having: Having, choose: Chooser) -> Rendering | None:
    """*I don't need a key.*"""
    subject = choose.choose(ANYBODY)
    determiner = _indefinite(having.noun)
    clauses = (
        clause(who, "avoir", f"besoin {wording.text}", negation="pas")
        for who in subject.french
        for wording in french_phrases(having.noun, determiner, is_denied=True)
    )
    phrase = english_phrase(having.noun, determiner).removeprefix("some ")
    words = f"{do_not(subject)} need {phrase}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(_tastes)
def likes(having: Having, choose: Chooser) -> Rendering | None:
    """*I like apples.*, *I hate fish.*"""
    subject = choose.choose(ANYBODY)
    tastes = (("like", "aimer"), ("hate", "détester"), ("love", "adorer"), ("prefer", "préférer"))
    verb, french_verb = choose.choose(tastes[:3] if "animal" in having.noun.classes else tastes)
    return _taste(having, subject.french, present(subject, verb), french_verb, "")


@template_over(_tastes)
def likes_not(having: Having, choose: Chooser) -> Rendering | None:
    """*I don't like apples.*"""
    subject = choose.choose(ANYBODY)
    return _taste(having, subject.french, f"{do_not(subject)} like", "aimer", "pas")


@template_over(_tastes)
def likes_question(having: Having, choose: Chooser) -> Rendering | None:
    """*Do you like apples?*"""
    subject = choose.choose(ANYBODY[1:])
    clauses = (
        text
        for who in subject.french
        for wording in french_phrases(having.noun, Determiner.GENERIC)
        for text in ask(
            who,
            clause(who, "aimer", wording.text),
            clause(who, "aimer", wording.text, is_inverted=True),
        )
    )
    words = f"{do(subject)} like {english_phrase(having.noun, Determiner.GENERIC)}"
    return Rendering(english.sentence(words, "?"), sentences(clauses, "?"))


@template_over(_feared)
def fears(having: Having, choose: Chooser) -> Rendering | None:
    """*I'm afraid of dogs.*, *I'm not afraid of dogs.*"""
    subject, negation = choose.choose(ANYBODY), choose.choose(("", "pas"))
    clauses = (
        clause(who, "avoir", f"peur de {wording.text}", negation=negation)
        for who in subject.french
        for wording in french_phrases(having.noun, Determiner.GENERIC)
    )
    beginning = am(subject, is_negative=bool(negation))
    words = f"{beginning} afraid of {english_phrase(having.noun, Determiner.GENERIC)}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(_supplies)
def there_is(having: Having, choose: Chooser) -> Rendering | None:
    """*There's some milk.*, *There isn't any milk.*, *Is there any milk?*"""
    noun = having.noun
    kind = choose.choose(("yes", "no", "ask", "left"))
    is_plural = is_plural_in_english(noun, Determiner.SOME)
    phrase = english_phrase(noun, Determiner.SOME, is_denied=kind != "yes")
    be = "are" if is_plural else "is"
    if kind == "yes":
        beginning = "there are" if is_plural else "there's"
        clauses = [f"il y a {w.text}" for w in french_phrases(noun, Determiner.SOME)]
        return Rendering(english.sentence(f"{beginning} {phrase}", "."), sentences(clauses, "."))
    if kind == "ask":
        clauses = [
            f"{opening} {w.text}"
            for w in french_phrases(noun, Determiner.SOME)
            for opening in ("est-ce qu'il y a", "y a-t-il", "il y a")
        ]
        words = f"{be} there {phrase}"
        return Rendering(english.sentence(words, "?"), sentences(clauses, "?"))
    denied = french_phrases(noun, Determiner.SOME, is_denied=True)
    if kind == "no":
        clauses = [f"il n'y a pas {w.text}" for w in denied]
        words = f"there {be}n't {phrase}"
    else:
        clauses = [f"il n'y a plus {w.text}" for w in denied]
        words = f"there {be} no more {phrase.removeprefix('any ')}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(sights)
def there_is_in(position: Position, choose: Chooser) -> Rendering | None:
    """*There's a cat in the garden.*"""
    determiner = choose.choose((Determiner.A, Determiner.SOME))
    place = french_phrases(position.place, Determiner.THE)[0].text
    clauses = (
        f"il y a {wording.text} dans {place}"
        for wording in french_phrases(position.noun, determiner)
    )
    phrase = english_phrase(position.noun, determiner)
    beginning = "there's" if determiner is Determiner.A else "there are"
    words = f"{beginning} {phrase} in the {position.place.english}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(sights)
def is_in(position: Position, choose: Chooser) -> Rendering | None:
    """*The cat is in the garden.*"""
    return _located(position, choose, (Determiner.THE,))


@template_over(positions)
def is_on(position: Position, choose: Chooser) -> Rendering | None:
    """*My keys are on the table.*"""
    return _located(position, choose, (Determiner.THE, Determiner.MY))


@template_over(positions)
def is_it_on(position: Position, _choose: Chooser) -> Rendering | None:
    """*Is the book on the table?*"""
    noun = position.noun
    be = "are" if is_plural_in_english(noun, Determiner.THE) else "is"
    place = french_phrases(position.place, Determiner.THE)[0].text
    clauses = []
    for wording in french_phrases(noun, Determiner.THE):
        pronoun = ("elle" if wording.is_feminine else "il") + ("s" if wording.is_plural else "")
        verb = "sont" if wording.is_plural else "est"
        where = f"{position.french_preposition} {place}"
        clauses += [
            f"{wording.text} {verb}-{pronoun} {where}",
            f"{wording.text} {verb} {where}",
        ]
    words = (
        f"{be} {english_phrase(noun, Determiner.THE)} "
        f"{position.english_place} the {position.place.english}"
    )
    return Rendering(english.sentence(words, "?"), sentences(clauses, "?"))


@template_over(positions)
def put_on(position: Position, choose: Chooser) -> Rendering | None:
    """*I put the book on the table.*"""
    subject = choose.choose(ANYBODY)
    determiner = choose.choose((Determiner.THE, Determiner.MY))
    place = french_phrases(position.place, Determiner.THE)[0].text
    clauses = (
        past_clause(who, "mettre", f"{wording.text} {position.french_preposition} {place}")
        for who in subject.french
        for wording in french_phrases(position.noun, determiner, who.person)
    )
    phrase = english_phrase(position.noun, determiner, subject.possessive)
    words = f"{subject.english} put {phrase} {position.english_place} the {position.place.english}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(_sought)
def where_is(having: Having, choose: Chooser) -> Rendering | None:
    """*Where is my book?*, *Where are the keys?*"""
    noun = having.noun
    determiners = [Determiner.MY, Determiner.THE]
    if "relation" in noun.classes:
        determiners = [Determiner.MY]
    elif not noun.classes.isdisjoint({"room", "shop", "place"}):
        determiners = [Determiner.THE]
    determiner = choose.choose(determiners)
    owner = choose.choose((I, YOU, HE, SHE, WE, THEY))
    clauses = (
        f"où {'sont' if wording.is_plural else 'est'} {wording.text}"
        for who in owner.french
        for wording in french_phrases(noun, determiner, who.person)
    )
    be = "are" if is_plural_in_english(noun, determiner) else "is"
    words = f"where {be} {english_phrase(noun, determiner, owner.possessive)}"
    return Rendering(english.sentence(words, "?"), sentences(clauses, "?"))


@template_over(_shown)
def this_is(having: Having, choose: Chooser) -> Rendering | None:
    """*This is my car.*, *These are my shoes.*"""
    owner = choose.choose(PRONOUNS)
    noun = having.noun
    if owner.french[0].is_plural and "only" in noun.classes:
        return None
    clauses = [
        f"{opening} {wording.text}"
        for who in owner.french
        for wording in french_phrases(noun, Determiner.MY, who.person)
        for opening in ("voici", "ce sont" if wording.is_plural else "ce est")
    ]
    beginning = "these are" if is_plural_in_english(noun, Determiner.MY) else "this is"
    words = f"{beginning} {english_phrase(noun, Determiner.MY, owner.possessive)}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(_shown)
def belongs_to(having: Having, choose: Chooser) -> Rendering | None:
    """*It's Tom's car.*, *Is it Tom's car?*"""
    noun, owner = having.noun, choose.choose(NAMES)
    if "relation" in noun.classes:
        return None
    is_plural = is_plural_in_english(noun, Determiner.THE)
    phrase = english_phrase(noun, Determiner.BARE)
    clauses = (
        f"{'ce sont' if wording.is_plural else 'ce est'} {wording.text} de {owner.french[0].text}"
        for wording in french_phrases(noun, Determiner.THE)
    )
    beginning = "they're" if is_plural else "it's"
    words = f"{beginning} {owner.english}'s {phrase}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(_aching)
def hurts(having: Having, choose: Chooser) -> Rendering | None:
    """*My head hurts.*, *His feet hurt.*"""
    subject = choose.choose((*PRONOUNS[:4], *NAMES))
    noun = having.noun
    possessive = subject.possessive if subject in PRONOUNS else f"{subject.english}'s"
    phrase = english_phrase(noun, Determiner.MY, possessive)
    verb = "hurt" if is_plural_in_english(noun, Determiner.MY) else "hurts"
    clauses = (
        clause(who, "avoir", f"mal à {wording.text}")
        for who in subject.french
        for wording in french_phrases(noun, Determiner.THE)
    )
    return Rendering(english.sentence(f"{phrase} {verb}", "."), sentences(clauses, "."))


@template_over(_professions)
def profession(having: Having, choose: Chooser) -> Rendering | None:
    """*She's a nurse.*, *I'm not a nurse.*"""
    subject, negation = choose.choose(ANYBODY), choose.choose(("", "pas"))
    if subject in {WE, THEY}:
        return None
    has_two_genders = len(having.noun.french) > 1
    clauses = [
        clause(who, "être", word.text, negation=negation)
        for who in subject.french
        if not who.is_plural
        for word in having.noun.french
        if word.is_feminine == who.is_feminine
        or (not has_two_genders and having.noun.english in {"doctor"})
    ]
    if not clauses:
        return None
    beginning = am(subject, is_negative=bool(negation))
    words = f"{beginning} {english_phrase(having.noun, Determiner.A)}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


def _indefinite(noun: Noun) -> Determiner:
    if fits(noun, Determiner.A):
        return Determiner.A
    return Determiner.SOME


def _taste(
    having: Having,
    whos: tuple[FrenchSubject, ...],
    beginning: str,
    verb: str,
    negation: str,
) -> Rendering:
    clauses = (
        clause(who, verb, wording.text, negation=negation)
        for who in whos
        for wording in french_phrases(having.noun, Determiner.GENERIC)
    )
    words = f"{beginning} {english_phrase(having.noun, Determiner.GENERIC)}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


def _located(position: Position, choose: Chooser, determiners: tuple[Determiner, ...]) -> Rendering:
    determiner, owner = choose.choose(determiners), choose.choose((I, YOU, HE, SHE))
    noun = position.noun
    place = french_phrases(position.place, Determiner.THE)[0].text
    clauses = (
        f"{wording.text} {'sont' if wording.is_plural else 'est'} "
        f"{position.french_preposition} {place}"
        for who in owner.french
        for wording in french_phrases(noun, determiner, who.person)
    )
    be = "are" if is_plural_in_english(noun, determiner) else "is"
    words = (
        f"{english_phrase(noun, determiner, owner.possessive)} {be} "
        f"{position.english_place} the {position.place.english}"
    )
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


TEMPLATES: tuple[Template, ...] = (
    has,
    has_not,
    has_question,
    has_several,
    wants,
    would_like,
    wants_question,
    needs,
    needs_not,
    likes,
    likes_not,
    likes_question,
    fears,
    there_is,
    there_is_in,
    is_in,
    is_on,
    is_it_on,
    put_on,
    where_is,
    this_is,
    belongs_to,
    hurts,
    profession,
)
