"""What a form of the desk asks to do with a street or a hamlet, and what that does to its doors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from flask import request
from pydantic import ValidationError
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from api.core.context import gazetteer
from api.core.errors import invalid_input
from api.desk.blueprint import commune_written, whole
from registry.core.errors import InvalidInputError
from registry.core.messages import N_, Message
from registry.lifecycle.effects import Effect, merged, renamed, renumbered
from registry.lifecycle.listed_places import (
    ListedPlace,
    PlaceClass,
    doors_of,
    namesakes,
    seen_place,
    state_of,
)
from registry.lifecycle.number_table import MAX_LINES, Line, read_numbers_file, read_pasted
from registry.lifecycle.requests import OperationRequest
from registry.lifecycle.table import BY_NAME, Operation

Verb = Literal["rename", "merge", "renumber"]

_SHOWN: Final = 20
"""Doors that are shown of a place that is only called otherwise."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Streets, or hamlets."""

    url: str
    noun: PlaceClass
    """In the names of operations, and what their requests call the name."""
    title: str
    example: str

    def operation(self, verb: str) -> Operation:
        """That does this with one of them."""
        return BY_NAME[f"{verb}-{self.noun}"]


KINDS: Final = {
    "streets": Kind(
        "/desk/streets",
        "street",
        N_("Streets"),
        "Đường Trần Duy Hưng",
    ),
    "hamlets": Kind(
        "/desk/hamlets",
        "locality",
        N_("Hamlets"),
        "Tổ 9, Khu phố 1",
    ),
}


@dataclass(frozen=True, slots=True)
class Change:
    """What is asked, and what it does."""

    operation: Operation
    request: OperationRequest
    effects: list[Effect]
    doors: int
    """How many it is about in all."""
    state: str
    """Of the places and their doors, when that was looked at."""
    kept: Mapping[str, str]
    """Fields that say the same again, beside those of the form."""
    leads_to: int
    """The place that is there afterwards."""


def change_asked(
    session: Session, kind: Kind, place: ListedPlace, verb: Verb, form: MultiDict[str, str]
) -> Change:
    """What a form asks. Raises InvalidInputError and UnreadableFileError for what cannot be."""
    operation = kind.operation(verb)
    places = _places(session, place, form) if kind.noun == "street" and verb != "merge" else [place]
    given = _where(kind, place, places) | _why(form)
    kept: dict[str, str] = {}
    ids, into, lines = [each.id for each in places], place, []
    if verb == "rename":
        given["new_name"] = form.get("new_name", "").strip()
    elif verb == "merge":
        into = _into(session, place, form)
        given["into"] = into.shown
        given |= {"into_former_commune": former} if (former := _former(into)) else {}
        given |= {"same_address": True} if form.get("same_address") else {}
        ids.append(into.id)
    else:
        lines = _numbers(form)
        if kind.noun == "locality":
            lines = [{"old": line["old"], "new": line["new"]} for line in lines]
        given["numbers"] = lines
        kept["numbers"] = _pasted(lines)
    asked = _request(operation, given)
    state = state_of(session, place.class_, ids)
    doors = sum(each.doors for each in places)
    if verb == "renumber":
        records = doors_of(session, place.class_, ids, 2 * MAX_LINES, counted=True)
        units = {gazetteer().units[each.unit_id].code: each.unit_id for each in places}
        effects = renumbered(records, lines, units)
        doors = len(effects)
    else:
        records = doors_of(session, place.class_, [each.id for each in places], _SHOWN)
        new_name = given.get("new_name", "")
        effects = renamed(records, place, new_name) if new_name else merged(records, place, into)
    return Change(operation, asked, effects, doors, state, kept, into.id)


def name_asked(kind: Kind, form: MultiDict[str, str]) -> tuple[Operation, OperationRequest]:
    """A new street or hamlet, as a form names it. Raises InvalidInputError."""
    operation = kind.operation("name")
    given = {
        "commune": commune_written(form.get("commune", "")).code,
        kind.noun: form.get("name", "").strip(),
    }
    return operation, _request(operation, given | _why(form))


def _places(session: Session, place: ListedPlace, form: MultiDict[str, str]) -> list[ListedPlace]:
    """The street in each of the communes that are ticked; in its own alone where none is."""
    ticked = set(form.getlist("communes"))
    units = gazetteer().units
    others = [
        each
        for each in (namesakes(session, place) if ticked else ())
        if units[each.unit_id].code in ticked
    ]
    return [place, *others]


def _where(kind: Kind, place: ListedPlace, places: list[ListedPlace]) -> dict[str, Any]:
    """By what a request finds its places."""
    units = gazetteer().units
    communes = sorted({units[each.unit_id].code for each in places})
    if len(communes) > 1:
        return {"communes": communes, kind.noun: place.shown}
    found: dict[str, Any] = {"commune": communes[0], kind.noun: place.shown}
    return found | ({"former_commune": former} if (former := _former(place)) else {})


def _former(place: ListedPlace) -> str | None:
    former = gazetteer().units.get(place.former_unit_id or 0)
    return former.code if former else None


def _into(session: Session, place: ListedPlace, form: MultiDict[str, str]) -> ListedPlace:
    chosen = whole(form.get("into"))
    if chosen is None:
        raise InvalidInputError.of_field("into", "missing", Message("choose_merge_target"))
    into = seen_place(session, place.class_, chosen)
    if into.unit_id != place.unit_id:
        raise InvalidInputError.of_field(
            "into", "outside_commune", Message("place_in_other_commune")
        )
    return into


def _numbers(form: MultiDict[str, str]) -> list[Line]:
    """Of the file, where there is one, else of what was pasted."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return read_numbers_file(file.read(), file.filename)
    return read_pasted(form.get("numbers", ""))


def _pasted(lines: list[Line]) -> str:
    """The table as it can be pasted."""
    return "\n".join("\t".join(line.values()) for line in lines)


def _why(form: MultiDict[str, str]) -> dict[str, str]:
    names = ("decision_number", "reason")
    return {name: value for name in names if (value := form.get(name, "").strip())}


def _request(operation: Operation, given: Mapping[str, Any]) -> OperationRequest:
    try:
        return operation.request.model_validate(given)
    except ValidationError as error:
        raise invalid_input(error, operation.request) from None
