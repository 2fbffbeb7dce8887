"""What is compared: texts in Unicode's form NFC, cut into symbols.

A target's symbols are its characters, or, where a separator makes longer ones, what stands between
the separators: the phonemes of `k æ t`, say.
"""

import unicodedata
from collections.abc import Sequence


def composed(text: str) -> str:
    """Return `text` in NFC, so that the two ways to write `é` are one."""
    return unicodedata.normalize("NFC", text)


def cut(text: str, separator: str = "") -> Sequence[str]:
    """Return the symbols of `text`: its characters, or, with a separator, what it separates.

    Nothing between two separators is no symbol, so that a doubled one changes nothing.
    """
    if not separator:
        return text
    return [symbol for symbol in text.split(separator) if symbol]
