"""Packs over HTTP, read by a reader that knows docs/pack.md alone."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import pytest
from flask import Flask, Request
from flask.testing import FlaskClient
from pmtiles.reader import MemorySource, Reader
from werkzeug.test import TestResponse

from api.core.access import ANONYMOUS, Caller
from registry.core.settings import Settings
from registry.publish.pack import basemap
from registry.publish.pack.keys import rotate
from tests.api.pack_reader import Copy, RefusedError, read_pack
from tests.support.basemap import town_map
from tests.support.commands import call
from tests.support.desk import seated
from tests.support.keys import Office
from tests.support.lifecycle import COMMUNE, LANG, Town, town
from tests.support.tiles import tile_at
from tests.support.units import open_app


def by_header(request: Request) -> Caller:
    role: Any = request.headers.get("X-Role", "carrier")
    return ANONYMOUS if role == "anonymous" else Caller("tests", role)


@dataclass(frozen=True)
class Depot:
    """The application, the register behind it, and where its keys are."""

    app: Flask
    client: FlaskClient
    place: Town
    settings: Settings

    def take(self, since: str | None = None, commune: str = COMMUNE) -> bytes:
        query = {"since": since} if since else {}
        response = self.client.get(f"/v1/packs/{commune}", query_string=query)
        assert response.status_code == 200, response.text
        return response.data

    def keys(self) -> dict[str, Any]:
        return self.client.get("/v1/packs/keys").get_json()

    def read(self, body: bytes) -> dict[str, Any]:
        return read_pack(body, self.keys())

    def cursor(self, taken: TestResponse) -> str:
        return str(self.read(taken.data)["cursor"])

    def check(self, copy: Copy) -> None:
        """The copy has the public data of every code."""
        rows = self.place.rows(
            "SELECT h.code, h.status, h.restricted FROM household h JOIN admin_unit u"
            " ON u.id = h.unit_id WHERE u.code = :c AND h.status <> 'reserved'",
            c=COMMUNE,
        )
        open_ = {code: status for code, status, restricted in rows if not restricted}
        living = {code for code, status in open_.items() if status != "retired"}
        assert set(copy.doors) == living
        assert set(copy.retired) == set(open_) - living
        for code in sorted(living):
            real = self.client.get(f"/v1/addresses/{code}").get_json()
            door, point = copy.doors[code], real["position"]
            assert copy.label(code) == real["label"]
            assert copy.label_before(code) == real["label_before_2025_07"], code
            assert (door["x"], door["y"]) == (
                point and round(point["lon"] * 1e6),
                point and round(point["lat"] * 1e6),
            )
            assert (door["status"], door["hint"]) == (real["status"], real["delivery_hint"])
            assert copy.entrances(code) == real["entrances"]
        for code in copy.retired:
            gone = self.client.get(f"/v1/addresses/{code}").get_json()
            assert copy.onward(code) == {each["code"] for each in gone["successors"]}


@pytest.fixture(scope="module")
def depot(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Depot]:
    settings = Settings(var=tmp_path_factory.mktemp("var"), limits=False)
    with (
        town(admin_url, f"packs_{worker_id}") as place,
        open_app(place.url, by_header, settings) as app,
    ):
        fill(place)
        yield Depot(app, app.test_client(), place, settings)


def fill(place: Town) -> None:
    """A street, alleys, hamlets in one another, a tower, a hint; some without a point."""
    place.street("Phố Yên Lãng")
    place.do("name-locality", commune=COMMUNE, locality="Khu phố 1")
    place.do("name-locality", commune=COMMUNE, locality="Tổ 3, Khu phố 1")
    for at, number in enumerate(("12", "12/34", "12/34/5A", "14", "lô 20", "63-67")):
        place.house(number, lon=LANG["lon"] + at * 0.0001, lat=LANG["lat"] - at * 0.00003)
    place.house("8", delivery_hint="gần chợ Láng", former_commune="00187")
    place.house("2", "Phố Yên Lãng", **LANG)
    place.house("5", None, locality="Tổ 3, Khu phố 1", **LANG)
    place.house(None, None, locality="Khu phố 1", **LANG)
    tower = place.house("30", building="CT1", kind="building", **LANG)
    place.house("30", building="CT1", floor="12", unit_number="1205", parent=tower)
    place.do("propose", commune=COMMUNE, street="Phố Láng", house_number="99")
    gates = [
        {"kind": "main", "lon": 105.806, "lat": 21.0215, "note": "cổng đóng sau 22 giờ"},
        {"kind": "locker", "lon": 105.8062, "lat": 21.0212, "seen_on": "2026-11-02"},
    ]
    place.do("entrances", code=tower, entrances=gates)


def test_pack_matches_the_register_and_stays_in_sync(depot: Depot) -> None:
    place, copy = depot.place, Copy()
    hidden = place.house("40", "Phố Yên Lãng", **LANG)
    copy.take(depot.read(depot.take()))
    assert copy.newest["kind"] == "whole"
    assert copy.newest["doors"] == len(copy.doors) > 12
    depot.check(copy)

    def changed() -> dict[str, Any]:
        pack = depot.read(depot.take(copy.newest["cursor"]))
        assert pack["kind"] == "changes"
        copy.take(pack)
        depot.check(copy)
        return pack

    assert changed()["doors"] == 0
    by_label = {copy.label(code).split(", ")[0]: code for code in copy.doors}
    moved, first, second = (by_label[f"{n} Phố Láng"] for n in ("14", "12", "12/34"))
    place.do("move", code=moved, lon=105.8077, lat=21.0222)
    place.do("merge", codes=[first], into=second, reason="tests")
    gate = {"kind": "vehicles", "lon": 105.8079, "lat": 21.0222, "source": "survey"}
    place.do("entrances", code=moved, entrances=[gate])
    place.do("correct", code=hidden, restricted=True)
    new = place.house("16", **LANG)
    pack = changed()
    assert {moved, second, new} <= set(copy.doors)
    assert copy.retired[first] == [second]
    assert hidden in pack["held"]["removed"]
    assert pack["doors"] < 5
    # A successor that is itself retired: the chain is followed.
    place.do("replace", code=second, reason="biển in sai")
    place.do("renumber", code=new, house_number="18")
    place.do("rename-street", commune=COMMUNE, street="Phố Láng", new_name="Phố Hoàng Ngân")
    place.do("rename-locality", commune=COMMUNE, locality="Khu phố 1", new_name="Khu phố 9")
    changed()
    assert len(copy.onward(first)) == 1
    assert copy.doors[new]["former_numbers"] == [("16", "Phố Hoàng Ngân")]
    streets = copy.newest["held"]["streets"]
    assert streets["former"][streets["name"].index("Phố Hoàng Ngân")] == ["Phố Láng"]
    whole = Copy()
    whole.take(depot.read(depot.take()))
    depot.check(whole)


def test_same_state_gives_the_same_file_sent_once(depot: Depot) -> None:
    response = depot.client.get(f"/v1/packs/{COMMUNE}")
    assert response.content_type == "application/vnd.diachiso.pack"
    assert depot.take() == response.data
    again = {"If-None-Match": response.headers["ETag"]}
    path = f"/v1/packs/{COMMUNE}"
    assert depot.client.get(path, headers=again).status_code == 304
    depot.place.house("71", "Phố Yên Lãng")
    assert depot.client.get(path, headers=again).status_code == 200


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda body: body[:-20], "cut off"),
        (lambda body: body[:-20] + bytes(20), "altered"),
        (lambda body: b"PK" + body, "not a pack"),
        (lambda _: b"", "not a pack"),
        (lambda body: forged(body, commune="00001"), "altered"),
    ],
)
def test_damaged_pack_is_refused(depot: Depot, harm: Any, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        read_pack(harm(depot.take()), depot.keys())


def forged(body: bytes, **changed: str) -> bytes:
    """The pack with another header, under the signature of its own."""
    line, _, rest = body.partition(b"\n")
    head, found, signature = line.split(b".")
    header = json.loads(base64.urlsafe_b64decode(found + b"==")) | changed
    found = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=")
    return b".".join((head, found, signature)) + b"\n" + rest


def test_packs_of_another_register_and_key_are_refused(depot: Depot, tmp_path: Path) -> None:
    body = depot.take()
    with pytest.raises(RefusedError, match="another register"):
        read_pack(body, depot.keys(), "0" * 32)
    with pytest.raises(RefusedError, match="unknown key"):
        read_pack(body, rotate(tmp_path / "other.json"))
    path = depot.settings.var / "keys" / "pack-keys.json"
    assert path.stat().st_mode & 0o777 == 0o600
    before = depot.keys()["keys"]
    assert rotate(path)["keys"][1:] == before
    assert "d" not in depot.keys()["keys"][0]
    depot.read(body)
    assert depot.take().partition(b"\n")[2] == body.partition(b"\n")[2]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("99999", 404, "not_found"),
        ("01", 422, "no_commune"),
        ("láng", 422, None),
        (f"{COMMUNE}?since=x", 422, "malformed_cursor"),
        (f"{COMMUNE}?since=2.{'0' * 32}.{'0' * 8}.1.f1_end", 410, "cursor_refused"),
    ],
)
def test_file_that_is_not_a_pack_is_reported(
    depot: Depot, path: str, status: int, code: str | None
) -> None:
    response = depot.client.get(f"/v1/packs/{path}")
    answer = response.get_json(force=True)
    assert response.status_code == status, answer
    assert code in (None, answer["code"], *(each["code"] for each in answer.get("errors") or ()))


def test_invalid_key_file_is_reported(depot: Depot, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text('{"keys": [{"kty": "oct", "k": "AAAA"}]}')
    settings = replace(depot.settings, pack_keys=tmp_path / "keys")
    with open_app(depot.place.url, by_header, settings) as app:
        response = app.test_client().get(f"/v1/packs/{COMMUNE}")
    assert (response.status_code, response.get_json()["code"]) == (503, "signing_key_unavailable")


def test_packs_need_a_key_unless_made_public_by_the_operator(depot: Depot) -> None:
    nobody = {"X-Role": "anonymous"}
    path = f"/v1/packs/{COMMUNE}"
    assert depot.client.get(path, headers=nobody).status_code == 401
    with open_app(depot.place.url, by_header, replace(depot.settings, open_packs=True)) as app:
        assert app.test_client().get(path, headers=nobody).status_code == 200
    audited = "SELECT count, units FROM audit_entry WHERE endpoint LIKE '%packs/<commune>'"
    assert all(units == [COMMUNE] and n >= 0 for n, units in depot.place.rows(audited) if units)


def test_commune_base_map_is_an_extract_of_the_operators_file(
    depot: Depot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v1/packs/{COMMUNE}/basemap"
    assert depot.client.get(path).status_code == 404
    whole = town_map(tmp_path / "nen.pmtiles")
    settings = replace(depot.settings, basemap=str(whole))
    with open_app(depot.place.url, by_header, settings) as app:
        client = app.test_client()
        assert client.get(path, headers={"X-Role": "anonymous"}).status_code == 401
        assert client.get("/v1/packs/99999/basemap").status_code == 404
        taken = client.get(path)
        seen = {"If-None-Match": taken.headers["ETag"]}
        assert client.get(path, headers=seen).status_code == 304
        # Of less room the deepest zooms are left out.
        monkeypatch.setattr(basemap, "MOST_BYTES", 1)
        less = client.get(path, headers=seen)
    assert taken.content_type == "application/vnd.pmtiles"
    cut, own = Reader(MemorySource(taken.data)), Reader(MemorySource(whole.read_bytes()))
    header, first = cut.header(), own.header()
    assert cut.metadata() == own.metadata() == {"attribution": "© Tôi", "name": "thử"}
    for name in ("tile_type", "tile_compression", "max_zoom"):
        assert header[name] == first[name], name
    assert 8 < header["min_zoom"] < header["max_zoom"]
    assert header["addressed_tiles_count"] < first["addressed_tiles_count"] / 4
    for zoom in range(header["min_zoom"], header["max_zoom"] + 1):
        here = (zoom, *tile_at(zoom, LANG["lon"], LANG["lat"]))
        assert cut.get(*here) == own.get(*here) is not None
    far = (header["max_zoom"], *tile_at(header["max_zoom"], LANG["lon"] + 0.3, LANG["lat"]))
    assert own.get(*far)
    assert cut.get(*far) is None
    smaller = Reader(MemorySource(less.data)).header()
    assert smaller["min_zoom"] == header["min_zoom"]
    assert smaller["max_zoom"] < header["max_zoom"]


def test_signed_in_carrier_and_command_get_the_same_file(
    depot: Depot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_app(depot.place.url, None, depot.settings) as app:
        office = Office(app, app.test_client(), depot.place)
        seat = seated(office, "bưu điện", "carrier")
        taken = seat.get(f"/v1/packs/{COMMUNE}")
        assert office.client.get(f"/v1/packs/{COMMUNE}").status_code == 401
        assert 'data-csrf="' in seat.get("/packs").text
    monkeypatch.setenv("DATABASE_URL", depot.place.url)
    monkeypatch.setenv("DIACHISO_VAR", str(depot.settings.var))
    out = tmp_path / f"{COMMUNE}.pack"
    assert call("pack", "--unit", COMMUNE, "--out", out).exit_code == 0
    assert out.read_bytes() == taken.data
    assert isinstance(call("pack", "--unit", COMMUNE, "--out", out).exception, click.UsageError)
    done = call("pack", "--unit", COMMUNE, "--out", out, "--force", "--since", depot.cursor(taken))
    assert "phần đã đổi" in done.output
    assert json.loads(call("pack-keys").output) == depot.keys()
