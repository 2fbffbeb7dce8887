"""`charseq align`: which source symbol each target symbol comes from."""

import json
import math
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from charseq.answering import (
    LONGEST_SOURCE,
    MOST_WEIGHTS,
    STREAM_CHUNK,
    BaseTranslator,
    conditions_of,
    corpus_to_score,
    in_pieces,
    refuse_without_attention,
)
from charseq.cli.lines import Columns, Tally, chunks, warn_of_a_file
from charseq.cli.options import (
    DeviceOption,
    FeaturesOption,
    LanguageOption,
    MirrorOption,
    corpus_options,
    refuse_corpus_options,
)
from charseq.cli.outputs import warn_of_impossible
from charseq.corpus import Pair
from charseq.errors import UnknownCharactersWarning, UsageError
from charseq.heatmap import draw_alignments, refuse_more_panels, refuse_picture
from charseq.results import Alignment


@corpus_options
def align(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The model file.")],
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT…",
            help="Sources to align with the model's own answers; without them, or with '-',"
            " standard input, line by line.",
            show_default=False,
        ),
    ] = None,
    *,
    settings: dict[str, Any],
    pairs: Annotated[
        str | None,
        typer.Option(
            metavar="CORPUS",
            help="Align the pairs of a corpus instead: a file, '-', or a corpus's name.",
            show_default=False,
        ),
    ] = None,
    features: FeaturesOption = None,
    language: LanguageOption = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw heat maps of at most 12 alignments into this PNG file.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Print one JSON object per line: symbols, the matrix of weights, the"
            " log-probability.",
        ),
    ] = False,
    device: DeviceOption = "auto",
    mirror: MirrorOption = None,
) -> None:
    """Show which source symbol each target symbol comes from, by a model's attention."""
    refuse_corpus_options(settings, pairs, "--pairs")
    if pairs is not None and texts:
        raise UsageError("align texts or the pairs of a corpus, not both")
    if pairs is not None and (features is not None or language is not None):
        raise UsageError(
            "with --pairs, features and languages come from columns of the corpus: omit"
            " --features and --language"
        )
    if plot is not None:
        refuse_picture(plot)

    from charseq.loading import load

    translator = load(model, device=device)
    refuse_without_attention(translator.description)
    warnings.simplefilter("ignore", UnknownCharactersWarning)
    if pairs is None:
        warn_of_a_file(
            texts, "read as a text; to read its pairs: --pairs {0}; to read its lines: … < {0}"
        )
        aligned, tally = _answers(translator, texts, features, language), Tally("line", "alignment")
    else:
        corpus = corpus_to_score(pairs, settings, translator.description, mirror)
        aligned, tally = _pairs(translator, corpus.pairs), Tally("pair", "alignment")
    drawn: list[Alignment] = []
    impossible = 0
    for chunk in aligned:
        for alignment in chunk:
            if plot is not None and alignment.source_symbols:
                drawn.append(alignment)
                refuse_more_panels(len(drawn))
            tally.add(alignment)
            impossible += math.isinf(alignment.log_probability)
            _write(alignment, as_json)
        sys.stdout.buffer.flush()
    if plot is not None:
        draw_alignments(drawn, plot)
    warn_of_impossible(impossible, tally.number)
    tally.report()


def _answers(
    translator: BaseTranslator, texts: list[str] | None, features: str | None, language: str | None
) -> Iterator[Iterable[Alignment]]:
    """Yield the alignments of texts with the model's answers, as lines arrive."""
    columns = Columns.of(translator.description.sources.conditions, features, language)
    for chunk in chunks(texts, LONGEST_SOURCE):
        lines = columns.read(chunk, LONGEST_SOURCE)
        # Answers are about as long as their sources.
        sizes = (len(source) ** 2 for source in lines.sources)
        alignments = (
            alignment
            for some in in_pieces(sizes, STREAM_CHUNK, MOST_WEIGHTS)
            for alignment in translator.align(
                lines.sources[some], **_of_piece(lines.conditions, some)
            )
        )
        yield lines.in_order(alignments, Alignment.refused)


def _pairs(translator: BaseTranslator, pairs: Sequence[Pair]) -> Iterator[Iterable[Alignment]]:
    """Yield the alignments of pairs in pieces, as matrices take much more memory than texts."""
    sources, targets = [pair.source for pair in pairs], [pair.target for pair in pairs]
    conditions = conditions_of(pairs)
    sizes = (len(pair.source) * len(pair.target) for pair in pairs)
    for some in in_pieces(sizes, STREAM_CHUNK, MOST_WEIGHTS):
        yield translator.align(sources[some], targets[some], **_of_piece(conditions, some))


def _of_piece(conditions: Mapping[str, Any], some: slice) -> dict[str, Any]:
    """Return the conditions of some items; a single one applies to all."""
    return {
        name: given[some] if isinstance(given, list) else given
        for name, given in conditions.items()
    }


def _write(alignment: Alignment, as_json: bool) -> None:
    """Print an alignment as a JSON object, or as lines followed by an empty one."""
    if as_json:
        text = json.dumps(alignment.as_dict(), ensure_ascii=False)
    elif alignment.error is None:
        text = f"{alignment}\n"
    else:
        return
    sys.stdout.buffer.write(f"{text}\n".encode("utf-8", "backslashreplace"))
