import struct
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from charseq.errors import UsageError
from charseq.heatmap import draw_alignments
from charseq.results import Alignment


def alignment(source: Sequence[str], target: Sequence[str], conditions: int = 0) -> Alignment:
    weights = np.full((len(target) + 1, len(source)), 1 / max(1, len(source)), np.float32)
    return Alignment(
        "".join(source),
        "".join(target),
        tuple(source),
        tuple(target),
        weights,
        conditions=conditions,
    )


def size(picture: Path) -> tuple[int, int]:
    """Return the width and the height that a PNG file declares."""
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Haus", "Häuser"),
        ("京都 한국", ["k", "ʲ", "oː", "t͡s"]),
        ("नमस्ते", "привет"),
        ("שלום\u200f", "سلام"),
        ("$x$ \\$", ["$\\frac$", "^_"]),
        ("🙂\ufe0f", ["\U0010ffff", "\ue000", "\ud800", "\x00"]),
        ("e\u0301", "\n\t "),
    ],
)
def test_every_symbol_is_drawn_without_a_warning(tmp_path: Path, source, target) -> None:
    with warnings.catch_warnings(action="error"):
        draw_alignments([alignment(source, target)], tmp_path / "one.png")
    assert min(size(tmp_path / "one.png")) > 100


def test_sources_run_along_and_targets_down(tmp_path: Path) -> None:
    sizes = {}
    for name, sides in {
        "small": ("abc", "abc"),
        "wide": ("abc" * 10, "abc"),
        "tall": ("abc", "abc" * 10),
    }.items():
        draw_alignments([alignment(*sides)], tmp_path / f"{name}.png")
        sizes[name] = size(tmp_path / f"{name}.png")
    assert sizes["wide"][0] > 2 * sizes["small"][0]
    assert sizes["wide"][1] == sizes["small"][1]
    assert sizes["tall"][0] == sizes["small"][0]
    assert sizes["tall"][1] > 2 * sizes["small"][1]


def test_each_alignment_has_a_panel(tmp_path: Path) -> None:
    one = alignment("abcdefgh", "abcdefgh")
    empty = alignment("", "abc")
    draw_alignments([one], tmp_path / "one.png")
    draw_alignments([empty, one, empty], tmp_path / "the-same.png")
    draw_alignments([one] * 5, tmp_path / "five.png")
    assert size(tmp_path / "the-same.png") == size(tmp_path / "one.png")
    # Three beside each other, two below.
    assert size(tmp_path / "five.png")[0] > 2 * size(tmp_path / "one.png")[0]
    assert size(tmp_path / "five.png")[1] == 2 * size(tmp_path / "one.png")[1]


def test_what_no_picture_can_show_is_refused(tmp_path: Path) -> None:
    one, path = alignment("ab", "ab"), tmp_path / "picture.png"
    for alignments, reason in (
        ([one] * 13, "a picture shows at most 12 alignments: give fewer pairs"),
        ([one, alignment("ab", "c" * 81)], "the target ccc.* has 81: leave that pair out"),
        ([one, alignment("d" * 500, "c")], "the source ddd.* has 500: leave that pair out"),
        ([], "there is nothing to draw"),
        ([alignment("", "ab")], "there is nothing to draw"),
    ):
        with pytest.raises(UsageError, match=reason):
            draw_alignments(alignments, path)
    with pytest.raises(UsageError, match=r"use a name that ends in \.png"):
        draw_alignments([one], tmp_path / "picture.pdf")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(UsageError, match="it is a folder"):
        draw_alignments([one], tmp_path / "folder.png")
    assert not path.exists()


def test_long_labels_have_room(tmp_path: Path) -> None:
    for name, sides in {
        "short": (["a", "b"], ["c", "d"]),
        "along": (["A LONG FEATURE NAME", "b"], ["c", "d"]),
        "down": (["a", "b"], ["\U0010ffff\U0010fffe\U0010fffd", "d"]),
    }.items():
        draw_alignments([alignment(*sides)], tmp_path / f"{name}.png")
    width, height = size(tmp_path / "short.png")
    assert size(tmp_path / "along.png") > (width, height + 100)
    assert size(tmp_path / "along.png")[0] == width
    assert size(tmp_path / "down.png")[0] > width + 150
    assert size(tmp_path / "down.png")[1] == height
