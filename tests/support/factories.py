"""Rows for tests: each factory fills in what the test does not specify, and flushes.

They return keys (a unit's id, a household's code), which outlive the session. Their units have
codes like `T0001`, which no seed has.
"""

import os
from itertools import count
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.code import PAYLOAD_FIRST, from_serial
from registry.core.events import Cause, open_event
from tests.support.tables import (
    AdminUnit,
    AdminUnitVersion,
    Household,
    Place,
)

ALWAYS: Range[object] = Range(None, None)
TEST = Cause(kind="test", actor="tests", reason="a test wants it")
_numbers = count(1)
# Of other numbers in each process: one may go on in a copy of what another has filled.
_serials = count(PAYLOAD_FIRST + os.getpid() % 4_096 * 100_000)


def next_code() -> str:
    """A well-formed code that no factory has given out in this run."""
    return from_serial(next(_serials))


"""Slips of a hasty hand."""


def swapped(code: str) -> str:
    """The code with its last two neighbours that differ in each other's place."""
    at = max(at for at in range(1, len(code)) if code[at] != code[at - 1])
    return code[: at - 1] + code[at] + code[at - 1] + code[at + 1 :]


def make_event(session: Session, cause: Cause = TEST) -> int:
    """The id of this transaction's event, opened now unless it has one."""
    return session.scalar(select(func.current_event_id())) or open_event(session, cause)


def make_unit(
    session: Session,
    *,
    level: str = "commune",
    kind: str = "xa",
    code: str | None = None,
    name: str = "Đông Hoà",
    province_id: int | None = None,
    district_id: int | None = None,
    lifetime: Range = ALWAYS,
) -> int:
    """A unit with one version for its whole life."""
    number = next(_numbers)
    unit_id: int = session.execute(
        insert(AdminUnit)
        .values(level=level, code=code or f"T{number:04d}", lifetime=lifetime, source="tests")
        .returning(AdminUnit.id)
    ).scalar_one()
    session.execute(
        insert(AdminUnitVersion).values(
            unit_id=unit_id,
            name=name,
            name_en=name,
            kind=kind,
            province_id=province_id,
            district_id=district_id,
            valid=lifetime,
            date_basis="effective",
            source="tests",
        )
    )
    return unit_id


def make_street(
    session: Session,
    *,
    unit_id: int,
    name: str = "Nguyễn Trãi",
    kind: str = "đường",
    key: str | None = None,
    former_unit_id: int | None = None,
) -> int:
    """A street of a commune."""
    place = {"class": "street", "unit_id": unit_id, "former_unit_id": former_unit_id}
    return _make_place(session, place | {"name": name, "kind": kind, "key": key})


def make_locality(
    session: Session,
    *,
    unit_id: int,
    name: str = "Thôn Đông",
    kind: str = "thôn",
    key: str | None = None,
    parent_id: int | None = None,
    former_unit_id: int | None = None,
) -> int:
    """A locality of a commune."""
    place = {"class": "locality", "unit_id": unit_id, "former_unit_id": former_unit_id}
    place |= {"name": name, "kind": kind, "key": key, "parent_id": parent_id}
    return _make_place(session, place)


def _make_place(session: Session, place: dict[str, Any]) -> int:
    key = place["key"] or place["name"].casefold()
    made = insert(Place).values(place | {"key": key}).returning(Place.id)
    return session.execute(made).scalar_one()


def make_household(
    session: Session,
    *,
    code: str | None = None,
    unit_id: int | None = None,
    status: str = "active",
    **columns: object,
) -> str:
    """A household; without `unit_id` in a commune of its own, unless it is reserved."""
    make_event(session)
    if unit_id is None and status != "reserved":
        unit_id = make_unit(session)
    row = {"kind": "household", "code": code or next_code(), "unit_id": unit_id, "status": status}
    session.execute(insert(Household).values(row | columns))
    return str(row["code"])


def make_building(session: Session, **columns: object) -> str:
    """A building, the parent record of flats; takes what make_household takes."""
    building = {"kind": "building", "households_count": 0, "building_name": "Toà nhà A"}
    return make_household(session, **(building | columns))  # type: ignore[arg-type]
