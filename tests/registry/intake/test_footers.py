"""Totals and signatures are not households, and all rows are accounted for."""

import csv
import io
from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.core.errors import UnreadableFileError
from registry.intake.columns.reader import open_file
from registry.intake.result import ImportOptions, ImportResult
from registry.intake.row_reports import PUBLISHED, REJECTED, Handback, write_codes, write_problems
from registry.intake.run import import_file
from tests.support.intake import Deliver, checksum, door

pytestmark = pytest.mark.thorough

TEXT = """STT,Số nhà,Đường,Mã xã,Số hộ
1,12,Láng,00199,1
2,,Láng,00199,1
Cộng trang 1,,,,2
3,14,Láng,00199,1
4,Tổng,Láng,,
Tổng cộng:,,,,3 hộ
,,"Láng, ngày 3 tháng 2 năm 2026",,
Người lập biểu: Nguyễn Văn A,,,Chủ tịch,
"""


@pytest.mark.gate
def test_footers_are_skipped_and_counted(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TEXT)
    answers, problems = io.BytesIO(), io.BytesIO()

    result = import_file(
        engine, path, ImportOptions("x"), lambda _n: None, Handback(answers, problems)
    )

    assert (result.rows, result.new, result.rejected, result.skipped) == (8, 2, 2, 4)
    assert result.problems["row_skipped"] == 4
    assert {problem.row_number for problem in result.row_problems} == {2, 5}
    file = open_file(path)
    write_problems(file, problems, tmp_path / "loi.csv", REJECTED)
    with (tmp_path / "loi.csv").open(encoding="utf-8-sig") as back:
        assert [row["dòng"] for row in csv.DictReader(back)] == ["2", "5"]
    write_problems(file, problems, tmp_path / "xem.csv", PUBLISHED)
    with (tmp_path / "xem.csv").open(encoding="utf-8-sig") as back:
        assert list(csv.DictReader(back)) == []
    out = io.StringIO()
    write_codes(file, answers, out)
    outcomes = [row["outcome"] for row in csv.DictReader(io.StringIO(out.getvalue()))]
    assert outcomes == ["new", "rejected", "skipped", "new", "rejected", *["skipped"] * 3]

    before = checksum(engine)
    again = import_file(engine, path, ImportOptions("x"), lambda _n: None)
    assert (again.unchanged, again.rejected, again.skipped) == (2, 2, 4)
    assert checksum(engine) == before


def test_headings_and_signatures_are_not_errors(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "STT,Số nhà,Đường,Tổ,Mã xã\n"
        "I,TỔ DÂN PHỐ SỐ 5,,,35\n"
        "1,22,Láng,5,00199\n"
        "TỔ DÂN PHỐ SỐ 06: 20 HỘ,,,,\n"
        "2,24,Láng,6,00199\n"
        "DANH SÁCH TỔ DÂN PHỐ SỐ 7,,,,\n"
        "3,,Láng,7,00199\n"
        ",,,Danh sách gồm có 3 hộ,\n"
        ",CÁN BỘ ĐỊA CHÍNH,,KT. CHỦ TỊCH,\n"
        ",,,PHÓ CHỦ TỊCH,\n"
        ',"(Ký, ghi rõ họ tên)",,"(Ký tên, đóng dấu)",\n'
        ",Trần Thị Bình,,Lê Văn Cường,\n"
        "Nơi nhận:,,,,\n"
    )
    result = import_file(engine, path, ImportOptions("x"), lambda _n: None)
    assert (result.rows, result.new, result.rejected, result.skipped) == (12, 2, 1, 9)
    assert {problem.row_number for problem in result.row_problems} == {6}


def test_repeated_headers_sums_and_signatures_are_skipped(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "STT,Số nhà,Đường,Mã xã\n"
        "1,22,Láng,00199\n"
        "STT,Số nhà,Đường,Mã xã\n"
        "2,24,Láng,00199\n"
        "Cộng Phường Láng,,,2\n"
        '"(Bằng chữ: hai hộ, tính đến cuối ngày làm việc của tổ điều tra trong tuần trước)",,,\n'
        '"Ghi chú: số liệu do các tổ trưởng cung cấp, chưa đối chiếu với sổ của công an",,,\n'
        ",NGƯỜI LẬP BIỂU,,TM. UBND\n"
        ",Trần Thị Bình,,Lê Văn Cường\n"
    )
    result = import_file(engine, path, ImportOptions("x"), lambda _n: None)
    assert (result.rows, result.new, result.rejected, result.skipped) == (8, 2, 0, 6)


def test_names_are_signatures_only_below_a_signature_title(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "STT,Số nhà,Đường,Mã xã\n,Trần Thị Bình,,Lê Văn Cường\n1,26,Láng,00199\n"
        ",Người lập biểu,,\n2,28,Láng,00199\n,Trần Thị Bình,,Lê Văn Cường\n"
    )
    result = import_file(engine, path, ImportOptions("x"), lambda _n: None)
    assert (result.new, result.rejected, result.skipped) == (2, 2, 1)


def test_zero_is_not_a_house_number(deliver: Deliver) -> None:
    place = {"locality": "Thôn Đông", "longitude": "105.84", "latitude": "21.03"}
    result = deliver(
        door("0", "a"), door("0", "b", street="", **place), door("00", "c"), door("10", "d")
    )
    assert (result.new, result.problems["address_names_no_dwelling"]) == (2, 2)
    assert result.problems["no_house_number"] == 1


def test_door_from_another_file_of_the_source_is_reported(engine: Engine, tmp_path: Path) -> None:
    def deliver(name: str, *numbers: int) -> ImportResult:
        path = tmp_path / name
        path.write_text("số nhà,đường,mã xã\n" + "".join(f"{n},Láng,00199\n" for n in numbers))
        return import_file(engine, path, ImportOptions("x"), lambda _n: None)

    assert deliver("tổ 1.csv", 2, 4).delivered_before == {}
    again = deliver("tổ 2.csv", 4, 6)
    assert (again.new, again.unchanged) == (1, 1)
    assert again.delivered_before == {"tổ 1.csv": 1}
    # The same file with one more row counts as the same file.
    assert deliver("tổ 1.csv", 2, 8).delivered_before == {}


def test_misspelled_commune_is_corrected_and_reported(deliver: Deliver) -> None:
    blank = {"commune_code": "", "province": "Hà Nội"}
    result = deliver(
        door("12", "a", commune="Phường Ba Đìnhh", **blank),
        door("14", "b", commune="Phường Ba Đình", **blank),
    )
    assert (result.new, result.warned) == (2, 1)
    (problem,) = [each for each in result.examples if each.code == "commune_corrected"]
    assert (problem.row_number, problem.severity) == (1, "warning")
    assert "00004 Phường Ba Đình" in (problem.proposed_fix or "")


def test_dry_run_counts_the_buildings_it_would_create(deliver: Deliver) -> None:
    flat = {"building": "Toà CT1"}
    two = [door("20", "f1", unit="101", **flat), door("20", "f2", unit="102", **flat)]
    alone = door("30", "f3", unit="1", building="Toà CT2")
    planned = deliver(*two, alone, dry_run=True)
    assert planned.buildings == deliver(*two, alone).buildings == 1
    more = [door("20", "f4", unit="103", **flat), door("30", "f5", unit="2", building="Toà CT2")]
    # One is there already; the other flat stood alone until now.
    assert deliver(*more, dry_run=True).buildings == deliver(*more).buildings == 1


def test_demo_households_get_no_real_code(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("house_number,street,commune_code,demo\n12,Láng,00199,yes\n")
    for dry_run in (True, False):
        with pytest.raises(UnreadableFileError, match="--demo-as-real"):
            import_file(engine, path, ImportOptions("x", dry_run=dry_run), lambda _n: None)
    meant = ImportOptions("x", demo_as_real=True)
    assert import_file(engine, path, meant, lambda _n: None).new == 1
    path.write_text("house_number,street,commune_code,demo\n14,Láng,00199,\n")
    assert import_file(engine, path, ImportOptions("x"), lambda _n: None).new == 1


def test_header_alone_is_refused_except_in_a_full_delivery(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Số nhà,Đường,Mã xã\n,,\n")
    with pytest.raises(UnreadableFileError, match="there are no rows below the header"):
        import_file(engine, path, ImportOptions("x"), lambda _n: None)
    full = import_file(engine, path, ImportOptions("x", delivery="full"), lambda _n: None)
    assert (full.rows, full.new) == (0, 0)


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    "second",
    ["STT,Số nhà,Đường,Phường\n1,14,Trúc Bạch,Ba Đình\n", "Tỉnh,Đường,Số nhà,\nHà Nội,Láng,5,\n"],
)
def test_second_table_with_other_columns_is_refused(
    engine: Engine, tmp_path: Path, second: str, *, dry_run: bool
) -> None:
    """Read as the first one's, the 14 of a house is a street, and the street a ward."""
    path = tmp_path / "a.csv"
    header = "Số nhà,Đường,Phường,Tỉnh\n"
    first = f"{header}12,Láng,Phường Láng,Hà Nội\n"
    path.write_text(f"{first},,,\n{second}")
    options = ImportOptions("x", dry_run=dry_run)
    with pytest.raises(UnreadableFileError, match=r"dòng 2 .*another table"):
        import_file(engine, path, options, lambda _n: None)
    path.write_text(f"{first}{header}14,Láng,Phường Láng,Hà Nội\n")
    result = import_file(engine, path, options, lambda _n: None)
    assert (result.new, result.skipped) == (2, 1)
