"""`diachiso import`, as a clerk calls it: files in, files back, and a process that dies."""

import csv
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import psycopg
import pytest
import xlsxwriter
from click.testing import CliRunner, Result
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine

from geo import code as codes
from registry.core.database import make_engine
from registry.core.errors import TooManyVanishedError, UnreadableFileError
from registry.core.settings import ROOT
from scripts.imports import import_
from tests.support.intake import checksum, door, rows, write
from tests.support.waiting import eventually

Run = Callable[..., Result]


@pytest.fixture
def url(fresh_database: Callable[[], str]) -> str:
    return fresh_database()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = make_engine(url)
    yield made
    made.dispose()


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", url)

    def call(*arguments: object, source: str | None = "phuong") -> Result:
        more = ["--source", source] if source else []
        done = CliRunner().invoke(import_, [*map(str, arguments), *more], standalone_mode=False)
        # As main does: what the command returns, or refuses with, is its exit status.
        if isinstance(done.exception, click.ClickException):
            done.exit_code = done.exception.exit_code
        elif isinstance(done.return_value, int):
            done.exit_code = done.return_value
        return done

    return call


def rows_of_book(path: Path) -> list[list[object]]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


def test_import_is_reported_before_a_full_disk(run: Run, engine: Engine, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", door("12", "a"))
    done = run(file, "--codes", "/dev/full")
    assert done.exit_code == 1
    assert "Đợt nhập" in done.output
    assert rows(engine, "SELECT count(*) FROM household") == [(1,)]


@pytest.mark.thorough
def test_codes_are_written_into_the_rows_of_the_file_without_names(
    run: Run, tmp_path: Path
) -> None:
    person = {"Họ tên": "Trần Thị Zuyên", "SĐT": "0912345678", "ghi chú": "chó dữ"}
    file = write(
        tmp_path / "a.csv",
        door("12", "a", **person),
        door("Ngõ 5", "b", **person),
        door("12", "c", **person),
    )

    done = run(file, "--codes", tmp_path / "codes.csv")

    assert done.exit_code == 1
    answered = table(tmp_path / "codes.csv")
    assert list(answered[0]) == [
        "source_ref", "house_number", "street", "commune_code",
        "code", "code_display", "outcome", "dòng",
    ]  # fmt: skip
    assert [row["source_ref"] for row in answered] == ["a", "b", "c"]
    assert [row["outcome"] for row in answered] == ["new", "rejected", "linked"]
    first = answered[0]
    assert codes.is_valid(first["code"])
    assert first["code_display"] == codes.format(first["code"])
    assert answered[2]["code"] == first["code"]
    assert (answered[1]["code"], answered[1]["code_display"]) == ("", "")
    assert [row["dòng"] for row in answered] == ["2", "3", "4"]

    # The answer is itself a file to deliver: the same doors, the same codes.
    again = run(tmp_path / "codes.csv", "--codes", tmp_path / "again.csv", "--format", "json")

    assert (json.loads(again.stdout)["unchanged"], json.loads(again.stdout)["new"]) == (2, 0)
    assert [row["code"] for row in table(tmp_path / "again.csv")] == [r["code"] for r in answered]
    assert list(table(tmp_path / "again.csv")[0]) == list(first)


def test_unread_columns_are_listed_with_a_mapping_to_paste(run: Run, tmp_path: Path) -> None:
    person = {"Họ tên": "Trần Thị Zuyên", "Nhóm 5": "Tổ 7"}
    file = write(tmp_path / "a.csv", door("12", "a", **person))

    tried = run(file, "--dry-run")

    lines = tried.stdout.splitlines()
    found = next(at for at, line in enumerate(lines) if "cột có dữ liệu nhưng không đọc" in line)
    assert lines[found + 1].strip() == "Nhóm 5"
    assert "Zuyên" not in tried.stdout
    option, given = shlex.split(lines[found + 2].partition(": ")[2])
    assert (option, json.loads(given)) == ("--mapping", {"Nhóm 5": ""})

    read = run(file, "--dry-run", option, given.replace('""', '"locality"'), "--format", "json")

    result = json.loads(read.stdout)
    assert (result["new"], result["columns_unknown"]) == (1, [])
    # What shows cells is on the screen alone.
    assert "columns_unread" not in result
    bad = run(file, option, "{")
    assert bad.exit_code != 0
    assert "--mapping" in str(bad.exception)


@pytest.mark.thorough
def test_dry_run_writes_only_existing_codes(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", door("12", "a"))
    run(file, "--codes", tmp_path / "first.csv")
    file = write(tmp_path / "a.csv", door("12B", "a"), door("14", "b"), door("12", "c"))

    run(file, "--dry-run", "--codes", tmp_path / "dry.csv")

    (known,) = table(tmp_path / "first.csv")
    found = [(row["outcome"], row["code"]) for row in table(tmp_path / "dry.csv")]
    assert found == [("changed", known["code"]), ("new", ""), ("linked", known["code"])]


@pytest.mark.thorough
def test_formula_like_references_are_escaped_and_still_match(
    run: Run, engine: Engine, tmp_path: Path
) -> None:
    refs = ['=HYPERLINK("x")', "'=1", "+A1", "-12", "@x"]
    file = write(
        tmp_path / "a.csv",
        *(door(str(n), ref) for n, ref in enumerate(refs, 1)),
        door("", "-1+1"),
    )
    outputs = {name: tmp_path / f"{name}.csv" for name in ("codes", "report", "vanished")}

    run(file, "--codes", outputs["codes"], "--report", outputs["report"])

    found = table(outputs["codes"])
    written = ['\'=HYPERLINK("x")', "'=1", "'+A1", "-12", "'@x", "'-1+1"]
    assert [row["source_ref"] for row in found] == written
    assert [row["source_ref"] for row in table(outputs["report"])] == ["'-1+1"]
    kept = rows(engine, "SELECT source_ref, code FROM household_ref")
    # `'=1` in a file is an escaped `=1`.
    assert {ref for ref, _ in kept} == {'=HYPERLINK("x")', "=1", "+A1", "-12", "@x"}

    again = run(outputs["codes"], "--format", "json")

    assert json.loads(again.stdout)["unchanged"] == 5
    assert rows(engine, "SELECT source_ref, code FROM household_ref") == kept
    run(write(tmp_path / "b.csv", door("4", "-12")), "--delivery", "full", "--dry-run",
        "--vanished", outputs["vanished"])  # fmt: skip
    gone = {row["source_ref"] for row in table(outputs["vanished"])}
    assert gone == {'\'=HYPERLINK("x")', "'=1", "'+A1", "'@x"}


def test_corrected_report_changes_its_rows_and_adds_no_columns(
    run: Run, engine: Engine, tmp_path: Path
) -> None:
    file = write(
        tmp_path / "a.csv", door("12", "a"), door("14", "b", commune_code="99999"), door("", "c")
    )
    done = run(file, "--report", tmp_path / "report.csv")
    assert done.exit_code == 1
    assert done.stderr == f"2 trên 3 dòng bị loại; xem {tmp_path / 'report.csv'}\n"
    returned = table(tmp_path / "report.csv")
    assert [row["problems"] for row in returned] == [
        "commune_code_unknown",
        "address_names_no_dwelling",
    ]
    assert returned[0]["vấn đề"].startswith("Không có mã xã này")
    kept = rows(engine, "SELECT * FROM household")

    corrected = write(tmp_path / "report.csv", returned[0] | {"commune_code": "00004"}, returned[1])
    second = run(corrected, "--report", tmp_path / "second.csv", "--format", "json")

    result = json.loads(second.stdout)
    assert (result["rows"], result["new"], result["changed"], result["rejected"]) == (2, 1, 0, 1)
    assert result["columns_unknown"] == []
    assert set(kept) <= set(rows(engine, "SELECT * FROM household"))
    assert [list(row) for row in table(tmp_path / "second.csv")] == [list(returned[0])]


def test_report_states_the_fix(run: Run, tmp_path: Path) -> None:
    blank = {"commune": "", "longitude": "", "latitude": ""}
    file = write(
        tmp_path / "a.csv",
        door("1", "swapped", **blank | {"longitude": "21,0386", "latitude": "105,8380"}),
        door("2", "several", **blank | {"commune_code": "", "commune": "Ba Đình"}),
        door("3", "differs", **blank | {"commune": "Phường Láng"}),
    )

    run(file, "--report", tmp_path / "report.csv")

    fixes = {row["source_ref"]: row["đề nghị"] for row in table(tmp_path / "report.csv")}
    assert fixes == {
        "swapped": "kinh độ, vĩ độ đúng: 105.8380 21.0386",
        # Current ones first; two former wards had that name as well.
        "several": "chọn một: 00004 Phường Ba Đình, Hà Nội; 16171 Xã Ba Đình, Thanh Hóa;"
        " 14797 Phường Hạc Thành, Thanh Hóa; 14812 Phường Bỉm Sơn, Thanh Hóa",
        "differs": "mã này là: 00004 Phường Ba Đình, Hà Nội;"
        " 00004 Phường Trúc Bạch, Hà Nội (đến 01/07/2025)",
    }


@pytest.mark.thorough
def test_warnings_are_distinguished_from_rejected_rows(
    run: Run, engine: Engine, tmp_path: Path
) -> None:
    here = {"commune": "Ba Đình"}
    old = {"commune_code": "00001", "commune": "Phúc Xá"}
    file = write(
        tmp_path / "a.csv",
        door("12", "a", **here),
        door("12", "b", **old),
        door("", "c", **old),
        door("12", "d", **here),
        door("14", "a", **here),
    )

    run(file, "--report", tmp_path / "report.csv", "--warnings", tmp_path / "warnings.csv")

    # All that is wrong with a rejected row, the notice as well.
    rejected = {
        row["source_ref"]: (row["problems"], row["mức độ"])
        for row in table(tmp_path / "report.csv")
    }
    assert rejected == {
        "c": ("commune_from_former address_names_no_dwelling", "lỗi"),
        "a": ("duplicate_ref", "lỗi"),
    }
    warned = {
        row["source_ref"]: (row["problems"], row["mức độ"], row["đề nghị"])
        for row in table(tmp_path / "warnings.csv")
    }
    assert warned == {
        "b": ("commune_from_former", "lưu ý", ""),
        "d": ("shares_door", "lưu ý", "cùng chỗ ở với dòng 2 của bảng tính"),
    }
    # Delivered once more, such a file changes nothing.
    before = checksum(engine)
    again = run(tmp_path / "warnings.csv", "--format", "json")
    assert json.loads(again.stdout)["unchanged"] == 2
    assert checksum(engine) == before


def test_repeated_reference_names_the_first_row(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", door("1", "z"), door("2", "a"), door("3", "a"), door("4", "a"))

    run(file, "--report", tmp_path / "report.csv", "--dry-run")

    assert [row["đề nghị"] for row in table(tmp_path / "report.csv")] == [
        "mã hồ sơ của dòng 3 của bảng tính"
    ] * 2


@pytest.mark.thorough
def test_rows_are_numbered_as_in_the_workbook_at_every_delivery(run: Run, tmp_path: Path) -> None:
    book = tmp_path / "a.xlsx"
    rows = [
        ["DANH SÁCH HỘ"],
        ["Mã hồ sơ", "Số nhà", "Đường", "Mã xã"],
        ["a", "12", "Phố Quán Thánh", "00004"],
        [],
        ["a", "14", "Phố Quán Thánh", "00004"],
        ["b", "", "Phố Quán Thánh", "00004"],
        ["c", "16", "Phố Quán Thánh", "00004"],
        ["c", "18", "Phố Quán Thánh", "00004"],
    ]
    with xlsxwriter.Workbook(str(book)) as made:
        sheet = made.add_worksheet()
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    report = tmp_path / "report.xlsx"

    for options in (("--dry-run",), (), ()):  # the last one is known by the file's checksum
        output = run(book, *options, "--report", report).stdout
        if options:
            assert "dòng 2 (Excel: 5): a → mã hồ sơ của dòng 3 của bảng tính" in output, output
        fixes = [row[-2] for row in rows_of_book(report)[1:] if row[-2]]
        assert fixes == [f"mã hồ sơ của dòng {row} của bảng tính" for row in (3, 7)]


def test_records_a_full_delivery_would_retire_are_listed_beforehand(
    run: Run, engine: Engine, tmp_path: Path
) -> None:
    five = [door(str(number), f"r{number}") for number in range(1, 6)]
    run(write(tmp_path / "a.csv", *five))
    run(write(tmp_path / "b.csv", five[4]), source="buu_dien")
    file = write(tmp_path / "a.csv", *five[:3])

    run(file, "--delivery", "full", "--dry-run", "--vanished", tmp_path / "gone.csv")

    gone = table(tmp_path / "gone.csv")
    assert [(row["source_ref"], row["retired"], row["house_number"]) for row in gone] == [
        ("r4", "1", "4"),
        # Another source names its record still.
        ("r5", "0", "5"),
    ]
    assert all(row["code_display"] == codes.format(row["code"]) for row in gone)
    assert {(row["commune_code"], row["street"]) for row in gone} == {("00004", "phố Quán Thánh")}
    run(file, "--delivery", "full", "--vanished", tmp_path / "done.csv")
    assert table(tmp_path / "done.csv") == gone
    retired = rows(engine, "SELECT code FROM household WHERE status = 'retired'")
    assert retired == [(gone[0]["code"],)]


def test_unwritable_output_is_reported_before_anything_is_written(
    run: Run, engine: Engine, tmp_path: Path
) -> None:
    file = write(tmp_path / "a.csv", door("12", "a"))

    for option in ("--report", "--warnings", "--codes", "--vanished"):
        done = run(file, option, tmp_path / "no" / "out.csv")
        assert done.exit_code == 1
        assert "out.csv" in str(done.exception)

    assert not rows(engine, "SELECT 1 FROM household")


def test_unreadable_file_leaves_no_output_behind(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"")

    done = run(file, "--report", tmp_path / "report.csv")

    assert isinstance(done.exception, UnreadableFileError)
    assert not (tmp_path / "report.csv").exists()


@pytest.mark.thorough
def test_full_delivery_warnings_and_refusals_are_explained(run: Run, tmp_path: Path) -> None:
    ten = [door(str(number), f"r{number}") for number in range(1, 11)]
    run(write(tmp_path / "a.csv", *ten))

    many = run(write(tmp_path / "a.csv", *ten[:6]), "--delivery", "full", "--dry-run")
    assert many.exit_code == 0
    assert "40,0 % mã hồ sơ của nguồn không còn trong tệp  [many_vanished]" in many.stdout

    one = write(tmp_path / "a.csv", ten[0])
    refused = run(one, "--delivery", "full")
    assert isinstance(refused.exception, TooManyVanishedError)
    assert "\n" not in refused.exception.detail
    planned = run(one, "--delivery", "full", "--dry-run")
    assert planned.exit_code == 1
    assert planned.stderr.count("\n") == 1
    assert "--accept-vanished" in planned.stderr
    assert run(one, "--delivery", "full", "--dry-run", "--accept-vanished").exit_code == 0
    done = run(one, "--delivery", "full", "--accept-vanished", "--format", "json")
    assert json.loads(done.stdout)["vanished"] == 9


@pytest.mark.thorough
def test_imports_are_listed_and_a_dry_run_uses_no_number(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", door("12", "a"))
    run(file, "--dry-run")
    run(file, "--decision", "12/QĐ")
    run(file, "--dry-run")
    run(file, source="buu_dien")
    run("--rollback", "2", source=None)

    listed = json.loads(run("--list", "--format", "json", source=None).stdout)["imports"]

    assert [(each["import_id"], each["source"], each["state"]) for each in listed] == [
        (2, "buu_dien", "rolled_back"),
        (1, "phuong", "published"),
    ]
    assert listed[1]["decision_number"] == "12/QĐ"
    assert listed[1]["counts"]["new"] == 1
    assert listed[0]["rolled_back_at"] > listed[0]["published_at"]
    own = run("--list").stdout
    assert "a.csv: 1 dòng, 1 mới" in own
    assert "buu_dien" not in own


def test_all_missing_options_are_reported_at_once(run: Run, tmp_path: Path) -> None:
    """Source, commune and the options needed next, with the command to type."""
    header = "Số nhà,Đường,X,Y\n"
    file = tmp_path / "khảo sát 1.csv"
    file.write_text(header + "12,Láng,2325123.4,587000.5\n14,Láng,2325123.4,587020.5\n", "utf-8")

    done = run(file, source=None)
    assert done.exit_code == 2
    found = str(done.exception)
    for part in ("--source", "--commune MÃ", "bằng mét", "--crs"):
        assert part in found
    assert found.endswith(f"bin/diachiso import '{file}' --source NGUỒN --commune MÃ --dry-run")

    done = run(file)
    assert str(done.exception).endswith(f"'{file}' --source phuong --commune MÃ --dry-run")
    # And that is all: with them it is tried, and a file in degrees is not asked for a zone.
    assert "Chạy thử" in run(file, "--commune", "00199", "--dry-run").output
    file.write_text(header + "12,Láng,105.8,21.0\n", "utf-8")
    assert "bằng mét" not in str(run(file).exception)


def test_rejected_rows_are_explained(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", door("12", "a"), door("Ngõ 5", "b"))
    shown = run(file, "--dry-run").output.partition("các dòng bị loại")[2]
    assert "dòng 2 (Excel: 3): Không xác định được chỗ ở" in shown
    assert "address_names_no_dwelling" not in shown


@pytest.mark.thorough
def test_codes_are_written_when_the_output_pipe_is_closed_early(url: str, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", *(door(str(n), f"r{n}") for n in range(1, 4)))
    command = f"{sys.executable} -m scripts.main import {file} --source x --codes {tmp_path}/ma.csv"
    subprocess.run(
        ["bash", "-c", f"{command} > >(exec true)"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url},
        check=False,
    )
    assert [row["outcome"] for row in table(tmp_path / "ma.csv")] == ["new", "new", "new"]


@pytest.mark.parametrize(
    "arguments", [(), ("--list", "--rollback", "1"), ("a.csv", "--list"), ("a.csv",)]
)
def test_wrong_usage_is_refused(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments, source=None).exit_code == 2


def start(url: str, file: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.main", "import", str(file), "--source", "phuong"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def sessions(url: str, condition: str) -> set[int]:
    """The server processes that match the condition, read with the right to see all sessions."""
    question = (
        "SELECT a.pid FROM pg_stat_activity a"
        f" WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND {condition}"
    )
    with psycopg.connect(url) as connection:
        return {pid for (pid,) in connection.execute(question)}


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def wait_for_the_end_of(url: str, died: set[int]) -> None:
    """The server notices the death of a program when it next speaks to it."""
    eventually(lambda: not died & sessions(url, "true"), "the dead import's sessions end")


def leftovers(engine: Engine) -> list[tuple[object, ...]]:
    return rows(engine, "SELECT id::text FROM import WHERE state = 'staged'")


@pytest.mark.thorough
def test_import_killed_while_staging_changes_nothing(
    url: str, engine: Engine, run: Run, tmp_path: Path
) -> None:
    run(write(tmp_path / "a.csv", door("12", "a")))
    before = checksum(engine)
    many = tmp_path / "many.csv"
    lines = (f"r{n},{n % 3000},Phố {n // 3000},00004" for n in range(300_000))
    many.write_text("source_ref,house_number,street,commune_code\n" + "\n".join(lines))

    others = sessions(url, "true")
    process = start(url, many)
    eventually(lambda: sessions(url, "a.state = 'idle in transaction'"), "rows are read")
    died = sessions(url, "true") - others
    kill(process)
    wait_for_the_end_of(url, died)

    assert checksum(engine) == before
    again = run(write(tmp_path / "a.csv", door("14", "b")), "--format", "json")
    assert json.loads(again.stdout)["new"] == 1
    assert leftovers(engine) == []


@pytest.mark.thorough
def test_import_killed_while_publishing_changes_nothing(
    url: str, engine: Engine, run: Run, tmp_path: Path
) -> None:
    run(write(tmp_path / "a.csv", door("12", "a")))
    before = checksum(engine), rows(engine, "SELECT count(*) FROM place, event")
    file = write(tmp_path / "a.csv", door("12B", "a"), door("14", "b", street="Phố Mới"))

    with psycopg.connect(url) as lock:
        # Readers pass, writers of households wait: in the middle of the publication.
        lock.execute("LOCK TABLE household IN SHARE MODE")
        others = sessions(url, "true")
        process = start(url, file)
        waiting = "a.wait_event_type = 'Lock' AND a.query LIKE '%household%'"
        eventually(lambda: sessions(url, waiting), "the publication waits")
        died = sessions(url, "true") - others
        kill(process)
        lock.rollback()
    wait_for_the_end_of(url, died)

    assert before == (checksum(engine), rows(engine, "SELECT count(*) FROM place, event"))
    assert leftovers(engine) == []
    done = run(file, "--format", "json")
    result = json.loads(done.stdout)
    assert (result["new"], result["changed"]) == (1, 1)
    assert leftovers(engine) == []
