"""Being asked to stop: a step is finished first, so that what it leaves can be gone on with."""

import contextlib
import signal
import threading
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

from charseq.errors import Interrupted

# With what each does where nobody has chosen otherwise: a program's own way is left to it.
SIGNALS: Mapping[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}


class Interruption:
    """What `SIGINT` and `SIGTERM` do while a model trains.

    The first of them raises `Interrupted`, but not within `whole`: there, it waits for the end. A
    second one stops at once, in the way that the signal did before.
    """

    def __init__(self) -> None:
        self._asked: signal.Signals | None = None
        self._waits = False
        self._taken: list[signal.Signals] = []

    @contextlib.contextmanager
    def heeded(self) -> Iterator[None]:
        """Take the signals over for as long as the context lasts; only in the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._taken = [each for each, usual in SIGNALS.items() if signal.getsignal(each) == usual]
        for each in self._taken:
            signal.signal(each, self._heed)
        try:
            yield
        finally:
            self._restore()

    @contextlib.contextmanager
    def whole(self) -> Iterator[None]:
        """Let what happens within be finished before anything is stopped."""
        self._waits = True
        try:
            yield
        finally:
            self._waits = False
        if self._asked is not None:
            raise Interrupted(self._asked)

    def _heed(self, number: int, _: FrameType | None) -> None:
        self._restore()
        self._asked = signal.Signals(number)
        if not self._waits:
            raise Interrupted(self._asked)

    def _restore(self) -> None:
        for each in self._taken:
            signal.signal(each, SIGNALS[each])
