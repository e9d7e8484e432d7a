"""Coverage, and what moved in it, as CSV: one row a unit and no sum, which would count twice."""

from typing import Final, TextIO

from registry.coverage.figures import Coverage, UnitCoverage
from registry.coverage.moved import Moved
from registry.csv_cells import Writer

FIELDS: Final = (
    "code",
    "level",
    "name",
    "province_code",
    "province_name",
    "target_households",
    "target_quality",
    "target_quality_label",
    "target_source",
    "target_reference_date",
    "households",
    "share",
    "deficit",
    "dwellings",
    "positioned",
    "share_positioned",
    "verified",
    "share_verified",
    "deliverable",
    "share_deliverable",
    "plated",
    "suspected_duplicates",
    "without_number",
    "audit",
    "locality_id",
    "locality_parent_id",
    "target_counted",
)
"""Columns, in an order that others may rely on."""


def write_csv(found: Coverage, out: TextIO) -> None:
    """The units of `found` with a header."""
    writer = Writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows(map(_flat(unit).get, FIELDS) for unit in found.units)


def write_moved_csv(moved: Moved, out: TextIO) -> None:
    """The units that moved with a header: each count before, after, and the change."""
    total = moved.total.to_dict()
    counts = list(total["after"] or total["before"] or ())
    of_counts = [f"{count}_{when}" for count in counts for when in ("before", "after", "change")]
    fields = ["code", "level", "name", "province_code", "since", "until", *of_counts]
    writer = Writer(out, lineterminator="\n")
    writer.writerow(fields)
    for row in (unit.to_dict() for unit in moved.units):
        flat = {name: row[name] for name in ("code", "level", "name")}
        flat |= {"since": moved.since, "until": moved.until}
        flat["province_code"] = (row["province"] or {}).get("code", "")
        for when in ("before", "after", "change"):
            flat |= {f"{count}_{when}": value for count, value in (row[when] or {}).items()}
        writer.writerow(map(flat.get, fields))


def _flat(unit: UnitCoverage) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in unit.to_dict().items():
        if isinstance(value, dict):
            flat |= {f"{name}_{inner}": each for inner, each in value.items()}
        elif name in FIELDS:
            flat[name] = ";".join(value) if isinstance(value, list) else value
    return flat
