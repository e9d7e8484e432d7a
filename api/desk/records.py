"""The records of a commune at the desk: list, map, and page of one."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from flask import jsonify, redirect
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import signed_in_page
from api.core.errors import UNIT_CODE
from api.core.shapes import unkept
from api.desk.blueprint import (
    ROLES,
    desk_blueprint,
    desk_page,
    event_words,
    read_query,
    room,
)
from api.desk.operations import DeskMap
from api.desk.record_operations import MERGE, SEVERAL
from api.desk.records_words import label_of, status_words, title
from api.pages.address import scheme_words
from api.pages.sketch import draw_sketch
from geo import code as codes
from geo.code import CodeError
from geo.code_writing import strip_announcement
from geo.label import door_words, number_of
from registry.access.reach import check_seen
from registry.core.actors import Actor
from registry.core.database import session_scope
from registry.core.days import day_words
from registry.core.errors import InvalidInputError
from registry.core.messages import N_, Message, _
from registry.core.tables.records import Goes, described, going
from registry.lifecycle.change_words import (
    changes_words,
    commune_name,
    entrance_words,
    field_words,
    value_words,
)
from registry.lifecycle.pending_store import list_pending
from registry.lifecycle.table import BY_NAME, LEGAL_FROM
from registry.lifecycle.undo import UNDOABLE
from registry.publish.drawing.surroundings import numbered, surroundings
from registry.records.desk_records import (
    MOST_POINTS,
    STATUSES_OF,
    Searched,
    Status,
    Wanted,
    find_record,
    list_places,
    list_records,
    list_spots,
    outline,
    read_search,
)
from registry.records.external_ids import ExternalId, external_ids_of
from registry.records.history import Step, history
from registry.records.postal import postcode_of
from registry.records.record import Record, record_wording
from registry.units.gazetteer import Gazetteer, Unit, today

blueprint = desk_blueprint("records", "/desk/records")
room("/desk/records", N_("Records"), "viewer")

_STATUS_WORDS: Final[dict[Status, str]] = {
    "living": N_("In use or proposed"),
    "active": N_("In use"),
    "proposed": N_("Proposed"),
    "reserved": N_("Reserved codes"),
    "retired": N_("Retired"),
    "all": N_("All"),
}
_EXACT_M: Final = 20


class ListQuery(BaseModel):
    """Filters of the list, as submitted by its form; empty ones are omitted from links."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    unit: str | None = Field(None, pattern=UNIT_CODE)
    q: str = Field("", max_length=100)
    status: Status = "living"
    street: int | None = Field(None, ge=0, le=2**62)
    locality: int | None = Field(None, ge=0, le=2**62)
    no_point: bool = False
    unverified: bool = False
    doubled: bool = False
    after: str | None = Field(None, max_length=40)

    def wanted(self, unit_id: int) -> Wanted:
        """Return the search in a commune; raises InvalidInputError for an unreadable text."""
        looked_for = self.q.strip()
        read = read_search(looked_for) if looked_for else Searched()
        if read is None:
            raise InvalidInputError.of_field(
                "q",
                "unreadable",
                Message("search_not_understood", looked_for=looked_for),
            )
        return Wanted(
            unit_id,
            self.status,
            self.street,
            self.locality,
            self.no_point,
            self.unverified,
            self.doubled,
            *read,
        )

    def url(self, path: str = "/desk/records", **other: object) -> str:
        """Return the URL of the list with these filters, some replaced by `other`."""
        given = self.model_dump(exclude_defaults=True, exclude={"after"}) | other
        return f"{path}?{urlencode({n: v for n, v in given.items() if v is not None})}"


@blueprint.get("")
@signed_in_page("viewer")
def get_records() -> BaseResponse:
    """The list with its filters; without a commune, a choice of communes."""
    query, asking, known = read_query(ListQuery), caller(), gazetteer()
    if (code := _code_in(query.q)) is not None:
        return redirect(f"/desk/records/{codes.format(code)}", 303)
    unit = _unit(query.unit, asking, known)
    if unit is None or unit.level != "commune":
        return desk_page("desk/record_communes.html", units=_choices(known, asking, unit))
    wrong: InvalidInputError | None = None
    effective = query
    try:
        wanted = query.wanted(unit.id)
    except InvalidInputError as error:
        wrong, effective = error, query.model_copy(update={"q": ""})
        wanted = effective.wanted(unit.id)
    with session_scope(register().read_engine) as session:
        page = list_records(session, wanted, query.after)
        streets, localities = list_places(session, unit.id)
    note(count=len(page.records), units=[unit.code])
    return desk_page(
        "desk/records.html",
        error=wrong,
        query=query,
        map=DeskMap(unit.code, unit.lon, unit.lat, points=effective.url("", unit=unit.code)[1:]),
        unit=unit,
        commune=commune_name(known, unit.id),
        several_communes=asking.sees is None or len(asking.sees) > 1,
        page=page,
        rows=[_Listed.of(record, wanted) for record in page.records],
        streets=[(each.id, each.words) for each in streets],
        localities=[(each.id, each.words) for each in localities],
        statuses=[(name, _(_STATUS_WORDS[name])) for name in STATUSES_OF],
        after=page.records[-1].code if page.records and page.more else None,
        several=[
            (made, title(made))
            for made in (*SEVERAL, MERGE)
            if asking.may(made.role) and set(made.from_states) & set(STATUSES_OF[query.status])
        ],
        writes=asking.may("editor") and (asking.unit_ids is None or unit.id in asking.unit_ids),
        new=[(BY_NAME[n], title(BY_NAME[n])) for n in ("propose", "reserve")],
        status_words=status_words,
    )


@blueprint.get("/points")
@signed_in_page("viewer")
def get_points() -> BaseResponse:
    """Points of the listed records, for the map."""
    query, known = read_query(ListQuery), gazetteer()
    unit = _unit(query.unit, caller(), known)
    if unit is None or unit.level != "commune":
        raise InvalidInputError.of_field("unit", "missing", Message("commune_code_missing"))
    with session_scope(register().read_engine) as session:
        spots = list_spots(session, query.wanted(unit.id))
    note(count=len(spots), units=[unit.code])
    return unkept({"points": spots, "more": len(spots) == MOST_POINTS})


@blueprint.get("/boundary")
@signed_in_page("viewer")
def get_boundary() -> BaseResponse:
    """The boundary of a commune as a GeoJSON feature; a null geometry if unknown."""
    unit = _unit(read_query(ListQuery).unit, caller(), gazetteer())
    drawn = None
    if unit is not None:
        with session_scope(register().read_engine) as session:
            drawn = outline(session, unit.id)
    geometry, approximate = drawn or (None, False)
    properties = {"approximate": approximate}
    response = jsonify({"type": "Feature", "properties": properties, "geometry": geometry})
    response.cache_control.private = True
    response.cache_control.max_age = 600
    return response


@blueprint.get("/<address_code>")
@signed_in_page("viewer", discloses=True)
def get_record(address_code: str) -> BaseResponse:
    """One record: its data, operations and history."""
    known, asking, reads = gazetteer(), caller(), register().reads
    record = find_record(reads, known, address_code)
    shown = codes.format(record.code)
    if address_code != shown:
        return redirect(f"/desk/records/{shown}", 302)
    steps = history(reads, record.code)
    unit = known.units.get(record.unit_id) if record.unit_id else None
    words = record_wording(known, today(), record) if unit else None
    note(count=1, units=[unit.code] if unit else [])
    in_full = asking.may("editor")
    with session_scope(register().engine) as session:
        pending = list_pending(session, code=record.code)
    return desk_page(
        "desk/record.html",
        record=record,
        code=shown,
        label=label_of(known, record),
        before=words.before_2025_07 if words else None,
        postcode=postcode_of(words, today()) if words else None,
        commune=commune_name(known, record.unit_id),
        unit=unit,
        state=status_words(record.status),
        pending=[(each.id, event_words(each.operation.kind), each.asked_by) for each in pending],
        demo=codes.is_demo(record.code),
        facts=_facts(known, record) + _identifiers(record),
        steps=[
            _step(known, step, first=step is steps[0], in_full=in_full) for step in reversed(steps)
        ],
        undoable=steps[-1].event_id if steps[-1].operation in UNDOABLE else None,
        sketch=_sketch(record),
        map=_map(record, unit) if unit else None,
        work=[_work(name, record, asking) for name in LEGAL_FROM[record.status]],
        successors=[codes.format(code) for code in record.successors or ()],
    )


@dataclass(frozen=True, slots=True)
class _Listed:
    """A row of the list."""

    code: str
    shown: str
    door: str
    record: Record
    bore: str
    """The searched number, if it was a former one of this record."""

    @staticmethod
    def of(record: Record, wanted: Wanted) -> "_Listed":
        door = ", ".join(door_words(record.label_parts))
        own, asked = record.house_number_key or "", (wanted.number_key or "").rstrip("/")
        bore = "" if f"{own}/".startswith(f"{asked}/") else asked
        return _Listed(record.code, codes.format(record.code), door, record, bore)


@dataclass(frozen=True, slots=True)
class _Work:
    """An operation on a record, and why the user may not perform it."""

    name: str
    title: str
    why_not: str


def _code_in(text: str) -> str | None:
    """Return the code if the search text is one."""
    try:
        return codes.validate(strip_announcement(text))
    except CodeError:
        return None


def _unit(code: str | None, asking: Actor, known: Gazetteer) -> Unit | None:
    """Return the requested unit, or the user's only commune; None if there are several.

    Raises InvalidInputError, OutsideUnitsError.
    """
    day = today()
    if code is None:
        sees = [known.units[i] for i in asking.sees or () if i in known.units]
        alive = [unit for unit in sees if unit.alive_on(day)]
        return alive[0] if len(alive) == 1 else None
    unit = next((u for u in known.with_code(code) if u.alive_on(day)), None)
    if unit is None:
        raise InvalidInputError.of_field(
            "unit", "unknown_commune", Message("commune_unknown", code=code)
        )
    if unit.level == "commune":
        check_seen(known, unit.id)
    return unit


def _choices(known: Gazetteer, asking: Actor, within: Unit | None) -> list[tuple[str, str]]:
    """Return communes to choose from, or provinces if there are several."""
    day = today()
    ids = asking.sees
    communes = [u for u in known.alive(day, level="commune") if ids is None or u.id in ids]
    if within is not None:
        inside = {u.id for u in known.members(within, day)}
        communes = [u for u in communes if u.id in inside]
    provinces = {p.id: p for u in communes if (p := known.province_of(u, day)) is not None}
    offered = communes if len(provinces) == 1 else list(provinces.values())
    named = [(u.code, u.version_on(day).full_name) for u in offered]
    return sorted(named, key=lambda each: each[0])


_IN_LABEL: Final = (
    *("status", "unit_id", "house_number_key", "street_id", "locality_id", "building_name"),
    *("floor", "unit_number", "point"),
)
_FACTS: Final = [
    column for column in going(Goes.TRACED) if column.name not in (*_IN_LABEL, "entrances")
]


def _facts(known: Gazetteer, record: Record) -> list[tuple[str, str]]:
    """Return label and value of the recorded members that the address does not show."""
    hidden = {"restricted": record.restricted or None}
    if record.kind == "building":
        hidden["households_count"] = None
    values = {column.name: getattr(record, column.name) for column in _FACTS} | hidden
    members = [(described(column).member, values[column.name]) for column in _FACTS]
    facts = [(field_words(n), value_words(known, n, v)) for n, v in members if v is not None]
    ways = enumerate(record.entrances or (), 1)
    return facts + [(f"{field_words('entrances')} {at}", entrance_words(each)) for at, each in ways]


def _identifiers(record: Record) -> list[tuple[str, str]]:
    """Return scheme and value of each identifier, with its days if it is not of today."""
    return [
        (scheme_words(each), each.value if each.is_valid(today()) else _dated(each))
        for each in external_ids_of(register().reads, record)
    ]


def _dated(identifier: ExternalId) -> str:
    days = (identifier.valid_from, identifier.valid_to)
    return f"{identifier.value} ({' – '.join(day_words(str(day)) if day else '…' for day in days)})"


def _step(known: Gazetteer, step: Step, *, first: bool, in_full: bool) -> dict[str, Any]:
    record = step.record
    return {
        "at": step.at,
        "what": event_words(step.operation) if step.operation else "–",
        "actor": step.actor if in_full else None,
        "reason": step.reason if in_full else None,
        "decision": step.decision_number,
        "report": step.report_id,
        "label": label_of(known, record) if record else _("removed"),
        "status": status_words(record.status) if record else "",
        "changes": () if first else changes_words(known, step.changes),
        "successors": [codes.format(code) for code in step.successors],
        "predecessors": [codes.format(code) for code in step.predecessors],
    }


def _sketch(record: Record) -> Markup | None:
    if record.lon is None or record.lat is None:
        return None
    around = surroundings(
        register().reads, code=record.code, lon=record.lon, lat=record.lat, province_id=None
    )
    exact = record.position_accuracy_m is not None and record.position_accuracy_m <= _EXACT_M
    points = [(each["lon"], each["lat"]) for each in record.entrances or ()]
    marks = numbered(points, lon=record.lon, lat=record.lat)
    return draw_sketch(around, number=number_of(record.label_parts), exact=exact, entrances=marks)


def _map(record: Record, unit: Unit) -> DeskMap | None:
    if record.lon is not None:
        return DeskMap(unit.code, record.lon, record.lat, pin=True)
    return DeskMap(unit.code, unit.lon, unit.lat) if unit.lon is not None else None


def _work(name: str, record: Record, asking: Actor) -> _Work:
    made, why_not = BY_NAME[name], ""
    if not asking.may(made.role):
        why_not = _("needs an {role}", role=_(ROLES[made.role]))
    elif record.unit_id and asking.unit_ids is not None and record.unit_id not in asking.unit_ids:
        why_not = _("outside the units of this key")
    return _Work(name, title(made, record.status), why_not)
