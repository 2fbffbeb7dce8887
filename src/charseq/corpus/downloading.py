"""Receiving a file by HTTP, checked against the length that the server names."""

import sys
from importlib.metadata import version
from typing import IO, Self

from charseq.corpus.streams import PIECE
from charseq.errors import visible

_TIMEOUT = 30.0


class DownloadError(Exception):
    """A download that failed; `status` is the HTTP status, if the site refused it."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def receive(url: str, output: IO[bytes], *, title: str, largest: int) -> None:
    """Write what `url` sends to `output`, with a progress bar on the terminal.

    Args:
        url: what to ask for.
        output: the file to write to, from its beginning.
        title: what the progress bar calls it.
        largest: the most bytes to accept.

    Raises:
        DownloadError: if the site refuses, cannot be reached or breaks off, or sends too much.
    """
    import requests
    from pooch import HTTPDownloader

    # The site refuses clients that do not identify themselves.
    agent = f"charseq/{version('charseq')} (character-level sequence-to-sequence models)"
    with _Progress(title, output, largest) as progress:
        # Without compression in transit, the length that the server names is the file's.
        headers = {"User-Agent": agent, "Accept-Encoding": "identity"}
        downloader = HTTPDownloader(
            progressbar=progress, chunk_size=PIECE, headers=headers, timeout=_TIMEOUT
        )
        try:
            downloader(url, output, None)
        except requests.HTTPError as error:
            status = 0 if error.response is None else error.response.status_code
            raise DownloadError(f"{url} answered with status {status}", status) from None
        except (requests.RequestException, ValueError) as error:
            raise DownloadError(f"cannot download {url}: {_reason(error)}") from None
    received = output.tell()
    if progress.total and received != progress.total:
        raise DownloadError(
            f"the download of {url} broke off after {received:,} of {progress.total:,} bytes"
        )


class _Progress:
    """A progress bar on terminals, and nothing elsewhere, with the methods that pooch calls.

    Progress is read from the output, since pooch counts every piece as a full one.
    """

    def __init__(self, title: str, output: IO[bytes], largest: int) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TransferSpeedColumn,
        )

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        self._bar = Progress(
            *columns,
            TransferSpeedColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task(title, total=None)
        self._output = output
        self._largest = largest
        self.total = 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, _: int) -> None:
        received = self._output.tell()
        if received > self._largest:
            raise ValueError(f"it is larger than {self._largest:,} bytes")
        self._bar.update(self._task, completed=received, total=self.total or None)

    def reset(self) -> None:
        """Do nothing: the bar never runs ahead."""

    def close(self) -> None:
        self._bar.refresh()


def _reason(error: Exception) -> str:
    import requests

    if isinstance(error, requests.Timeout):
        return f"no answer within {_TIMEOUT:g} seconds"
    text = str(error)
    for sign, reason in [
        ("IncompleteRead", "the connection broke off"),
        ("Connection broken", "the connection broke off"),
        ("refused", "the connection was refused"),
        ("resolve", "the server's name is not known (is there a network?)"),
        ("unreachable", "there is no network"),
    ]:
        if sign in text:
            return reason
    return visible(text, 200)
