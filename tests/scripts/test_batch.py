"""`diachiso lookup | geocode | reverse | validate`: files in, files out."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from registry.core.errors import DatabaseUnavailableError, InvalidInputError, UnreadableFileError
from registry.core.settings import ROOT, Settings
from registry.publish.batch import PointQuestion, outcomes
from registry.publish.batch import work as batch_work
from registry.publish.batch.flat import flat
from registry.publish.batch.rows import Layout, read_row, read_table
from registry.publish.batch.work import Work, answer_rows
from registry.publish.batch.workbooks import IN_WORDS
from registry.search.geocode import Components, Question
from registry.units.gazetteer import today
from tests.support.commands import as_process
from tests.support.search_world import LANG, World

pytestmark = pytest.mark.thorough

GOOD = "27 Láng, Phường Láng, Hà Nội"


def run(world: World, *arguments: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return as_process(*arguments, given=given, DATABASE_URL=world.url)


def in_a_process(world: World, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.main", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": world.url},
        capture_output=True,
        timeout=120,
        check=False,
    )


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.gate
def test_csv_keeps_its_rows_and_columns_in_order(world: World, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(f'order,address\n3,"{GOOD}"\n1,\n2,"28 Láng, Phường Láng, Hà Nội"\n')
    done = in_a_process(world, "geocode", source, target)
    assert done.returncode == 1, done.stderr
    assert done.stdout == b""
    assert "3 dòng, 1 không có kết quả".encode() in done.stderr
    found = rows_of(target)
    assert [row["order"] for row in found] == ["3", "1", "2"]
    assert [row["result_level"] for row in found] == ["household", "", "street"]
    code = world.codes["27 Láng"]
    assert found[0]["result_code"] == f"{code[:4]}-{code[4:]}"
    assert found[1]["result_status"] == "invalid_input"
    assert "missing" in found[1]["result_detail"]
    # The output can be processed again: earlier results are replaced.
    again = tmp_path / "again.csv"
    run(world, "geocode", target, again)
    assert again.read_bytes() == target.read_bytes()


def test_blank_address_is_rejected_like_a_single_request(world: World, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("order,address,province\n1,,\n2, ,\n", encoding="utf-8")
    assert run(world, "validate", source, target).returncode == 0
    for row in rows_of(target):
        assert (row["result_status"], row["result_verdict"]) == ("ok", "reject")
        assert row["result_next_action"] == "ask_again"


def test_suffix_decides_the_format_and_streams_need_an_option(world: World, tmp_path: Path) -> None:
    code = world.codes["27 Láng"]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.csv"
    source.write_text(
        f'{{"code": "{code}", "id": "é"}}\n{{"code": "{code.lower()}", "order": 2, "n": [1]}}\n'
    )
    assert run(world, "lookup", source, target).returncode == 0
    found = rows_of(target)
    assert [(row["id"], row["order"]) for row in found] == [("é", ""), ("", "2")]
    assert "n" not in found[0]
    assert found[1]["result_label"] == "27 Phố Láng, Phường Láng, Thành phố Hà Nội"
    lines = f'{{"lon": {LANG[0]}, "lat": "{LANG[1]}"}}\n'.encode()
    done = run(world, "reverse", "-", "-", "--format", "ndjson", given=lines)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["result"]["code"] == f"{code[:4]}-{code[4:]}"
    assert run(world, "reverse", "-", "-").returncode == 2
    assert run(world, "reverse", tmp_path / "a.pdf", "-").returncode == 2


def test_bytes_that_are_not_utf_8_are_returned_unchanged(world: World, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(b"ref;address\nc\xe0;" + GOOD.encode() + b"\nx;L\xe1ng\n")
    assert run(world, "validate", source, target).returncode == 1
    lines = target.read_bytes().splitlines()
    assert lines[1].startswith(b"c\xe0;")
    assert b";accept;" in lines[1]
    assert lines[2].startswith(b"x;L\xe1ng;invalid_input;")


def test_unreadable_file_is_one_line_and_leaves_no_output(world: World, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    for name, content in (("no.csv", None), ("empty.csv", ""), ("other.csv", "foo,bar\n1,2\n")):
        source = tmp_path / name
        if content is not None:
            source.write_text(content)
        done = run(world, "geocode", source, target)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1, done.stderr
    assert not any(path.name.startswith("out") for path in tmp_path.iterdir())


def test_unwritable_output_is_one_line(world: World, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("address\n27 Láng\n", encoding="utf-8")
    for name in ("out.csv", "out.xlsx"):
        done = run(world, "geocode", source, tmp_path / "none" / name)
        assert done.returncode == 1
        (line,) = done.stderr.decode().splitlines()
        assert line.startswith("không ghi được "), name
        assert "không có thư mục ấy" in line


def test_separate_unit_columns_complete_the_address(world: World) -> None:
    lines = ["Địa chỉ giao hàng;Phường;Tỉnh\n", "27 Láng;Láng;Hà Nội\n"]
    table = read_table("csv", "validate", lines)
    asked = [read_row("validate", row) for row in table.rows]
    beside = Components(commune="Láng", province="Hà Nội")
    assert asked == [Question(text="27 Láng", components=beside, limit=2)]
    known = world.gazetteer
    (found,) = outcomes(known, world.reads, "validate", [lambda: asked[0]])
    assert flat(known, today(), "validate", found)["verdict"] == "accept"


def test_blank_rows_are_returned_and_marked(world: World, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(f"id;address\n1;{GOOD}\n\n;\n4;{GOOD}\n")
    assert run(world, "geocode", source, target).returncode == 1
    found = rows_of_semicolons(target)
    assert [row["result_status"] for row in found] == ["ok", "empty_row", "empty_row", "ok"]
    assert [row["id"] for row in found] == ["1", "", "", "4"]


def rows_of_semicolons(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=";"))


def test_unknown_header_is_named(world: World, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("foo,Ghi chú\n1,2\n")
    done = run(world, "geocode", source, "-", "--format", "csv")
    assert "không nhận ra cột địa chỉ" in done.stderr.decode()
    assert "'foo', 'Ghi chú'" in done.stderr.decode()
    mapping = ("--mapping", '{"Ghi chú": "address", "foo": ""}')
    source.write_text(f'foo,Ghi chú\n1,"{GOOD}"\n')
    assert run(world, "geocode", source, tmp_path / "out.csv", *mapping).returncode == 0


def test_output_stream_uses_the_format_of_the_input(world: World, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(f"code\n{world.codes['27 Láng']}\n")
    done = run(world, "lookup", source, "-")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"code,result_status,")


def test_decimal_comma_of_a_point_is_read() -> None:
    lines = ["lon;lat\n", "105,85028;21,0285\n"]
    (row,) = read_table("csv", "reverse", lines).rows
    assert read_row("reverse", row) == PointQuestion(105.85028, 21.0285)


def questions(count: int) -> list[str]:
    texts = [GOOD, "", "129 Láng, Hà Nội", "x" * 3000, "Phường Láng, Hà Nội", "9 Nguyễn Trãi, Láng"]
    return ["id,address\n", *(f'{n},"{texts[n % len(texts)]}"\n' for n in range(count))]


def test_point_in_one_column_is_read_under_any_header() -> None:
    for header in ("Toạ độ", "Lat Lng", "Chỗ cần đến"):
        lines = [f'stt\t"{header}"\n', "1\t21.0285, 105.85028\n", "2\t\n", "3\t105.85028 21.0285\n"]
        first, empty, last = read_table("csv", "reverse", lines).rows
        assert read_row("reverse", first) == read_row("reverse", last)
        assert read_row("reverse", first) == PointQuestion(105.85028, 21.0285)
        with pytest.raises(InvalidInputError):
            read_row("reverse", empty)
    assert first.returned == {"Chỗ cần đến": "21.0285, 105.85028"}
    # A table without such a column, or with two, is refused before any row is answered.
    for table in (["Chỗ cần đến\n", "27 Láng\n"], ["a;b\n", '"21, 105";"21, 106"\n']):
        with pytest.raises(UnreadableFileError):
            read_table("csv", "reverse", table)
    (bad,) = read_table("csv", "reverse", ["Toạ độ\n", "27 Láng\n"]).rows
    with pytest.raises(InvalidInputError):
        read_row("reverse", bad)


def test_several_processes_give_the_same_ordered_answers_as_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_work, "CHUNK", 7)
    table = read_table("csv", "validate", questions(100))
    layout = Layout.of("ndjson", table, ())
    work = Work(Settings(), world.url, "validate", layout)
    together = list(answer_rows(work, table.rows, processes=2))
    assert [part.rows for part in together] == [7] * 14 + [2]
    lines = [json.loads(line) for part in together for line in part.text.splitlines()]
    assert [line["id"] for line in lines] == [str(n) for n in range(100)]
    assert sum(part.unanswered for part in together) == sum(
        line["result"]["status"] != "ok" for line in lines
    )
    for line, row in zip(lines[:6], read_table("csv", "validate", questions(6)).rows, strict=True):
        alone = [lambda row=row: read_row("validate", row)]
        (outcome,) = outcomes(world.gazetteer, world.reads, "validate", alone)
        assert line["result"] == flat(world.gazetteer, today(), "validate", outcome)


@pytest.mark.parametrize("processes", [1, 2])
def test_stopped_database_ends_the_run(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_work, "CHUNK", 3)
    table = read_table("csv", "geocode", questions(20))
    layout = Layout.of("csv", table, ())
    work = Work(Settings(), "postgresql://nobody@127.0.0.1:1/nothing", "geocode", layout)
    with pytest.raises(DatabaseUnavailableError):
        list(answer_rows(work, table.rows, processes=processes))


def test_verdicts_are_counted(world: World, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(f'address\n"{GOOD}"\n"{GOOD}"\n"Láng, Hà Nội"\n', encoding="utf-8")
    done = run(world, "validate", source, tmp_path / "out.csv")
    assert done.returncode == 0
    output = [line.split() for line in done.stderr.decode().splitlines()]
    assert [(line[0], line[-1]) for line in output[-2:]] == [("2", "[accept]"), ("1", "[complete]")]


def sheet_of(file: Path) -> list[dict[str, str]]:
    header, *rows = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python()
    return [dict(zip(map(str, header), map(str, row), strict=True)) for row in rows]


def placed(found: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows without their words, which a workbook has alone, and with coordinates to a
    centimetre, for it keeps 16 figures of a number."""
    axes = ("result_lon", "result_lat")
    shown = [{name: cell for name, cell in row.items() if name != IN_WORDS} for row in found]
    return [
        row
        | {at: f"{float(row[at]):.7f}" for at in axes if row[at]}
        | {"Mã đơn": row["Mã đơn"].removesuffix(".0")}
        for row in shown
    ]


def test_spreadsheet_is_returned_row_by_row_as_a_spreadsheet(world: World, tmp_path: Path) -> None:
    source, target = tmp_path / "don-hang.xlsx", tmp_path / "ket-qua.xlsx"
    with xlsxwriter.Workbook(source) as book:
        sheet = book.add_worksheet("Đơn tháng 10")
        for at, row in enumerate(
            [
                ("ĐƠN HÀNG THÁNG 10", "", ""),
                ("Mã đơn", "Địa chỉ giao hàng", "Ghi chú"),
                (17, GOOD, "3/2"),
                (18, "", ""),
                (19, "28 Láng, Phường Láng, Hà Nội", 'gọi "trước"\nrồi giao'),
            ]
        ):
            sheet.write_row(at, 0, row)
    done = run(world, "geocode", source, target)
    assert done.returncode == 1, done.stderr
    found = sheet_of(target)
    assert [row["Mã đơn"] for row in found] == ["17", "18", "19"]
    assert [row["result_level"] for row in found] == ["household", "", "street"]
    assert "Ghi chú" not in found[0]
    book = CalamineWorkbook.from_path(str(target))
    assert book.sheet_names == ["Kết quả"]
    # Measurements are numbers, for sorting and calculations.
    header, first, *_ = book.get_sheet_by_index(0).to_python()
    typed = dict(zip(map(str, header), map(type, first), strict=True))
    assert (typed["result_lon"], typed["result_confidence"]) == (float, float)
    assert (typed["Mã đơn"], typed["result_commune_code"]) == (str, str)
    # Status codes are explained in words.
    assert [row[IN_WORDS] for row in found] == ["", "", "Chưa có số nhà này"]
    # As the same rows of a CSV, and the other way round.
    as_csv, again = tmp_path / "as.csv", tmp_path / "again.xlsx"
    assert run(world, "geocode", source, as_csv).returncode == 1
    assert placed(rows_of(as_csv)) == placed(found)
    assert run(world, "geocode", as_csv, again).returncode == 1
    assert placed(sheet_of(again)) == placed(found)
    assert run(world, "geocode", source, "-").stdout == as_csv.read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.xlsx", b"PK\x03\x04 torn", "hỏng"),
        ("a.xls", b"address\n27 Lang\n", "hỏng"),
        ("a.ods", None, "No such file"),
    ],
)
def test_invalid_spreadsheet_is_reported(
    world: World, tmp_path: Path, name: str, content: bytes | None, expected: str
) -> None:
    source, target = tmp_path / name, tmp_path / "out.xlsx"
    if content is not None:
        source.write_bytes(content)
    done = run(world, "geocode", source, target)
    assert done.returncode == 1
    assert expected in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
    assert list(tmp_path.glob("out*")) == []


def test_sheet_of_a_workbook_is_chosen(world: World, tmp_path: Path) -> None:
    source, target = tmp_path / "in.xlsx", tmp_path / "out.csv"
    with xlsxwriter.Workbook(source) as book:
        for name in ("Một", "Hai"):
            book.add_worksheet(name).write_column(0, 0, ["Địa chỉ", name])
    asked = run(world, "geocode", source, target)
    assert asked.returncode == 1
    assert "--sheet" in asked.stderr.decode()
    run(world, "geocode", source, target, "--sheet", "Hai")
    assert [row["Địa chỉ"] for row in rows_of(target)] == ["Hai"]
    run(world, "geocode", source, target, "--sheet", "*")
    assert [row["Địa chỉ"] for row in rows_of(target)] == ["Một", "Hai"]
