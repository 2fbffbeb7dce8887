"""What a run is trained on, and how a resumed run recognises it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from charseq.config import CorpusConfig
from charseq.corpus import Corpus, is_named
from charseq.errors import UsageError
from charseq.files import file_digest

DIGESTS = {
    "corpus_digest": "the corpus",
    "held_out_digest": "the held-out corpus",
    "start_digest": "the model to start from",
}


@dataclass(frozen=True)
class Material:
    """What a run is trained on.

    Attributes:
        corpus: the pairs.
        held_out: pairs to hold out instead of a part of the corpus.
        start_from: the model file whose weights training starts from.
        corpus_from: the file that the corpus was read from, or its name; None if it was neither.
        held_out_from: the same for the held-out corpus.
        held_out_config: how the held-out corpus is read.
    """

    corpus: Corpus
    held_out: Corpus | None = None
    start_from: Path | None = None
    corpus_from: str | None = None
    held_out_from: str | None = None
    held_out_config: CorpusConfig | None = None

    def files(self) -> list[Path]:
        """Return the files that a run reads, to read them again on resuming."""
        corpora = [Path(place) for place in (self.corpus_from, self.held_out_from) if place]
        given = [] if self.start_from is None else [self.start_from]
        return [path for path in (*corpora, *given) if path.is_file()]

    def record(self) -> dict[str, str | None]:
        """Return what a run's folder keeps, so that the folder alone suffices to resume the run."""
        start = self.start_from
        return {
            "corpus": self.corpus_from,
            "corpus_digest": self.corpus.digest,
            "held_out": self.held_out_from,
            "held_out_digest": None if self.held_out is None else self.held_out.digest,
            "start_from": None if start is None else str(start.absolute()),
            "start_digest": None if start is None else file_digest(start),
        }

    def others(self, record: Mapping[str, str | None]) -> list[str]:
        """Return which of `DIGESTS` are not those that a run was begun with."""
        own = self.record()
        return [name for name in DIGESTS if own[name] != record.get(name)]

    def refuse_others(self, record: Mapping[str, str | None]) -> None:
        """Raise a `UsageError` if a run was begun with something else."""
        for name in self.others(record):
            if name == "held_out_digest" and record.get(name) is None:
                raise UsageError("the run has no held-out corpus of its own: omit --held-out")
            elsewhere = "" if name == "start_digest" else ", say where the original is now"
            raise UsageError(
                f"{DIGESTS[name]} has changed since the run began: restore it{elsewhere}, or"
                " resume anyway with --changed (changed=True)"
            )


def place_of(given: object) -> str | None:
    """Return where to read a corpus again: an absolute path, or the name of a named corpus."""
    if not isinstance(given, str | Path) or str(given) == "-":
        return None
    if is_named(given):
        return str(given)
    path = Path(given)
    return str(path.absolute()) if path.exists() else str(given)
