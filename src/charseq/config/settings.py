"""What all groups of settings have in common: they are frozen, and their errors are plain."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, LiteralString, Self, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from charseq.errors import UsageError, visible


def _no_truth_value(demand: LiteralString) -> BeforeValidator:
    """Refuse true and false, which Python counts as 1 and 0: `demand` says what is wanted."""

    def refused(value: object) -> object:
        if isinstance(value, bool):
            raise PydanticCustomError("truth_value", demand)
        return value

    return BeforeValidator(refused)


Whole = Annotated[int, _no_truth_value("a whole number")]
Real = Annotated[float, _no_truth_value("a number")]
Column = Annotated[Whole, Field(ge=1)] | str
Separator = Annotated[str, StringConstraints(min_length=1)]
Character = Annotated[str, StringConstraints(min_length=1, max_length=1)]
Count = Annotated[Whole, Field(ge=1)]
Share = Annotated[Real, Field(gt=0, lt=1)]
Rate = Annotated[Real, Field(ge=0, lt=1)]
SymbolKind = Literal["characters", "graphemes"]
Auto = Literal["auto"]
"""Chosen by the corpus: see `charseq.training.choices`."""


def _seconds(value: object) -> object:
    """Read `90s`, `10m` and `1.5h` as seconds."""
    if isinstance(value, str) and (found := re.fullmatch(r"([0-9]*\.?[0-9]+) ?([smh])", value)):
        return float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]
    if isinstance(value, bool) or (isinstance(value, str) and re.search("[^0-9.]", value)):
        raise PydanticCustomError("duration", "a duration such as 90s, 10m or 1.5h")
    return value


Duration = Annotated[float, Field(gt=0), BeforeValidator(_seconds)]


# This many valid names help; more would hide what is wrong.
MOST_SHOWN = 20


def refuse_unknown(names: Iterable[str], valid: Iterable[str], what: str = "setting") -> None:
    """Raise a `UsageError` for the first of `names` that is not `valid`, naming the nearest."""
    choices = list(valid)
    for name in names:
        if name not in choices:
            near = difflib.get_close_matches(str(name), choices, n=1, cutoff=0.5)
            shown = [*map(visible, choices[:MOST_SHOWN]), *["…"] * (len(choices) > MOST_SHOWN)]
            hint = (
                f"did you mean {visible(repr(near[0]))}?" if near else f"valid: {', '.join(shown)}"
            )
            raise UsageError(f"unknown {what} {visible(repr(name))}; {hint}")


# What a setting must be, by the type of pydantic's error, whose context fills the braces.
_DEMANDS = {
    "int": "a whole number",
    "float": "a number",
    "finite_number": "a finite number",
    "bool": "true or false",
    "string": "a text",
    "string_too_short": "a text of at least {min_length} character(s)",
    "string_too_long": "a text of at most {max_length} character(s)",
    "literal": "{expected}",
    "greater_than": "more than {gt:.10g}",
    "greater_than_equal": "at least {ge:.10g}",
    "less_than": "less than {lt:.10g}",
    "less_than_equal": "at most {le:.10g}",
}


def _sentence(error: ValidationError) -> str:
    demands: dict[str, list[str]] = {}
    given: dict[str, Any] = {}
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else "value"
        # A setting that may have several types is refused once by each of them.
        demand = _demand(problem)
        if demand not in demands.setdefault(name, []):
            demands[name].append(demand)
        given[name] = problem["input"]
    return "; ".join(
        f"{name} must be {' or '.join(each)}, not {visible(repr(given[name]))}"
        for name, each in demands.items()
    )


def _demand(problem: ErrorDetails) -> str:
    kind = problem["type"]
    # Such as int_parsing, int_type, int_from_float.
    demand = _DEMANDS.get(kind) or _DEMANDS.get(kind.partition("_")[0], problem["msg"])
    return demand.format(**problem.get("ctx", {}))


class Settings(BaseModel):
    """A frozen group of settings; an unknown name is refused with the nearest valid one."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="wrap")
    @classmethod
    def _speak_plainly(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(values, Mapping):
            refuse_unknown(values, cls.model_fields)
            values = {name: cls._unset(name, value) for name, value in values.items()}
        try:
            return handler(values)
        except ValidationError as error:
            raise UsageError(_sentence(error)) from None

    @classmethod
    def _unset(cls, name: str, value: Any) -> Any:
        """Read `none` as None where a setting may be unset: TOML has no word for it."""
        may_be = get_args(cls.model_fields[name].annotation)
        return None if value == "none" and type(None) in may_be else value
