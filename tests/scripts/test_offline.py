"""`diachiso parse | validate-code | convert`, which ask no database."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from registry.core.messages import speaking
from registry.core.settings import ROOT
from scripts import main
from tests.support.commands import as_process

SERVER_ONLY = (
    "opentelemetry",
    "sqlalchemy",
    "psycopg",
    "flask",
    "numpy",
    "shapely",
    "duckdb",
    "pyarrow",
)
ADDRESS = "12 ngõ 5 Láng, Đống Đa"


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """A command chooses its language for the whole process."""
    with speaking(None):
        yield


def asked(*arguments: str, status: int = 0) -> Any:
    done = as_process(*arguments, "--format", "json")
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


def output_lines(*arguments: str, status: int = 0) -> list[str]:
    done = as_process("--lang", "vi", *arguments)
    assert done.returncode == status, done.stderr
    return (done.stdout or done.stderr).decode().splitlines()


def test_parse_returns_the_parts_and_every_matching_unit() -> None:
    best = asked("parse", ADDRESS)["readings"][0]
    assert (best["house_number"], best["street"], best["unread"]) == ("5/12", "Láng", [])
    district = next(named for named in best["units"] if named["units"][0]["code"] == "006")
    assert district["province"] == {"code": "01", "name": "Thành phố Hà Nội"}
    assert {"code": "00199", "name": "Phường Láng"} in [each["unit"] for each in district["today"]]


def test_parse_writes_the_current_address_if_one_commune_continues_it() -> None:
    lines = output_lines("parse", "27 phố Láng, P. Ngọc Khánh cũ, Phường Láng, Hà Nội")
    assert lines[:2] == ["Số nhà: 27", "Đường: phố Láng"]
    assert "Địa chỉ hiện nay: 27 Phố Láng, Phường Láng, Thành phố Hà Nội" in lines


def test_parse_finds_a_code_in_a_text() -> None:
    parsed = asked("parse", "gửi 2HT6-4FP5, 27 Láng, Phường Láng, Hà Nội")
    assert [code["code"] for code in parsed["codes"]] == ["2HT64FP5"]
    assert parsed["readings"][0]["house_number"] == "27"
    assert output_lines("parse", "12345678978") == ["Mã: 2HT6-4FP5 (123 456 789 78)"]


def test_parse_reports_a_text_without_a_unit() -> None:
    assert (
        output_lines("parse", "12 Xyzzy", status=1)[-1] == "Không thấy tên xã, huyện hay tỉnh nào."
    )
    assert output_lines("parse", "???", status=1) == ["text: không có chữ hay số nào"]


@pytest.mark.parametrize(
    "written", ["2ht6 4fp5", "123 456 789 78", "mã một hai ba bốn năm sáu bảy tám chín bảy tám"]
)
def test_code_is_valid_written_or_spoken(written: str) -> None:
    checked = asked("validate-code", written)
    assert checked["valid"] is True
    assert checked["code"] == {
        "code": "2HT64FP5",
        "code_display": "2HT6-4FP5",
        "spoken": "12345678978",
        "demo": False,
    }


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("2HT6-4FP6", "code_wrong_check"),
        ("123 456 788 78", "code_wrong_check"),
        ("2HT6", "code_wrong_length"),
        ("2HT6-4F?5", "code_foreign_symbol"),
    ],
)
def test_invalid_code_has_a_reason(written: str, reason: str) -> None:
    checked = asked("validate-code", written, status=1)
    assert (checked["valid"], checked["reason"]) == (False, reason)
    assert checked["detail"]


def test_invalid_code_suggests_valid_ones() -> None:
    assert "2HT64FP5" in asked("validate-code", "2HT6-4FP6", status=1)["suggestions"]
    assert output_lines("validate-code", "2HT6-4FP6", status=1)[1].startswith("Có thể là: ")


def test_convert_follows_a_code_and_a_text() -> None:
    by_code = asked("convert", "00016")
    by_text = asked("convert", "P. Ngọc Hà, Q. Ba Đình, Hà Nội")
    to = [[each["unit"]["code"] for each in m["today"]] for m in by_code["matches"]]
    assert to == [["00004", "00008"]]
    assert [[e["unit"]["code"] for e in m["today"]] for m in by_text["matches"]] == to
    assert by_code["ambiguous"] is True


def test_convert_reads_a_code_on_the_map_of_a_day() -> None:
    assert asked("convert", "00025")["matches"][0]["units"][0]["name"] == "Phường Ngọc Khánh"
    now = asked("convert", "00025", "--written-on", "2025-07-01")
    assert now["matches"][0]["today"][0]["extent"] == "unchanged"


def test_convert_reports_unknown_codes_and_texts() -> None:
    assert output_lines("convert", "99999", status=1)
    assert output_lines("convert", "xyz", status=1) == ["Không thấy tên xã, huyện hay tỉnh nào."]
    assert as_process("convert").returncode == 2
    assert as_process("convert", "00025", "--written-on", "hôm qua").returncode == 2


def test_no_package_of_the_server_is_imported() -> None:
    program = (
        "import sys; from scripts.main import main\n"
        "try: main()\n"
        f"finally: print([m for m in {SERVER_ONLY} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "parse", ADDRESS],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        check=True,
    )
    assert done.stderr.splitlines() == ["[]"]


def test_server_command_reports_missing_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(main._COMMANDS, "export", ("package_of_the_server", "export"))
    (line,) = output_lines("export", "--out", "a.csv", status=1)
    assert line.endswith("(thiếu package_of_the_server): cài diachiso[server]")
    assert any("cài diachiso[server]" in each for each in output_lines("--help"))
