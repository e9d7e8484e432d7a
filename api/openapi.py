"""Bases of the types of requests and answers, and types that many endpoints share."""

import datetime
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, ParamSpec

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from registry.core.invalid import invalid_value
from registry.core.messages import Message
from registry.days import parse_day


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
"""A day of a request, in the writings of `registry.days`."""


class Answer(BaseModel):
    """Base of all response bodies; every field is always there, null when unknown.

    But those that are `absent_if_none`.
    """

    model_config = ConfigDict(extra="forbid")


Absent = SkipJsonSchema[None]
"""In place of the value of a field that is `absent_if_none`."""


def absent_if_none(description: str | None = None, **more: Any) -> Any:
    """A field that is left out of the answer where there is nothing to say (`where_known`)."""
    return Field(
        default=None,
        description=description,
        json_schema_extra=lambda schema: schema.pop("default"),
        **more,
    )


JsonObject = dict[str, Any]
"""The JSON object of an answer, made by `written`."""
Fields = ParamSpec("Fields")


def written(
    model: Callable[Fields, Answer],  # noqa: ARG001
    *_: Fields.args,
    **fields: Fields.kwargs,
) -> JsonObject:
    """A model's fields as they are sent: one that is missing or is not the model's stops mypy.

    An instance of the model for every part would be a tenth of a lookup.
    """
    return fields


def where_known(
    model: Callable[Fields, Answer],  # noqa: ARG001
    *_: Fields.args,
    **fields: Fields.kwargs,
) -> JsonObject:
    """The same without what is None, for a model whose fields may be `absent_if_none`."""
    return {name: value for name, value in fields.items() if value is not None}


def members(model: type[Answer], source: object, **own: Any) -> JsonObject:
    """A model's fields as `source` has them by the same names, but for its `own`."""
    return {
        name: own[name] if name in own else getattr(source, name) for name in model.model_fields
    }


class FieldProblem(Answer):
    """One parameter that is wrong."""

    field: str
    code: str
    detail: str
    suggestions: list[str] | Absent = absent_if_none(
        "Of `unknown_place` only: names of the commune that look like it"
    )


class CodeForms(Answer):
    """A code as programs and as people write it."""

    code: str = Field(examples=["1H6XXH2V"])
    code_display: str = Field(examples=["1H6X-XH2V"])


class SuggestedCode(CodeForms):
    """A code of which another one may be a slip."""

    label: str | Absent = absent_if_none(
        "Its address; not where an operation was refused",
        examples=["12 Phố Quán Thánh, Phường Ba Đình, Thành phố Hà Nội"],
    )


class UnitRef(Answer):
    """A unit in short."""

    code: str
    name: str = Field(examples=["Phường Ba Đình"])


class OfferedRemedy(BaseModel):
    """What would mend a problem: a member of the same request, and its value."""

    option: str = Field(examples=["crs"])
    value: str | dict[str, str] = Field(
        description="Empty where somebody has to find out", examples=["EPSG:5897"]
    )


class Problem(BaseModel):
    """A problem document (RFC 9457). `code` is stable; `detail` is for a person."""

    type: str = Field(examples=["urn:diachiso:problem:not_found"])
    title: str
    status: int
    code: str = Field(examples=["not_found"])
    detail: str
    instance: str | Absent = absent_if_none("Of a fault of the server: the request, as in its log")
    errors: list[FieldProblem] | Absent = absent_if_none("Each parameter that is wrong")
    reason: str | Absent = absent_if_none("Why it is no code", examples=["code_wrong_check"])
    suggestions: list[SuggestedCode] | Absent = absent_if_none(
        "Registered codes of which the one asked for is a slip"
    )
    unit_successors: list[UnitRef] | Absent = absent_if_none(
        "Units of today that continue one that ended"
    )
    successors: list[CodeForms] | Absent = absent_if_none(
        "Codes that continue a retired one, through any number of steps"
    )
    state: str | Absent = absent_if_none("Status of the record, where it forbids this")
    legal: list[str] | Absent = absent_if_none("Operations that its status allows")
    taken_by: CodeForms | Absent = absent_if_none("Record that bears the address")
    remedies: list[OfferedRemedy] | Absent = absent_if_none("What to send, where that is known")
