"""Reports from the field: what a carrier, a shop or a resident found at a door.

Equal reports are one entry of the queue with a count of reporters. A report alone changes nothing:
an editor decides (`registry.lifecycle.reports.decisions`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.code import format as code_display
from registry.core.database import session_scope
from registry.core.errors import InvalidInputError, NotFoundError
from registry.core.invalid import message_of
from registry.core.locks import Lock
from registry.core.messages import Message
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.lifecycle.reports.new_houses import NewHouse, check_in_viet_nam, describe
from registry.lifecycle.reports.receipts import (
    forget_receipts,
    give_receipt,
    receipt_given,
    receipt_of,
)
from registry.lifecycle.reports.reporters import (
    Reporter,
    forget_reporters,
    refuse_too_many,
    too_many,
)
from registry.lifecycle.requests import Note
from registry.records.entrances import SAME_M
from registry.records.entrances import Kind as Entrance
from registry.records.lookup import lookup
from registry.units.boundaries.reach import refuse_far
from registry.units.gazetteer import Gazetteer

Kind = Literal[
    "confirmed",
    "wrong_point",
    "no_such_house",
    "new_house",
    "plate_mounted",
    "plate_lost",
    "entrance",
]
KINDS: Final = get_args(Kind)
_POINTED: Final = ("wrong_point", "new_house", "entrance")
_NOTE: Final = TypeAdapter[str](Note)
_SAME_POINT_M: Final = 30.0
"""Two reported points of a door within this distance are the same."""
_SAME_PLACE_M: Final = 15.0
"""Two reports of a house without an address within this distance are the same."""

_RECORD: Final = text("SELECT unit_id, event_id FROM household WHERE code = :code")
_WAIT: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, :lock))").bindparams(
    lock=int(Lock.REPORTS)
)

SQL: Final = Statements(__file__, "queries.sql")
_VOICE: Final = text("INSERT INTO field_report_voice (report_id, reporter) VALUES (:id, :who)")
_FILED: Final = text(
    "SELECT kind, code, unit_id, state, reporters, address_text FROM field_report WHERE id = :id"
)


@dataclass(frozen=True, slots=True)
class ReportContent:
    """The content of a report. Degrees, WGS 84; metres."""

    kind: Kind
    code: str | None = None
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    address: str | None = None
    entrance: Entrance | None = None
    """Kind of an entrance."""
    note: str | None = None
    """Note on an entrance: how to get in."""
    once: UUID | None = None
    """A random key by the sender, who may send it again: the report is filed once."""


@dataclass(frozen=True, slots=True)
class Filed:
    """The result of filing a report."""

    id: int
    """Number of the entry in the queue."""
    kind: str
    code: str | None
    unit_id: int
    """Code of its commune, or of the province whose queue it is in."""
    state: str
    reporters: int
    """Number of reporters, including this one."""
    counted: bool
    """False if this reporter was already counted."""
    address: str | None
    """Address of a new house, as understood."""
    similar: tuple[str, ...]
    """Codes of doors that may be the new house."""
    receipt: str
    """The receipt, by which the reporter reads the outcome."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """The subject of a report."""

    code: str | None
    unit_id: int
    seen_event_id: int | None
    house: NewHouse | None


def file_report(
    engine: Engine, reads: Reads, gazetteer: Gazetteer, reporter: Reporter, content: ReportContent
) -> Filed:
    """Add a report to the queue of its commune, or count it in an equal entry.

    A new house whose commune is uncertain goes into its province's queue.

    Raises InvalidInputError, what `registry.records.lookup.lookup` raises for the code,
    AddressTakenError for a new house that is registered, TooManyReportsError.
    """
    _check(content)
    if content.once is not None:
        with session_scope(engine) as session:
            if sent := _sent_before(session, content.once):
                return sent
    code = lookup(reads, content.code).code if content.code else None
    with session_scope(engine) as session:
        subject = _subject(session, gazetteer, reads, content, code)
        forget_reporters(session)
        forget_receipts(session)
        # Without the lock, two equal reports at once would make two entries.
        session.execute(_WAIT, {"what": code or f"unit {subject.unit_id}"})
        if content.once is not None and (sent := _sent_before(session, content.once)):
            return sent
        report_id, counted = _put(session, content, subject, reporter)
        receipt = give_receipt(
            session, report_id, reporter.key_id, again=not counted, once=content.once
        )
        similar = subject.house.similar if subject.house else ()
        return _filed(session, report_id, receipt, counted=counted, similar=similar)


def _sent_before(session: Session, once: UUID) -> Filed | None:
    """Return the result of the report already sent under this key, if any."""
    receipt = receipt_of(once)
    report_id = receipt_given(session, receipt)
    return None if report_id is None else _filed(session, report_id, receipt, counted=False)


def _filed(
    session: Session, report_id: int, receipt: str, *, counted: bool, similar: tuple[str, ...] = ()
) -> Filed:
    kind, code, unit_id, state, reporters, address = session.execute(
        _FILED, {"id": report_id}
    ).one()
    return Filed(
        report_id, kind, code, unit_id, state, reporters, counted, address, similar, receipt
    )


def _check(content: ReportContent) -> None:
    new, entrance = content.kind == "new_house", content.kind == "entrance"
    pointed = content.kind in _POINTED
    for name, given, wanted in (
        ("code", content.code, not new),
        ("lon", content.lon, pointed),
        ("lat", content.lat, pointed),
        ("entrance", content.entrance, entrance),
    ):
        if wanted and given is None:
            raise InvalidInputError.of_field(
                name, "missing", Message("required_for_kind", kind=content.kind)
            )
    for name, value, fits in (
        ("code", content.code, not new),
        ("lon", content.lon, pointed),
        ("lat", content.lat, pointed),
        ("position_accuracy_m", content.accuracy_m, pointed),
        ("address", content.address, new),
        ("entrance", content.entrance, entrance),
        ("note", content.note, entrance),
    ):
        if value is not None and not fits:
            raise InvalidInputError.of_field(
                name, "not_of_this_kind", Message("not_part_of_kind", kind=content.kind)
            )

    if content.note is not None:
        try:
            _NOTE.validate_python(content.note)
        except ValidationError as error:
            wrong = error.errors(include_url=False)[0]
            raise InvalidInputError.of_field("note", wrong["type"], message_of(wrong)) from None


def _subject(
    session: Session, gazetteer: Gazetteer, reads: Reads, content: ReportContent, code: str | None
) -> _Subject:
    if code is None:
        assert content.lon is not None and content.lat is not None  # noqa: S101, PT018 - see _check
        house = describe(
            session, gazetteer, reads, lon=content.lon, lat=content.lat, written=content.address
        )
        return _Subject(None, house.unit.id, None, house)
    record = session.execute(_RECORD, {"code": code}).one_or_none()
    if record is None:
        # The record was removed since its lookup, or the replica lags.
        raise NotFoundError(Message("code_unknown", code=code_display(code)))
    unit_id, event_id = record
    if content.lon is not None and content.lat is not None:
        check_in_viet_nam(session, lon=content.lon, lat=content.lat)
        refuse_far(session, unit_id, lon=content.lon, lat=content.lat)
    return _Subject(code, unit_id, event_id, None)


def _put(
    session: Session, content: ReportContent, subject: _Subject, reporter: Reporter
) -> tuple[int, bool]:
    """Return the id of the entry, and whether this reporter was added to its count."""
    who = reporter.known_as
    same = _same(session, content, subject, who)
    if same is not None and same["counted"]:
        return same["id"], False
    refuse_too_many(session, reporter)
    if same is None:
        _refuse_two_points(session, content, subject, who)
        report_id = session.execute(
            SQL.text("insert_report"), _columns(content, subject, reporter)
        ).scalar_one()
    else:
        report_id = same["id"]
    session.execute(_VOICE, {"id": report_id, "who": who})
    session.execute(SQL.text("count_reporter"), {"id": report_id, "column": reporter.column})
    return report_id, True


def _same(
    session: Session, content: ReportContent, subject: _Subject, who: str
) -> Mapping[str, Any] | None:
    """Return the equal entry, and whether this reporter is counted in it."""
    house = subject.house
    statement, near_m = SQL.text("same_record"), 0.0
    if house is not None:
        statement, near_m = (
            (SQL.text("same_address") if house.key else SQL.text("same_place")),
            _SAME_PLACE_M,
        )
    elif content.kind == "wrong_point":
        statement, near_m = SQL.text("same_point"), _SAME_POINT_M
    elif content.kind == "entrance":
        statement, near_m = SQL.text("same_entrance"), SAME_M
    given = {
        "who": who,
        "kind": content.kind,
        "code": subject.code,
        "unit": subject.unit_id,
        "key": house.key if house else None,
        "lon": content.lon,
        "lat": content.lat,
        "near_m": near_m,
        "entrance": content.entrance,
        "note": content.note,
    }
    named = {name: given[name] for name in statement.compile().params}
    found = session.execute(statement, named).mappings().one_or_none()
    return dict(found) if found else None


def _refuse_two_points(
    session: Session, content: ReportContent, subject: _Subject, who: str
) -> None:
    if subject.code is None or content.kind == "entrance":
        return  # a door has several of these
    given = {"code": subject.code, "kind": content.kind, "who": who}
    if session.execute(SQL.text("said_otherwise"), given).scalar_one():
        raise too_many(Message("report_repeated_today"))


def _columns(content: ReportContent, subject: _Subject, reporter: Reporter) -> dict[str, Any]:
    house = subject.house
    return {
        "kind": content.kind,
        "code": subject.code,
        "unit": subject.unit_id,
        "lon": content.lon,
        "lat": content.lat,
        "accuracy_m": content.accuracy_m,
        "address": house.address if house else None,
        "parts": json.dumps(house.parts, ensure_ascii=False) if house and house.parts else None,
        "key": house.key if house else None,
        "role": reporter.kind,
        "seen": subject.seen_event_id,
        "entrance": content.entrance,
        "note": content.note,
    }
