"""Step 2, judging: the commune decided, the point read, every problem of every row written down.

A problem is data, not an exception. Rows with an error go no further.
"""

from typing import Final

from sqlalchemy import text

from registry.intake.judging.auto_fix import SWAPPED
from registry.intake.judging.points import INSIDE, OUTSIDE_PROBLEMS, decide_communes, find_outside
from registry.intake.judging.problems import PIECE, PROBLEMS, RULES
from registry.intake.staged.staging import MANY, Staging

_POINT: Final = f"CASE WHEN {INSIDE} THEN ST_Point(lon, lat, 4326) END"
_POINT_HASH: Final = f"CASE WHEN {INSIDE} THEN hashfloat8extended(lon, hashfloat8(lat)) END"

ADDRESS_HASH: Final = """
    hashint8extended(coalesce(number_hash, 0),
        hashint8extended(coalesce(street_hash, place_hash, 0),
            hashint8extended(coalesce(flat_hash, 0),
                (unit_id::bigint << 32) + coalesce(former_id, 0))))
"""
"""What is compared as one address, in eight bytes; a row without a street is known by its place."""
# geo.address.names_dwelling, set by set: a number that is more than an alley, a flat, or a
# locality with a point.
_DWELLING: Final = f"""
    coalesce(number_key IS NOT NULL AND NOT alley_only
        OR flat IS NOT NULL
        OR place_keys IS NOT NULL AND {INSIDE}, false)
"""
# Whether few rows of the file name a number and a place, and no street.
_STREETS_USUAL: Final = """
    SELECT count(street_at) > 4 * count(place_at) FILTER (
        WHERE number_at IS NOT NULL AND street_at IS NULL) FROM delivered
"""
# `Tổ Quán Thánh` without a street, where other rows are of Quán Thánh: the cells have moved by one.
_STREET_AS_GROUP: Final = """
    number_key ~ '^[^?].*$' AND street_hash IS NULL AND streets_usual AND place_at IN (
        SELECT p.at FROM place p JOIN street t ON t.street_name = p.place_names[1]
        WHERE p.place_kinds[1] IN ('tổ', 'tổ dân phố', 'khối', 'khu phố'))
"""
# A parcel of a numbered sheet is one in its commune; other numbers are a street's or a place's.
_NUMBER_ALONE: Final = (
    "number_key ~ '^[^?].*$' AND NOT alley_only AND street_hash IS NULL"
    " AND number_key !~ '^TO[0-9].*$'"
)


def _no_text(cell: str) -> str:
    """In SQL, the cell where it can only be a number, and no telephone's: cells move by one."""
    return (
        f"CASE WHEN {cell} ~ '^[0-9 .,;°''\"′″NSEWBĐT+-]{{1,40}}$'"
        f" AND {cell} !~ '^ *([+]?84|0)[0-9 .-]{{8,}}$' THEN {cell} END"
    )


_PIECES: Final = {
    "inside": INSIDE,
    "swapped": SWAPPED,
    "dwelling": _DWELLING,
    "number_alone": _NUMBER_ALONE,
    "nowhere": (
        f"{_NUMBER_ALONE} AND place_keys IS NULL AND building_key IS NULL AND flat IS NULL"
    ),
    "street_as_group": _STREET_AS_GROUP,
    "shown_longitude": _no_text("longitude"),
    "shown_latitude": _no_text("latitude"),
    "shown_either": _no_text("coalesce(longitude, latitude)"),
    "candidates_count": "cardinality(candidates)::text",
}
"""What the table of problems names in braces."""


def _sql(written: str) -> str:
    """A predicate or a value of the table with its pieces; none is NULL."""
    return PIECE.sub(lambda piece: f"({_PIECES[piece[1]]})", written) or "NULL"


# A bit for each rule that holds.
_BITS: Final = tuple((1 << place, rule) for place, rule in enumerate(RULES))
_PROBLEMS: Final = " + ".join(
    f"CASE WHEN {_sql(rule.predicate)} THEN {bit} ELSE 0 END" for bit, rule in _BITS
)
_REJECTING: Final = sum(bit for bit, rule in _BITS if rule.severity == "error")
_SHIFTED: Final = sum(bit for bit, rule in _BITS if rule.code == "too_many_cells")

# One row for each of the file, and narrow: what it names stands in the tables of parts. OFFSET 0
# keeps `problems` from being worked out again wherever it is used.
_ENTRIES: Final = f"""
    SELECT *, problems & {_REJECTING} <> 0 AS rejected, problems & {_SHIFTED} <> 0 AS shifted
    FROM (
        SELECT row_number, row_hash, source_ref, longitude, latitude, households_count,
            nullif(households, 0) AS households, accuracy_m, {_POINT} AS point, number_at,
            street_at, place_at, flat_at, commune_at, hint, unit_id, former_id,
            {ADDRESS_HASH} AS address_hash, {_POINT_HASH} AS point_hash,
            {_PROBLEMS} AS problems
        FROM (
            SELECT d.*, n.number_key, n.alley_only, n.number_hash, t.street_hash, p.place_keys,
                p.place_hash, f.building_key, f.storey, f.flat, f.flat_hash, c.candidates,
                c.former_id, c.commune_problem, c.commune_notice,
                CASE cardinality(c.candidates) WHEN 1 THEN c.candidates[1]
                    ELSE coalesce(u.unit_id, c.assumed_id) END AS unit_id,
                c.assumed_id IS NOT NULL AND u.row_number IS NULL AS assumed,
                ({_STREETS_USUAL}) AS streets_usual,
                r.row_number IS NOT NULL AS ref_repeated, o.row_number IS NOT NULL AS overlong,
                x.row_number IS NOT NULL AS no_house
            FROM delivered d
            JOIN commune c ON c.at = d.commune_at
            LEFT JOIN number n ON n.at = d.number_at
            LEFT JOIN street t ON t.at = d.street_at
            LEFT JOIN place p ON p.at = d.place_at
            LEFT JOIN flat f ON f.at = d.flat_at
            LEFT JOIN decided u ON u.row_number = d.row_number
            LEFT JOIN repeated r ON r.row_number = d.row_number
            LEFT JOIN overlong o ON o.row_number = d.row_number
            LEFT JOIN no_house x ON x.row_number = d.row_number
        ) named
        OFFSET 0
    ) judged
"""
# Without them the planner takes rows without a flat for one in two hundred.
COMPARED: Final = (
    "unit_id, number_at, street_at, place_at, flat_at, address_hash, point_hash, rejected"
)
"""Columns of `entry` that rows are compared by."""
_JUDGED: Final = """
    SELECT e.*, n.number, n.number_key, n.alley_only, n.number_hash, t.street_kind, t.street_name,
        t.street_key, t.street_hash, p.place_kinds, p.place_names, p.place_keys, p.place_hash,
        f.building_name, f.building_key, f.storey, f.flat, f.flat_hash, c.commune_code,
        c.candidates, c.commune_problem, c.commune_notice
    FROM entry e
    JOIN commune c ON c.at = e.commune_at
    LEFT JOIN number n ON n.at = e.number_at
    LEFT JOIN street t ON t.at = e.street_at
    LEFT JOIN place p ON p.at = e.place_at
    LEFT JOIN flat f ON f.at = e.flat_at
"""

_FOUND: Final = "SELECT coalesce(bit_or(problems), 0) FROM entry"
# In the order of the rules: whatever shows a row's problems shows them in that of their numbers.
_WRITE: Final = """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value)
    SELECT :import_id, found.row_number, found.field, found.code, s.severity, left(found.value, 200)
    FROM (
        SELECT j.row_number, r.field, CASE r.bit {codes} END AS code,
            CASE r.bit {values} END AS value, r.bit
        FROM judged j JOIN (VALUES {rules}) r (bit, field) ON j.problems & r.bit <> 0
        WHERE j.problems <> 0
        UNION ALL
        SELECT o.*, NULL FROM ({outside}) o
    ) found
    JOIN (VALUES {severities}) s (code, severity) ON s.code = found.code
    ORDER BY found.row_number, found.bit
"""


def judge(staging: Staging) -> None:
    """Fill `import_problem`, and leave the table `entry` with a view over it, `judged`.

    A row without an error, `NOT rejected`, has its commune `unit_id`. Equal points have an equal
    `point_hash`, which is compared faster.
    """
    decide_communes(staging)
    staging.select("entry", _ENTRIES, stats=COMPARED)
    staging.empty("delivered")
    staging.view("judged", _JUDGED)
    find_outside(staging)
    found = staging.connection.execute(text(_FOUND)).scalar_one()
    statement = _write_problems(found)
    written = staging.connection.execute(text(statement), {"import_id": staging.import_id})
    if written.rowcount >= MANY:
        staging.connection.execute(text("SELECT analyse_problems()"))


def _write_problems(found: int) -> str:
    """The statement; rules that hold for no row, which are most, are not looked at for each."""
    bits = [(bit, rule) for bit, rule in _BITS if found & bit] or [(0, RULES[0])]
    return _WRITE.format(
        outside=OUTSIDE_PROBLEMS,
        rules=", ".join(f"({bit}, nullif('{rule.field}', ''))" for bit, rule in bits),
        codes=" ".join(f"WHEN {bit} THEN '{rule.code}'" for bit, rule in bits),
        values=" ".join(f"WHEN {bit} THEN {_sql(rule.value)}" for bit, rule in bits),
        severities=", ".join(f"('{code}', '{kind.severity}')" for code, kind in PROBLEMS.items()),
    )
