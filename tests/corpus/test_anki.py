import hashlib
import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

import pooch
import pytest

import charseq
from charseq.config import CorpusConfig
from charseq.corpus import Pair, anki, archive, downloading, read_corpus
from charseq.errors import DataError, MachineError, UsageError
from charseq.files import cache_folder

PAIRS = [Pair("Go.", "Va !"), Pair("Run!", "Cours\u202f!")]
TWO_COLUMNS = "Go.\tVa !\nRun!\tCours\u202f!\n"
THREE_COLUMNS = "".join(
    f"{line}\tCC-BY 2.0 (France) Attribution: tatoeba.org #2877272 (CM) & #1158250 (Wittydev)\n"
    for line in TWO_COLUMNS.splitlines()
)
ABOUT = """** Info **

Attribution: www.manythings.org/anki and tatoeba.org
http://creativecommons.org/licenses/by/2.0
"""


def zipped(members: dict[str, str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return content.getvalue()


RELEASE = zipped({"_about.txt": ABOUT, "fra.txt": TWO_COLUMNS})

Answer = Callable[[BaseHTTPRequestHandler], None]


class Site:
    """A web server on this machine that answers as it is told, and keeps what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.requests: list[tuple[str, str | None]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.requests.append((self.path, self.headers["User-Agent"]))
                answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self.server.server_port}/anki"

    def __enter__(self) -> "Site":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def sending(content: bytes, *, status: int = 200, length: int | None = None) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(content) if length is None else length))
        request.end_headers()
        request.wfile.write(content)

    return answer


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(sending(RELEASE)) as site:
        yield site


@pytest.fixture
def local(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes) -> Path:
        path = tmp_path / "fra-eng.zip"
        path.write_bytes(content)
        return path

    return write


def refused_download(answer: Answer, name: str = "fra-eng") -> str:
    """Return what a failed download says, having seen that it leaves nothing behind."""
    with Site(answer) as site, pytest.raises(MachineError) as caught:
        read_corpus(name, mirror=site.url)
    assert list(cache_folder().iterdir()) == []
    message = str(caught.value)
    assert f"save {anki.SITE}/{name}.zip in a browser" in message
    assert str(cache_folder() / f"{name}.zip") in message
    return message


# Downloading


def test_a_named_corpus_is_downloaded_and_read(site: Site) -> None:
    corpus = read_corpus("fra-eng", mirror=site.url)
    assert corpus.pairs == PAIRS
    assert corpus.name == "fra-eng"
    assert corpus.path == cache_folder() / "fra-eng.zip"
    assert corpus.archive_digest == hashlib.sha256(RELEASE).hexdigest()
    assert [path for path, _ in site.requests] == ["/anki/fra-eng.zip"]


def test_the_client_says_who_it_is(site: Site) -> None:
    read_corpus("fra-eng", mirror=site.url)
    agent = site.requests[0][1]
    assert agent is not None
    assert agent.startswith(f"charseq/{charseq.__version__} ")


def test_a_second_use_reads_the_cache_and_a_refresh_does_not(site: Site) -> None:
    read_corpus("fra-eng", mirror=site.url)
    assert read_corpus("fra-eng", mirror=site.url).pairs == PAIRS
    assert len(site.requests) == 1
    anki.download("fra-eng", site.url)
    assert len(site.requests) == 2


def test_the_mirror_can_be_named_in_the_environment(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARSEQ_CORPUS_MIRROR", f"{site.url}/")
    assert read_corpus("fra-eng").pairs == PAIRS
    assert site.requests[0][0] == "/anki/fra-eng.zip"


def test_names_that_are_not_listed_are_tried_too(site: Site) -> None:
    assert read_corpus("xyz-eng", mirror=site.url).pairs == PAIRS


def test_a_zip_placed_in_the_cache_by_hand_needs_no_network() -> None:
    cache_folder().mkdir(parents=True, exist_ok=True)
    (cache_folder() / "deu-eng.zip").write_bytes(zipped({"deu.txt": TWO_COLUMNS}))
    assert read_corpus("deu-eng").pairs == PAIRS


def test_a_corpus_the_site_lacks_is_answered_with_the_nearest_names() -> None:
    with (
        Site(sending(b"not here", status=404)) as site,
        pytest.raises(UsageError, match=r"no corpus 'frq-eng'.*fra-eng"),
    ):
        read_corpus("frq-eng", mirror=site.url)
    assert list(cache_folder().iterdir()) == []


@pytest.mark.parametrize("status", [404, 406, 500])
def test_a_refusal_by_the_site_names_its_status(status: int) -> None:
    assert f"status {status}" in refused_download(sending(b"no", status=status))


def test_a_download_cut_short_leaves_nothing() -> None:
    message = refused_download(sending(RELEASE[:-10], length=len(RELEASE)))
    assert "broke off" in message


def test_a_download_is_measured_against_the_length_even_where_the_client_does_not_do_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Careless:
        def __init__(self, progressbar: downloading._Progress, **_: object) -> None:
            self.progressbar = progressbar

        def __call__(self, _url: str, output: IO[bytes], _pooch: None) -> None:
            self.progressbar.total = len(RELEASE) + 1
            output.write(RELEASE)

    monkeypatch.setattr(pooch, "HTTPDownloader", Careless)
    with pytest.raises(MachineError, match=f"after {len(RELEASE)} of {len(RELEASE) + 1} bytes"):
        read_corpus("fra-eng")
    assert list(cache_folder().iterdir()) == []


def test_a_body_cut_short_without_a_length_is_seen_by_its_structure() -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(RELEASE[:-10])

    assert "not a zip" in refused_download(answer)


@pytest.mark.parametrize(
    "content",
    [
        b"<html>Please do not use a robot.</html>",
        zipped({"readme.md": "nothing"}),
        RELEASE.replace(zipped({"fra.txt": TWO_COLUMNS})[37:47], b"0123456789"),
    ],
    ids=["a page", "a foreign zip", "changed bytes"],
)
def test_wrong_content_leaves_nothing(content: bytes) -> None:
    assert content != RELEASE
    assert "did not send a corpus" in refused_download(sending(content))


def test_a_refused_connection_says_how_to_place_the_file_by_hand() -> None:
    with Site(sending(RELEASE)) as site:
        pass  # From here on, nobody listens there.
    with pytest.raises(MachineError, match=r"connection was refused.*in a browser"):
        read_corpus("fra-eng", mirror=site.url)
    assert list(cache_folder().iterdir()) == []


def test_a_site_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloading, "_TIMEOUT", 0.05)
    silence = threading.Event()

    def answer(_: BaseHTTPRequestHandler) -> None:
        silence.wait(5)

    message = refused_download_while(answer, silence)
    assert "no answer within" in message


def refused_download_while(answer: Answer, silence: threading.Event) -> str:
    with Site(answer) as site:
        with pytest.raises(MachineError) as caught:
            read_corpus("fra-eng", mirror=site.url)
        silence.set()
    return str(caught.value)


def test_an_interrupted_download_leaves_nothing_and_keeps_what_was_there(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = anki.download("fra-eng", site.url).read_bytes()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(downloading._Progress, "update", interrupt)
    with pytest.raises(KeyboardInterrupt):
        anki.download("fra-eng", site.url)
    assert [path.name for path in cache_folder().iterdir()] == ["fra-eng.zip"]
    assert (cache_folder() / "fra-eng.zip").read_bytes() == before


def test_an_endless_download_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anki, "LARGEST_TEXT", 1_000)
    assert "larger than" in refused_download(sending(b"x" * 1_000_000))


def test_a_mirror_that_is_no_url_is_the_users_mistake() -> None:
    with pytest.raises(UsageError, match="must be a URL"):
        read_corpus("fra-eng", mirror="/some/folder")


def test_a_cache_that_cannot_be_written_is_the_machines_fault(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("CHARSEQ_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(MachineError, match="cannot write"):
        read_corpus("fra-eng", mirror=site.url)


def test_the_users_cache_folder_is_used_unless_another_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHARSEQ_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("CHARSEQ_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert "charseq" in cache_folder().parts


# Reading a zip, wherever it lies


@pytest.mark.parametrize("text", [TWO_COLUMNS, THREE_COLUMNS], ids=["2017", "today"])
def test_both_releases_are_read_from_english_to_the_other_language(
    text: str, local: Callable[[bytes], Path], tmp_path: Path
) -> None:
    path = local(zipped({"fra.txt": text, "_about.txt": ABOUT}))
    assert read_corpus(path).pairs == PAIRS
    assert read_corpus(str(path), CorpusConfig(reverse=True, limit=1)).pairs == [
        Pair("Va !", "Go.")
    ]
    (tmp_path / "fra.txt").write_text(text, encoding="utf-8", newline="")
    assert read_corpus(tmp_path / "fra.txt").pairs == PAIRS


def test_a_corpus_says_whom_to_thank(local: Callable[[bytes], Path], tmp_path: Path) -> None:
    about = read_corpus(local(RELEASE)).attribution
    assert "www.manythings.org/anki and tatoeba.org" in about
    assert "creativecommons.org/licenses/by/2.0" in about
    (tmp_path / "fra.txt").write_text(THREE_COLUMNS, encoding="utf-8", newline="")
    for path in (local(zipped({"fra.txt": THREE_COLUMNS})), tmp_path / "fra.txt"):
        assert "tatoeba.org, CC-BY 2.0 (France); each line's" in read_corpus(path).attribution


def test_bad_lines_of_a_zip_are_named_by_the_zip_its_text_and_their_number(
    local: Callable[[bytes], Path],
) -> None:
    path = local(zipped({"fra.txt": TWO_COLUMNS + "bad\n"}))
    with pytest.raises(DataError, match=r"fra-eng\.zip:fra\.txt:3: 1 of the 2 columns"):
        read_corpus(path)


@pytest.mark.parametrize(
    "setting", [{"source_column": 2, "target_column": 1}, {"header": True}, {"features_column": 3}]
)
def test_an_archive_has_no_columns_to_choose_from(
    local: Callable[[bytes], Path], setting: dict[str, Any]
) -> None:
    path = local(zipped({"fra.txt": THREE_COLUMNS}))
    with pytest.raises(UsageError, match="and no file with columns: omit --"):
        read_corpus(path, CorpusConfig(**setting))


def test_an_archive_of_other_files_is_told_what_is_in_it(local: Callable[[bytes], Path]) -> None:
    path = local(zipped({"pairs.tsv": TWO_COLUMNS, "_about.txt": ""}))
    with pytest.raises(DataError, match=r"ends in \.txt, but has none \(pairs\.tsv\): unpack it"):
        read_corpus(path)


def test_nothing_is_written_whatever_the_members_are_called(
    local: Callable[[bytes], Path], tmp_path: Path
) -> None:
    path = local(zipped({"../../fra.txt": TWO_COLUMNS}))
    before = sorted(tmp_path.parent.rglob("*"))
    assert read_corpus(path).pairs == PAIRS
    assert sorted(tmp_path.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a zip"),
        (b"Go.\tVa !\n", "not a zip"),
        (RELEASE[:-30], "not a zip"),
        (zipped({}), "has none"),
        (zipped({"_about.txt": ABOUT}), "has none"),
        (zipped({"fra.txt": "a\tb\n", "deu.txt": "a\tb\n"}), r"has 2 \(fra.txt, deu.txt\)"),
        (zipped({"fra.txt": ""}), "contains no pairs"),
    ],
    ids=["empty", "text", "cut short", "no members", "no text", "two texts", "empty text"],
)
def test_foreign_and_damaged_zips_are_refused_with_the_reason(
    content: bytes, reason: str, local: Callable[[bytes], Path]
) -> None:
    with pytest.raises(DataError, match=reason):
        read_corpus(local(content))


def test_changed_bytes_within_a_zip_are_seen(local: Callable[[bytes], Path]) -> None:
    stored = zipped({"fra.txt": TWO_COLUMNS}, zipfile.ZIP_STORED)
    with pytest.raises(DataError, match="CRC"):
        read_corpus(local(stored.replace(b"Run!", b"Ran!")))


def test_a_zip_that_unpacks_to_too_much_is_refused(
    local: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "LARGEST_TEXT", 1_000)
    path = local(zipped({"fra.txt": "a\tb\n" * 1_000}))
    with pytest.raises(DataError, match="more than 1,000 bytes"):
        read_corpus(path)
    # By its bytes too, should its claim be let through.
    monkeypatch.setattr(archive, "_text_of", lambda zip_, _: zip_.infolist()[0])
    with pytest.raises(DataError, match="more than 1,000 bytes"):
        read_corpus(path)


def test_a_zip_that_claims_to_unpack_to_too_much_is_refused_unread(
    local: Callable[[bytes], Path],
) -> None:
    content = bytearray(zipped({"fra.txt": TWO_COLUMNS}))
    claim = content.index(b"PK\x01\x02") + 24
    content[claim : claim + 4] = (archive.LARGEST_TEXT + 1).to_bytes(4, "little")
    with pytest.raises(DataError, match="unpacks to more than"):
        read_corpus(local(bytes(content)))


def test_a_zip_locked_with_a_password_is_refused(local: Callable[[bytes], Path]) -> None:
    content = bytearray(zipped({"fra.txt": TWO_COLUMNS}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(DataError, match="password"):
        read_corpus(local(bytes(content)))


def test_another_format_for_a_zip_is_refused(local: Callable[[bytes], Path]) -> None:
    with pytest.raises(UsageError, match="holds TSV, not csv"):
        read_corpus(local(RELEASE), CorpusConfig(format="csv"))


def test_a_zip_that_is_not_there_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        read_corpus(tmp_path / "fra-eng.zip")


@pytest.mark.slow
def test_the_release_that_the_keras_example_was_written_on_is_read(shared_data: Path) -> None:
    corpus = read_corpus(shared_data / "fra-eng.zip")
    assert len(corpus) == 142_787
    assert corpus.left_out == {}
    assert corpus.pairs[:2] == [Pair("Go.", "Va !"), Pair("Run!", "Cours\u202f!")]
    assert "tatoeba.org" in corpus.attribution
