"""Templates about a verb and its object: *I'm eating an apple.*"""

from collections.abc import Callable, Iterable
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
    have,
    is_it,
    present,
    was,
    will,
    would,
)
from charseq.corpus.phrasebook.noun_phrases import (
    Determiner,
    english_phrase,
    fits,
    french_phrases,
)
from charseq.corpus.phrasebook.subjects import (
    ANYBODY,
    HE,
    MARY,
    NAMES,
    PRONOUNS,
    SHE,
    THEY,
    TOM,
    TU,
    VOUS,
    WE,
    YOU,
    FrenchSubject,
    I,
    Subject,
)
from charseq.corpus.phrasebook.vocabulary import Noun, Number, Verb, verbs


class Action(NamedTuple):
    """A verb and an object that makes sense with it."""

    verb: Verb
    noun: Noun

    @property
    def group(self) -> str:
        """The verb and the object."""
        return f"{self.verb.english}+{self.noun.english}"

    @property
    def head(self) -> str:
        """The verb."""
        return self.verb.english

    @property
    def determiners(self) -> tuple[Determiner, ...]:
        """The determiners that suit both the verb and the noun."""
        return tuple(
            determiner
            for determiner in map(Determiner, self.verb.articles)
            if fits(self.noun, determiner)
        )

    @property
    def habits(self) -> tuple[Determiner, ...]:
        """The determiners of a habit: *I eat apples*, *he plays chess*."""
        return tuple(d for d in self.determiners if d in {Determiner.SOME, Determiner.BARE})


class Spoken(NamedTuple):
    """An action with its determiner chosen, ready to be said in both languages."""

    action: Action
    determiner: Determiner
    is_denied: bool = False

    def english(self, possessive: str) -> str:
        """Return the English object."""
        return english_phrase(
            self.action.noun, self.determiner, possessive, is_denied=self.is_denied
        )

    def french(self, person: int) -> tuple[str, ...]:
        """Return the French objects, one for each gender that the noun can have."""
        verb = self.action.verb.french
        wordings = french_phrases(
            self.action.noun,
            self.determiner,
            person,
            is_denied=self.is_denied and " " not in verb,
            is_after_de=verb.endswith(" de"),
        )
        return tuple(wording.text for wording in wordings)


@cache
def actions_of(*kinds: str) -> tuple[Action, ...]:
    """Return the actions whose verbs are of one of these kinds."""
    return tuple(
        action
        for verb in verbs()
        if not verb.kinds.isdisjoint(kinds)
        for action in (Action(verb, noun) for noun in verb.objects)
        if action.determiners
    )


def doable() -> Iterable[Action]:
    """Return what somebody does on purpose."""
    return actions_of("do")


def experienced() -> Iterable[Action]:
    """Return what can be told as over: deeds, events and perceptions."""
    return actions_of("do", "happen", "sense")


def lasting() -> Iterable[Action]:
    """Return states: *I know this man.*"""
    return actions_of("state")


def habitual() -> Iterable[Action]:
    """Return what is done again and again: *I drink tea.*"""
    return tuple(action for action in actions_of("do") if action.habits)


def _avoidable() -> Iterable[Action]:
    return (action for action in actions_of("do", "slip") if "wise" not in action.verb.kinds)


def _common() -> Iterable[Action]:
    """Return what people do together: not *let's wear this shirt*."""
    return (action for action in doable() if "solo" not in action.verb.kinds)


def _speak(action: Action, choose: Chooser, *, is_denied: bool = False) -> Spoken:
    return Spoken(action, choose.choose(action.determiners), is_denied)


def _definite(action: Action) -> list[Determiner]:
    """Return the determiners but *a*: hardly anybody says *don't sew a shirt*."""
    return [d for d in action.determiners if d is not Determiner.A]


def _suits(subject: Subject, action: Action) -> bool:
    """Keep a husband or a wife to one person: not *we love our wife*."""
    if action.noun.english == "wife":
        return subject in {I, YOU, HE, TOM}
    if action.noun.english == "husband":
        return subject in {I, YOU, SHE, MARY}
    return True


def _say(
    subject: Subject,
    spoken: Spoken,
    build: Callable[[FrenchSubject, str], str | Iterable[str]],
    end: str = ".",
) -> tuple[str, ...]:
    clauses: list[str] = []
    for person in subject.french:
        for words in spoken.french(person.person):
            built = build(person, words)
            clauses.extend([built] if isinstance(built, str) else built)
    return sentences(clauses, end)


def _statement(
    spoken: Spoken,
    subject: Subject,
    beginning: str,
    build: Callable[[FrenchSubject, str], str],
) -> Rendering | None:
    if not _suits(subject, spoken.action):
        return None
    words = f"{beginning} {spoken.english(subject.possessive)}"
    return Rendering(english.sentence(words, "."), _say(subject, spoken, build))


@template_over(doable)
def doing(action: Action, choose: Chooser) -> Rendering | None:
    """*I'm eating an apple.*"""
    subject, verb = choose.choose(ANYBODY), action.verb
    return _statement(
        _speak(action, choose),
        subject,
        f"{am(subject)} {english.ing(verb.english)}",
        lambda person, words: clause(person, verb.french, words),
    )


@template_over(habitual)
def habit(action: Action, choose: Chooser) -> Rendering | None:
    """*I eat apples.*"""
    subject, verb = choose.choose(ANYBODY), action.verb
    spoken = Spoken(action, choose.choose(action.habits))
    return Rendering(
        english.sentence(f"{present(subject, verb.english)} {_bare(action)}", "."),
        _say(subject, spoken, lambda person, words: clause(person, verb.french, words)),
    )


@template_over(habitual)
def no_habit(action: Action, choose: Chooser) -> Rendering | None:
    """*I don't eat apples.*"""
    subject, verb = choose.choose(ANYBODY), action.verb
    spoken = Spoken(action, choose.choose(action.habits), is_denied=True)
    return Rendering(
        english.sentence(f"{do_not(subject)} {verb.english} {_bare(action)}", "."),
        _say(
            subject,
            spoken,
            lambda person, words: clause(person, verb.french, words, negation="pas"),
        ),
    )


@template_over(habitual)
def never_habit(action: Action, choose: Chooser) -> Rendering | None:
    """*I never eat apples.*"""
    subject, verb = choose.choose(ANYBODY), action.verb
    spoken = Spoken(action, choose.choose(action.habits), is_denied=True)
    form = english.third_person(verb.english) if subject.is_third_singular else verb.english
    return Rendering(
        english.sentence(f"{subject.english} never {form} {_bare(action)}", "."),
        _say(
            subject,
            spoken,
            lambda person, words: clause(person, verb.french, words, negation="jamais"),
        ),
    )


@template_over(habitual)
def habit_question(action: Action, choose: Chooser) -> Rendering | None:
    """*Do you eat apples?*"""
    subject, verb = choose.choose(ANYBODY[1:]), action.verb
    spoken = Spoken(action, choose.choose(action.habits))
    return Rendering(
        english.sentence(f"{do(subject)} {verb.english} {_bare(action)}", "?"),
        _ask_present(subject, spoken),
    )


@template_over(lasting)
def state(action: Action, choose: Chooser) -> Rendering | None:
    """*I know this man.*"""
    subject, verb = choose.choose(ANYBODY), action.verb
    return _statement(
        _speak(action, choose),
        subject,
        present(subject, verb.english),
        lambda person, words: clause(person, verb.french, words),
    )


@template_over(lasting)
def no_state(action: Action, choose: Chooser) -> Rendering | None:
    """*I don't know this man.*"""
    subject, verb = choose.choose(ANYBODY), action.verb
    return _statement(
        _speak(action, choose, is_denied=True),
        subject,
        f"{do_not(subject)} {verb.english}",
        lambda person, words: clause(person, verb.french, words, negation="pas"),
    )


@template_over(lasting)
def state_question(action: Action, choose: Chooser) -> Rendering | None:
    """*Do you know this man?*"""
    subject, verb = choose.choose((YOU, HE, SHE, THEY, *NAMES)), action.verb
    spoken = _speak(action, choose)
    if not _suits(subject, action):
        return None
    words = f"{do(subject)} {verb.english} {spoken.english(subject.possessive)}"
    return Rendering(english.sentence(words, "?"), _ask_present(subject, spoken))


@template_over(experienced)
def did(action: Action, choose: Chooser) -> Rendering | None:
    """*I ate an apple.*"""
    subject, verb = choose.choose(ANYBODY), action.verb
    return _statement(
        _speak(action, choose),
        subject,
        f"{subject.english} {english.past(verb.english)}",
        lambda person, words: past_clause(person, verb.french, words),
    )


@template_over(experienced)
def did_not(action: Action, choose: Chooser) -> Rendering | None:
    """*I didn't eat the apple.*"""
    subject, verb = choose.choose(ANYBODY), action.verb
    return _statement(
        _speak(action, choose, is_denied=True),
        subject,
        f"{subject.english} didn't {verb.english}",
        lambda person, words: past_clause(person, verb.french, words, negation="pas"),
    )


@template_over(doable)
def did_question(action: Action, choose: Chooser) -> Rendering | None:
    """*Did you eat the apple?*"""
    subject, verb = choose.choose(ANYBODY[1:]), action.verb
    spoken = _speak(action, choose)
    if not _suits(subject, action):
        return None

    def build(person: FrenchSubject, words: str) -> tuple[str, ...]:
        return ask(
            person,
            past_clause(person, verb.french, words),
            past_clause(person, verb.french, words, is_inverted=True),
        )

    words = f"did {subject.english} {verb.english} {spoken.english(subject.possessive)}"
    return Rendering(english.sentence(words, "?"), _say(subject, spoken, build, "?"))


@template_over(experienced)
def already(action: Action, choose: Chooser) -> Rendering | None:
    """*I've already eaten the apple.*"""
    subject, verb = choose.choose(ANYBODY), action.verb
    return _statement(
        _speak(action, choose),
        subject,
        f"{have(subject)} already {english.past_participle(verb.english)}",
        lambda person, words: past_clause(person, verb.french, words, middle="déjà"),
    )


@template_over(doable)
def was_doing(action: Action, choose: Chooser) -> Rendering | None:
    """*I was eating an apple.*"""
    subject, verb = choose.choose(ANYBODY), action.verb
    return _statement(
        _speak(action, choose),
        subject,
        f"{was(subject)} {english.ing(verb.english)}",
        lambda person, words: clause(person, verb.french, words, tense=Tense.IMPERFECT),
    )


@template_over(doable)
def going_to(action: Action, choose: Chooser) -> Rendering | None:
    """*I'm going to eat an apple.*"""
    return _with_infinitive(
        action, choose, lambda subject: f"{am(subject)} going to", "aller", ANYBODY
    )


@template_over(doable)
def will_do(action: Action, choose: Chooser) -> Rendering | None:
    """*I'll eat an apple.*"""
    subject, verb = choose.choose(ANYBODY), action.verb
    return _statement(
        _speak(action, choose),
        subject,
        f"{will(subject)} {verb.english}",
        lambda person, words: clause(person, verb.french, words, tense=Tense.FUTURE),
    )


@template_over(doable)
def will_not(action: Action, choose: Chooser) -> Rendering | None:
    """*I won't eat the apple.*"""
    subject, verb = choose.choose(ANYBODY), action.verb
    return _statement(
        _speak(action, choose, is_denied=True),
        subject,
        f"{subject.english} won't {verb.english}",
        lambda person, words: clause(
            person, verb.french, words, tense=Tense.FUTURE, negation="pas"
        ),
    )


@template_over(doable)
def doing_question(action: Action, choose: Chooser) -> Rendering | None:
    """*Are you eating an apple?*"""
    subject, verb = choose.choose(ANYBODY[1:]), action.verb
    spoken = _speak(action, choose)
    if not _suits(subject, action):
        return None
    words = f"{is_it(subject)} {english.ing(verb.english)} {spoken.english(subject.possessive)}"
    return Rendering(english.sentence(words, "?"), _ask_present(subject, spoken))


@template_over(doable)
def want_to(action: Action, choose: Chooser) -> Rendering | None:
    """*I want to eat an apple.*"""
    return _with_infinitive(
        action, choose, lambda subject: f"{present(subject, 'want')} to", "vouloir", ANYBODY
    )


@template_over(doable)
def would_like_to(action: Action, choose: Chooser) -> Rendering | None:
    """*I'd like to eat an apple.*"""
    subject, verb, spoken = choose.choose(PRONOUNS), action.verb, _speak(action, choose)
    if not _suits(subject, action):
        return None

    def build(person: FrenchSubject, words: str) -> list[str]:
        group = infinitive_group(verb.french, person.person, words)
        return [
            clause(person, modal, group, tense=Tense.CONDITIONAL) for modal in ("vouloir", "aimer")
        ]

    words = f"{would(subject)} like to {verb.english} {spoken.english(subject.possessive)}"
    return Rendering(english.sentence(words, "."), _say(subject, spoken, build))


@template_over(doable)
def have_to(action: Action, choose: Chooser) -> Rendering | None:
    """*I have to eat the apple.*"""
    return _with_infinitive(
        action, choose, lambda subject: f"{present(subject, 'have')} to", "devoir", ANYBODY
    )


@template_over(doable)
def cannot(action: Action, choose: Chooser) -> Rendering | None:
    """*I can't eat the apple.*"""
    subject, verb = choose.choose(ANYBODY), action.verb
    definite = _definite(action)
    # *He can't wait for it* means that he looks forward to it.
    if not definite or verb.english == "wait for":
        return None
    return _statement(
        Spoken(action, choose.choose(definite), is_denied=True),
        subject,
        f"{subject.english} can't {verb.english}",
        lambda person, words: clause(
            person, "pouvoir", infinitive_group(verb.french, person.person, words), negation="pas"
        ),
    )


@template_over(doable)
def trying_to(action: Action, choose: Chooser) -> Rendering | None:
    """*I forgot to close the door.*"""
    subject, verb = choose.choose(ANYBODY), action.verb
    phrase, french_verb = choose.choose(
        (("forgot to", "oublier de"), ("refused to", "refuser de"), ("decided to", "décider de"))
    )
    # People forget what they were asked to do.
    if phrase == "forgot to" and "favor" not in verb.kinds:
        return None
    if phrase == "refused to" and verb.english == "refuse":
        return None
    return _statement(
        _speak(action, choose),
        subject,
        f"{subject.english} {phrase} {verb.english}",
        lambda person, words: past_clause(
            person, french_verb, infinitive_group(verb.french, person.person, words)
        ),
    )


@template_over(lambda: actions_of("favor"))
def may_i(action: Action, choose: Chooser) -> Rendering | None:
    """*Can I open the window?*"""
    verb = action.verb
    determiner = choose.choose(action.determiners)
    spoken = Spoken(action, determiner)
    owner = "your" if determiner is Determiner.MY else "my"

    def build(person: FrenchSubject, words: str) -> tuple[str, ...]:
        group = infinitive_group(verb.french, person.person, words)
        return (f"puis-je {group}", f"est-ce que je peux {group}")

    if determiner is not Determiner.MY:
        clauses = [text for words in spoken.french(0) for text in build(I.french[0], words)]
    else:
        clauses = [
            text
            for listener in (TU, VOUS)
            for words in spoken.french(listener.person)
            for text in build(I.french[0], words)
        ]
    words = f"can I {verb.english} {spoken.english(owner)}"
    return Rendering(english.sentence(words, "?"), sentences(clauses, "?"))


@template_over(lambda: actions_of("favor"))
def can_you(action: Action, choose: Chooser) -> Rendering | None:
    """*Can you open the window?*"""
    verb, spoken = action.verb, _speak(action, choose)

    def build(person: FrenchSubject, words: str) -> tuple[str, ...]:
        group = infinitive_group(verb.french, person.person, words)
        inverted = clause(person, "pouvoir", group, is_inverted=True)
        return (inverted, clause(person, "pouvoir", group)) if person.text == "tu" else (inverted,)

    words = f"can you {verb.english} {spoken.english('your')}"
    return Rendering(english.sentence(words, "?"), _say(YOU, spoken, build, "?"))


@template_over(doable)
def order(action: Action, choose: Chooser) -> Rendering | None:
    """*Open the window.*"""
    spoken = _speak(action, choose)
    end = choose.choose((".", "!"))
    return Rendering(
        english.sentence(f"{action.verb.english} {spoken.english('your')}", end),
        _commands(spoken, end),
    )


@template_over(lambda: actions_of("favor"))
def polite_order(action: Action, choose: Chooser) -> Rendering | None:
    """*Please open the window.*"""
    if not (definite := _definite(action)):
        return None
    spoken = Spoken(action, choose.choose(definite))
    clauses = [
        f"{command(listener.person, action.verb.french, words)} , s'il {listener.text} plaît"
        for listener in (TU._replace(text="te"), VOUS)
        for words in spoken.french(listener.person)
    ]
    return Rendering(
        english.sentence(f"please {action.verb.english} {spoken.english('your')}", "."),
        sentences((text.replace(" , ", ", ") for text in clauses), "."),
    )


@template_over(_avoidable)
def prohibition(action: Action, choose: Chooser) -> Rendering | None:
    """*Don't open the window.*"""
    if not (definite := _definite(action)):
        return None
    spoken = Spoken(action, choose.choose(definite), is_denied=True)
    if spoken.determiner is Determiner.SOME:
        return None
    end = choose.choose((".", "!"))
    return Rendering(
        english.sentence(f"don't {action.verb.english} {spoken.english('your')}", end),
        _commands(spoken, end, negation="pas"),
    )


@template_over(_common)
def suggestion(action: Action, choose: Chooser) -> Rendering | None:
    """*Let's open the window.*"""
    spoken = _speak(action, choose)
    if not _suits(WE, action):
        return None
    clauses = (
        command(FIRST_PLURAL, action.verb.french, words) for words in spoken.french(FIRST_PLURAL)
    )
    words = f"let's {action.verb.english} {spoken.english('our')}"
    return Rendering(english.sentence(words, "."), sentences(clauses, "."))


@template_over(experienced)
def who_did(action: Action, choose: Chooser) -> Rendering | None:
    """*Who ate the apple?*"""
    determiners = [d for d in action.determiners if d is not Determiner.BARE]
    if not determiners:
        return None
    determiner = choose.choose(determiners)
    spoken = Spoken(action, determiner)
    someone = FrenchSubject("qui", 2)
    clauses = (past_clause(someone, action.verb.french, words) for words in spoken.french(I.person))
    words = f"who {english.past(action.verb.english)} {spoken.english(I.possessive)}"
    return Rendering(english.sentence(words, "?"), sentences(clauses, "?"))


def _bare(action: Action) -> str:
    """Return the object of an English habit, without article: apples, milk, chess."""
    noun = action.noun
    countable = noun.number in {Number.COUNT, Number.PLURAL}
    return english.plural(noun.english) if countable else noun.english


def _ask_present(subject: Subject, spoken: Spoken) -> tuple[str, ...]:
    verb = spoken.action.verb.french

    def build(person: FrenchSubject, words: str) -> tuple[str, ...]:
        return ask(
            person, clause(person, verb, words), clause(person, verb, words, is_inverted=True)
        )

    return _say(subject, spoken, build, "?")


def _with_infinitive(
    action: Action,
    choose: Chooser,
    beginning: Callable[[Subject], str],
    modal: str,
    subjects: tuple[Subject, ...],
) -> Rendering | None:
    subject, verb = choose.choose(subjects), action.verb
    return _statement(
        _speak(action, choose),
        subject,
        f"{beginning(subject)} {verb.english}",
        lambda person, words: clause(
            person, modal, infinitive_group(verb.french, person.person, words)
        ),
    )


def _commands(spoken: Spoken, end: str, negation: str = "") -> tuple[str, ...]:
    verb = spoken.action.verb.french
    return sentences(
        (
            command(listener.person, verb, words, negation=negation)
            for listener in (TU, VOUS)
            for words in spoken.french(listener.person)
        ),
        end,
    )


TEMPLATES: tuple[Template, ...] = (
    doing,
    habit,
    no_habit,
    never_habit,
    habit_question,
    state,
    no_state,
    state_question,
    did,
    did_not,
    did_question,
    already,
    was_doing,
    going_to,
    will_do,
    will_not,
    doing_question,
    want_to,
    would_like_to,
    have_to,
    cannot,
    trying_to,
    may_i,
    can_you,
    order,
    polite_order,
    prohibition,
    suggestion,
    who_did,
)
