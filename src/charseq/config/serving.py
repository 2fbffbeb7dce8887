"""How models are served over HTTP."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from charseq.config.settings import Count, Duration, Real, Settings, Whole
from charseq.errors import UsageError, visible


class ServeConfig(Settings):
    """How models are served."""

    host: str = Field(
        default="127.0.0.1", description="the address to listen on; '0.0.0.0' means all addresses"
    )
    port: Annotated[Whole, Field(ge=0, le=65_535)] = Field(
        default=8_000, description="the port to listen on; 0 picks a free one and says which"
    )
    max_body_bytes: Count = Field(
        default=1 << 20, description="the maximum size of a request, in bytes"
    )
    max_texts: Count = Field(default=1_000, description="the maximum number of texts in a request")
    max_symbols: Count = Field(
        default=1_000,
        description="the maximum number of symbols in a text, including its features and language",
    )
    max_beam: Count = Field(default=20, description="the widest beam that a request may ask for")
    max_n_best: Count = Field(
        default=20, description="the most answers per text that a request may ask for"
    )
    timeout: Duration = Field(
        default="30s", validate_default=True, description="how long a request may take in all"
    )
    client_timeout: Duration = Field(
        default="10s",
        validate_default=True,
        description="how long a client may take to send a request, or leave its answer unread",
    )
    queue: Count = Field(
        default=1_000,
        description="the most requests that may wait for a model or be answered by it; further ones"
        " get 503 with Retry-After",
    )
    batch_size: Count = Field(
        default=128, description="the most texts that are translated together; 1: no batches"
    )
    batch_wait: Annotated[Real, Field(ge=0, le=1)] = Field(
        default=0.003,
        description="under load, the longest a request waits (in seconds) for others to"
        " share its batch",
    )
    log_texts: bool = Field(
        default=False, description="also write the texts of requests to the log"
    )
    allow_origins: tuple[str, ...] = Field(
        default=(),
        description="let web pages from these origins call the service; '*' means all origins",
    )
    api_keys: tuple[str, ...] = Field(
        default=(), description="the keys that the service accepts; without any, no key is needed"
    )

    @field_validator("allow_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if origin != "*" and not _is_origin(origin):
                raise UsageError(
                    "an origin is what browsers send: a scheme and a host in lower case, and the"
                    " port unless it is the scheme's own, such as https://example.org or"
                    f" http://localhost:3000, not {visible(repr(origin))}"
                )
        return origins


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if ":" in host:
        host = f"[{host}]"
    own = {"http": 80, "https": 443}.get(parts.scheme)
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, own) else "")
    return bool(parts.scheme and re.fullmatch(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]", host)) and (
        text == origin
    )
