"""The responses to requests that are not answered: a kind, a status and a sentence."""

from collections.abc import Mapping

from starlette.responses import Response

from charseq.serve.json_text import JsonResponse

# The status of each kind, unless another is given.
STATUSES: Mapping[str, int] = {
    "invalid": 422,
    "too_large": 413,
    "unauthorised": 401,
    "not_found": 404,
    "busy": 503,
    "timeout": 504,
    "internal": 500,
}
SECONDS_TO_COME_BACK = 1
BUSY = "the service is busy: try again in a moment"


class Fault(Exception):
    """Why a request is not answered.

    Attributes:
        kind: one of `STATUSES`.
        message: a sentence for the person who asked.
        status: the HTTP status.
    """

    def __init__(self, kind: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = STATUSES[kind] if status is None else status

    def as_dict(self) -> dict[str, dict[str, str]]:
        """Return the fault in the form that clients read."""
        return {"error": {"kind": self.kind, "message": self.message}}

    def response(self) -> Response:
        """Return the response that reports the fault."""
        headers = {}
        if self.kind == "busy":
            headers["Retry-After"] = str(SECONDS_TO_COME_BACK)
        if self.kind == "unauthorised":
            headers["WWW-Authenticate"] = "Bearer"
        if self.status == 408:
            # Do not wait for the rest of the body.
            headers["Connection"] = "close"
        return JsonResponse(self.as_dict(), self.status, headers)


FAILED = Fault("internal", "the service failed on this request; its log says why")


def too_slow(seconds: float) -> Fault:
    """Return the fault of a request that takes longer than `seconds`."""
    return Fault("timeout", f"this takes longer than {seconds:g} seconds: ask for less at once")
