"""JSON as it is sent and read: UTF-8, without NaN, and of limited depth."""

from typing import Any

from pydantic_core import from_json, to_json
from starlette.responses import Response


class JsonResponse(Response):
    """A response in JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the bytes of `content`."""
        return written(content)


def written(content: Any) -> bytes:
    """Return `content` as JSON; NaN and infinities become null."""
    return to_json(content, inf_nan_mode="null")


def read(text: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: if it is not valid JSON.
    """
    return from_json(text, allow_inf_nan=False)
