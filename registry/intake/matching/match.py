"""Step 3, matching: rows that are known, rows that name a door already there, and new ones.

The register's records of the file's communes are brought over, and compared in DuckDB, script by
script: each says at its head what it decides. A demonstration and real doors do not know each
other. What nobody can decide is asked about (`refused`), and goes no further.
"""

from typing import Any, Final

from registry.access.actors import ended_units, is_bound
from registry.intake.engine import Workbench
from registry.intake.matching.name_variants import tell_apart

PLACES: Final = ("thoroughfare", "locality", "thoroughfare_alias", "locality_alias")
_RECORDS: Final = (
    *("household_ref", "household", "former_number", "heir", "revivable", "other_source"),
    "delivery",
)
"""What is brought of the register, by scripts of the folder `register`."""
_DECIDING: Final = (
    *("questions", "known", "former_names", "registered", "former_numbers", "succeeded"),
    *("in_file", "sharing", "kept", "written", "foreign"),
)
_TELLING: Final = ("named_places", "near", "vanished")
"""Scripts, in the order in which they are run; the first ones may refuse rows."""
_LISTED: Final = 50_000
"""References of a file that are asked for one by one; of more, all from the first to the last."""
_MOST: Final = 10_000
"""Warnings of each kind of doors that are nearly equal that are kept; the rest is counted."""
_REREAD: Final = "SELECT list(code) FROM known WHERE NOT same AND NOT linked"
_ELSEWHERE: Final = """
    SELECT list(code) FROM (
        SELECT code FROM household_ref
        UNION SELECT unnest(heirs) FROM heir
        UNION SELECT old_code FROM heir
    ) c
    WHERE NOT EXISTS (FROM household h WHERE h.code = c.code)
"""


def match(bench: Workbench, source: str, *, demo: bool, full: bool) -> None:
    """Decide what becomes of each row of `entry`; nothing is written to the register.

    `outcome` says of each row without an error whether it is unchanged, changed, revived, linked or
    new; `written` has those that are new or changed. `near` holds those that may be one door with
    another, `vanished` what a `full` delivery no longer has. Needs what `judge` leaves, and the
    lock under which imports are published.
    """
    parameters = {"source": source, "demo": demo, "full": full}
    parameters |= {"bound": is_bound(), "ended": ended_units()}
    units = units_of(bench)
    for name in PLACES:
        bench.bring(name, f"matching/register/{name}.pg.sql", units=units)
    tell_apart(bench)
    bench.run("matching/begin.sql")
    _bring_records(bench, {**parameters, "units": units, **_references(bench, full=full)})
    for script in _DECIDING:
        if script == "kept":
            bench.bring(
                "past",
                "matching/register/past.pg.sql",
                source=source,
                codes=bench.value(_REREAD) or [],
            )
        bench.run(f"matching/{script}.sql", **parameters)
        if bench.value("SELECT count(*) FROM refused"):
            bench.run("matching/refuse.sql")
    for script in _TELLING if full else _TELLING[:-1]:
        bench.run(f"matching/{script}.sql", **parameters, most=_MOST)


def units_of(bench: Workbench) -> list[int]:
    """The communes that rows name."""
    found = "SELECT list(DISTINCT unit_id) FROM entry WHERE unit_id IS NOT NULL"
    return bench.value(found) or []


def _references(bench: Workbench, *, full: bool) -> dict[str, Any]:
    """Which of the source's references the file may name."""
    if full:
        return {"refs": None, "first": "", "last": None}
    first, last, count = bench.rows("SELECT min(ref), max(ref), count(*) FROM door")[0]
    refs = (bench.value("SELECT list(ref) FROM door") or []) if count <= _LISTED else None
    return {"refs": refs, "first": first or "", "last": last or ""}


def _bring_records(bench: Workbench, parameters: dict[str, Any]) -> None:
    for name in _RECORDS:
        bench.bring(name, f"matching/register/{name}.pg.sql", **parameters, codes=[])
    elsewhere = {**parameters, "units": [], "codes": bench.value(_ELSEWHERE) or []}
    bench.bring("elsewhere", "matching/register/household.pg.sql", **elsewhere)
    bench.duck.execute("INSERT INTO household FROM elsewhere")
    bench.bring("elsewhere_name", "matching/register/elsewhere_name.pg.sql", **elsewhere)
    bench.bring("writable", "SELECT unnest(writable_units()) AS unit_id")
    bench.bring("unit_code", "SELECT id AS unit_id, code FROM admin_unit")
