"""Outcomes of reports: of one, by its receipt, or of all reports of a key.

The reporter sees the outcome and the office's reply, never who decided or why.
"""

from typing import Annotated, Final

from pydantic import Field
from typing_extensions import TypedDict

from api.core.access import caller
from api.core.context import gazetteer, register
from api.core.endpoint import Resource, keyed, public
from api.core.shapes import at, unit_ref
from api.core.types import Request, answer_from
from registry.lifecycle.reports.queue import DEFAULT_LIMIT, MAX_LIMIT
from registry.lifecycle.reports.receipts import Reported, by_receipt, own_reports
from registry.records.lookup import CodeForms, code_forms
from registry.units.gazetteer import UnitRef, today

blueprint = Resource("receipts", "/v1/reports", tag="reports", kind="reports")

_OUTCOME: Final = "waiting, accepted or rejected"


class ReportOutcome(TypedDict):
    """The outcome of a report."""

    kind: str
    outcome: Annotated[str, Field(description=_OUTCOME, examples=["accepted"])]
    word: str | None
    """Reply of the office"""
    code: CodeForms | None
    """Code of the record; for a new house, once it has one"""
    address: str | None
    """Address of a new house, as understood"""
    commune: UnitRef | None
    """Commune whose office decides"""
    reported_at: str
    """When it was first reported"""
    decided_at: str | None


class OwnReport(ReportOutcome):
    """A report of the key."""

    id: int


class OwnReports(TypedDict):
    """Reports of a key, the newest first."""

    reports: list[OwnReport]


class OwnReportsQuery(Request):
    """Page of the list."""

    before: int | None = Field(
        None, ge=1, le=2**63 - 1, description="`id` of the last one of the previous page"
    )
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)


@blueprint.get("/<receipt>")
@public(
    takes_session=True,
    writes=True,
    replica=False,
    operation_id="get_report_outcome",
    discloses=True,
)
def get_receipt(receipt: str) -> ReportOutcome:
    """The state of a report, by its receipt."""
    return outcome(by_receipt(register().engine, receipt))


@blueprint.get("/mine")
@keyed("carrier", operation_id="list_own_reports", codes=("outside_units",), discloses=True)
def get_own_reports(query: OwnReportsQuery) -> OwnReports:
    """The key's reports of a year, the newest first."""
    found = own_reports(register().engine, caller().key_id, before=query.before, limit=query.limit)
    return {"reports": [OwnReport(id=each.id, **outcome(each)) for each in found]}


def outcome(reported: Reported) -> ReportOutcome:
    """Return a report as its reporter may see it."""
    return answer_from(
        ReportOutcome,
        reported,
        code=code_forms(reported.code) if reported.code else None,
        commune=unit_ref(gazetteer().units.get(reported.unit_id), today()),
        reported_at=at(reported.reported_at),
        decided_at=at(reported.decided_at) if reported.decided_at else None,
    )
