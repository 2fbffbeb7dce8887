"""Exports with something changed, loaded and asked in processes of their own.

    python -m fuzz.exports [--inputs 20000]

Half of the files are damaged anywhere. The others are changed field by field, in what ONNX says of
nodes, attributes, types and numbers, and get a right checksum, so that ONNX Runtime reads whatever
our own inspection lets through. An input fails if it ends the process, ends in anything but an
answer or charseq's own errors, or takes longer than ten seconds. Whole runs are written down in
`RECORD.md`.
"""

import argparse
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import onnx

from charseq import runtime
from charseq.errors import CharseqError
from charseq.interop.onnx import onnx_model, weights
from charseq.modelfile import read_model
from fuzz.record import record
from fuzz.seeds import SEEDS

SECONDS = 10
# What a hostile graph may ask for is refused beyond this, so that the machine stays usable.
MEMORY = 8 << 30
STRANGE_NUMBERS = (0, 1, -1, 2, 3, 7, 100, 65_536, 2**31 - 1, -(2**31), 2**40, 2**63 - 1, -(2**63))


class Failure(NamedTuple):
    """An input that failed.

    Attributes:
        number: of the input.
        code: how its process ended: an exit code, or the negative number of a signal.
        said: the last of what it said.
    """

    number: int
    code: int
    said: str


def main() -> None:
    """Run, and exit with 1 where an input failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--only", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.only:
        folder, first, last = chosen.only
        try_out(Path(folder), int(first), int(last))
        return
    inputs, began = chosen.inputs, time.monotonic()
    failures = failing(0, inputs)
    for failure in failures:
        print(f"input {failure.number} ended with {failure.code}: {failure.said}")
    if failures:
        sys.exit(1)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    record("loaded exports", inputs, time.monotonic() - began, most, "onnxruntime")


def failing(first: int, count: int) -> list[Failure]:
    """Try some inputs, by their numbers, and return those that fail."""
    failures: list[Failure] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, content in seeds().items():
            (Path(folder) / name).write_bytes(content)
        number, last = first, first + count
        while number < last:
            call = [sys.executable, "-m", "fuzz.exports", "--only", folder, f"{number}", f"{last}"]
            done = subprocess.run(
                call, capture_output=True, check=False, text=True, errors="replace"
            )
            if done.returncode == 0:
                break
            number = int(done.stdout.split()[-1])
            failures.append(Failure(number, done.returncode, done.stderr[-500:]))
            number += 1
    return failures


def seeds() -> dict[str, bytes]:
    """Return sound exports without a checksum, by name: of several kinds, and in 8 bits too."""
    found = {}
    for path in sorted((SEEDS / "model").iterdir()):
        model = read_model(path)
        found[f"{path.stem}.onnx"] = onnx_model(*model).SerializeToString()
        with mock.patch.object(weights, "FEW", 1):
            found[f"{path.stem}-int8.onnx"] = onnx_model(*model, "int8").SerializeToString()
    return found


def try_out(folder: Path, first: int, last: int) -> None:
    """Make the inputs with these numbers and ask them; each is named before it is tried."""
    # The signal's default, which ends the process, holds in compiled code too.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")
    whole = [path.read_bytes() for path in sorted(folder.glob("*.onnx"))]
    path = folder / "changed"
    for number in range(first, last):
        print(number, flush=True)
        draw = random.Random(number)
        content = draw.choice(whole)
        path.write_bytes(
            damaged(runtime.sealed(content), draw)
            if draw.random() < 0.5
            else runtime.sealed(changed(content, draw))
        )
        signal.alarm(SECONDS)
        try:
            model = runtime.load(path, threads=1)
            model.translate(["ab", "aba", "b"])
            model.translate("aba", beam=3, n_best=2)
            model.explain("ab", "A")
        except CharseqError:
            pass
        signal.alarm(0)


def damaged(content: bytes, draw: random.Random) -> bytes:
    """Return a file of which some bytes are other ones, lacking, or doubled."""
    found = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 8))):
        place, size = draw.randrange(len(found)), draw.randint(1, 40)
        match draw.randrange(4):
            case 0:
                found[place] ^= 1 << draw.randrange(8)
            case 1:
                del found[place : place + size]
            case 2:
                found[place:place] = draw.randbytes(size)
            case _:
                found[place:place] = found[place : place + size]
    return bytes(found)


def changed(content: bytes, draw: random.Random) -> bytes:
    """Return a file in which some fields say something else."""
    model = onnx.ModelProto.FromString(content)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        message = draw.choice(list(messages(model.graph)))
        if present := message.ListFields():
            _change(message, *draw.choice(present), draw, model.graph)
    found: bytes = model.SerializeToString()
    return found


def messages(message: Any) -> list[Any]:
    """Return a message of Protocol Buffers, and all that are in it."""
    found = [message]
    for field, value in message.ListFields():
        if field.message_type:
            for each in value if field.is_repeated else [value]:
                found += messages(each)
    return found


def _change(
    message: Any, field: Any, value: Any, draw: random.Random, graph: onnx.GraphProto
) -> None:
    if field.is_repeated and (field.message_type or draw.random() < 0.5):
        _rearrange(field, value, draw)
    elif field.message_type:
        message.ClearField(field.name)
    elif field.is_repeated:
        place = draw.randrange(len(value))
        value[place] = _other(field, value[place], draw, graph)
    else:
        setattr(message, field.name, _other(field, value, draw, graph))


def _rearrange(field: Any, values: Any, draw: random.Random) -> None:
    """Leave one of several values out, double it, or have it in place of another."""
    one, other = draw.randrange(len(values)), draw.randrange(len(values))
    match draw.randrange(3):
        case 0:
            del values[one]
        case 1 if field.message_type:
            values.add().CopyFrom(values[one])
        case 1:
            values.append(values[one])
        case _ if field.message_type and one != other:
            values[one].CopyFrom(values[other])
        case _:
            values.extend([values[one]])


def _other(field: Any, value: Any, draw: random.Random, graph: onnx.GraphProto) -> Any:
    """Return another value of a field's type."""
    if field.type == field.TYPE_STRING:
        names = [name for node in graph.node for name in node.output]
        return draw.choice([draw.choice(names), f"{value}x", ""])
    if field.type == field.TYPE_BYTES:
        return draw.choice([value[:-1], value + value, draw.randbytes(len(value))])
    if field.type == field.TYPE_ENUM:
        return draw.choice([each.number for each in field.enum_type.values])
    if field.type in (field.TYPE_FLOAT, field.TYPE_DOUBLE):
        return draw.choice([0.0, -1.0, 1e38, float("nan")])
    number = draw.choice([*STRANGE_NUMBERS, value + 1, value - 1, 2 * value])
    bits = 31 if field.type == field.TYPE_INT32 else 63
    return max(-(2**bits), min(2**bits - 1, number))


if __name__ == "__main__":
    main()
