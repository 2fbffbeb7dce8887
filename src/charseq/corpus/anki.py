"""The collection of manythings.org/anki: named corpora such as `fra-eng`, each a zip in the cache.

The collection's files change, so no hash of a download is known beforehand; its length and the
zip's structure and checksums are checked before it goes into the cache.
"""

import difflib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from charseq.corpus.archive import LARGEST_TEXT, check_archive
from charseq.corpus.downloading import DownloadError, receive
from charseq.errors import DataError, MachineError, UsageError, visible
from charseq.files import cache_folder

SITE = "https://www.manythings.org/anki"

LANGUAGES: Mapping[str, str] = {
    f"{code}-eng": language
    for code, language in [
        ("afr", "Afrikaans"),
        ("ara", "Arabic"),
        ("arq", "Algerian Arabic"),
        ("asm", "Assamese"),
        ("aze", "Azerbaijani"),
        ("bel", "Belarusian"),
        ("ben", "Bengali"),
        ("ber", "Berber"),
        ("bul", "Bulgarian"),
        ("cat", "Catalan"),
        ("cbk", "Chavacano"),
        ("ceb", "Cebuano"),
        ("ces", "Czech"),
        ("cmn", "Mandarin Chinese"),
        ("dan", "Danish"),
        ("deu", "German"),
        ("ell", "Greek"),
        ("epo", "Esperanto"),
        ("est", "Estonian"),
        ("eus", "Basque"),
        ("fin", "Finnish"),
        ("fra", "French"),
        ("glg", "Galician"),
        ("gos", "Gronings"),
        ("heb", "Hebrew"),
        ("hin", "Hindi"),
        ("hrv", "Croatian"),
        ("hun", "Hungarian"),
        ("ido", "Ido"),
        ("ina", "Interlingua"),
        ("ind", "Indonesian"),
        ("isl", "Icelandic"),
        ("ita", "Italian"),
        ("jbo", "Lojban"),
        ("jpn", "Japanese"),
        ("kab", "Kabyle"),
        ("kat", "Georgian"),
        ("kaz", "Kazakh"),
        ("khm", "Khmer"),
        ("kor", "Korean"),
        ("lit", "Lithuanian"),
        ("lvs", "Latvian"),
        ("mal", "Malayalam"),
        ("mar", "Marathi"),
        ("mkd", "Macedonian"),
        ("mlt", "Maltese"),
        ("nds", "Low Saxon"),
        ("nld", "Dutch"),
        ("nob", "Norwegian Bokmål"),
        ("pes", "Persian"),
        ("pol", "Polish"),
        ("por", "Portuguese"),
        ("ron", "Romanian"),
        ("rus", "Russian"),
        ("slk", "Slovak"),
        ("slv", "Slovenian"),
        ("spa", "Spanish"),
        ("sqi", "Albanian"),
        ("srp", "Serbian"),
        ("swe", "Swedish"),
        ("tam", "Tamil"),
        ("tat", "Tatar"),
        ("tgl", "Tagalog"),
        ("tha", "Thai"),
        ("tur", "Turkish"),
        ("uig", "Uyghur"),
        ("ukr", "Ukrainian"),
        ("urd", "Urdu"),
        ("vie", "Vietnamese"),
        ("yue", "Cantonese"),
        ("zsm", "Malay"),
    ]
}
"""Named corpora of the collection, and the language paired with English in each. Other names
of the same form are tried too: the collection grows."""


def is_name(name: str) -> bool:
    """Return whether `name` has the form of the collection's names, such as `fra-eng`."""
    return re.fullmatch(r"[a-z]{3}-eng", name) is not None


def cached(name: str) -> Path | None:
    """Return the path of the named corpus in the cache, or None if it is not there."""
    path = cache_folder() / f"{name}.zip"
    return path if path.is_file() else None


def fetch(name: str, mirror: str | None = None) -> Path:
    """Return the named corpus's zip in the cache; download it if it is not there.

    Raises:
        UsageError: if the collection has no such corpus.
        MachineError: if it cannot be downloaded.
    """
    return cached(name) or download(name, mirror)


def download(name: str, mirror: str | None = None) -> Path:
    """Download the named corpus into the cache, in place of what is there, and return its path.

    Args:
        name: the corpus's name, such as `fra-eng`.
        mirror: the folder's URL to download it from; by default `CHARSEQ_CORPUS_MIRROR`, or the
            collection's own site.

    Raises:
        UsageError: if the collection has no such corpus, or the mirror is not a URL.
        MachineError: if the download fails; then nothing incomplete is left.
    """
    base = mirror or os.environ.get("CHARSEQ_CORPUS_MIRROR") or SITE
    if not re.match(r"https?://[^/]", base):
        raise UsageError(
            f"the mirror must be a URL that begins with http:// or https://, not {visible(base)!r}"
        )
    url = f"{base.rstrip('/')}/{name}.zip"
    path = cache_folder() / f"{name}.zip"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(prefix=f"{name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise MachineError(f"cannot write into {path.parent}: {error.strerror}") from None
    part = Path(beside)
    try:
        with os.fdopen(handle, "wb") as output:
            receive(url, output, title=path.name, largest=LARGEST_TEXT)
        check_archive(part)
        part.replace(path)
    except DownloadError as error:
        if error.status == 404 and name not in LANGUAGES:
            raise UsageError(
                f"there is no corpus {name!r} (404 at {url}); {_nearest(name)}"
            ) from None
        raise MachineError(f"{error}; {_by_hand(name, path)}") from None
    except DataError as error:
        raise MachineError(
            f"{url} did not send a corpus: {error}; {_by_hand(name, path)}"
        ) from None
    except OSError as error:
        raise MachineError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)
    return path


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, LANGUAGES, n=3)
    return f"did you mean {' or '.join(near)}?" if near else "see: charseq corpus list"


def _by_hand(name: str, path: Path) -> str:
    return (
        f"to download it yourself, save {SITE}/{name}.zip in a browser as {path}, or give the"
        f" path of the zip instead of {name}"
    )
