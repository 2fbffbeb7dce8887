"""Requests to stop: a step is finished first, so that training can be resumed from its result."""

import contextlib
import signal
import threading
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

from charseq.errors import Interrupted

# The signals with their default handlers: a handler that a program has set itself is kept.
SIGNALS: Mapping[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}


class Interruption:
    """What `SIGINT` and `SIGTERM` do while a model trains.

    The first raises `Interrupted`, but within `whole` only at its end. A second one stops at once,
    as the signal's default handler does.

    Attributes:
        cut_short: whether something that should have been finished was not.
    """

    def __init__(self) -> None:
        self._asked: signal.Signals | None = None
        self._waits = False
        self.cut_short = False
        self._taken: list[signal.Signals] = []

    @contextlib.contextmanager
    def heeded(self) -> Iterator[None]:
        """Handle the signals while the context lasts, but only in the main thread."""
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
        """Finish what happens within before stopping."""
        self._waits = True
        try:
            yield
        except BaseException:
            self.cut_short = True
            raise
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
