"""Coverage as a CSV: one row a unit and no sum, which would be counted twice."""

from typing import Final, TextIO

from registry.coverage.figures import Coverage, UnitCoverage
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


def _flat(unit: UnitCoverage) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in unit.to_dict().items():
        if isinstance(value, dict):
            flat |= {f"{name}_{inner}": each for inner, each in value.items()}
        elif name in FIELDS:
            flat[name] = ";".join(value) if isinstance(value, list) else value
    return flat
