"""Work files of undecided households: a workbook to fill in and a map, and its reader."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from geo import code as codes
from registry.core.sql import Statements
from registry.files.table_file import TableFile
from registry.files.whole_file import whole_file
from registry.reform.plan_values import Plan
from registry.reform.refusals import Refusal, ResolutionRefusedError
from registry.reform.report import labels
from registry.reform.settling import Units
from registry.reform.table_form import lines_of
from registry.reform.views import MAP, WORKBOOK

SQL: Final = Statements(__file__)

TABLE: Final = TableFile("decisions", (("code",), ("commune",)))
_SHEET: Final = "Chưa rõ"
_POINT: Final = ("lon", "lat")
_DECIDED: Final = "commune"
"""The column to fill in, with the code of a commune."""


def list_undecided(session: Session) -> None:
    """Fill the temporary table `reform_work` with the unsettled households."""
    session.execute(SQL.text("create_work_list"))


def write_work_files(session: Session, plan: Plan, units: Units, folder: Path) -> list[Path]:
    """Write the households of `reform_work`; return the files. Raises OSError."""
    rows = list(_rows(session, plan, units))
    with whole_file(folder / WORKBOOK, by_name=True) as path:
        TABLE.write(path, rows, numbers=_POINT, sheet=_SHEET)
    shown = [each for each in TABLE.columns if each.field not in (*_POINT, _DECIDED)]
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [float(row[axis]) for axis in _POINT]}
            if row["lon"]
            else None,
            "properties": {column.header: row[column.field] for column in shown},
        }
        for row in rows
    ]
    with whole_file(folder / MAP) as path:
        collection = {"type": "FeatureCollection", "features": features}
        path.write_text(json.dumps(collection, ensure_ascii=False), encoding="utf-8")
    return [folder / WORKBOOK, folder / MAP]


def _rows(session: Session, plan: Plan, units: Units) -> Iterator[dict[str, str]]:
    code_of = {unit_id: code for code, unit_id in units.codes.items()}
    listed = session.execute(SQL.text("work_list")).all()
    may_go: dict[int, str] = {}
    for unit in plan.touched.values():
        successors = {leg.successor.code for leg in plan.legs_of(unit)}
        may_go[unit.id] = " ".join(sorted(successors | ({unit.code} - _codes_ended(plan))))
    for at in range(0, len(listed), 10_000):
        page = listed[at : at + 10_000]
        labelled = labels(session, plan.gazetteer, plan.day, [row.code for row in page])
        for row in page:
            label, record = labelled[row.code]
            yield {
                "code": codes.format(row.code),
                "address": label,
                "commune_now": plan.gazetteer.units[row.from_id].code,
                "may_go": may_go[row.from_id],
                "neighbours": code_of.get(row.to_id, ""),
                "lon": "" if record.lon is None else str(record.lon),
                "lat": "" if record.lat is None else str(record.lat),
            }


def _codes_ended(plan: Plan) -> set[str]:
    return {unit.code for unit in plan.ended.values()}


def read_decided(path: Path) -> dict[str, str]:
    """Map codes of households to codes of communes, from the filled-in rows.

    Raises ResolutionRefusedError with the lines, UnreadableFileError for what is not a table.
    """
    decided: dict[str, str] = {}
    wrong: list[Refusal] = []
    for line, row in lines_of(TABLE, path):
        if not row[_DECIDED]:
            continue
        cells, faults = TABLE.read(row)
        wrong += [Refusal(code, line, value) for code, value in faults]
        decided[cells["code"]] = cells[_DECIDED]
    if wrong:
        raise ResolutionRefusedError(wrong)
    return decided
