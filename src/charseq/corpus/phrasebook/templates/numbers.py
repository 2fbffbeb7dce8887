"""Templates about clocks, ages and states of body and mind: *it's ten past two*, *I'm hungry.*"""

from functools import cache
from typing import NamedTuple

from charseq.corpus.phrasebook import english
from charseq.corpus.phrasebook.assembly import Chooser, Rendering, Template, template_over
from charseq.corpus.phrasebook.clauses import ask, clause, sentences
from charseq.corpus.phrasebook.conjugation import Tense
from charseq.corpus.phrasebook.english_clauses import am, is_it, was
from charseq.corpus.phrasebook.subjects import ANYBODY
from charseq.corpus.phrasebook.tables import read_table


class Hour(NamedTuple):
    """An hour of the day in both languages; French keeps midi and minuit apart."""

    english: str
    french: str


class Clock(NamedTuple):
    """An hour and what is added to it or lacks."""

    hour: Hour
    english_minutes: str
    french_minutes: str

    @property
    def group(self) -> str:
        """The time."""
        return f"clock+{self.english_minutes.format(hour=self.hour.english)}"

    @property
    def head(self) -> str:
        """The minutes."""
        return self.english_minutes


class Age(NamedTuple):
    """A number of years."""

    english: str
    french: str

    @property
    def group(self) -> str:
        """The age."""
        return f"age+{self.english}"

    @property
    def head(self) -> str:
        """The age."""
        return self.english


class Feeling(NamedTuple):
    """What one *is* in English and *has* in French: hungry, faim, pas faim.

    What is hardly ever denied (*I'm not right*) has no third.
    """

    english: str
    french: str
    denied: str

    @property
    def group(self) -> str:
        """The feeling."""
        return f"be+{self.english}"

    @property
    def head(self) -> str:
        """The feeling."""
        return self.english


_HOURS = (
    "one une",
    "two deux",
    "three trois",
    "four quatre",
    "five cinq",
    "six six",
    "seven sept",
    "eight huit",
    "nine neuf",
    "ten dix",
    "eleven onze",
)
_MINUTES = (
    ("{hour} o'clock", "{hour}"),
    ("five past {hour}", "{hour} cinq"),
    ("ten past {hour}", "{hour} dix"),
    ("a quarter past {hour}", "{hour} et quart"),
    ("twenty past {hour}", "{hour} vingt"),
    ("half past {hour}", "{hour} et demie"),
    ("twenty to {hour}", "{hour} moins vingt"),
    ("a quarter to {hour}", "{hour} moins le quart"),
    ("ten to {hour}", "{hour} moins dix"),
    ("five to {hour}", "{hour} moins cinq"),
)
_CLOCK_FRAMES = (
    ("it's {time}", "il est {time}"),
    ("it's almost {time}", "il est presque {time}"),
    ("the train leaves at {time}", "le train part à {time}"),
    ("I get up at {time}", "je me lève à {time}"),
    ("we eat at {time}", "nous mangeons à {time}"),
)


@cache
def clocks() -> tuple[Clock, ...]:
    """Return the times of the clock in steps of five and ten minutes."""
    hours = [Hour(*words.split()) for words in _HOURS]
    return tuple(Clock(hour, *minutes) for hour in hours for minutes in _MINUTES)


@cache
def ages() -> tuple[Age, ...]:
    """Return the ages of `numbers.tsv`."""
    return tuple(Age(*row) for row in read_table("numbers"))


@cache
def feelings() -> tuple[Feeling, ...]:
    """Return the feelings of `feelings.tsv`."""
    return tuple(Feeling(*row) for row in read_table("feelings"))


@template_over(clocks)
def clock(clock: Clock, choose: Chooser) -> Rendering | None:
    """*It's ten past two.*"""
    frame, french_frame = choose.choose(_CLOCK_FRAMES)
    noun = "heure" if clock.hour.english == "one" else "heures"
    time = clock.french_minutes.format(hour=f"{clock.hour.french} {noun}")
    words = frame.format(time=clock.english_minutes.format(hour=clock.hour.english))
    return Rendering(english.sentence(words, "."), sentences([french_frame.format(time=time)], "."))


@template_over(ages)
def age(age: Age, choose: Chooser) -> Rendering | None:
    """*I'm ten years old.*"""
    subject = choose.choose(ANYBODY)
    clauses = (clause(who, "avoir", f"{age.french} ans") for who in subject.french)
    words = f"{am(subject)} {age.english} years old"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(feelings)
def feeling_now(feeling: Feeling, choose: Chooser) -> Rendering | None:
    """*I'm hungry.*, *I'm not hungry.*"""
    subject, negation = choose.choose(ANYBODY), choose.choose(("", "pas"))
    if negation and not feeling.denied:
        return None
    words = feeling.denied if negation else feeling.french
    clauses = (clause(who, "avoir", words, negation=negation) for who in subject.french)
    beginning = am(subject, is_negative=bool(negation))
    return Rendering(
        english.sentence(f"{beginning} {feeling.english}", "."), sentences(clauses, ".")
    )


@template_over(feelings)
def feeling_then(feeling: Feeling, choose: Chooser) -> Rendering | None:
    """*I was hungry.*"""
    subject = choose.choose(ANYBODY)
    clauses = (
        clause(who, "avoir", feeling.french, tense=Tense.IMPERFECT) for who in subject.french
    )
    return Rendering(
        english.sentence(f"{was(subject)} {feeling.english}", "."), sentences(clauses, ".")
    )


@template_over(feelings)
def feeling_question(feeling: Feeling, choose: Chooser) -> Rendering | None:
    """*Are you hungry?*"""
    subject = choose.choose(ANYBODY[1:])
    clauses = (
        text
        for who in subject.french
        for text in ask(
            who,
            clause(who, "avoir", feeling.french),
            clause(who, "avoir", feeling.french, is_inverted=True),
        )
    )
    words = f"{is_it(subject)} {feeling.english}"
    return Rendering(english.sentence(words, "?"), sentences(clauses, "?"))


TEMPLATES: tuple[Template, ...] = (clock, age, feeling_now, feeling_then, feeling_question)
