"""The commands that list, inspect, check and download corpora."""

import json
import statistics
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from charseq.cli.options import MirrorOption, refuse_two_readers, settings_options
from charseq.cli.outputs import refuse_tab
from charseq.cli.telling import note_left_out
from charseq.config import CorpusConfig, ModelSettings, configure, refuse_unknown
from charseq.corpus import PHRASEBOOK, Corpus, anki, read_corpus
from charseq.errors import DataError, UsageError, counted, visible
from charseq.files import cache_folder
from charseq.text import Spellings

if TYPE_CHECKING:
    from charseq.corpus.checking import Finding

corpus = typer.Typer(no_args_is_help=True)

NameArgument = Annotated[
    str,
    typer.Argument(
        metavar="CORPUS",
        help="A file, - for standard input, or a corpus's name, such as phrasebook or fra-eng.",
        show_default=False,
    ),
]


@corpus.command("list")
def list_corpora() -> None:
    """List the built-in and the named corpora, and which of them are in the cache."""
    typer.echo(f"{PHRASEBOOK}  English → French, built in")
    for name, language in anki.LANGUAGES.items():
        cached = ", in the cache" if anki.cached(name) else ""
        typer.echo(f"{name:<10}  English → {language}{cached}")
    typer.echo(
        "\nThe named corpora come from manythings.org/anki, which may have others, and are"
        f" downloaded on first\nuse, into {cache_folder()}"
    )


@corpus.command()
@settings_options(CorpusConfig)
def info(name: NameArgument, *, mirror: MirrorOption = None, settings: dict[str, Any]) -> None:
    """Show what a corpus contains, whom to credit for it, and where it is."""
    corpus = read_corpus(name, configure(**settings).corpus, mirror=mirror)
    for title, value in _facts(corpus):
        typer.echo(f"{title:<18}{value}")


@corpus.command()
@settings_options(CorpusConfig)
def head(
    name: NameArgument,
    *,
    count: Annotated[
        int, typer.Option("--count", "-n", min=1, help="How many pairs to print.")
    ] = 10,
    mirror: MirrorOption = None,
    settings: dict[str, Any],
) -> None:
    """Print a corpus's first pairs, as TSV.

    On a terminal, characters that cannot be seen or that steer it are shown as escapes.
    """
    config = configure(**settings).corpus
    count = min(count, config.limit or count)
    corpus = read_corpus(name, config.model_copy(update={"limit": count}), mirror=mirror)
    note_left_out(corpus)
    shown = visible if sys.stdout.isatty() else str
    for number, pair in enumerate(corpus.pairs, start=1):
        cells = [pair.source, pair.target]
        if config.features_column is not None:
            cells.append(config.features_separator.join(pair.features))
        if config.language_column is not None:
            cells.append(pair.language)
        if shown is str:
            refuse_tab(number, cells)
        # Not typer.echo, which takes escape sequences out of what goes into a pipe.
        sys.stdout.write("\t".join(map(shown, cells)) + "\n")


@corpus.command()
@settings_options(CorpusConfig)
@settings_options(
    ModelSettings,
    only={"source_separator", "target_separator", "symbols", "normalise"},
    parameter="spelling",
)
def check(
    name: NameArgument,
    *,
    held_out: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Also look for inputs that occur in both corpora, and for symbols that"
            " occur only in this one.",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with exit code 3 if anything was found.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    mirror: MirrorOption = None,
    settings: dict[str, Any],
    spelling: dict[str, Any],
) -> None:
    """Look for what may spoil a model, before you spend time training it."""
    from charseq.corpus.checking import check_corpus

    refuse_two_readers({"the corpus": name, "--held-out": held_out})
    chosen = configure(**settings, **spelling)
    config, spellings = chosen.corpus, Spellings.of(chosen.model)
    corpus = read_corpus(name, config, mirror=mirror, spellings=spellings)
    other = None
    if held_out is not None:
        whole = config.model_copy(update={"limit": None})
        other = read_corpus(held_out, whole, mirror=mirror, spellings=spellings)
    for each in filter(None, (corpus, other)):
        note_left_out(each)
    findings = check_corpus(corpus, other, chosen.model)
    if as_json:
        fields = {
            "corpus": corpus.name,
            "pairs": len(corpus),
            "first_line": corpus.first_line,
            **({} if other is None else {"held_out_first_line": other.first_line}),
            "findings": [finding.as_dict() for finding in findings],
        }
        typer.echo(json.dumps(fields, ensure_ascii=False))
    else:
        found = counted(len(findings), "finding") if findings else "nothing found"
        typer.echo(f"{visible(corpus.name)}: {len(corpus):,} pairs, {found}")
        for finding in findings:
            where = other if finding.held_out and other else corpus
            _show_finding(finding, where.first_line)
    if strict and findings:
        raise typer.Exit(DataError.exit_code)


@corpus.command()
def download(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A corpus's name, such as fra-eng.")],
    *,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Download it even if it is already in the cache.")
    ] = False,
    mirror: MirrorOption = None,
) -> None:
    """Download a named corpus into the cache, and print its path."""
    if name == PHRASEBOOK:
        raise UsageError(f"{PHRASEBOOK} is built in; there is nothing to download")
    if not anki.is_name(name):
        refuse_unknown([name], anki.LANGUAGES, what="corpus")
    path = anki.download(name, mirror) if refresh else anki.fetch(name, mirror)
    typer.echo(str(path))


def _show_finding(finding: "Finding", first_line: int | None) -> None:
    typer.echo(f"\n{finding.name}: {visible(finding.what, 1_000)}")
    side = "held-out " if finding.held_out else ""
    for example in finding.examples:
        place = f"pair {example.pair:,}"
        if first_line is not None:
            place = f"line {example.pair - 1 + first_line:,}"
        typer.echo(f"  {side}{place}: {visible(example.text, 100)}")
    typer.echo(f"  → {finding.advice}")


def _facts(corpus: Corpus) -> list[tuple[str, str]]:
    sources = [pair.source for pair in corpus.pairs]
    targets = [pair.target for pair in corpus.pairs]
    facts = [
        ("corpus", visible(corpus.name)),
        ("pairs", f"{len(corpus):,}"),
        ("distinct sources", f"{len(set(sources)):,}"),
        ("source lengths", _lengths(sources)),
        ("target lengths", _lengths(targets)),
        ("source alphabet", f"{len(set().union(*sources)):,} characters"),
        ("target alphabet", f"{len(set().union(*targets)):,} characters"),
    ]
    features = {feature for pair in corpus.pairs for feature in pair.features}
    languages = {pair.language for pair in corpus.pairs} - {""}
    if features or languages:
        inputs = {pair.input for pair in corpus.pairs}
        facts.insert(3, ("distinct inputs", f"{len(inputs):,}"))
    facts += [("features", _some(features))] if features else []
    facts += [("languages", _some(languages))] if languages else []
    facts += [("left out", f"{n:,} × {reason}") for reason, n in corpus.left_out.items()]
    facts += [("attribution", visible(corpus.attribution, 300))] if corpus.attribution else []
    facts += [("digest", corpus.digest)]
    facts += [("archive digest", corpus.archive_digest)] if corpus.archive_digest else []
    facts += [("file", visible(str(corpus.path), 1_000))] if corpus.path else []
    return facts


def _lengths(texts: list[str]) -> str:
    lengths = sorted(map(len, texts))
    most = lengths[(len(lengths) * 95 - 1) // 100]
    return f"median {statistics.median(lengths):g}, 95 % up to {most:,}, longest {lengths[-1]:,}"


def _some(names: set[str]) -> str:
    return f"{len(names):,}: {visible(' '.join(sorted(names)))}"
