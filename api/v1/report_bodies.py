"""What requests about reports hold, and what is answered."""

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

MOST_AT_ONCE: Final = 100

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
    lat: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False, description="As lon")
    position_accuracy_m: float | None = Field(
        None, ge=0, le=100_000, allow_inf_nan=False, description="Radius in metres"
    )
    address: Sentence | None = Field(
        None, max_length=MAX_TEXT, description="Address of a new house"
    )
    entrance: Entrance | None = Field(None, description="Of an entrance, which kind")
    note: Note | None = Field(None, description="How to get in; no person")


class ReportForm(ReportBody):
    """The same, as a form."""


class ReportFiled(TypedDict):
    """What became of a report."""

    id: int
    """Of the entry in the queue, which equal reports share"""
    kind: str
    state: Annotated[str, Field(description=_STATE)]
    code: CodeForms | None
    commune: UnitRef | None
    reporters: int
    """How many have said so"""
    counted: bool
    """False where you had said so already"""
    address: str | None
    """Of a new house, as it was understood and is kept"""
    similar: list[CodeForms]
    """Doors that may be the new house"""
    receipt: Annotated[str, Field(examples=["pQ3x0mJc8yZr1sWkT6uVbA"])]
    """Keep it: `GET /v1/reports/{receipt}`, or the page `/reports/{receipt}`, tells what becomes of
    the report"""


class ManyReportsBody(Request):
    """Reports that waited for a network."""

    reports: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=MOST_AT_ONCE,
        description="Each as `POST /v1/reports` takes it, with `once`: its `Idempotency-Key`",
    )


class ReportOfMany(TypedDict):
    """What became of one of them."""

    once: str | None
    filed: NotRequired[ReportFiled]
    """What the single call would have answered"""
    problem: NotRequired[Problem]
    """Where it would have answered one"""


class ManyReportsFiled(TypedDict):
    """The reports in their order."""

    reports: list[ReportOfMany]


class KeptReport(ReportBody):
    """A report with the key under which it is filed once."""

    once: UUID


class Reporters(TypedDict):
    """How many said so, by role; each counts once."""

    total: int
    carriers: int
    merchants: int
    residents: int
    """Without a key; once a day"""
    officials: int
    """Editors and above"""


class ReportedPoint(TypedDict):
    """Where somebody says that it is. Degrees, WGS 84; metres."""

    lon: float
    lat: float
    accuracy_m: float | None
    distance_m: float | None
    """From the point on record"""


class ReportDecision(TypedDict):
    """The last decision."""

    operation: Annotated[str, Field(examples=["verify"])]
    event_id: int
    reason: str | None
    decision_number: str | None
    word: str | None
    """What those who reported are told"""
    at: str


class QueuedReport(TypedDict):
    """An entry of the queue."""

    id: int
    kind: str
    state: Annotated[str, Field(description=_STATE)]
    accepting: Annotated[str, Field(examples=["move"])]
    """Operation that accepting it performs"""
    code: CodeForms | None
    status: str | None
    """Of the record, today"""
    event_id: int | None
    """Of the record's state: what event_id takes"""
    label: str | None
    """The record's address, or that of the new house"""
    commune: UnitRef | None
    """Whose queue it is in; the province, of a new house whose commune nobody knows"""
    point: ReportedPoint | None
    reporters: Reporters
    first_reported_at: str
    last_reported_at: str
    entrance: Entrance | None
    """Of an entrance, which kind"""
    note: str | None
    """Of an entrance, how one gets in; gone once decided"""
    stale: bool
    """Whether the record changed since it was reported on"""
    decision: ReportDecision | None


class ReportQueue(TypedDict):
    """Entries in the order in which they are decided."""

    reports: list[QueuedReport]


class ReportsQuery(Request):
    """Which part of the queue."""

    unit: str | None = Field(None, pattern=UNIT_CODE, description="The key's units by default")
    state: Literal["open", "proposed", "accepted", "rejected"] = Field("open", description=_STATE)
    kind: Kind | None = Field(None, description="What was found; all by default")
    street: Line | None = Field(None, description="Its street")
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)


class RejectBody(Request):
    """Why the register stays as it is."""

    reason: Sentence = Field(description="why; no person's name")
    decision_number: Line | None = Field(None, description="number of the legal decision")
    word: Sentence | None = Field(None, description="message to the reporters; no person's name")


class AcceptBody(RejectBody):
    """Why, and what of a new house's address, or of an entrance's note, is otherwise."""

    event_id: int | None = Field(
        None, ge=0, le=2**63 - 1, description="latest event of the record, as seen"
    )
    commune: Commune | None = Field(None, description="commune, where the report is a province's")
    former_commune: Commune | None = Field(None, description="code of the commune before July 2025")
    house_number: Called | None = Field(None, description="as on the door")
    street: Called | None = Field(None, description="a street of the commune that has been named")
    locality: Called | None = Field(None, description="a locality that has been named")
    building: Called | None = Field(None, description="name of the building, block or tower")
    floor: Called | None = Field(None, description="floor")
    unit_number: Called | None = Field(None, description="number of the flat or room")
    note: str | None = Field(
        None, max_length=MAX_NOTE, description="note of the entrance; empty: none"
    )
    same_address: bool = Field(
        False, description="another living record has this address, and both are right"
    )


class DecisionAnswer(TypedDict):
    """What a decision did."""

    id: int
    kind: str
    state: Annotated[str, Field(description=_STATE)]
    operation: Annotated[str, Field(examples=["verify"])]
    event_id: int
    records: list[ChangedRecord]
    """Written or made"""
    warnings: list[WriteWarning]
