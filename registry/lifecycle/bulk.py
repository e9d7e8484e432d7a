"""Operations on a whole street or locality.

A new name touches no household, which references its street by id. A merger or new numbers update
households in sets, and keep former numbers in `household_former_number` (a trigger keeps former
names).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from geo.label import named
from geo.spelling import Spelling, spelling
from registry.core.errors import (
    AddressTakenError,
    ConflictError,
    InvalidInputError,
    NameTakenError,
)
from registry.core.messages import Message, Several
from registry.core.sql import Statements
from registry.lifecycle import requests as r
from registry.lifecycle.addresses import read_number
from registry.lifecycle.work import ChangedStreet, Done, NamedPlace, Work
from registry.records.named_places import (
    FoundPlace,
    check_name,
    commune_id,
    former_id,
    holders,
    locality_of,
    lock_places,
    marks_in,
    read_localities,
    read_street,
    street_of,
    streets_of,
)

SQL: Final = Statements(__file__)

_RENAME: Final = text(
    "UPDATE place SET key = :key, marks = :marks, name = :name, kind = :kind WHERE id = :id"
)
_MOVE_INNER: Final = text("UPDATE place SET parent_id = :into WHERE parent_id = :id")
_END: Final = text("UPDATE place SET merged_into_id = :into, key = '#' || id WHERE id = :id")
_COMMUNES: Final = text("SELECT id, code FROM admin_unit WHERE id = ANY (:units)")
_COUNT_IN: Final = {"street": "count_in_streets", "locality": "count_in_localities"}
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_MAX_NAMED: Final = 20
"""Numbers listed in an error; a table may have thousands."""


@dataclass(frozen=True, slots=True)
class PlaceName:
    """The name of a street or locality."""

    key: str
    name: str
    kind: str


def name_street(work: Work, request: r.NameStreetRequest) -> Done:
    """Register a street."""
    name = _street_name(request.street, "street", "đường")
    return _make(work, "street", request, name, None)


def name_locality(work: Work, request: r.NameLocalityRequest) -> Done:
    """Register a locality, alone or inside an existing one."""
    check_name(request.locality, "locality")
    inner, *outer = read_localities(request.locality)
    parent = None
    if outer:
        unit_id = commune_id(work.session, request.commune)
        former = _former(work, request.former_commune, unit_id)
        behind = request.locality.split(",", 1)[1]
        parent = work.took("locality", locality_of(work.session, unit_id, former, behind)).id
    return _make(work, "locality", request, PlaceName(inner.key, inner.name, inner.kind), parent)


def rename_street(work: Work, request: r.RenameStreetRequest) -> Done:
    """Rename a street; households are not rewritten."""
    streets = _streets(work, request)
    names = {p.id: _street_name(request.new_name, "new_name", p.kind) for p in streets}
    done = _rename(work, "street", [(place, names[place.id]) for place in streets])
    return replace(done, streets=changed_streets(work, streets, names))


def rename_locality(work: Work, request: r.RenameLocalityRequest) -> Done:
    """Rename a locality; households are not rewritten."""
    place = _locality(work, request, request.locality)
    check_name(request.new_name, "new_name")
    inner, *outer = read_localities(request.new_name, "new_name")
    if outer:
        raise InvalidInputError.of_field("new_name", "unreadable", Message("one_name_only"))
    return _rename(work, "locality", [(place, PlaceName(inner.key, inner.name, inner.kind))])


def merge_street(work: Work, request: r.MergeStreetRequest) -> Done:
    """Move all doors of a street into another street of the commune."""
    place = _street(work, request, request.street)
    into = _merge_target(work, request, place, street_of)
    return _merge(work, "street", place, into, same_address=request.same_address)


def merge_locality(work: Work, request: r.MergeLocalityRequest) -> Done:
    """Move everything in a locality into another locality of the commune."""
    place = _locality(work, request, request.locality)
    into = _merge_target(work, request, place, locality_of)
    if place.id in {holder for holder, *_ in holders(work.session, into.id)}:
        raise InvalidInputError.of_field("into", "inside_itself", Message("place_inside_other"))
    return _merge(work, "locality", place, into, same_address=request.same_address)


def renumber_street(work: Work, request: r.RenumberStreetRequest) -> Done:
    """Renumber a street from a table, in one statement, so that numbers may be swapped."""
    streets = _streets(work, request)
    done, rewritten = _renumber(work, "street", streets, request.numbers)
    return replace(done, streets=changed_streets(work, streets, {}, rewritten))


def renumber_locality(work: Work, request: r.RenumberLocalityRequest) -> Done:
    """Renumber the doors of a locality that have no street, in one statement."""
    place = _locality(work, request, request.locality)
    return _renumber(work, "locality", [place], request.numbers)[0]


def _renumber(
    work: Work, class_: str, places: Sequence[FoundPlace], numbers: Sequence[r.NewNumber]
) -> tuple[Done, dict[int, int]]:
    """Return what was done, and the number of records changed in each place."""
    ids = [place.id for place in places]
    lock_places(work.session, *ids)
    parameters = {"ids": ids, "limit": _MAX_NAMED, **_table_of(work, places, numbers)}
    _refuse_numbers(
        work.session.scalars(SQL.text("unknown_numbers", class_), parameters).all(),
        "unknown_number",
        Message("house_number_unknown_there"),
    )
    _refuse_numbers(
        work.session.scalars(SQL.text("numbers_in_range", class_), parameters).all()
        if places[1:]
        else (),
        "number_in_several",
        Message("number_in_several_places"),
    )
    if taken := work.session.scalars(SQL.text("taken_numbers", class_), parameters).all():
        raise AddressTakenError(Message("new_numbers_taken", taken=", ".join(taken)))
    work.begin(**{_SCOPE[class_]: ids})
    work.session.execute(SQL.text("keep_numbers_of_lines", class_), parameters)
    rows = work.session.execute(SQL.text("renumber", class_), parameters)
    rewritten: dict[int, int] = {row.id: row.rewritten for row in rows}
    work.in_force = sum(rewritten.values())
    place = NamedPlace(ids[0], places[0].kind, places[0].name)
    return work.done(place, sum(rewritten.values())), rewritten


def _make(
    work: Work,
    class_: str,
    request: r.StreetRequest | r.LocalityRequest,
    name: PlaceName,
    parent: int | None,
) -> Done:
    unit_id = commune_id(work.session, request.commune)
    former = _former(work, request.former_commune, unit_id)
    work.begin(units=[unit_id])
    marks = marks_in(work.session, class_, unit_id, name.key, name.name)
    where = {"class": class_, "unit": unit_id, "former": former, "parent": parent, "marks": marks}
    parameters = where | _columns(name)
    made = work.session.execute(SQL.text("insert_place"), parameters).scalar_one_or_none()
    if made is None:
        raise _existing_place(work, parameters | {"id": 0})
    return work.done(NamedPlace(made, name.kind, name.name))


def _existing_place(work: Work, name: Mapping[str, Any]) -> NameTakenError:
    """Return the error for an existing place of this key, which may differ in its marks."""
    existing_id, kind, registered = work.session.execute(SQL.text("namesake"), name).one()
    shown = named(kind, registered)
    if spelling(name["name"], registered) is Spelling.SAME:
        message = Message("place_exists_merge", shown=shown)
    else:
        message = Message("similar_place_unclear", shown=shown)
    return NameTakenError(message, place={"id": existing_id, "name": shown})


def _rename(work: Work, class_: str, renamed: Sequence[tuple[FoundPlace, PlaceName]]) -> Done:
    ids = [place.id for place, _ in renamed]
    lock_places(work.session, *ids)
    codes = _communes(work, [place.unit_id for place, _ in renamed])
    items = [(codes[each[0].unit_id], each) for each in renamed]
    rows = _for_each_commune(items, lambda each: renamed_row(work, class_, *each))
    work.begin(**{_SCOPE[class_]: ids})
    for row in rows:
        work.session.execute(_RENAME, row)
    work.in_force = count_in_force(work.session, class_, ids)
    _, name = renamed[0]
    return work.done(NamedPlace(ids[0], name.kind, name.name))


def count_in_force(session: Session, class_: str, ids: Sequence[int]) -> int:
    """Count the active records that have the name of one of these places in their address."""
    counted: int = session.scalars(SQL.text(_COUNT_IN[class_]), {"ids": list(ids)}).one()
    return counted


def renamed_row(work: Work, class_: str, place: FoundPlace, name: PlaceName) -> dict[str, Any]:
    """Return the row of a place under its new name; raises ConflictError if the name is taken."""
    if (name.key, name.name, name.kind) == (place.key, place.name, place.kind):
        raise ConflictError(Message("name_unchanged"))
    marks = marks_in(work.session, class_, place.unit_id, name.key, name.name, but=place.id)
    renamed = {
        "class": class_,
        "unit": place.unit_id,
        "former": place.former_unit_id,
        "parent": place.parent_id,
        "id": place.id,
        "marks": marks,
        **_columns(name),
    }
    if work.session.execute(SQL.text("namesake"), renamed).first():
        raise _existing_place(work, renamed)
    return renamed


def _merge(
    work: Work, class_: str, place: FoundPlace, into: FoundPlace, *, same_address: bool
) -> Done:
    if place.id == into.id:
        raise InvalidInputError.of_field("into", "given_twice", Message("same_place"))
    lock_places(work.session, place.id, into.id)
    parameters = {"id": place.id, "into": into.id, "limit": _MAX_NAMED}
    meeting = (
        [] if same_address else work.session.scalars(SQL.text("meeting", class_), parameters).all()
    )
    if meeting:
        raise AddressTakenError(Message("numbers_in_both_places", numbers=", ".join(meeting)))
    if class_ == "locality" and (
        inner := work.session.scalars(SQL.text("inner_meeting"), parameters).all()
    ):
        raise ConflictError(Message("places_share_inner_names", names=", ".join(inner)))
    work.begin(**{_SCOPE[class_]: [place.id, into.id]})
    work.session.execute(SQL.text("keep_numbers", class_), parameters)
    rewritten = work.in_force = _count(work, SQL.text("move_doors", class_), parameters)
    if class_ == "locality":
        work.session.execute(_MOVE_INNER, parameters)
    work.session.execute(_END, parameters)
    return work.done(NamedPlace(into.id, into.kind, into.name), rewritten)


_SCOPE: Final = {"street": "streets", "locality": "localities"}


def _street(work: Work, request: r.StreetRequest, written: str) -> FoundPlace:
    unit_id = commune_id(work.session, request.commune)
    former = _former(work, request.former_commune, unit_id)
    return work.took("street", street_of(work.session, unit_id, former, written))


def _streets(work: Work, request: r.WideStreetRequest) -> list[FoundPlace]:
    """Return the street of the request in each of its communes."""
    if request.commune is not None:
        unit_id = commune_id(work.session, request.commune)
        former = _former(work, request.former_commune, unit_id)
        return [work.took("street", street_of(work.session, unit_id, former, request.street))]

    def in_commune(code: str) -> list[FoundPlace]:
        unit_id = commune_id(work.session, code, "communes")
        found = streets_of(work.session, unit_id, request.street)
        return [work.took("street", street) for street in found]

    found = _for_each_commune([(code, code) for code in request.communes or ()], in_commune)
    return list(chain.from_iterable(found))


def _for_each_commune(
    items: Sequence[tuple[str, _Item]], do: Callable[[_Item], _Result]
) -> list[_Result]:
    """Apply `do` to each item, paired with its commune's code; raise all errors as one."""
    made: list[_Result] = []
    wrong: list[tuple[str, InvalidInputError | ConflictError]] = []
    for commune, one in items:
        try:
            made.append(do(one))
        except (InvalidInputError, ConflictError) as error:
            if len(items) == 1:
                raise
            wrong.append((commune, error))
    if wrong:
        raise _combined(wrong)
    return made


def _combined(
    wrong: Sequence[tuple[str, InvalidInputError | ConflictError]],
) -> InvalidInputError | ConflictError:
    """Combine the errors of several communes into one."""
    errors = [
        {
            "field": "communes",
            "code": _code_of(error),
            "detail": Message("field_says", field=commune, detail=error.message),
        }
        for commune, error in wrong
    ]
    shown = Several(
        Message("field_says", field=commune, detail=error.message)
        for commune, error in wrong[:_MAX_NAMED]
    )
    conflict = any(isinstance(error, ConflictError) for _, error in wrong)
    return (ConflictError if conflict else InvalidInputError)(shown, errors=errors)


def _code_of(error: InvalidInputError | ConflictError) -> str:
    """Return the stable code of the error, the first if there are several."""
    errors: Any = error.extra.get("errors") or [{"code": error.code}]
    return str(errors[0]["code"])


def _communes(work: Work, units: Sequence[int]) -> dict[int, str]:
    """Map ids of communes to their codes."""
    rows = work.session.execute(_COMMUNES, {"units": list(units)})
    return {row.id: row.code for row in rows}


def changed_streets(
    work: Work,
    streets: Sequence[FoundPlace],
    names: Mapping[int, PlaceName],
    rewritten: Mapping[int, int] | None = None,
) -> tuple[ChangedStreet, ...]:
    """Return the changes of a street in each of its communes."""
    communes = _communes(work, [street.unit_id for street in streets])
    ids = [street.id for street in streets]
    doors = {
        row.id: row.doors
        for row in work.session.execute(SQL.text("doors_of_streets"), {"ids": ids})
    }
    return tuple(
        ChangedStreet(
            communes[street.unit_id],
            named(street.kind, street.name),
            named(name.kind, name.name) if (name := names.get(street.id)) else None,
            doors.get(street.id, 0),
            (rewritten or {}).get(street.id, 0),
        )
        for street in streets
    )


def _locality(work: Work, request: r.LocalityRequest, written: str) -> FoundPlace:
    unit_id = commune_id(work.session, request.commune)
    former = _former(work, request.former_commune, unit_id)
    return work.took("locality", locality_of(work.session, unit_id, former, written))


def _merge_target(
    work: Work,
    request: r.MergeStreetRequest | r.MergeLocalityRequest,
    place: FoundPlace,
    find: Callable[..., FoundPlace],
) -> FoundPlace:
    former = request.into_former_commune
    former_unit = (
        former_id(work.session, former, place.unit_id, "into_former_commune") if former else None
    )
    return work.took("into", find(work.session, place.unit_id, former_unit, request.into, "into"))


def _former(work: Work, code: str | None, unit_id: int) -> int | None:
    return former_id(work.session, code, unit_id) if code else None


def _street_name(written: str, name: str, kind: str) -> PlaceName:
    check_name(written, name)
    read = read_street(written, name)
    return PlaceName(read.key, read.name, read.kind or kind)


def _columns(name: PlaceName) -> dict[str, str]:
    return {"key": name.key, "name": name.name, "kind": name.kind}


class _Line(NamedTuple):
    """A line of a table of numbers: keys, and the new number as written."""

    old: str
    written: str
    new: str
    unit: int | None
    """Commune of the door, where each commune has its own numbering."""


def _table_of(
    work: Work, places: Sequence[FoundPlace], numbers: Sequence[r.NewNumber]
) -> dict[str, list[Any]]:
    """Return the lines by column, without those that change nothing."""
    units = _units_of(work, places, numbers)
    lines = [
        _Line(
            read_number(line.old, f"numbers.{at}.old"),
            line.new,
            read_number(line.new, f"numbers.{at}.new"),
            unit,
        )
        for at, (line, unit) in enumerate(zip(numbers, units, strict=True))
    ]
    for name in ("old", "new"):
        seen: dict[tuple[str, int | None], int] = {}
        for at, line in enumerate(lines):
            number = getattr(line, name)
            if seen.setdefault((number, line.unit), at) != at:
                raise InvalidInputError.of_field(
                    f"numbers.{at}.{name}",
                    "given_twice",
                    Message("house_number_repeated", number=number),
                )
    changing = [line for line in lines if line.old != line.new]
    # Doors that keep their number still occupy it.
    kept = {(line.old, line.unit) for line in lines if line.old == line.new}
    _refuse_numbers(
        sorted({line.new for line in changing if (line.new, line.unit) in kept})[:_MAX_NAMED],
        "given_twice",
        Message("number_kept_and_given"),
    )
    return {name: [getattr(line, name) for line in changing] for name in _Line._fields}


def _units_of(
    work: Work, places: Sequence[FoundPlace], numbers: Sequence[r.NewNumber]
) -> list[int | None]:
    """Return the commune of each line, if the lines name communes."""
    given = [getattr(line, "commune", None) for line in numbers]
    if not any(given):
        return [None] * len(numbers)
    known = {code: unit for unit, code in _communes(work, [p.unit_id for p in places]).items()}
    for at, code in enumerate(given):
        if code not in known:
            raise InvalidInputError.of_field(
                f"numbers.{at}.commune",
                "unknown_commune",
                Message("line_needs_street_commune"),
            )
    return [known[code or ""] for code in given]


def _refuse_numbers(wrong: Sequence[str], code: str, detail: Message) -> None:
    if wrong:
        raise InvalidInputError(
            Message("numbers_refused", wrong=", ".join(wrong), detail=detail),
            errors=[
                {
                    "field": "numbers",
                    "code": code,
                    "detail": Message("field_says", field=number, detail=detail),
                }
                for number in wrong
            ],
        )


def _count(work: Work, statement: TextClause, parameters: Mapping[str, Any]) -> int:
    result = work.session.execute(statement, parameters)
    return int(getattr(result, "rowcount", 0))
