"""Doors of one number, without a street, in places that may be one: Tổ 5 and Tổ dân phố 5.

Each file calls a group of neighbours by another kind, or by none, and one names the quarter around
it where the next does not. Without a street a door is known by its place, and only a person can
tell whether two such places are one.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from sqlalchemy import text

from geo.locality import GROUPS
from geo.text import fold
from registry.intake.staged.staging import Staging

# Places in which rows have a number, by their number in the file, and those of the register in
# their communes, by their id below zero.
_NAMED: Final = """
    SELECT n.unit_id, n.place_at, p.place_kinds, p.place_keys
    FROM (
        SELECT DISTINCT unit_id, place_at FROM written
        WHERE place_at IS NOT NULL AND number_at IS NOT NULL AND street_at IS NULL
    ) n
    JOIN place p ON p.at = n.place_at
"""
_REGISTERED: Final = """
    WITH RECURSIVE path AS (
        SELECT l.id, l.unit_id, l.parent_id, ARRAY[l.kind] AS kinds, ARRAY[l.own_key] AS keys
        FROM locality l
        WHERE l.unit_id = ANY (:units) AND l.merged_into_id IS NULL
            AND EXISTS (SELECT FROM household h
                WHERE h.locality_id = l.id AND h.thoroughfare_id IS NULL)
        UNION ALL
        SELECT p.id, p.unit_id, o.parent_id, p.kinds || o.kind, p.keys || o.own_key
        FROM path p JOIN locality o ON o.id = p.parent_id
    )
    SELECT unit_id, -id, kinds, keys FROM path WHERE parent_id IS NULL
"""
_SUSPECTS: Final = """
    SELECT d.row_number, NULL::text AS household, d.code AS own_code, d.unit_id,
        d.place_at::bigint AS place, d.former_id, n.number_key, f.building_key, f.storey, f.flat,
        d.point
    FROM written d
    JOIN (
        SELECT unit_id, place FROM alike_place UNION SELECT unit_id, other FROM alike_place
    ) a ON a.unit_id = d.unit_id AND a.place = d.place_at
    JOIN number n ON n.at = d.number_at AND NOT n.alley_only
    LEFT JOIN flat f ON f.at = d.flat_at
    WHERE d.street_at IS NULL
    UNION ALL
    SELECT NULL, h.code, NULL, h.unit_id, -h.locality_id, h.former_unit_id, h.house_number_key,
        h.building_key, h.floor, h.unit_number, h.point
    FROM household h
    WHERE h.locality_id IN (SELECT -other FROM alike_place WHERE other < 0)
        AND h.thoroughfare_id IS NULL AND h.kind = 'household'
        AND h.status IN ('active', 'proposed') AND (h.code < '1') = :demo
"""
_NEAR: Final = """
    INSERT INTO near (code, row_number, head, household, metres)
    SELECT DISTINCT ON (d.row_number) 'near_same_place', d.row_number, o.row_number, o.household,
        ST_Distance(d.point::geography, o.point::geography)
    FROM alike_place a
    JOIN place_suspect d ON d.unit_id = a.unit_id AND d.place = a.place
    JOIN place_suspect o ON o.unit_id = a.unit_id AND o.place = a.other
        AND o.number_key = d.number_key
        AND CASE WHEN o.row_number IS NULL THEN o.household IS DISTINCT FROM d.own_code
            ELSE o.row_number < d.row_number END
    WHERE d.row_number IS NOT NULL AND o.building_key IS NOT DISTINCT FROM d.building_key
        AND o.storey IS NOT DISTINCT FROM d.storey AND o.flat IS NOT DISTINCT FROM d.flat
        AND coalesce(o.former_id, d.former_id) IS NOT DISTINCT FROM
            coalesce(d.former_id, o.former_id)
        AND coalesce(ST_DWithin(d.point::geography, o.point::geography, :together_m), true)
    ORDER BY d.row_number, d.point <-> o.point NULLS LAST, o.row_number NULLS FIRST
"""


@dataclass(frozen=True, slots=True)
class _Place:
    unit_id: int
    at: int
    """Its number among the places of the file; below zero one of the register."""
    levels: tuple[tuple[str, str], ...]
    """Kind and key, innermost first."""


def find_near_places(staging: Staging, *, demo: bool, together_m: int) -> None:
    """Add to the table `near` the rows that may be doors of other rows, or of the register.

    Needs the view `written`. Points farther than `together_m` apart are two doors.
    """
    places = [*_places(staging, _NAMED)]
    if not places:
        return
    units = sorted({place.unit_id for place in places})
    pairs = list(_alike([*places, *_places(staging, _REGISTERED, units=units)]))
    if not pairs:
        return
    staging.create("alike_place", "unit_id int, place bigint, other bigint")
    staging.copy("alike_place", pairs)
    suspects = "unit_id, place, number_key"
    staging.select("place_suspect", _SUSPECTS, {"demo": demo}, stats=suspects)
    staging.connection.execute(text(_NEAR), {"together_m": together_m})


def _places(staging: Staging, statement: str, **parameters: object) -> Iterator[_Place]:
    for unit_id, at, kinds, keys in staging.connection.execute(text(statement), parameters):
        yield _Place(unit_id, at, tuple(zip(kinds, keys, strict=True)))


def _alike(places: Sequence[_Place]) -> Iterator[tuple[int, int, int]]:
    """Unit, a place of rows, and another one that it may be."""
    by_name: dict[tuple[int, str], list[_Place]] = defaultdict(list)
    for place in places:
        by_name[place.unit_id, _name(*place.levels[0])].append(place)
    for named in by_name.values():
        for one, other in combinations(named, 2):
            if one.levels != other.levels and may_be_one(one.levels, other.levels):
                for own, beside in ((one, other), (other, one)):
                    if own.at > 0:
                        yield own.unit_id, own.at, beside.at


def may_be_one(one: Sequence[tuple[str, str]], other: Sequence[tuple[str, str]]) -> bool:
    """Whether two nested places, kinds and keys from the innermost out, may be one.

    >>> may_be_one([("tổ", "to 5")], [("tổ dân phố", "to dan pho 5"), ("khu phố", "khu pho 2")])
    True
    >>> thon = [("thôn", "thon 5")]
    >>> may_be_one([("", "5")], thon), may_be_one([("xóm", "xom 5")], thon)
    (True, False)
    """
    return all(
        mine == theirs
        or (
            _name(*mine) == _name(*theirs)
            and (not (mine[0] and theirs[0]) or {mine[0], theirs[0]} <= GROUPS)
        )
        for mine, theirs in zip(one, other, strict=False)
    )


def _name(kind: str, key: str) -> str:
    return key.removeprefix(fold(kind)).strip()
