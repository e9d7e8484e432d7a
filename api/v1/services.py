"""Services of carriers: public to read, delivered and checked with each operator's key."""

import datetime
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

from flask import Response, jsonify, request
from pydantic import Field
from typing_extensions import TypedDict
from werkzeug.exceptions import RequestEntityTooLarge

from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import Resource, keyed, public
from api.core.errors import UNIT_CODE
from api.core.received import FILE, keep_files_below_var, received
from api.core.requests import Request as OwnRequest
from api.core.types import Day, Request
from registry.core.database import session_scope
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.files.kept import clean_name
from registry.publish.services import (
    Kind,
    ServiceHere,
    operator_of,
    services_at,
    services_of,
)
from registry.publish.services.checking import ServicesCheck, check_services
from registry.publish.services.loading import ServicesLoaded, load_services
from registry.records.lookup import lookup
from registry.units.gazetteer import today

blueprint = Resource("services", "/v1/services", tag="services")
own = Resource("own_services", "/v1/services", tag="services")

MAX_BYTES: Final = 64 << 20
"""Largest delivery: it is processed within the request."""
_MAX_PROBLEMS: Final = 1_000
_OPERATOR: Final = "The key's name by default; administrators name another"

own.before_request(keep_files_below_var)


class ServicesQuery(Request):
    """A door by its code, or a point."""

    code: str | None = Field(None, max_length=200, description="Code of an address, in any writing")
    lon: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False)
    lat: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False)
    on: Day | None = Field(None, description="As of this day")


class ServicesOfDoor(TypedDict):
    """The services of all operators at a place, by operator, service and kind."""

    on: datetime.date
    services: list[ServiceHere]
    """Two of one operator, service and kind if its areas overlap"""


class DeliveryOptions(Request):
    """Options of a file."""

    operator: str | None = Field(None, max_length=100, description=_OPERATOR)
    sheet: str | None = Field(None, max_length=100, description="Sheet of a workbook")
    dry_run: bool = Field(False, description="Report only, write nothing")


class ServicesFileQuery(DeliveryOptions):
    """The same, for a body that is the file itself."""

    file_name: str | None = Field(
        None, max_length=200, description="Name of the file in error messages"
    )


class ServicesForm(DeliveryOptions):
    """The same, as parts of a form beside `file`."""


class CheckQuery(Request):
    """Operator, and doors to check."""

    operator: str | None = Field(None, max_length=100, description=_OPERATOR)
    unit: str = Field(
        pattern=UNIT_CODE, description="Doors of this commune or province", examples=["00199"]
    )
    kind: Kind = Field("delivers", description="Service that is missing at the doors")


@blueprint.get("")
@public(
    answer=ServicesOfDoor,
    operation_id="find_services",
    codes=("code_mistyped", "gone", "withdrawn"),
    discloses=True,
)
def get_services(query: ServicesQuery) -> Response:
    """Carriers that deliver, collect or have a counter for a door.

    By `code`, or `lon` and `lat`.
    """
    day, reads = query.on or today(), register().reads
    by_point = query.lon is not None and query.lat is not None
    if (query.code is None) is not by_point or (query.lon is None) is not (query.lat is None):
        raise InvalidInputError.of_field("code", "missing", Message("code_or_point_required"))
    if query.code is not None:
        found = services_of(reads, lookup(reads, query.code), day)
    else:
        found = services_at(reads, day, lon=cast(float, query.lon), lat=cast(float, query.lat))
    made = ServicesOfDoor(on=day, services=found)
    response = jsonify(made)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@own.post("")
@keyed(
    "carrier",
    operation_id="deliver_services",
    codes=(
        "unreadable_file",
        "sheet_not_chosen",
        "file_links_elsewhere",
        "file_too_costly",
        "storage_unavailable",
    ),
    upload=("file",),
    cache=None,
    discloses=True,
)
def post_services(query: ServicesFileQuery, form: ServicesForm) -> ServicesLoaded:
    """Replace all areas and offices of an operator.

    CSV, workbook or GeoJSON; a wrong row fails no other.
    """
    asked: DeliveryOptions = form if cast(OwnRequest, request).is_form else query
    operator = operator_of(asked.operator)
    with received(query.file_name) as parts, tempfile.TemporaryDirectory() as folder:
        path, name = parts[FILE]
        if path.stat().st_size > MAX_BYTES:
            raise RequestEntityTooLarge
        named = Path(folder) / clean_name(name)
        named.symlink_to(path)
        loaded = load_services(
            *(register().engine, gazetteer(), named, operator),
            dry_run=asked.dry_run,
            sheet=asked.sheet,
        )
    note(count=loaded.changes if loaded.written else 0)
    return replace(loaded, problems=loaded.problems[:_MAX_PROBLEMS])


@own.get("/check")
@keyed("carrier", statuses=(404,), operation_id="check_services")
def get_check(query: CheckQuery) -> ServicesCheck:
    """Overlapping areas, and doors without service."""
    operator = operator_of(query.operator)
    known = gazetteer()
    with session_scope(register().read_engine) as session:
        report = check_services(session, known, operator=operator, unit=query.unit, kind=query.kind)
    note(count=sum(len(each.codes) for each in report.unserved), units=[query.unit])
    return report
