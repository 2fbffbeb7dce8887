"""The folder of a site: written whole or not at all, and never over what no export wrote."""

import base64
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import charseq
from charseq import page
from charseq.errors import MachineError, UsageError, visible

PAGE = Path(__file__).parent / "page"
MODEL = "model.onnx"
RUNTIME = "vendor/onnxruntime-web"
# Lists what an export wrote: the page caches these files, and the next export may replace them.
LISTING = "files.json"


def write_site(
    folder: str | Path, model: bytes, runtime: Mapping[str, bytes], examples: bytes = b""
) -> None:
    """Write a site, whole or not at all, in place of an earlier export's.

    Args:
        folder: the site's folder, whose parent exists.
        model: an exported model.
        runtime: what `runtime_files` returns.
        examples: inputs to try, as training writes them beside a model.

    Raises:
        UsageError: if the folder contains what no export wrote.
        MachineError: if it cannot be written; then what was there is untouched.
    """
    refuse_site(folder)
    folder = Path(folder).resolve()
    own = [path for place in (page.STATIC, PAGE) for path in place.iterdir()]
    files = {path.name: path.read_bytes() for path in own}
    files["index.html"] = page.document(PAGE).encode()
    files |= {MODEL: model, page.EXAMPLES_FILE: examples}
    files |= {f"{RUNTIME}/{name}": content for name, content in runtime.items()}
    try:
        with tempfile.TemporaryDirectory(
            dir=folder.parent, prefix=f".{folder.name}.", ignore_cleanup_errors=True
        ) as workshop:
            made = Path(workshop) / "made"
            _fill(made, {**files, LISTING: _listing(files)})
            _put(made, folder, Path(workshop) / "former")
    except OSError as error:
        raise MachineError(f"cannot write {folder}: {error.strerror or error}") from None


def refuse_site(folder: str | Path) -> None:
    """Raise a `UsageError` if a site would replace a file or other files, or has no parent folder.

    An empty folder is fine, and so is one with an earlier export's files and no others.
    """
    folder = Path(folder)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        kind = "link" if folder.is_symlink() else "file"
        raise UsageError(f"cannot write {folder}: it is a {kind}; name a folder")
    if not folder.absolute().parent.is_dir():
        raise UsageError(f"cannot write {folder}: there is no folder {folder.parent}")
    if folder.is_dir() and (foreign := _foreign(folder)):
        raise UsageError(
            f"cannot write {folder}: it contains {visible(foreign)}, which no export wrote or"
            " which has been changed since: move it away, or name another folder"
        )


def _foreign(folder: Path) -> str | None:
    """Return the name of something in a folder that no export wrote in its present form."""
    try:
        listed = json.loads((folder / LISTING).read_bytes())["files"]
        known = dict(listed) if isinstance(listed, dict) else {}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        known = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            return name
        ours = name == LISTING and known
        if not path.is_file() or ours:
            continue
        # A foreign file may be large, and is not read.
        if name not in known or known[name] != _integrity(path.read_bytes()):
            return name
    return None


def _listing(files: Mapping[str, bytes]) -> bytes:
    """Return the content of the listing: each file's digest, and a version derived from all."""
    digests = {name: _integrity(files[name]) for name in sorted(files)}
    version = hashlib.sha256(json.dumps(digests).encode()).hexdigest()[:16]
    listed = {"charseq": charseq.__version__, "version": version, "files": digests}
    return json.dumps(listed, indent=1).encode()


def _integrity(content: bytes) -> str:
    """Return a digest as browsers read it. Source: "Subresource Integrity", W3C."""
    return f"sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}"


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def _put(made: Path, folder: Path, former: Path) -> None:
    """Move a folder into place; one that is there goes to `former`, or stays on failure."""
    if folder.exists():
        folder.rename(former)
    try:
        made.rename(folder)
    except BaseException:
        if former.exists():
            former.rename(folder)
        raise
