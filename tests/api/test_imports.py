"""Imports over HTTP: delivered, tried, looked at, published, taken back; by real keys."""

import gzip
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from registry.access.keys import KeyMade, let_approve_own
from registry.core.database import session_scope
from registry.core.errors import InvalidInputError
from registry.core.remedies import field_words
from registry.core.schemes import OF_RECORDS
from registry.core.settings import ROOT, Settings
from registry.files.spellings.headers import FIELDS
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from registry.submissions.work import clear_away, given_up
from tests.support.intake import checksum
from tests.support.keys import bearer, code_of, office
from tests.support.lifecycle import COMMUNE, ELSEWHERE
from tests.support.thorough import gate_takes
from tests.support.uploads import Desk, last_request, mapping, row, rows_of, table

NOWHERE = row("", "R9", street="Phố Láng")
BROKEN = {
    "a.kml": b"<kml><torn",
    "a.gpx": b"<gpx><",
    "a.mif": b"Version 300\nColumns 1\n  x",
    "a.tab": b"!table\n!version 300\n",
    "a.xls": b"\xd0\xcf\x11\xe0 torn",
    "a.gpx.gz": gzip.compress(b"<gpx><"),
}
MOST = 20_000
OF_GRANIAN = {"wsgi.input_terminated": True}
"""The server ends a body where the connection does."""


@pytest.fixture(scope="module")
def desk(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    settings = Settings(limits=False, var=tmp_path_factory.mktemp("var"), import_bytes=MOST)
    with office(admin_url, f"imports_{worker_id}", settings) as made:
        yield Desk(made, settings)


@pytest.fixture(autouse=True)
def _forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test sees the keys as they are now, not as five seconds ago."""
    monkeypatch.setattr("registry.access.key_check.CACHED_S", 0.0)


def test_file_is_tried_looked_at_published_and_taken_back(desk: Desk) -> None:
    editor, approver = desk.office.key("nhập 1"), desk.office.key("duyệt 1", "approver")
    engine = desk.office.place.engine
    before = checksum(engine)
    sent = desk.send(editor, table(row("301", "R1"), row("302", "R2"), NOWHERE), source="một")
    assert sent.status_code == 202
    made = sent.get_json()
    assert (made["state"], made["progress"]["phase"], made["counts"]) == ("staged", "waiting", None)
    desk.work()

    tried = desk.seen(editor, made["id"])
    assert (tried["state"], tried["progress"], tried["verdict"]) == ("reported", None, 1)
    assert (tried["counts"]["new"], tried["counts"]["rejected"]) == (2, 1)
    (problem,) = tried["problems"]
    assert problem["code"] == "address_names_no_dwelling"
    assert problem["rows"] == 1
    assert problem["examples"][0]["row"] == 3
    assert checksum(engine) == before
    path = f"/v1/imports/{made['id']}"
    (rejected,) = rows_of(desk.office.get(f"{path}/report", editor))
    assert (rejected["source_ref"], rejected["problems"]) == ("R9", "address_names_no_dwelling")
    listed = desk.office.get(f"{path}/problems", editor).get_json()
    assert listed["next_after"] is None
    assert [(p["row"], p["severity"]) for p in listed["problems"]] == [(3, "error")]
    assert listed["problems"][0]["vi"].startswith("Không xác định được chỗ ở")
    assert [p["row"] for p in rows_of(desk.office.get(f"{path}/problems?format=csv", editor))] == [
        "3"
    ]
    assert code_of(desk.office.get(f"{path}/codes", editor)) == (409, "import_state")
    unseen = desk.office.client.post(f"{path}/publish", json={}, headers=bearer(approver))
    assert unseen.status_code == 422

    assert code_of(desk.ask(editor, made["id"], "publish")) == (403, "forbidden")
    asked = desk.ask(approver, made["id"], "publish", verdict=1)
    desk.work()
    published = desk.seen(approver, made["id"])
    assert (published["state"], published["counts"]["new"]) == ("published", 2)
    assert last_request(engine) == asked.headers["X-Request-Id"]
    codes = rows_of(desk.office.get(f"{path}/codes", editor))
    assert [line["outcome"] for line in codes] == ["new", "new", "rejected"]
    code = codes[0]["code"]
    record = desk.office.get(f"/v1/addresses/{code}").get_json()
    assert record["house_number"] == "301"
    assert code_of(desk.ask(approver, made["id"], "publish")) == (409, "import_state")

    preview = desk.office.get(f"/v1/imports/{made['id']}/rollback", approver).get_json()
    assert preview == {"removed": 2, "restored": 0, "kept": 0, "obstacles": []}
    back = desk.done(approver, made["id"], "rollback")
    assert (back["state"], back["trouble"]) == ("rolled_back", None)
    withdrawn = desk.office.client.get(f"/a/{code}", headers={"Accept": "text/html"})
    assert (withdrawn.status_code, "Mã này đã huỷ" in withdrawn.text) == (410, True)
    assert "Chỗ ở ấy không còn" not in withdrawn.text
    assert checksum(engine) == before
    entries = [e for e in desk.office.audited() if e["actor"] in ("nhập 1", "duyệt 1")]
    written = [(e["endpoint"], e["outcome"]) for e in entries if e["endpoint"].startswith("POST")]
    assert ("POST /v1/imports", "ok") in written
    assert ("POST /v1/imports/<int:import_id>/publish", "forbidden") in written
    assert ("POST /v1/imports/<int:import_id>/rollback", "ok") in written


def test_file_can_be_the_request_body(desk: Desk) -> None:
    editor = desk.office.key("nhập 2")
    file = table({"Số": "3", "Đường": "Phố Láng", "Mã": COMMUNE})
    sent = desk.office.client.post(
        "/v1/imports",
        query_string={
            "source": "hai",
            "file_name": "../../etc/hộ\x01.csv",
            "mapping": mapping(Số="house_number", Đường="street", Mã="commune_code"),
        },
        data=file,
        headers=bearer(editor) | {"Content-Type": "text/csv"},
    )
    assert sent.status_code == 202, sent.text
    desk.work()
    seen = desk.seen(editor, sent.get_json()["id"])
    assert (seen["state"], seen["file_name"], seen["counts"]["new"]) == ("reported", "hộ_.csv", 1)


@pytest.mark.parametrize(
    "kind",
    gate_takes(("application/x-www-form-urlencoded", "application/json", "text/plain", ""), ""),
)
def test_body_is_the_file_whatever_its_content_type(desk: Desk, kind: str) -> None:
    editor = desk.office.key(f"nhập kiểu {kind}")
    sent = desk.office.client.post(
        "/v1/imports?source=kiểu&file_name=a.csv",
        data=table(row("1")),
        headers=bearer(editor) | ({"Content-Type": kind} if kind else {}),
    )
    assert sent.status_code == 202, sent.text
    desk.work()
    assert desk.seen(editor, sent.get_json()["id"])["counts"]["rows"] == 1


def test_truncated_body_is_refused(desk: Desk) -> None:
    editor = desk.office.key("nhập đứt")
    body = table(row("1"))
    cut = desk.office.client.post(
        "/v1/imports?source=đứt",
        input_stream=io.BytesIO(body[:-20]),
        headers=bearer(editor) | {"Content-Type": "text/csv"},
        environ_overrides={"CONTENT_LENGTH": str(len(body)), **OF_GRANIAN},
    )
    assert code_of(cut) == (422, "invalid_input")
    assert cut.get_json(force=True)["errors"][0]["code"] == "incomplete"
    # Chunked bodies have no length to compare with.
    chunked = desk.office.client.post(
        "/v1/imports?source=đứt",
        input_stream=io.BytesIO(body),
        headers=bearer(editor) | {"Content-Type": "text/csv", "Transfer-Encoding": "chunked"},
        environ_overrides=OF_GRANIAN,
    )
    assert code_of(chunked) == (411, "length_required")
    assert list((desk.settings.var / "imports" / "incoming").iterdir()) == []
    assert desk.office.get("/v1/imports?source=đứt", editor).get_json() == {"imports": []}


def test_file_of_one_commune_need_not_name_it(desk: Desk) -> None:
    editor = desk.office.key("nhập 5")
    file = table({"Số nhà": "5", "Ngõ": "12", "Đường": "Phố Láng", "Chủ hộ": "Lê A", "Lô": "B"})
    seen = desk.tried(editor, file, source="sáu", commune=COMMUNE)
    assert (seen["state"], seen["counts"]["new"]) == ("reported", 1)
    assert (seen["columns_personal"], seen["columns_unknown"]) == (["Chủ hộ"], ["Lô"])
    failed = desk.tried(editor, table(row("5")), source="sáu", commune=COMMUNE)
    assert (failed["state"], failed["trouble"]["code"]) == ("failed", "unreadable_file")
    # Clerks have a page, and no options of a command.
    assert "xã cho cả tệp" in failed["trouble"]["detail"]
    assert "--" not in failed["trouble"]["detail"]
    assert {"mapping": {"commune_code": ""}, "vi": "không đọc cột “commune_code”"} in failed[
        "mappings"
    ]


JSON = json.dumps([row("31", "J1"), NOWHERE], ensure_ascii=False).encode()


CALLED = ("ho.json", "ho.geojson", "ho.gpkg", "ho.parquet", "ho", "ho.gz")


@pytest.mark.parametrize("name", gate_takes(CALLED, "ho.gpkg", "ho.gz"))
def test_rows_are_returned_as_a_readable_table_whatever_the_file_name(
    desk: Desk, name: str
) -> None:
    file = gzip.compress(table(row("31", "J1"), NOWHERE)) if name == "ho.gz" else JSON
    editor = desk.office.key(f"nhập {name}")
    seen = desk.tried(editor, file, name=name, source=name)
    assert (seen["state"], seen["counts"]["new"], seen["counts"]["rejected"]) == ("reported", 1, 1)
    report = desk.office.get(f"/v1/imports/{seen['id']}/report", editor)
    assert [each["problems"] for each in rows_of(report)] == ["address_names_no_dwelling"]
    assert report.headers["Content-Disposition"].endswith(f"ho-dot-{seen['id']}-bi-loai.csv")


def test_unreadable_file_is_reported_with_the_reason(desk: Desk) -> None:
    editor, approver = desk.office.key("nhập 3"), desk.office.key("duyệt 3", "approver")
    failed = desk.tried(editor, b"%PDF-1.7 nothing", source="ba")
    assert (failed["state"], failed["trouble"]["code"]) == ("failed", "unreadable_file")
    assert code_of(desk.ask(approver, failed["id"], "publish")) == (409, "import_state")


@pytest.mark.parametrize("name", gate_takes(BROKEN, "a.kml", "a.gpx.gz"))
def test_file_errors_reveal_no_server_path(desk: Desk, name: str) -> None:
    key = desk.office.key(f"thư mục {name}")
    failed = desk.tried(key, BROKEN[name], name=name, source=name)
    assert failed["trouble"]["code"] == "unreadable_file"
    detail = failed["trouble"]["detail"]
    assert detail.startswith(f"{name}: ")
    for folder in (str(desk.settings.var), tempfile.gettempdir(), str(ROOT)):
        assert folder not in detail


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"source": ""}, "source"),
        ({"source": "demo"}, "source"),
        ({"mapping": "[1]"}, "mapping"),
        ({"crs": "WGS"}, "crs"),
        ({"nothing": "1"}, "nothing"),
        ({"source": "xã\0"}, "source"),
        ({"source": "xã\nkhác"}, "source"),
        ({"source": "bà Ba 0905123456"}, "source"),
        ({"decision": "12/QĐ\0"}, "decision"),
        ({"sheet": "\0"}, "sheet"),
        ({"commune": "00004\0"}, "commune"),
        ({"mapping": r'{"Cột\u0000": "street"}'}, "mapping"),
        ({"mapping": r'{"Cột": "\u0000"}'}, "mapping"),
        ({"mapping": r'{"\ud800": "street"}'}, "mapping"),
        ({"mapping": '{"Cột": "street", "Cột": "note"}'}, "mapping"),
        ({"\0": "1"}, ""),
    ],
)
def test_invalid_option_is_named(desk: Desk, fields: dict[str, str], problem: str) -> None:
    editor = desk.office.key(f"nhập sai {problem} {fields}")
    answer = desk.send(editor, table(row("1")), **fields)
    assert code_of(answer) == (422, "invalid_input")
    assert answer.get_json(force=True)["errors"][0]["field"] == problem


def test_field_that_is_not_utf8_is_refused(desk: Desk) -> None:
    """`NGUỒN` in the encoding of an old program would be stored as letters that nobody wrote."""
    parts = (
        b'Content-Disposition: form-data; name="source"\r\n\r\nx\xe3 L\xe1ng',
        b'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' + table(row("1")),
    )
    body = b"".join(b"--cut\r\n" + part + b"\r\n" for part in parts) + b"--cut--\r\n"
    sent = desk.office.client.post(
        "/v1/imports",
        data=body,
        headers=bearer(desk.office.key("nhập không UTF-8")),
        content_type="multipart/form-data; boundary=cut",
    )
    assert code_of(sent) == (422, "invalid_input")
    error = sent.get_json(force=True)["errors"][0]
    assert (error["field"], error["code"]) == ("source", "not_utf8")


def test_personal_name_in_a_file_name_is_not_stored(desk: Desk) -> None:
    editor = desk.office.key("nhập tên người")
    sent = desk.send(editor, table(row("1")), name="Tổ 5 - Nguyễn Thị Hoa.csv", source="tên")
    assert sent.get_json()["file_name"] == "Tổ 5 - ….csv"
    desk.work()
    assert desk.seen(editor, sent.get_json()["id"])["state"] == "reported"


def test_too_large_or_empty_delivery_leaves_no_files(desk: Desk) -> None:
    editor = desk.office.key("nhập 4")
    assert code_of(desk.send(editor, b"x" * (MOST + 1)))[0] == 413
    whole = desk.office.client.post(
        "/v1/imports?source=bốn", data=b"x" * (MOST + 1), headers=bearer(editor)
    )
    assert code_of(whole)[0] == 413
    nothing = desk.office.client.post(
        "/v1/imports",
        data={"source": "bốn"},
        headers=bearer(editor),
        content_type="multipart/form-data",
    )
    assert code_of(nothing) == (422, "invalid_input")
    assert code_of(desk.send(editor, b"")) == (422, "invalid_input")
    assert list((desk.settings.var / "imports" / "incoming").iterdir()) == []
    listed = desk.office.get("/v1/imports?source=bốn", editor).get_json()
    assert listed == {"imports": []}


def test_rows_outside_the_units_of_the_key_are_rejected(desk: Desk) -> None:
    editor, approver = desk.office.key("nhập 15"), desk.office.key("duyệt 15", "approver")
    file = table(row("51", "A"), row("52", "B", commune=ELSEWHERE, street="Phố Láng"))
    tried = desk.tried(editor, file, source="năm")
    assert (tried["counts"]["new"], tried["counts"]["rejected"]) == (1, 1)
    (problem,) = (p for p in tried["problems"] if p["severity"] == "error")
    assert (problem["code"], problem["examples"][0]["value"]) == ("outside_your_units", ELSEWHERE)
    published = desk.done(approver, tried["id"], "publish")
    assert (published["state"], published["counts"]["new"]) == ("published", 1)


def test_mistyped_point_in_the_keys_commune_is_reported_as_a_point_error(desk: Desk) -> None:
    editor = desk.office.key("nhập 15c")
    far = {"longitude": "106.7009", "latitude": "10.7769"}
    tried = desk.tried(editor, table(row("53", "A", **far)), source="năm c")
    errors = [each for each in tried["problems"] if each["severity"] == "error"]
    assert errors
    assert {each["code"] for each in errors} <= {"far_from_commune", "point_outside_your_units"}


@pytest.mark.thorough
def test_file_without_communes_is_placed_in_the_commune_of_the_key(desk: Desk) -> None:
    editor = desk.office.key("nhập 15d")
    approver = desk.office.key("duyệt 15d", "approver", (COMMUNE, ELSEWHERE))
    file = table({"Mã hồ sơ": "K1", "Số nhà": "57", "Đường": "Phố Láng"})
    tried = desk.tried(editor, file, source="năm d")
    assert (tried["state"], tried["counts"]["new"]) == ("reported", 1)
    assert any(COMMUNE in note for note in tried["file_notes"])
    assert desk.done(approver, tried["id"], "publish")["state"] == "published"
    (code,) = rows_of(desk.office.get(f"/v1/imports/{tried['id']}/codes", editor))
    assert (code["Mã hồ sơ"], code["outcome"]) == ("K1", "new")
    failed = desk.tried(approver, file, source="năm e")
    assert (failed["state"], failed["trouble"]["code"]) == ("failed", "commune_not_named")


def test_row_of_a_key_with_former_units_names_their_successors(desk: Desk) -> None:
    editor = desk.office.key("nhập xã cũ")
    desk.office.by_owner(
        "UPDATE api_key_unit SET unit_id = (SELECT id FROM admin_unit WHERE code = '27457'"
        " AND upper(lifetime) <= current_date)"
        " WHERE key_id = (SELECT id FROM api_key WHERE name = 'nhập xã cũ')"
    )
    tried = desk.tried(editor, table(row("51", "A")), source="xã cũ")
    (problem,) = (p for p in tried["problems"] if p["code"] == "outside_your_units")
    assert problem["examples"][0]["fix_vi"] == (
        "khoá gắn với đơn vị không còn: Phường Tân Tạo A (27457) hết ngày 30/06/2025, nay là Phường"
        " Tân Tạo (27457), Xã Tân Nhựt (27595); hãy nhờ người quản trị gắn lại khoá"
    )


def test_each_kind_of_problem_has_three_examples(desk: Desk) -> None:
    editor, approver = desk.office.key("nhập 15b"), desk.office.key("duyệt 15b", "approver")
    file = table(*(row(str(n), f"X{n}", commune=ELSEWHERE, street="Phố Láng") for n in range(5)))
    tried = desk.tried(editor, file, source="năm b")
    assert tried["counts"]["rejected"] == 5
    shown = {problem["code"]: len(problem["examples"]) for problem in tried["problems"]}
    assert shown["outside_your_units"] == 3
    published = desk.done(approver, tried["id"], "publish")
    shown = {problem["code"]: len(problem["examples"]) for problem in published["problems"]}
    assert shown["outside_your_units"] == 3


@pytest.mark.thorough
def test_import_neither_changes_nor_retires_records_of_other_units(
    desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "both.csv"
    path.write_bytes(
        table(*(row(str(60 + n), f"E{n}", commune=ELSEWHERE, street="Phố X") for n in range(3)))
    )
    engine = desk.office.place.engine
    import_file(engine, path, ImportOptions("sáu"), lambda _n: None)
    before = checksum(engine)
    editor = desk.office.key("nhập 6")
    approver, admin = desk.office.key("duyệt 6", "approver"), desk.office.key("quản trị 6", "admin")
    # The reference E0 is that of a door elsewhere; E1 and E2 are not in this full delivery.
    tried = desk.tried(editor, table(row("60", "E0")), source="sáu", delivery="full")
    assert tried["counts"]["rejected"] == 1
    assert (tried["counts"]["vanished"], tried["counts"]["retired"]) == (0, 0)
    published = desk.done(approver, tried["id"], "publish")
    assert (published["state"], published["counts"]["rejected"]) == ("published", 1)
    assert checksum(engine) == before
    # A key restricted to units cannot roll back imports of others.
    number = max(i["id"] for i in _listed(desk, admin, "sáu") if i["delivered_by"] is None)
    assert code_of(desk.ask(approver, number, "rollback")) == (404, "not_found")


def _listed(desk: Desk, key: object, source: str) -> list[dict[str, object]]:
    answer = desk.office.get(f"/v1/imports?source={source}", key)  # type: ignore[arg-type]
    found: list[dict[str, object]] = answer.get_json()["imports"]
    return found


def test_outdated_verdict_is_shown_and_confirmed_again(desk: Desk, tmp_path: Path) -> None:
    editor, approver = desk.office.key("nhập 7"), desk.office.key("duyệt 7", "approver")
    tried = desk.tried(editor, table(row("71", "A"), row("72", "B")), source="bảy")
    assert tried["counts"]["new"] == 2
    path = tmp_path / "other.csv"
    path.write_bytes(table(row("71", "X")))
    engine = desk.office.place.engine
    import_file(engine, path, ImportOptions("bảy khác"), lambda _n: None)
    before = checksum(engine)
    again = desk.done(approver, tried["id"], "publish", verdict=1)
    assert (again["state"], again["verdict"]) == ("reported", 2)
    assert (again["counts"]["new"], again["counts"]["linked"]) == (1, 1)
    trouble = again["trouble"]
    assert trouble["code"] == "verdict_changed"
    assert (trouble["before"]["new"], trouble["now"]["new"]) == (2, 1)
    assert checksum(engine) == before
    assert code_of(desk.ask(approver, tried["id"], "publish", verdict=1)) == (412, "stale")
    published = desk.done(approver, tried["id"], "publish", verdict=2)
    assert (published["state"], published["counts"]["linked"]) == ("published", 1)


def test_delivery_sent_twice_is_one_import(desk: Desk) -> None:
    editor = desk.office.key("nhập 8")
    once = {"Idempotency-Key": "tam-8"}
    first = desk.send(editor, table(row("81")), headers=once, source="tám")
    second = desk.send(editor, table(row("81")), headers=once, source="tám")
    assert first.get_json()["id"] == second.get_json()["id"]
    other = desk.send(editor, table(row("82")), headers=once, source="tám")
    assert code_of(other) == (409, "idempotency_key_reused")
    for option in ({"delivery": "full"}, {"decision": "8/QĐ"}, {"strict": "true"}):
        changed = desk.send(editor, table(row("81")), headers=once, source="tám", **option)
        assert code_of(changed) == (409, "idempotency_key_reused"), option
    somebody = desk.office.key("nhập 8b")
    theirs = desk.send(somebody, table(row("81")), headers=once, source="tám")
    assert theirs.get_json()["id"] != first.get_json()["id"]


@pytest.mark.thorough
def test_new_delivery_replaces_the_waiting_one(desk: Desk) -> None:
    editor, approver = desk.office.key("nhập 8c"), desk.office.key("duyệt 8c", "approver")
    first = desk.tried(editor, table(row("83")), source="tám c")["id"]
    again = desk.tried(editor, table(row("83")), source="tám c")["id"]
    other = desk.tried(editor, table(row("84")), source="tám c")["id"]
    assert desk.seen(editor, first)["state"] == "discarded"
    assert not (desk.settings.var / "imports" / str(first)).exists()
    desk.done(approver, again, "publish", verdict=1)
    desk.tried(editor, table(row("83")), source="tám c")
    kept = {view["id"]: view["state"] for view in _listed(desk, editor, "tám c")}
    assert (kept[again], kept[other]) == ("published", "reported")


@pytest.mark.thorough
def test_imports_of_other_units_are_hidden(desk: Desk) -> None:
    editor = desk.office.key("nhập 9")
    stranger, admin = (
        desk.office.key("nơi khác 9", units=(ELSEWHERE,)),
        desk.office.key("quản trị 9", "admin"),
    )
    number = desk.tried(editor, table(row("91")), source="chín")["id"]
    for path in ("", "/problems", "/report", "/codes"):
        answer = desk.office.get(f"/v1/imports/{number}{path}", stranger)
        assert code_of(answer) == (404, "not_found")
    assert _listed(desk, stranger, "chín") == []
    assert [view["id"] for view in _listed(desk, admin, "chín")] == [number]
    assert desk.seen(admin, number)["delivered_by"] == "nhập 9"


def test_discarded_import_leaves_no_rows(desk: Desk) -> None:
    editor, approver = desk.office.key("nhập 10"), desk.office.key("duyệt 10", "approver")
    number = desk.tried(editor, table(row("101"), NOWHERE), source="mười")["id"]
    folder = desk.settings.var / "imports" / str(number)
    assert folder.is_dir()
    answer = desk.office.client.delete(f"/v1/imports/{number}", headers=bearer(editor))
    assert answer.get_json()["state"] == "discarded"
    assert not folder.exists()
    left = desk.office.place.rows(f"SELECT FROM import_problem WHERE import_id = {number}")
    assert left == []
    assert code_of(desk.ask(approver, number, "publish")) == (409, "import_state")
    # Discarded while its dry run waits: the job finds nothing to do.
    early = desk.send(editor, table(row("102")), source="mười").get_json()["id"]
    desk.office.client.delete(f"/v1/imports/{early}", headers=bearer(editor))
    desk.work()
    assert desk.seen(editor, early)["state"] == "discarded"


def test_key_revoked_before_publishing_publishes_nothing(desk: Desk) -> None:
    editor, approver = desk.office.key("nhập 11"), desk.office.key("duyệt 11", "approver")
    number = desk.tried(editor, table(row("111")), source="mười một")["id"]
    before = checksum(desk.office.place.engine)
    assert desk.ask(approver, number, "publish").status_code == 202
    desk.office.revoke("duyệt 11")
    desk.work()
    seen = desk.seen(editor, number)
    assert (seen["state"], seen["trouble"]["code"]) == ("reported", "key_revoked")
    assert checksum(desk.office.place.engine) == before


def test_nearly_empty_full_delivery_is_refused_unless_confirmed(desk: Desk) -> None:
    editor, approver = desk.office.key("nhập 12"), desk.office.key("duyệt 12", "approver")
    file = table(*(row(str(120 + n), f"V{n}") for n in range(10)))
    first = desk.tried(editor, file, source="mười hai")["id"]
    desk.done(approver, first, "publish")
    tried = desk.tried(editor, table(row("120", "V0")), source="mười hai", delivery="full")
    assert tried["counts"]["vanished"] == 9
    assert code_of(desk.ask(approver, tried["id"], "publish")) == (409, "too_many_vanished")
    published = desk.done(approver, tried["id"], "publish", accept_vanished=True)
    assert (published["state"], published["counts"]["retired"]) == ("published", 9)
    path = f"/v1/imports/{tried['id']}/report?rows=vanished"
    assert len(rows_of(desk.office.get(path, editor))) == 9


@pytest.mark.thorough
def test_abandoned_publish_is_reported_and_can_be_requested_again(desk: Desk) -> None:
    editor, approver = desk.office.key("nhập 13"), desk.office.key("duyệt 13", "approver")
    engine = desk.office.place.engine
    number = desk.tried(editor, table(row("131")), source="mười ba")["id"]
    assert desk.ask(approver, number, "publish").status_code == 202
    given_up(engine, desk.settings, import_id=number, accept_vanished=False)
    seen = desk.seen(editor, number)
    assert (seen["state"], seen["trouble"]["code"]) == ("reported", "interrupted")
    desk.work()  # the job that was given up finds nothing to do
    assert desk.seen(editor, number)["state"] == "reported"
    assert desk.done(approver, number, "publish")["state"] == "published"
    early = desk.send(editor, table(row("132")), source="mười ba").get_json()["id"]
    given_up(engine, desk.settings, import_id=early)
    assert desk.seen(editor, early)["state"] == "failed"


@pytest.mark.thorough
def test_expired_files_are_deleted_and_lost_jobs_reported(desk: Desk) -> None:
    editor, approver = desk.office.key("nhập 14"), desk.office.key("duyệt 14", "approver")
    published, waiting = (
        desk.tried(editor, table(row(number)), source="mười bốn")["id"] for number in ("141", "142")
    )
    desk.done(approver, published, "publish")
    lost = desk.send(editor, table(row("143")), source="mười bốn").get_json()["id"]
    desk.office.by_owner("DELETE FROM jobs.procrastinate_jobs")  # as after a restore
    desk.office.by_owner(
        "UPDATE import_work SET files_until = now() - interval '1 minute'"
        f" WHERE import_id IN ({published}, {waiting})"
    )
    clear_away(desk.office.place.engine, desk.settings)
    assert desk.seen(editor, published)["state"] == "published"
    assert desk.seen(editor, waiting)["state"] == "discarded"
    seen = desk.seen(editor, lost)
    assert (seen["state"], seen["trouble"]["code"]) == ("failed", "interrupted")
    # What a job that was ended had written a moment before.
    (desk.settings.var / "imports" / str(waiting) / "rejected").mkdir(parents=True)
    clear_away(desk.office.place.engine, desk.settings)
    folders = {path.name for path in (desk.settings.var / "imports").iterdir()}
    assert {str(published), str(waiting)} & folders == set()
    answer = desk.office.get(f"/v1/imports/{published}/codes", editor)
    assert code_of(answer) == (404, "not_found")


def test_deliverer_does_not_approve_unless_the_authority_has_one_person(
    desk: Desk,
) -> None:
    one = desk.office.key("một người 16", "approver")
    other = desk.office.key("người khác 16", "approver")
    number = desk.tried(one, table(row("161")), source="mười sáu")["id"]
    assert desk.seen(one, number)["publish_refused"]["code"] == "own_delivery"
    assert desk.seen(other, number)["publish_refused"] is None
    assert code_of(desk.ask(one, number, "publish")) == (403, "own_delivery")
    with session_scope(desk.office.place.engine) as session:
        let_approve_own(session, "một người 16", allowed=True)
    assert desk.office.audited()[-1]["endpoint"] == "keys alone: một người 16"
    assert desk.done(one, number, "publish")["state"] == "published"
    with session_scope(desk.office.place.engine) as session:
        let_approve_own(session, "một người 16", allowed=False)
    again = desk.tried(one, table(row("163")), source="mười sáu")
    assert again["publish_refused"]["code"] == "own_delivery"


def test_only_an_approver_may_be_a_one_person_authority(desk: Desk) -> None:
    with pytest.raises(InvalidInputError):
        desk.office.key("một người 17", approves_own=True)


def test_dry_run_warns_when_publishing_would_be_refused(desk: Desk) -> None:
    editor, approver = desk.office.key("nhập 18"), desk.office.key("duyệt 18", "approver")
    strict = desk.tried(editor, table(row("181"), NOWHERE), source="mười tám", strict="true")
    assert desk.seen(editor, strict["id"])["publish_refused"]["code"] == "import_state"
    assert desk.seen(approver, strict["id"])["publish_refused"]["code"] == "import_state"
    good = desk.tried(editor, table(row("183")), source="mười tám")
    assert good["publish_refused"]["code"] == "forbidden"
    assert desk.seen(approver, good["id"])["publish_refused"] is None
    published = desk.done(approver, good["id"], "publish")
    assert published["publish_refused"]["code"] == "import_state"


IN_METRES = [
    row(str(2 * n), f"V{n}", "", longitude=str(505_600 + n), latitude=str(2_325_280 + n))
    for n in range(1, 31)
]


def answered(desk: Desk, key: KeyMade, number: int, **answers: object) -> dict[str, Any]:
    """The import after another dry run of its file."""
    asked = desk.ask(key, number, "answers", **answers)
    assert asked.status_code == 202, asked.text
    desk.work()
    return desk.seen(key, number)


@pytest.mark.thorough
def test_similar_name_is_settled_over_http(desk: Desk) -> None:
    editor = desk.office.key("nhập tên")
    houses = [row(str(n), f"T{n}", street="Phố Đội Cấn") for n in (1, 3)]
    houses.append(row("5", "T5", street="Phố Đội Cẩm"))
    sent = desk.tried(editor, table(*houses), source="tên gần giống")
    expected = {"field": "street", "name": "Phố Đội Cẩm", "near": ["Phố Đội Cấn"], "rows": 1}
    assert sent["near_names"] == [expected]
    settled = answered(desk, editor, sent["id"], names={"Phố Đội Cẩm": "Phố Đội Cấn"})
    assert (settled["near_names"], settled["names"]) == ([], {"Phố Đội Cẩm": "Phố Đội Cấn"})
    again = answered(desk, editor, sent["id"], names={"Phố Đội Cẩm": None})
    assert again["near_names"] == [expected]
    wrong = answered(desk, editor, sent["id"], names={"Phố Đội Cẩm": "??"})
    assert wrong["trouble"]["code"] == "invalid_input"


@pytest.mark.thorough
def test_answers_stay_with_the_delivery_and_with_its_rejected_rows(desk: Desk) -> None:
    wards = (COMMUNE, ELSEWHERE)  # a key of one ward need not name it
    editor = desk.office.key("nhập 19", units=wards)
    approver = desk.office.key("duyệt 19", "approver", units=wards)
    houses = [
        {("nhà" if name == "house_number" else name): cell for name, cell in each.items()}
        for each in [*IN_METRES, IN_METRES[0] | {"house_number": "", "source_ref": "V0"}]
    ]
    for each in houses:
        del each["commune_code"]
    sent = desk.tried(editor, table(*houses), name="đo.csv", source="mười chín")
    assert (sent["state"], sent["trouble"]["code"]) == ("failed", "commune_not_named")
    number = sent["id"]
    asked = answered(desk, editor, number, commune=COMMUNE)
    assert (asked["id"], asked["systems"]) == (number, ["EPSG:9210"])
    assert desk.seen(approver, number)["publish_refused"]["code"] == "import_state"
    crs = answered(desk, editor, number, crs="EPSG:9210")
    assert (crs["counts"]["rows"], crs["systems"]) == (31, [])
    read = answered(desk, editor, number, mapping={"nhà": "house_number"})
    assert (read["counts"]["new"], read["counts"]["rejected"]) == (30, 1)
    assert [each["id"] for each in _listed(desk, editor, "mười chín")] == [number]
    assert desk.ask(editor, number, "answers").status_code == 422

    report = desk.office.get(f"/v1/imports/{number}/report", editor)
    name = f"đo-dot-{number}-bi-loai.csv"
    assert name in unquote(report.headers["Content-Disposition"])
    (left,) = rows_of(report)
    back = desk.tried(editor, table(left | {"nhà": "99"}), name=name, source="mười chín")
    assert (back["state"], back["systems"], back["counts"]["new"]) == ("reported", [], 1)
    other = desk.tried(editor, table(left | {"nhà": "99"}), name=name, source="nguồn khác 19")
    assert other["trouble"]["code"] == "commune_not_named"
    assert desk.done(approver, number, "publish", verdict=3)["state"] == "published"
    assert code_of(desk.ask(editor, number, "answers", crs="EPSG:9210")) == (409, "import_state")


@pytest.mark.thorough
def test_columns_are_mapped_by_hand_and_answers_withdrawn(desk: Desk) -> None:
    editor, approver = desk.office.key("nhập 21"), desk.office.key("duyệt 21", "approver")
    houses = [{"Cột A": f"{n} Phố Láng", "Cột B": COMMUNE, "Cột C": "2"} for n in (211, 213)]
    sent = desk.tried(editor, table(*houses), source="hai mốt")
    number, trouble = sent["id"], sent["trouble"]
    assert (trouble["code"], trouble["columns"]) == ("columns_not_recognised", list(houses[0]))
    meant: dict[str, object] = {"Cột A": "address", "Cột C": "floor"}
    answered(desk, editor, number, mapping=meant)
    seen = answered(desk, editor, number, mapping={"Cột B": "commune_code", "Cột C": None})
    assert seen["mapping"] == {"Cột A": "address", "Cột B": "commune_code"}
    assert (seen["counts"]["new"], seen["columns_unknown"]) == (2, ["Cột C"])
    published = desk.done(approver, number, "publish", verdict=seen["verdict"])
    assert (published["state"], published["counts"]["new"]) == ("published", 2)


def test_every_field_has_a_vietnamese_label() -> None:
    fields = (*FIELDS, *OF_RECORDS)
    words = {str(field_words(name)) for name in fields}
    assert len(words) == len(fields)
    assert words.isdisjoint(fields)


def test_rows_linked_within_a_file_are_counted_separately(desk: Desk) -> None:
    editor = desk.office.key("nhập 20")
    seen = desk.tried(editor, table(row("201", "a"), row("201", "b")), source="hai mươi")
    assert (seen["counts"]["linked"], seen["counts"]["linked_in_file"]) == (1, 1)
