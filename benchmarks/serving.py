"""How many requests a second `charseq serve` answers, and how soon, with and without batches.

    python -m benchmarks.serving [--model FILE] [--seconds 3]

A real client, wrk, asks for one text a request over so many connections as fast as it is answered,
on the same machine. Anything but an answer, or a 503 where all places are taken, is an error.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.report import machine, machine_line, write_section
from charseq.corpus import read_corpus

CHARSEQ = [sys.executable, "-m", "charseq"]
CONNECTIONS = (1, 16, 128, 1_000)
BATCHES = {"batches": (), "no batches": ("--batch-size", "1")}
TEXTS = 1_000

# Run by wrk in each of its threads; the totals are summed when all are done.
SCRIPT = """
local bodies = {%s}
local threads, asked = {}, 0
busy, wrong = 0, 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function setup(thread) table.insert(threads, thread) end
function request()
  asked = asked + 1
  return wrk.format(nil, nil, nil, bodies[asked %% #bodies + 1])
end
function response(status)
  if status == 503 then busy = busy + 1 elseif status ~= 200 then wrong = wrong + 1 end
end
function done(summary, latency)
  local busy, wrong = 0, 0
  for _, thread in ipairs(threads) do
    busy = busy + thread:get("busy")
    wrong = wrong + thread:get("wrong")
  end
  local e = summary.errors
  io.write(string.format(
    "figures: {\\"requests\\": %%d, \\"microseconds\\": %%d, \\"p50\\": %%d, \\"p99\\": %%d,"
    .. " \\"busy\\": %%d, \\"errors\\": %%d}\\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    busy, wrong + e.connect + e.read + e.write + e.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What a service did under load.

    Attributes:
        rate: answers a second, without those that were sent away.
        p50: milliseconds in which half of the answers came.
        p99: milliseconds in which 99 % of them came.
        busy: requests that were told to come back.
        errors: all that went wrong otherwise.
    """

    rate: float
    p50: float
    p99: float
    busy: int
    errors: int


def main() -> None:
    """Measure, print a table, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="a model file; by default one is trained")
    parser.add_argument("--seconds", type=int, default=3, help="of each case")
    chosen = parser.parse_args()
    if shutil.which("wrk") is None:
        print("nothing is measured: wrk is not installed (on Debian: apt-get install wrk)")
        return
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "requests.lua"
        script.write_text(SCRIPT % ",".join(map(_quoted, bodies())), encoding="utf-8")
        model = chosen.model or trained(Path(folder))
        models = {"PyTorch": model, "ONNX Runtime": exported(model, Path(folder))}
        measured = {
            f"{runtime}, {batches}": loads(path, options, script, chosen.seconds)
            for runtime, path in models.items()
            for batches, options in BATCHES.items()
        }
    where = machine()
    columns = [f"{count:,} connections" for count in CONNECTIONS]
    lines = [
        "## Serving: requests a second, and how long each takes",
        "",
        f"`charseq serve` and wrk on the same machine, one text a request, {chosen.seconds}"
        " seconds a case: answers a second, and the milliseconds in which half of the answers, and"
        " 99 % of them, came.",
        "",
        f"| | {' | '.join(columns)} |",
        f"| {' | '.join(['---'] * (1 + len(columns)))} |",
        *(f"| {name} | {' | '.join(map(cell, row))} |" for name, row in measured.items()),
        "",
        final_evaluation([load for row in measured.values() for load in row]),
        "",
        f"Command: `python -m benchmarks.serving --seconds {chosen.seconds}`."
        f" {machine_line(where)}",
    ]
    print("\n".join(lines))
    figures = {name: [asdict(load) for load in row] for name, row in measured.items()}
    write_section("serving", lines, {"machine": where, "connections": CONNECTIONS, **figures})


def bodies() -> list[str]:
    """Return the bodies of distinct requests."""
    sources = dict.fromkeys(pair.source for pair in read_corpus("phrasebook").pairs)
    return [json.dumps({"texts": source}) for source in list(sources)[:TEXTS]]


def trained(folder: Path) -> Path:
    """Train a small model and return its file."""
    model = folder / "model.safetensors"
    settings = ["--limit", "2000", "--units", "256", "--epochs", "5", "--run", str(folder / "run")]
    command = [*CHARSEQ, "train", "phrasebook", *settings, "--output", str(model)]
    subprocess.run(command, check=True, capture_output=True)
    return model


def exported(model: Path, folder: Path) -> Path:
    """Export a model and return the export's file."""
    export = folder / "model.onnx"
    command = [*CHARSEQ, "export", str(model), "--output", str(export)]
    subprocess.run(command, check=True, capture_output=True)
    return export


def loads(model: Path, options: tuple[str, ...], script: Path, seconds: int) -> list[Load]:
    """Measure a service at each number of connections."""
    with serving(model, options) as url:
        ask(url, script, 16, 1)  # Not counted: the first requests find everything cold.
        return [ask(url, script, count, seconds) for count in CONNECTIONS]


@contextmanager
def serving(model: Path, options: tuple[str, ...]) -> Iterator[str]:
    """Serve a model in a process of its own, and yield where."""
    command = [*CHARSEQ, "serve", str(model), "--port", "0", *options]
    null, pipe = subprocess.DEVNULL, subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=null, text=True) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            found = re.search(r"http://\S+", said)
            assert found, "the service did not start"
            yield found[0]
        finally:
            process.terminate()


def ask(url: str, script: Path, connections: int, seconds: int) -> Load:
    """Let wrk ask for so long, and return what came of it."""
    shape = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(script)]
    command = ["wrk", *shape, f"{url}/v1/translate"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures = re.search("^figures: (.*)", said, re.MULTILINE)
    assert figures, "wrk printed no figures"
    it = json.loads(figures[1])
    answered = it["requests"] - it["busy"] - it["errors"]
    rate = 1e6 * answered / it["microseconds"]
    return Load(rate, it["p50"] / 1e3, it["p99"] / 1e3, it["busy"], it["errors"])


def cell(load: Load) -> str:
    """Return a cell of the table."""
    return f"{load.rate:,.0f}/s; {load.p50:,.1f}, {load.p99:,.1f} ms"


def final_evaluation(all_loads: list[Load]) -> str:
    """Say what went wrong."""
    busy, errors = (sum(getattr(load, name) for load in all_loads) for name in ("busy", "errors"))
    return f"Told to come back (503): {busy:,} requests; other errors: {errors:,}."


def _quoted(body: str) -> str:
    return f"[==[{body}]==]"


if __name__ == "__main__":
    main()
