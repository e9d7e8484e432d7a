"""Communes, streets and localities as a request names them: found, or refused with the reason.

Nothing is guessed and nothing is made in passing: a slip of the pen would become a street.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.locality import Locality, parse_locality
from geo.street import Street, parse_street
from geo.text import accent_key, has_diacritics
from registry.errors import InvalidInputError

# Today, or the last map with districts. A former commune must have led to the one of today.
_COMMUNE: Final = text(
    "SELECT id FROM admin_unit WHERE level = 'commune' AND code = :code"
    " AND lifetime @> current_date"
)
_FORMER: Final = text(
    """
    WITH RECURSIVE onward AS (
        SELECT u.id, u.id AS first FROM admin_unit u
        WHERE u.level = 'commune' AND u.code = :code AND u.lifetime @> date '2025-06-30'
        UNION
        SELECT s.successor_id, o.first
        FROM onward o JOIN admin_unit_succession s ON s.predecessor_id = o.id
    ) SELECT first FROM onward WHERE id = :unit
    """
)

_NAMED: Final = {
    table: text(
        f"SELECT id, unit_id, former_unit_id, {parent} AS parent_id, key, name, kind"
        f" FROM {table} WHERE unit_id = :unit AND key = ANY (:keys)"
    )
    for table, parent in (("thoroughfare", "NULL::bigint"), ("locality", "parent_id"))
}
_TODAY: Final = {
    table: text(
        f"SELECT p.kind, p.name FROM {table}_alias a JOIN {table} p ON p.id = a.{table}_id"
        " WHERE a.unit_id = :unit AND a.key = ANY (:keys) LIMIT 1"
    )
    for table in ("thoroughfare", "locality")
}
_LOCK: Final = {
    table: text(f"SELECT id FROM {table} WHERE id = ANY (:ids) ORDER BY id FOR UPDATE")
    for table in ("thoroughfare", "locality")
}
_INSIDE: Final = text(
    """
    SELECT id FROM locality WHERE unit_id = :unit AND key = :key AND former_unit_id IS NULL
        AND parent_id IS NOT DISTINCT FROM CAST(:parent AS bigint)
    """
)
_NAME: Final = text(
    """
    INSERT INTO locality (unit_id, parent_id, key, name, kind)
    VALUES (:unit, :parent, :key, :name, :kind) RETURNING id
    """
)
_HOLDERS: Final = text(
    """
    WITH RECURSIVE up AS (
        SELECT l.id, l.parent_id, l.key, 0 AS step FROM locality l WHERE l.id = :id
        UNION ALL
        SELECT p.id, p.parent_id, p.key, up.step + 1
        FROM up JOIN locality p ON p.id = up.parent_id WHERE up.step < 9
    ) SELECT id, key FROM up WHERE step > 0 ORDER BY step
    """
)


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """A street or locality of the register."""

    id: int
    unit_id: int
    former_unit_id: int | None
    parent_id: int | None
    key: str
    name: str
    kind: str


def commune_id(session: Session, code: str, name: str = "commune") -> int:
    """The commune that bears `code` today. Raises InvalidInputError."""
    found: int | None = session.execute(_COMMUNE, {"code": code}).scalar_one_or_none()
    if found is None:
        raise InvalidInputError.of_field(
            name, "unknown_commune", f"không có xã, phường mã {code} (no commune of today)"
        )
    return found


def former_id(session: Session, code: str, unit_id: int, name: str = "former_commune") -> int:
    """The commune of before July 2025 that bore `code` and led to this one of today."""
    found: int | None = session.execute(_FORMER, {"code": code, "unit": unit_id}).scalar()
    if found is None:
        raise InvalidInputError.of_field(
            name,
            "unknown_commune",
            f"không có xã, phường cũ mã {code} trong xã, phường này"
            " (no commune before July 2025 that became this one)",
        )
    return found


def read_street(written: str, name: str = "street") -> Street:
    """What `written` names as a street. Raises InvalidInputError."""
    read = parse_street(written)
    if read is None or read.key.startswith("#"):
        raise InvalidInputError.of_field(name, "unreadable", "không phải tên đường (no street)")
    return read


def read_localities(written: str, name: str = "locality") -> tuple[Locality, ...]:
    """What `written` names as localities, the innermost first. Raises InvalidInputError."""
    read = [parse_locality(part) for part in written.split(",")]
    found = tuple(locality for locality in read if locality is not None)
    if len(found) != len(read):
        raise InvalidInputError.of_field(
            name,
            "unreadable",
            "không phải thôn, ấp, tổ dân phố… có loại và tên (no locality with its kind)",
        )
    return found


def street_of(
    session: Session, unit_id: int, former: int | None, written: str, name: str = "street"
) -> FoundPlace:
    """The one street of the commune that is called so; of a former commune where that is told.

    Raises InvalidInputError: unknown, called otherwise today, or several.
    """
    read = read_street(written, name)
    for keys in ([read.key], list(read.alt_keys)):
        found = _named(session, "thoroughfare", unit_id, keys)
        if found:
            return _the_one(found, read.name, former, name)
    raise _unknown(session, "thoroughfare", unit_id, [read.key, *read.alt_keys], name)


def locality_of(
    session: Session, unit_id: int, former: int | None, written: str, name: str = "locality"
) -> FoundPlace:
    """The one locality of the commune that is called so, inside what is named behind it."""
    inner, *outer = read_localities(written, name)
    found = _named(session, "locality", unit_id, [inner.key])
    if not found:
        raise _unknown(session, "locality", unit_id, [inner.key], name)
    held = [place for place in found if holds(session, place, [o.key for o in outer])]
    if not held:
        raise InvalidInputError.of_field(
            name,
            "unknown_locality",
            f"{inner.kind} {inner.name} không thuộc nơi nêu sau nó (not inside what is named)",
        )
    if not outer and len(held) > 1:
        # Named alone, the one that nothing holds is meant.
        held = [place for place in held if place.parent_id is None] or held
    return _the_one(held, inner.name, former, name)


def name_locality(session: Session, unit_id: int, read: Sequence[Locality]) -> int:
    """Name a locality of the commune, and what holds it; the innermost first, its id returned.

    For lists whose sender is asked for the names; what is there already stays as it is.
    """
    parent: int | None = None
    for place in reversed(read):
        values = {"unit": unit_id, "parent": parent, "key": place.key}
        found = session.execute(_INSIDE, values).scalar_one_or_none()
        if found is None:
            called = {"name": place.name, "kind": place.kind}
            found = session.execute(_NAME, values | called).scalar_one()
        parent = found
    if parent is None:
        raise ValueError("no locality")
    return parent


def holders(session: Session, locality_id: int) -> list[tuple[int, str]]:
    """(id, key) of what holds a locality, the smaller first."""
    return [(row[0], row[1]) for row in session.execute(_HOLDERS, {"id": locality_id})]


def holds(session: Session, place: FoundPlace, outer: Sequence[str]) -> bool:
    """Whether the localities of these keys hold the place, in their order."""
    if not outer:
        return True
    rest = iter([key for _, key in holders(session, place.id)])
    return all(key in rest for key in outer)


def lock_places(session: Session, table: str, *ids: int) -> None:
    """Lock streets or localities until the end: no record comes into them meanwhile."""
    session.execute(_LOCK[table], {"ids": list(ids)})


def _named(session: Session, table: str, unit_id: int, keys: Sequence[str]) -> list[FoundPlace]:
    rows: Any = session.execute(_NAMED[table], {"unit": unit_id, "keys": list(keys)})
    return [FoundPlace(*row) for row in rows]


def _the_one(found: list[FoundPlace], typed: str, former: int | None, name: str) -> FoundPlace:
    if len(found) > 1 and has_diacritics(typed):
        found = [p for p in found if accent_key(p.name) == accent_key(typed)] or found
    if former is not None:
        of_former = [place for place in found if place.former_unit_id == former]
        found = of_former or [place for place in found if place.former_unit_id is None]
    if not found:
        raise InvalidInputError.of_field(
            name,
            "unknown_place",
            f"{typed}: không có trong xã, phường cũ đã nêu (not in that former commune)",
        )
    if len(found) > 1:
        raise InvalidInputError.of_field(
            name,
            "ambiguous_place",
            f"{typed}: có {len(found)} nơi cùng tên; hãy nêu xã, phường cũ hoặc nơi bao quanh nó"
            " (several of this name: say the former commune, or what holds it)",
        )
    return found[0]


def _unknown(
    session: Session, table: str, unit_id: int, keys: Sequence[str], name: str
) -> InvalidInputError:
    today = session.execute(_TODAY[table], {"unit": unit_id, "keys": list(keys)}).first()
    if today is not None:
        return InvalidInputError.of_field(
            name, "former_name", f"nay là {today[0]} {today[1]} (a former name; use today's)"
        )
    return InvalidInputError.of_field(
        name,
        "unknown_place",
        "chưa có trong xã, phường này; đặt tên trước (not in this commune; name it first)",
    )
