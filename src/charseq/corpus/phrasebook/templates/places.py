"""Templates about places: *I'm going to the park*, *she went to the market.*"""

from collections.abc import Iterable
from typing import NamedTuple

from charseq.corpus.phrasebook import english
from charseq.corpus.phrasebook.assembly import Chooser, Rendering, Template, template_over
from charseq.corpus.phrasebook.clauses import ask, clause, past_clause, sentences
from charseq.corpus.phrasebook.conjugation import Tense
from charseq.corpus.phrasebook.english_clauses import am, is_it, present, was, will
from charseq.corpus.phrasebook.noun_phrases import Determiner, french_phrases
from charseq.corpus.phrasebook.subjects import ANYBODY
from charseq.corpus.phrasebook.templates.rendering import render
from charseq.corpus.phrasebook.vocabulary import Noun, nouns_of


class Going(NamedTuple):
    """A place and the way it is spoken of: going there, being there, coming from there."""

    relation: str
    place: Noun

    @property
    def group(self) -> str:
        """The relation and the place."""
        return f"{self.relation}+{self.place.english}"

    @property
    def head(self) -> str:
        """The place."""
        return self.place.english

    @property
    def french_place(self) -> str:
        """The place with its article."""
        return french_phrases(self.place, Determiner.THE)[0].text


class Neighbours(NamedTuple):
    """Two places near each other."""

    first: Noun
    second: Noun

    @property
    def group(self) -> str:
        """The two places."""
        return f"{self.first.english}+{self.second.english}"

    @property
    def head(self) -> str:
        """The first place."""
        return self.first.english


def _goals() -> Iterable[Going]:
    return tuple(Going("go", place) for place in nouns_of("place", "event"))


def _stays() -> Iterable[Going]:
    return tuple(Going("be at", place) for place in nouns_of("place", "event"))


def _origins() -> Iterable[Going]:
    return tuple(Going("come from", place) for place in nouns_of("place", "event"))


def _neighbours() -> Iterable[Neighbours]:
    places = nouns_of("place")
    return tuple(
        Neighbours(first, second) for first in places for second in places if first != second
    )


@template_over(_goals)
def going(going: Going, choose: Chooser) -> Rendering | None:
    """*I'm going to the park.*"""
    subject = choose.choose(ANYBODY)
    words = f"{am(subject)} going to the {going.place.english}"
    return render(subject, words, lambda who: clause(who, "aller à", going.french_place))


@template_over(_goals)
def not_going(going: Going, choose: Chooser) -> Rendering | None:
    """*I'm not going to the park.*"""
    subject = choose.choose(ANYBODY)
    words = f"{am(subject, is_negative=True)} going to the {going.place.english}"
    return render(
        subject, words, lambda who: clause(who, "aller", f"à {going.french_place}", negation="pas")
    )


@template_over(_goals)
def went(going: Going, choose: Chooser) -> Rendering | None:
    """*I went to the park.*"""
    subject = choose.choose(ANYBODY)
    words = f"{subject.english} went to the {going.place.english}"
    return render(subject, words, lambda who: past_clause(who, "aller", f"à {going.french_place}"))


@template_over(_goals)
def went_not(going: Going, choose: Chooser) -> Rendering | None:
    """*I didn't go to the park.*"""
    subject = choose.choose(ANYBODY)
    words = f"{subject.english} didn't go to the {going.place.english}"
    return render(
        subject,
        words,
        lambda who: past_clause(who, "aller", f"à {going.french_place}", negation="pas"),
    )


@template_over(_goals)
def will_go(going: Going, choose: Chooser) -> Rendering | None:
    """*I'll go to the park.*"""
    subject = choose.choose(ANYBODY)
    words = f"{will(subject)} go to the {going.place.english}"
    return render(
        subject,
        words,
        lambda who: clause(who, "aller", f"à {going.french_place}", tense=Tense.FUTURE),
    )


@template_over(_goals)
def going_question(going: Going, choose: Chooser) -> Rendering | None:
    """*Are you going to the park?*"""
    subject, where = choose.choose(ANYBODY[1:]), f"à {going.french_place}"
    words = f"{is_it(subject)} going to the {going.place.english}"
    return render(
        subject,
        words,
        lambda who: ask(
            who, clause(who, "aller", where), clause(who, "aller", where, is_inverted=True)
        ),
        "?",
    )


@template_over(_goals)
def wants_to_go(going: Going, choose: Chooser) -> Rendering | None:
    """*I want to go to the park.*, *I have to go to the park.*"""
    subject = choose.choose(ANYBODY)
    modal, french_modal = choose.choose((("want to", "vouloir"), ("have to", "devoir")))
    words = f"{present(subject, modal)} go to the {going.place.english}"
    return render(
        subject, words, lambda who: clause(who, french_modal, f"aller à {going.french_place}")
    )


@template_over(_stays)
def at(going: Going, choose: Chooser) -> Rendering | None:
    """*I'm at the park.*, *I'm not at the park.*"""
    subject, negation = choose.choose(ANYBODY), choose.choose(("", "", "pas"))
    words = f"{am(subject, is_negative=bool(negation))} at the {going.place.english}"
    return render(
        subject,
        words,
        lambda who: clause(who, "être", f"à {going.french_place}", negation=negation),
    )


@template_over(_stays)
def was_at(going: Going, choose: Chooser) -> Rendering | None:
    """*I was at the park.*"""
    subject = choose.choose(ANYBODY)
    words = f"{was(subject)} at the {going.place.english}"
    return render(
        subject,
        words,
        lambda who: clause(who, "être", f"à {going.french_place}", tense=Tense.IMPERFECT),
    )


@template_over(_stays)
def stayed_at(going: Going, choose: Chooser) -> Rendering | None:
    """*I stayed at the park.*"""
    subject = choose.choose(ANYBODY)
    words = f"{subject.english} stayed at the {going.place.english}"
    return render(subject, words, lambda who: past_clause(who, "rester", f"à {going.french_place}"))


@template_over(_origins)
def coming_back(going: Going, choose: Chooser) -> Rendering | None:
    """*I'm coming back from the park.*"""
    subject = choose.choose(ANYBODY)
    words = f"{am(subject)} coming back from the {going.place.english}"
    return render(subject, words, lambda who: clause(who, "revenir de", going.french_place))


@template_over(_origins)
def came_back(going: Going, choose: Chooser) -> Rendering | None:
    """*I came back from the park.*"""
    subject = choose.choose(ANYBODY)
    words = f"{subject.english} came back from the {going.place.english}"
    return render(subject, words, lambda who: past_clause(who, "revenir de", going.french_place))


@template_over(_neighbours)
def near(places: Neighbours, choose: Chooser) -> Rendering | None:
    """*The bank is near the park.*, *… opposite the park.*, *… far from the park.*"""
    where, french_where = choose.choose(
        (("near", "près de"), ("far from", "loin de"), ("next to", "à côté de"))
    )
    first = french_phrases(places.first, Determiner.THE)[0].text
    second = french_phrases(places.second, Determiner.THE)[0].text
    words = f"the {places.first.english} is {where} the {places.second.english}"
    return Rendering(
        english.sentence(words, "."), sentences([f"{first} est {french_where} {second}"], ".")
    )


TEMPLATES: tuple[Template, ...] = (
    going,
    not_going,
    went,
    went_not,
    will_go,
    going_question,
    wants_to_go,
    at,
    was_at,
    stayed_at,
    coming_back,
    came_back,
    near,
)
