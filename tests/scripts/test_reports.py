"""`diachiso reports`, as an operator looks at the queue and decides."""

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from geo.code import format as code_display
from registry.core.errors import NotFoundError, ReportDecidedError, ReportStaleError
from registry.lifecycle.reports import ReportContent, file_report
from registry.lifecycle.reports.reporters import Reporter
from registry.units.gazetteer import Gazetteer
from tests.support.commands import Run, call
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG, Town, town

Say = Callable[..., int]
_numbers = count(1)


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Town]:
    with town(admin_url, f"report_commands_{worker_id}") as made:
        yield made


@pytest.fixture
def run(place: Town, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", place.url)
    return call


@pytest.fixture
def say(place: Town, gazetteer: Gazetteer) -> Say:
    def file(kind: Any, code: str | None = None, who: str = "client:a", **fields: Any) -> int:
        role: Any = "carrier" if who.startswith("key:") else "anonymous"
        report = ReportContent(kind, code, **fields)
        reporter = Reporter(role, who)
        return file_report(place.engine, place.reads, gazetteer, reporter, report).id

    return file


def house(place: Town) -> str:
    return place.house(str(next(_numbers)), **LANG)


def test_queue_lists_the_reporters(run: Run, place: Town, say: Say) -> None:
    code = house(place)
    number = say("wrong_point", code, lon=105.8071, lat=21.0213)
    say("wrong_point", code, who="key:bưu điện", lon=105.8071, lat=21.0213)
    shown = run("reports", "list").stdout
    assert (
        f"{number}  sai vị trí  {code_display(code)}  {place.row(code).house_number} Phố" in shown
    )
    assert "1 hãng chuyển phát, 1 người dân  từ " in shown
    assert "21.021300,105.807100 (cách 116 m)" in shown
    assert str(number) in run("reports", "list", "--unit", "01", "--limit", 500).stdout
    assert str(number) in run("reports", "list", "--unit", COMMUNE).stdout
    assert run("reports", "list", "--unit", ELSEWHERE).stdout == ""
    entries = json.loads(run("reports", "list", "--format", "json").stdout)
    (entry,) = [e for e in entries if e["id"] == number]
    assert (entry["reporters"], entry["carriers"], entry["accepting"]) == (2, 1, "move")


def test_report_is_accepted_and_the_record_written(run: Run, place: Town, say: Say) -> None:
    code = house(place)
    number = say("no_such_house", code)
    tried = run("reports", "accept", number, "--reason", "thử", "--dry-run")
    label = f"{place.row(code).house_number} Phố Láng, Phường Láng, Thành phố Hà Nội"
    assert tried.stdout == f"báo cáo {number}: đã chấp nhận (retire)\nngừng dùng  {label}\n"
    done = run(
        *("reports", "accept", number, "--reason", "đã phá dỡ", "--decision-number", "7/QĐ"),
        *("--actor", "phường Láng", "--format", "json"),
    )
    body = json.loads(done.stdout)
    assert (body["state"], body["operation"], body["dry_run"]) == ("accepted", "retire", False)
    display = code_display(code)
    assert body["records"] == [
        {"code": code, "code_display": display, "status": "retired", "label": label}
    ]
    event = place.rows("SELECT actor, reason, decision_number FROM event ORDER BY id DESC LIMIT 1")
    assert event == [("phường Láng", "đã phá dỡ", "7/QĐ")]
    assert str(number) in run("reports", "list", "--state", "accepted").stdout


def test_new_house_is_accepted_with_a_corrected_street(run: Run, place: Town, say: Say) -> None:
    address = "601 Phố Lạng, phường Láng, Hà Nội"
    number = say("new_house", address=address, lon=105.8061, lat=21.0212)
    done = run("reports", "accept", number, "--reason", "x", "--street", "Láng", "--format", "json")
    (record,) = json.loads(done.stdout)["records"]
    assert place.record(record["code"]).house_number_key == "601"


def test_report_is_rejected_once(run: Run, place: Town, say: Say) -> None:
    number = say("confirmed", house(place))
    done = run("reports", "reject", number, "--reason", "trùng")
    assert done.stdout == f"báo cáo {number}: không chấp nhận (reject_report)\n"
    assert isinstance(
        run("reports", "accept", number, "--reason", "x").exception, ReportDecidedError
    )


def test_stale_report_is_accepted_only_with_the_event(run: Run, place: Town, say: Say) -> None:
    code = house(place)
    number = say("wrong_point", code, lon=105.8071, lat=21.0213)
    moved = place.do("move", code=code, lon=105.8069, lat=21.0212)
    assert "đã sửa sau báo cáo" in run("reports", "list").stdout
    refused = run("reports", "accept", number, "--reason", "x")
    assert isinstance(refused.exception, ReportStaleError)
    assert not run(
        "reports", "accept", number, "--reason", "x", "--event-id", moved.event_id
    ).exception


def test_wrong_usage_is_reported(run: Run) -> None:
    assert isinstance(run("reports", "accept", 10**9, "--reason", "x").exception, NotFoundError)
    for wrong in (("accept", 1), ("reject", "x", "--reason", "x"), ("list", "--state", "lost")):
        assert run("reports", *wrong).exception is not None
