"""`diachiso coverage`, as a clerk and as a scheduler call it."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert

from registry.core.database import make_engine, session_scope
from registry.core.errors import InvalidInputError
from registry.core.events import write_scope
from registry.coverage.measure import coverage_of_level
from registry.coverage.table import FIELDS
from registry.units.gazetteer import today
from registry.units.gazetteer_loading import load_gazetteer
from scripts.coverage import coverage
from scripts.coverage_table import print_table
from tests.support.factories import TEST, make_household
from tests.support.tables import Target
from tests.support.units import read_gazetteer, unit_named

Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command over the shared database, which has targets and no households."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    return lambda *arguments: CliRunner().invoke(coverage, arguments)


@pytest.fixture
def run_declared(fresh_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Over a register in which Ba Đình declares 8 households and 4 have codes, at one door.

    Ngọc Hà declares two dwellings, and one has a code.
    """
    url = fresh_database()
    engine = make_engine(url)
    unit_id = unit_named(read_gazetteer(engine), "Phường Ba Đình", "00004").id
    with write_scope(engine, TEST) as session:
        make_household(session, unit_id=unit_id, households_count=4)
        session.execute(
            insert(Target).values(
                unit_id=unit_id,
                households=8,
                quality="declared",
                source="UBND phường",
                reference_date="2026-06-30",
            )
        )
        ngoc_ha = unit_named(load_gazetteer(session), "Phường Ngọc Hà", "00008").id
        make_household(session, unit_id=ngoc_ha, households_count=4)
        target = {"unit_id": ngoc_ha, "households": 2, "counted": "dwellings", "source": "UBND"}
        declared = {"quality": "declared", "reference_date": "2026-06-30"}
        session.execute(insert(Target).values(target | declared))
    engine.dispose()
    monkeypatch.setenv("DATABASE_URL", url)
    return lambda *arguments: CliRunner().invoke(coverage, arguments)


def test_table_lists_provinces_and_the_country(run: Run) -> None:
    done = run()
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    (ha_noi,) = [line for line in lines if "Thành phố Hà Nội" in line]
    assert "2.271.806" in ha_noi
    assert "ước tính 01/04/2024" in ha_noi
    assert "0,0 %" in ha_noi
    (total,) = [line for line in lines if "Cả nước" in line]
    assert "28.146.930" in total
    assert "ước tính" in total
    assert lines[-1].startswith("Không tính dữ liệu minh hoạ")


def test_table_states_that_demo_households_are_counted(run: Run) -> None:
    assert "Có tính cả dữ liệu minh hoạ" in run("--demo").stdout


def test_unit_is_shown_alone_or_with_its_communes(run: Run) -> None:
    alone = json.loads(run("--unit", "79", "--format", "json").stdout)
    communes = json.loads(run("--unit", "79", "--level", "commune", "--format", "json").stdout)
    assert [unit["code"] for unit in alone["units"]] == ["79"]
    assert len(communes["units"]) == 168
    assert communes["total"] == alone["total"] == alone["units"][0]
    same = json.loads(run("--unit", "00004", "--level", "commune", "--format", "json").stdout)
    assert [unit["name"] for unit in same["units"]] == ["Phường Ba Đình"]


def test_commune_cannot_be_divided_into_provinces(run: Run) -> None:
    done = run("--unit", "00004", "--level", "province")
    assert isinstance(done.exception, InvalidInputError)
    assert "là xã, không chia nhỏ nữa" in str(done.exception)
    assert run("--level", "locality").exit_code == 2


def test_former_unit_is_answered_by_its_successor(run: Run) -> None:
    assert (
        "Tỉnh Hà Giang (02) thuộc địa giới cũ; nay là Tỉnh Tuyên Quang (08)."
        in run("--unit", "02").stdout
    )


def test_csv_has_one_row_per_unit_and_marks_estimates(run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(run("--format", "csv").stdout)))
    assert len(rows) == 34
    assert rows[0] == {
        "code": "01",
        "level": "province",
        "name": "Thành phố Hà Nội",
        "province_code": "",
        "province_name": "",
        "target_households": "2271806",
        "target_quality": "estimate",
        "target_quality_label": "ước tính",
        "target_source": rows[0]["target_source"],
        "target_reference_date": "2024-04-01",
        "households": "0",
        "share": "0.0",
        "deficit": "2271806",
        "dwellings": "0",
        "positioned": "0",
        "share_positioned": "",
        "verified": "0",
        "share_verified": "",
        "deliverable": "0",
        "share_deliverable": "",
        "plated": "0",
        "suspected_duplicates": "0",
        "without_number": "0",
        "audit": "",
        "locality_id": "",
        "locality_parent_id": "",
        "target_counted": "households",
        **dict.fromkeys(FIELDS[-10:], ""),
    }
    of_communes = run("--level", "commune", "--format", "csv").stdout.splitlines()
    assert len(of_communes) == 1 + 3321
    assert of_communes[1].startswith("00004,commune,Phường Ba Đình,01,Thành phố Hà Nội,,,")


def test_narrow_terminal_truncates_no_number(
    run: Run, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    """Columns are omitted instead, with a note."""

    class Window(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "80")
    engine = make_engine(database_url)
    with session_scope(engine) as session:
        found = coverage_of_level(session, load_gazetteer(session), "province")
    engine.dispose()
    window = Window()
    print_table(found, window)
    table, notes = window.getvalue().split("└", 1)
    assert "…" not in table
    assert "28.146.930" in table
    assert "01/04/2024" in table
    assert "Cửa sổ hẹp, không in: " in notes
    assert run().stdout.count("Không số") == 1


def test_fail_under_refuses_an_estimate_unless_accepted(run: Run) -> None:
    refused = run("--fail-under", "90")
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert len(refused.stderr.splitlines()) == 1
    assert "là số ước tính; muốn vẫn so thì thêm --accept-estimate" in refused.stderr
    assert run("--fail-under", "90", "--accept-estimate").exit_code == 1
    assert run("--fail-under", "0", "--accept-estimate").exit_code == 0


def test_fail_under_refuses_without_a_target(run: Run) -> None:
    refused = run("--unit", "00004", "--fail-under", "90")
    assert refused.exit_code == 2
    assert "Phường Ba Đình chưa có tổng số hộ" in refused.stderr


def test_fail_under_compares_with_the_declared_target(run_declared: Run) -> None:
    assert run_declared("--unit", "00004", "--fail-under", "50").exit_code == 0
    below = run_declared("--unit", "00004", "--fail-under", "50.01")
    assert below.exit_code == 1
    assert "Phường Ba Đình đạt 50,0 %, dưới 50.01 %" in below.stderr
    assert "50,0 %" in below.stdout
    assert "kê khai 30/06/2026" in below.stdout


def test_missing_position_accuracy_is_reported(run_declared: Run) -> None:
    text = "Chưa vị trí nào có sai số từ 20 m"
    assert text in run_declared("--unit", "00004").stdout
    assert text not in run_declared("--unit", "00097").stdout  # nothing is there


def test_fail_under_compares_dwellings_if_the_target_counts_dwellings(run_declared: Run) -> None:
    assert run_declared("--unit", "00008", "--fail-under", "50").exit_code == 0
    assert run_declared("--unit", "00008", "--fail-under", "51").exit_code == 1


def test_day_is_recorded_and_compared(run_declared: Run) -> None:
    assert "3.355 đơn vị" in run_declared("--record").stdout
    day = f"{today():%d/%m/%Y}"
    assert "0 đơn vị không thay đổi" not in run_declared("--since", day).stdout
    answer = json.loads(run_declared("--since", day, "--format", "json").stdout)
    assert (answer["units"], answer["unmoved"]) == ([], 34)
    assert run_declared("--since", day, "--format", "csv").stdout.startswith("code,level,name,")
    for wrong in (("--until", day), ("--since", day, "--demo"), ("--since", "hôm qua")):
        assert run_declared(*wrong).exit_code == 2


def test_files_are_written_in_every_format(run: Run, tmp_path: Path) -> None:
    for name, begins in (
        ("a.html", b"<!doctype html>"),
        ("a.xlsx", b"PK"),
        ("a.csv", b"\xef\xbb\xbfcode,"),
        ("a.json", b"{"),
    ):
        path = tmp_path / name
        done = run("--unit", "00004", "--out", str(path), "--fail-under", "1")
        assert (done.exit_code, path.exists()) == (2, False)  # without a target to compare with
        assert run("--unit", "00004", "--out", str(path)).exit_code == 0
        assert path.read_bytes().startswith(begins)
    for wrong in (
        ("--format", "html"),
        ("--out", "a.doc"),
        ("--since", "1/1/2026", "--out", "a.csv"),
    ):
        assert run(*wrong).exit_code == 2
