"""What a service answers where it cannot answer: a kind, a status and a sentence."""

from collections.abc import Mapping

from starlette.responses import Response

from charseq.serve.json_text import JsonResponse

# Where nothing else is said.
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


class Fault(Exception):
    """Why a request is not answered.

    Attributes:
        kind: one of `STATUSES`.
        message: a sentence for the person who asked.
        status: of HTTP.
    """

    def __init__(self, kind: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = STATUSES[kind] if status is None else status

    def as_dict(self) -> dict[str, dict[str, str]]:
        """Return what clients read."""
        return {"error": {"kind": self.kind, "message": self.message}}

    def response(self) -> Response:
        """Return the answer that tells of it."""
        headers = {}
        if self.kind == "busy":
            headers["Retry-After"] = str(SECONDS_TO_COME_BACK)
        if self.kind == "unauthorised":
            headers["WWW-Authenticate"] = "Bearer"
        if self.status == 408:
            # What is still to come of the body is not waited for.
            headers["Connection"] = "close"
        return JsonResponse(self.as_dict(), self.status, headers)


FAILED = Fault("internal", "the service failed on this request; its log says why")


def too_slow(seconds: float) -> Fault:
    """Return why a request that takes longer than `seconds` is not answered."""
    return Fault("timeout", f"this takes longer than {seconds:g} seconds: ask for less at once")
