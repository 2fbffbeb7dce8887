"""What the pages that show a model at work share: the service's, and those of exported sites.

A page has its own folder, with an `index.html` and the files that it needs. The files of `STATIC`
are served beside them, under names that no page uses for its own files.
"""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""The folder of scripts, styles and pictures for every page."""

EXAMPLES_FILE = "examples.txt"
"""The file that training writes beside a model: inputs to try, one per line."""

LARGEST_EXAMPLES = 1 << 16
"""The size of the largest such file that is read, in bytes."""

_FINDINGS = Path(__file__).parent / "findings.html"
_PLACE = "<!-- findings -->"


def document(folder: Path) -> str:
    """Return a page's HTML, including the shared part that shows how an answer came about.

    Args:
        folder: the page's folder.
    """
    own = (folder / "index.html").read_text(encoding="utf-8")
    return own.replace(_PLACE, _FINDINGS.read_text(encoding="utf-8").strip())
