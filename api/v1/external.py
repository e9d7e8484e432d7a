"""Records by identifiers of other schemes: parcels, state ids, operators' numbers."""

import datetime
import re
from typing import Any

from flask import Response, jsonify
from pydantic import Field
from typing_extensions import TypedDict

from api.core.context import gazetteer, register
from api.core.endpoint import Resource, public
from api.core.types import Day, Request
from api.v1.addresses import Address, address_answer
from registry.core.errors import GoneError, InvalidInputError, NotFoundError
from registry.core.messages import Message
from registry.core.schemes import MAX_VALUE, SCHEME
from registry.records.external_ids import ExternalId, find_external
from registry.records.lookup import CodeForms, code_forms, lookup
from registry.units.gazetteer import today

blueprint = Resource("external", "/v1/external", tag="addresses", kind="lookup")


class ExternalQuery(Request):
    """The requested day."""

    on: Day | None = Field(None, description="As of this day")


class Bearer(TypedDict):
    """A record with the value, as of today."""

    code: str
    code_display: str
    valid_from: datetime.date | None
    """First day; null from the beginning"""
    valid_to: datetime.date | None
    """Last day; null without end"""
    address: Address | None
    """Null if the code is retired"""
    successors: list[CodeForms]
    """Successors of a retired code"""


class Bearers(TypedDict):
    """Records with a value in a scheme."""

    scheme: str
    value: str
    records: list[Bearer]
    """In the order of codes, at most a hundred"""


@blueprint.get("/<scheme>/<path:value>")
@public(answer=Bearers, operation_id="find_external", discloses=True)
def get_external(scheme: str, value: str, query: ExternalQuery) -> Response:
    """Records by an identifier of another scheme."""
    if not re.fullmatch(SCHEME, scheme) or len(value) > MAX_VALUE or not value.isprintable():
        raise InvalidInputError.of_field(
            "scheme", "malformed_scheme", Message("external_value_malformed")
        )
    found = find_external(register().reads, scheme, value, query.on or today())
    response = jsonify(
        Bearers(scheme=scheme, value=value, records=[_bearer(each) for each in found])
    )
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _bearer(found: ExternalId) -> Bearer:
    address: Address | None = None
    successors: Any = []
    try:
        address = address_answer(gazetteer(), lookup(register().reads, found.code))
    except GoneError as error:
        successors = error.extra["successors"]
    except NotFoundError:
        pass  # reserved: no address yet
    return Bearer(
        **code_forms(found.code),
        valid_from=found.valid_from,
        valid_to=found.valid_to,
        address=address,
        successors=successors,
    )
