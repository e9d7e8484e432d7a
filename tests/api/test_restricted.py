"""A restricted place answers to its own code only, and to a stranger not even then in full.

Every endpoint that reads is walked with every way to find such a place. A new endpoint has to be
added to the walk or to those that show no record.
"""

import datetime
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
from flask import Request
from flask.testing import FlaskClient
from sqlalchemy import text as statement

from api.core.access import ANONYMOUS, Caller
from geo.code import format as code_display
from geo.code import spoken
from registry.core.database import session_scope
from registry.core.events import Cause, write_scope
from registry.lifecycle.field.rounds import open_round
from registry.publish.drawing.refresh import refresh
from registry.search.read.codes_in_text import whole_code
from registry.units.gazetteer import VIET_NAM, today
from tests.support.lifecycle import COMMUNE, Town, town
from tests.support.thorough import examples
from tests.support.tiles import read_tile, tile_at
from tests.support.units import open_app

SHOW_NO_RECORD = {
    "/healthz", "/metrics", "/readyz", "/openapi.json", "/v1/whoami", "/v1/units",
    "/v1/units/{code}", "/v1/units/convert", "/v1/units/picker", "/v1/targets", "/v1/packs/keys",
    "/v1/packs/{commune}/basemap",
    "/tiles/tilejson.json", "/tiles/style.json", "/tiles/base/{z}/{x}/{y}",
    "/ogc", "/ogc/conformance", "/ogc/collections", "/ogc/collections/{collection}",
    "/v1/field/area", "/v1/field/records",  # by the code of a round: tests/api/test_field.py
    "/v1/batch/reports",  # many of /v1/reports
    "/v1/webhooks",  # what they send: tests/registry/publish/test_webhooks.py
    *(f"/v1/webhooks/{{webhook_id}}{part}" for part in (
        "", "/secret", "/replay", "/test", "/deliveries",
    )),
}  # fmt: skip
# An editor of the commune decides on it there, prints it, or delivered it; who reported it had its
# code; an administrator decides on a reform. Of a certificate whoever holds it learns no address:
# tests/api/test_papers.py.
FOR_ITS_EDITORS = {
    *(f"/v1/pending-operations{part}" for part in (
        "", "/{pending_id}", "/{pending_id}/approve", "/{pending_id}/decline",
    )),
    "/v1/reports/{report_id}/accept", "/v1/reports/{report_id}/reject",
    "/v1/reports/{receipt}", "/v1/reports/mine", "/v1/imports",
    "/v1/imports/template", "/v1/certificates", "/v1/certificates/{number}",
    "/v1/certificates/{number}/revoke", "/v1/reforms",
    *(f"/v1/reforms/{{reform_id}}{part}" for part in (
        "", "/undecided", "/decided", "/carry", "/undo", "/withdraw",
    )),
    *(f"/v1/papers/{kind}" for kind in ("plates", "lists", "decisions")),
    *(f"/v1/imports/{{import_id}}{part}" for part in (
        "", "/answers", "/codes", "/problems", "/report", "/rows", "/rest", "/publish", "/rollback",
    )),
}  # fmt: skip
PARCELS = (
    "INSERT INTO external_id (code, scheme, value, valid)"
    " SELECT c, 'parcel', 'thửa kín ' || c, daterange(NULL, NULL)"
    " FROM unnest(CAST(:codes AS text[])) c (c)"
)
PAGES = {
    "/a", "/a/<address_code>", "/a/<address_code>/report", "/new-house", "/try", "/route",
    "/v1/field/area", "/mcp", "/board.json", "/board", "/data", "/data/<name>",
    "/data/manifest.json", "/coverage", "/coverage/<code>", "/coverage/<code>/map", "/packs",
    "/verify", "/verify/<number>", "/reports", "/reports/<receipt>",
    *(f"/nominatim/{name}" for name in ("search", "reverse", "lookup")),
    *(f"/nominatim/{name}.php" for name in ("search", "reverse", "lookup")),
    "/photon/api", "/photon/structured", "/photon/reverse",
}  # fmt: skip
"""Beside the API; asked for what is hidden below, or elsewhere for what they show of one record."""
STILL = {
    "/", "/docs", "/docs/<path:name>", "/docs/<path:name>.md", "/docs/img/<name>", "/docs/try",
    "/docs/files/<path:name>",
    "/field", "/import", "/kept.js", "/llms.txt", "/manifest.webmanifest", "/offline",
    "/static/<known>/<path:name>", "/static/dia-chi-input.js", "/metrics",
    "/nominatim/status", "/nominatim/status.php", "/photon/status",
}  # fmt: skip
"""The same for every register, or counts of the service alone."""
ECHO = frozenset({"query", "q", "address", "text"})
"""Members in which an answer repeats the question."""


@dataclass
class Hidden:
    """A restricted record."""

    code: str
    label: str
    lon: float
    lat: float
    asked: list[str] = field(default_factory=list)
    """Further texts that named it once, or name it still."""


@dataclass
class Site:
    """The application, its register and the records that must stay hidden."""

    client: FlaskClient
    place: Town
    hidden: list[Hidden]
    others: list[str]
    """Codes of records that are beside the hidden ones, lead to them, or were there before."""

    @cached_property
    def secrets(self) -> set[object]:
        """Codes in every writing, and coordinates, once all are hidden."""
        codes = [h.code for h in self.hidden]
        written = {*codes, *map(code_display, codes), *map(spoken, codes)}
        return written | {x for h in self.hidden for x in (h.lon, h.lat)} | {"sau nhà kín"}

    @cached_property
    def strings(self) -> list[str]:
        """Those that are text."""
        return [s for s in self.secrets if isinstance(s, str)]

    def found(self, value: Any, asked: str = "") -> list[object]:
        """What of the secrets stands in an answer, apart from what the question itself said.

        The code of an answer counts in any case: it says that such a record was found.
        """
        if isinstance(value, dict):
            codes = [value.get(name) for name in ("code", "code_display", "parent")]
            return [
                *(code for code in codes if isinstance(code, str) and code in self.secrets),
                *(s for k, v in value.items() if k not in ECHO for s in self.found(v, asked)),
            ]
        if isinstance(value, list):
            return [s for v in value for s in self.found(v, asked)]
        if isinstance(value, str):
            shown = asked.upper()
            return [s for s in self.strings if s in value and s.upper() not in shown]
        return [s for s in self.secrets if s == value]

    @property
    def texts(self) -> list[str]:
        """Every text that may refer to one of them."""
        made = []
        for hidden in self.hidden:
            door = hidden.label.split(", ")[0]
            shown = code_display(hidden.code)
            made += [
                hidden.label, door, f"{door}, Láng", f"số {door}, phường Láng, Hà Nội",
                hidden.code, shown, shown.lower(), spoken(hidden.code), f"mã {shown}",
                f"giao tới {shown} nhé", f"{shown}, {hidden.label}", *hidden.asked,
                f"{hidden.lat + 4e-6},{hidden.lon + 4e-6}",
            ]  # fmt: skip
        return made


def by_header(request: Request) -> Caller:
    role: Any = request.headers.get("X-Role")
    return Caller(role, role) if role else ANONYMOUS


@pytest.fixture(scope="module")
def site(admin_url: str, worker_id: str) -> Iterator[Site]:
    with (
        town(admin_url, f"restricted_{worker_id}") as place,
        open_app(place.url, by_header) as app,
    ):
        yield made(place, app.test_client())


def made(place: Town, client: FlaskClient) -> Site:
    """A street of its own, one among others, a hamlet, towers, a successor, a former number."""
    site = Site(client, place, [], [])
    count = iter(range(1, 100))

    def house(number: str | None, street: str | None = "Phố Láng", **fields: Any) -> str:
        n = next(count)
        at = {"lon": 105.80 + n * 0.000137, "lat": 21.02 + n * 0.000113}
        return place.house(number, street, **at | fields)

    def hide(code: str, *asked: str) -> None:
        label = client.get(f"/v1/addresses/{code}").get_json()["label"]
        at = place.record(code)
        gate = {"kind": "main", "lon": at.lon, "lat": at.lat, "note": "cổng sau nhà kín"}
        place.do("entrances", code=code, entrances=[gate])
        place.do("correct", code=code, restricted=True, delivery_hint="sau nhà kín")
        row = place.record(code)
        assert row.lon is not None
        assert row.lat is not None
        site.hidden.append(Hidden(code, label, row.lon, row.lat, list(asked)))

    place.street("Phố Vắng")
    place.do("name-locality", commune=COMMUNE, locality="Thôn Đông")
    site.others += [house("1"), house("3"), house("5", None, locality="Thôn Đông")]
    hide(house("939", "Phố Vắng"))
    hide(house("941"))
    hide(house("943", None, locality="Thôn Đông"))
    hide(house(None, None, locality="Thôn Đông"))
    tower = house("7", building="CT9", kind="building")
    site.others.append(house("7", building="CT9", unit_number="1205", parent=tower))
    hide(tower, "toà CT9", "CT9, 7 Láng")
    open_tower = house("9", building="CT8", kind="building")
    hide(house("9", building="CT8", unit_number="1301", parent=open_tower), "căn 1301 toà CT8")
    old = house("945")
    records = place.do("replace", code=old, reason="biển in sai").records
    hide(next(r.code for r in records if r.status == "active"))
    renumbered = house("947")
    place.do("renumber", code=renumbered, house_number="949")
    hide(renumbered, "947 Phố Láng, phường Láng, Hà Nội")
    with write_scope(place.engine, Cause("external", "tests")) as session:
        session.execute(statement(PARCELS), {"codes": [each.code for each in site.hidden]})
    moved = house("951")
    place.do("move", code=moved, lon=105.8123, lat=21.0234)
    hide(moved)
    site.others += [old, open_tower]
    return site


def test_walk_visits_every_endpoint(site: Site) -> None:
    paths = site.client.get("/openapi.json").get_json()["paths"]
    reading = {path for path in paths if not path.startswith("/v1/operations/")}
    assert reading == {*SHOW_NO_RECORD, *FOR_ITS_EDITORS, *WALKED}


def test_walk_visits_every_page(site: Site) -> None:
    """The desk is its commune's own: tests/api/test_elsewhere.py."""
    rules = {
        rule.rule
        for rule in site.client.application.url_map.iter_rules()
        if not rule.rule.startswith(("/v1/", "/ogc", "/tiles", "/desk"))
    }
    known = {"/healthz", "/readyz", "/openapi.json"}
    assert rules - known == {each for each in (*PAGES, *STILL) if not each.startswith("/v1/")}


def leaked_on(site: Site, page: str, asked: str = "") -> list[str]:
    """What of the secrets a page shows beside what it was asked."""
    codes = [display for h in site.hidden for display in (h.code, code_display(h.code))]
    points = [f"{each:.6f}" for h in site.hidden for each in (h.lon, h.lat)]
    secrets = [*codes, *points, "sau nhà kín", "thửa kín"]
    return [each for each in secrets if each in page and each.upper() not in asked.upper()]


@pytest.mark.thorough
def test_no_form_of_the_site_finds_a_restricted_place(site: Site) -> None:
    for asked in site.texts:
        for answer in (
            site.client.get("/a", query_string={"q": asked}),
            site.client.post("/try", data={"pasted": asked, "text": asked, "rows": asked}),
            site.client.post("/route", data={"list": asked, "text": asked, "pasted": asked}),
            site.client.post("/new-house", data={"address": asked, "lon": "105.8", "lat": "21.0"}),
        ):
            assert answer.status_code < 500
            shown = answer.get_data().decode("utf-8", "ignore")  # of a list it is a PDF
            assert leaked_on(site, shown, asked) == [], asked


def test_no_board_or_file_shows_a_restricted_place(site: Site) -> None:
    for path in ("/board", "/board.json", "/data", "/data/manifest.json", "/packs", "/coverage",
                 f"/coverage/{COMMUNE}", f"/coverage/{COMMUNE}/map"):  # fmt: skip
        answer = site.client.get(path)
        assert answer.status_code in (200, 401, 404), path
        assert leaked_on(site, answer.text) == [], path


def test_no_mcp_tool_finds_a_restricted_place(site: Site) -> None:
    def call(name: str, **arguments: Any) -> Any:
        params = {"name": name, "arguments": arguments}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        answer = site.client.post("/mcp", json=message, headers={"Accept": "application/json"})
        assert answer.status_code == 200, answer.text
        return answer.get_json()["result"]

    for asked in site.texts[:: examples(4, 1)]:
        assert site.found(call("geocode", q=asked), asked) == [], asked
        assert site.found(call("validate", address=asked), asked) == [], asked
    for hidden in site.hidden:
        near = call("reverse", lon=hidden.lon + 4e-6, lat=hidden.lat + 4e-6, limit=20)
        assert site.found(near) == []
        done = call("lookup", code=hidden.code, external=True, services=True)["structuredContent"]
        assert (done["label"], done["position"], done["external_ids"]) == (HERE, None, [])


def test_no_field_round_or_paper_shows_a_restricted_place(site: Site) -> None:
    with session_scope(site.place.engine) as session:
        ((street,),) = session.execute(
            statement("SELECT id FROM place WHERE class = 'street' AND name = 'Láng'")
        )
        _, code = open_round(session, "street", street, today(), "tests")
    area = site.client.get("/v1/field/area", headers={"X-Field-Code": code})
    assert site.others[0] in area.text
    assert leaked_on(site, area.text) == []
    for kind in ("plates", "lists"):
        doors = {"commune": COMMUNE, "street": "Phố Láng"}
        paper = site.client.post(f"/v1/papers/{kind}", json=doors, headers={"X-Role": "editor"})
        assert "restricted=" in paper.headers["Paper-Notices"]


def test_no_search_finds_a_restricted_place(site: Site) -> None:
    for text in site.texts:
        for query in ({"q": text}, {"q": text, "explain": "true"}, {"q": text, "within": COMMUNE}):
            answer = site.client.get("/v1/geocode", query_string={**query, "limit": 20})
            assert site.found(answer.get_json(force=True), text) == [], query
        for path, name in (("/v1/geocode", "q"), ("/v1/validate", "address")):
            answer = site.client.post(path, json={name: text})
            assert site.found(answer.get_json(force=True), text) == [], text
        for path in ("/nominatim/search", "/photon/api"):
            answer = site.client.get(path, query_string={"q": text, "addressdetails": 1})
            assert site.found(answer.get_json(force=True), text) == [], (path, text)
        code = site.client.get("/v1/cell", query_string={"q": text, "column": "code"}).text
        assert site.found([code], text) == [], text


def test_no_address_components_find_a_restricted_place(site: Site) -> None:
    for hidden in site.hidden:
        parts = {"commune": "Láng", "province": "Hà Nội"}
        door = hidden.label.split(", ")[0]
        for more in (
            {"house_number": door.split()[0], "street": "Láng"},
            {"house_number": door.split()[0], "street": "Vắng"},
            {"house_number": door.split()[0], "locality": "Thôn Đông"},
            {"building": "CT9"},
            {"building": "CT8", "unit": "1301"},
        ):
            for path in ("/v1/geocode", "/v1/validate"):
                answer = site.client.post(path, json=parts | more)
                assert site.found(answer.get_json(force=True)) == [], (path, more)


@pytest.mark.thorough
def test_no_suggestion_names_a_restricted_place(site: Site) -> None:
    starts = {text[:n] for text in site.texts for n in (3, 8, 20, 200)}
    for text in sorted(starts):
        for near in ({}, {"lon": 105.8, "lat": 21.02}, {"within": COMMUNE}):
            query = {"q": text, "limit": 20, **near}
            answer = site.client.get("/v1/autocomplete", query_string=query).get_json(force=True)
            assert site.found(answer) == [], query


def test_no_point_finds_a_restricted_place(site: Site) -> None:
    for hidden in site.hidden:
        for off in (0.0, 0.000004, 0.0003):
            point = {"lon": hidden.lon + off, "lat": hidden.lat + off}
            for radius in (1, 50, 5_000):
                query = {**point, "limit": 20, "radius_m": radius}
                shown = site.client.get("/v1/reverse", query_string=query).get_json()
                codes = [f["properties"]["code"] for f in shown["features"]]
                assert not {h.code for h in site.hidden}.intersection(codes)
                assert off == 0.0 or site.found(shown) == []
                posted = site.client.post("/v1/reverse", json=query).get_json()
                assert posted == shown
            for path in ("/nominatim/reverse", "/photon/reverse"):
                shown = site.client.get(path, query_string=point).get_json()
                assert off == 0.0 or site.found(shown) == []


def test_no_batch_finds_a_restricted_place(site: Site) -> None:
    rows = {
        "geocode": [{"q": text} for text in site.texts],
        "validate": [{"address": text} for text in site.texts],
        "reverse": [{"lon": h.lon + 4e-6, "lat": h.lat + 4e-6, "limit": 20} for h in site.hidden],
        "lookup": [{"code": code} for code in site.others],
    }
    for operation, asked in rows.items():
        body = "\n".join(json.dumps(row) for row in asked)
        answer = site.client.post(
            f"/v1/batch/{operation}", data=body, content_type="application/x-ndjson"
        )
        lines = [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]
        assert len(lines) == len(asked)
        for line, row in zip(lines, asked, strict=True):
            found = str(row.get("q") or row.get("address") or "")
            assert site.found(line["result"], found) == [], (operation, line)


@pytest.mark.thorough
def test_no_route_finds_a_restricted_place(site: Site) -> None:
    """Except by its code, and then with no more than a lookup returns, also in papers and files."""
    named = {h.code for h in site.hidden}
    asked = [text for text in site.texts if not whole_code(text)] + site.others
    for accept, order in (
        ("application/json", "shortest"),
        ("application/geo+json", "walking"),
        ("application/gpx+xml", "walking"),
    ):
        for lines, own in ((asked, set[str]()), ([*asked, *named], named)):
            response = site.client.post(
                "/v1/routes",
                data="\n".join(lines),
                content_type="text/plain",
                query_string={"order": order},
                headers={"Accept": accept},
            )
            answer = response.get_json() if "json" in accept else response.text
            # The code itself is shown only if it was given.
            given = own | set(map(code_display, own))
            assert set(site.found(answer, "\n".join([*asked, *given]))) <= given, accept
    start = site.client.post(
        "/v1/routes",
        data=site.others[0],
        content_type="text/plain",
        query_string={"start": site.hidden[0].code},
    )
    assert start.get_json(force=True)["errors"][0]["code"] == "no_position"


def test_no_other_code_leads_to_a_restricted_place(site: Site) -> None:
    for code in site.others:
        for query in ({}, {"as_of": "2999"}):
            answer = site.client.get(f"/v1/addresses/{code}", query_string=query)
            assert site.found(answer.get_json(force=True)) == [], code
    for hidden in site.hidden:
        for place in range(8):
            other = "0" if hidden.code[place] != "0" else "1"
            slip = hidden.code[:place] + other + hidden.code[place + 1 :]
            answer = site.client.get(f"/v1/addresses/{slip}").get_json(force=True)
            assert site.found(answer) == []
            answer = site.client.post("/v1/validate", json={"address": slip}).get_json(force=True)
            assert site.found(answer) == []


@pytest.mark.thorough
def test_no_tile_shows_a_restricted_place(site: Site) -> None:
    refresh(site.place.engine)
    for hidden in site.hidden:
        for zoom in (15, 17, 18):
            x, y = tile_at(zoom, hidden.lon, hidden.lat)
            layers = read_tile(site.client.get(f"/tiles/{zoom}/{x}/{y}").data)
            number = hidden.label.split()[0]
            assert number not in [door.get("number") for door in layers.get("doors", [])]
            assert "Phố Vắng" not in [label["name"] for label in layers.get("labels", [])]
    ((counted,),) = site.place.rows(
        "SELECT sum(h) FROM map_density, unnest(households) h WHERE zoom = 14"
    )
    ((shown,),) = site.place.rows(
        "SELECT sum(households_count) FROM household WHERE status = 'active'"
        " AND NOT restricted AND point IS NOT NULL AND kind = 'household'"
    )
    assert counted == shown


def test_no_layer_or_file_shows_a_restricted_place_now_or_in_the_past(site: Site) -> None:
    then = datetime.datetime.now(VIET_NAM).isoformat()
    moments = [at for (at,) in site.place.rows("SELECT occurred_at FROM event ORDER BY id")]
    for asked in ({}, {"datetime": then}, *({"datetime": at.isoformat()} for at in moments[::5])):
        for layer in ("households", "buildings", "streets", "localities"):
            answer = site.client.get(
                f"/ogc/collections/{layer}/items",
                query_string={"limit": 1_000} | asked,
                headers={"X-Role": "carrier"},
            )
            assert answer.status_code == 200
            assert site.found(answer.get_json()["features"]) == []
    for hidden in site.hidden:
        for layer in ("households", "buildings"):
            path = f"/ogc/collections/{layer}/items/{hidden.code}"
            answer = site.client.get(path, headers={"X-Role": "admin"})
            assert answer.status_code == 404
    file = site.client.get("/v1/export?format=geojson", headers={"X-Role": "carrier"})
    assert site.found(file.get_json(force=True)["features"]) == []


def test_no_page_shows_a_restricted_place(site: Site) -> None:
    for hidden in site.hidden:
        page = site.client.get(f"/a/{code_display(hidden.code)}")
        text = page.get_data(as_text=True)
        assert page.status_code == 200
        assert HERE in text
        for secret in (hidden.label.split(", ")[0] + ",", str(hidden.lon), "sau nhà kín"):
            assert secret not in text
    for code in site.others:
        text = site.client.get(f"/a/{code}", follow_redirects=True).get_data(as_text=True)
        assert not [h.code for h in site.hidden if code_display(h.code) in text]


def test_counts_name_no_restricted_record(site: Site) -> None:
    of_commune = f"/v1/coverage/{COMMUNE}"
    for path in (
        "/v1/coverage?level=commune&province=01",
        of_commune,
        f"{of_commune}/series",
        f"{of_commune}/gaps",
    ):
        assert site.found(site.client.get(path).get_json()) == []


def test_feed_only_tells_followers_to_remove_a_restricted_place(site: Site) -> None:
    after: str | None = None
    seen = []
    while True:
        query = {"limit": 500} | ({"after": after} if after else {})
        page = site.client.get("/v1/changes", query_string=query, headers={"X-Role": "admin"})
        body = page.get_json()
        seen += body["entries"]
        after = body["cursor"]
        if not body["more"]:
            break
    assert seen
    found = [entry for entry in seen if site.found(entry)]
    assert {entry["type"] for entry in found} <= {"remove"}


def test_no_pack_contains_a_restricted_place(site: Site) -> None:
    admin = {"X-Role": "admin"}
    body = site.client.get(f"/v1/packs/{COMMUNE}", headers=admin).data
    held = gzip.decompress(body.partition(b"\n")[2]).decode()
    assert site.others[0] in held
    for hidden in site.hidden:
        assert hidden.code not in held
        number = hidden.label.split()[0]
        assert not number.isdigit() or int(number) < 900 or f'"{number}"' not in held
    for secret in ("Phố Vắng", "sau nhà kín"):
        assert secret not in held


def test_new_house_report_does_not_reveal_a_restricted_place(site: Site) -> None:
    for hidden in site.hidden:
        report = {
            "kind": "new_house",
            "address": hidden.label,
            "lon": hidden.lon + 4e-6,
            "lat": hidden.lat + 4e-6,
        }
        answer = site.client.post("/v1/reports", json=report)
        assert answer.status_code in (200, 422)
        assert site.found(answer.get_json(force=True)) == []
    assert site.client.get("/v1/reports").status_code == 401


# --- its own code --------------------------------------------------------------------------------

HERE = "Phường Láng, Thành phố Hà Nội"
WITHHELD = (
    "label_before_2025_07", "house_number", "street", "building", "floor", "unit_number", "parent",
    "former_commune", "position", "verified_on", "delivery_hint",
    "entrances",
)  # fmt: skip


def test_own_code_shows_strangers_the_commune_and_keys_the_door(site: Site) -> None:
    for hidden in site.hidden:
        path = f"/v1/addresses/{hidden.code}"
        stranger = site.client.get(path).get_json()
        assert stranger["code"] == hidden.code
        assert stranger["label"] == HERE
        assert stranger["commune"]["code"] == COMMUNE
        assert [name for name in WITHHELD if stranger[name]] == []
        assert stranger["localities"] == []
        wide = {"external": "true", "services": "true", "on": "2026-01-01"}
        full = site.client.get(path, query_string=wide)
        assert leaked_on(site, full.text, hidden.code + code_display(hidden.code)) == []
        assert full.get_json()["external_ids"] == []
        carrier = site.client.get(path, headers={"X-Role": "carrier"}).get_json()
        assert carrier["label"] == hidden.label
        assert carrier["position"]["lon"] == hidden.lon
        assert carrier["delivery_hint"] == "sau nhà kín"


def test_own_code_in_the_past_shows_no_more(site: Site) -> None:
    for hidden in site.hidden:
        ((now,),) = site.place.rows("SELECT clock_timestamp()")
        path = f"/v1/addresses/{hidden.code}?as_of={now.isoformat().replace('+', '%2B')}"
        stranger = site.client.get(path).get_json()
        assert [name for name in WITHHELD if stranger[name]] == []
        carrier = site.client.get(path, headers={"X-Role": "carrier"}).get_json()
        assert carrier["label"] == hidden.label
        # States from before the restriction are hidden as well.
        open_then = site.place.rows(
            "SELECT max(valid_from) FROM household_version WHERE code = :c AND NOT restricted"
            " AND status = 'active'",
            c=hidden.code,
        )[0][0]
        path = f"/v1/addresses/{hidden.code}?as_of={open_then.isoformat().replace('+', '%2B')}"
        stranger = site.client.get(path).get_json()
        assert (stranger["label"], stranger["position"]) == (HERE, None)


@pytest.mark.parametrize("form", ["application/x-ndjson", "text/csv"])
def test_own_codes_in_a_batch_show_no_more(site: Site, form: str) -> None:
    codes = [hidden.code for hidden in site.hidden]
    if form == "text/csv":
        body = "\n".join(["code", *codes])
    else:
        body = "\n".join(json.dumps({"code": code}) for code in codes)
    cases: list[tuple[dict[str, str], bool]] = [({}, False), ({"X-Role": "carrier"}, True)]
    for headers, full in cases:
        answer = site.client.post(
            "/v1/batch/lookup", data=body, content_type=form, headers=headers
        ).get_data(as_text=True)
        for hidden in site.hidden:
            assert (str(hidden.lon) in answer) is full


def test_history_of_a_restricted_place_needs_a_key(site: Site) -> None:
    for hidden in site.hidden:
        assert site.client.get(f"/v1/addresses/{hidden.code}/history").status_code == 401
    for code in site.others:
        path = f"/v1/addresses/{code}/history"
        answer = site.client.get(path, headers={"X-Role": "carrier"}).get_json(force=True)
        codes = [found for found in site.found(answer) if isinstance(found, str)]
        assert codes == [], code  # the replaced code had the same point


WALKED = {
    "/v1/addresses/{address_code}",
    "/v1/addresses/{address_code}/history",
    "/v1/autocomplete",
    "/v1/batch/{operation}",
    *(f"/v1/batches{one}" for one in ("", "/{batch_id}", "/{batch_id}/result")),  # as small ones
    "/v1/cell",
    "/v1/changes",
    "/v1/coverage",
    "/v1/coverage/{code}",
    "/v1/coverage/{code}/gaps",
    "/v1/coverage/{code}/series",
    "/v1/export",
    "/v1/external/{scheme}/{value}",  # tests/api/test_external.py
    *("/v1/services", "/v1/services/check"),  # tests/api/test_services.py
    *(
        f"/ogc/collections/{layer}/items{one}"
        for layer in ("households", "buildings", "{collection}")
        for one in ("", "/{feature}")
    ),
    "/v1/geocode",
    "/v1/packs/{commune}",
    "/v1/reports",
    "/v1/reverse",
    "/v1/routes",
    "/v1/routes/papers",
    "/v1/validate",
    *("/v1/within", "/v1/within/records"),  # tests/api/test_within.py
    "/tiles/{z}/{x}/{y}",
}
