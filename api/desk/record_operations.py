"""Operations on one record, on several selected in a list, or to create one."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.audit import note, note_operation
from api.core.context import gazetteer, register
from api.core.endpoint import signed_in_page
from api.desk.blueprint import desk_blueprint, desk_page, parse_int, writable_communes
from api.desk.forms import Form, Override, entrance_rows, recorded, use_rows
from api.desk.operations import DeskMap, Subject, serve
from api.desk.records_words import Preview, label_of, title
from geo import code as codes
from geo.code import CodeError
from registry.core.database import session_scope
from registry.core.errors import ConflictError, InvalidInputError
from registry.core.invalid import wrong_code
from registry.core.labels import STATUSES
from registry.core.messages import Message, Text, _
from registry.lifecycle.requests import OperationRequest
from registry.lifecycle.several import Each, SeveralDone, perform_several
from registry.lifecycle.table import BY_NAME, OPERATIONS, Operation
from registry.lifecycle.work import Done, read_code
from registry.records.desk_records import (
    LastChange,
    find_record,
    last_change,
    list_places,
    records_of,
)
from registry.records.record import Record
from registry.units.gazetteer import today

blueprint = desk_blueprint("record_operations", "/desk/records")

OF_RECORD: Final = tuple(made for made in OPERATIONS if made.of_record)
SEVERAL: Final = tuple(BY_NAME[name] for name in ("verify", "activate", "retire", "reinstate"))
"""Operations on several records at once, which need no input for each."""
MERGE: Final = BY_NAME["merge"]
"""Merges the selected records; the successor is chosen first."""
_LIST: Final = re.compile(r"/desk/records(\?[!-~]*)?")
"""URL of a list to return to, as browsers encode it."""
_WHY: Final = tuple(OperationRequest.model_fields)
_OF_SEVERAL: Final = ("on", *_WHY)


class OneRecord(Subject):
    """A record, or none yet for proposing one or reserving codes."""

    def __init__(self, operation: Operation, address_code: str = "") -> None:
        super().__init__(operation)
        self._lead_to(address_code)

    def _lead_to(self, written: str) -> None:
        self._written = written
        self.leads_to = f"/desk/records/{written}" if written else "/desk/records"
        self.trail = self.leads_to, written or _("Records")

    def load(self) -> None:
        """Look up the record; raises ConflictError if its status forbids the operation."""
        if self._written:
            self.record = record = find_record(register().reads, gazetteer(), self._written)
            self._lead_to(codes.format(record.code))
            opened = request.method != "POST"
            self.seen = record.event_id if opened else parse_int(request.form.get("_seen")) or 0
            self.label = label_of(gazetteer(), record)
            self.heading = title(self.operation, record.status)
            if record.unit_id is not None:
                note(units=[gazetteer().units[record.unit_id].code])
            if record.status not in self.operation.from_states and opened:
                # For a submitted form the operation itself reports it, and keeps typed values.
                raise ConflictError(
                    Message(
                        "record_status_forbids",
                        code=self._written,
                        state=Text(STATUSES[record.status]),
                        operation=Text(self.operation.called),
                    )
                )
        self._load_commune()

    def _load_commune(self) -> None:
        """Load names to choose from, and the map, of the commune concerned."""
        known, record = gazetteer(), self.record
        unit_id = record.unit_id if record else None
        if unit_id is None:
            own = writable_communes()
            code = request.values.get("commune") or (own[0][0] if len(own) == 1 else "")
            units = (u.id for u in known.with_code(code) if u.alive_on(today()))
            unit_id = next(units, None)
        if unit_id is None:
            return
        with session_scope(register().read_engine) as session:
            self.streets, self.localities = list_places(session, unit_id)
        unit = known.units[unit_id]
        self.map = DeskMap(unit.code, unit.lon, unit.lat)
        if record is not None and record.lon is not None:
            self.map = DeskMap(unit.code, record.lon, record.lat, pin=True)

    def form(self, **more: Any) -> Form:
        """Return the form with recorded values, or with those of a link."""
        record, units, name = self.record, gazetteer().units, self.operation.name
        members = self.operation.request.model_fields
        left_out, held, filled = {"code"} if record else set(), {}, request.args.to_dict()
        if record is not None and name in ("correct", "move"):
            place, former = units.get(record.unit_id or 0), units.get(record.former_unit_id or 0)
            held = recorded(record) | {
                "commune": place.code if place else "",
                "former_commune": former.code if former else "",
            }
        if record is not None and name == "entrances":
            filled = entrance_rows(record)
        if record is not None and name == "uses":
            filled = use_rows(record)
        if record is not None and name == "merge":
            # A retired record may be a proposal; its successor must be active.
            other = "into" if record.status == "active" else "codes"
            filled = {other: codes.format(record.code)} | filled
        if record is not None and name == "activate" and record.status != "reserved":
            left_out = members.keys() - {*_WHY, "same_address"}  # it has its address already
        overrides = {"commune": commune_override(blank=not held.get("commune"))}
        if name == "merge":
            overrides["codes"] = Override(_("Codes that will be retired"))
        given = {"recorded": held, "filled": filled} | more
        return Form(self.operation.request, left_out, overrides=overrides, **given)

    def ask(self, form: Form) -> OperationRequest:
        """Build the request for this record."""
        named = "code" in form.model.model_fields
        about = {"code": self.record.code} if self.record and named else {}
        return form.request(form.given() | about)

    def perform(self, *, dry_run: bool, **more: Any) -> Done | SeveralDone:
        """Perform or try it; a dry run of a reservation uses up one code only."""
        self._count = getattr(self.asked, "count", None)
        if dry_run and self._count:
            self.asked = self.asked.model_copy(update={"count": 1})
        return super().perform(dry_run=dry_run, **more)

    def preview(self, made: Done) -> Preview:
        """Return the effect on each record, and the new position of one."""
        found = super().preview(made)
        new = made.records[0].record if len(made.records) == 1 else None
        self.map = self._moved(new) if new is not None else None
        lead = _("Nothing is written yet.")
        if not made.needs_second:
            lead += " " + _("If it is right, press “Do it”.")
        if self._count:
            lead += " " + _("Reserve {count:n} new codes", count=self._count) + "."
            return replace(found, lead=lead, rows=())
        return replace(found, lead=lead)

    def _moved(self, new: Record) -> DeskMap | None:
        """Return a map of the new and old point; None if the point does not change."""
        old, after = _point(self.record), _point(new)
        if self.map is None or after is None or after == old:
            return None
        return DeskMap(self.map.unit, *after, pin=True, before=old)

    def done(self, made: Done) -> tuple[str, str]:
        """Return the URL of the resulting record, and the message."""
        living = [r.code for r in made.records if r.status != "retired"]
        # The target of a merger need not have been written itself.
        into = getattr(self.asked, "into", None)
        at = read_code("into", into) if into else (living or [made.records[0].code])[0]
        if self.operation.name == "reserve":
            words = f"{len(made.records)} mã, từ {codes.format(at)}"
            url = f"/desk/records?status=reserved&unit={self.asked.commune or ''}"
        else:
            words = label_of(gazetteer(), find_record(register().reads, gazetteer(), at))
            url = f"/desk/records/{codes.format(at)}"
        return url, _("Done ({what}): {said}", what=_(self.operation.called), said=words)

    def latest(self) -> LastChange | None:
        """Return the last change; the form then refers to that state."""
        if self.record is None:
            return None
        self.seen = self.record.event_id
        with session_scope(register().read_engine) as session:
            return last_change(session, self.record.event_id)


class SeveralRecords(Subject):
    """Records selected in a list; all of them are changed, or none."""

    first = "form"
    own_fields = ("record", "back")
    ticked: dict[str, int]
    """Code → event of the listed state."""

    def __init__(self, operation: Operation) -> None:
        super().__init__(operation)
        self.leads_to = _back()
        self.trail = self.leads_to, _("The list")

    def load(self) -> None:
        """Look up the selected records; the caller must be allowed to see all of them."""
        self.ticked = _ticked()
        self.lines = [(codes.format(c), label_of(gazetteer(), r)) for c, r in _look_up(self.ticked)]
        self.heading += ": " + _("{count:n} codes", count=len(self.ticked))

    def form(self, **more: Any) -> Form:
        """Return the common form of all."""
        members = self.operation.request.model_fields
        return Form(self.operation.request, members.keys() - set(_OF_SEVERAL), **more)

    def ask(self, form: Form) -> list[Each]:
        """Build the same request for each."""
        given = form.given()
        return [
            Each(code, form.request(given | {"code": code}), seen)
            for code, seen in self.ticked.items()
        ]

    def perform(self, **how: Any) -> SeveralDone:
        """Perform it on all, or try each."""
        note_operation(self.operation, [each.request for each in self.asked])
        return perform_several(
            *(register().engine, self.operation, self.asked), actor=caller().name, **how
        )

    def preview(self, made: SeveralDone) -> Preview:
        """Return the effect on each; refused ones are excluded from the next step."""
        refused = [(codes.format(each.code), each.error.detail) for each in made.refused]
        left_out = {each.code for each in made.refused}
        self.ticked = {c: seen for c, seen in self.ticked.items() if c not in left_out}
        count = len(self.ticked)
        lead = _("Nothing is written yet. All {count} are done, or none.", count=count)
        return replace(super().preview(made), lead=lead, refused=refused, possible=bool(count))

    def done(self, made: SeveralDone) -> tuple[str, str]:
        """Return the URL of the list, and the message."""
        count, what = len(made.records), _(self.operation.called)
        return self.leads_to, _("Done ({what}): {count} records", what=what, count=count)

    def hidden_fields(self) -> list[tuple[str, str]]:
        """Return the selected records, and the list."""
        ticked = [("record", f"{code}.{seen}") for code, seen in self.ticked.items()]
        return [*ticked, ("back", self.leads_to)]


@blueprint.post("/several/merge")
@signed_in_page(MERGE.role)
def post_merge() -> BaseResponse:
    """Choose the successor of the selected records, then open its form, filled in."""
    records = _look_up(_ticked())
    if len(records) < 2:
        raise InvalidInputError.of_field("record", "missing", Message("select_two_dwellings"))
    return desk_page(
        "desk/record_merge.html",
        heading=title(MERGE),
        back=_back(),
        records=[
            (codes.format(code), label_of(gazetteer(), each), each.status == "active", others)
            for code, each in records
            for others in [" ".join(codes.format(c) for c, _each in records if c != code)]
        ],
    )


def commune_override(*, blank: bool) -> Override:
    """Return a choice of communes for callers with few; others type code or name."""
    own = writable_communes()
    if not 0 < len(own) <= 400:
        return Override(_("Commune: code or name"), example="Phường Láng, Hà Nội")
    # With several, none is the default.
    first = (("", "–"),) if blank and len(own) > 1 else ()
    return Override(_("Commune"), (*first, *own))


def _point(record: Record | None) -> tuple[float, float] | None:
    if record is None or record.lon is None or record.lat is None:
        return None
    return record.lon, record.lat


def _back() -> str:
    back = request.form.get("back", "")
    return back if _LIST.fullmatch(back) else "/desk/records"


def _ticked() -> dict[str, int]:
    """Return code → event of the listed state of the selected records."""
    found: dict[str, int] = {}
    for written in request.form.getlist("record"):
        code, _dot, seen = written.partition(".")
        try:
            canonical = codes.validate(code)
        except CodeError as error:
            raise InvalidInputError.of_field("record", error.code, wrong_code(error)) from None
        found[canonical] = parse_int(seen) or 0
    if not found:
        raise InvalidInputError.of_field("record", "missing", Message("no_dwelling_selected"))
    return found


def _look_up(ticked: dict[str, int]) -> Sequence[tuple[str, Record]]:
    """Return the records; raises OutsideUnitsError if the caller may not see one's commune."""
    with session_scope(register().read_engine) as session:
        records = records_of(session, ticked)
    note(units={gazetteer().units[r.unit_id].code for r in records.values() if r.unit_id})
    return list(records.items())


for _operation in OF_RECORD:
    serve(blueprint, f"/<address_code>/{_operation.name}", _operation, OneRecord, discloses=True)
for _operation in SEVERAL:
    _name = f"several_{_operation.kind}"
    _rule = f"/several/{_operation.name}"
    serve(blueprint, _rule, _operation, SeveralRecords, name=_name, methods=("POST",))
for _operation in (BY_NAME["propose"], BY_NAME["reserve"]):
    _name, _rule = f"new_{_operation.kind}", f"/new/{_operation.name}"
    serve(blueprint, _rule, _operation, OneRecord, name=_name, discloses=True)
