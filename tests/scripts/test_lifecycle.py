"""`diachiso operation …` and `diachiso history`, as a clerk calls them."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from geo.code import format as code_display
from registry.core.errors import IllegalTransitionError
from registry.lifecycle.table import OPERATIONS
from registry.lifecycle.words import FIELDS
from registry.records.history import MEMBERS
from scripts.main import diachiso
from tests.support.commands import Run, call
from tests.support.lifecycle import COMMUNE, Town, town


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Town]:
    with town(admin_url, f"commands_{worker_id}") as made:
        yield made


@pytest.fixture
def run(place: Town, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", place.url)
    return call


def test_every_operation_has_a_command() -> None:
    group = diachiso.get_command(click.Context(diachiso), "operation")
    assert isinstance(group, click.Group)
    assert set(group.commands) == {operation.name for operation in OPERATIONS}


def test_record_is_proposed_activated_and_printed(run: Run, place: Town) -> None:
    done = run(
        *("operation", "propose", "--commune", COMMUNE, "--street", "Láng"),
        *("--house-number", "1", "--lon", 105.806, "--lat", 21.0211, "--format", "json"),
    )
    (record,) = json.loads(done.stdout)["records"]
    assert record["status"] == "proposed"
    shown = code_display(record["code"])
    done = run("operation", "activate", "--code", shown, "--actor", "duyệt", "--reason", "đủ hồ sơ")
    address = "1 Phố Láng, Phường Láng, Thành phố Hà Nội"
    assert done.stdout == f"{shown}  đang dùng  {address}\n"
    output = run("history", shown).stdout
    assert "activate  (duyệt, đủ hồ sơ)" in output
    assert "đang dùng: 1 Phố Láng, Phường Láng, Thành phố Hà Nội" in output
    steps = json.loads(run("history", shown, "--format", "json").stdout)["steps"]
    assert [step["operation"] for step in steps] == ["propose", "activate"]
    day = steps[-1]["at"]
    assert run("history", shown, "--as-of", day).stdout == (
        f"{shown}  1 Phố Láng, Phường Láng, Thành phố Hà Nội\n"
    )


def test_part_of_an_address_is_cleared(run: Run, place: Town) -> None:
    code = place.house("3", delivery_hint="sau chợ")
    assert run("operation", "correct", "--code", code, "--clear", "delivery_hint").exit_code == 0
    assert place.record(code).delivery_hint is None


def test_street_is_renumbered_from_a_table(run: Run, place: Town, tmp_path: Path) -> None:
    place.street("Phố Bảng")
    codes = [place.house(number, "Bảng") for number in ("1", "2")]
    table = tmp_path / "bang.csv"
    table.write_text("Số nhà cũ,số nhà mới\n1,2\n2,1\n", encoding="utf-8-sig")
    arguments = ("operation", "renumber-street", "--commune", COMMUNE, "--street", "Phố Bảng")
    dry = run(*arguments, "--numbers", table, "--dry-run")
    assert dry.stdout == f"{COMMUNE}  Phố Bảng  2 chỗ ở, toà nhà\nsẽ ghi 2 mã\n"
    assert place.record(codes[0]).house_number_key == "1"
    assert run(*arguments, "--numbers", table).stdout.endswith("đã ghi lại 2 mã\n")
    assert [place.record(code).house_number_key for code in codes] == ["2", "1"]


def test_record_is_split_by_a_table(run: Run, place: Town, tmp_path: Path) -> None:
    code = place.house("5")
    table = tmp_path / "parts.csv"
    table.write_text("số nhà,số hộ\n5A,2\n5B,\n", encoding="utf-8")
    done = run(
        *("operation", "split", "--code", code, "--parts", table),
        *("--reason", "chia thửa", "--second-person", "phòng đô thị", "--format", "json"),
    )
    records = json.loads(done.stdout)["records"]
    made = [place.record(r["code"]) for r in records if r["status"] == "active"]
    assert {(r.house_number_key, r.households_count) for r in made} == {("5A", 2), ("5B", 1)}


def test_dry_run_shows_no_discarded_code(run: Run) -> None:
    done = run("operation", "reserve", "--count", 2, "--dry-run", "--format", "json")
    body = json.loads(done.stdout)
    assert (body["dry_run"], body["event_id"], body["records"]) == (True, None, [])
    assert body["rewritten"] == 2


def test_preview_shows_the_address_and_how_it_was_read(run: Run) -> None:
    arguments = ("operation", "propose", "--commune", COMMUNE, "--house-number", 9, "--dry-run")
    done = run(*arguments, "--street", "Lang")
    address = "9 Phố Láng, Phường Láng, Thành phố Hà Nội"
    assert done.stdout == f"đề nghị  {address}\nsẽ ghi 1 mã\n"
    assert "cảnh báo: “Lang” được hiểu là Phố Láng" in done.stderr


def test_one_option_accepts_several_codes(run: Run, place: Town) -> None:
    one, other, into = (place.house(number) for number in ("71", "73", "75"))
    merged = ("operation", "merge", "--codes", f"{code_display(one)}, {other}", "--into", into)
    assert run(*merged, "--reason", "thông nhau", "--second-person", "tổ duyệt").exit_code == 0
    assert [place.row(code).status for code in (one, other)] == ["retired", "retired"]


def test_operation_is_found_by_its_name_in_the_data(run: Run) -> None:
    arguments = ("--commune", COMMUNE, "--street", "Phố Gạch Dưới", "--format", "json")
    assert json.loads(run("operation", "name_street", *arguments).stdout)["place"] is not None


def test_wrong_usage_and_refusals_are_reported(run: Run, place: Town, tmp_path: Path) -> None:
    wrong = run("operation", "reserve", "--count", 0)
    assert isinstance(wrong.exception, click.UsageError)
    assert "count" in str(wrong.exception)
    table = tmp_path / "broken.csv"
    renumber = ("operation", "renumber-street", "--commune", COMMUNE, "--street", "Láng")
    for written in (b"old,new\n\xff\x00,2\n", "cột một,cột hai\n1,2\n".encode(), b""):
        table.write_bytes(written)
        wrong = run(*renumber, "--numbers", table)
        assert isinstance(wrong.exception, click.UsageError)
    parts = tmp_path / "parts.csv"
    parts.write_text("số nhà,số trước\n5A,1\n", encoding="utf-8")
    found = str(
        run("operation", "split", "--code", "x", "--reason", "x", "--parts", parts).exception
    )
    assert "no column số trước; known columns): Mã (code), Số nhà (house_number)" in found
    code = place.reserve()[0]
    refused = run("operation", "verify", "--code", code)
    assert isinstance(refused.exception, IllegalTransitionError)


def test_every_changed_member_has_a_vietnamese_label() -> None:
    assert set(MEMBERS.values()) <= set(FIELDS)
