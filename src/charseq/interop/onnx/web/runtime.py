"""ONNX Runtime for browsers: from a folder, or from npm, then checked against a known digest."""

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from charseq.errors import CharseqError, DataError, MachineError, UsageError, visible
from charseq.files import cache_folder, read_bounded, write_atomically

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
# The SHA-512 of the package's archive, as package managers write it.
INTEGRITY = (
    "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
)
LARGEST_ARCHIVE, LARGEST_FILE = 64 << 20, 32 << 20
LONGEST_WAIT = 600.0

# The files that are taken from the package, for CPUs only, and their names on the site: a server
# that does not know `.mjs` would not send it as a script.
FILES = {
    "ort.wasm.bundle.min.mjs": "ort.wasm.bundle.min.js",
    "ort-wasm-simd-threaded.wasm": "ort-wasm-simd-threaded.wasm",
}
# The package contains no licence.
LICENCE = Path(__file__).parent / "onnxruntime-web.LICENSE.txt"

_INSTEAD = f"unpack the package {PACKAGE} yourself and name its folder with --onnxruntime-web"


def runtime_files(folder: Path | None = None) -> Mapping[str, bytes]:
    """Return the files of onnxruntime-web that a site needs, by their names on the site.

    Args:
        folder: an unpacked package, or its `dist`; without one, npm fetches the package once, and
            its archive is kept in the cache folder.

    Raises:
        UsageError: if the folder is not such a package.
        MachineError: if npm is missing, or cannot fetch it.
        DataError: if what npm fetched is not the known package.
    """
    found = _of_archive(_archive()) if folder is None else _of_folder(folder)
    files = {FILES[name]: content for name, content in found.items()}
    return {**files, "LICENSE.txt": LICENCE.read_bytes()}


def _of_folder(folder: Path) -> dict[str, bytes]:
    for place in (folder / "dist", folder):
        if all((place / name).is_file() for name in FILES):
            return {name: read_bounded(place / name, LARGEST_FILE) for name in FILES}
    raise UsageError(
        f"{folder} is not the package {PACKAGE}: there is no {' or no '.join(FILES)} in it or in"
        " its dist"
    )


def _of_archive(archive: bytes) -> dict[str, bytes]:
    """Read the few files that are needed from an archive whose digest is known."""
    wanted = {f"package/dist/{name}": name for name in FILES}
    found = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as members:
        for member in members:
            if member.name in wanted and member.isreg() and member.size <= LARGEST_FILE:
                file = members.extractfile(member)
                found[wanted[member.name]] = b"" if file is None else file.read()
    if found.keys() != FILES.keys():
        raise DataError(f"{PACKAGE} {VERSION} lacks {' or '.join(FILES.keys() - found.keys())}")
    return found


def _archive() -> bytes:
    path = cache_folder() / f"{PACKAGE}-{VERSION}.tgz"
    try:
        kept = read_bounded(path, LARGEST_ARCHIVE)
    except CharseqError:
        kept = b""
    if _is_known(kept):
        return kept
    fetched = _fetched()
    if not _is_known(fetched):
        raise DataError(
            f"npm downloaded something other than the published {PACKAGE} {VERSION}: its SHA-512"
            f" is different. Nothing was kept; check which registry npm uses, or {_INSTEAD}"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MachineError(f"cannot make the folder {path.parent}: {error.strerror}") from None
    write_atomically(path, fetched)
    return fetched


def _is_known(archive: bytes) -> bool:
    return base64.b64encode(hashlib.sha512(archive).digest()).decode() == INTEGRITY


def _fetched() -> bytes:
    """Let npm fetch the package's archive, without running any of it."""
    npm = shutil.which("npm")
    if npm is None:
        raise MachineError(
            f"a site needs {PACKAGE}, and there is no npm to download it: install npm, or"
            f" {_INSTEAD}"
        )
    with tempfile.TemporaryDirectory(prefix="charseq-") as folder:
        call = [npm, "pack", "--ignore-scripts", "--silent", f"{PACKAGE}@{VERSION}"]
        try:
            ended = subprocess.run(  # noqa: S603 - npm, found on the PATH, and no words of others
                call, cwd=folder, capture_output=True, timeout=LONGEST_WAIT, check=False
            )
        except subprocess.TimeoutExpired:
            raise MachineError(
                f"npm did not download {PACKAGE} within {LONGEST_WAIT:g} seconds: try again, or"
                f" {_INSTEAD}"
            ) from None
        archives = sorted(Path(folder).glob("*.tgz"))
        if ended.returncode or len(archives) != 1:
            said = (ended.stderr or ended.stdout).decode(errors="replace").strip()
            why = visible(said, 200) or "no reason given"
            raise MachineError(
                f"npm cannot download {PACKAGE} {VERSION} ({why}): check the network, or {_INSTEAD}"
            )
        return read_bounded(archives[0], LARGEST_ARCHIVE)
