"""Targets from files: what is read, what is reported, and the resulting coverage."""

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.core.database import make_engine, session_scope
from registry.core.errors import InvalidInputError, NotFoundError, UnreadableFileError
from registry.core.events import write_scope
from registry.coverage.figures import use_line
from registry.coverage.gaps import find_gaps
from registry.coverage.localities import coverage_of_localities
from registry.coverage.measure import coverage_of_unit
from registry.coverage.target_reading import Defaults
from registry.coverage.targets import TargetResult, import_targets, remove_targets
from registry.units.gazetteer import today
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.factories import TEST, make_locality
from tests.support.intake import rows
from tests.support.postgis import clone
from tests.support.units import unit_named

BA_DINH, GIANG_VO, CUA_NAM, HA_NOI = "00004", "00025", "00082", "01"
# Targets are kept from one test to the next: each has a source of its own.


@pytest.fixture(scope="module")
def engine(admin_url: str, worker_id: str) -> Iterator[Engine]:
    """A register that only these tests write into."""
    with clone(admin_url, f"targets_{worker_id}") as url:
        made = make_engine(url)
        yield made
        made.dispose()


def load(engine: Engine, path: Path, content: str, **defaults: object) -> TargetResult:
    path.write_text(content)
    with session_scope(engine) as session:
        gazetteer = load_gazetteer(session)
        found = Defaults(**{"source": path.parent.name} | defaults)  # type: ignore[arg-type]
        return import_targets(session, gazetteer, path, found)


def test_units_match_by_code_or_name_and_repeating_changes_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    content = (
        "DANH SÁCH SỐ HỘ,,,\nMã xã,Tên xã,Tỉnh,Tổng số hộ\n"
        f'4,,,16.764\n,Phường Láng,Thành phố Hà Nội,20 100\n{HA_NOI},,,"2,271,806"\n'
    )
    first = load(engine, tmp_path / "a.csv", content)
    assert (first.rows, first.new, first.rejected) == (3, 3, 0)
    again = load(engine, tmp_path / "a.csv", content)
    assert (again.new, again.unchanged) == (0, 3)
    changed = load(engine, tmp_path / "a.csv", content.replace("16.764", "16.800"))
    assert (changed.changed, changed.unchanged) == (1, 2)


@pytest.mark.parametrize(
    "header", ["Tên xã/phường", "Phường, xã", "Tên xã (phường)", "Xã/phường/đặc khu"]
)
def test_commune_headers_are_recognised_as_in_an_import(
    engine: Engine, tmp_path: Path, header: str
) -> None:
    content = f'STT,"{header}",Tỉnh,Số hộ\n1,Phường Láng,Thành phố Hà Nội,20100\n'
    assert load(engine, tmp_path / "a.csv", content).new == 1


def test_coverage_uses_the_newest_declared_target(engine: Engine, tmp_path: Path) -> None:
    for date, households, quality in (
        ("2026-01-01", 100, "declared"),
        ("2026-06-01", 120, "declared"),
        ("2026-07-01", 999, "estimate"),
    ):
        load(
            engine,
            tmp_path / "a.csv",
            f"mã xã,số hộ,ngày\n{CUA_NAM},{households},{date}\n",
            quality=quality,
        )
    with session_scope(engine) as session:
        coverage = coverage_of_unit(session, load_gazetteer(session), CUA_NAM)
    target = coverage.units[0].target
    assert target is not None
    assert (target.households, target.quality) == (120, "declared")
    assert target.reference_date == datetime.date(2026, 6, 1)


def test_invalid_rows_are_reported_and_do_not_fail_others(engine: Engine, tmp_path: Path) -> None:
    tomorrow = today() + datetime.timedelta(days=1)
    content = (
        "mã,xã,tỉnh,số hộ,loại số liệu,ngày\n"
        f"{BA_DINH},,,500,kê khai,01/06/2026\n"
        f"{BA_DINH},,,600,,1/6/2026\n"
        "99999,,,5,,\n"
        ",Xã Không Có,Hà Nội,5,,\n"
        ",Tân Phú,,5,,\n"
        ",Phường Trúc Bạch,Hà Nội,5,,\n"
        "00007,,,5,,\n"
        "00008,,,âm,,\n"
        "00008,,,-5,,\n"
        "00008,,,5,rất tốt,\n"
        "00008,,,5,,hôm qua\n"
        f"00008,,,5,,{tomorrow}\n"
        ",,,5,,\n"
        "00008,,,28,ước tính,\n"
    )
    result = load(engine, tmp_path / "a.csv", content)
    assert (result.rows, result.new, result.rejected) == (14, 2, 12)
    assert [(problem.row_number, problem.code) for problem in result.problems] == [
        (2, "unit_repeated"),
        (3, "unit_unknown"),
        (4, "unit_unknown"),
        (5, "unit_ambiguous"),
        (6, "unit_ended"),
        (7, "unit_ended"),
        (8, "households_unreadable"),
        (9, "households_unreadable"),
        (10, "quality_unknown"),
        (11, "date_unreadable"),
        (12, "date_in_future"),
        (13, "unit_missing"),
        (14, "households_implausible"),
    ]
    assert "Ba Đình" in result.problems[4].value
    assert all(problem.words for problem in result.problems)
    kept = f"SELECT households FROM target WHERE source = '{tmp_path.name}' ORDER BY 1"
    assert rows(engine, kept) == [(28,), (500,)]


def test_province_is_compared_with_the_sum_of_its_communes(engine: Engine, tmp_path: Path) -> None:
    codes = rows(
        engine,
        "SELECT u.code FROM admin_unit u JOIN admin_unit_version v ON v.unit_id = u.id"
        " AND v.valid @> current_date JOIN admin_unit p ON p.id = v.province_id"
        " WHERE p.code = '04' AND u.level = 'commune' AND u.lifetime @> current_date",
    )
    lines = "".join(f"{code},1000\n" for (code,) in codes)
    result = load(engine, tmp_path / "a.csv", f"mã,số hộ\n04,60000\n{lines}")
    (gap,) = result.gaps
    assert (gap.code, gap.households) == ("04", 60_000)
    assert gap.sum_of_communes == 1_000 * len(codes)


def test_province_name_never_matches_a_ward_of_that_name(engine: Engine, tmp_path: Path) -> None:
    content = "đơn vị,tỉnh,số hộ\nTỉnh Phú Thọ,Phú Thọ,1.050.000 hộ\n,Lào Cai,99\n"
    result = load(engine, tmp_path / "a.csv", content)
    assert (result.new, result.problems) == (2, ())
    units = (
        "SELECT u.level, u.code FROM target t JOIN admin_unit u ON u.id = t.unit_id"
        f" WHERE t.source = '{tmp_path.name}' ORDER BY u.code"
    )
    assert rows(engine, units) == [("province", "15"), ("province", "25")]


def test_codes_must_match_the_column_level_and_the_name(engine: Engine, tmp_path: Path) -> None:
    communes = (
        "mã xã,tên xã,số hộ\n8,Phường Ngọc Hà,8000\n27142,Phường Bến Thành,12500\n"
        "25,,20100\n27142,Phường Nhiêu Lộc,12500\nTổng cộng,,53100\n"
    )
    result = load(engine, tmp_path / "a.csv", communes)
    assert (result.new, result.rejected, result.skipped) == (3, 1, 1)
    assert [(each.row_number, each.code) for each in result.problems] == [
        (2, "commune_differs_from_code"),
        (5, "row_skipped"),
    ]
    anything = "mã,tên,số hộ\n8,Tỉnh Tuyên Quang,519991\n8,Phường Ngọc Hà,8001\n8,,5\n"
    mixed = load(engine, tmp_path / "b.csv", anything)
    assert (mixed.new, mixed.changed) == (1, 1)
    assert [each.code for each in mixed.problems] == ["unit_ambiguous"]
    kept = (
        "SELECT u.code, t.households FROM target t JOIN admin_unit u ON u.id = t.unit_id"
        f" WHERE t.source = '{tmp_path.name}' ORDER BY u.level, u.code"
    )
    assert rows(engine, kept) == [
        ("00008", 8001),
        ("00025", 20100),
        ("27142", 12500),
        ("08", 519991),
    ]


def test_estimate_is_never_treated_as_declared(engine: Engine, tmp_path: Path) -> None:
    content = (
        "commune_code,households,quality,source\n"
        "00004,500,ok,estimate: scaled\n00008,500,missing,estimate: scaled\n"
        "00025,500,suspect_low,estimate: scaled\n00025,500,ok,phòng thống kê\n"
        "00025,500,,phòng thống kê\n00025,500,,Sở (ước tính)\n"
    )
    result = load(engine, tmp_path / "a.csv", content)
    assert result.qualities == {"estimate": 3, "declared": 1}
    assert [(each.row_number, each.code, each.severity) for each in result.problems] == [
        (2, "households_missing", "notice"),
        (3, "households_doubted", "warning"),
        (4, "quality_unknown", "error"),
    ]
    found = load(engine, tmp_path / "a.csv", content, quality="census")
    assert (found.qualities, found.rejected) == ({"estimate": 3, "census": 1}, 1)
    assert found.problems[-1].code == "unit_repeated"


def test_absurd_numbers_are_rejected_and_other_days_kept(engine: Engine, tmp_path: Path) -> None:
    content = (
        "mã xã,số hộ,ngày\n27142,99999999,01/01/2026\n27142,250000,01/01/2026\n"
        "27142,12500,01/02/2026\n27142,12600,01/02/2026\n"
    )
    result = load(engine, tmp_path / "a.csv", content)
    assert (result.new, result.rejected) == (2, 2)
    assert [(each.row_number, each.code) for each in result.problems] == [
        (1, "households_absurd"),
        (2, "households_implausible"),
        (4, "unit_repeated"),
    ]


def test_withdrawn_target_is_kept_but_not_counted(engine: Engine, tmp_path: Path) -> None:
    def best() -> int | None:
        with session_scope(engine) as session:
            target = coverage_of_unit(session, load_gazetteer(session), "27142").units[0].target
        return target and target.households

    before = best()
    content = "mã xã,số hộ\n27142,777\n"
    load(engine, tmp_path / "a.csv", content)
    assert best() == 777
    with session_scope(engine) as session:
        assert remove_targets(session, load_gazetteer(session), tmp_path.name) == 1
    assert best() == before
    kept = f"SELECT households FROM target WHERE source = '{tmp_path.name}'"
    assert rows(engine, kept) == [(777,)]
    with pytest.raises(NotFoundError), session_scope(engine) as session:
        remove_targets(session, load_gazetteer(session), tmp_path.name)
    assert load(engine, tmp_path / "a.csv", content).changed == 1
    assert best() == 777


def test_files_without_the_columns_and_wrong_defaults_are_refused(
    engine: Engine, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableFileError, match="cần có cột Số hộ"):
        load(engine, tmp_path / "a.csv", "tên,ghi chú\nBa Đình,x\n")
    with session_scope(engine) as session, pytest.raises(UnreadableFileError, match="không có tệp"):
        import_targets(session, load_gazetteer(session), tmp_path / "none.csv", Defaults())
    with pytest.raises(InvalidInputError):
        load(engine, tmp_path / "a.csv", "mã,số hộ\n1,2\n", quality="good")
    tomorrow = today() + datetime.timedelta(days=1)
    with pytest.raises(InvalidInputError):
        load(engine, tmp_path / "a.csv", "mã,số hộ\n1,2\n", reference_date=tomorrow)


def test_localities_and_counted_kinds_are_read(engine: Engine, tmp_path: Path) -> None:
    with write_scope(engine, TEST) as session:
        known = load_gazetteer(session)
        unit = unit_named(known, "Phường Giảng Võ", GIANG_VO).id
        quarter = make_locality(session, unit_id=unit, name="2", kind="khu phố", key="khu pho 2")
        make_locality(session, unit_id=unit, name="5", kind="tổ", key="to 5", parent_id=quarter)
    content = (
        "mã xã,thôn/tổ,số hộ,đếm gì\n"
        f"{GIANG_VO},Khu phố 2,90,hộ\n"
        f'{GIANG_VO},"Tổ 5, Khu phố 2",30,chỗ ở\n'
        f"{GIANG_VO},Khu phố 2,95,hộ thường trú\n"
        f"{GIANG_VO},Khu phố 2,91,\n"
        f"{GIANG_VO},Khu phố 9,12,\n"
        f"{GIANG_VO},vui vẻ,12,\n"
        f"{GIANG_VO},Khu phố 2,12,người\n"
        f"{HA_NOI},Khu phố 2,12,\n"
    )
    result = load(engine, tmp_path / "a.csv", content)
    assert (result.new, result.rejected) == (3, 5)
    assert [problem.code for problem in result.problems] == [
        "unit_repeated",
        "locality_unknown",
        "locality_unreadable",
        "counted_unknown",
        "locality_without_commune",
    ]
    with session_scope(engine) as session:
        found = coverage_of_localities(session, load_gazetteer(session), GIANG_VO)
    targets = {unit.name: unit.target for unit in found.units}
    assert targets["Khu phố 2"] is not None
    assert (targets["Khu phố 2"].households, targets["Khu phố 2"].counted) == (90, "households")
    assert targets["Tổ 5"] is not None
    assert (targets["Tổ 5"].households, targets["Tổ 5"].counted) == (30, "dwellings")


def test_file_may_have_home_office_and_shop_targets_of_one_commune(
    engine: Engine, tmp_path: Path
) -> None:
    content = (
        "mã phường,số hộ,số cơ quan,số doanh nghiệp,số hộ kinh doanh\n"
        f"{GIANG_VO},21000,12,40,300\n{BA_DINH},30000,,nhiều,\n"
    )
    result = load(engine, tmp_path / "a.csv", content)
    assert (result.new, [(p.row_number, p.code) for p in result.problems]) == (
        4,
        [(2, "households_unreadable")],
    )
    with session_scope(engine) as session:
        total = coverage_of_unit(session, load_gazetteer(session), GIANG_VO).total
    assert total.target is not None
    assert total.target.households == 21_000
    assert [use_line(each) for each in total.uses] == [
        "trụ sở cơ quan, tổ chức: 0 / 12 (kê khai) · 0,0 %",
        "cơ sở sản xuất, kinh doanh: 0 / 340 (kê khai) · 0,0 %",
    ]


def test_unknown_localities_are_created_on_request(engine: Engine, tmp_path: Path) -> None:
    content = (
        "mã phường,tên thôn,số chỗ ở\n"
        f'{BA_DINH},"Xóm 3, Thôn Thượng",40\n{BA_DINH},Thôn Thượng,60\n'
    )
    refused = load(engine, tmp_path / "a.csv", content)
    assert [problem.code for problem in refused.problems] == ["locality_unknown"] * 2
    named = load(engine, tmp_path / "a.csv", content, new_localities=True)
    assert (named.new, named.rejected) == (2, 0)
    again = load(engine, tmp_path / "a.csv", content, new_localities=True)
    assert (again.new, again.unchanged) == (0, 2)
    kept = (
        "SELECT l.name, o.name, t.households, t.counted FROM target t"
        " JOIN place l ON l.id = t.locality_id LEFT JOIN place o ON o.id = l.parent_id"
        f" WHERE t.source = '{tmp_path.name}' ORDER BY 3"
    )
    assert rows(engine, kept) == [
        ("3", "Thượng", 40, "dwellings"),
        ("Thượng", None, 60, "dwellings"),
    ]
    # A declared locality that was never delivered is a gap.
    with session_scope(engine) as session:
        gaps = find_gaps(session, load_gazetteer(session), BA_DINH)
    assert [(gap.kind, gap.place, gap.missing) for gap in gaps.found if gap.place] == [
        ("below_target", "Thôn Thượng", 60),
        ("below_target", "Xóm 3", 40),
        ("never_delivered", "Xóm 3", None),
        ("never_delivered", "Thôn Thượng", None),
    ]
    # A different name, which is not a target of this hamlet: it names another one.
    other = content.replace("Thượng", "Thường")
    marked = load(engine, tmp_path / "b.csv", other)
    assert [problem.code for problem in marked.problems] == ["locality_unknown"] * 2
    marked = load(engine, tmp_path / "b.csv", other, new_localities=True)
    assert (marked.new, marked.rejected) == (2, 0)
