"""Hard use for a while: train, kill, resume, and translate without end while nothing grows.

    python tests/soak.py [--seconds 600]

Half of the time, a run is killed at random moments and resumed until it is finished, and must end
with the weights of one that was never killed. Then lines go through `charseq translate` in a pipe,
a million of them in ten minutes, while the process's memory and open files are watched: after the
first tenth, and 50,000 lines at least, they may not leave ±5 %. The answers must be those of one
call with all the lines.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import safetensors.numpy

import charseq

CHARSEQ = (sys.executable, "-m", "charseq")
LETTERS = "abcdefghij"
LINES_A_SECOND = 3_400
# Lines are answered some 12,000 at a time, and memory grows for the first few of these pieces.
LINES_TO_SETTLE = 50_000
STRAY = 0.05


def main() -> None:
    """Soak, and say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for line in soak(Path(folder), chosen.seconds):
            print(line, flush=True)


def soak(folder: Path, seconds: float) -> Iterator[str]:
    """Yield what was seen; anything that should not be is an AssertionError."""
    corpus = folder / "pairs.tsv"
    draw = random.Random(1)
    words = sorted({word(draw) for _ in range(3_000)})
    corpus.write_text("".join(f"{each}\t{each[::-1].upper()}\n" for each in words))
    epochs = max(4, int(seconds / 8))
    yield killed_again_and_again(folder, corpus, epochs, draw)
    lines = [word(draw) for _ in range(int(seconds * LINES_A_SECOND / 2))]
    yield translated_in_a_pipe(folder / "whole" / "model.safetensors", lines)


def word(draw: random.Random) -> str:
    """Return letters at random."""
    return "".join(draw.choices(LETTERS, k=draw.randint(1, 8)))


def killed_again_and_again(folder: Path, corpus: Path, epochs: int, draw: random.Random) -> str:
    """Kill and resume a run until it is finished, and compare it with one left in peace."""
    settings = f"--units 64 --epochs {epochs} --dropout 0.2 --checkpoint-every 5 --quiet".split()
    whole, tried = folder / "whole", folder / "tried"
    began = time.monotonic()
    subprocess.run([*CHARSEQ, "train", corpus, "--run", whole, *settings], check=True)
    took = time.monotonic() - began
    first = ["train", str(corpus), "--run", str(tried), *settings]
    kills, call = 0, first
    while True:
        running = subprocess.Popen([*CHARSEQ, *call])
        try:
            # From before the first checkpoint to beyond the end.
            code = running.wait(draw.uniform(2, max(6, took / 2)))
            assert code == 0, f"ended with {code}"
            break
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
            running.wait()
            kills += 1
        call = ["train", "--resume", str(tried), "--quiet"]
        if not (tried / "history.json").exists():
            call = [*first, "--overwrite"]
        elif json.loads((tried / "history.json").read_text())["scores"]:
            break  # The kill came between all that was to be written and the process's end.
    one, other = (safetensors.numpy.load_file(run / "model.safetensors") for run in (whole, tried))
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)
    return f"killed {kills} times in {epochs} epochs, and ended with the same weights"


def translated_in_a_pipe(model: Path, lines: list[str]) -> str:
    """Send lines through a pipe, watch the process, and compare its answers with one call's."""
    began = time.monotonic()
    process = subprocess.Popen(
        [*CHARSEQ, "translate", model], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    writer = threading.Thread(target=_send, args=(process.stdin, lines))
    writer.start()
    answers: list[str] = []
    seen: list[tuple[int, int]] = []
    for line in process.stdout:
        answers.append(line.removesuffix("\n"))
        if len(answers) % max(1, len(lines) // 200) == 0:
            seen.append(_taken(process.pid))
    writer.join()
    assert process.wait() == 0
    seconds = time.monotonic() - began
    expected = [str(each.hypothesis) for each in charseq.load(model).translate(lines)]
    assert answers == expected
    settled = min(max(0.1, LINES_TO_SETTLE / len(lines)), 0.5)
    steady = np.array(seen[int(len(seen) * settled) :])
    middle = np.median(steady, axis=0)
    assert (np.abs(steady / middle - 1) <= STRAY).all(), f"memory and files: {seen}"
    memory, files = middle.tolist()
    return (
        f"{len(lines):,} lines in a pipe in {seconds:.0f} s, memory {memory / 2**20:.0f} MiB"
        f" ({steady[:, 0].min() / 2**20:.0f} – {steady[:, 0].max() / 2**20:.0f}), {files:.0f} open"
        " files; the answers are those of one call"
    )


def _send(stdin, lines: list[str]) -> None:
    with stdin:
        stdin.writelines(f"{line}\n" for line in lines)


def _taken(process: int) -> tuple[int, int]:
    """Return the memory, in bytes, and the open files of a process."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir(f"/proc/{process}/fd"))


if __name__ == "__main__":
    main()
