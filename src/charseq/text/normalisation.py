"""Unicode's normal forms, and one that takes Hangul syllables apart.

`é` may be written as one code point or as two, `e` and an accent: a model should see one of them. A
Hangul syllable is one of eleven thousand code points; taken apart, it is two or three of a few
dozen letters, the conjoining jamo, which a model can learn from far fewer texts.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

Form = Literal["none", "nfc", "nfd", "jamo"]
"""`nfc` and `nfd` are Unicode's; `jamo` is NFC with Hangul syllables taken apart."""

# Of so few characters, any are normalised in no time.
SHORT = 1_000
# The marks after one letter that are normalised together; Unicode's stream-safe texts have 30.
MOST_MARKS = 500

_SYLLABLES = re.compile("[\uac00-\ud7a3]+")
# Syllables and conjoining jamo. The compatibility jamo of keyboards have no other form.
_HANGUL = re.compile("[\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff]")


def normalised(text: str, form: Form) -> str:
    """Return `text` in a normal form."""
    if form == "none":
        return text
    if form == "nfd":
        return _normalised("NFD", text)
    composed = _normalised("NFC", text)
    return _SYLLABLES.sub(_taken_apart, composed) if form == "jamo" else composed


def is_normalised(text: str, form: Literal["nfc", "nfd"]) -> bool:
    """Return whether `text` is in a normal form."""
    if len(text) <= SHORT:
        return unicodedata.is_normalized("NFC" if form == "nfc" else "NFD", text)
    return normalised(text, form) == text


def has_half(text: str) -> bool:
    """Return whether a text contains half a character, a lone surrogate, which no file holds."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def own_form(texts: Iterable[str]) -> Form:
    """Return the form that texts are in: `nfd` if all are in NFD and not all in NFC, else `nfc`."""
    composed = decomposed = True
    for text in texts:
        composed = composed and is_normalised(text, "nfc")
        decomposed = decomposed and is_normalised(text, "nfd")
    return "nfd" if decomposed and not composed else "nfc"


def has_hangul(texts: Iterable[str]) -> bool:
    """Return whether any of the texts contains a Hangul syllable or a conjoining jamo."""
    return any(map(_HANGUL.search, texts))


def _normalised(form: Literal["NFC", "NFD"], text: str) -> str:
    """Normalise `text`, in pieces if it has more marks in a row than any writing does.

    Python sorts the marks of a letter in time that grows with the square of their number: half a
    megabyte of them takes minutes.
    """
    if len(text) <= SHORT:
        return unicodedata.normalize(form, text)
    marks, ends = 0, []
    for place, character in enumerate(text):
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        if marks == MOST_MARKS:
            ends.append(place + 1)
            marks = 0
    pieces = zip([0, *ends], [*ends, len(text)], strict=True)
    return "".join(unicodedata.normalize(form, text[start:end]) for start, end in pieces)


def _taken_apart(syllables: re.Match[str]) -> str:
    return unicodedata.normalize("NFD", syllables[0])
