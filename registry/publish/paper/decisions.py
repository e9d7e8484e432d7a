"""Decisions that name, rename or renumber a street or hamlet, with their annex.

The content of a decision comes from the event of its operation, done or tried and rolled back. So
the paper always agrees with the register.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo import code as codes
from geo.house_number import natural_order
from geo.label import named, number_label
from registry.access.reach import check_writable, parameter, seen
from registry.core.database import session_scope
from registry.core.errors import InvalidInputError, NotFoundError
from registry.core.messages import Message
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.lifecycle.requests import OperationRequest
from registry.lifecycle.run import tried
from registry.lifecycle.table import Operation
from registry.publish.paper.decision_words import ABOUT, articles, grounds_of
from registry.publish.paper.letters import Letterhead
from registry.publish.paper.site import Site
from registry.publish.paper.small_map import map_of
from registry.publish.paper.typesetting import Notices, Paper, typeset
from registry.records.record import names_on
from registry.units import unit_by_code
from registry.units.gazetteer import Gazetteer, Unit, today

SQL: Final = Statements(__file__, "queries.sql")

KINDS: Final = tuple(ABOUT)
"""Kinds of events that have a decision."""
MAX_LINES: Final = 5_000
_MAP_MM: Final = (162.0, 100.0)

_EVENT: Final = text("SELECT kind, decision_number FROM event WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Decidable:
    """An event for which a decision can be printed."""

    event_id: int
    kind: str
    decision_number: str | None
    at: datetime.datetime


@dataclass(frozen=True, slots=True)
class DecisionForm:
    """The letterhead, and details that only the office knows."""

    unit: str | None = None
    """Code of the issuing commune or province; by default the commune of the street."""
    number: str | None = None
    """By default the decision number of the operation."""
    day: datetime.date | None = None
    grounds: tuple[str, ...] = ()
    """Legal grounds in place of the usual ones."""
    proposer: str | None = None
    """The proposing office, never a person."""


@dataclass(frozen=True, slots=True)
class _Place:
    id: int
    unit_id: int
    name: str
    before: str | None


@dataclass(frozen=True, slots=True)
class _Line:
    code: str
    old: str
    new: str
    unit_id: int
    lon: float | None
    lat: float | None


@dataclass(frozen=True, slots=True)
class _Content:
    """What an event decided."""

    kind: str
    decision_number: str | None
    places: tuple[_Place, ...]
    lines: tuple[_Line, ...]
    dots: tuple[tuple[float, float, str], ...]
    """(lon, lat, number) of the doors on the map."""
    codes: frozenset[str]
    """Codes of the doors concerned."""


def planned_decision(
    engine: Engine,
    reads: Reads,
    gazetteer: Gazetteer,
    site: Site,
    operation: Operation,
    request: OperationRequest,
    form: DecisionForm | None = None,
) -> Paper:
    """Print the decision of a planned operation, which is tried and rolled back.

    Raises as the operation does, and InvalidInputError for a kind without decisions.
    """
    _check_kind(operation.kind)
    with tried(engine, operation, request, actor="paper") as (session, done):
        content = _content(session, done.event_id)
    return _print(reads, gazetteer, site, content, form or DecisionForm())


def done_decision(
    engine: Engine,
    reads: Reads,
    gazetteer: Gazetteer,
    site: Site,
    event_id: int,
    form: DecisionForm | None = None,
) -> Paper:
    """Print the decision of an operation that was done, by its event.

    Raises NotFoundError, InvalidInputError, OutsideUnitsError.
    """
    with session_scope(engine) as session:
        content = _content(session, event_id)
        check_writable(session, *(place.unit_id for place in content.places))
    return _print(reads, gazetteer, site, content, form or DecisionForm())


def decidable(session: Session, limit: int) -> list[Decidable]:
    """Return the latest events with a decision in communes that the caller sees.

    Considers only the last 5,000 events of the register.
    """
    given = {**parameter(seen()), "kinds": list(KINDS), "limit": limit}
    return [Decidable(*row) for row in session.execute(SQL.text("decidable"), given)]


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise InvalidInputError.of_field(
            "operation",
            "no_decision_of_it",
            Message("decision_form_missing", kind=kind, kinds=", ".join(KINDS)),
        )


def _content(session: Session, event_id: int) -> _Content:
    event = session.execute(_EVENT, {"id": event_id}).one_or_none()
    if event is None:
        raise NotFoundError(Message("event_unknown", event_id=event_id))
    _check_kind(event.kind)
    what, _, where = event.kind.partition("_")
    class_ = "street" if where == "street" else "locality"
    statement = {
        "name": SQL.text("places_made"),
        "rename": SQL.text("places_renamed"),
        "renumber": SQL.text("places_numbered"),
    }[what]
    places = tuple(
        _Place(
            row.id,
            row.unit_id,
            named(row.kind, row.name),
            named(row.old_kind, row.old_name) if row.old_name else None,
        )
        for row in session.execute(statement, {"class": class_, "event": event_id})
    )
    if not places:
        raise NotFoundError(Message("event_has_no_places", event_id=event_id))
    lines = _lines(session, event_id) if what == "renumber" else ()
    if lines:
        dots = [(line.lon, line.lat, line.new) for line in lines]
        about = frozenset(line.code for line in lines)
    else:
        ids = [place.id for place in places]
        rows: Any = session.execute(SQL.text("doors", f"doors_of_{class_}"), {"ids": ids}).all()
        dots = [(r.lon, r.lat, number_label(r.key, r.new) if r.key else "") for r in rows]
        about = frozenset(row.code for row in rows)
    shown = tuple((x, y, words) for x, y, words in dots if x is not None and y is not None)
    return _Content(event.kind, event.decision_number, places, lines, shown, about)


def _lines(session: Session, event_id: int) -> tuple[_Line, ...]:
    rows: Any = session.execute(SQL.text("lines"), {"event": event_id}).all()
    if len(rows) > MAX_LINES:
        raise InvalidInputError.of_field(
            "numbers", "too_many", Message("annex_too_long", most=MAX_LINES)
        )
    rows = sorted(rows, key=lambda row: (row.unit_id, natural_order(row.key or ""), row.code))
    return tuple(
        _Line(
            row.code,
            number_label(row.old_key, row.old) if row.old_key else "",
            number_label(row.key, row.new) if row.key else "",
            row.unit_id,
            row.lon,
            row.lat,
        )
        for row in rows
    )


def _print(
    reads: Reads, gazetteer: Gazetteer, site: Site, content: _Content, form: DecisionForm
) -> Paper:
    notices = Notices()
    watermark = site.note_watermarks(content.codes, notices)
    unit = _issuer(gazetteer, content.places, form)
    units = [place.unit_id for place in content.places]
    drawn = map_of(reads, content.dots, units, _MAP_MM)
    if drawn is None:
        notices.add("no_position", count=1)
    head = Letterhead(unit, "QĐ-UBND", form.number or content.decision_number, form.day)
    place = content.places[0]
    where = _where(gazetteer, content.places)
    words = {"name": place.name, "before": place.before or "", "where": where}
    about = ABOUT[content.kind].format(**words)
    issuer = unit.version_on(form.day or today()).full_name
    grounds = form.grounds or grounds_of(content.kind)
    proposer = form.proposer or "bộ phận chuyên môn được giao phụ trách địa chỉ"
    data = {
        **head.to_data("QUYẾT ĐỊNH", f"Về việc {about}", watermark),
        "decider": f"CHỦ TỊCH ỦY BAN NHÂN DÂN {issuer.upper()}",
        "grounds": [*grounds, f"Theo đề nghị của {proposer}."],
        "articles": articles(content.kind, len(content.lines), words, annexed=drawn is not None),
        "signatory": ["CHỦ TỊCH"],
        "recipients": ["Như Điều 3", "Thường trực Đảng ủy, HĐND", "Lưu: VT"],
        "annex": _annex(gazetteer, content, f"{about[0].upper()}{about[1:]}"),
        "map": drawn,
    }
    pdf = typeset("decision", data, notices, archive=True)
    return Paper("quyet-dinh.pdf", pdf, max(1, len(content.lines)), notices.all())


def _issuer(gazetteer: Gazetteer, places: Sequence[_Place], form: DecisionForm) -> Unit:
    """Return the issuer: as requested, the commune of the street, or its province if several."""
    if form.unit is not None:
        return unit_by_code(gazetteer, form.unit, None)
    units = {place.unit_id for place in places}
    commune = gazetteer.units[min(units)]
    if len(units) == 1:
        return commune
    return gazetteer.province_of(commune, today()) or commune


def _where(gazetteer: Gazetteer, places: Sequence[_Place]) -> str:
    """Name the communes of a street, with their province."""
    names = [names_on(gazetteer, gazetteer.units[p.unit_id], today()) for p in places]
    communes = dict.fromkeys(name[0] for name in names)
    return ", ".join([*communes, *names[0][1:]])


def _annex(gazetteer: Gazetteer, content: _Content, title: str) -> dict[str, Any] | None:
    if not content.lines:
        return None
    several = len({line.unit_id for line in content.lines}) > 1
    known = gazetteer.units
    return {
        "title": title,
        "several": several,
        "lines": [
            {
                "old": line.old,
                "new": line.new,
                "code": codes.format(line.code),
                "commune": known[line.unit_id].version_on(today()).full_name if several else "",
            }
            for line in content.lines
        ],
    }
