"""French conjugation: regular groups by rule, the irregular verbs from `conjugations.tsv`.

Persons are numbered 0 to 5: je, tu, il/elle, nous, vous, ils/elles.
"""

import re
from enum import Enum
from functools import cache
from typing import NamedTuple

from charseq.corpus.phrasebook.tables import read_table

SINGULAR_YOU, FIRST_PLURAL, PLURAL_YOU = 1, 3, 4

_IMPERFECT_ENDINGS = ("ais", "ais", "ait", "ions", "iez", "aient")
_FUTURE_ENDINGS = ("ai", "as", "a", "ons", "ez", "ont")
_GROUP_ENDINGS = {
    "er": ("e", "es", "e", "ons", "ez", "ent"),
    "ir": ("is", "is", "it", "issons", "issez", "issent"),
    "re": ("s", "s", "", "ons", "ez", "ent"),
}
_GROUP_PARTICIPLES = {"er": "é", "ir": "i", "re": "u"}

# -eler and -eter double their consonant (appelle, jette), except these, which take a grave accent.
_GRAVE_VERBS = frozenset({"acheter", "geler", "peler", "modeler"})

_IMPERATIVES = {
    "être": {SINGULAR_YOU: "sois", FIRST_PLURAL: "soyons", PLURAL_YOU: "soyez"},
    "avoir": {SINGULAR_YOU: "aie", FIRST_PLURAL: "ayons", PLURAL_YOU: "ayez"},
    "savoir": {SINGULAR_YOU: "sache", FIRST_PLURAL: "sachons", PLURAL_YOU: "sachez"},
}

# The verbs whose compound tenses take être, besides every reflexive verb.
ETRE_VERBS = frozenset(
    "aller arriver descendre devenir entrer monter mourir naître partir rentrer rester retourner "
    "revenir sortir tomber venir".split()
)


class Tense(Enum):
    """The simple tenses that the phrasebook conjugates."""

    PRESENT = "present"
    IMPERFECT = "imperfect"
    FUTURE = "future"
    CONDITIONAL = "conditional"


class Conjugation(NamedTuple):
    """The principal parts from which every form of a verb follows."""

    present: tuple[str, ...]
    future_stem: str
    participle: str


def conjugate(infinitive: str, tense: Tense, person: int) -> str:
    """Return the form of a verb without its subject: mangeons for manger, person 3."""
    parts = principal_parts(infinitive)
    if tense is Tense.PRESENT:
        return parts.present[person]
    if tense is Tense.FUTURE:
        return parts.future_stem + _FUTURE_ENDINGS[person]
    if tense is Tense.CONDITIONAL:
        return parts.future_stem + _IMPERFECT_ENDINGS[person]
    return _imperfect(infinitive, parts, person)


def imperative(infinitive: str, person: int) -> str:
    """Return the imperative for tu (1), nous (3) or vous (4)."""
    if infinitive in _IMPERATIVES:
        return _IMPERATIVES[infinitive][person]
    form = principal_parts(infinitive).present[person]
    if person == SINGULAR_YOU and form.endswith(("es", "as")):
        return form[:-1]
    return form


def participle(infinitive: str, *, is_feminine: bool = False, is_plural: bool = False) -> str:
    """Return the past participle, agreeing in gender and number."""
    form = principal_parts(infinitive).participle
    if is_feminine or is_plural:
        # The accent only distinguishes dû from the article du.
        form = form.replace("dû", "du") + ("e" if is_feminine else "")
    return form + "s" if is_plural and not form.endswith("s") else form


@cache
def principal_parts(infinitive: str) -> Conjugation:
    """Return a verb's principal parts, from the table if it is irregular and by rule if not."""
    irregular = _irregular_verbs()
    if infinitive in irregular:
        return irregular[infinitive]
    stem, group = infinitive[:-2], infinitive[-2:]
    if group not in _GROUP_ENDINGS:
        raise ValueError(f"{infinitive!r} is not a French infinitive of a known group")
    endings = _GROUP_ENDINGS[group]
    if group == "er":
        present = tuple(_first_group(infinitive, stem, ending) for ending in endings)
        future_stem = _first_group_future_stem(infinitive, stem)
    else:
        present = tuple(stem + ending for ending in endings)
        future_stem = infinitive.removesuffix("e")
    return Conjugation(present, future_stem, stem + _GROUP_PARTICIPLES[group])


def _first_group(infinitive: str, stem: str, ending: str) -> str:
    if ending == "ons":
        return _soften(stem, ending)
    return (stem if ending == "ez" else _stressed_stem(infinitive, stem)) + ending


def _soften(stem: str, ending: str) -> str:
    """Keep c and g soft before a and o: commençons, mangeons."""
    if ending[0] in "ao":
        if stem.endswith("c"):
            return stem[:-1] + "ç" + ending
        if stem.endswith("g"):
            return stem + "e" + ending
    return stem + ending


def _stressed_stem(infinitive: str, stem: str) -> str:
    """Return the stem before a silent ending: appelle, achète, préfère, essaie."""
    if infinitive.endswith(("ayer", "oyer", "uyer")):
        return stem[:-1] + "i"
    if infinitive.endswith(("eler", "eter")) and infinitive not in _GRAVE_VERBS:
        return stem + stem[-1]
    return re.sub(r"[eé]([^aeiouyéèê]|gn|[bcdfgptv][lr])$", r"è\1", stem)


def _first_group_future_stem(infinitive: str, stem: str) -> str:
    # Verbs in é + consonant keep their acute accent in the future: je préférerai.
    if re.search(r"é[^aeiouyéèê]{1,2}$", stem):
        return infinitive
    return _stressed_stem(infinitive, stem) + "er"


def _imperfect(infinitive: str, parts: Conjugation, person: int) -> str:
    stem = "ét" if infinitive == "être" else parts.present[FIRST_PLURAL].removesuffix("ons")
    ending = _IMPERFECT_ENDINGS[person]
    if ending.startswith("i"):
        # mangeons, commençons: back to mangions, commencions.
        stem = re.sub(r"ç$", "c", stem)
        stem = re.sub(r"ge$", "g", stem)
    return stem + ending


@cache
def _irregular_verbs() -> dict[str, Conjugation]:
    verbs = {
        infinitive: Conjugation(tuple(present), future_stem, past_participle)
        for infinitive, *present, future_stem, past_participle in read_table("conjugations")
    }
    for infinitive, model in read_table("conjugated_like"):
        verbs[infinitive] = _on_the_model(infinitive, model, verbs[model])
    return verbs


def _on_the_model(infinitive: str, model: str, parts: Conjugation) -> Conjugation:
    """Conjugate a verb like another, as apprendre like prendre, by exchanging their beginnings."""
    shared = 0
    while infinitive[-shared - 1 :] == model[-shared - 1 :] and shared < len(model):
        shared += 1
    old, new = model[: len(model) - shared], infinitive[: len(infinitive) - shared]

    def exchange(form: str) -> str:
        return new + form.removeprefix(old)

    return Conjugation(
        tuple(exchange(form) for form in parts.present),
        exchange(parts.future_stem),
        exchange(parts.participle),
    )
