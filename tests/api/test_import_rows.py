"""Rows of an import are edited before it is published; the edits are kept with it."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from werkzeug.test import TestResponse

from registry.access.keys import KeyMade
from registry.core.settings import Settings
from registry.intake import row_reports
from tests.support.keys import bearer, office
from tests.support.thorough import gate_takes_first
from tests.support.uploads import Desk, row, rows_of, table

NO_DOOR = "address_names_no_dwelling"


@pytest.fixture(scope="module")
def desk(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    settings = Settings(limits=False, var=tmp_path_factory.mktemp("var"))
    with office(admin_url, f"rows_{worker_id}", settings) as made:
        yield Desk(made, settings)


STREETS = count(70)


@pytest.fixture
def editor(desk: Desk, request: pytest.FixtureRequest) -> KeyMade:
    return desk.office.key(f"nhập {request.node.name}"[:100])


def rows(desk: Desk, key: KeyMade, number: int, query: str = "") -> dict[str, Any]:
    answer = desk.office.get(f"/v1/imports/{number}/rows{query}", key)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def send_edits(desk: Desk, key: KeyMade, number: int, **body: Any) -> TestResponse:
    return desk.office.client.patch(f"/v1/imports/{number}/rows", json=body, headers=bearer(key))


def column(found: dict[str, Any], field: str) -> int:
    (at,) = [each["at"] for each in found["columns"] if each["field"] == field]
    return int(at)


def edit(
    found: dict[str, Any], at: int, field: str, value: str, version: int = 0
) -> dict[str, Any]:
    place = found["rows"][at]["place"]
    return {"place": place, "column": column(found, field), "value": value, "version": version}


@pytest.fixture
def tried(desk: Desk, editor: KeyMade, request: pytest.FixtureRequest) -> int:
    """An import of four rows, two of which lack the number of the house."""
    name, street = request.node.name, f"Đường số {next(STREETS)}"
    numbers = {"a": "1", "b": "", "c": "3", "d": ""}
    delivered = (row(number, f"{at} {name}", street=street) for at, number in numbers.items())
    file = table(*delivered)
    found = desk.tried(editor, file, source=f"phường {name}")
    assert (found["state"], found["counts"]["rejected"]) == ("reported", 2)
    return int(found["id"])


def test_rows_with_problems_are_shown_with_their_cells(
    desk: Desk, editor: KeyMade, tried: int
) -> None:
    found = rows(desk, editor, tried)
    assert (found["total"], [each["row"] for each in found["rows"]]) == (2, [2, 4])
    first = found["rows"][0]
    assert (
        dict(zip([c["field"] for c in found["columns"]], first["cells"], strict=True))[
            "house_number"
        ]
        == ""
    )
    assert [problem["code"] for problem in first["problems"]] == [NO_DOOR]
    assert rows(desk, editor, tried, "?rows=edited")["total"] == 0
    assert rows(desk, editor, tried, f"?problem={NO_DOOR}&start=1")["rows"][0]["row"] == 4
    assert rows(desk, editor, tried, "?problem=none")["total"] == 0


def test_edited_cell_is_checked_published_and_returned(
    desk: Desk, editor: KeyMade, tried: int
) -> None:
    found = rows(desk, editor, tried)
    sent = send_edits(desk, editor, tried, edits=[edit(found, 0, "house_number", "2")])
    assert (sent.status_code, sent.get_json()["state"]) == (202, "staged")
    desk.work()
    shown = desk.seen(editor, tried)
    assert (shown["counts"]["rejected"], shown["counts"]["new"], shown["verdict"]) == (1, 3, 2)
    assert any("1 ô" in note for note in shown["file_notes"])
    edited = rows(desk, editor, tried, "?rows=edited")["rows"]
    assert [(each["row"], each["problems"]) for each in edited] == [(2, [])]
    assert edited[0]["edits"][0]["value"] == "2"

    approver = desk.office.key(f"duyệt {tried}", "approver")
    published = desk.done(approver, tried, "publish", verdict=2)
    assert (published["state"], published["counts"]["new"]) == ("published", 3)
    codes = rows_of(desk.office.get(f"/v1/imports/{tried}/codes", editor))
    assert [each["house_number"] for each in codes] == ["1", "2", "3", ""]
    refused = send_edits(desk, editor, tried, edits=[edit(found, 1, "house_number", "4")])
    assert (refused.status_code, refused.get_json()["code"]) == (409, "import_state")


def test_fix_is_proposed_as_cell_values(desk: Desk, editor: KeyMade) -> None:
    file = table(
        row("1", "a", longitude="21.0211", latitude="105.8061"),
        row("3-thg 2", "b"),
        row("", "c"),
    )
    tried = int(desk.tried(editor, file, source="phường đề nghị")["id"])
    found = rows(desk, editor, tried)
    number, lon, lat = (column(found, each) for each in ("house_number", "longitude", "latitude"))
    assert [problem["ways"] for each in found["rows"] for problem in each["problems"]] == [
        [[{"column": lon, "value": "105.8061"}, {"column": lat, "value": "21.0211"}]],
        [[{"column": number, "value": "3/2"}], [{"column": number, "value": "2/3"}]],
        [],
    ]


def test_fix_is_applied_to_all_similar_rows(desk: Desk, editor: KeyMade, tried: int) -> None:
    found = rows(desk, editor, tried)
    at = column(found, "house_number")
    alike = {"problem": NO_DOOR, "column": at, "was": "", "value": "5"}
    assert send_edits(desk, editor, tried, alike=alike).status_code == 202
    desk.work()
    edited = rows(desk, editor, tried, "?rows=edited")["rows"]
    assert [each["edits"][0]["value"] for each in edited] == ["5", "5"]
    assert rows(desk, editor, tried, f"?column={at}&value=5")["total"] == 2


def test_concurrently_edited_cell_is_412_with_the_current_value(
    desk: Desk, editor: KeyMade, tried: int
) -> None:
    found = rows(desk, editor, tried)
    other = desk.office.key(f"người khác {tried}")
    first = edit(found, 0, "house_number", "2")
    assert send_edits(desk, other, tried, edits=[first]).status_code == 202
    both = [edit(found, 1, "house_number", "7"), first | {"value": "9"}]
    refused = send_edits(desk, editor, tried, edits=both)
    body = refused.get_json()
    assert (refused.status_code, body["code"]) == (412, "row_edited")
    assert (body["value"], body["version"], body["edited_by"]) == ("2", 1, other.name)
    assert rows(desk, editor, tried, "?rows=edited")["total"] == 1  # nothing of it was kept
    again = [first | {"value": "9", "version": 1}]
    assert send_edits(desk, editor, tried, edits=again).status_code == 202


@pytest.mark.thorough
def test_edit_during_a_dry_run_starts_another_one(
    desk: Desk, editor: KeyMade, tried: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = rows(desk, editor, tried)
    send_edits(desk, editor, tried, edits=[edit(found, 0, "house_number", "2")])
    write_rows = row_reports.write_rows

    def meanwhile(*given: Any) -> None:
        monkeypatch.undo()
        write_rows(*given)
        later = [edit(found, 1, "house_number", "4")]
        assert send_edits(desk, editor, tried, edits=later).status_code == 202

    monkeypatch.setattr("registry.submissions.work.write_rows", meanwhile)
    desk.work()
    shown = desk.seen(editor, tried)
    assert (shown["state"], shown["counts"]["rejected"]) == ("staged", 1)
    desk.work()
    shown = desk.seen(editor, tried)
    assert (shown["state"], shown["counts"]["rejected"], shown["verdict"]) == ("reported", 0, 3)


@pytest.mark.thorough
def test_rejected_rows_of_a_published_import_are_delivered_again(
    desk: Desk, editor: KeyMade, tried: int
) -> None:
    early = desk.office.client.post(f"/v1/imports/{tried}/rest", headers=bearer(editor))
    assert (early.status_code, early.get_json()["code"]) == (409, "import_state")
    approver = desk.office.key(f"duyệt {tried}", "approver")
    desk.done(approver, tried, "publish")
    rest = desk.office.client.post(f"/v1/imports/{tried}/rest", headers=bearer(editor)).get_json()
    same = desk.office.client.post(f"/v1/imports/{tried}/rest", headers=bearer(editor)).get_json()
    assert rest["id"] == same["id"] != tried
    desk.work()
    found = rows(desk, editor, rest["id"])
    # They have the row numbers of the clerk's file.
    assert [each["sheet_row"] for each in found["rows"]] == [3, 5]
    edits = [edit(found, at, "house_number", f"{at + 20}") for at in (0, 1)]
    send_edits(desk, editor, rest["id"], edits=edits)
    desk.work()
    assert desk.done(approver, rest["id"], "publish", verdict=2)["counts"]["new"] == 2


@pytest.mark.parametrize(
    ("body", "code"),
    gate_takes_first(
        2,
        [
            ({"edits": [{"place": 0, "column": 1, "value": "2"}]}, "not_editable"),
            ({"edits": [{"place": 1, "column": 1, "value": "a\nb"}]}, "string_pattern_mismatch"),
            ({"edits": [{"place": 1, "column": 99, "value": "2"}]}, "not_editable"),
            ({"edits": []}, "too_short"),
            ({}, "missing"),
        ],
    ),
)
def test_invalid_edit_is_refused_and_not_stored(
    desk: Desk, editor: KeyMade, tried: int, body: dict[str, Any], code: str
) -> None:
    refused = send_edits(desk, editor, tried, **body)
    assert refused.status_code == 422
    assert refused.get_json()["errors"][0]["code"] == code
    assert rows(desk, editor, tried, "?rows=edited")["total"] == 0


def test_stored_edits_contain_no_personal_data(desk: Desk, editor: KeyMade, tried: int) -> None:
    found = rows(desk, editor, tried)
    named = edit(found, 0, "house_number", "12, bà Nguyễn Thị Hoa 0905 123 456")
    send_edits(desk, editor, tried, edits=[named])
    (kept,) = rows(desk, editor, tried, "?rows=edited")["rows"][0]["edits"]
    assert "Hoa" not in kept["value"]
    assert "0905" not in kept["value"]


def test_other_keys_cannot_see_or_edit_rows(desk: Desk, tried: int) -> None:
    stranger = desk.office.key(f"nơi khác {tried}", units=["00004"])
    assert desk.office.get(f"/v1/imports/{tried}/rows", stranger).status_code == 404
    body = {"edits": [{"place": 1, "column": 1, "value": "2"}]}
    assert send_edits(desk, stranger, tried, **body).status_code == 404
