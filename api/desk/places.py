"""Streets and hamlets at the desk: list with gaps, and page of one."""

import io
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import request, send_file
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import signed_in_page
from api.desk.blueprint import (
    commune_written,
    communes_of,
    desk_blueprint,
    desk_page,
    room,
    unit_name,
)
from api.desk.operations import DeskMap
from api.desk.records_words import label_of
from geo.code import format as code_display
from geo.label import number_label
from registry.core.actors import outside_own
from registry.core.database import session_scope
from registry.core.messages import N_, _
from registry.files.kept import clean_name
from registry.lifecycle.listed_places import (
    PAGE,
    ListedPlace,
    PlaceClass,
    doors_of,
    former_names,
    list_places,
    seen_place,
)
from registry.lifecycle.number_table import MAX_LINES, numbers_form
from registry.lifecycle.table import BY_NAME, Operation
from registry.lifecycle.undoing import undoable_of_place
from registry.records.record import Record
from registry.units.gazetteer import today


@dataclass(frozen=True, slots=True)
class Kind:
    """Streets or hamlets, as a section of the desk."""

    name: str
    """Path segment."""
    noun: PlaceClass
    """Part of operation names, and member of requests."""
    title: str
    example: str

    @property
    def url(self) -> str:
        """URL of the list."""
        return f"/desk/{self.name}"

    def operation(self, verb: str) -> Operation:
        """Return the operation `verb` for this class of places."""
        return BY_NAME[f"{verb}-{self.noun}"]


KINDS: Final = {
    "streets": Kind("streets", "street", N_("Streets"), "Đường Trần Duy Hưng"),
    "hamlets": Kind("hamlets", "locality", N_("Hamlets"), "Tổ 9, Khu phố 1"),
}
VERBS: Final = {
    "rename": N_("Rename"),
    "merge": N_("Merge"),
    "renumber": N_("Renumber"),
}
_DOORS: Final = 300
"""Doors listed on the page of a place."""
_PLACE: Final = re.compile(r"(.{1,200})~([0-9]{1,18})")

blueprint = desk_blueprint("places", "/desk")
room(KINDS["streets"].url, KINDS["streets"].title, "viewer")
room(KINDS["hamlets"].url, KINDS["hamlets"].title, "viewer")


@blueprint.get("/streets", defaults={"name": "streets"})
@blueprint.get("/hamlets", defaults={"name": "hamlets"})
@signed_in_page("viewer")
def get_places(name: str) -> BaseResponse:
    """Places of the user's communes, with number of doors and gaps."""
    kind, sees = KINDS[name], caller().sees
    units = communes_of(sees)
    asked, called = request.args.get("unit", "").strip(), request.args.get("q", "").strip()[:200]
    chosen = commune_written(asked) if asked else None
    if chosen and chosen.code not in dict(units):
        raise outside_own(chosen.code)
    place = _PLACE.fullmatch(request.args.get("after", ""))
    with session_scope(register().engine) as session:
        found = list_places(
            session,
            kind.noun,
            {chosen.id} if chosen else None,
            called=called,
            after=(place[1], int(place[2])) if place else None,
        )
    asked = chosen.code if chosen else ""
    kept = {"unit": asked, "q": called}
    more = kept | {"after": f"{found[-1].key}~{found[-1].id}"} if len(found) == PAGE else None
    return desk_page(
        "desk/streets.html",
        kind=kind,
        places=[(each, unit_of(each.unit_id), former_words(each.former_unit_id)) for each in found],
        units=units,
        several=sees is None or len(sees) > 1,
        asked=asked,
        called=called,
        more=urlencode({n: v for n, v in more.items() if v}) if more else None,
    )


@blueprint.get("/streets/<int:place_id>", defaults={"name": "streets"})
@blueprint.get("/hamlets/<int:place_id>", defaults={"name": "hamlets"})
@signed_in_page("viewer")
def get_place(name: str, place_id: int) -> BaseResponse:
    """One place with its doors, former names, gaps and operations."""
    kind = KINDS[name]
    with session_scope(register().engine) as session:
        place = _place(session, kind, place_id)
        former = former_names(session, place)
        records = doors_of(session, kind.noun, [place.id], _DOORS)
        undoable = (
            undoable_of_place(session, kind.noun, place.id) if caller().may("approver") else []
        )
    former_unit = gazetteer().units.get(place.former_unit_id or 0)
    return desk_page(
        "desk/street.html",
        kind=kind,
        place=place,
        map=map_of(place),
        unit=unit_of(place.unit_id),
        former_unit=former_unit.code if former_unit else "",
        formerly=former_words(place.former_unit_id),
        former=former,
        doors=[
            (code_display(r.code), r.code, number_of(r), label_of(gazetteer(), r)) for r in records
        ],
        verbs={verb: _(called) for verb, called in VERBS.items()},
        undoable=undoable,
    )


@blueprint.get("/streets/<int:place_id>/numbers.xlsx", defaults={"name": "streets"})
@blueprint.get("/hamlets/<int:place_id>/numbers.xlsx", defaults={"name": "hamlets"})
@signed_in_page("viewer")
def get_numbers(name: str, place_id: int) -> BaseResponse:
    """The current numbers, in a workbook for filling in new ones."""
    with session_scope(register().engine) as session:
        place = _place(session, KINDS[name], place_id)
        records = doors_of(session, place.class_, [place.id], 2 * MAX_LINES, counted=True)
    numbers = {
        number_of(each): label_of(gazetteer(), each)
        for each in records[::-1]
        if each.house_number_key
    }
    note(count=len(records), units=[gazetteer().units[place.unit_id].code])
    made = send_file(
        io.BytesIO(numbers_form(reversed(numbers.items()))),
        as_attachment=True,
        download_name=clean_name(f"so-nha {place.shown}.xlsx"),
        etag=False,
    )
    made.headers["Cache-Control"] = "no-store"
    return made


def _place(session: Session, kind: Kind, place_id: int) -> ListedPlace:
    """Return the place; raises NotFoundError, OutsideUnitsError."""
    return seen_place(session, kind.noun, min(place_id, 2**63 - 1))


def unit_of(unit_id: int) -> tuple[str, str]:
    """Return code and name of a unit."""
    code = gazetteer().units[unit_id].code
    return code, unit_name(code)


def former_words(unit_id: int | None) -> str:
    """Return the commune before July 2025, as a suffix of a place's name; empty if unambiguous."""
    unit = gazetteer().units.get(unit_id or 0)
    if unit is None:
        return ""
    version = unit.version_on(today()) if unit.alive_on(today()) else unit.versions[-1]
    return f" ({_('formerly {name}', name=version.full_name)})"


def map_of(place: ListedPlace) -> DeskMap:
    """Return a map of the doors of a place."""
    unit = gazetteer().units[place.unit_id]
    listed = urlencode({"unit": unit.code, place.class_: place.id})
    return DeskMap(unit.code, unit.lon, unit.lat, points=listed)


def number_of(record: Record) -> str:
    """Return the house number as written; empty without one."""
    key = record.house_number_key
    return number_label(key, record.house_number) if key else ""
