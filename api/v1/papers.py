"""Documents of the authority, as PDF: plates, lists and decisions."""

from typing import Any, Final
from urllib.parse import quote

from flask import Response
from pydantic import Field, ValidationError

from api.core.audit import note
from api.core.context import gazetteer, public_url, register
from api.core.endpoint import Resource, keyed
from api.core.errors import UNIT_CODE, invalid_input
from api.core.types import Day, Request
from registry.core.database import session_scope
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.lifecycle.requests import Doors, Line, Sentence
from registry.lifecycle.table import BY_NAME
from registry.publish.paper.decisions import (
    KINDS,
    DecisionForm,
    done_decision,
    planned_decision,
)
from registry.publish.paper.lists import Purpose, print_list
from registry.publish.paper.plates import (
    BLEED_MM,
    PLATE_FORM,
    ROLL_MM,
    SIZE,
    PlateForm,
    Sheet,
    print_plates,
)
from registry.publish.paper.site import Site
from registry.publish.paper.typesetting import Paper

blueprint = Resource("papers", "/v1/papers", tag="papers", kind="certificates")

_OPERATIONS: Final = ", ".join(name for name, made in BY_NAME.items() if made.kind in KINDS)
_SKIP_DESCRIPTION: Final = "Number of doors to skip"


class PlatesBody(Request, Doors):
    """Doors, and format of the plates."""

    size: str = Field(
        PLATE_FORM.size,
        pattern=f"^{SIZE.pattern}$",
        description="Width x height in mm, after cutting",
    )
    sheet: Sheet = Field(PLATE_FORM.sheet, description="`a4`, or `roll`: as long as its content")
    roll_mm: int = Field(
        PLATE_FORM.roll_mm, ge=ROLL_MM[0], le=ROLL_MM[1], description="Width of the roll"
    )
    bleed_mm: int = Field(
        PLATE_FORM.bleed_mm, ge=0, le=BLEED_MM, description="Bleed beyond the cut"
    )
    skip: int = Field(0, ge=0, le=1_000_000, description=_SKIP_DESCRIPTION)


class ListBody(Request, Doors):
    """Doors, and purpose of the list."""

    purpose: Purpose = Field("wall", description="`wall`; `field`: with boxes to tick")
    skip: int = Field(0, ge=0, le=1_000_000, description=_SKIP_DESCRIPTION)


class DecisionBody(Request):
    """Source of a decision: a planned operation, or the event of one performed."""

    operation: str | None = Field(None, description=f"One of {_OPERATIONS}")
    request: dict[str, Any] | None = Field(
        None, description="With `operation`: its request, tried and rolled back"
    )
    event_id: int | None = Field(
        None, ge=0, le=2**63 - 1, description="Instead: event of an operation performed"
    )
    unit: str | None = Field(
        None, pattern=UNIT_CODE, description="Deciding unit; the street's commune by default"
    )
    number: Line | None = Field(None, description="Number of the decision; blank without it")
    day: Day | None = Field(None, description="Day of the decision; blank without it")
    grounds: list[Sentence] = Field(
        default_factory=list, max_length=20, description="Instead of the usual legal grounds"
    )
    proposer: Sentence | None = Field(None, description="Office that proposes it; not a person")


@blueprint.post("/plates")
@keyed(
    "editor",
    statuses=(404,),
    operation_id="print_plates",
    example={"commune": "00199", "street": "Phố Láng", "size": "180x120"},
    media_types=("application/pdf",),
)
def post_plates(json: PlatesBody) -> Response:
    """Plates of doors, a street or a locality.

    Writes nothing: handing out is `issue-plates`.
    """
    form = PlateForm(json.size, json.sheet, json.roll_mm, json.bleed_mm)
    with session_scope(register().engine) as session:
        paper = print_plates(session, gazetteer(), site(), json, form, skip=json.skip)
    return as_pdf(paper)


@blueprint.post("/lists")
@keyed(
    "editor",
    statuses=(404,),
    operation_id="print_list",
    example={"commune": "00199", "locality": "Thôn Đoài", "purpose": "field"},
    media_types=("application/pdf",),
)
def post_list(json: ListBody) -> Response:
    """A list of doors, a street or a locality."""
    with session_scope(register().engine) as session:
        paper = print_list(session, gazetteer(), site(), json, json.purpose, skip=json.skip)
    return as_pdf(paper)


@blueprint.post("/decisions")
@keyed(
    "editor",
    statuses=(404, 409),
    operation_id="print_decision",
    example={
        "operation": "rename-street",
        "request": {"commune": "00199", "street": "Phố Láng", "new_name": "Đường Láng"},
        "number": "12",
    },
    media_types=("application/pdf",),
)
def post_decision(json: DecisionBody) -> Response:
    """The decision of an operation, with its annex."""
    made = register()
    form = DecisionForm(json.unit, json.number, json.day, tuple(json.grounds), json.proposer)
    shown = (made.engine, made.reads, gazetteer(), site())
    if (json.event_id is None) == (json.operation is None):
        raise InvalidInputError.of_field(
            "operation", "operation_or_event", Message("operation_or_event_required")
        )
    if json.event_id is not None:
        return as_pdf(done_decision(*shown, json.event_id, form))
    operation = BY_NAME.get(json.operation or "")
    if operation is None or operation.kind not in KINDS:
        raise InvalidInputError.of_field(
            "operation", "no_decision_of_it", Message("one_of", operations=_OPERATIONS)
        )
    try:
        request = operation.request.model_validate(json.request or {})
    except ValidationError as error:
        raise invalid_input(error, operation.request) from error
    return as_pdf(planned_decision(*shown, operation, request, form))


def site() -> Site:
    """Return the site to which QR codes on paper lead."""
    return Site(public_url(), register().settings.public_url is not None)


def as_pdf(paper: Paper) -> Response:
    """Return a PDF response, with codes of its notices in `Paper-Notices`."""
    note(count=paper.items)
    response = Response(paper.pdf, content_type="application/pdf")
    response.headers["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(paper.name)}"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Paper-Items"] = str(paper.items)
    response.headers["Paper-Notices"] = notices_line(paper)
    return response


def notices_line(paper: Paper) -> str:
    """Return the notices of a paper as one line of codes and counts."""
    return ", ".join(f"{notice.code}={notice.count}" for notice in paper.notices)
