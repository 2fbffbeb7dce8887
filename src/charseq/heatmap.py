"""Alignments as heat maps."""

import math
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from charseq.errors import UsageError, visible
from charseq.files import refuse_output, write_atomically
from charseq.results import END_LABEL, Alignment, symbol_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.image import AxesImage

MOST_PANELS = 12
MOST_SYMBOLS = 80
# Inches: of a cell, of the space around a panel's cells if labels are short, and of each further
# character.
CELL = 0.25
AROUND = 1.1
SHORT_LABEL, CHARACTER = 4, 0.09


def draw_alignments(alignments: Sequence[Alignment], path: str | Path) -> None:
    """Draw a heat map of each alignment into one PNG file.

    Source symbols run along x, target symbols down y, and a line divides a language and features
    from the text. Refused alignments, and those without source symbols, are left out.

    Raises:
        UsageError: if nothing is left to draw, or more than a picture shows: 12 alignments of at
            most 80 symbols a side; if no PNG file can be written to `path`.
        MachineError: if the file cannot be written.
    """
    # matplotlib's figures without pyplot: no window system, no global state.
    from matplotlib.figure import Figure

    refuse_picture(path)
    drawn = [alignment for alignment in alignments if alignment.source_symbols]
    if not drawn:
        raise UsageError("there is nothing to draw: no source has a symbol to attend to")
    refuse_more_panels(len(drawn))
    for alignment in drawn:
        _refuse_longer(alignment)
    columns = math.ceil(math.sqrt(len(drawn)))
    rows = math.ceil(len(drawn) / columns)
    sizes = [_size(alignment) for alignment in drawn]
    widths = [max(width for width, _ in sizes[column::columns]) for column in range(columns)]
    heights = [max(height for _, height in sizes[row * columns :][:columns]) for row in range(rows)]
    figure = Figure(figsize=(sum(widths) + 1, sum(heights)), layout="constrained", dpi=120)
    grid = figure.subplots(
        rows, columns, squeeze=False, width_ratios=widths, height_ratios=heights
    ).flatten()
    images = [_draw(axes, each) for axes, each in zip(grid, drawn, strict=False)]
    for axes in islice(grid, len(drawn), None):
        axes.remove()
    figure.colorbar(images[0], ax=list(grid[: len(drawn)]), aspect=30, label="attention weight")
    picture = BytesIO()
    figure.savefig(picture, format="png")
    write_atomically(Path(path), picture.getvalue())


def refuse_picture(path: str | Path) -> None:
    """Raise a `UsageError` if no PNG file can be put at a path."""
    if Path(path).suffix.lower() != ".png":
        raise UsageError(
            f"cannot draw {path}: pictures are PNG files; use a name that ends in .png"
        )
    refuse_output(Path(path))


def refuse_more_panels(count: int) -> None:
    """Raise a `UsageError` if there are more alignments than a picture shows."""
    if count > MOST_PANELS:
        raise UsageError(f"a picture shows at most {MOST_PANELS} alignments: give fewer pairs")


def _refuse_longer(alignment: Alignment) -> None:
    for side, text, count in (
        ("source", alignment.source, len(alignment.source_symbols)),
        ("target", alignment.target, len(alignment.target_symbols)),
    ):
        if count > MOST_SYMBOLS:
            raise UsageError(
                f"a picture shows at most {MOST_SYMBOLS} symbols per side, but the {side}"
                f" {visible(text, 30)} has {count:,}: leave that pair out"
            )


def _size(alignment: Alignment) -> tuple[float, float]:
    """Return the width and the height of a panel, in inches."""
    along, down = alignment.source_symbols, (*alignment.target_symbols, END_LABEL)
    # Labels of rows take width beside the cells, those of columns take height above them.
    width = AROUND + CELL * len(along) + _beyond(down)
    return width, AROUND + CELL * len(down) + _beyond(along)


def _beyond(symbols: Sequence[str]) -> float:
    longest = max(len(label) for label, _ in map(_shown, symbols))
    return CHARACTER * max(0, longest - SHORT_LABEL)


def _draw(axes: "Axes", alignment: Alignment) -> "AxesImage":
    image = axes.imshow(alignment.weights, cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="source", ylabel="target", anchor="N")
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    _label(axes.xaxis, alignment.source_symbols)
    _label(axes.yaxis, (*alignment.target_symbols, END_LABEL))
    for text in axes.get_xticklabels():
        if len(text.get_text()) > 2:
            text.set_rotation(90)
    if 0 < alignment.conditions < len(alignment.source_symbols):
        axes.axvline(alignment.conditions - 0.5, color="grey", linewidth=1)
    return image


def _label(axis: "Axis", symbols: Sequence[str]) -> None:
    """Label an axis with symbols, each in a font that has it, or else by its code points."""
    labels, fonts = zip(*map(_shown, symbols), strict=True)
    # A dollar sign is a symbol here, not the start of a formula.
    axis.set_ticks(range(len(labels)), labels, parse_math=False)
    for text, font in zip(axis.get_ticklabels(), fonts, strict=True):
        if font is not None:
            text.set_fontproperties(font)


def _shown(symbol: str) -> tuple[str, Path | None]:
    """Return a symbol's label, and the font that has it; without one, it is the code points."""
    label = symbol_label(symbol)
    font = _font_of(label)
    return (_code_points(label) if font is None else label), font


def _code_points(label: str) -> str:
    return "U+" + "+".join(f"{ord(character):04X}" for character in label)


@cache
def _font_of(label: str) -> Path | None:
    """Return a font that can write a label, preferably the default one; None if none can."""
    needed = {ord(character) for character in label}
    return next((path for path in _fonts() if needed <= _characters_of(path)), None)


@cache
def _fonts() -> list[Path]:
    """Return the files of all fonts: the default one, then upright and regular ones first."""
    from matplotlib.font_manager import FontProperties, findfont, fontManager

    # Fonts of last resort have a box for every character.
    others = [font for font in fontManager.ttflist if "last resort" not in font.name.lower()]
    others.sort(key=lambda font: (font.style != "normal", font.weight != 400, font.name))
    return [Path(findfont(FontProperties())), *(Path(font.fname) for font in others)]


@cache
def _characters_of(font: Path) -> frozenset[int]:
    """Return the code points that a font can write."""
    from matplotlib.font_manager import get_font

    try:
        return frozenset(get_font(font).get_charmap())
    except (OSError, RuntimeError):  # A font that cannot be read writes nothing.
        return frozenset()
