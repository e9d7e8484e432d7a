"""Streets and hamlets at the desk: listed with what is missing, named, renamed, merged, renumbered.

A change is shown first, door by door, and done when who looked at it says so; where somebody wrote
there meanwhile, it is shown again.
"""

import io
import re
from collections.abc import Mapping
from operator import itemgetter
from typing import Any, Final, NamedTuple, get_args
from urllib.parse import urlencode

from flask import abort, request, send_file
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.audit import note, note_done, note_operation
from api.core.context import gazetteer, register
from api.core.endpoint import signed_in_page
from api.core.errors import status_of
from api.desk.blueprint import (
    ONCE,
    commune_written,
    desk_blueprint,
    desk_page,
    done,
    done_before,
    filed,
    new_once,
    once_of_form,
    room,
    whole,
)
from api.desk.place_changes import KINDS, Change, Kind, Verb, change_asked, name_asked
from geo.code import format as code_display
from geo.label import number_label
from registry.core.actors import outside_own
from registry.core.database import session_scope
from registry.core.errors import AlreadyDoneError, RegistryError
from registry.core.messages import N_, _
from registry.files.kept import clean_name
from registry.lifecycle.listed_places import (
    PAGE,
    ListedPlace,
    doors_of,
    former_names,
    list_places,
    names_in,
    namesakes,
    seen_place,
)
from registry.lifecycle.number_table import MAX_LINES, numbers_form
from registry.lifecycle.run import once_only, perform
from registry.lifecycle.undoing import undoable_of_place
from registry.lifecycle.work import Done
from registry.records.record import Record, record_wording
from registry.units.gazetteer import today

blueprint = desk_blueprint("places", "/desk")
room(KINDS["streets"].url, KINDS["streets"].title, "viewer")
room(KINDS["hamlets"].url, KINDS["hamlets"].title, "viewer")

VERBS: Final = {
    "rename": N_("Rename"),
    "merge": N_("Merge"),
    "renumber": N_("Renumber"),
}
_DONE: Final = {
    "rename": N_(
        "Renamed: {doors:n} addresses read by the new name, codes stay. The old name"
        " still leads there."
    ),
    "merge": N_(
        "Merged: {doors:n} records came here, codes stay. Old name and numbers still lead there."
    ),
    "renumber": N_("Renumbered: {doors:n} records, codes stay. Old numbers still lead there."),
}
"""What is said of so many doors."""
_DOORS: Final = 300
"""Doors that the page of a place lists."""
_EFFECTS: Final = 2_000
"""Doors that a preview lists."""
_COMPLAINTS: Final = 20
_PLACE: Final = re.compile(r"(.{1,200})~([0-9]{1,18})")
_LINE: Final = re.compile(r"numbers\.(\d+)\.")


class _Shown(NamedTuple):
    """A door that a change touches, in words."""

    code: str
    code_display: str
    old: str
    new: str
    before: str
    after: str
    shared: tuple[str, ...]


@blueprint.get("/streets", defaults={"name": "streets"})
@blueprint.get("/hamlets", defaults={"name": "hamlets"})
@signed_in_page("viewer")
def get_places(name: str) -> BaseResponse:
    """Those of the reader's communes, with how many doors and what is missing."""
    return _list(KINDS[name])


@blueprint.post("/streets", defaults={"name": "streets"})
@blueprint.post("/hamlets", defaults={"name": "hamlets"})
@signed_in_page("editor")
def post_name(name: str) -> BaseResponse:
    """Name a new one: shown with those that are called nearly so, then done."""
    kind, form = KINDS[name], request.form
    if form.get("step") == "edit":
        return _list(kind, filled=form)
    sure = form.get("step") == "sure"
    try:
        operation, asked = name_asked(kind, form)
        note_operation(operation, [asked])
        made = perform(
            *(register().engine, operation, asked),
            actor=caller().name,
            once=once_of_form() if sure else None,
            dry_run=not sure,
        )
    except AlreadyDoneError:
        return done_before(f"{kind.url}?{urlencode({'q': form.get('name', '')})}")
    except RegistryError as error:
        told = {"complaints": _complaints(error), "taken": error.extra.get("place")}
        return _list(kind, status_of(error), filled=form, **told)
    if sure:
        note_done(made)
        if made.pending_id is not None:
            return filed(made.pending_id)
        called = made.place.name if made.place else ""
        return done(kind.url, _("Named: {name}.", name=called))
    unit = commune_written(form["commune"])
    with session_scope(register().engine) as session:
        near = list_places(session, kind.noun, [unit.id], called=form.get("name", ""))
    return desk_page(
        "desk/street_named.html",
        kind=kind,
        form=form,
        near=near[:10],
        unit=_unit(unit.id),
        once=new_once(),
    )


@blueprint.get("/streets/<int:place_id>", defaults={"name": "streets"})
@blueprint.get("/hamlets/<int:place_id>", defaults={"name": "hamlets"})
@signed_in_page("viewer")
def get_place(name: str, place_id: int) -> BaseResponse:
    """One with its doors, its former names and what is missing, and the forms to change it."""
    into = MultiDict({"into": request.args.get("into", "")[:20]})
    return _one(KINDS[name], place_id, filled=into, opened="merge" if into["into"] else "")


@blueprint.get("/streets/<int:place_id>/numbers.xlsx", defaults={"name": "streets"})
@blueprint.get("/hamlets/<int:place_id>/numbers.xlsx", defaults={"name": "hamlets"})
@signed_in_page("viewer")
def get_numbers(name: str, place_id: int) -> BaseResponse:
    """The numbers as they are, in a workbook in which new ones are filled in."""
    with session_scope(register().engine) as session:
        place = _place(session, KINDS[name], place_id)
        records = doors_of(session, place.class_, [place.id], 2 * MAX_LINES, counted=True)
    numbers = {_number(each): _label(each) for each in reversed(records) if each.house_number_key}
    note(count=len(records), units=[gazetteer().units[place.unit_id].code])
    made = send_file(
        io.BytesIO(numbers_form(reversed(numbers.items()))),
        as_attachment=True,
        download_name=clean_name(f"so-nha {place.shown}.xlsx"),
        etag=False,
    )
    made.headers["Cache-Control"] = "no-store"
    return made


@blueprint.post("/streets/<int:place_id>/<verb>", defaults={"name": "streets"})
@blueprint.post("/hamlets/<int:place_id>/<verb>", defaults={"name": "hamlets"})
@signed_in_page("approver")
def post_change(name: str, place_id: int, verb: str) -> BaseResponse:
    """Show what a change does to each door; do it when who saw that says so."""
    if verb not in get_args(Verb):
        abort(404)
    kind, form = KINDS[name], request.form
    if form.get("step") == "edit":
        return _one(kind, place_id, filled=form, opened=verb)
    engine, once = register().engine, once_of_form()
    try:
        # Of a form that is sent twice also what is looked at first may be another by then.
        with once_only(engine, once):
            with session_scope(engine) as session:
                place = _place(session, kind, place_id)
                change = change_asked(session, kind, place, verb, form)  # type: ignore[arg-type]
            note_operation(change.operation, [change.request])
            sure = form.get("seen") == change.state
            made = perform(
                *(engine, change.operation, change.request),
                actor=caller().name,
                once=once if sure else None,
                dry_run=not sure,
            )
    except AlreadyDoneError:
        return done_before(f"{kind.url}/{whole(form.get('into')) or place_id}")
    except RegistryError as error:
        # What is not the reader's, or no more, `_one` refuses by itself.
        told = {"complaints": _complaints(error), "filled": form, "opened": verb}
        return _one(kind, place_id, status_of(error), taken=error.extra.get("place"), **told)
    if not sure:
        return _preview(kind, place, verb, change, made)
    note_done(made)
    if made.pending_id is not None:
        return filed(made.pending_id)
    return done(f"{kind.url}/{change.leads_to}", _(_DONE[verb], doors=change.doors))


def _list(kind: Kind, status: int = 200, **values: Any) -> BaseResponse:
    sees, units = caller().sees, _units()
    asked, called = request.args.get("unit", "").strip(), request.args.get("q", "").strip()[:200]
    asked = commune_written(asked).code if asked else ""
    chosen = {unit_id for unit_id, code, _ in units if code == asked}
    if asked and not chosen:
        raise outside_own(asked)
    place = _PLACE.fullmatch(request.args.get("after", ""))
    with session_scope(register().engine) as session:
        found = list_places(
            session,
            kind.noun,
            chosen or None,
            called=called,
            after=(place[1], int(place[2])) if place else None,
        )
    kept = {"unit": asked, "q": called}
    more = kept | {"after": f"{found[-1].key}~{found[-1].id}"} if len(found) == PAGE else None
    return desk_page(
        "desk/streets.html",
        status,
        kind=kind,
        places=[(each, _unit(each.unit_id), _unit(each.former_unit_id)) for each in found],
        units=units,
        communes=[(code, name) for _, code, name in units],
        several=sees is None or len(sees) > 1,
        asked=asked,
        called=called,
        more=urlencode({n: v for n, v in more.items() if v}) if more else None,
        **{"complaints": (), "filled": MultiDict(), "taken": None} | values,
    )


def _one(kind: Kind, place_id: int, status: int = 200, **values: Any) -> BaseResponse:
    with session_scope(register().engine) as session:
        place = _place(session, kind, place_id)
        same = namesakes(session, place) if kind.noun == "street" else []
        others = names_in(session, kind.noun, place.unit_id) if caller().may("approver") else []
        former = former_names(session, place)
        undoable = (
            undoable_of_place(session, kind.noun, place.id) if caller().may("approver") else []
        )
        records = doors_of(session, kind.noun, [place.id], _DOORS)
    return desk_page(
        "desk/street.html",
        status,
        kind=kind,
        place=place,
        unit=_unit(place.unit_id),
        former_unit=_unit(place.former_unit_id),
        former=former,
        same=[(each, _unit(each.unit_id)) for each in same if each.unit_id != place.unit_id],
        others=[
            (other_id, shown, _unit(unit_id))
            for other_id, shown, unit_id in others
            if other_id != place.id
        ],
        doors=[(code_display(r.code), r.code, _number(r), _label(r)) for r in records],
        verbs={verb: _(said) for verb, said in VERBS.items()},
        undoable=undoable,
        **{"complaints": (), "filled": MultiDict(), "opened": "", "taken": None} | values,
    )


def _preview(kind: Kind, place: ListedPlace, verb: str, change: Change, made: Done) -> BaseResponse:
    """What will be done; where somebody wrote there since it was shown, it is shown again (412)."""
    again = "seen" in request.form
    left_out = ("csrf", "seen", "step", ONCE, *change.kept)
    fields = [(n, v) for n, v in request.form.items(multi=True) if n not in left_out]
    return desk_page(
        "desk/street_preview.html",
        412 if again else 200,
        kind=kind,
        place=place,
        unit=_unit(place.unit_id),
        verb=verb,
        doing=_(VERBS[verb]),
        change=change,
        made=made,
        again=again,
        once=new_once(),
        names={code: _name_of(code) for street in made.streets for code in [street.commune]},
        fields=[*fields, *change.kept.items()],
        effects=[
            _Shown(
                each.before.code,
                code_display(each.before.code),
                _number(each.before),
                _number(each.after),
                _label(each.before),
                _label(each.after),
                tuple(map(code_display, each.shared)),
            )
            for each in change.effects[:_EFFECTS]
        ],
    )


def _place(session: Session, kind: Kind, place_id: int) -> ListedPlace:
    """The place; raises NotFoundError, OutsideUnitsError."""
    return seen_place(session, kind.noun, min(place_id, 2**63 - 1))


def _units() -> list[tuple[int, str, str]]:
    """Id, code and name of the communes that the reader sees, by name."""
    known, sees, day = gazetteer(), caller().sees, today()
    seen = known.alive(day, level="commune") if sees is None else (known.units[i] for i in sees)
    return sorted(((u.id, u.code, u.version_on(day).full_name) for u in seen), key=itemgetter(2))


def _unit(unit_id: int | None) -> Mapping[str, str] | None:
    """Code and name of a unit, of before under its last name."""
    unit = gazetteer().units.get(unit_id or 0)
    if unit is None:
        return None
    version = unit.version_on(today()) if unit.alive_on(today()) else unit.versions[-1]
    return {"code": unit.code, "name": version.full_name}


def _name_of(code: str) -> str:
    living = (u for u in gazetteer().with_code(code) if u.alive_on(today()))
    return next((u.version_on(today()).full_name for u in living), code)


def _number(record: Record) -> str:
    return (
        number_label(record.house_number_key, record.house_number)
        if record.house_number_key
        else ""
    )


def _label(record: Record) -> str:
    return record_wording(gazetteer(), today(), record).label


def _complaints(error: RegistryError) -> list[str]:
    """All that is wrong, in the page's language; of a table with the line."""
    given: Any = error.extra.get("errors") or [{"field": "", "detail": error.detail}]
    found = []
    for each in given[:_COMPLAINTS]:
        said = str(each["detail"])
        if line := _LINE.match(each.get("field", "")):
            at = int(line[1]) + 1
            said = _("line {at} of the table: {said}", at=at, said=said)
        found.append(said)
    return found
