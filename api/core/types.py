"""Base types of requests and answers, and types that many endpoints share."""

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
    """Base of all parameters: undeclared ones are rejected."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    one_of_several: ClassVar[bool] = False
    """Of a body: whether its endpoint reads other media types than JSON itself."""


def _day(value: Any) -> Any:
    # Pydantic would read "1" as a day of 1970. A repeated parameter is a list.
    try:
        return parse_day(value if isinstance(value, str) else "")
    except ValueError:
        raise invalid_value("malformed_day", Message("malformed_day")) from None


Day = Annotated[datetime.date, BeforeValidator(_day)]
"""A day, in any of the formats of `registry.core.days`."""


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
"""Requested wordings of an address; today's is always returned."""
WORDING: Final = Field(
    None,
    description="`before:DAY`: the old wording as `label_on`; `both`: that of June 2025; `today`",
    examples=["before:2025-07-01"],
)


Words = Annotated[str | Message, WithJsonSchema({"type": "string"})]
"""Text for people, in the language of the request."""
JsonObject = dict[str, Any]
"""A JSON object of an answer without a type of its own."""
Answer = TypeVar("Answer")


def without_nones(answer: Callable[..., Answer], **members: Any) -> Answer:
    """Build an answer, omitting members that are None."""
    return answer(**{name: value for name, value in members.items() if value is not None})


def answer_from(answer: Callable[..., Answer], source: object, **own: Any) -> Answer:
    """Build an answer from the attributes of `source` with the same names; `own` values replace
    them.
    """
    return answer(
        **{
            name: own[name] if name in own else getattr(source, name)
            for name in answer.__annotations__
        }
    )


class ProblemPart(TypedDict):
    """One invalid parameter, one refused line of a resolution, or one obstacle to undoing."""

    field: NotRequired[str]
    """The parameter"""
    line: NotRequired[int | None]
    """Line of a table of changes"""
    about: NotRequired[str]
    """The refused member, or what has to be undone first; empty if there are several"""
    code: str
    detail: str
    suggestions: NotRequired[list[str]]
    """With `unknown_place` only: similar names in the commune"""


@with_config(extra="ignore")
class OfferedRemedy(TypedDict):
    """A fix for a problem: a member of the same request, and its value."""

    option: Annotated[str, Field(examples=["crs"])]
    value: Annotated[str | dict[str, str], Field(examples=["EPSG:5897"])]
    """Empty if somebody has to choose it"""


@with_config(extra="ignore")
class Problem(TypedDict):
    """A problem document (RFC 9457). `code` is stable; `detail` is for a person."""

    type: Annotated[str, Field(examples=["urn:diachiso:problem:not_found"])]
    title: str
    status: int
    code: Annotated[str, Field(examples=["not_found"])]
    detail: str
    instance: NotRequired[str]
    """Of a server error: id of the request in the log"""
    errors: NotRequired[list[ProblemPart]]
    """Each part of the problem, such as each invalid parameter"""
    reason: NotRequired[Annotated[str, Field(examples=["code_wrong_check"])]]
    """Why the code is invalid"""
    suggestions: NotRequired[list[SuggestedCode]]
    """Registered codes for which the requested one may be a typing mistake"""
    unit_successors: NotRequired[list[UnitRef]]
    """Current units that succeed a former one"""
    successors: NotRequired[list[CodeForms]]
    """Successors of a retired code, through any number of steps"""
    state: NotRequired[str]
    """Status of the record, if it forbids the operation"""
    legal: NotRequired[list[str]]
    """Operations that the status allows"""
    taken_by: NotRequired[CodeForms]
    """Record that already has the address"""
    remedies: NotRequired[list[OfferedRemedy]]
    """Fixes, if known"""
