"""The log of a service: one JSON object per line, on standard error."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

LONGEST_WORD = 200


def log(**fields: object) -> None:
    """Write one line, including the time."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    print(json.dumps({"time": now, **fields}), file=sys.stderr, flush=True)


def log_failure(error: BaseException) -> None:
    """Log an exception's type and traceback, but not its message, which may quote a text."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    log(event="fault", exception=type(error).__name__, traceback=where)


class ServerLog(logging.Handler):
    """Writes uvicorn's messages, warnings and above, in the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        if record.exc_info and record.exc_info[1] is not None:
            log_failure(record.exc_info[1])
        else:
            log(event=record.levelname.lower(), message=record.getMessage().strip())


def take_over_uvicorn() -> None:
    """Make uvicorn log only through `ServerLog`."""
    logger = logging.getLogger("uvicorn")
    logger.handlers = [ServerLog(logging.WARNING)]
    logger.propagate = False
