"""A reform, in the model's own terms: what a decision does to units, streets and households.

Each function is one decision: one transaction, one event, set by set. They prove that the schema
carries a reform; the command for it comes with its issue.
"""

import datetime
from collections.abc import Sequence

from sqlalchemy import Engine, func, insert, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from registry.core.events import Cause, write_scope
from tests.support.tables import AdminUnit, AdminUnitSuccession, AdminUnitVersion

_END = text(
    "UPDATE admin_unit SET lifetime = daterange(lower(lifetime), :day) WHERE id = ANY(:units)"
)
_END_VERSIONS = text(
    "UPDATE admin_unit_version SET valid = daterange(lower(valid), :day)"
    " WHERE unit_id = ANY(:units) AND upper_inf(valid)"
)
# The commune that ends is the former one of all that it leaves behind, unless a finer one is known.
_MOVE = (
    "UPDATE {table} SET unit_id = :to, former_unit_id = coalesce(former_unit_id, unit_id)"
    " WHERE unit_id = ANY(:units) AND ({which})"
)


def change_name(
    engine: Engine, unit_id: int, day: datetime.date, *, name: str | None, kind: str | None
) -> None:
    """A new name or kind: the identity lives on, with another version from `day`."""
    with write_scope(engine, _cause("rename", unit_id)) as session:
        old = session.execute(
            select(AdminUnitVersion).where(
                AdminUnitVersion.unit_id == unit_id, func.upper_inf(AdminUnitVersion.valid)
            )
        ).scalar_one()
        values = {
            "name": name or old.name,
            "name_en": name or old.name_en,
            "kind": kind or old.kind,
            "province_id": old.province_id,
        }
        session.execute(_END_VERSIONS, {"day": day, "units": [unit_id]})
        session.execute(insert(AdminUnitVersion).values(_version(unit_id, day) | values))


def merge(
    engine: Engine,
    units: Sequence[int],
    day: datetime.date,
    *,
    code: str,
    name: str,
    kind: str = "phuong",
) -> int:
    """Several communes become one new identity, which may have the code of one of them."""
    with write_scope(engine, _cause("merge_units", *units)) as session:
        province_id = _province(session, units[0])
        _end(session, units, day)
        merged = _born(session, day, code=code, name=name, kind=kind, province_id=province_id)
        _succeed(session, units, merged, day, extent="full")
        _move(session, units, merged, which="true")
        return merged


def split(
    engine: Engine,
    unit_id: int,
    day: datetime.date,
    parts: dict[tuple[str, str], Sequence[int]],
    rest: str | None = None,
) -> list[int]:
    """One commune becomes several: {(code, name): its streets}. A street goes there as a whole;
    what is left goes to the part with the code `rest`."""
    with write_scope(engine, _cause("split_unit", unit_id)) as session:
        province_id = _province(session, unit_id)
        _end(session, [unit_id], day)
        born = []
        for (code, name), streets in parts.items():
            part = _born(session, day, code=code, name=name, kind="xa", province_id=province_id)
            _succeed(session, [unit_id], part, day, extent="partial")
            for table, column in (("place", "id"), ("household", "street_id")):
                statement = _MOVE.format(table=table, which=f"{column} = ANY(:streets)")
                session.execute(
                    text(statement), {"to": part, "units": [unit_id], "streets": list(streets)}
                )
            if code == rest:
                _move(session, [unit_id], part, which="true")
            born.append(part)
        return born


def _cause(kind: str, *units: int) -> Cause:
    return Cause(kind, actor="ministry", decision_number="1/NQ-TEST", scope={"units": list(units)})


def _province(session: Session, unit_id: int) -> int | None:
    return session.scalars(
        select(AdminUnitVersion.province_id).where(AdminUnitVersion.unit_id == unit_id)
    ).first()


def _end(session: Session, units: Sequence[int], day: datetime.date) -> None:
    parameters = {"day": day, "units": list(units)}
    session.execute(_END, parameters)
    session.execute(_END_VERSIONS, parameters)


def _born(
    session: Session,
    day: datetime.date,
    *,
    code: str,
    name: str,
    kind: str,
    province_id: int | None,
) -> int:
    unit_id = session.execute(
        insert(AdminUnit)
        .values(level="commune", code=code, lifetime=Range(day, None), source="decision 1/NQ-TEST")
        .returning(AdminUnit.id)
    ).scalar_one()
    values = {"name": name, "name_en": name, "kind": kind, "province_id": province_id}
    session.execute(insert(AdminUnitVersion).values(_version(unit_id, day) | values))
    return unit_id


def _version(unit_id: int, day: datetime.date) -> dict[str, object]:
    return {
        "unit_id": unit_id,
        "valid": Range(day, None),
        "legal_basis": "1/NQ-TEST",
        "date_basis": "effective",
        "source": "decision 1/NQ-TEST",
    }


def _succeed(
    session: Session, old: Sequence[int], new: int, day: datetime.date, *, extent: str
) -> None:
    rows = [
        {"predecessor_id": unit, "successor_id": new, "extent": extent, "effective_on": day}
        | {"source": "decision 1/NQ-TEST"}
        for unit in old
    ]
    session.execute(insert(AdminUnitSuccession), rows)


def _move(session: Session, units: Sequence[int], to: int, *, which: str) -> None:
    # Places first: a household is checked against the street as it stands.
    for table in ("place", "household"):
        statement = _MOVE.format(table=table, which=which)
        session.execute(text(statement), {"to": to, "units": list(units)})
