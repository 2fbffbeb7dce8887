"""The service's OpenAPI descriptions, with examples."""

from dataclasses import dataclass
from typing import Any, Literal

from fastapi import Security
from fastapi.params import Depends
from fastapi.security import HTTPBearer
from pydantic import BaseModel, Field
from starlette.responses import PlainTextResponse

from charseq.config import ServeConfig
from charseq.results import Translation
from charseq.serve.requests import TranslateRequest

JSON = "application/json"


def access(settings: ServeConfig) -> list[Depends]:
    """Return what describes the keys that an address requires, if the service has any."""
    description = "one of the service's API keys"
    keys = HTTPBearer(scheme_name="key", description=description, auto_error=False)
    return [Security(keys)] if settings.api_keys else []


@dataclass(frozen=True, slots=True)
class Answered(Translation):
    """One answer of a model; fields that do not apply are absent."""

    explanation: dict[str, Any] | None = None


class Answers(BaseModel):
    """The answers to all texts, in order."""

    model: str = Field(description="the model's name")
    translations: list[Answered] = Field(description="one per text, in order")


class Example(BaseModel):
    """An input to try."""

    source: str
    features: str | None = None
    language: str | None = None


class Model(BaseModel):
    """One of the service's models."""

    name: str = Field(description="the name that requests use")
    runtime: Literal["PyTorch", "ONNX Runtime"] = Field(description="the engine that computes")
    attention: bool = Field(description="whether explanations have weights")
    copying: bool = Field(description="whether it can copy source symbols")
    languages: list[str] = Field(description="the languages it knows; empty if it takes none")
    features: list[str] = Field(description="the features it knows; empty if it takes none")
    features_separator: str = Field(description="what separates the features of a text")
    target_separator: str = Field(
        description="what separates an answer's symbols; empty if nothing does"
    )
    corpus: dict[str, str | int] = Field(description="the corpus it was trained on")
    scores: dict[str, float] = Field(description="its scores on held-out pairs")
    calibrated: bool = Field(description="whether answers have a confidence")
    examples: list[Example] = Field(description="inputs to try on the page")
    card: str = Field(description="the model card, in Markdown; empty without one")


class Limits(BaseModel):
    """What a request may ask for."""

    max_body_bytes: int = Field(description="the maximum size of a request, in bytes")
    max_texts: int = Field(description="the maximum number of texts")
    max_symbols: int = Field(
        description="the maximum number of symbols in a text, including its features and language"
    )
    max_beam: int = Field(description="the widest beam")
    max_n_best: int = Field(description="the most answers per text")


class Models(BaseModel):
    """All models; the first answers requests that name none."""

    models: list[Model]
    limits: Limits


class Status(BaseModel):
    """Whether the service is alive, and accepts requests."""

    status: Literal["alive", "ready", "stopping"]


class Error(BaseModel):
    """Why a request was not answered."""

    kind: Literal[
        "invalid", "too_large", "unauthorised", "not_found", "busy", "timeout", "internal"
    ]
    message: str = Field(description="what is wrong, in a sentence")


class Refusal(BaseModel):
    """The response to a request that is not answered."""

    error: Error


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refusal, "description": description}
    for status, description in {
        400: "The body is not JSON",
        401: "No API key was sent, or an unknown one",
        404: "There is no such model",
        408: "The body did not arrive in time",
        413: "The request exceeds a limit of this service",
        415: "The body is not declared as JSON",
        422: "A field is unknown, or its value is not valid",
        500: "The model failed on this request",
        503: "The service is busy or stopping: try again after Retry-After seconds",
        504: "It took too long",
    }.items()
}

_REQUESTS = {
    "one text": {"texts": "27 June 2031"},
    "many texts": {"texts": ["27 June 2031", "14-Mar-75"], "model": "dates"},
    "the three best answers": {"texts": "4 Jul 76", "beam": 5, "n_best": 3},
    "samples": {"texts": "4 Jul 76", "sample": True, "temperature": 0.7, "seed": 3},
    "features": {"texts": ["Haus", "Baum"], "features": ["N;DAT;PL", "N;NOM;PL"]},
    "an answer that begins with a prefix": {"texts": "4 Jul 76", "prefix": "19", "explain": True},
    "symbol by symbol": {"texts": "27 June 2031", "stream": True},
}
_ANSWER = {
    "model": "dates",
    "translations": [
        {
            "source": "27 June 2031",
            "hypothesis": "2031-06-27",
            "log_probability": -0.0135,
            "cut": False,
            "confidence": 0.994,
        }
    ],
}
_EVENT = {
    "description": "one event; its data is JSON",
    "type": "object",
    "properties": {
        "event": {"enum": ["start", "symbol", "translation", "error"]},
        "data": {"type": "string"},
    },
    "required": ["event", "data"],
}
_EVENTS = (
    'event: start\ndata: {"model":"dates","source_symbols":["2","7"],"conditions":0}\n\n'
    'event: symbol\ndata: {"symbol":"2","end":false,"log_probability":-0.01,"runners_up":[],'
    '"weights":[0.9,0.1]}\n\n'
    'event: translation\ndata: {"source":"27","hypothesis":"2","log_probability":-0.02,'
    '"cut":false,"explanation":{}}\n\n'
)

TRANSLATE: dict[str, Any] = {
    "summary": "Translate texts",
    "operation_id": "translate",
    "responses": {
        200: {
            "model": Answers,
            "description": "The answers in order; with `stream`, events: `start`, a `symbol` for"
            " each symbol and the end, and `translation` or `error` as the last",
            "content": {
                JSON: {"example": _ANSWER},
                "text/event-stream": {"schema": _EVENT, "example": _EVENTS},
            },
        },
        **ERRORS,
    },
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                JSON: {
                    "schema": TranslateRequest.model_json_schema(),
                    "examples": {name: {"value": value} for name, value in _REQUESTS.items()},
                }
            },
        },
    },
}
MODELS: dict[str, Any] = {
    "summary": "The models and their properties",
    "operation_id": "models",
    "responses": {200: {"model": Models}, 401: ERRORS[401], 503: ERRORS[503]},
}
HEALTH: dict[str, Any] = {
    "summary": "Whether the service is alive",
    "operation_id": "health",
    "responses": {200: {"model": Status}},
}
READINESS: dict[str, Any] = {
    "summary": "Whether the service accepts requests",
    "operation_id": "readiness",
    "responses": {200: {"model": Status}, 503: {"model": Status, "description": "It is stopping"}},
}
METRICS: dict[str, Any] = {
    "summary": "The service's metrics, for Prometheus",
    "operation_id": "metrics",
    "response_class": PlainTextResponse,
}
