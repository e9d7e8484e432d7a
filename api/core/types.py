"""Bases of the types of requests and answers, and types that many endpoints share."""

import datetime
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Final, NotRequired, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, with_config
from typing_extensions import TypedDict

from registry.core.days import parse_day
from registry.core.invalid import invalid_value
from registry.core.messages import Message
from registry.records.lookup import CodeForms
from registry.search.find.mistyped_codes import SuggestedCode
from registry.units import Wordings, parse_wording
from registry.units.gazetteer import UnitRef


class Request(BaseModel):
    """Base of all parameters: what is not declared is refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    one_of_several: ClassVar[bool] = False
    """Of a body: whether its endpoint reads other media types than JSON by itself."""


def _day(value: Any) -> Any:
    # Left to itself pydantic also reads "1" as a day, of 1970. A repeated parameter is a list.
    try:
        return parse_day(value if isinstance(value, str) else "")
    except ValueError:
        raise invalid_value("malformed_day", Message("malformed_day")) from None


Day = Annotated[datetime.date, BeforeValidator(_day)]
"""A day of a request, in the writings of `registry.core.days`."""


def _wording(value: Any) -> Any:
    if isinstance(value, Wordings):
        return value
    try:
        return parse_wording(value if isinstance(value, str) else "")
    except (ValueError, OverflowError):
        raise invalid_value("malformed_wording", Message("malformed_wording")) from None


WORDING_PATTERN: Final = "^(today|both|before:.+)$"
Wording = Annotated[
    Wordings,
    BeforeValidator(_wording),
    WithJsonSchema({"type": "string", "pattern": WORDING_PATTERN}),
]
"""In which wordings an address is wanted; today's is always answered."""
WORDING: Final = Field(
    None,
    description="`before:DAY`: the old wording as `label_on`; `both`: that of June 2025; `today`",
    examples=["before:2025-07-01"],
)


Words = Annotated[str | Message, WithJsonSchema({"type": "string"})]
"""A text for people, in the language of the request."""
JsonObject = dict[str, Any]
"""The JSON object of an answer that no type describes."""
Made = TypeVar("Made")


def where_known(answer: Callable[..., Made], **members: Any) -> Made:
    """An answer without the members that are None, which are not required."""
    return answer(**{name: value for name, value in members.items() if value is not None})


def members(answer: Callable[..., Made], source: object, **own: Any) -> Made:
    """An answer whose members `source` has by the same names, but for its `own`."""
    return answer(
        **{
            name: own[name] if name in own else getattr(source, name)
            for name in answer.__annotations__
        }
    )


class FieldProblem(TypedDict):
    """One parameter that is wrong."""

    field: str
    code: str
    detail: str
    suggestions: NotRequired[list[str]]
    """Of `unknown_place` only: names of the commune that look like it"""


@with_config(extra="ignore")
class OfferedRemedy(TypedDict):
    """What would mend a problem: a member of the same request, and its value."""

    option: Annotated[str, Field(examples=["crs"])]
    value: Annotated[str | dict[str, str], Field(examples=["EPSG:5897"])]
    """Empty where somebody has to find out"""


@with_config(extra="ignore")
class Problem(TypedDict):
    """A problem document (RFC 9457). `code` is stable; `detail` is for a person."""

    type: Annotated[str, Field(examples=["urn:diachiso:problem:not_found"])]
    title: str
    status: int
    code: Annotated[str, Field(examples=["not_found"])]
    detail: str
    instance: NotRequired[str]
    """Of a fault of the server: the request, as in its log"""
    errors: NotRequired[list[FieldProblem]]
    """Each parameter that is wrong"""
    reason: NotRequired[Annotated[str, Field(examples=["code_wrong_check"])]]
    """Why it is no code"""
    suggestions: NotRequired[list[SuggestedCode]]
    """Registered codes of which the one asked for is a slip"""
    unit_successors: NotRequired[list[UnitRef]]
    """Units of today that continue one that ended"""
    successors: NotRequired[list[CodeForms]]
    """Codes that continue a retired one, through any number of steps"""
    state: NotRequired[str]
    """Status of the record, where it forbids this"""
    legal: NotRequired[list[str]]
    """Operations that its status allows"""
    taken_by: NotRequired[CodeForms]
    """Record that bears the address"""
    remedies: NotRequired[list[OfferedRemedy]]
    """What to send, where that is known"""
