"""The sentence pairs of manythings.org/anki: named corpora such as `fra-eng`, and their zips.

The collection's files change, so no hash of a download is known beforehand: its length, the zip's
structure and checksums are checked before it takes its place in the cache.
"""

import difflib
import hashlib
import os
import re
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import IO

from charseq.config import CorpusConfig
from charseq.corpus.files import read_lines, stream_of
from charseq.corpus.pairs import Corpus
from charseq.errors import DataError, MachineError, UsageError, visible

SITE = "https://www.manythings.org/anki"
LARGEST_TEXT = 500 * 2**20
"""The bytes that a zip's text may unpack to; the collection's largest has some 50 MB."""

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
"""Named corpora of the collection, and the language that stands beside English in each. Other names
of the same form are tried too: the collection grows."""

_PIECE = 1 << 17
_LARGEST_ABOUT = 1 << 16
_TIMEOUT = 30.0


def is_name(name: str) -> bool:
    """Return whether `name` has the form of the collection's names, `fra-eng`, known or not."""
    return re.fullmatch(r"[a-z]{3}-eng", name) is not None


def cache_folder() -> Path:
    """Return the folder that downloads are kept in: `CHARSEQ_CACHE`, or the user's cache."""
    chosen = os.environ.get("CHARSEQ_CACHE")
    if chosen:
        return Path(chosen)
    import pooch

    return Path(pooch.os_cache("charseq"))


def cached(name: str) -> Path | None:
    """Return where the named corpus lies in the cache, or None if it does not."""
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
        UsageError: if the collection has no such corpus, or the mirror is no URL.
        MachineError: if the download fails; nothing half-made is left then.
    """
    base = mirror or os.environ.get("CHARSEQ_CORPUS_MIRROR") or SITE
    if not re.match(r"https?://[^/]", base):
        raise UsageError(
            f"the mirror {visible(base)!r} is no URL that begins with http:// or https://"
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
            _receive(url, output, name, path)
        try:
            _check(part)
        except DataError as error:
            raise MachineError(
                f"what {url} sent is no corpus: {error}; {_by_hand(name, path)}"
            ) from None
        part.replace(path)
    except OSError as error:
        raise MachineError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)
    return path


def read_archive(path: Path, config: CorpusConfig, name: str) -> Corpus:
    """Read the pairs of one of the collection's zips; nothing is extracted to disk.

    Raises:
        UsageError: if there is no such file, or the settings do not suit it.
        DataError: if it is not such a zip, or a line is bad and bad lines are not to be skipped.
        MachineError: if the file cannot be read.
    """
    if config.format not in ("auto", "tsv"):
        raise UsageError(f"{path} holds TSV, not {config.format}: leave --format out")
    with _opened(path) as archive:
        text = _text_of(archive, path)
        where = f"{path}:{visible(text.filename)}"
        with archive.open(text) as member:
            stream = stream_of(_limited(member, where))
            corpus = read_lines(stream, config, layout="tsv", name=name, where=where, path=path)
        attribution = corpus.attribution or _about(archive)
    return Corpus(
        name=name,
        pairs=corpus.pairs,
        digest=corpus.digest,
        left_out=corpus.left_out,
        attribution=attribution,
        path=path,
        archive_digest=_file_digest(path),
    )


def _receive(url: str, output: IO[bytes], name: str, path: Path) -> None:
    import requests
    from pooch import HTTPDownloader

    # The site turns clients away that do not say who they are.
    agent = f"charseq/{version('charseq')} (character-level sequence-to-sequence models)"
    with _Progress(f"{name}.zip", output) as progress:
        # No compression on the way, so that the length the server names is that of the file.
        headers = {"User-Agent": agent, "Accept-Encoding": "identity"}
        receive = HTTPDownloader(
            progressbar=progress, chunk_size=_PIECE, headers=headers, timeout=_TIMEOUT
        )
        try:
            receive(url, output, None)
        except requests.HTTPError as error:
            status = 0 if error.response is None else error.response.status_code
            raise _refused(status, url, name, path) from None
        except (requests.RequestException, ValueError) as error:
            raise MachineError(
                f"cannot download {url}: {_reason(error)}; {_by_hand(name, path)}"
            ) from None
    received = output.tell()
    if progress.total and received != progress.total:
        raise MachineError(
            f"the download of {url} broke off after {received:,} of {progress.total:,} bytes;"
            f" {_by_hand(name, path)}"
        )


class _Progress:
    """A progress bar on the terminal, and nothing elsewhere, with the methods pooch calls.

    What has arrived is read off the output, since pooch counts every piece as a full one.
    """

    def __init__(self, title: str, output: IO[bytes]) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TransferSpeedColumn,
        )

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        self._bar = Progress(
            *columns,
            TransferSpeedColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task(title, total=None)
        self._output = output
        self.total = 0

    def __enter__(self) -> "_Progress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, _: int) -> None:
        received = self._output.tell()
        if received > LARGEST_TEXT:
            raise ValueError(f"it is larger than {LARGEST_TEXT:,} bytes")
        self._bar.update(self._task, completed=received, total=self.total or None)

    def reset(self) -> None:
        """Do nothing: the bar never runs ahead."""

    def close(self) -> None:
        self._bar.refresh()


def _reason(error: Exception) -> str:
    import requests

    if isinstance(error, requests.Timeout):
        return f"no answer within {_TIMEOUT:g} seconds"
    text = str(error)
    for sign, reason in [
        ("IncompleteRead", "the connection broke off"),
        ("Connection broken", "the connection broke off"),
        ("refused", "the connection was refused"),
        ("resolve", "the server's name is not known (is there a network?)"),
        ("unreachable", "there is no network"),
    ]:
        if sign in text:
            return reason
    return visible(text, 200)


def _refused(status: int, url: str, name: str, path: Path) -> UsageError | MachineError:
    if status == 404 and name not in LANGUAGES:
        near = difflib.get_close_matches(name, LANGUAGES, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "see: charseq corpus list"
        return UsageError(f"there is no corpus {name!r} (404 at {url}); {hint}")
    return MachineError(f"{url} answered with status {status}; {_by_hand(name, path)}")


def _by_hand(name: str, path: Path) -> str:
    return (
        f"by hand: download {SITE}/{name}.zip in a browser and put it at {path}, or give the path"
        f" of the zip in place of {name}"
    )


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        why = str(error) or "it is cut short"
        raise DataError(f"{path} is not a zip, or a damaged one: {why}") from None
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except OSError as error:
        raise MachineError(f"cannot read {path}: {error.strerror or error}") from None


def _text_of(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    """Return the one member that holds the pairs."""
    texts = [
        member
        for member in archive.infolist()
        if member.filename.endswith(".txt") and not member.filename.endswith("_about.txt")
    ]
    if len(texts) != 1:
        found = ", ".join(visible(member.filename) for member in texts[:5])
        raise DataError(
            f"{path} is no zip of sentence pairs: it holds"
            f" {f'{len(texts)} texts ({found})' if texts else 'no text'}, and not one"
        )
    if texts[0].flag_bits & 1:
        raise DataError(f"{path} is locked with a password")
    if texts[0].file_size > LARGEST_TEXT:
        raise _too_large(f"{path}:{visible(texts[0].filename)}")
    return texts[0]


def _limited(member: IO[bytes], where: str) -> Iterator[bytes]:
    # What a zip says of its sizes need not be true.
    received = 0
    for piece in iter(partial(member.read, _PIECE), b""):
        received += len(piece)
        if received > LARGEST_TEXT:
            raise _too_large(where)
        yield piece


def _too_large(where: str) -> DataError:
    return DataError(f"{where} unpacks to more than {LARGEST_TEXT:,} bytes")


def _check(path: Path) -> None:
    """Read the zip's text to its end, which checks its structure, size and checksum."""
    with _opened(path) as archive:
        text = _text_of(archive, path)
        with archive.open(text) as member:
            for _ in _limited(member, text.filename):
                pass


def _about(archive: zipfile.ZipFile) -> str:
    """Return whom and which licence the zip's own description names."""
    if "_about.txt" not in archive.namelist():
        return ""
    with archive.open("_about.txt") as member:
        about = member.read(_LARGEST_ABOUT).decode(errors="replace")
    thanks = re.search(r"^Attribution: *(.+?)\s*$", about, re.MULTILINE)
    licence = re.search(r"https?://creativecommons\.org/\S+", about)
    return ", ".join(found for found in (thanks and thanks[1], licence and licence[0]) if found)


def _file_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
