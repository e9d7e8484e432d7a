"""Certificates of address: issued as PDF, revoked, and verified."""

from typing import Annotated

from flask import Response
from pydantic import Field
from typing_extensions import TypedDict

from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import Resource, keyed, public
from api.core.errors import UNIT_CODE
from api.core.shapes import unit_ref
from api.core.types import Request, answer_from
from api.v1.papers import as_pdf, site
from registry.lifecycle.reports.queue import queues_asked
from registry.lifecycle.requests import Called, Code, Sentence
from registry.publish.paper.certificates import (
    Certificate,
    Verdict,
    issue_certificate,
    issued_in,
    revoke,
    verify,
)
from registry.records.lookup import CodeForms, code_forms
from registry.units.gazetteer import Gazetteer, UnitRef

blueprint = Resource("certificates", "/v1/certificates", tag="papers", kind="certificates")
MAX_LISTED = 500


class CertificateBody(Request):
    """A request for a certificate."""

    code: Code = Field(description="Code of an active record")
    document_number: Called | None = Field(None, description="Number in the office's books")


class RevokeBody(Request):
    """Why a certificate is revoked."""

    reason: Sentence = Field(description="why; no person's name")


class CertificateState(TypedDict):
    """A certificate, and whether it is still valid."""

    number: Annotated[str, Field(examples=["GXN-4K7M-29TR-0R"])]
    state: str
    """`valid`; `changed`: the address is written differently today; `ended`: the code is no longer
    in use; `revoked`: by the office"""
    issued_on: str
    issued_by: UnitRef | None
    document_number: str | None
    code: CodeForms
    label: str | None
    """The confirmed address; null for a restricted place"""
    label_now: str | None
    """The address as written today"""
    since: str | None
    """Since when it is no longer valid, if recorded"""
    successors: list[CodeForms]
    """Successors of a code that is no longer in use"""


class IssuedCertificate(TypedDict):
    """An entry of the register of certificates."""

    number: str
    issued_on: str
    issued_by: UnitRef | None
    document_number: str | None
    code: CodeForms
    label: str
    revoked_on: str | None
    revoked_why: str | None


class IssuedCertificates(TypedDict):
    """Certificates, the latest first."""

    certificates: list[IssuedCertificate]


class IssuedQuery(Request):
    """Filters of the list."""

    unit: str | None = Field(None, pattern=UNIT_CODE, description="The key's units by default")
    limit: int = Field(50, ge=1, le=MAX_LISTED)


@blueprint.post("")
@keyed(
    "editor",
    statuses=(404, 409, 410),
    operation_id="issue_certificate",
    example={"code": "1H6X-XH2V", "document_number": "15"},
    media_types=("application/pdf",),
    discloses=True,
)
def post_certificate(json: CertificateBody) -> Response:
    """Issue a certificate of an address, as PDF/A."""
    made = register()
    certificate, paper = issue_certificate(
        made.engine,
        made.reads,
        gazetteer(),
        site(),
        json.code,
        document_number=json.document_number,
    )
    response = as_pdf(paper)
    response.headers["Certificate-Number"] = certificate.shown
    return response


@blueprint.get("")
@keyed("editor", statuses=(404,), operation_id="list_certificates")
def get_certificates(query: IssuedQuery) -> IssuedCertificates:
    """Certificates that a unit has issued."""
    known = gazetteer()
    units = queues_asked(known, query.unit)
    found = issued_in(register().reads, units, limit=query.limit)
    note(count=len(found), units=[query.unit] if query.unit else [])
    return {"certificates": [_issued(known, each) for each in found]}


@blueprint.get("/<number>")
@public(takes_session=True, writes=True, replica=False, discloses=True)
def get_certificate(number: str) -> CertificateState:
    """Whether a certificate is valid."""
    known = gazetteer()
    return state_of(known, verify(register().reads, known, number))


@blueprint.post("/<number>/revoke")
@keyed(
    "editor",
    statuses=(409,),
    operation_id="revoke_certificate",
    example={"reason": "in sai"},
    discloses=True,
)
def post_revoke(number: str, json: RevokeBody) -> CertificateState:
    """Revoke a certificate."""
    known, made = gazetteer(), register()
    revoke(made.engine, number, reason=json.reason)
    verdict = verify(made.reads, known, number)
    note(count=1)
    return state_of(known, verdict)


def state_of(known: Gazetteer, verdict: Verdict) -> CertificateState:
    """Return the state of a certificate as an answer."""
    made, record = verdict.certificate, verdict.record
    return {
        "number": made.shown,
        "state": verdict.state,
        "issued_on": made.issued_on.isoformat(),
        "issued_by": unit_ref(known.units.get(made.unit_id), made.issued_on),
        "document_number": made.document_number,
        "code": code_forms(made.code),
        "label": None if verdict.hidden else made.label,
        "label_now": None if verdict.hidden else verdict.label,
        "since": verdict.since.isoformat() if verdict.since else None,
        "successors": [code_forms(code) for code in (record and record.successors) or ()],
    }


def _issued(known: Gazetteer, made: Certificate) -> IssuedCertificate:
    return answer_from(
        IssuedCertificate,
        made,
        number=made.shown,
        issued_by=unit_ref(known.units.get(made.unit_id), made.issued_on),
        code=code_forms(made.code),
    )
