"""Read the columns of a record's address from the parts of a request, or raise what is wrong."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo import code as codes
from geo.address import building_of, parse_components
from geo.flat import Flat
from geo.house_number import parse_house_number
from registry.core.errors import AddressTakenError, ConflictError, InvalidInputError
from registry.core.locks import Lock
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.core.tables.records import HOUSEHOLD, STAMPED, Goes, going, lon_lat
from registry.lifecycle.work import Columns, Row, Work, read_code
from registry.records.named_places import commune_id, former_id, locality_of, street_of
from registry.units.boundaries.reach import refuse_outside

_FLAT: Final = ("building", "floor", "unit_number")
_NOT_ADDRESS: Final = ("code", "status", "verified_on", "entrances", "restricted", *STAMPED)
BLANK: Final[Columns] = {
    **{column.name: None for column in HOUSEHOLD.c if column.name not in _NOT_ADDRESS},
    "kind": "household",
    "households_count": 1,
}
"""The columns of an empty address."""

_PLAIN: Final = [
    column.name
    for column in going(Goes.EDITED)
    if column.name not in (*_FLAT, "kind", "building_name", "households_count")
    and not column.name.startswith("position_")
]
"""Columns written as given."""
SQL: Final = Statements(__file__)
_SAME: Final = ("unit_id", "house_number_key", "kind", "building_key", "floor", "unit_number")

_LOCK_ADDRESS: Final = text(
    f"SELECT pg_advisory_xact_lock(hashtextextended(:address, {Lock.ADDRESS}))"
)

_BUILDING: Final = text("SELECT kind, status, unit_id FROM household WHERE code = :code FOR SHARE")


def address_of(work: Work, given: Mapping[str, Any], old: Row | None = None) -> Columns:
    """Return the columns of a record with the `given` parts replaced.

    A part given as None is cleared. Raises InvalidInputError for a part that cannot be read or does
    not exist, and for an address that names no dwelling.
    """
    session = work.session
    columns = {name: old[name] if old else blank for name, blank in BLANK.items()}
    if "kind" in given:
        columns["kind"] = given["kind"]
    elsewhere = _put_commune(session, columns, given)
    _put_places(work, columns, given, elsewhere=elsewhere)
    _put_number(columns, given)
    _put_flat(columns, given)
    _put_parent(session, columns, given)
    _put_count(columns, given)
    if "lon" in given:
        put_point(session, columns, given)
    elif elsewhere and columns["point"] is not None:
        lon, lat = lon_lat(columns["point"])
        refuse_outside(session, columns["unit_id"], lon=lon, lat=lat)
    columns |= {name: given[name] for name in _PLAIN if name in given}
    check_dwelling(columns)
    return columns


def same_address(one: Row, other: Row) -> bool:
    """Whether two records have the same address."""
    names = (*_SAME, "street_id", "locality_id")
    return all(one[name] == other[name] for name in names)


def refuse_taken(session: Session, columns: Row, but: Collection[str] = ()) -> None:
    """Raise AddressTakenError if a living record other than `but` has this address.

    Holds a lock on the address until the transaction ends, so that a request sent again while the
    first one runs is not performed twice. Many dwellings of a hamlet have no number or flat, and
    so the same address; those are not refused.
    """
    if columns["house_number_key"] is None and columns["unit_number"] is None:
        return
    where, place = "in_commune", tuple[str, ...]()
    if columns["street_id"] is not None:
        where, place = "in_street", ("street_id",)
    elif columns["locality_id"] is not None:
        where, place = "in_locality", ("locality_id",)
    parameters = {name: columns[name] for name in (*_SAME, *place)}
    # A separate statement, so that the next one sees what the previous holder committed.
    session.execute(_LOCK_ADDRESS, {"address": repr(sorted(parameters.items()))})
    taken = session.execute(
        SQL.text("taken", where), parameters | {"but": list(but)}
    ).scalar_one_or_none()
    if taken is not None:
        raise AddressTakenError(
            Message("address_already_registered", code=codes.format(taken)),
            taken_by={"code": taken, "code_display": codes.format(taken)},
        )


def read_number(written: str, name: str = "house_number") -> str:
    """Return the key of a house number; raises InvalidInputError, also for an alley alone."""
    read = parse_house_number(written)
    if read is None or read.alley_only:
        raise InvalidInputError.of_field(
            name, "unreadable", Message("house_number_invalid", written=repr(written))
        )
    return read.key


def put_point(session: Session, columns: Columns, given: Mapping[str, Any]) -> None:
    """Set point, method and accuracy; raises InvalidInputError if outside the commune."""
    lon, lat = given["lon"], given["lat"]
    if lon is None or lat is None:
        columns |= {"point": None, "position_method": None, "position_accuracy_m": None}
        return
    refuse_outside(session, columns["unit_id"], lon=lon, lat=lat)
    columns["point"] = f"SRID=4326;POINT({lon!r} {lat!r})"
    columns["position_method"] = given.get("position_method") or "gps"
    columns["position_accuracy_m"] = given.get("position_accuracy_m")


def check_dwelling(columns: Row) -> None:
    """Raise InvalidInputError unless the columns identify a dwelling or a building."""
    flat = columns["unit_number"] or (columns["building_key"] and columns["floor"])
    named = columns["house_number_key"] or flat
    placed = columns["locality_id"] and columns["point"] is not None
    built = columns["kind"] == "building" and columns["building_key"]
    if not (named or placed or built):
        raise InvalidInputError.of_field(
            "house_number",
            "address_names_no_dwelling",
            Message("address_needs_house"),
        )


def _put_commune(session: Session, columns: Columns, given: Mapping[str, Any]) -> bool:
    """Set the commune; return whether it changed."""
    before = columns["unit_id"]
    if given.get("commune"):
        columns["unit_id"] = commune_id(session, given["commune"])
    unit_id = columns["unit_id"]
    if unit_id is None or ("commune" in given and given["commune"] is None):
        raise InvalidInputError.of_field("commune", "missing", Message("commune_code_missing"))
    if "former_commune" in given:
        code = given["former_commune"]
        columns["former_unit_id"] = former_id(session, code, unit_id) if code else None
    elif before not in (None, unit_id):
        columns["former_unit_id"] = None
    return before not in (None, unit_id)


def _put_places(work: Work, columns: Columns, given: Mapping[str, Any], *, elsewhere: bool) -> None:
    unit_id, former = columns["unit_id"], columns["former_unit_id"]
    for name, column, find in (
        ("street", "street_id", street_of),
        ("locality", "locality_id", locality_of),
    ):
        if name in given:
            written = given[name]
            columns[column] = None
            if written:
                columns[column] = work.took(name, find(work.session, unit_id, former, written)).id
        elif elsewhere and columns[column] is not None:
            # A place of the former commune must be given again, or cleared.
            raise InvalidInputError.of_field(name, "missing", Message("say_again"))


def _put_number(columns: Columns, given: Mapping[str, Any]) -> None:
    if "house_number" in given:
        written = given["house_number"]
        columns["house_number"] = written
        columns["house_number_key"] = read_number(written) if written else None


def _put_flat(columns: Columns, given: Mapping[str, Any]) -> None:
    named = {name: given[name] for name in _FLAT if name in given}
    if not named:
        return
    for name in named:
        columns["building_name" if name == "building" else name] = None
    if "building" in named:
        columns["building_key"] = None
    if any(named.values()):
        building = named.get("building")
        door = parse_components(
            building=building, floor=named.get("floor"), unit=named.get("unit_number")
        )
        _take_flat(columns, building_of(door, building or ""), door.flat)
    for name in named:
        # The number of a flat implies its floor, which is then not stored.
        implied = name == "floor" and columns["unit_number"] is not None
        column = "building_name" if name == "building" else name
        if named[name] and columns[column] is None and not implied:
            raise InvalidInputError.of_field(name, "unreadable", Message("unreadable"))


def _take_flat(columns: Columns, building: tuple[str, str] | None, flat: Flat | None) -> None:
    if building:
        columns["building_name"], columns["building_key"] = building
    if flat is None:
        return
    if flat.floor:
        columns["floor"] = flat.floor
    if flat.unit:
        columns["unit_number"] = flat.unit


def _put_parent(session: Session, columns: Columns, given: Mapping[str, Any]) -> None:
    if "parent" not in given:
        return
    columns["parent_code"] = None
    if given["parent"] is None:
        return
    code = read_code("parent", given["parent"])
    row = session.execute(_BUILDING, {"code": code}).one_or_none()
    if row is None or row.kind != "building":
        raise InvalidInputError.of_field("parent", "no_building", Message("not_a_building"))
    if columns["kind"] != "household":
        raise InvalidInputError.of_field(
            "parent", "building_in_building", Message("building_inside_building")
        )
    if row.unit_id != columns["unit_id"]:
        raise InvalidInputError.of_field(
            "parent", "across_communes", Message("building_in_other_commune")
        )
    if row.status == "retired":
        raise ConflictError(Message("building_code_retired", code=codes.format(code)))
    columns["parent_code"] = code


def _put_count(columns: Columns, given: Mapping[str, Any]) -> None:
    count = given.get("households_count")
    if columns["kind"] == "building":
        if count is not None:
            raise InvalidInputError.of_field(
                "households_count", "building_has_none", Message("building_has_no_households")
            )
        columns["households_count"] = 0
    elif count is not None:
        columns["households_count"] = count
