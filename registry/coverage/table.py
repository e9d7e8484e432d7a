"""Coverage and its changes as tables: one row per unit, without a sum, which would count twice.

For programs as CSV with field names; for people, in a workbook or CSV, with Vietnamese headings.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final, TextIO, get_args

from registry.core.messages import in_vietnamese
from registry.coverage.answers import unit_answer
from registry.coverage.figures import (
    AUDIT_LABELS,
    Coverage,
    CoverageLocality,
    UnitCoverage,
    Used,
    use_line,
)
from registry.coverage.moved import MOVED_LABELS, Moved, Movement
from registry.files.csv_cells import Writer

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
    *(f"{of}{use}" for use in get_args(Used) for of in ("", "target_")),
)
"""Columns, in a stable order."""
HEADINGS: Final = (
    ("Mã", 9),
    ("Đơn vị", 30),
    ("Tỉnh, thành phố", 24),
    ("Tổng số", 12),
    ("Đếm gì", 13),
    ("Số liệu", 14),
    ("Ngày số liệu", 12),
    ("Hộ có mã", 12),
    ("Tỷ lệ", 10),
    ("Còn thiếu", 12),
    ("Chỗ ở", 12),
    ("Giao được", 12),
    ("Toạ độ ≤ 20 m", 14),
    ("Xác minh 24 tháng", 17),
    ("Có biển", 10),
    ("Nghi trùng", 11),
    ("Không số", 10),
    ("Cần kiểm tra", 28),
    ("Nơi khác", 40),
)
"""Headings and column widths."""
_WHENS: Final = {"before": "trước", "after": "sau", "change": "thay đổi"}
MOVED_HEADINGS: Final = (
    *("Mã", "Đơn vị", "Tỉnh, thành phố"),
    *(
        f"{in_vietnamese(label)}, {when}"
        for label in MOVED_LABELS.values()
        for when in _WHENS.values()
    ),
)


def write_csv(found: Coverage, out: TextIO) -> None:
    """Write the units of `found` with a header."""
    writer = Writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows(map(_flat(unit).get, FIELDS) for unit in found.units)


def write_moved_csv(moved: Moved, out: TextIO) -> None:
    """Write the changed units with a header: each count before, after, and the difference."""
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
    for each in unit.uses:
        flat |= {each.use: each.doors, f"target_{each.use}": each.target and each.target.doors}
    for name, member in unit_answer(unit).items():
        value = asdict(member) if isinstance(member, CoverageLocality) else member
        if isinstance(value, dict):
            flat |= {f"{name}_{inner}": each for inner, each in value.items()}
        elif name in FIELDS:
            flat[name] = ";".join(value) if isinstance(value, list) else value
    return flat


def write_for_people(headings: Iterable[str], rows: Iterable[Sequence[Any]], out: TextIO) -> None:
    """Write the table of the workbook as CSV; shares are fractions of 1."""
    writer = Writer(out, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows(rows)


def cells(unit: UnitCoverage) -> Sequence[Any]:
    """Return a row for HEADINGS."""
    target, counts = unit.target, unit.counts
    return (
        unit.code,
        unit.name,
        unit.province[1] if unit.province else None,
        target and target.households,
        target and target.counted_label,
        target and target.quality_label,
        target and target.reference_date,
        counts.households,
        unit.share,
        unit.deficit,
        counts.dwellings,
        counts.deliverable,
        counts.positioned,
        counts.verified,
        counts.plated,
        counts.suspected,
        counts.unnumbered,
        ", ".join(in_vietnamese(AUDIT_LABELS[each]) for each in unit.audit) or None,
        "; ".join(map(use_line, unit.uses)) or None,
    )


def moved_cells(movement: Movement) -> Sequence[Any]:
    """Return a row for MOVED_HEADINGS."""
    unit, values = movement.unit, movement.to_dict()
    counts = ((values[when] or {}).get(name) for name in MOVED_LABELS for when in _WHENS)
    return (unit.code, unit.name, unit.province[1] if unit.province else None, *counts)
