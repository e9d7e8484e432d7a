"""Gaps: found in the register, written as a form, filled in and loaded back."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine, insert, text
from sqlalchemy.orm import Session

from registry.core.database import make_engine, session_scope
from registry.core.errors import DatabaseUnavailableError, InvalidInputError
from registry.coverage import gaps
from registry.coverage.answers import gaps_answer
from registry.coverage.figures import UnitTarget
from registry.coverage.gap_files import (
    FILLED_IN,
    FORM,
    form_rows,
    write_form_csv,
    write_form_xlsx,
    write_geojson,
)
from registry.coverage.gaps import KINDS, Gap, Gaps, find_gaps
from registry.intake.columns.reader import open_file
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from registry.units.gazetteer import Gazetteer, today
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.factories import make_household, make_locality, make_street
from tests.support.intake import BA_DINH, LAT, LON, deliveries, door, rows
from tests.support.tables import Target
from tests.support.units import unit_named


@pytest.fixture
def ba_dinh(gazetteer: Gazetteer) -> int:
    return unit_named(gazetteer, "Phường Ba Đình", BA_DINH).id


def numbered(session: Session, unit_id: int, street: int, *numbers: str, **columns: object) -> None:
    for written in numbers:
        make_household(
            session,
            unit_id=unit_id,
            street_id=street,
            house_number=written,
            house_number_key=written,
            **columns,
        )


def holes(session: Session, gazetteer: Gazetteer, **options: bool) -> list[tuple[object, ...]]:
    found = find_gaps(session, gazetteer, BA_DINH, ["street_holes"], **options).found
    return [(gap.place, gap.side, gap.numbers) for gap in found]


def test_missing_numbers_are_judged_on_one_side_of_a_street(session, gazetteer, ba_dinh):
    street = make_street(session, unit_id=ba_dinh, name="Láng")
    phố = make_street(session, unit_id=ba_dinh, name="Huế", kind="phố")
    # Odd: 5, 7 and 13 are missing. An alley is at its first number, and 5A is at 5.
    numbered(session, ba_dinh, street, "1", "3", "9", "11", "15/2", "17A", "17")
    numbered(session, ba_dinh, street, "2", "4", "10", "12")  # too few to judge
    numbered(session, ba_dinh, phố, "1", "3", "5", "7", "9", "31", "33")  # too long a gap
    assert holes(session, gazetteer) == [
        ("Láng", "odd", (5, 7)),
        ("Láng", "odd", (13,)),
    ]
    # A retired number is not missing; a restricted one is missing only for the public.
    numbered(session, ba_dinh, street, "13", status="retired")
    numbered(session, ba_dinh, street, "7", restricted=True)
    assert holes(session, gazetteer) == [("Láng", "odd", (5,))]
    assert holes(session, gazetteer, public=True) == [("Láng", "odd", (5, 7))]
    # The numbers must be dense along one side to form a sequence.
    numbered(session, ba_dinh, street, *map(str, range(101, 130, 7)))
    assert holes(session, gazetteer) == []


def test_house_with_a_number_range_leaves_no_missing_number(session, gazetteer, ba_dinh):
    street = make_street(session, unit_id=ba_dinh, name="Hòn Chồng")
    numbered(session, ba_dinh, street, "33", "35-37", "39-41", "43", "45-47-49A", "55", "61-5")
    # The last one begins at 61, and ends nowhere.
    assert holes(session, gazetteer) == [
        ("Hòn Chồng", "odd", (51, 53)),
        ("Hòn Chồng", "odd", (57, 59)),
    ]
    numbered(session, ba_dinh, street, "50-53/2")
    assert holes(session, gazetteer) == [("Hòn Chồng", "odd", (57, 59))]


def test_public_sees_missing_numbers_only_for_small_areas(session, gazetteer, ba_dinh, monkeypatch):
    street = make_street(session, unit_id=ba_dinh, name="Láng")
    numbered(session, ba_dinh, street, "1", "3", "7", "9", "11")

    def found(code: str | None, *kinds: str, public: bool = True) -> int:
        return len(find_gaps(session, gazetteer, code, kinds, public=public).found)

    assert found(None, "street_holes") == found("01", "street_holes") == 1
    monkeypatch.setattr(gaps, "MOST_RECORDS", 4)
    for code in (None, "01"):
        with pytest.raises(InvalidInputError) as refused:
            found(code, *KINDS)
        assert refused.value.extra["errors"][0]["code"] == "too_many_records"
    assert found(BA_DINH, "street_holes") == 1
    assert found("01", "below_target", "never_delivered") > 0
    assert found("01", "street_holes", public=False) == 1


def test_large_public_queries_run_one_at_a_time(engine, gazetteer, monkeypatch):
    monkeypatch.setattr(gaps, "_WAIT", text("SET LOCAL lock_timeout = 1"))

    def ask(code: str, *, public: bool = True) -> None:
        with session_scope(engine) as session:
            find_gaps(session, gazetteer, code, ["never_delivered"], public=public)

    with Session(engine) as other:
        find_gaps(other, gazetteer, "01", ["never_delivered"], public=True)
        with pytest.raises(DatabaseUnavailableError, match="hãy thử lại"):
            ask("79")
        ask(BA_DINH)
        ask("79", public=False)
    ask("79")


def test_units_far_below_target_are_listed_with_the_target_quality(session, gazetteer, ba_dinh):
    hamlet = make_locality(session, unit_id=ba_dinh, name="Đông", kind="thôn")
    group = make_locality(
        session, unit_id=ba_dinh, name="2", kind="tổ", key="to 2", parent_id=hamlet
    )
    make_household(session, unit_id=ba_dinh, locality_id=group, households_count=79)
    target = {"unit_id": ba_dinh, "source": "UBND", "reference_date": "2026-06-30"}
    for locality, households, quality in (
        (None, 100, "declared"),
        (hamlet, 100, "estimate"),
        (group, 98, "declared"),
    ):
        session.execute(
            insert(Target).values(
                **target, locality_id=locality, households=households, quality=quality
            )
        )

    gaps = find_gaps(session, gazetteer, BA_DINH, ["below_target"])

    assert [(gap.level, gap.place, gap.missing) for gap in gaps.found] == [
        ("commune", None, 21),
        ("locality", "Thôn Đông", 21),
    ]  # 79 of 98 is not far below
    found = gaps_answer(gaps)
    assert found["counts"] == {"below_target": 2, "street_holes": None, "never_delivered": None}
    assert [gap["target_quality_label"] for gap in found["gaps"]] == ["kê khai", "ước tính"]
    assert found["gaps"][0]["share"] == 0.79
    out = io.StringIO()
    write_form_csv(gaps, out)
    wanted = [row["Cần tìm"] for row in csv.DictReader(io.StringIO(out.getvalue()))]
    assert wanted == ["còn 21 hộ", "còn 21 hộ (theo số ước tính)"]
    # Of the country: its provinces have estimates, and only they.
    country = find_gaps(session, gazetteer, None, ["below_target"])
    assert [gap.level for gap in country.found].count("province") == 34
    assert (country.code, len(country.found)) == ("VN", 36)


@pytest.fixture
def own(fresh_database: Callable[[], str]) -> Iterator[Engine]:
    made = make_engine(fresh_database())
    yield made
    made.dispose()


def found_in(engine: Engine, *kinds: str) -> list[Gap]:
    with session_scope(engine) as session:
        known = load_gazetteer(session)
        return list(find_gaps(session, known, BA_DINH, kinds or KINDS).found)


def test_form_is_filled_in_and_loaded_back(own: Engine, tmp_path: Path) -> None:
    deliver = deliveries(own, tmp_path)
    deliver(
        *(
            door(number, f"r{number}", longitude=LON, latitude=LAT)
            for number in ("2", "4", "6", "12", "14")
        )
    )
    (hole,) = found_in(own, "street_holes")
    assert (hole.place, hole.numbers) == ("Phố Quán Thánh", (8, 10))
    assert hole.point == (float(LON), float(LAT))
    with session_scope(own) as session:
        gaps = find_gaps(session, load_gazetteer(session), BA_DINH, ["street_holes"])
    form, sheet, layer = (tmp_path / name for name in ("form.csv", "form.xlsx", "gaps.geojson"))
    with form.open("w", encoding="utf-8-sig", newline="") as out:
        write_form_csv(gaps, out)
    write_form_xlsx(gaps, sheet)
    with layer.open("w", encoding="utf-8") as out:
        write_geojson(gaps, out)
    # The same rows in both; all that a team fills in, an import reads.
    table = list(csv.reader(io.StringIO(form.read_text(encoding="utf-8-sig"))))
    assert CalamineWorkbook.from_path(str(sheet)).get_sheet_by_index(0).to_python() == table
    assert set(open_file(form).columns.unknown) == {"Việc", "Cần tìm", "Chỗ cần đến"}
    (feature,) = json.loads(layer.read_text(encoding="utf-8"))["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [float(LON), float(LAT)]}
    assert feature["properties"]["numbers"] == [8, 10]

    # In the field: 8 is there, 10 is not.
    header, *lines = table
    assert header == [name for name, _, _ in FORM]
    eight, ten = (dict(zip(header, line, strict=True)) for line in lines)
    assert all(eight[name] == "" for name in FILLED_IN)
    eight |= {"Kết quả": "có nhà", "Số nhà": "8", "Kinh độ": "105.8381", "Vĩ độ": LAT}
    eight |= {"Toà nhà": "CT1", "Căn hộ": "302", "Độ chính xác (m)": "4"}
    ten |= {"Kết quả": "Không có nhà này", "Số nhà": "10", "Kinh độ": "105.8381", "Vĩ độ": LAT}
    with form.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, header)
        writer.writeheader()
        writer.writerows((eight, ten))
    result = import_file(own, form, ImportOptions("thuc-dia"), lambda _count: None)
    assert (result.rows, result.new, result.rejected) == (2, 1, 1)
    assert result.problems["no_house_there"] == 1
    kept = (
        "SELECT t.name, h.house_number_key, h.unit_number, h.position_accuracy_m"
        " FROM household h JOIN place t"
    )
    where = " ON t.id = h.street_id WHERE h.house_number_key = '8'"
    assert rows(own, kept + where) == [("Quán Thánh", "8", "302", 4.0)]
    assert [gap.numbers for gap in found_in(own, "street_holes")] == [(10,)]


def test_unit_with_two_gaps_is_one_form_row_with_both_reasons() -> None:
    target = UnitTarget(100, "declared", "UBND", today())
    commune = ("commune", BA_DINH, "Phường Ba Đình", None)
    found = (
        Gap("below_target", *commune, target=target, households=0),
        Gap("never_delivered", *commune),
        Gap("never_delivered", "locality", *commune[1:], place="Thôn Tây", place_id=7),
    )
    gaps = Gaps("VN", "Cả nước", None, today(), demo=False, kinds=frozenset(KINDS), found=found)
    shown = [row[1:3] for row in form_rows(gaps)]
    assert shown == [
        ["còn thiếu nhiều so với tổng số hộ; chưa có tệp nào", "còn 100 hộ"],
        ["chưa có tệp nào", "mọi hộ"],
    ]


def test_places_never_delivered_are_listed(own: Engine, tmp_path: Path) -> None:
    place = {"commune_code": BA_DINH, "longitude": LON, "latitude": LAT}
    deliveries(own, tmp_path)(place | {"source_ref": "1", "locality": "Tổ 5, Khu phố 2"})
    with session_scope(own) as session:
        unit = unit_named(load_gazetteer(session), "Phường Ba Đình", BA_DINH)
        make_locality(session, unit_id=unit.id, name="Tây", kind="thôn")
        make_household(  # known, but by no import
            session,
            unit_id=unit.id,
            locality_id=make_locality(session, unit_id=unit.id, name="Bắc", kind="xóm", key="b"),
        )
    found = found_in(own, "never_delivered")
    # The quarter around a group that was delivered was delivered too.
    assert [(gap.level, gap.place) for gap in found] == [
        ("locality", "Xóm Bắc"),
        ("locality", "Thôn Tây"),
    ]
    with session_scope(own) as session:
        known = load_gazetteer(session)
        province = find_gaps(session, known, "01", ["never_delivered"])
        assert [gap.level for gap in province.found].count("commune") == 125
        session.execute(text("DELETE FROM household_ref"))
        alone = find_gaps(session, known, BA_DINH, ["never_delivered"])
        assert alone.found[0].level == "commune"
        session.rollback()
