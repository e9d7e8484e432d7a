"""Step 2, judging: the commune decided, the point read, every problem of every row written down.

A problem is data, not an exception. Rows with an error go no further.
"""

from dataclasses import dataclass
from typing import Final

from registry.intake.engine import Workbench
from registry.intake.judging.points import decide_communes, find_outside
from registry.intake.judging.problems import PROBLEMS

# geo.address.names_dwelling, set by set: a number that is more than an alley, a flat, or a
# locality with a point.
_DWELLING: Final = """
    coalesce(number_key IS NOT NULL AND NOT alley_only
        OR flat IS NOT NULL
        OR place_keys IS NOT NULL AND inside, false)
"""
# A parcel of a numbered sheet is one in its commune; other numbers are a street's or a place's.
_NUMBER_ALONE: Final = """
    number_key <> '' AND NOT starts_with(number_key, '?') AND NOT alley_only AND street_key IS NULL
    AND NOT regexp_matches(number_key, '^TO[0-9]')
"""
_NOWHERE: Final = (
    f"{_NUMBER_ALONE} AND place_keys IS NULL AND building_key IS NULL AND flat IS NULL"
)
_STREET_AS_GROUP: Final = """
    number_key <> '' AND NOT starts_with(number_key, '?') AND street_key IS NULL
    AND streets_usual AND street_as_group
"""
# `1.23457E+11`, which a spreadsheet makes of a long number, and `#REF!`: several have the same.
_NO_REFERENCE: Final = r"^([0-9]([.,][0-9]+E[+]?|E[+])[0-9]{2}|#[A-Z0/]+[!?A])$"


def _no_text(cell: str) -> str:
    """In SQL, the cell where it can only be a number, and no telephone's: cells move by one."""
    return (
        f"CASE WHEN regexp_matches({cell}, '^[0-9 .,;°''\"′″NSEWBĐT+-]{{1,40}}$')"
        f" AND NOT regexp_matches({cell}, '^ *([+]?84|0)[0-9 .-]{{8,}}$') THEN {cell} END"
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
    _Rule("assumed", "commune", "commune_assumed", "len(candidates)::VARCHAR"),
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
        "len(candidates)::VARCHAR",
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
    _Rule("is_swapped", "longitude", "coordinates_swapped", "longitude"),
    _Rule(
        "lon IS NOT NULL AND lat IS NOT NULL AND NOT inside AND NOT is_swapped",
        "longitude",
        "coordinates_outside",
        "concat_ws(' ', longitude, latitude)",
    ),
    _Rule(
        "households_count IS NOT NULL AND households IS NULL",
        "households_count",
        "households_count_unreadable",
        "CASE WHEN length(households_count) < 8 AND regexp_matches(households_count, '^[0-9]')"
        " THEN households_count END",
    ),
    _Rule("households = 0", "households_count", "households_count_none"),
    _Rule(
        # One figure is written in one way.
        "length(households_count) > 1 AND households > 0"
        " AND households_count <> households::VARCHAR",
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
    _Rule(f"{_NOWHERE} AND NOT inside", "street", "number_without_street"),
    _Rule(
        f"{_NOWHERE} AND inside OR {_NUMBER_ALONE} AND place_keys IS NOT NULL AND streets_usual",
        "street",
        "street_missing",
    ),
    _Rule(
        f"regexp_matches(source_ref, '{_NO_REFERENCE}')",
        "source_ref",
        "reference_mangled",
        "source_ref",
    ),
    _Rule(
        "length(number_key) > 4 AND regexp_matches(number_key, '^[0-9]{5,}(/|$)|^([^/]+/){5}')",
        "house_number",
        "number_unlikely",
        "left(number_key, 40)",
    ),
    _Rule(
        "regexp_matches(storey, '^[0-9]') AND regexp_matches(flat, '^[0-9]{1,2}[AB]?[0-9]{2}$')"
        " AND left(flat, -2) <> storey",
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
_REJECTING: Final = sum(1 << place for place, rule in enumerate(_RULES) if rule.code in _ERRORS)
_SHIFTED: Final = sum(
    1 << place for place, rule in enumerate(_RULES) if rule.code == "too_many_cells"
)
# A bit for each rule that holds.
_WEIGHED: Final = f"""
    CREATE VIEW weighed AS SELECT *, {
    " + ".join(
        f"CASE WHEN {rule.holds} THEN {1 << place} ELSE 0 END" for place, rule in enumerate(_RULES)
    )
} AS problems FROM named
"""


def judge(bench: Workbench) -> None:
    """Fill `problem`, and leave the table `entry` with a view over it, `judged`.

    Needs what `stage` leaves.
    """
    severities = [(code, kind.severity) for code, kind in PROBLEMS.items()]
    bench.table("severity", "code VARCHAR, severity VARCHAR", severities)
    decide_communes(bench)
    bench.run("judging/named.sql")
    bench.duck.execute(_WEIGHED)
    bench.run("judging/entries.sql", rejecting=_REJECTING, shifted=_SHIFTED)
    bench.run("judging/judged.sql")
    find_outside(bench)
    bench.duck.execute(_valued(bench.value("SELECT coalesce(bit_or(problems), 0) FROM entry")))
    bench.run("judging/problems.sql")


def _valued(found: int) -> str:
    """The view of problems with their values; rules that hold for no row, most, are left out."""
    rules = [(place, rule) for place, rule in enumerate(_RULES) if found >> place & 1]
    rules = rules or [(0, _RULES[0])]
    listed = ", ".join(f"({place}, {_quoted(rule.field)})" for place, rule in rules)
    codes = " ".join(f"WHEN {place} THEN {_code(rule.code)}" for place, rule in rules)
    values = " ".join(f"WHEN {place} THEN {rule.value}" for place, rule in rules)
    return f"""
        CREATE VIEW valued AS
        SELECT j.row_number, r.place, r.field, CASE r.place {codes} END AS code,
            CASE r.place {values} END AS value
        FROM judged j JOIN (VALUES {listed}) r (place, field)
            ON j.problems & (1::BIGINT << r.place) <> 0
        WHERE j.problems <> 0
    """


def _quoted(name: str | None) -> str:
    return f"'{name}'" if name else "NULL"


def _code(code: str) -> str:
    return _quoted(code) if code in PROBLEMS else f"j.{code}"
