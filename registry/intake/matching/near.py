"""Rows that may be one door with another, and that nobody but a person can tell.

Equal doors are linked by `match`. Here are those that are nearly equal: one address at two points
far apart, two numbers at one point, one number on two streets whose names differ by a letter, or
in two places that may be one (`near_places`), a flat with and without its block's mark
(`near_flats`). Each is a warning that names the other row, or the
code in the register; nothing is changed by it.

Only rows that are new or changed are looked at, and of the register only what stands in their
communes: what was decided once is not asked again at every delivery.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from sqlalchemy import text

from geo.text import is_one_slip
from registry.intake.matching.near_flats import find_near_flats
from registry.intake.matching.near_places import find_near_places
from registry.intake.matching.near_ranges import find_near_ranges
from registry.intake.matching.registered import is_any_registered
from registry.intake.staged.staging import Staging
from registry.own_keys import APART
from registry.search.likeness import same_numbers

MOST: Final = 10_000
"""Warnings of each kind that are kept; the rest is counted."""
CODES: Final = (
    *("near_same_address", "near_same_point", "near_same_name", "near_same_place"),
    *("near_same_flat", "near_same_range", "point_of_many"),
)
_TOGETHER_M: Final = 30
"""Metres within which two doors of one number on streets of similar names may be one."""
_DEGREES: Final = 0.0005
_CROWD: Final = 20
"""Rows at one point that are rather all of a place than one door."""
_SHORTEST: Final = 5
"""Letters of a name that may be another one with a slip."""

_NEAR: Final = "code text, row_number bigint, head bigint, household text, metres float8"

# One address at two points: within the file, the first row that has it is the head. Addresses of
# several rows are known to `match` already; of a changed row it did not ask.
_SAME_ADDRESS: Final = """
    INSERT INTO near (code, row_number, head, metres)
    SELECT 'near_same_address', row_number, head,
        ST_Distance(point::geography, head_point::geography)
    FROM (
        SELECT d.row_number, d.point, first_value(d.row_number) OVER same AS head,
            first_value(d.point) OVER same AS head_point
        FROM (
            SELECT * FROM written
            WHERE point IS NOT NULL AND number_at IS NOT NULL AND address_hash IN (
                SELECT address_hash FROM head
                UNION ALL
                SELECT address_hash FROM written WHERE NOT is_new)
        ) d
        JOIN number n ON n.at = d.number_at AND NOT n.alley_only
        WINDOW same AS (PARTITION BY d.address_hash, n.number_key ORDER BY d.row_number)
    ) again
    WHERE row_number <> head
"""
# Streets of the register that rows name: few, and known to be so, before their doors are joined.
_STREETS: Final = """
    SELECT d.unit_id, d.former_id, d.street_at, t.id
    FROM named_street d
    JOIN street s ON s.at = d.street_at
    JOIN thoroughfare t ON t.unit_id = d.unit_id AND t.own_key = s.street_key
        AND coalesce(t.former_unit_id, d.former_id) IS NOT DISTINCT FROM
            coalesce(d.former_id, t.former_unit_id)
    WHERE EXISTS (SELECT FROM household h WHERE h.thoroughfare_id = t.id)
"""
_SAME_ADDRESS_REGISTERED: Final = """
    INSERT INTO near (code, row_number, household, metres)
    SELECT DISTINCT ON (d.row_number) 'near_same_address', d.row_number, h.code,
        ST_Distance(d.point::geography, h.point::geography)
    FROM near_street s
    JOIN written d ON d.unit_id = s.unit_id AND d.street_at = s.street_at
        AND coalesce(d.former_id, 0) = coalesce(s.former_id, 0)
    JOIN number n ON n.at = d.number_at
    JOIN household h ON h.thoroughfare_id = s.id AND h.house_number_key = n.number_key
        AND h.kind = 'household' AND h.status IN ('active', 'proposed')
        AND (h.code < '1') = :demo AND h.point IS NOT NULL
    LEFT JOIN flat f ON f.at = d.flat_at
    WHERE d.point IS NOT NULL AND h.code IS DISTINCT FROM d.code
        AND h.building_key IS NOT DISTINCT FROM f.building_key
        AND h.floor IS NOT DISTINCT FROM f.storey AND h.unit_number IS NOT DISTINCT FROM f.flat
    ORDER BY d.row_number, d.point <-> h.point, h.code
"""

# Points of rows that bear several numbers; flats share the point of their house.
_SHARED_POINTS: Final = """
    SELECT point_hash, count(*) AS doors, min(row_number) AS head FROM written
    WHERE number_at IS NOT NULL AND flat_at IS NULL AND point_hash IS NOT NULL
    GROUP BY point_hash HAVING count(*) > 1 AND min(number_at) <> max(number_at)
"""
# Two numbers at one point; a crowd shares that of a village.
_SAME_POINT: Final = f"""
    INSERT INTO near (code, row_number, head, metres)
    SELECT 'near_same_point', row_number, head, 0
    FROM (
        SELECT d.row_number, n.number_key, first_value(d.row_number) OVER same AS head,
            first_value(n.number_key) OVER same AS head_key, count(*) OVER one_point AS doors
        FROM written d
        JOIN shared_point shared ON shared.point_hash = d.point_hash
        JOIN number n ON n.at = d.number_at
        WHERE d.flat_at IS NULL
        WINDOW same AS (PARTITION BY d.point ORDER BY d.row_number),
            one_point AS (PARTITION BY d.point)
    ) beside
    WHERE number_key <> head_key AND doors <= {_CROWD}
"""
_SAME_POINT_REGISTERED: Final = """
    INSERT INTO near (code, row_number, household, metres)
    SELECT DISTINCT ON (d.row_number) 'near_same_point', d.row_number, h.code, 0
    FROM written d
    JOIN number n ON n.at = d.number_at
    JOIN household h ON h.unit_id = d.unit_id AND h.point = d.point
        AND h.kind = 'household' AND h.status IN ('active', 'proposed')
        AND (h.code < '1') = :demo AND h.unit_number IS NULL
        AND h.house_number_key <> n.number_key
    WHERE d.flat_at IS NULL AND h.code IS DISTINCT FROM d.code
    ORDER BY d.row_number, h.code
"""

# Of a village, of an office, of where the telephone was: not of so many doors.
_POINT_OF_MANY: Final = f"""
    INSERT INTO near (code, row_number, head, metres)
    SELECT 'point_of_many', d.row_number, nullif(shared.head, d.row_number), shared.doors
    FROM written d
    JOIN shared_point shared ON shared.point_hash = d.point_hash AND shared.doors > {_CROWD}
    WHERE d.number_at IS NOT NULL AND d.flat_at IS NULL
"""

# Names of streets in the communes of the file: those of rows, and those that are registered.
_NAMES: Final = """
    SELECT unit_id, key, bool_or(fresh) AS fresh
    FROM (
        SELECT DISTINCT d.unit_id, s.street_key AS key, true AS fresh
        FROM named_street d
        JOIN street s ON s.at = d.street_at
        UNION ALL
        SELECT t.unit_id, t.own_key, false
        FROM thoroughfare t
        WHERE t.merged_into_id IS NULL
            AND t.unit_id IN (SELECT unit_id FROM named_street)
    ) named
    GROUP BY unit_id, key
"""
_SUSPECTS: Final = """
    SELECT d.row_number, NULL::text AS household, d.unit_id, a.key, n.number_key,
        f.building_key, f.storey, f.flat, d.point
    FROM written d
    JOIN (
        SELECT DISTINCT n.unit_id, n.street_at, s.street_key AS key
        FROM named_street n
        JOIN street s ON s.at = n.street_at
        JOIN alike a ON a.unit_id = n.unit_id AND a.key = s.street_key
    ) a ON a.unit_id = d.unit_id AND a.street_at = d.street_at
    JOIN number n ON n.at = d.number_at
    LEFT JOIN flat f ON f.at = d.flat_at
    UNION ALL
    SELECT NULL, h.code, h.unit_id, t.own_key, h.house_number_key, h.building_key, h.floor,
        h.unit_number, h.point
    FROM thoroughfare t
    JOIN (SELECT DISTINCT unit_id, other AS key FROM alike) a ON a.unit_id = t.unit_id
        AND a.key = t.own_key
    JOIN household h ON h.thoroughfare_id = t.id
    WHERE h.kind = 'household' AND h.status IN ('active', 'proposed') AND (h.code < '1') = :demo
"""
_SAME_NAME: Final = f"""
    INSERT INTO near (code, row_number, head, household, metres)
    SELECT DISTINCT ON (d.row_number) 'near_same_name', d.row_number, o.row_number, o.household,
        ST_Distance(d.point::geography, o.point::geography)
    FROM alike a
    JOIN suspect d ON d.unit_id = a.unit_id AND d.key = a.key AND d.row_number IS NOT NULL
    JOIN suspect o ON o.unit_id = a.unit_id AND o.key = a.other AND o.number_key = d.number_key
        AND (o.row_number IS NULL OR o.row_number < d.row_number)
    WHERE o.building_key IS NOT DISTINCT FROM d.building_key
        AND o.storey IS NOT DISTINCT FROM d.storey AND o.flat IS NOT DISTINCT FROM d.flat
        AND CASE WHEN d.point IS NULL OR o.point IS NULL THEN NOT a.usual
            ELSE ST_DWithin(d.point, o.point, {_DEGREES})
                AND ST_DWithin(d.point::geography, o.point::geography, {_TOGETHER_M}) END
    ORDER BY d.row_number, d.point <-> o.point NULLS LAST, o.row_number NULLS FIRST
"""
# One warning of a kind for each row, the register before the file.
_WARN: Final = f"""
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
    SELECT :import_id, row_number, field, code,
        CASE code WHEN 'point_of_many' THEN 'notice' ELSE 'warning' END, value, fix
    FROM (
        SELECT DISTINCT ON (code, row_number) row_number, code,
            CASE code WHEN 'near_same_name' THEN 'street' WHEN 'near_same_place' THEN 'locality'
                WHEN 'near_same_point' THEN 'house_number'
                WHEN 'near_same_range' THEN 'house_number' WHEN 'near_same_flat' THEN 'unit'
                ELSE 'longitude' END AS field,
            CASE WHEN code = 'point_of_many' THEN metres || ' nhà'
                WHEN code <> 'near_same_point' THEN round(metres) || ' m' END AS value,
            coalesce('mã ' || left(household, 4) || '-' || substr(household, 5),
                'dòng ' || head) AS fix,
            dense_rank() OVER (PARTITION BY code ORDER BY row_number) AS place
        FROM near
        ORDER BY code, row_number, household NULLS LAST, head
    ) each
    WHERE place <= {MOST}
"""
_COUNTED: Final = "SELECT code, count(DISTINCT row_number) FROM near GROUP BY code"


def find_near(staging: Staging, *, demo: bool) -> dict[str, int]:
    """Warn of rows that are nearly equal to others; how many of each kind there are in all.

    Needs what `match` and `name_places` leave. At most `MOST` of each kind are written down.
    """
    connection = staging.connection
    parameters: dict[str, object] = {"demo": demo}
    staging.create("near", _NEAR)
    statements = [_SAME_ADDRESS]
    if staging.select("shared_point", _SHARED_POINTS, stats="point_hash, doors"):
        statements += [_SAME_POINT, _POINT_OF_MANY]
    known = 0
    if is_any_registered(connection, demo=demo):
        statements.append(_SAME_POINT_REGISTERED)
        known = staging.select("near_street", _STREETS, stats="unit_id, street_at, id")
        if known:
            statements.append(_SAME_ADDRESS_REGISTERED)
    if _find_alike(staging):
        staging.select("suspect", _SUSPECTS, parameters, stats="unit_id, key, number_key")
        statements.append(_SAME_NAME)
    for statement in statements:
        connection.execute(text(statement), parameters)
    find_near_places(staging, demo=demo, together_m=_TOGETHER_M)
    find_near_flats(staging, demo=demo)
    find_near_ranges(staging, demo=demo, known_streets=known > 0)
    connection.execute(text(_WARN), {"import_id": staging.import_id})
    return {str(code): int(count) for code, count in connection.execute(text(_COUNTED))}


def _find_alike(staging: Staging) -> bool:
    """Leave `alike`: streets of one commune whose names differ by a slip of the hand."""
    by_unit: dict[int, list[tuple[str, bool]]] = defaultdict(list)
    for unit_id, key, fresh in staging.connection.execute(text(_NAMES)):
        by_unit[unit_id].append((key, fresh))
    pairs = list(_alike(by_unit))
    staging.create("alike", "unit_id int, key text, other text, usual boolean")
    staging.copy("alike", pairs)
    return bool(pairs)


def _alike(by_unit: dict[int, list[tuple[str, bool]]]) -> Iterator[tuple[int, str, str, bool]]:
    """Unit, the name of a row, the other name, and whether both are names for all that is known.

    So are those that are borne elsewhere, and those that differ in their marks only.
    """
    bearers = Counter(key for named in by_unit.values() for key, _ in named)
    for unit_id, named in by_unit.items():
        fresh = dict(named)
        for one, other in _slips([key for key, _ in named]):
            apart = _folded(one) == _folded(other)
            usual = apart or (bearers[one] > 1 and bearers[other] > 1)
            if fresh[one]:
                yield unit_id, one, other, usual
            if fresh[other]:
                yield unit_id, other, one, usual


def _slips(keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs of names that differ by one letter, without comparing each with each.

    Two such names are equal when a letter of one, or one of each, is left out.
    """
    shortened: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        letters = _folded(key).replace(" ", "")
        if len(letters) >= _SHORTEST:
            for at in range(-1, len(letters)):
                left = letters if at < 0 else letters[:at] + letters[at + 1 :]
                if key not in shortened[left][-1:]:
                    shortened[left].append(key)
    near = {
        pair
        for found in shortened.values()
        if len(found) > 1
        for pair in combinations(sorted(set(found)), 2)
    }
    return (pair for pair in sorted(near) if is_slip(*map(_folded, pair)))


def _folded(own_key: str) -> str:
    """The key without the marks that tell it apart."""
    return own_key.split(APART, 1)[0]


def is_slip(one: str, other: str) -> bool:
    """Whether two folded names are one with a letter wrong, missing or swapped; never a figure.

    >>> is_slip("nguyen trai", "nguyen tari"), is_slip("duong so 1", "duong so 11")
    (True, False)
    >>> is_slip("dak lak", "daklak"), is_slip("khu pho a", "khu pho b")
    (True, False)
    """
    left, right = one.replace(" ", ""), other.replace(" ", "")
    return same_numbers(one, other) and (left == right or is_one_slip(left, right))
