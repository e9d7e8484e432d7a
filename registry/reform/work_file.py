"""The undecided, as files for people: a workbook with a column to fill in, and a map. And back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from geo import code as codes
from geo.code import CodeError
from geo.text import fold
from registry.core.sql import Statements
from registry.files.formats.any_file import read_file
from registry.files.new_workbook import new_workbook
from registry.files.whole_file import whole_file
from registry.reform.plan_values import Plan
from registry.reform.refusals import Refusal, ResolutionRefusedError
from registry.reform.report import labels
from registry.reform.settling import Units
from registry.reform.views import MAP, WORKBOOK

SQL: Final = Statements(__file__)

DECIDED: Final = "Xã mới (mã)"
"""Head of the column that people fill in with the code of a commune."""
_HEAD: Final = (
    *("Mã địa chỉ số", "Địa chỉ", "Xã hiện nay", "Có thể thuộc", "Hàng xóm thuộc"),
    *("Kinh độ", "Vĩ độ", DECIDED),
)


def list_undecided(session: Session) -> None:
    """Fill `reform_work`, of the transaction: the households that nothing settled."""
    session.execute(SQL.text("create_work_list"))


def write_work_files(session: Session, plan: Plan, units: Units, folder: Path) -> list[Path]:
    """Write what `reform_work` lists; the files. Raises OSError where they cannot be written."""
    rows = list(_rows(session, plan, units))
    with whole_file(folder / WORKBOOK, by_name=True) as path, new_workbook(path) as book:
        sheet = book.add_worksheet("Chưa rõ")
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, _HEAD)
        for at, row in enumerate(rows, start=1):
            sheet.write_row(at, 0, ["" if cell is None else cell for cell in row])
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [lon, lat]} if lon is not None else None,
            "properties": dict(zip(_HEAD[:5], told, strict=True)),
        }
        for *told, lon, lat, _ in rows
    ]
    with whole_file(folder / MAP) as path:
        collection = {"type": "FeatureCollection", "features": features}
        path.write_text(json.dumps(collection, ensure_ascii=False), encoding="utf-8")
    return [folder / WORKBOOK, folder / MAP]


def _rows(session: Session, plan: Plan, units: Units) -> Iterator[tuple[Any, ...]]:
    code_of = {unit_id: code for code, unit_id in units.codes.items()}
    listed = session.execute(SQL.text("work_list")).all()
    may_go: dict[int, str] = {}
    for unit in plan.touched.values():
        heirs = {leg.heir.code for leg in plan.legs_of(unit)}
        may_go[unit.id] = " ".join(sorted(heirs | ({unit.code} - _codes_ended(plan))))
    for at in range(0, len(listed), 10_000):
        page = listed[at : at + 10_000]
        told = labels(session, plan.gazetteer, plan.day, [row.code for row in page])
        for row in page:
            label, record = told[row.code]
            unit = plan.gazetteer.units[row.from_id]
            yield (
                codes.format(row.code),
                label,
                unit.code,
                may_go[row.from_id],
                code_of.get(row.to_id, ""),
                record.lon,
                record.lat,
                None,
            )


def _codes_ended(plan: Plan) -> set[str]:
    return {unit.code for unit in plan.ended.values()}


def read_decided(path: Path) -> dict[str, str]:
    """Code of a household → code of its commune, of the rows that are filled in.

    Raises ResolutionRefusedError with the line, UnreadableFileError for what is no table.
    """
    table = read_file(path)
    folded = [fold(header) for header in table.headers]
    decided, wrong = {}, []
    columns = _columns(folded)
    with table.rows() as rows:
        for line, row in enumerate(rows, start=2):
            cells = [row[at].strip() if at < len(row) else "" for at in columns]
            if not cells[1]:
                continue
            try:
                decided[codes.validate(cells[0])] = cells[1].zfill(5)
            except CodeError:
                wrong.append(Refusal("decision_unreadable", line, cells[0]))
    if wrong:
        raise ResolutionRefusedError(wrong)
    return decided


def _columns(headers: list[str]) -> tuple[int, int]:
    wanted = (("ma dia chi so", "ma", "code"), (fold(DECIDED), "xa moi", "commune", "to"))
    found = [next((headers.index(n) for n in names if n in headers), None) for names in wanted]
    if found[0] is None or found[1] is None:
        raise ResolutionRefusedError([Refusal("not_a_table", 1, DECIDED)])
    return found[0], found[1]
