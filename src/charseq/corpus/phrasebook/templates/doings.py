"""Templates about verbs without object: *she sings well*, *I got up late yesterday.*"""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from charseq.corpus.phrasebook import english
from charseq.corpus.phrasebook.assembly import Chooser, Rendering, Template, template_over
from charseq.corpus.phrasebook.clauses import (
    ask,
    clause,
    command,
    infinitive_group,
    past_clause,
    sentences,
)
from charseq.corpus.phrasebook.conjugation import FIRST_PLURAL, Tense
from charseq.corpus.phrasebook.english_clauses import (
    am,
    do,
    do_not,
    is_it,
    present,
    was,
    will,
)
from charseq.corpus.phrasebook.subjects import (
    ANYBODY,
    PRONOUNS,
    TU,
    VOUS,
    Subject,
)
from charseq.corpus.phrasebook.templates.rendering import render
from charseq.corpus.phrasebook.vocabulary import (
    Adverb,
    Intransitive,
    Noun,
    adverbs,
    intransitives,
    nouns_of,
)


class Doing(NamedTuple):
    """A verb that needs no object, alone."""

    verb: Intransitive

    @property
    def group(self) -> str:
        """The verb."""
        return self.verb.english

    @property
    def head(self) -> str:
        """The verb."""
        return self.verb.english


class Manner(NamedTuple):
    """A verb with an adverb."""

    verb: Intransitive
    adverb: Adverb

    @property
    def group(self) -> str:
        """The verb and the adverb."""
        return f"{self.verb.english}+{self.adverb.english}"

    @property
    def head(self) -> str:
        """The verb."""
        return self.verb.english


class Wish(NamedTuple):
    """A verb that governs an infinitive, and that infinitive."""

    english: str
    french: str
    verb: Intransitive

    @property
    def group(self) -> str:
        """The two verbs."""
        return f"{self.english.removesuffix(' to')}+{self.verb.english}"

    @property
    def head(self) -> str:
        """The governed verb."""
        return self.verb.english


class Scene(NamedTuple):
    """A verb and the room where it happens."""

    verb: Intransitive
    room: Noun

    @property
    def group(self) -> str:
        """The verb and the room."""
        return f"{self.verb.english}+{self.room.english}"

    @property
    def head(self) -> str:
        """The room."""
        return self.room.english


_WISHES = (
    ("want to", "vouloir"),
    ("have to", "devoir"),
)
_TASTES = (
    ("like to", "aimer"),
    ("hate to", "détester"),
    ("prefer to", "préférer"),
)
_BEGINNINGS = (("started to", "commencer à"),)
_PAST_WISHES = (
    ("tried to", "essayer de"),
    ("decided to", "décider de"),
    ("refused to", "refuser de"),
)
# Actions that end as soon as they begin.
_MOMENTARY = frozenset(
    {"come back", "go home", "leave", "stay", "sit down", "get up", "go to bed", "apologize"}
)
# Actions that nobody suggests to others.
_UNSOCIABLE = frozenset({"cheat", "complain", "cry", "insist", "joke", "lie", "shave"})
# Actions that nobody wishes for, or does habitually.
_ONCE_ONLY = frozenset({"die", "fall", "get married", "move out", "faint", "get old", "grow up"})

# Actions that everybody does, so that *often* and *rarely* say little.
_NEEDS = frozenset(
    {"eat", "drink", "sleep", "breathe", "wake up", "get up", "get dressed", "go to bed"}
)


@cache
def doings(*kinds: str) -> tuple[Doing, ...]:
    """Return the verbs without object of some kinds."""
    return tuple(Doing(verb) for verb in intransitives() if not verb.kinds.isdisjoint(kinds))


def _deliberate() -> Iterable[Doing]:
    return doings("do")


def _any() -> Iterable[Doing]:
    return doings("do", "happen", "move")


def _told() -> Iterable[Doing]:
    return doings("do", "happen", "move", "event")


def _skills() -> Iterable[Doing]:
    return doings("skill")


@cache
def manners() -> tuple[Manner, ...]:
    """Return each verb with the adverbs of manner that suit it."""
    return tuple(Manner(verb, adverb) for verb in intransitives() for adverb in verb.adverbs)


@cache
def timed(verb_kind: str, adverb_kind: str) -> tuple[Manner, ...]:
    """Return each verb of one kind with each adverb of time of one kind."""
    times = [adverb for adverb in adverbs() if adverb.kind == adverb_kind]
    return tuple(
        Manner(verb, adverb)
        for verb in intransitives()
        if verb_kind in verb.kinds and verb.english not in _ONCE_ONLY
        for adverb in times
    )


def _then() -> Iterable[Manner]:
    return timed("timed", "past")


def _soon() -> Iterable[Manner]:
    return timed("timed", "future")


def _again() -> Iterable[Manner]:
    return timed("routine", "habit")


def _how_often() -> Iterable[Manner]:
    manners = (*timed("do", "frequency"), *timed("happen", "frequency"))
    return (manner for manner in manners if manner.verb.english not in _NEEDS)


@cache
def wishes() -> tuple[Wish, ...]:
    """Return wishes, duties and tastes with what is wished."""
    tastes = _with_infinitives(_TASTES)
    return _with_infinitives(_WISHES) + tuple(w for w in tastes if "routine" in w.verb.kinds)


@cache
def attempts() -> tuple[Wish, ...]:
    """Return beginnings and refusals with what was begun or refused."""
    beginnings = _with_infinitives(_BEGINNINGS)
    return _with_infinitives(_PAST_WISHES) + tuple(
        beginning for beginning in beginnings if beginning.verb.english not in _MOMENTARY
    )


@cache
def scenes() -> tuple[Scene, ...]:
    """Return what can be done anywhere, in every room."""
    return tuple(
        Scene(verb, room)
        for verb in intransitives()
        if "place" in verb.kinds
        for room in nouns_of("room")
    )


@template_over(_any)
def now(doing: Doing, choose: Chooser) -> Rendering | None:
    """*I'm sleeping.*"""
    subject, verb = choose.choose(ANYBODY), doing.verb
    words = f"{am(subject)} {english.ing(verb.english)}"
    return render(subject, words, lambda who: clause(who, verb.french))


@template_over(_any)
def not_now(doing: Doing, choose: Chooser) -> Rendering | None:
    """*I'm not sleeping.*"""
    subject, verb = choose.choose(ANYBODY), doing.verb
    words = f"{am(subject, is_negative=True)} {english.ing(verb.english)}"
    return render(subject, words, lambda who: clause(who, verb.french, negation="pas"))


@template_over(_any)
def back_then(doing: Doing, choose: Chooser) -> Rendering | None:
    """*I was sleeping.*"""
    subject, verb = choose.choose(ANYBODY), doing.verb
    words = f"{was(subject)} {english.ing(verb.english)}"
    return render(subject, words, lambda who: clause(who, verb.french, tense=Tense.IMPERFECT))


@template_over(_told)
def finished(doing: Doing, choose: Chooser) -> Rendering | None:
    """*I slept.*"""
    subject, verb = choose.choose(ANYBODY), doing.verb
    words = f"{subject.english} {english.past(verb.english)}"
    return render(subject, words, lambda who: past_clause(who, verb.french))


@template_over(_told)
def not_finished(doing: Doing, choose: Chooser) -> Rendering | None:
    """*I didn't sleep.*"""
    subject, verb = choose.choose(ANYBODY), doing.verb
    words = f"{subject.english} didn't {verb.english}"
    return render(subject, words, lambda who: past_clause(who, verb.french, negation="pas"))


@template_over(_deliberate)
def will_not_happen(doing: Doing, choose: Chooser) -> Rendering | None:
    """*I won't sleep.*"""
    subject, verb = choose.choose(ANYBODY), doing.verb
    words = f"{subject.english} won't {verb.english}"
    return render(
        subject,
        words,
        lambda who: clause(who, verb.french, tense=Tense.FUTURE, negation="pas"),
    )


@template_over(_deliberate)
def now_question(doing: Doing, choose: Chooser) -> Rendering | None:
    """*Are you sleeping?*"""
    subject, verb = choose.choose(ANYBODY[1:]), doing.verb
    words = f"{is_it(subject)} {english.ing(verb.english)}"
    return render(
        subject,
        words,
        lambda who: ask(who, clause(who, verb.french), clause(who, verb.french, is_inverted=True)),
        "?",
    )


@template_over(_told)
def past_question(doing: Doing, choose: Chooser) -> Rendering | None:
    """*Did he sleep?*"""
    subject, verb = choose.choose(ANYBODY[2:]), doing.verb
    words = f"did {subject.english} {verb.english}"
    return render(
        subject,
        words,
        lambda who: ask(
            who, past_clause(who, verb.french), past_clause(who, verb.french, is_inverted=True)
        ),
        "?",
    )


@template_over(_deliberate)
def doing_order(doing: Doing, choose: Chooser) -> Rendering | None:
    """*Sit down!*, *Don't cry.*, *Let's dance!*"""
    verb, end = doing.verb, choose.choose((".", "!"))
    negation = choose.choose(("", "pas"))
    words = f"don't {verb.english}" if negation else verb.english
    clauses = (command(who.person, verb.french, negation=negation) for who in (TU, VOUS))
    return Rendering(english.sentence(words, end), sentences(clauses, end))


@template_over(_deliberate)
def doing_suggestion(doing: Doing, choose: Chooser) -> Rendering | None:
    """*Let's dance!*"""
    verb, end = doing.verb, choose.choose((".", "!"))
    if verb.english in _UNSOCIABLE:
        return None
    return Rendering(
        english.sentence(f"let's {verb.english}", end),
        sentences([command(FIRST_PLURAL, verb.french)], end),
    )


@template_over(_skills)
def skill(doing: Doing, choose: Chooser) -> Rendering | None:
    """*I can swim.*, *I can't swim.*"""
    subject, verb = choose.choose(ANYBODY), doing.verb
    modal, negation = choose.choose((("can", ""), ("can't", "pas")))
    return render(
        subject,
        f"{subject.english} {modal} {verb.english}",
        lambda who: clause(
            who, "savoir", infinitive_group(verb.french, who.person), negation=negation
        ),
    )


@template_over(manners)
def manner(manner: Manner, choose: Chooser) -> Rendering | None:
    """*She sings well.*"""
    subject, verb = choose.choose(ANYBODY), manner.verb
    words = f"{present(subject, verb.english)} {manner.adverb.english}"
    return render(subject, words, lambda who: clause(who, verb.french, manner.adverb.french))


@template_over(manners)
def past_manner(manner: Manner, choose: Chooser) -> Rendering | None:
    """*She sang well.*"""
    subject, verb = choose.choose(ANYBODY), manner.verb
    words = f"{subject.english} {english.past(verb.english)} {manner.adverb.english}"
    return _past(subject, words, manner)


@template_over(manners)
def denied_manner(manner: Manner, choose: Chooser) -> Rendering | None:
    """*She doesn't sing well.*"""
    subject, verb = choose.choose(ANYBODY), manner.verb
    words = f"{do_not(subject)} {verb.english} {manner.adverb.english}"
    return render(
        subject, words, lambda who: clause(who, verb.french, manner.adverb.french, negation="pas")
    )


@template_over(_how_often)
def frequency(manner: Manner, choose: Chooser) -> Rendering | None:
    """*I often swim.*"""
    subject, verb = choose.choose(ANYBODY), manner.verb
    form = english.third_person(verb.english) if subject.is_third_singular else verb.english
    words = f"{subject.english} {manner.adverb.english} {form}"
    return render(subject, words, lambda who: clause(who, verb.french, manner.adverb.french))


@template_over(_then)
def when_past(manner: Manner, choose: Chooser) -> Rendering | None:
    """*I worked yesterday.*"""
    subject, verb = choose.choose(ANYBODY), manner.verb
    words = f"{subject.english} {english.past(verb.english)} {manner.adverb.english}"
    return _past(subject, words, manner)


@template_over(_soon)
def when_future(manner: Manner, choose: Chooser) -> Rendering | None:
    """*I'll work tomorrow.*"""
    subject, verb = choose.choose(ANYBODY), manner.verb
    words = f"{will(subject)} {verb.english} {manner.adverb.english}"
    return render(
        subject,
        words,
        lambda who: clause(who, verb.french, manner.adverb.french, tense=Tense.FUTURE),
    )


@template_over(_soon)
def when_going_to(manner: Manner, choose: Chooser) -> Rendering | None:
    """*I'm going to work tomorrow.*"""
    subject, verb = choose.choose(PRONOUNS), manner.verb
    words = f"{am(subject)} going to {verb.english} {manner.adverb.english}"
    return render(
        subject,
        words,
        lambda who: clause(
            who, "aller", infinitive_group(verb.french, who.person, manner.adverb.french)
        ),
    )


@template_over(_again)
def when_always(manner: Manner, choose: Chooser) -> Rendering | None:
    """*I work every day.*"""
    subject, verb = choose.choose(ANYBODY), manner.verb
    words = f"{present(subject, verb.english)} {manner.adverb.english}"
    return render(subject, words, lambda who: clause(who, verb.french, manner.adverb.french))


@template_over(_again)
def when_always_question(manner: Manner, choose: Chooser) -> Rendering | None:
    """*Do you work every day?*"""
    subject, verb = choose.choose(ANYBODY[1:]), manner.verb
    words = f"{do(subject)} {verb.english} {manner.adverb.english}"
    return render(
        subject,
        words,
        lambda who: ask(
            who,
            clause(who, verb.french, manner.adverb.french),
            clause(who, verb.french, manner.adverb.french, is_inverted=True),
        ),
        "?",
    )


@template_over(wishes)
def wish(wish: Wish, choose: Chooser) -> Rendering | None:
    """*I want to sleep.*, *I have to leave.*"""
    subject = choose.choose(ANYBODY)
    words = f"{present(subject, wish.english)} {wish.verb.english}"
    return render(
        subject,
        words,
        lambda who: clause(who, wish.french, infinitive_group(wish.verb.french, who.person)),
    )


@template_over(attempts)
def attempt(wish: Wish, choose: Chooser) -> Rendering | None:
    """*I tried to sleep.*"""
    subject = choose.choose(ANYBODY)
    words = f"{subject.english} {wish.english} {wish.verb.english}"
    return render(
        subject,
        words,
        lambda who: past_clause(who, wish.french, infinitive_group(wish.verb.french, who.person)),
    )


@template_over(scenes)
def scene(scene: Scene, choose: Chooser) -> Rendering | None:
    """*Tom is working in the garage.*"""
    subject, verb = choose.choose(ANYBODY), scene.verb
    words = f"{am(subject)} {english.ing(verb.english)} in the {scene.room.english}"
    where = f"dans {'la' if scene.room.french[0].is_feminine else 'le'} {scene.room.french[0].text}"
    return render(subject, words, lambda who: clause(who, verb.french, where))


@template_over(scenes)
def past_scene(scene: Scene, choose: Chooser) -> Rendering | None:
    """*Tom worked in the garage.*"""
    subject, verb = choose.choose(ANYBODY), scene.verb
    words = f"{subject.english} {english.past(verb.english)} in the {scene.room.english}"
    where = f"dans {'la' if scene.room.french[0].is_feminine else 'le'} {scene.room.french[0].text}"
    return render(subject, words, lambda who: past_clause(who, verb.french, where))


def _with_infinitives(governors: Iterable[tuple[str, str]]) -> tuple[Wish, ...]:
    return tuple(
        Wish(english_verb, french_verb, verb)
        for english_verb, french_verb in governors
        for verb in intransitives()
        if "do" in verb.kinds and verb.english not in _ONCE_ONLY
    )


def _past(subject: Subject, words: str, manner: Manner) -> Rendering:
    verb, adverb = manner.verb.french, manner.adverb
    middle, rest = (adverb.french, "") if adverb.in_the_middle else ("", adverb.french)
    return render(subject, words, lambda who: past_clause(who, verb, rest, middle=middle))


TEMPLATES: tuple[Template, ...] = (
    now,
    not_now,
    back_then,
    finished,
    not_finished,
    will_not_happen,
    now_question,
    past_question,
    doing_order,
    doing_suggestion,
    skill,
    manner,
    past_manner,
    denied_manner,
    frequency,
    when_past,
    when_future,
    when_going_to,
    when_always,
    when_always_question,
    wish,
    attempt,
    scene,
    past_scene,
)
