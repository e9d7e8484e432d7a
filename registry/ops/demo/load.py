"""Plans demo households, and writes them to a file or loads them as source `demo`."""

import datetime
import math
import tempfile
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final, TextIO

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from registry.core.database import session_scope, translated_errors
from registry.core.locks import Lock
from registry.coverage.measure import coverage_of_level, living_province
from registry.files.csv_cells import Writer
from registry.intake.columns.demo_guard import MARK
from registry.intake.publishing.publish import refuse_demo_beside_real
from registry.intake.result import ImportOptions, ImportResult
from registry.intake.run import import_file
from registry.ops.demo.households import DemoCommune, DemoHousehold, households_of
from registry.ops.demo.names import customs_of
from registry.ops.demo.wanted import wants_demo
from registry.records.codes import DEMO_SOURCE
from registry.units import LAST_DAY_OF_OLD_MAP
from registry.units.gazetteer import Gazetteer, Unit, today

COLUMNS: Final = DemoHousehold._fields

# Households of a typical commune; they decrease with its area, as large communes are sparse.
_USUAL_HOUSEHOLDS: Final = {"phuong": 12_000, "xa": 6_000, "dac_khu": 2_500}
_USUAL_KM2: Final = 60.0
_THINNING: Final = -0.3
_LOT: Final = 40
"""Households enough for streets, an alley and a tower; fewer in a commune show too little."""
_METROPOLISES: Final = ("01", "79")
_CITIES: Final = ("31", "48", "75", "92")


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """Communes with their numbers of households."""

    parts: tuple[tuple[DemoCommune, int], ...]
    seed: int

    def households(self) -> Iterator[DemoHousehold]:
        """Yield all households, commune by commune; deterministic for a plan."""
        for commune, count in self.parts:
            yield from households_of(commune, count, self.seed)


def plan_demo(
    session: Session,
    gazetteer: Gazetteer,
    households: int,
    *,
    provinces: Sequence[str] = (),
    seed: int = 1,
) -> DemoPlan:
    """Distribute `households` households by the targets of provinces, and by kind and area.

    Across the country without `provinces`. Raises NotFoundError and InvalidInputError for codes
    that are not of a current province.
    """
    day = today()
    chosen = {living_province(gazetteer, code, day).id for code in provinces}
    targets = {
        unit.code: unit.target.households
        for unit in coverage_of_level(session, gazetteer, "province").units
        if unit.target
    }
    communes = [
        unit
        for unit in gazetteer.alive(day, level="commune")
        # A commune of a recent decision may not have a seat yet.
        if unit.lon is not None and unit.lat is not None
        if not chosen or unit.version_on(day).province_id in chosen
    ]
    counts = allot(households, _weights(gazetteer, communes, targets, day), lot=_LOT)
    parts = [
        (_demo_commune(gazetteer, unit, day), count)
        for unit, count in zip(communes, counts, strict=True)
        if count
    ]
    return DemoPlan(tuple(parts), seed)


def write_demo(rows: Iterable[DemoHousehold], file: TextIO, *, marked: bool) -> int:
    """Write the rows as CSV and return their number; `marked` adds a column that says so."""
    writer = Writer(file, lineterminator="\n")
    name, value = ([MARK[0]], (MARK[1],)) if marked else ([], ())
    writer.writerow([*COLUMNS, *name])
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 - the last count is returned
        writer.writerow(row + value)
    return count


def load_demo(
    engine: Engine,
    plan: DemoPlan,
    *,
    dry_run: bool,
    progress: Callable[[int], None],
    if_empty: bool = False,
) -> ImportResult | None:
    """Import the plan's households as source `demo`, with codes that are never issued for doors.

    Loads are serialised. With `if_empty` does nothing and returns None unless `wants_demo`.
    `engine` must have no statement timeout. Raises ConflictError if another source has published:
    demo and real households never coexist.
    """
    with _serialised(engine), tempfile.TemporaryDirectory(prefix="diachiso-demo-") as folder:
        with session_scope(engine) as session:
            if if_empty and not wants_demo(session):
                return None
            refuse_demo_beside_real(session)
        path = Path(folder) / "demo.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            write_demo(plan.households(), file, marked=False)
        options = ImportOptions(DEMO_SOURCE, dry_run=dry_run, actor="demo")
        return import_file(engine, path, options, progress)


@contextmanager
def _serialised(engine: Engine) -> Iterator[None]:
    """Serialise loads, so that the second one sees the result of the first."""
    key = {"key": int(Lock.DEMO)}
    with translated_errors(), engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), key)
        connection.commit()
        try:
            yield
        finally:
            # The connection returns to the pool and would keep the lock.
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)
            connection.commit()


def allot(total: int, weights: Sequence[float], *, lot: int = 1) -> list[int]:
    """Split `total` into integer parts by weight, by largest remainder.

    If parts would average less than a `lot`, some get whole lots and the others nothing, sampled
    evenly along the cumulated weights.

    >>> allot(10, [1, 1, 1.2]), allot(3, [])
    ([3, 3, 4], [])
    >>> allot(101, [1, 1, 1, 3], lot=50)
    [0, 51, 0, 50]
    """
    sums = list(accumulate(weights))
    if not sums or total >= lot * len(sums):
        return _rounded(total, weights)
    lots = max(total // lot, 1)
    drawn = [bisect_left(sums, (number + 0.5) / lots * sums[-1]) for number in range(lots)]
    sizes = _rounded(total, [1.0] * lots)
    counts = [0] * len(sums)
    for index, size in zip(drawn, sizes, strict=True):
        counts[index] += size
    return counts


def _rounded(total: int, weights: Sequence[float]) -> list[int]:
    total_weight = math.fsum(weights)
    exact = [total * weight / total_weight for weight in weights]
    counts = [int(part) for part in exact]
    # sorted() is stable, so equal remainders are resolved the same way every time.
    order = sorted(range(len(exact)), key=lambda i: counts[i] - exact[i])
    for index in order[: total - sum(counts)]:
        counts[index] += 1
    return counts


def _weights(
    gazetteer: Gazetteer, communes: Sequence[Unit], targets: dict[str, int], day: datetime.date
) -> list[float]:
    """Return the weight of each commune: its province's target, shared by kind and area."""
    raw = [
        _USUAL_HOUSEHOLDS[unit.version_on(day).kind] * (_area_km2(unit) / _USUAL_KM2) ** _THINNING
        for unit in communes
    ]
    codes = [_province_code(gazetteer, unit, day) for unit in communes]
    sums: dict[str, float] = dict.fromkeys(codes, 0.0)
    for code, weight in zip(codes, raw, strict=True):
        sums[code] += weight
    return [
        weight * targets.get(code, sums[code]) / sums[code]
        for code, weight in zip(codes, raw, strict=True)
    ]


def _demo_commune(gazetteer: Gazetteer, unit: Unit, day: datetime.date) -> DemoCommune:
    province = _province_code(gazetteer, unit, day)
    kind = unit.version_on(day).kind
    towers = 0.15 if province in _METROPOLISES else 0.06 if province in _CITIES else 0.02
    return DemoCommune(
        code=unit.code,
        kind=kind,
        customs=customs_of(_old_province_code(gazetteer, unit) or province),
        lon=unit.lon or 0.0,
        lat=unit.lat or 0.0,
        area_km2=_area_km2(unit),
        former_codes=tuple(
            step.predecessor.code
            for step in gazetteer.predecessors(unit)
            if step.predecessor.level == "commune"
        ),
        tower_share=towers if kind == "phuong" else 0.0,
    )


def _area_km2(unit: Unit) -> float:
    return max(unit.area_km2 or _USUAL_KM2, 1.0)


def _old_province_code(gazetteer: Gazetteer, unit: Unit) -> str:
    """Return the province before July 2025 of the commune or its first predecessor."""
    parts = [step.predecessor for step in gazetteer.predecessors(unit)]
    first = next((part for part in parts if part.level == "commune"), unit)
    return _province_code(gazetteer, first, LAST_DAY_OF_OLD_MAP)


def _province_code(gazetteer: Gazetteer, unit: Unit, day: datetime.date) -> str:
    province = gazetteer.province_of(unit, day)
    return province.code if province else ""
