"""Step 2, judging: the commune decided, the point read, every problem of every row written down.

A problem is data, not an exception. Rows with an error go no further.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from registry.intake.judging.auto_fix import SWAPPED
from registry.intake.judging.points import INSIDE, OUTSIDE_PROBLEMS, decide_communes, find_outside
from registry.intake.judging.problems import PROBLEMS
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
# A parcel of a numbered sheet is one in its commune; other numbers are a street's or a place's.
_NUMBER_ALONE: Final = (
    "number_key ~ '^[^?]' AND NOT alley_only AND street_hash IS NULL AND number_key !~ '^TO[0-9]'"
)
_NOWHERE: Final = (
    f"{_NUMBER_ALONE} AND place_keys IS NULL AND building_key IS NULL AND flat IS NULL"
)
# Whether few rows of the file name a number and a place, and no street.
_STREETS_USUAL: Final = """
    SELECT count(street_at) > 4 * count(place_at) FILTER (
        WHERE number_at IS NOT NULL AND street_at IS NULL) FROM delivered
"""
# `Tổ Quán Thánh` without a street, where other rows are of Quán Thánh: the cells have moved by one.
_STREET_AS_GROUP: Final = """
    number_key ~ '^[^?]' AND street_hash IS NULL AND streets_usual AND place_at IN (
        SELECT p.at FROM place p JOIN street t ON t.street_name = p.place_names[1]
        WHERE p.place_kinds[1] IN ('tổ', 'tổ dân phố', 'khối', 'khu phố'))
"""
# `1.23457E+11`, which a spreadsheet makes of a long number, and `#REF!`: several have the same.
_NO_REFERENCE: Final = r"^([0-9]([.,][0-9]+E[+]?|E[+])[0-9]{2}|#[A-Z0/]+[!?A])$"


def _no_text(cell: str) -> str:
    """In SQL, the cell where it can only be a number, and no telephone's: cells move by one."""
    return (
        f"CASE WHEN {cell} ~ '^[0-9 .,;°''\"′″NSEWBĐT+-]{{1,40}}$'"
        f" AND {cell} !~ '^ *([+]?84|0)[0-9 .-]{{8,}}$' THEN {cell} END"
    )


@dataclass(frozen=True, slots=True)
class _Rule:
    """A row for which `holds` has the problem `code`."""

    holds: str
    field: str | None
    code: str
    """Where it is a column's name, the code that stands there."""
    value: str = "NULL"
    """What is shown of the row: never an address."""


_RULES: Final = (
    _Rule("overlong", None, "too_many_cells"),
    _Rule("no_house", None, "no_house_there"),
    _Rule("commune_problem IS NOT NULL", "commune", "commune_problem"),
    _Rule("commune_notice IS NOT NULL", "commune", "commune_notice"),
    _Rule("assumed", "commune", "commune_assumed", "cardinality(candidates)::text"),
    _Rule("beside = 1", "former_address", "completed_from_former_address"),
    _Rule("beside = 2", "former_address", "former_address_differs"),
    _Rule("beside = 3", "address", "address_differs_from_columns"),
    _Rule("doubt = 1", "house_number", "second_number", "left(number_key, 40)"),
    _Rule("doubt = 2", "street", "street_part_unread"),
    _Rule("doubt = 4", "street", "ward_behind_street"),
    _Rule("doubt = 3", "locality", "locality_differs"),
    _Rule("doubt = 5", "house_number", "number_part_unread"),
    _Rule("doubt = 6", "address", "number_unread"),
    _Rule("doubt = 7", "locality", "place_unread"),
    _Rule(
        "commune_problem IS NULL AND unit_id IS NULL",
        "commune",
        "commune_ambiguous",
        "cardinality(candidates)::text",
    ),
    _Rule(
        "(longitude IS NULL) <> (latitude IS NULL)",
        "longitude",
        "coordinates_incomplete",
        _no_text("coalesce(longitude, latitude)"),
    ),
    _Rule(
        "longitude IS NOT NULL AND lon IS NULL",
        "longitude",
        "coordinates_unreadable",
        _no_text("longitude"),
    ),
    _Rule(
        "latitude IS NOT NULL AND lat IS NULL",
        "latitude",
        "coordinates_unreadable",
        _no_text("latitude"),
    ),
    _Rule(SWAPPED, "longitude", "coordinates_swapped", "longitude"),
    _Rule(
        f"lon IS NOT NULL AND lat IS NOT NULL AND NOT ({INSIDE}) AND NOT ({SWAPPED})",
        "longitude",
        "coordinates_outside",
        "concat_ws(' ', longitude, latitude)",
    ),
    _Rule(
        "households_count IS NOT NULL AND households IS NULL",
        "households_count",
        "households_count_unreadable",
        "CASE WHEN length(households_count) < 8 AND households_count ~ '^[0-9]'"
        " THEN households_count END",
    ),
    _Rule("households = 0", "households_count", "households_count_none"),
    _Rule(
        # One figure is written in one way.
        "length(households_count) > 1 AND households > 0 AND households_count <> households::text",
        "households_count",
        "households_count_read",
        "left(households_count, 20)",
    ),
    _Rule(
        "position_accuracy_m IS NOT NULL AND accuracy_m IS NULL",
        "position_accuracy_m",
        "accuracy_unreadable",
    ),
    _Rule("number_key = ''", "house_number", "number_mangled", "number"),
    _Rule(
        f"number_key = '?' OR {_STREET_AS_GROUP}",
        "house_number",
        "number_unreadable",
        "nullif(number, '?')",
    ),
    _Rule("number_key = '?ditto'", "address", "as_above", "number"),
    _Rule("number_key = '?garbled'", "address", "text_garbled"),
    _Rule("number_key = '?person'", "street", "person_named"),
    _Rule(f"{_NOWHERE} AND ({INSIDE}) IS NOT TRUE", "street", "number_without_street"),
    _Rule(
        f"{_NOWHERE} AND {INSIDE} OR {_NUMBER_ALONE} AND place_keys IS NOT NULL AND streets_usual",
        "street",
        "street_missing",
    ),
    _Rule(f"source_ref ~ '{_NO_REFERENCE}'", "source_ref", "reference_mangled", "source_ref"),
    _Rule(
        "length(number_key) > 4 AND (number_key ~ '^[0-9]{5,}(/|$)'"
        " OR number_key ~ '^([^/]+/){5}')",
        "house_number",
        "number_unlikely",
        "left(number_key, 40)",
    ),
    _Rule(
        "storey ~ '^[0-9]' AND flat ~ '^[0-9]{1,2}[AB]?[0-9]{2}$' AND left(flat, -2) <> storey",
        "floor",
        "floor_differs",
        "concat_ws(' ', storey, flat)",
    ),
    _Rule("ref_repeated", "source_ref", "duplicate_ref", "source_ref"),
    _Rule(
        f"NOT {_DWELLING} AND commune_problem IS DISTINCT FROM 'address_missing'",
        "address",
        "address_names_no_dwelling",
    ),
    _Rule(
        f"{_DWELLING} AND number_key IS NULL AND flat IS NULL AND building_key IS NULL",
        "house_number",
        "no_house_number",
    ),
)
_ERRORS: Final = {
    "commune_problem",
    *(code for code, kind in PROBLEMS.items() if kind.severity == "error"),
}

# A bit for each rule that holds.
_PROBLEMS: Final = " + ".join(
    f"CASE WHEN {rule.holds} THEN {1 << place} ELSE 0 END" for place, rule in enumerate(_RULES)
)
_REJECTING: Final = sum(1 << place for place, rule in enumerate(_RULES) if rule.code in _ERRORS)
_SHIFTED: Final = sum(
    1 << place for place, rule in enumerate(_RULES) if rule.code == "too_many_cells"
)

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
    bits = [(1 << place, rule) for place, rule in enumerate(_RULES) if found >> place & 1]
    bits = bits or [(0, _RULES[0])]
    return _WRITE.format(
        outside=OUTSIDE_PROBLEMS,
        rules=", ".join(f"({bit}, {_quoted(rule.field)})" for bit, rule in bits),
        codes=" ".join(f"WHEN {bit} THEN {_code(rule.code)}" for bit, rule in bits),
        values=" ".join(f"WHEN {bit} THEN {rule.value}" for bit, rule in bits),
        severities=", ".join(f"('{code}', '{kind.severity}')" for code, kind in PROBLEMS.items()),
    )


def _quoted(name: str | None) -> str:
    return f"'{name}'" if name else "NULL"


def _code(code: str) -> str:
    return _quoted(code) if code in PROBLEMS else f"j.{code}"
