"""French clauses: subject, negation, pronouns, auxiliary and participle, in order.

All functions return words written apart; `french.sentence` joins them.
"""

from collections.abc import Iterable
from typing import NamedTuple

from charseq.corpus.phrasebook import french
from charseq.corpus.phrasebook.conjugation import (
    ETRE_VERBS,
    Tense,
    conjugate,
    imperative,
    participle,
)
from charseq.corpus.phrasebook.subjects import FrenchSubject

_REFLEXIVES = ("me", "te", "se", "nous", "vous", "se")
_STRONG_REFLEXIVES = {1: "toi", 3: "nous", 4: "vous"}


class Expression(NamedTuple):
    """A verb as the vocabulary writes it: ``se lever``, ``rendre visite à``."""

    infinitive: str
    complement: str
    is_reflexive: bool


class Clitic(NamedTuple):
    """An object pronoun before the verb; a direct one makes the participle agree."""

    text: str
    is_direct: bool = True
    is_feminine: bool = False
    is_plural: bool = False


def expression(verb: str) -> Expression:
    """Take a verb expression apart."""
    is_reflexive = verb.startswith(("se ", "s'"))
    bare = verb.removeprefix("se ").removeprefix("s'")
    infinitive, _, complement = bare.partition(" ")
    return Expression(infinitive, complement, is_reflexive)


def clause(
    subject: FrenchSubject,
    verb: str,
    rest: str = "",
    *,
    tense: Tense = Tense.PRESENT,
    negation: str = "",
    clitic: Clitic | None = None,
    is_inverted: bool = False,
) -> str:
    """Return a clause in a simple tense: ``je ne me lève pas``."""
    parts = expression(verb)
    finite = conjugate(parts.infinitive, tense, subject.person)
    core = _around_finite(subject, parts, finite, negation, clitic, is_inverted)
    return f"{core} {parts.complement} {rest}"


def past_clause(
    subject: FrenchSubject,
    verb: str,
    rest: str = "",
    *,
    negation: str = "",
    clitic: Clitic | None = None,
    middle: str = "",
    is_inverted: bool = False,
) -> str:
    """Return a clause in the passé composé: ``elle ne est pas partie``."""
    parts = expression(verb)
    takes_etre = parts.is_reflexive or parts.infinitive in ETRE_VERBS
    finite = conjugate("être" if takes_etre else "avoir", Tense.PRESENT, subject.person)
    core = _around_finite(subject, parts, finite, negation, clitic, is_inverted)
    if takes_etre:
        agreed = participle(
            parts.infinitive, is_feminine=subject.is_feminine, is_plural=subject.is_plural
        )
    elif clitic is not None and clitic.is_direct:
        agreed = participle(
            parts.infinitive, is_feminine=clitic.is_feminine, is_plural=clitic.is_plural
        )
    else:
        agreed = participle(parts.infinitive)
    return f"{core} {middle} {agreed} {parts.complement} {rest}"


def infinitive_group(verb: str, person: int, rest: str = "") -> str:
    """Return an infinitive phrase, with the reflexive pronoun for a person: ``me lever tôt``."""
    parts = expression(verb)
    reflexive = _REFLEXIVES[person] if parts.is_reflexive else ""
    return f"{reflexive} {parts.infinitive} {parts.complement} {rest}"


def command(
    person: int,
    verb: str,
    rest: str = "",
    *,
    negation: str = "",
    clitic: str = "",
    strong_clitic: str = "",
) -> str:
    """Return an imperative: ``lève-toi``, ``ne te lève pas``, ``donne-moi``."""
    parts = expression(verb)
    finite = imperative(parts.infinitive, person)
    if negation:
        before = _REFLEXIVES[person] if parts.is_reflexive else clitic
        core = f"ne {before} {finite} {negation}"
    else:
        after = _STRONG_REFLEXIVES[person] if parts.is_reflexive else strong_clitic
        core = f"{finite}-{after}" if after else finite
    return f"{core} {parts.complement} {rest}"


def ask(subject: FrenchSubject, statement: str, inverted: str) -> tuple[str, ...]:
    """Return the ways to ask: est-ce que, inversion (not for je), and intonation with tu."""
    forms = [f"est-ce que {statement}"]
    if subject.text != "je":
        forms.append(inverted)
    if subject.text == "tu":
        forms.append(statement)
    return tuple(forms)


def sentences(clauses: Iterable[str], end: str) -> tuple[str, ...]:
    """Turn clauses into sentences, without duplicates."""
    return tuple(french.sentence(text, end) for text in dict.fromkeys(clauses))


def _around_finite(
    subject: FrenchSubject,
    parts: Expression,
    finite: str,
    negation: str,
    clitic: Clitic | None,
    is_inverted: bool,
) -> str:
    before = _REFLEXIVES[subject.person] if parts.is_reflexive else ""
    if clitic is not None:
        before = clitic.text
    denial = "ne" if negation else ""
    if not is_inverted:
        return f"{subject.text} {denial} {before} {finite} {negation}"
    link = "-t-" if finite[-1] in "ae" and subject.person == 2 else "-"
    name = subject.text if subject.is_name else ""
    return f"{name} {denial} {before} {finite}{link}{subject.pronoun} {negation}"
