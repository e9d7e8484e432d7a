"""How endpoints declare themselves: SpecTree checks requests and writes the OpenAPI document."""

from typing import Any

from flask import Response, make_response
from pydantic import BaseModel, ConfigDict, Field
from spectree import SpecTree
from spectree.plugins.flask_plugin import FlaskPlugin

from api.errors import refuse_invalid


class Request(BaseModel):
    """Base of all parameters: what is not declared is refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Answer(BaseModel):
    """Base of all response bodies; every field is always there, null when unknown."""

    model_config = ConfigDict(extra="forbid")


class FieldProblem(Answer):
    """One parameter that is wrong."""

    field: str
    code: str
    detail: str


class Problem(BaseModel):
    """A problem document (RFC 9457). `code` is stable; `detail` is for a person."""

    type: str = Field(examples=["urn:diachiso:problem:not_found"])
    title: str
    status: int
    code: str = Field(examples=["not_found"])
    detail: str
    errors: list[FieldProblem] | None = None


class _Plugin(FlaskPlugin):
    """Responses are checked against the document by the tests, not again on every request."""

    def validate_response(self, resp: Any, *_: Any) -> tuple[Response, None]:
        return make_response(resp), None


spec = SpecTree(
    backend=_Plugin,
    before=refuse_invalid,
    validation_error_model=Problem,
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
    title="Địa chỉ số",
    version="1",
    description="Register of permanent digital address codes (mã địa chỉ số) of Viet Nam.",
    openapi_version="3.1.0",
    mode="strict",
    page_templates={},
)
