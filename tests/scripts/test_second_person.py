"""`diachiso second-person`, and what an operation on the command line asks because of it."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from registry.core.settings import Settings
from registry.lifecycle.second_person import default_csv
from registry.ops.probes.probe import State, Subject
from registry.ops.probes.upkeep import second_person
from tests.support.commands import Run, call
from tests.support.lifecycle import Town, town

OWN = "operation,role,moved_m,records\nverify,*,,\n"


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Town]:
    with town(admin_url, f"second_person_{worker_id}") as made:
        yield made


@pytest.fixture
def run(place: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("DATABASE_URL", place.url)
    yield call
    call("second-person", "reset")


def audited(place: Town) -> list[tuple[object, ...]]:
    return place.rows(
        "SELECT endpoint, operation, codes, event_id FROM audit_entry ORDER BY id DESC LIMIT 1"
    )


def found(place: Town) -> tuple[State, str]:
    with place.engine.connect() as connection:
        checked = second_person.function(Subject(Settings(), connection))
    return checked.state, checked.english


def test_operation_names_its_second_person_and_is_audited(run: Run, place: Town) -> None:
    code = place.house("1")
    retire = ("operation", "retire", "--code", code, "--reason", "dỡ")
    refused = run(*retire)
    assert (refused.exit_code, place.row(code).status) == (1, "active")
    assert "--second-person" in str(refused.exception)
    assert "cần người thứ hai" in run(*retire, "--dry-run").stderr
    assert isinstance(run(*retire, "--second-person", " ").exception, click.UsageError)
    assert run(*retire, "--second-person", "phòng đô thị").exit_code == 0
    found = ("operation retire --second-person phòng đô thị", "retire", [code])
    assert audited(place) == [(*found, place.row(code).event_id)]


def test_rules_table_is_shown_set_and_reset(run: Run, place: Town, tmp_path: Path) -> None:
    file = tmp_path / "bang.csv"
    file.write_text(OWN, encoding="utf-8-sig")
    assert run("second-person", "show").stdout == default_csv()
    assert run("second-person", "set", file, "--dry-run").exit_code == 0
    assert run("second-person", "show").stdout == default_csv()
    assert run("second-person", "set", file).exit_code == 0
    assert run("second-person", "show").stdout == OWN
    assert audited(place)[0][0] == "second-person set"
    verify = ("operation", "verify", "--code", place.house("3"))
    assert run(*verify).exit_code == 1
    assert run("second-person", "reset").exit_code == 0
    assert run(*verify).exit_code == 0


def test_invalid_rules_table_is_wrong_usage_and_changes_nothing(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "sai.csv"
    for wrong in (b"operation,role,moved_m,records\nbay,*,,\n", b"\xff\xfe", b"a\0b"):
        file.write_bytes(wrong)
        assert isinstance(run("second-person", "set", file).exception, click.UsageError)
    assert run("second-person", "show").stdout == default_csv()


def test_doctor_checks_the_rules_table_and_the_second_person(
    run: Run, place: Town, tmp_path: Path
) -> None:
    assert found(place)[0] == State.OK
    file = tmp_path / "khong.csv"
    file.write_text(OWN.splitlines()[0], encoding="utf-8")
    run("second-person", "set", file)
    text = "the table does not ask for a second person for any operation"
    assert found(place) == (State.WARNING, text)
    run("second-person", "reset")
    assert run("keys", "create", "một", "--role", "approver", "--unit", "00199").exit_code == 0
    assert found(place) == (State.WARNING, "only one key can approve: một")
    assert run("keys", "create", "hai", "--role", "admin").exit_code == 0
    assert found(place)[0] == State.OK
    place.rows("INSERT INTO second_person_table (rules) VALUES ('bỏ') RETURNING id")
    assert found(place)[0] == State.FAILURE
