"""Certificates of address: issue, verify, revoke.

The list of issued certificates names records and no person. Validity is not stored: a certificate
is valid as long as its record is in use and its address reads as printed.
"""

import datetime
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo import code as codes
from registry.access import budget
from registry.access.reach import check_writable, seen
from registry.core.actors import acting
from registry.core.batching import alone
from registry.core.database import session_scope
from registry.core.errors import AlreadyDoneError, ConflictError, InvalidInputError, NotFoundError
from registry.core.messages import Message
from registry.core.personal import LEAVE_OUT, PERSONAL_DATA, holds_personal
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.publish.paper import numbers
from registry.publish.paper.letters import Letterhead
from registry.publish.paper.site import Site
from registry.publish.paper.small_map import map_around
from registry.publish.paper.typesetting import Notices, Paper, qr_svg, typeset
from registry.records.history import history
from registry.records.lookup import by_code, lookup
from registry.records.past import with_past
from registry.records.record import Record, record_wording
from registry.units.gazetteer import Gazetteer, Unit, today

SQL: Final = Statements(__file__, "queries.sql")

State = Literal["valid", "changed", "ended", "revoked"]
_MAP_MM: Final = (111.0, 62.0)
_ADDRESS_MEMBERS: Final = frozenset(
    (
        *("street", "localities", "house_number", "building", "floor", "unit_number"),
        *("commune", "status"),
    )
)
"""Members of a record that its address consists of."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate on record."""

    number: str
    code: str
    unit_id: int
    issued_on: datetime.date
    label: str
    """The certified address, as printed."""
    event_id: int
    document_number: str | None
    revoked_on: datetime.date | None
    revoked_why: str | None

    @property
    def shown(self) -> str:
        """Its number as printed."""
        return numbers.show(self.number)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a certificate is still valid."""

    certificate: Certificate
    state: State
    since: datetime.date | None
    """Day on which it became invalid, if on record."""
    record: Record | None
    """The record now; None if it is removed."""
    label: str | None
    """Today's address, if the code is in use."""
    hidden: bool
    """Whether the caller may not see the address."""


def issue_certificate(
    engine: Engine,
    reads: Reads,
    gazetteer: Gazetteer,
    site: Site,
    code: str,
    *,
    document_number: str | None = None,
    number: str | None = None,
) -> tuple[Certificate, Paper]:
    """Issue a certificate of the address of `code`, on record and as PDF/A.

    `number` is that of its draft, if there was one. Raises as `draft_certificate` does, and
    AlreadyDoneError for a number that was already issued.
    """
    certificate, paper = draft_certificate(
        reads, gazetteer, site, code, document_number=document_number, number=number
    )
    with session_scope(engine) as session:
        _insert(session, certificate)
    return certificate, paper


def draft_certificate(
    reads: Reads,
    gazetteer: Gazetteer,
    site: Site,
    code: str,
    *,
    document_number: str | None = None,
    number: str | None = None,
) -> tuple[Certificate, Paper]:
    """Draft a certificate for review, without recording it.

    Raises as `registry.records.lookup.lookup` does, ConflictError for a record that is not active,
    and OutsideUnitsError.
    """
    record, unit = _record(reads, gazetteer, code)
    wording = record_wording(gazetteer, today(), record)
    certificate = Certificate(
        number or numbers.draw(),
        record.code,
        unit.id,
        today(),
        wording.label,
        record.event_id,
        document_number,
        None,
        None,
    )
    return certificate, _print(reads, site, certificate, record, unit, wording.before_2025_07)


def verify(reads: Reads, gazetteer: Gazetteer, written: str) -> Verdict:
    """Check whether the certificate of a number is still valid.

    Raises InvalidInputError for a malformed number, NotFoundError for one that was not issued,
    BudgetSpentError after too many attempts.
    """
    number = numbers.read(written)
    if number is None:
        raise InvalidInputError.of_field(
            "number", "malformed_number", Message("certificate_number_invalid")
        )
    budget.check()
    rows = reads.rows(SQL.driver("certificate"), {"number": number})
    if not rows:
        budget.pay()
        raise NotFoundError(Message("certificate_number_unused", number=numbers.show(number)))
    return _verdict(reads, gazetteer, Certificate(*rows[0]))


def revoke(engine: Engine, written: str, *, reason: str) -> None:
    """Revoke a certificate.

    Raises InvalidInputError for a reason that names a person, NotFoundError, ConflictError,
    OutsideUnitsError.
    """
    if holds_personal(reason):
        raise InvalidInputError.of_field("reason", PERSONAL_DATA, LEAVE_OUT)
    number = numbers.read(written) or ""
    with session_scope(engine) as session:
        issuer = session.execute(SQL.text("issuer"), {"number": number}).one_or_none()
        if issuer is None:
            raise NotFoundError(Message("certificate_unknown", written=written[:40]))
        check_writable(session, issuer.unit_id)
        parameters = {"number": number, "day": today(), "why": reason}
        if session.execute(SQL.text("revoke_certificate"), parameters).first() is None:
            raise ConflictError(Message("certificate_already_revoked"))


def issued_in(
    reads: Reads, units: frozenset[int] | None = None, *, limit: int
) -> list[Certificate]:
    """Return issued certificates of the communes that the caller sees, the latest first.

    `units` limits them further.
    """
    sees = seen()
    units = sees if units is None else units if sees is None else units & sees
    if units is None:
        rows = reads.rows(SQL.driver("certificates"), {"limit": limit})
    else:
        rows = reads.rows(
            SQL.driver("certificates_of_units"), {"units": sorted(units), "limit": limit}
        )
    return [Certificate(*row) for row in rows]


def _record(reads: Reads, gazetteer: Gazetteer, code: str) -> tuple[Record, Unit]:
    record = lookup(reads, code)
    unit = gazetteer.units.get(record.unit_id) if record.unit_id else None
    if record.status != "active" or unit is None:
        raise ConflictError(Message("code_not_approved", code=codes.format(record.code)))
    check_writable(gazetteer, unit.id)
    return record, unit


def _insert(session: Session, certificate: Certificate) -> None:
    issued = session.execute(
        SQL.text("insert_certificate"),
        {
            "number": certificate.number,
            "code": certificate.code,
            "unit": certificate.unit_id,
            "day": certificate.issued_on,
            "label": certificate.label,
            "event": certificate.event_id,
            "document": certificate.document_number,
        },
    )
    if issued.first() is None:
        raise AlreadyDoneError(Message("certificate_already_issued", shown=certificate.shown))


def _print(
    reads: Reads,
    site: Site,
    certificate: Certificate,
    record: Record,
    unit: Unit,
    before: str | None,
) -> Paper:
    notices = Notices()
    watermark = site.note_watermarks([record.code], notices)
    drawn = map_around(reads, record, _MAP_MM)
    if drawn is None:
        notices.add("no_position", record.code)
    head = Letterhead(unit, "GXN-UBND", certificate.document_number, certificate.issued_on)
    url = site.verify_url(certificate.shown)
    data = {
        **head.to_data("GIẤY XÁC NHẬN ĐỊA CHỈ", None, watermark),
        "label": certificate.label,
        "before": before if before != certificate.label else None,
        "code": codes.format(record.code),
        "position": _position(record),
        "map": drawn,
        "qr": qr_svg(url),
        "verify": url,
        "certificate": certificate.shown,
    }
    pdf = typeset("certificate", data, notices, archive=True)
    return Paper(f"{certificate.shown}.pdf", pdf, 1, notices.all())


def _position(record: Record) -> str | None:
    if record.lon is None or record.lat is None:
        return None
    accuracy = "chưa biết sai số"
    if record.position_accuracy_m is not None:
        accuracy = f"sai số khoảng {record.position_accuracy_m:.0f} m"
    return f"{record.lat:.6f}, {record.lon:.6f} ({accuracy})"


def _verdict(reads: Reads, gazetteer: Gazetteer, certificate: Certificate) -> Verdict:
    record = by_code(reads, certificate.code)
    hidden = _is_hidden(record)
    if record is not None:
        (record,) = alone(reads, with_past([record]))
    label = None
    if record is not None and record.status in ("active", "proposed"):
        label = record_wording(gazetteer, today(), record).label
    if certificate.revoked_on is not None:
        return Verdict(certificate, "revoked", certificate.revoked_on, record, label, hidden)
    state: State = "valid" if label == certificate.label else "changed" if label else "ended"
    since = _since(reads, certificate) if state != "valid" else None
    return Verdict(certificate, state, since, record, label, hidden)


def _is_hidden(record: Record | None) -> bool:
    """Whether the caller may not see the address, by the rule of `registry.records.restricted`."""
    actor = acting()
    stranger = actor is not None and not actor.may("carrier")
    return stranger and record is not None and record.restricted


def _since(reads: Reads, certificate: Certificate) -> datetime.date | None:
    """Return the day of the first change of the address after the certified state."""
    steps = history(reads, certificate.code)
    certified = next(
        (at for at, step in enumerate(steps) if step.event_id == certificate.event_id), None
    )
    if certified is None:
        return None
    for step in steps[certified + 1 :]:
        if step.record is None or _ADDRESS_MEMBERS & {change.field for change in step.changes}:
            return step.at.date()
    return None
