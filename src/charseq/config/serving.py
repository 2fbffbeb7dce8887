"""How models are served over HTTP."""

from typing import Annotated

from pydantic import Field

from charseq.config.settings import Count, Duration, Settings


class ServeConfig(Settings):
    """How models are served."""

    host: str = Field("127.0.0.1", description="the address to listen on; '0.0.0.0' is all of them")
    port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        8_000, description="the port to listen on; 0 takes a free one and says which"
    )
    max_body_bytes: Count = Field(1 << 20, description="the most bytes of a request")
    max_texts: Count = Field(1_000, description="the most texts of a request")
    max_symbols: Count = Field(
        1_000, description="the most symbols of a text, its features and language counted"
    )
    max_beam: Count = Field(20, description="the widest beam that a request may ask for")
    max_n_best: Count = Field(20, description="the most answers for a text that it may ask for")
    timeout: Duration = Field(
        "30s", validate_default=True, description="how long a request may take in all"
    )
    client_timeout: Duration = Field(
        "10s",
        validate_default=True,
        description="how long a client may take to send a request, or not read its answer",
    )
    queue: Count = Field(
        1_000, description="the most requests that may wait for a model; more are told to come back"
    )
    batch_size: Count = Field(
        128, description="the most texts that are translated together; 1: no batches"
    )
    batch_wait: Annotated[float, Field(ge=0, le=1)] = Field(
        0.003,
        description="while requests come in crowds, the most seconds that one waits for others to"
        " share a batch with",
    )
    log_texts: bool = Field(False, description="write the texts of requests into the log, too")
    allow_origins: tuple[str, ...] = Field(
        (), description="web pages from these origins may call the service; '*' is all of them"
    )
    api_keys: tuple[str, ...] = Field(
        (), description="the keys that requests must bring one of; without any, none is needed"
    )
