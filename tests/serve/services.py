"""Services to ask, in this process and in one of their own."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI


class Service:
    """An application to which requests are sent without a network."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def together(self, *requests: httpx.Request | dict[str, Any]) -> list[httpx.Response]:
        """Send requests at once; fields are sent to /v1/translate."""

        async def send() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
                sent = (
                    client.post("/v1/translate", json=each)
                    if isinstance(each, dict)
                    else client.send(each)
                    for each in requests
                )
                return await asyncio.gather(*sent)

        return asyncio.run(send())

    def ask(self, **fields: Any) -> httpx.Response:
        """Ask for a translation."""
        return self.together(fields)[0]

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Get what is at an address."""
        return self.request("GET", path, headers=headers)

    def request(self, method: str, path: str, **others: Any) -> httpx.Response:
        """Send any request."""
        return self.together(httpx.Request(method, f"http://service{path}", **others))[0]


class Running:
    """A service in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.said = process.stdout.readline()
        found = re.search(r"http://(\S+):(\d+)", self.said)
        assert found, process.communicate()
        self.host, self.port = found[1], int(found[2])
        self.url = found[0]

    def ask(self, **fields: Any) -> httpx.Response:
        """Ask for a translation."""
        return httpx.post(f"{self.url}/v1/translate", json=fields, timeout=60)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, list[dict[str, Any]]]:
        """Send a signal, and return the exit code and the lines of the log."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> tuple[int, list[dict[str, Any]]]:
        """Wait for the end, and return the exit code and the lines of the log."""
        _, log = self.process.communicate(timeout=60)
        return self.process.returncode, [json.loads(line) for line in log.splitlines()]


@contextmanager
def running(*arguments: str | Path, **environment: str) -> Iterator[Running]:
    """Run `charseq serve` on a free port."""
    command = [sys.executable, "-m", "charseq", "serve", *map(str, arguments), "--port", "0"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, env={**os.environ, **environment}
    ) as process:
        try:
            yield Running(process)
        finally:
            process.kill()


def events_of(text: str) -> list[tuple[str, Any]]:
    """Return the names and data of server-sent events."""
    found = re.findall(r"^event: (\w+)\ndata: (.*)\n\n", text, re.MULTILINE)
    return [(name, json.loads(data)) for name, data in found]


def close_to(found: Sequence[dict[str, Any]], wanted: Sequence[dict[str, Any]]) -> bool:
    """Return whether answers are equal, up to rounding in their probabilities."""
    return _rounded(found) == _rounded(wanted)


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return pytest.approx(value, abs=1e-4)
        case dict():
            return {name: _rounded(each) for name, each in value.items()}
        case list() | tuple():
            return [_rounded(each) for each in value]
        case _:
            return value
