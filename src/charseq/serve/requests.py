"""A request to translate: its fields, and the texts in it."""

from collections.abc import Sequence
from functools import cache, partial
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from charseq.answering.explanations import RUNNERS_UP
from charseq.config import DecodingConfig, ServeConfig
from charseq.errors import UsageError
from charseq.modelfile import ModelDescription
from charseq.serve.faults import Fault
from charseq.text import Input, features_of

MOST_NUMBERS = 2_000_000
"""The most numbers in one request's explanations: about twenty megabytes of JSON."""
LONGEST_CONDITION = 1_000
"""The most characters of a text's features, and of its language; each answer repeats them."""


def _texts(value: object) -> object:
    many = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in many):
        raise PydanticCustomError("texts", "a text, or a list of texts")
    return value


OneOrMany = Annotated[str | list[str], BeforeValidator(_texts)]


class TranslateRequest(DecodingConfig):
    """A request to translate: texts, their features and languages, and how answers are found."""

    model_config = ConfigDict(strict=True)

    texts: OneOrMany = Field(description="one source, or several")
    model: str | None = Field(
        default=None, description="the model's name; by default, the first model"
    )
    features: OneOrMany | None = Field(
        default=None,
        description="the features of all texts, or of each, such as 'N;ACC;PL', for a model that"
        " reads features",
    )
    language: OneOrMany | None = Field(
        default=None,
        description="the language of all texts, or of each, for a model of several languages",
    )
    prefix: OneOrMany | None = Field(
        default=None, description="what all answers must begin with, or what each must begin with"
    )
    explain: bool = Field(
        default=False,
        description="explain each symbol: how probable it is, what the alternatives were,"
        " and what the model attended to",
    )
    stream: bool = Field(
        default=False,
        description="send the greedy answer to one text symbol by symbol, as server-sent events",
    )

    @classmethod
    def _unset(cls, _name: str, value: Any) -> Any:
        return value  # JSON has null, and 'none' may be a text.

    def decoding(self) -> dict[str, Any]:
        """Return the decoding settings that differ from their defaults."""
        return {
            name: value
            for name, field in DecodingConfig.model_fields.items()
            if (value := getattr(self, name)) != field.default
        }


class RequestedText(NamedTuple):
    """One text, and what is read with it.

    Attributes:
        text: the source.
        features: its features as a corpus writes them; None if none were given.
        language: its language; None if none was given.
        prefix: what its answer begins with.
        symbols: how many symbols are read, or how many the prefix has, whichever is more.
    """

    text: str
    features: str | None
    language: str | None
    prefix: str
    symbols: int


def parse_request(values: dict[str, Any], settings: ServeConfig) -> TranslateRequest:
    """Return the request in the fields of a body.

    Raises:
        Fault: if a field is unknown, missing or not valid, or exceeds what this service allows.
    """
    try:
        if "texts" not in values:
            if not values:
                raise UsageError('say what to translate: {"texts": "…"}')
            unknown = {**values, "texts": ""}
            TranslateRequest.model_validate(unknown)
            raise UsageError('say what to translate: "texts" is missing')
        request = TranslateRequest.model_validate(values)
    except UsageError as error:
        raise Fault("invalid", str(error)) from None
    for name, most in (("beam", settings.max_beam), ("n_best", settings.max_n_best)):
        asked = getattr(request, name)
        if asked > most:
            raise Fault(
                "too_large", f"{name} is {asked:,}, but this service allows at most {most:,}"
            )
    abstains = request.abstain_below is not None
    if request.stream and (request.beam > 1 or request.sample or abstains):
        raise Fault(
            "invalid",
            "stream writes the greedy answer: omit stream, or beam, sample and abstain_below",
        )
    return request


def requested_texts(
    request: TranslateRequest, description: ModelDescription, settings: ServeConfig
) -> list[RequestedText]:
    """Return the texts in a request to a model.

    Raises:
        Fault: if there are more or longer texts or explanations than this service allows, or
            something is not given for each text.
    """
    texts = [request.texts] if isinstance(request.texts, str) else request.texts
    if len(texts) > settings.max_texts:
        raise Fault(
            "too_large",
            f"there are {len(texts):,} texts, but this service takes at most"
            f" {settings.max_texts:,} per request",
        )
    if request.stream and len(texts) != 1:
        raise Fault("invalid", f"stream takes one text, but there are {len(texts):,}")
    given = [
        _for_each(name, getattr(request, name), len(texts))
        for name in ("features", "language", "prefix")
    ]
    for name, values in zip(("features", "language"), given, strict=False):
        longest = max(map(len, filter(None, values)), default=0)
        if longest > LONGEST_CONDITION:
            raise Fault(
                "too_large",
                f"{name} has {longest:,} characters, but this service takes at most"
                f" {LONGEST_CONDITION:,}",
            )
    repeated = len(texts) * sum(
        len(given.encode(errors="surrogatepass"))
        for given in (request.features, request.language)
        if isinstance(given, str)
    )
    if repeated > settings.max_body_bytes:
        raise Fault(
            "too_large",
            f"given for each text, features and language would have {repeated:,} bytes, but this"
            f" service takes at most {settings.max_body_bytes:,}",
        )
    spelt, written = description.sources.spelling.length, description.targets.spelling.length
    # What is given for all texts may be long: it is counted once.
    conditions, prefixes = cache(partial(_conditions, description)), cache(written)
    asked = [
        RequestedText(
            text,
            features,
            language,
            prefix or "",
            max(conditions(features, language) + spelt(text), prefixes(prefix or "")),
        )
        for text, features, language, prefix in zip(texts, *given, strict=True)
    ]
    for number, each in enumerate(asked, start=1):
        if each.symbols > settings.max_symbols:
            which = f"text {number:,}" if len(texts) > 1 else "the text"
            raise Fault(
                "too_large",
                f"{which} has {each.symbols:,} symbols, but this service takes at most"
                f" {settings.max_symbols:,}",
            )
    if request.explain or request.stream:
        _refuse_many_numbers(asked, description)
    return asked


def _refuse_many_numbers(asked: Sequence[RequestedText], description: ModelDescription) -> None:
    limit, attention = description.output_limit, description.config.attention != "none"
    # For each symbol of an answer: what was attended to, and what else was probable.
    numbers = sum(
        max(limit.of(each.symbols), each.symbols + 1) * (each.symbols * attention + RUNNERS_UP)
        for each in asked
    )
    if numbers > MOST_NUMBERS:
        raise Fault(
            "too_large",
            f"explanations of these texts may have {numbers:,} numbers, but this service gives at"
            f" most {MOST_NUMBERS:,}: ask for fewer or shorter ones, or omit explain",
        )


def _for_each(name: str, given: str | list[str] | None, texts: int) -> Sequence[str | None]:
    if given is None or isinstance(given, str):
        return [given] * texts
    if len(given) != texts:
        together = ", all features of a text in one string" * (name == "features")
        raise Fault(
            "invalid",
            f"{name} has {len(given):,} entries for {texts:,} texts: give one for all, or one for"
            f" each{together}",
        )
    return given


def _conditions(description: ModelDescription, features: str | None, language: str | None) -> int:
    """Return how many features and languages are read, or given where the model reads none."""
    given = features_of(features or "", description.features_separator)
    names = description.sources.conditions.names(Input("", given, language or ""))
    return max(len(names), len(given))
