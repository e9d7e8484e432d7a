"""Lists of streets and localities for an office: how many doors, and what is missing.

Counted for a page at a time, by the index of the street or the locality; no counts are stored.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from geo.label import named
from geo.locality import parse_locality
from geo.spelling import Spelling, spelling
from geo.street import parse_street
from geo.text import fold
from registry.access.reach import check_seen, parameter, seen, writable
from registry.core.errors import NotFoundError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.coverage import gap_statements
from registry.records.record import COLUMNS, Record

PlaceClass = Literal["street", "locality"]
"""`place.class`."""

PAGE: Final = 50
_MOST_NAMES: Final = 5_000
SQL: Final = Statements(
    __file__,
    columns=COLUMNS,
    page=str(PAGE),
    most_names=str(_MOST_NAMES),
)
_FORMER: Final = text(
    "SELECT DISTINCT kind, name FROM place_alias WHERE place_id = :id ORDER BY name"
)


class Hole(NamedTuple):
    """Missing numbers on one side of a street, between two registered ones."""

    first: int
    last: int

    @property
    def numbers(self) -> tuple[int, ...]:
        """The missing numbers."""
        return tuple(range(self.first + 2, self.last, 2))


@dataclass(frozen=True, slots=True)
class ListedPlace:
    """A street or locality with counts of its doors."""

    class_: PlaceClass
    id: int
    unit_id: int
    former_unit_id: int | None
    kind: str
    name: str
    key: str
    doors: int
    """Living records in it, including the inner places of a locality."""
    households: int
    pointless: int
    """Without a point."""
    unverified: int
    """Never verified."""
    target: int | None
    """The target: how many hộ a locality has."""
    around: Sequence[Sequence[str]] | None = None
    """(kind, name) of the enclosing localities, innermost first."""
    was: str | None = None
    """A former name, if it was found by that name."""
    holes: tuple[Hole, ...] = ()

    @property
    def shown(self) -> str:
        """The label with its kind and enclosing localities, as an operation accepts it."""
        around = (named(kind, name) for kind, name in self.around or ())
        return ", ".join((named(self.kind, self.name), *around))

    @property
    def deficit(self) -> int | None:
        """Missing hộ; None without a target."""
        return None if self.target is None else max(self.target - self.households, 0)


def list_places(
    session: Session,
    class_: PlaceClass,
    unit_ids: Collection[int] | None,
    *,
    called: str = "",
    after: tuple[str, int] | None = None,
) -> list[ListedPlace]:
    """Return a page of the streets or localities of these or all visible communes, by name.

    `called`: part of the current or a former name. `after`: key and id of the last place of the
    previous page.
    """
    where = ["in_reach"]
    values: dict[str, Any] = dict(parameter(seen()))
    if unit_ids is not None:
        check_seen(session, *unit_ids)
        values |= parameter(unit_ids)
    if called:
        where.append("is_called")
        values["called"] = f"%{_key_of(class_, called)}%"
    if after is not None:
        where.append("is_after")
        values |= {"key": after[0], "id": after[1]}
    name = "listed_as_called" if called else "listed"
    return _listed(session, class_, SQL.text(name, class_, *where), values)


def place_by_id(session: Session, class_: PlaceClass, place_id: int) -> ListedPlace:
    """Return one place. Raises NotFoundError, also for a merged one."""
    found = _listed(session, class_, SQL.text("listed", class_, "is_it"), {"id": place_id})
    if not found:
        raise NotFoundError(Message("place_unknown"))
    return found[0]


def seen_place(session: Session, class_: PlaceClass, place_id: int) -> ListedPlace:
    """Return one place that the caller sees; raises OutsideUnitsError as well."""
    place = place_by_id(session, class_, place_id)
    check_seen(session, place.unit_id)
    return place


def namesakes(session: Session, place: ListedPlace) -> list[ListedPlace]:
    """Return the streets of this name in the caller's units: a street has a row in each commune."""
    statement = SQL.text("listed", place.class_, "is_namesake", "in_reach")
    values: dict[str, Any] = {"key": place.key, "id": place.id, **parameter(writable())}
    found = _listed(session, place.class_, statement, values)
    return [each for each in found if spelling(place.name, each.name) is Spelling.SAME]


def names_in(
    session: Session, class_: PlaceClass, unit_id: int
) -> list[tuple[int, str, int | None]]:
    """Return (id, name with its kind, former commune) of all places of a commune."""
    rows = session.execute(SQL.text("names"), {"class": class_, "unit": unit_id})
    return [(row.id, named(row.kind, row.name), row.former_unit_id) for row in rows]


def former_names(session: Session, place: ListedPlace) -> list[str]:
    """Return the former names, by which the place is still found."""
    rows = session.execute(_FORMER, {"id": place.id})
    return [named(row.kind, row.name) for row in rows]


def doors_of(
    session: Session, class_: PlaceClass, ids: Sequence[int], limit: int, *, counted: bool = False
) -> list[Record]:
    """Return the living records in these places by number; `counted`: only those numbered in the
    place, which in a locality are the doors without a street.
    """
    statement = SQL.text("doors_counted" if counted else "doors", class_)
    rows: Any = session.execute(statement, {"ids": list(ids), "limit": limit})
    return [Record(*row) for row in rows]


def state_of(session: Session, class_: PlaceClass, ids: Sequence[int]) -> str:
    """Return a hash of the places and their records: a preview is valid while it is unchanged."""
    return str(session.execute(SQL.text("state", class_), {"ids": list(ids)}).scalar_one())


def _listed(
    session: Session, class_: PlaceClass, statement: TextClause, given: dict[str, Any]
) -> list[ListedPlace]:
    found = [ListedPlace(class_, *row) for row in session.execute(statement, given)]
    if class_ == "locality":
        return found
    holes = holes_of(session, [each.id for each in found])
    return [replace(each, holes=tuple(holes.get(each.id, ()))) for each in found]


def inside_of(session: Session, locality_id: int) -> list[int]:
    """Return the ids of a locality and of all localities in it."""
    return list(session.execute(SQL.text("inside_of"), {"id": locality_id}).scalar_one())


def holes_of(
    session: Session, ids: Sequence[int], *, public: bool = False
) -> dict[int, list[Hole]]:
    """Map streets to their missing numbers, as `registry.coverage.gaps` finds them."""
    where = ("shown", "in_streets") if public else ("in_streets",)
    statement = gap_statements.SQL.text("holes", *where)
    found: dict[int, list[Hole]] = {}
    for row in session.execute(statement, {"ids": list(ids)}):
        found.setdefault(row.street, []).append(Hole(row.n, row.next))
    return found


def _key_of(class_: PlaceClass, called: str) -> str:
    """Return the part of a key to search for, without LIKE's wildcards."""
    read = parse_street(called) if class_ == "street" else parse_locality(called)
    key = read.key if read is not None else fold(called)
    return key.replace("\\", "").replace("%", "").replace("_", "")
