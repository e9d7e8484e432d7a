"""Copy data of the register to DuckDB, where the scripts match it with the rows of the file.

The records of the file's communes are copied; the comment at the top of each script describes what
it decides. Demo records and real ones are never matched. Undecidable rows are rejected with a
question (`refused`).
"""

from typing import Any, Final

from registry.core.sql import Statements
from registry.intake.engine import Workbench
from registry.intake.matching.own_codes import name_by_codes

SQL: Final = Statements(__file__)

PLACES: Final = ("registered_street", "registered_locality", "street_alias", "locality_alias")
MOST: Final = 10_000
"""Most warnings of each kind of similar doors; the rest is counted."""
_LISTED: Final = 50_000
"""Most references of a file fetched as a list; beyond that, the range from first to last."""
_NAMED: Final = "SELECT list(DISTINCT unit_id) FROM entry WHERE unit_id IS NOT NULL"
_HELD: Final = "SELECT list(DISTINCT unit_id) FROM household"


def bring_places(bench: Workbench) -> None:
    """Copy the streets and localities of the file's communes, and state these `units`."""
    bench.state(units=bench.value(_NAMED) or [])
    for name in PLACES:
        _bring(bench, name)


def bring_records(bench: Workbench) -> None:
    """Copy the records of these communes, and those elsewhere that the file's references name."""
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
    """Copy all states of the records whose rows have changed, and state their codes."""
    reread, linked = bench.rows(SQL.written("reread"))[0]
    bench.state(reread=reread, linked=linked)
    _bring(bench, "past", codes=reread)


def _references(bench: Workbench) -> dict[str, Any]:
    """Parameters for the source's references that the file may name."""
    if bench.has("full"):
        return {"refs": None, "first": "", "last": None}
    first, last, count = bench.rows(SQL.written("range_of_refs"))[0]
    refs = (bench.value(SQL.written("list_refs")) or []) if count <= _LISTED else None
    return {"refs": refs, "first": first or "", "last": last or ""}


def _bring(bench: Workbench, name: str, **parameters: Any) -> None:
    bench.bring(name, f"matching/register/{name}.pg.sql", **parameters)
