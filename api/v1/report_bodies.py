"""Requests and answers about field reports."""

from typing import Annotated, Any, Final, Literal, NotRequired
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from api.core.errors import UNIT_CODE
from api.core.types import Problem, Request
from api.v1.lifecycle import ChangedRecord
from registry.lifecycle.reports import Kind
from registry.lifecycle.reports.new_houses import MAX_TEXT
from registry.lifecycle.reports.queue import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
)
from registry.lifecycle.requests import Called, Commune, Line, Note, Sentence
from registry.lifecycle.work import WriteWarning
from registry.records.entrances import MAX_NOTE
from registry.records.entrances import Kind as Entrance
from registry.records.lookup import CodeForms
from registry.units.gazetteer import UnitRef

MAX_REPORTS: Final = 100

_STATE: Final = "only in this state"


class ReportBody(Request):
    """What was found at a door. Nothing about a person: no name, no telephone number, no photo."""

    kind: Kind = Field(description="What was found")
    code: str | None = Field(
        None, max_length=200, description="Code of the door; not for a new house"
    )
    lon: float | None = Field(
        None,
        ge=-180,
        le=180,
        allow_inf_nan=False,
        description="Point of a wrong point, new house or entrance",
    )
    lat: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False, description="See lon")
    position_accuracy_m: float | None = Field(
        None, ge=0, le=100_000, allow_inf_nan=False, description="Radius in metres"
    )
    address: Sentence | None = Field(
        None, max_length=MAX_TEXT, description="Address of a new house"
    )
    entrance: Entrance | None = Field(None, description="Kind of an entrance")
    note: Note | None = Field(None, description="How to get in; no person")


class ReportForm(ReportBody):
    """The same, as a form."""


class ReportFiled(TypedDict):
    """A filed report."""

    id: int
    """Number of the entry in the queue, which equal reports share"""
    kind: str
    state: Annotated[str, Field(description=_STATE)]
    code: CodeForms | None
    commune: UnitRef | None
    reporters: int
    """Number of reporters"""
    counted: bool
    """False if you had reported it already"""
    address: str | None
    """Address of a new house, as understood and stored"""
    similar: list[CodeForms]
    """Doors that may be the new house"""
    receipt: Annotated[str, Field(examples=["pQ3x0mJc8yZr1sWkT6uVbA"])]
    """Keep it: `GET /v1/reports/{receipt}` and the page `/reports/{receipt}` show the outcome"""


class ManyReportsBody(Request):
    """Reports collected without a network."""

    reports: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=MAX_REPORTS,
        description="Each as for `POST /v1/reports`, with its `Idempotency-Key` as `once`",
    )


class ReportOfMany(TypedDict):
    """The result of one report."""

    once: str | None
    filed: NotRequired[ReportFiled]
    """The answer of the single call"""
    problem: NotRequired[Problem]
    """The problem that the single call would return"""


class ManyReportsFiled(TypedDict):
    """The reports, in order."""

    reports: list[ReportOfMany]


class KeptReport(ReportBody):
    """A report with its idempotency key."""

    once: UUID


class Reporters(TypedDict):
    """Number of reporters by role; each counts once."""

    total: int
    carriers: int
    merchants: int
    residents: int
    """Without a key; once a day"""
    officials: int
    """Editors and above"""


class ReportedPoint(TypedDict):
    """The reported position, in degrees, WGS 84; metres."""

    lon: float
    lat: float
    accuracy_m: float | None
    distance_m: float | None
    """From the registered point"""


class ReportDecision(TypedDict):
    """The last decision."""

    operation: Annotated[str, Field(examples=["verify"])]
    event_id: int
    reason: str | None
    decision_number: str | None
    word: str | None
    """Reply to the reporters"""
    at: str


class QueuedReport(TypedDict):
    """An entry of the queue."""

    id: int
    kind: str
    state: Annotated[str, Field(description=_STATE)]
    accepting: Annotated[str, Field(examples=["move"])]
    """Operation that acceptance performs"""
    code: CodeForms | None
    status: str | None
    """Current status of the record"""
    event_id: int | None
    """Event of the record's state, for `event_id`"""
    label: str | None
    """Address of the record or of the new house"""
    commune: UnitRef | None
    """Commune of the queue; the province for a new house in an unknown commune"""
    point: ReportedPoint | None
    reporters: Reporters
    first_reported_at: str
    last_reported_at: str
    entrance: Entrance | None
    """Kind of an entrance"""
    note: str | None
    """How to get in by an entrance; deleted once decided"""
    stale: bool
    """Whether the record changed since the report"""
    decision: ReportDecision | None


class ReportQueue(TypedDict):
    """Entries, in the order in which to decide them."""

    reports: list[QueuedReport]


class ReportsQuery(Request):
    """Filters of the queue."""

    unit: str | None = Field(None, pattern=UNIT_CODE, description="The key's units by default")
    state: Literal["open", "proposed", "accepted", "rejected"] = Field("open", description=_STATE)
    kind: Kind | None = Field(None, description="What was found; all by default")
    street: Line | None = Field(None, description="Its street")
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)


class RejectBody(Request):
    """Why a report is rejected."""

    reason: Sentence = Field(description="Reason; no person's name")
    decision_number: Line | None = Field(None, description="Number of the legal decision")
    word: Sentence | None = Field(None, description="message to the reporters; no person's name")


class AcceptBody(RejectBody):
    """Why a report is accepted, and corrections of a new house's address or an entrance's note."""

    event_id: int | None = Field(
        None, ge=0, le=2**63 - 1, description="latest event of the record, as seen"
    )
    commune: Commune | None = Field(None, description="commune, where the report is a province's")
    former_commune: Commune | None = Field(None, description="Code of the commune before July 2025")
    house_number: Called | None = Field(None, description="As on the door")
    street: Called | None = Field(None, description="A named street of the commune")
    locality: Called | None = Field(None, description="A named locality")
    building: Called | None = Field(None, description="Name of the building, block or tower")
    floor: Called | None = Field(None, description="Floor")
    unit_number: Called | None = Field(None, description="Number of the flat or room")
    note: str | None = Field(
        None, max_length=MAX_NOTE, description="note of the entrance; empty: none"
    )
    same_address: bool = Field(
        False, description="Another active record has this address, and both are correct"
    )


class DecisionAnswer(TypedDict):
    """The result of a decision."""

    id: int
    kind: str
    state: Annotated[str, Field(description=_STATE)]
    operation: Annotated[str, Field(examples=["verify"])]
    event_id: int
    records: list[ChangedRecord]
    """Records written or created"""
    warnings: list[WriteWarning]
