"""What is brought of the register, beside which rows are known, led to a door, or new.

The records of the file's communes come over, and are compared in DuckDB, script by script: each
says at its head what it decides. A demonstration and real doors do not know each other. What
nobody can decide is asked about (`refused`), and goes no further.
"""

from typing import Any, Final

from registry.core.sql import Statements
from registry.intake.engine import Workbench
from registry.intake.matching.own_codes import name_by_codes

SQL: Final = Statements(__file__)

PLACES: Final = ("registered_street", "registered_locality", "street_alias", "locality_alias")
MOST: Final = 10_000
"""Warnings of each kind of doors that are nearly equal that are kept; the rest is counted."""
_LISTED: Final = 50_000
"""References of a file that are asked for one by one; of more, all from the first to the last."""
_NAMED: Final = "SELECT list(DISTINCT unit_id) FROM entry WHERE unit_id IS NOT NULL"
_HELD: Final = "SELECT list(DISTINCT unit_id) FROM household"


def bring_places(bench: Workbench) -> None:
    """Bring the streets and localities of the file's communes, and say which `units` these are."""
    bench.say(units=bench.value(_NAMED) or [])
    for name in PLACES:
        _bring(bench, name)


def bring_records(bench: Workbench) -> None:
    """Bring the records of these communes, and those that the file's references name elsewhere."""
    _bring(bench, "household_ref", **_references(bench))
    name_by_codes(bench)
    _bring(bench, "household", codes=[])
    codes = bench.value(SQL.written("elsewhere")) if bench.has("household_ref") else None
    for name in ("former_number", "heir", "revivable", "other_source", "delivery"):
        _bring(bench, name, codes=codes or [])
    codes = bench.value(SQL.written("onward")) if bench.has("heir") else codes
    if codes:
        bench.bring("elsewhere", "matching/register/household.pg.sql", units=[], codes=codes)
        bench.run("matching/elsewhere.sql")
    _bring(bench, "elsewhere_name", codes=codes or [])
    _bring(bench, "writable")
    _bring(bench, "unit_code", units=bench.value(_HELD) if bench.has("bound") else [])


def look_back(bench: Workbench) -> None:
    """Bring every state of the records whose rows are not as they were, and say which these are."""
    reread, linked = bench.rows(SQL.written("reread"))[0]
    bench.say(reread=reread, linked=linked)
    _bring(bench, "past", codes=reread)


def _references(bench: Workbench) -> dict[str, Any]:
    """Which of the source's references the file may name."""
    if bench.has("full"):
        return {"refs": None, "first": "", "last": None}
    first, last, count = bench.rows(SQL.written("range_of_refs"))[0]
    refs = (bench.value(SQL.written("list_refs")) or []) if count <= _LISTED else None
    return {"refs": refs, "first": first or "", "last": last or ""}


def _bring(bench: Workbench, name: str, **parameters: Any) -> None:
    bench.bring(name, f"matching/register/{name}.pg.sql", **parameters)
