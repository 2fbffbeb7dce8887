"""Noun phrases in both languages: a determiner, a noun, perhaps an adjective."""

from enum import StrEnum
from typing import NamedTuple

from charseq.corpus.phrasebook import english, french
from charseq.corpus.phrasebook.vocabulary import Adjective, FrenchNoun, Noun, Number

_POSSESSIVES = {
    0: ("mon", "ma", "mes"),
    1: ("ton", "ta", "tes"),
    2: ("son", "sa", "ses"),
    3: ("notre", "notre", "nos"),
    4: ("votre", "votre", "vos"),
    5: ("leur", "leur", "leurs"),
}
_ARTICLES = {
    "a": ("un", "une", "des"),
    "the": ("le", "la", "les"),
    "this": ("ce", "cette", "ces"),
    "some": ("de le", "de la", "des"),
}


class Determiner(StrEnum):
    """The determiner before a noun. GENERIC means all of a kind: apples, les pommes."""

    A = "a"
    THE = "the"
    THIS = "this"
    MY = "my"
    SOME = "some"
    BARE = "bare"
    GENERIC = "generic"


class Wording(NamedTuple):
    """One French wording of a noun phrase, with the gender and number for agreement."""

    text: str
    is_feminine: bool
    is_plural: bool


# Classes of nouns that people can own.
_OWNED = frozenset(
    "relation pet farm clothing accessory device thing tool readable mail paper vehicle furniture "
    "container building room part instrument picture money body dish study project tale thought "
    "own".split()
)


def fits(noun: Noun, determiner: Determiner) -> bool:
    """Return whether a noun can take a determiner: no *a bread*, no *my wolf*, no *the sister*."""
    if determiner is Determiner.MY:
        return "public" not in noun.classes and not noun.classes.isdisjoint(_OWNED)
    if "relation" in noun.classes:
        is_unique = not noun.classes.isdisjoint({"family", "only"})
        return determiner is Determiner.A and not is_unique
    if determiner is Determiner.A:
        return noun.number is not Number.MASS and "sole" not in noun.classes
    if determiner is Determiner.SOME:
        return noun.number is not Number.PAIR and "sole" not in noun.classes
    return determiner is not Determiner.THIS or noun.classes.isdisjoint({"sole", "daily"})


def is_plural_in_english(noun: Noun, determiner: Determiner) -> bool:
    """Return whether the English phrase is plural: these shoes, some apples."""
    if noun.number in {Number.PLURAL, Number.PAIR}:
        return True
    return noun.number is Number.COUNT and determiner in {Determiner.SOME, Determiner.GENERIC}


def is_plural_in_french(noun: Noun, determiner: Determiner) -> bool:
    """Return whether the French phrase is plural: les échecs, where English has chess."""
    return noun.number is Number.FRENCH_PLURAL or is_plural_in_english(noun, determiner)


def english_phrase(
    noun: Noun,
    determiner: Determiner,
    possessive: str = "my",
    adjective: str = "",
    *,
    is_denied: bool = False,
) -> str:
    """Return the English phrase; denied, some becomes any; daily meals need no *the*."""
    is_plural = is_plural_in_english(noun, determiner)
    if is_plural and noun.number is not Number.PAIR:
        head = english.plural(noun.english)
    else:
        head = noun.english
    words = f"{adjective} {head}".strip()
    if determiner is Determiner.MY:
        return f"{possessive} {words}"
    if determiner is Determiner.THIS:
        return f"these {words}" if is_plural else f"this {words}"
    if determiner is Determiner.THE:
        return words if "daily" in noun.classes else f"the {words}"
    if determiner is Determiner.SOME:
        return f"any {words}" if is_denied else f"some {words}"
    if determiner is Determiner.A and not is_plural:
        return f"{english.article(words)} {words}"
    return words


def french_phrases(
    noun: Noun,
    determiner: Determiner,
    person: int = 0,
    adjective: Adjective | None = None,
    *,
    is_denied: bool = False,
    is_after_de: bool = False,
) -> tuple[Wording, ...]:
    """Return the French phrases, one for each gender of the noun, as separate words.

    If denied, un, du and des become de (pas de pain); after de, du and des are dropped (besoin
    d'eau).
    """
    is_plural = is_plural_in_french(noun, determiner)
    result = []
    for word in noun.french:
        head = _with_adjective(word, adjective, is_plural=is_plural)
        before = _determiner(word, determiner, person, is_plural=is_plural)
        is_indefinite = determiner is Determiner.SOME or determiner is Determiner.A
        if is_denied and is_indefinite:
            before = "de"
        elif is_after_de and is_indefinite and before not in {"un", "une"}:
            before = ""
        elif before == "des" and adjective is not None and adjective.place == "before":
            before = "de"
        result.append(Wording(f"{before} {head}".strip(), word.is_feminine, is_plural))
    return tuple(result)


def _determiner(word: FrenchNoun, determiner: Determiner, person: int, *, is_plural: bool) -> str:
    column = 2 if is_plural else int(word.is_feminine)
    if determiner is Determiner.MY:
        return _POSSESSIVES[person][column]
    if determiner in {Determiner.GENERIC, Determiner.BARE}:
        return _ARTICLES["the"][column]
    return _ARTICLES[determiner][column]


def _with_adjective(word: FrenchNoun, adjective: Adjective | None, *, is_plural: bool) -> str:
    noun = french.plural(word.text) if is_plural else word.text
    if adjective is None:
        return noun
    form = french.agree(adjective.french, is_feminine=word.is_feminine, is_plural=is_plural)
    if adjective.place == "before":
        if not word.is_feminine and not is_plural:
            form = french.before_noun(form, noun)
        return f"{form} {noun}"
    return f"{noun} {form}"
