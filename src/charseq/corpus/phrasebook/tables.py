"""Reading the phrasebook's data files: tab-separated, a header line, comment lines after `#`."""

from importlib.resources import files


def read_table(name: str) -> list[list[str]]:
    """Return the rows of ``data/<name>.tsv`` below its header, each as wide as the header."""
    text = files(__package__).joinpath("data", f"{name}.tsv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    width = len(lines[0].split("\t"))
    rows = []
    for line in lines[1:]:
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) > width:
            raise ValueError(
                f"{name}.tsv: {len(cells)} cells where the header has {width}: {line!r}"
            )
        rows.append(cells + [""] * (width - len(cells)))
    return rows
