"""Reforms over HTTP: a resolution delivered, tried, decided, carried, undone; by real keys."""

import datetime
import io
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from geo import code as codes
from registry.access.keys import KeyMade
from registry.core.settings import Settings
from registry.files.formats.any_file import read_file
from registry.reform.work import clear_away, given_up
from registry.units.gazetteer import today
from tests.registry.reform.conftest import SPLIT, resolution
from tests.support.intake import checksum, write
from tests.support.keys import bearer, code_of, office
from tests.support.uploads import Desk, last_request

RENAME = 'changes:\n  - rename: {unit: "26743", name: Bến Thành Mới}\n'
SQUARE = [[105.7, 20.9], [105.9, 20.9], [105.9, 21.1], [105.7, 21.1], [105.7, 20.9]]


class Hall:
    """The desk of an admin."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.admin = desk.office.key("quản trị", "admin")

    def send(
        self, file: bytes, path: str = "", name: str = "r.yaml", **more: bytes
    ) -> TestResponse:
        """Deliver files as a form."""
        parts: dict[str, Any] = {"file": (io.BytesIO(file), name)}
        parts |= {part: (io.BytesIO(content), part) for part, content in more.items()}
        return self.desk.office.client.post(
            f"/v1/reforms{path}", data=parts, headers=bearer(self.admin)
        )

    def done(self, asked: TestResponse) -> dict[str, Any]:
        """What has become of a reform when its job is done."""
        assert asked.status_code == 202, asked.text
        assert asked.get_json()["progress"]["phase"] == "waiting"
        self.desk.work()
        return self.seen(asked.get_json()["id"])

    def seen(self, number: int) -> dict[str, Any]:
        """The reform as returned by the API."""
        shown: dict[str, Any] = self.desk.office.get(f"/v1/reforms/{number}", self.admin).get_json()
        assert shown["progress"] is None
        return shown

    def file(self, path: str) -> bytes:
        """A file that is handed out."""
        with closing(self.desk.office.get(path, self.admin)) as answer:
            assert answer.status_code == 200, answer.text
            return answer.get_data()

    def ask(
        self, number: int, what: str, key: KeyMade | None = None, **said: object
    ) -> TestResponse:
        """Ask for something to be done."""
        headers = bearer(key or self.admin)
        path = f"/v1/reforms/{number}/{what}"
        return self.desk.office.client.post(path, json=said, headers=headers)


@pytest.fixture(scope="module")
def hall(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hall]:
    settings = Settings(limits=False, var=tmp_path_factory.mktemp("var"), import_bytes=200_000)
    with office(admin_url, f"reforms_{worker_id}", settings) as made:
        yield Hall(Desk(made, settings))


def test_resolution_is_dry_run_decided_carried_out_and_undone(hall: Hall, tmp_path: Path) -> None:
    town = hall.desk.office.place
    for locality in ("Tổ 1", "Tổ 2"):
        town.do("name-locality", commune="00199", locality=locality)
    named, other = town.house("3", None, locality="Tổ 1"), town.house("27")
    before = checksum(town.engine)

    tried = hall.done(hall.send(resolution(SPLIT, "1/NQ")))
    assert (tried["state"], tried["verdict"], tried["undecided"]) == ("reported", 1, 1)
    assert (tried["number"], tried["delivered_by"]) == ("1/NQ", "quản trị")
    (unit,) = tried["report"]["units"]
    assert (unit["code"], unit["records"], unit["undecided"]) == ("00199", 2, 1)
    shares = [(to["code"], to["settled_by"]) for to in unit["to"]]
    assert shares == [("00201", {"locality": 1}), ("00202", {})]
    assert [label["code"] for label in tried["report"]["labels"]] == [codes.format(named)]
    assert checksum(town.engine) == before
    number = tried["id"]

    refused = hall.done(hall.ask(number, "carry", verdict=1))
    assert refused["state"] == "reported"
    assert [fault["code"] for fault in refused["trouble"]["errors"]] == ["undecided_left"]

    path = f"/v1/reforms/{number}/undecided"
    assert len(json.loads(hall.file(f"{path}?format=geojson"))["features"]) == 1
    book = tmp_path / "u.xlsx"
    book.write_bytes(hall.file(path))
    with read_file(book).rows() as rows:
        (row,) = list(rows)
    assert row[3] == "00201 00202"
    wrong, right = (
        write(tmp_path / name, {"Mã địa chỉ số": row[0], "Xã mới (mã)": commune}).read_bytes()
        for name, commune in (("wrong.csv", "00190"), ("right.csv", "202"))
    )
    decided = hall.done(hall.send(wrong, f"/{number}/decided", "u.csv"))
    assert (decided["verdict"], decided["decided"]) == (1, 0)
    assert [fault["code"] for fault in decided["trouble"]["errors"]] == ["decision_elsewhere"]
    decided = hall.done(hall.send(right, f"/{number}/decided", "u.csv"))
    assert (decided["verdict"], decided["decided"], decided["undecided"]) == (2, 1, 0)
    assert code_of(hall.desk.office.get(path, hall.admin)) == (404, "not_found")
    assert code_of(hall.ask(number, "carry", verdict=1)) == (412, "stale")
    assert checksum(town.engine) == before

    asked = hall.ask(number, "carry", verdict=2)
    carried = hall.done(asked)
    assert (carried["state"], carried["trouble"]) == ("carried", None)
    assert last_request(town.engine) == asked.headers["X-Request-Id"]
    assert carried["carried_at"] is not None
    where = {
        code: hall.desk.office.get(f"/v1/addresses/{code}").get_json()["commune"]["code"]
        for code in (named, other)
    }
    assert where == {named: "00201", other: "00202"}
    assert code_of(hall.ask(number, "carry", verdict=2)) == (409, "reform_state")
    again = hall.done(hall.send(resolution(SPLIT, "1/NQ")))
    assert again["state"] == "failed"
    assert [(f["code"], f["line"]) for f in again["trouble"]["errors"]] == [("resolution_known", 2)]

    preview = hall.desk.office.get(f"/v1/reforms/{number}/undo", hall.admin).get_json()
    assert (preview["restored"] > 0, preview["obstacles"]) == (True, [])
    undone = hall.done(hall.ask(number, "undo", reason="thử"))
    assert (undone["state"], undone["trouble"]) == ("undone", None)
    assert checksum(town.engine) == before
    assert ("reform", "quản trị") in town.rows("SELECT kind, actor FROM event")


@pytest.mark.thorough
def test_future_resolution_is_prepared_and_withdrawn(hall: Hall) -> None:
    tomorrow = today() + datetime.timedelta(days=1)
    sent = hall.done(hall.send(resolution(RENAME, "2/NQ", tomorrow)))
    prepared = hall.done(hall.ask(sent["id"], "carry", verdict=1))
    assert (prepared["state"], prepared["carried_at"]) == ("prepared", None)
    announced = hall.desk.office.get("/v1/units/26743").get_json()["announced"]
    assert announced[0]["day"] == tomorrow.isoformat()

    withdrawn = hall.done(hall.ask(sent["id"], "withdraw"))
    assert withdrawn["state"] == "withdrawn"
    assert code_of(hall.ask(sent["id"], "undo")) == (409, "reform_state")


@pytest.mark.parametrize("name", ["boundaries: ../../secret.geojson", "boundaries: /etc/passwd"])
def test_polygons_are_read_only_from_the_delivered_file(hall: Hall, name: str) -> None:
    file = resolution(f"{name}\n{RENAME}", f"3/{len(name)}")
    alone = hall.done(hall.send(file))
    assert [f["code"] for f in alone["trouble"]["errors"]] == ["boundaries_unreadable"]
    feature = {
        "type": "Feature",
        "properties": {"code": "26743"},
        "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
    }
    polygons = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    both = hall.done(hall.send(file, boundaries=polygons))
    assert (both["state"], both["trouble"]) == ("reported", None)


def test_resolution_not_carried_out_can_be_discarded(hall: Hall) -> None:
    sent = hall.done(hall.send(resolution(RENAME, "4/NQ")))
    path = f"/v1/reforms/{sent['id']}"
    gone = hall.desk.office.client.delete(path, headers=bearer(hall.admin)).get_json()
    assert (gone["state"], gone["report"]) == ("discarded", None)
    assert code_of(hall.ask(sent["id"], "carry", verdict=1)) == (409, "reform_state")
    listed = hall.desk.office.get("/v1/reforms?state=discarded&limit=1", hall.admin).get_json()
    assert [each["id"] for each in listed["reforms"]] == [sent["id"]]


@pytest.mark.thorough
def test_abandoned_or_lost_job_is_reported_and_old_files_deleted(hall: Hall) -> None:
    desk, engine = hall.desk, hall.desk.office.place.engine
    lost = hall.send(resolution(RENAME, "5/NQ")).get_json()["id"]
    given_up(engine, desk.settings, reform_id=lost)
    assert hall.seen(lost)["state"] == "failed"
    desk.work()
    kept = hall.done(hall.send(resolution(RENAME, "6/NQ")))["id"]
    hall.ask(kept, "carry", verdict=1)
    desk.office.by_owner("DELETE FROM jobs.procrastinate_jobs WHERE status = 'todo'")
    clear_away(engine, desk.settings)
    shown = hall.seen(kept)
    assert (shown["state"], shown["trouble"]["code"]) == ("reported", "interrupted")
    desk.office.by_owner("UPDATE reform_work SET files_until = now() WHERE reform_id = :r", r=kept)
    clear_away(engine, desk.settings)
    assert hall.seen(kept)["state"] == "discarded"
    folder = desk.settings.var / "reforms" / str(kept)
    assert not folder.exists()
    # Of a job that was ended a moment after its reform was discarded.
    folder.mkdir()
    (folder / "late").write_text("")
    clear_away(engine, desk.settings)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", ""),
        ("get", ""),
        ("get", "/1"),
        ("get", "/1/undecided"),
        ("post", "/1/decided"),
        ("post", "/1/carry"),
        ("post", "/1/undo"),
        ("post", "/1/withdraw"),
        ("delete", "/1"),
    ],
)
def test_reforms_need_an_admin(hall: Hall, method: str, path: str) -> None:
    approver = hall.desk.office.key(f"duyệt {method}{path}", "approver")
    asked = getattr(hall.desk.office.client, method)
    assert code_of(asked(f"/v1/reforms{path}", headers=bearer(approver))) == (403, "forbidden")
    assert code_of(asked(f"/v1/reforms{path}")) == (401, "key_required")


@pytest.mark.parametrize(
    ("file", "name", "code"),
    [
        (b"\x00\xff", "r.yaml", "resolution_refused"),
        (b"resolution: [", "r.yaml", "resolution_refused"),
        (b"a,b\n1,2\n", "r.csv", "resolution_refused"),
        (b"PK\x03\x04 torn", "r.xlsx", "unreadable_file"),
    ],
)
def test_invalid_resolution_fails_with_its_code(
    hall: Hall, file: bytes, name: str, code: str
) -> None:
    seen = hall.done(hall.send(file, name=name))
    assert (seen["state"], seen["trouble"]["code"]) == ("failed", code)


def test_invalid_bodies_are_refused_at_once(hall: Hall) -> None:
    post, headers = hall.desk.office.client.post, bearer(hall.admin)
    assert code_of(hall.send(b"")) == (422, "invalid_input")
    assert code_of(hall.send(b"x", other=b"y")) == (422, "invalid_input")
    assert code_of(hall.send(b"x" * 200_001))[0] == 413
    assert code_of(hall.send(b"x", "/999/decided")) == (404, "not_found")
    assert code_of(hall.ask(1, "carry")) == (422, "invalid_input")
    plain = post("/v1/reforms?file_name=r.yaml", data=resolution(RENAME, "7/NQ"), headers=headers)
    assert hall.done(plain)["state"] == "reported"
