"""What pages have in common that show a model at work: the service's, and those of exported sites.

A page has its own folder, with an `index.html` and what that asks for. The files of `STATIC` stand
beside those, under names that no page gives to a file of its own.
"""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""The folder of scripts, styles and pictures for every page."""

EXAMPLES_FILE = "examples.txt"
"""The file beside a model, which training writes: inputs to try, one a line."""

LARGEST_EXAMPLES = 1 << 16
"""The bytes of the largest such file that is read."""

_FINDINGS = Path(__file__).parent / "findings.html"
_PLACE = "<!-- findings -->"


def document(folder: Path) -> str:
    """Return a page's HTML, with the shared part that shows how an answer came about in its place.

    Args:
        folder: of the page.
    """
    own = (folder / "index.html").read_text(encoding="utf-8")
    return own.replace(_PLACE, _FINDINGS.read_text(encoding="utf-8").strip())
