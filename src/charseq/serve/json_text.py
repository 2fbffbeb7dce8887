"""JSON as it is sent and read: UTF-8, no NaN, and in bounded depth."""

from typing import Any

from pydantic_core import from_json, to_json
from starlette.responses import Response


class JsonResponse(Response):
    """An answer in JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the bytes of `content`."""
        return written(content)


def written(content: Any) -> bytes:
    """Return `content` as JSON; a number that is none becomes null."""
    return to_json(content, inf_nan_mode="null")


def read(text: bytes) -> Any:
    """Return what JSON holds.

    Raises:
        ValueError: if it is none.
    """
    return from_json(text, allow_inf_nan=False)
