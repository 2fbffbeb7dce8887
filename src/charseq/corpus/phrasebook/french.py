"""French spelling and agreement: feminines, plurals, elision, contraction, punctuation.

The templates write words apart and unelided ("je ai", "de le pain", "ma amie"); `sentence` joins
them as French writes them ("J'ai", "du pain", "mon amie").
"""

import re
import unicodedata

NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"

_VOWELS = "aeiouàâäéèêëîïôöùûüœæ"
# Words with an aspirated h, before which nothing elides: beginnings of words, and whole words.
_ASPIRATED_BEGINNINGS = (
    *("hach", "hall", "hamac", "hamburger", "hamster", "hanch", "handball", "haricot", "harp"),
    *("hasard", "haut", "hérisson", "héron", "hibou", "hockey", "hollande", "hollandais"),
    *("homard", "hongrie", "hongrois", "hont", "hors", "housse", "hurl", "hutte", "huit", "haï"),
)
_ASPIRATED_WORDS = frozenset({"héros", "hais", "hait", "ha", "hein"})
_SILENT_Y_WORDS = frozenset({"y", "yeux"})

_FEMININES = {
    "beau": "belle",
    "nouveau": "nouvelle",
    "vieux": "vieille",
    "fou": "folle",
    "blanc": "blanche",
    "frais": "fraîche",
    "sec": "sèche",
    "doux": "douce",
    "jaloux": "jalouse",
    "gentil": "gentille",
    "grec": "grecque",
    "turc": "turque",
    "long": "longue",
    "favori": "favorite",
    "gros": "grosse",
    "bas": "basse",
    "épais": "épaisse",
    "inquiet": "inquiète",
    "discret": "discrète",
    "complet": "complète",
    "malin": "maligne",
    "violet": "violette",
    "naïf": "naïve",
}
_INVARIABLE = frozenset({"marron", "orange"})
_BEFORE_VOWEL = {"beau": "bel", "nouveau": "nouvel", "vieux": "vieil"}
_PLURALS = {
    "œil": "yeux",
    "bijou": "bijoux",
    "genou": "genoux",
    "hibou": "hiboux",
    "chou": "choux",
    "travail": "travaux",
    "petit": "petits",
    "grand-père": "grands-pères",
    "grand-mère": "grands-mères",
}
_REGULAR_AL = frozenset({"bal", "carnaval", "festival", "banal", "naval"})


# Words that change before a vowel, and the words that follow them.
_ELIDED = re.compile(
    r"(?<![\w'-])(je|me|te|se|le|la|ne|de|que|ce|ma|ta|sa|si) (?=(\w+))", re.IGNORECASE
)
_CONTRACTED = re.compile(r"(?<![\w'-])(de|à) (les?) (?=\w)")
_CONTRACTIONS = {
    ("de", "le"): "du",
    ("de", "les"): "des",
    ("à", "le"): "au",
    ("à", "les"): "aux",
}


def starts_with_vowel_sound(word: str) -> bool:
    """Return whether le, de, je … elide before a word: before a vowel or a silent h."""
    word = word.lower()
    if word.startswith("h"):
        return word not in _ASPIRATED_WORDS and not word.startswith(_ASPIRATED_BEGINNINGS)
    return word in _SILENT_Y_WORDS or word[:1] in _VOWELS


def feminine(adjective: str) -> str:
    """Return the feminine singular of an adjective."""
    if adjective in _FEMININES:
        return _FEMININES[adjective]
    if adjective in _INVARIABLE or adjective.endswith("e"):
        return adjective
    for ending, replacement in (
        ("eux", "euse"),
        ("er", "ère"),
        ("if", "ive"),
        ("ien", "ienne"),
        ("on", "onne"),
        ("el", "elle"),
    ):
        if adjective.endswith(ending):
            return adjective.removesuffix(ending) + replacement
    return adjective + "e"


def plural(word: str) -> str:
    """Return the plural of a noun or an adjective; in a compound noun, the head changes."""
    head, joint, complement = _split_compound(word)
    return " ".join(_plural_word(part) for part in head.split(" ")) + joint + complement


def agree(adjective: str, *, is_feminine: bool, is_plural: bool) -> str:
    """Return an adjective's form for a gender and a number."""
    if adjective in _INVARIABLE:
        return adjective
    form = feminine(adjective) if is_feminine else adjective
    return plural(form) if is_plural else form


def before_noun(adjective: str, following: str) -> str:
    """Return the masculine singular as used before a word: un bel arbre, un nouvel hôtel."""
    if starts_with_vowel_sound(following):
        return _BEFORE_VOWEL.get(adjective, adjective)
    return adjective


def join(text: str) -> str:
    """Elide and contract words that were written apart: ``je ne ai`` becomes ``je n'ai``."""
    return _CONTRACTED.sub(_contract, _ELIDED.sub(_elide, text))


def sentence(text: str, end: str) -> str:
    """Join words, capitalise the first letter and close with ``.``, ``!`` or ``?``."""
    joined = join(" ".join(text.split()))
    return punctuate(joined[0].upper() + joined[1:] + (end if end == "." else f" {end}"))


def punctuate(text: str) -> str:
    """Put the narrow no-break space before ! and ?, and compose the letters (NFC)."""
    text = re.sub(r"\s*([!?]+)", NARROW_SPACE + r"\1", text)
    return unicodedata.normalize("NFC", text)


def _elide(match: re.Match[str]) -> str:
    word, following = match[1], match[2]
    if word.lower() == "si":
        return word[0] + "'" if following in {"il", "ils"} else match[0]
    if not starts_with_vowel_sound(following):
        return match[0]
    if word in {"ma", "ta", "sa"}:
        return word[0] + "on "
    if word == "ce" and following not in {"est", "était"}:
        return "cet "
    return word[:-1] + "'"


def _contract(match: re.Match[str]) -> str:
    return _CONTRACTIONS[match[1], match[2]] + " "


def _split_compound(word: str) -> tuple[str, str, str]:
    match = re.search(r" de | d'| à ", word)
    if match is None:
        return word, "", ""
    return word[: match.start()], match[0], word[match.end() :]


def _plural_word(word: str) -> str:
    if word in _PLURALS:
        return _PLURALS[word]
    if word.endswith(("s", "x", "z")):
        return word
    if word.endswith(("au", "eu")) and word != "bleu":
        return word + "x"
    if word.endswith("al") and word not in _REGULAR_AL:
        return word.removesuffix("al") + "aux"
    return word + "s"
