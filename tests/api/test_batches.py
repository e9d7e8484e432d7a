"""Large batches over HTTP: delivered, answered by a job, fetched by their key, deleted."""

import csv
import io
import json
import os
import signal
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import xlsxwriter
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook
from werkzeug.test import TestResponse

from geo.code import format as code_display
from geo.code import from_serial
from registry.access.keys import KeyMade
from registry.core.database import session_scope
from registry.core.settings import Settings
from registry.files.formats.any_file import read_file
from registry.publish.batch.flat import flat_columns
from registry.publish.batch.large import work as jobs
from registry.publish.batch.large.store import MOST_OF_KEY
from registry.publish.batch.rows import Layout, read_table
from registry.publish.batch.work import Work, answer_rows
from tests.support.background import processes_with, worker
from tests.support.disk import file_limit
from tests.support.keys import bearer, code_of
from tests.support.keys import office as open_office
from tests.support.receiver import receiving
from tests.support.thorough import gate_takes
from tests.support.uploads import Desk
from tests.support.waiting import eventually

HEADER = "mã đơn,Người nhận,Địa chỉ,ghi chú\n"
ORDERS = (
    HEADER + 'DH1,Trần Thị Canary,"1 Phố Láng, Phường Láng, Hà Nội",gọi trước\n'
    "DH2,Lê Canary,,\n"
    ",,,\n"
    'DH4,Canary,"99 Phố Láng, Phường Láng, Hà Nội; 0905 123 456",\n'
    "DH5,a,b,c,thừa,ô\n"
)

CONTENT_TYPES = (
    "text/csv; charset=utf-8",
    "application/x-ndjson",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)


@dataclass(frozen=True)
class Shop:
    """A shop with its key."""

    desk: Desk
    key: KeyMade

    @property
    def folder(self) -> Path:
        """Where the files of batches lie."""
        return self.desk.settings.var / "batches"

    def deliver(self, file: bytes, name: str = "đơn.csv", **fields: Any) -> TestResponse:
        """The answer to a file as a form."""
        fields = {"operation": "validate"} | fields
        data = {**fields, "file": (io.BytesIO(file), name)}
        headers = bearer(self.key)
        return self.desk.office.client.post("/v1/batches", data=data, headers=headers)

    def answered(self, file: bytes, name: str = "đơn.csv", **fields: Any) -> dict[str, Any]:
        """A delivered file once its job is done."""
        sent = self.deliver(file, name, **fields)
        assert sent.status_code == 202, sent.text
        self.desk.work()
        return self.seen(sent.get_json()["id"])

    def seen(self, number: int) -> dict[str, Any]:
        """The batch as returned by the API."""
        found = self.desk.office.get(f"/v1/batches/{number}", self.key)
        assert found.status_code == 200, found.text
        shown: dict[str, Any] = found.get_json()
        return shown

    def phase(self, number: int) -> str | None:
        """The current phase of a batch."""
        progress = self.seen(number)["progress"]
        return progress and str(progress["phase"])

    def result(self, seen: dict[str, Any]) -> bytes:
        """The file of answers."""
        assert seen["state"] == "done", seen
        found = self.desk.office.get(seen["result"], self.key)
        assert found.status_code == 200, found.text
        assert found.content_type in CONTENT_TYPES
        body = found.get_data()
        found.close()
        return body

    def text(self, seen: dict[str, Any]) -> str:
        """The same as text."""
        return self.result(seen).decode()

    def delete(self, number: int) -> TestResponse:
        """The answer to a deletion."""
        path = f"/v1/batches/{number}"
        return self.desk.office.client.delete(path, headers=bearer(self.key))


@pytest.fixture(scope="module")
def desk(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    var = tmp_path_factory.mktemp("var")
    settings = Settings(
        limits=True, var=var, budget_per_key=40, large_batch_rows=50, webhook_hosts=("127.0.0.1",)
    )
    with open_office(admin_url, f"batches_{worker_id}", settings) as made:
        made.place.house("1")
        yield Desk(made, settings)


@pytest.fixture
def shop(desk: Desk, request: pytest.FixtureRequest) -> Shop:
    return Shop(desk, desk.office.key(request.node.name, "merchant"))


def test_rows_are_returned_in_order_with_the_answers_of_a_small_batch(shop: Shop) -> None:
    seen = shop.answered(ORDERS.encode())
    assert (seen["rows"], seen["progress"], seen["trouble"]) == (5, None, None)
    assert seen["unread_columns"] == ["mã đơn", "Người nhận", "ghi chú"]
    assert seen["verdicts"]["accept"] == 1
    headers = bearer(shop.key) | {"Content-Type": "text/csv"}
    for asked in ({}, {"wording": "before:2025-07-01", "ids": "true", "postal": "true"}):
        small = shop.desk.office.client.post(
            "/v1/batch/validate", data=ORDERS.encode(), headers=headers, query_string=asked
        )
        result = shop.result(shop.answered(ORDERS.encode(), **asked))
        assert result.decode() == small.text
    assert b"Canary" not in result
    rows = list(csv.DictReader(io.StringIO(result.decode())))
    assert [row["mã đơn"] for row in rows] == ["DH1", "DH2", "", "DH4", "DH5"]
    assert [row["result_status"] for row in rows][2:] == ["empty_row", "ok", "invalid_input"]


def test_batch_is_visible_only_to_its_key_and_deleted_without_trace(shop: Shop) -> None:
    seen = shop.answered(ORDERS.encode(), "đơn của bà Canary.csv")
    others = (shop.desk.office.key("another", "merchant"), shop.desk.office.key("head", "admin"))
    path = f"/v1/batches/{seen['id']}"
    for key in others:
        for asked in (path, f"{path}/result"):
            assert code_of(shop.desk.office.get(asked, key)) == (404, "not_found")
        refused = shop.desk.office.client.delete(path, headers=bearer(key))
        assert code_of(refused) == (404, "not_found")
        assert shop.desk.office.get("/v1/batches", key).get_json() == {"batches": []}
    assert code_of(shop.desk.office.get(path)) == (401, "key_required")
    folder = shop.folder / str(seen["id"])
    (kept,) = (each for each in folder.rglob("*") if each.is_file())
    assert kept.parent.name == "result"
    assert shop.delete(seen["id"]).status_code == 200
    assert not folder.exists()
    assert code_of(shop.desk.office.get(path, shop.key)) == (404, "not_found")
    found = json.dumps([*shop.desk.office.audited(), *_rows(shop, "batch")], default=str)
    assert "Canary" not in found


def _rows(shop: Shop, table: str) -> list[dict[str, Any]]:
    with session_scope(shop.desk.office.place.engine) as session:
        return [dict(row._mapping) for row in session.execute(text(f"SELECT * FROM {table}"))]


def _workbook(folder: Path) -> bytes:
    path = folder / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(csv.reader(io.StringIO(ORDERS))):
            sheet.write_row(at, 0, row)
    return path.read_bytes()


def _objects(_folder: Path) -> bytes:
    rows = [{"ref": f"DH{n}", "q": "1 Phố Láng, Phường Láng, Hà Nội"} for n in range(3)]
    return "\n".join([*map(json.dumps, rows), '{"ref": "broken']).encode()


OF_ORDERS = ["ok", "ok", "empty_row", "ok", "invalid_input"]
FORMS = {
    "a workbook called CSV": (_workbook, "a.csv", "xlsx", [*OF_ORDERS[:4], "ok"]),
    "objects called a workbook": (_objects, "a.xlsx", "ndjson", [*["ok"] * 3, "invalid_input"]),
    "UTF-16": (lambda _: ORDERS.encode("utf-16"), "a.csv", "csv", OF_ORDERS),
    "a wrong byte": (
        lambda _: ORDERS.encode() + b"DH6,,12 L\xe1ng,\n",
        *("a", "csv", [*OF_ORDERS, "invalid_input"]),
    ),
}


@pytest.mark.parametrize("form", gate_takes(FORMS, "a workbook called CSV", "a wrong byte"))
def test_format_is_detected_from_the_content(shop: Shop, tmp_path: Path, form: str) -> None:
    make, name, back, found = FORMS[form]
    seen = shop.answered(make(tmp_path), name)
    result = shop.result(seen)
    if back == "xlsx":
        target = tmp_path / "back.xlsx"
        target.write_bytes(result)
        with (file := read_file(target)).rows() as cells:
            statuses = [row[file.headers.index("result_status")] for row in cells]
    elif back == "ndjson":
        statuses = [json.loads(line)["result"]["status"] for line in result.splitlines()]
    else:
        text = io.StringIO(result.decode(errors="replace"))
        statuses = [row["result_status"] for row in csv.DictReader(text)]
    assert statuses == found


def zipped(**files: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return archive.getvalue()


REFUSED = {
    "columns": ("Cột A,b\n1 Phố Láng,\n".encode(), "columns_not_recognised"),
    "a wrong byte in a header": (
        "Cột thứ nhất – chỗ ở Đường Láng,L".encode() + b"\xe1ng\na,b\n",
        "columns_not_recognised",
    ),
    "too many": (("Địa chỉ\n" + ",\n" * 51).encode(), "too_many_rows"),
    "a document": (b"%PDF-1.7 \n", "unreadable_file"),
    "a page": (b"<!doctype html><table>", "unreadable_file"),
    "two files": (zipped(**{"a.csv": b"dia chi\n", "b.csv": b"dia chi\n"}), "unreadable_file"),
    "two columns": ("Địa chỉ,Địa chỉ\na,b\n".encode(), "unreadable_file"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_an_unreadable_file_fails_with_the_reason(shop: Shop, kind: str) -> None:
    file, code = REFUSED[kind]
    seen = shop.answered(file)
    assert (seen["state"], seen["trouble"]["code"], seen["result"]) == ("failed", code, None)
    assert not (shop.folder / str(seen["id"])).exists()
    result = shop.desk.office.get(f"/v1/batches/{seen['id']}/result", shop.key)
    assert code_of(result) == (409, "batch_state")
    if kind == "columns":
        (remedy,) = seen["trouble"]["remedies"]
        assert (remedy["option"], seen["trouble"]["columns"]) == ("mapping", ["Cột A", "b"])
        given = {"mapping": json.dumps({"Cột A": "address"}), "format": "ndjson"}
        row = json.loads(shop.result(shop.answered(file, **given)))
        assert row["Cột A"] == "1 Phố Láng"


def test_old_wording_has_columns_for_its_parts_and_ids(shop: Shop) -> None:
    asked = {"wording": "before:2025-07-01", "scheme": "iso_3166_2"}
    file = "địa chỉ\n1 Phố Láng Phường Láng Hạ Đống Đa Hà Nội\n".encode()
    (row,) = csv.DictReader(io.StringIO(shop.text(shop.answered(file, **asked))))
    found = [row[f"result_{name}"] for name in ("commune_on", "district_on", "known_by_on")]
    assert found == ["Phường Láng Hạ", "Quận Đống Đa", "text"]
    ids = {name: value for name, value in row.items() if name.endswith("_id_iso_3166_2")}
    assert ids == {
        "result_province_id_iso_3166_2": "VN-HN",
        "result_province_on_id_iso_3166_2": "VN-HN",
    }


def test_parameters_are_checked_at_once(shop: Shop) -> None:
    office, file = shop.desk.office, b"a"
    webhook = {"url": "https://shop.vn/x", "state": "paused"}
    other = office.client.post(
        "/v1/webhooks", json=webhook, headers=bearer(office.key("w", "carrier"))
    ).json
    wrong: tuple[tuple[dict[str, Any], tuple[int, str]], ...] = (
        ({"operation": ""}, (422, "invalid_input")),
        ({"operation": "export"}, (422, "invalid_input")),
        ({"mapping": "["}, (422, "invalid_input")),
        ({"mapping": '{"a": "owner"}'}, (422, "invalid_input")),
        ({"on": "1900-01-01"}, (422, "invalid_input")),
        ({"wording": "old"}, (422, "invalid_input")),
        ({"scheme": "gkn"}, (422, "invalid_input")),
        ({"webhook": other["id"]}, (404, "not_found")),
    )
    for fields, refusal in wrong:
        assert code_of(shop.deliver(file, **fields)) == refusal, fields
    assert code_of(shop.deliver(b"")) == (422, "invalid_input")
    for _ in range(MOST_OF_KEY):
        assert shop.deliver(file).status_code == 202
    assert code_of(shop.deliver(file)) == (409, "conflict")
    assert shop.desk.office.get("/v1/batches", shop.key).get_json()["batches"][0]["progress"]
    for each in shop.desk.office.get("/v1/batches", shop.key).get_json()["batches"]:
        assert shop.delete(each["id"]).status_code == 200
    assert list(shop.folder.glob(f"{each['id']}*")) == []


def test_killed_job_resumes_after_its_last_answer(shop: Shop) -> None:
    number = shop.deliver(ORDERS.encode()).get_json()["id"]
    whole = shop.result(shop.answered(ORDERS.encode()))
    assert shop.seen(number)["state"] == "done"
    head, first, *_ = whole.decode().splitlines(keepends=True)
    starts = (head + first.replace("DH1", "BEFORE")).encode()
    number = shop.deliver(ORDERS.encode()).get_json()["id"]
    answers = shop.folder / str(number) / "answers" / "rows"
    answers.parent.mkdir()
    answers.write_bytes(starts + b"DH2,half a r")
    shop.desk.office.by_owner(
        "UPDATE batch SET phase = 'answering', done = 1, written_bytes = :written WHERE id = :id",
        id=number,
        written=len(starts),
    )
    shop.desk.work()
    assert shop.result(shop.seen(number)) == whole.replace(b"DH1", b"BEFORE", 1)


@pytest.mark.thorough
def test_worker_restarts_a_killed_batch(shop: Shop) -> None:
    office, settings = shop.desk.office, shop.desk.settings
    whole = shop.result(shop.answered(ORDERS.encode()))
    number = shop.deliver(ORDERS.encode()).get_json()["id"]
    with psycopg.connect(office.place.url) as held:
        held.execute("LOCK household")
        with worker(office.place.url, DIACHISO_VAR=str(settings.var)):
            eventually(lambda: shop.phase(number) == "answering", "it is being answered")
            (process,) = processes_with("large.work:answer", f'"batch_id": {number}')
            os.kill(process, signal.SIGKILL)
            held.rollback()
            eventually(lambda: shop.phase(number) is None, "it is answered")
    assert shop.result(shop.seen(number)) == whole


def test_a_full_disk_and_a_lost_job_leave_a_failed_batch(shop: Shop) -> None:
    engine, settings = shop.desk.office.place.engine, shop.desk.settings
    number = shop.deliver(ORDERS.encode()).get_json()["id"]
    with file_limit(100):
        jobs.answer(engine, settings, batch_id=number)
    assert shop.seen(number)["trouble"]["code"] == "storage_full"
    lost = shop.deliver(ORDERS.encode()).get_json()["id"]
    shop.desk.office.by_owner("DELETE FROM jobs.procrastinate_jobs WHERE status = 'todo'")
    jobs.clear_away(engine, settings)
    seen = shop.seen(lost)
    assert (seen["state"], seen["trouble"]["code"]) == ("failed", "interrupted")
    assert list(shop.folder.glob(f"{lost}/**/*")) == []


def test_batch_is_deleted_a_day_after_its_end(shop: Shop) -> None:
    engine, settings = shop.desk.office.place.engine, shop.desk.settings
    number = shop.answered(ORDERS.encode())["id"]
    behind = shop.folder / "999999"
    behind.mkdir()
    os.utime(behind, (0, 0))
    jobs.clear_away(engine, settings)
    assert shop.seen(number)["deleted_at"]
    shop.desk.office.by_owner("UPDATE batch SET files_until = files_until - interval '25 hours'")
    jobs.clear_away(engine, settings)
    assert code_of(shop.desk.office.get(f"/v1/batches/{number}", shop.key)) == (404, "not_found")
    assert not (shop.folder / str(number)).exists()
    assert not behind.exists()


UNKNOWN = [f"{code_display(from_serial(8 * 10**8 + n))}\n" for n in range(250)]


def test_batch_is_charged_to_its_key(shop: Shop) -> None:
    seen = shop.answered(f"mã\n{''.join(UNKNOWN[:6])}".encode(), operation="lookup")
    statuses = [row["result_status"] for row in csv.DictReader(io.StringIO(shop.text(seen)))]
    assert statuses == ["not_found"] * 4 + ["enumeration_budget"] * 2


@pytest.mark.thorough
def test_processes_charge_the_same_key(shop: Shop) -> None:
    table = read_table("csv", "lookup", ["mã\n", *UNKNOWN])
    layout = Layout.of("csv", table, flat_columns("lookup", None))
    (key_id,) = (row["id"] for row in _rows(shop, "api_key") if row["name"] == shop.key.name)
    url = shop.desk.office.place.url
    work = Work(shop.desk.settings, url, "lookup", layout, key_id=key_id, pays=True)
    answered = "".join(part.text for part in answer_rows(work, table.rows, processes=2))
    assert answered.count("\n") == 250
    assert 1 <= answered.count("not_found") <= 8


def test_webhook_for_the_end_is_retried_until_it_is_accepted(shop: Shop) -> None:
    office, headers = shop.desk.office, bearer(shop.key)
    with receiving() as receiver:
        wanted = {"url": receiver.url, "state": "paused"}
        webhook = office.client.post("/v1/webhooks", json=wanted, headers=headers).get_json()
        receiver.answers.append((503, {}, b""))
        seen = shop.answered(ORDERS.encode(), webhook=str(webhook["id"]))
        shop.desk.work()
        shop.desk.work()
    first, again = receiver.messages
    assert first[1] == again[1]
    assert first[0]["webhook-id"] == again[0]["webhook-id"]
    body = json.loads(first[1])
    path = f"/v1/batches/{seen['id']}"
    expected = {"webhook": webhook["id"], "batch": seen["id"], "state": "done", "path": path}
    assert (body["type"], body["data"]) == ("batch.ended", expected)
    Webhook(webhook["secret"]).verify(again[1], again[0])
    tried = office.get(f"/v1/webhooks/{webhook['id']}/deliveries", shop.key).get_json()
    kinds = [(each["kind"], each["attempt"], each["status"]) for each in tried["deliveries"]]
    assert kinds == [("batch", 2, 204), ("batch", 1, 503)]
