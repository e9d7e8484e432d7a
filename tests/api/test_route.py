"""POST /v1/routes: each line of a list is in the route once."""

import io
import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import fromstring

import pytest
from werkzeug.test import TestResponse

from api.v1.route import GEOJSON, GPX, MAX_LINES
from geo.code import format as code_display
from registry.core.settings import Settings
from registry.files.new_workbook import new_workbook
from registry.publish.route import run, shortest
from registry.publish.route.distances import straight_m
from registry.publish.route.routing_server import road_table
from tests.support.factories import swapped
from tests.support.pdf import qr_codes_of, texts_of
from tests.support.search_world import LANG
from tests.support.units import open_app
from tests.support.web import Site

LINES = "text/plain"
HEAD = "Mã đơn,Người nhận,SĐT,Địa chỉ,Ghi chú\n"


METRES_A_SECOND = 5.0


@dataclass
class Osrm:
    """An optional response in place of a table, and the requests received."""

    url: str
    says: bytes | None = None
    status: int = 200
    """Of what it says: errors come with 400."""
    asked: list[str] = field(default_factory=list)


@contextmanager
def routing() -> Iterator[Osrm]:
    """One that is served on 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            body = json.dumps(_table(self.path)).encode() if made.says is None else made.says
            self.send_response(made.status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Osrm(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _table(path: str) -> dict[str, Any]:
    parts = urlsplit(path)
    points = [
        (float(lon), float(lat))
        for lon, lat in (each.split(",") for each in parts.path.rpartition("/")[2].split(";"))
    ]
    query = parse_qs(parts.query)
    first, last = (
        [points[int(at)] for at in query[name][0].split(";")]
        for name in ("sources", "destinations")
    )
    metres = [[2 * straight_m(one, other) for other in last] for one in first]
    return {
        "code": "Ok",
        "distances": metres,
        "durations": [[each / METRES_A_SECOND for each in row] for row in metres],
    }


@pytest.fixture(scope="module")
def osrm() -> Iterator[Osrm]:
    with routing() as made:
        yield made


def post(
    site: Site, body: str | bytes, kind: str = LINES, path: str = "", **query: str
) -> TestResponse:
    accept = query.pop("accept", "application/json")
    return site.client.post(
        f"/v1/routes{path}",
        data=body,
        content_type=kind,
        query_string=query,
        headers={"Accept": accept},
    )


def planned(site: Site, body: str | bytes, kind: str = LINES, **query: str) -> dict[str, Any]:
    response = post(site, body, kind, **query)
    assert response.status_code == 200, response.text
    assert response.cache_control.no_store
    answer: dict[str, Any] = response.get_json()
    return answer


def lines_in(answer: dict[str, Any]) -> list[int]:
    """Every line that occurs anywhere in the answer."""
    found = [parcel["line"] for stop in answer["stops"] for parcel in stop["parcels"]]
    return sorted([*found, *(each["line"] for each in answer["unplaced"]), *answer["empty_lines"]])


def names(site: Site, answer: dict[str, Any]) -> list[str | None]:
    return [site.world.name_of(stop["code"]) for stop in answer["stops"]]


def a_list(site: Site) -> list[str]:
    """Codes and addresses of every kind, good and bad."""
    codes = site.world.codes
    return [
        code_display(codes["129 Láng"]),
        "27 Láng, Phường Láng, Hà Nội",
        "12/34/7 phố Láng, phường Láng, Hà Nội",
        codes["27 Láng"].lower(),
        "Số 5A ngách 34 ngõ 12 phố Láng, P. Láng, Hà Nội",
        "3/5 Láng, phường Láng, Hà Nội",
        "9 Nguyễn Trãi, Phường Láng, Hà Nội",  # two of them
        "1000 Láng, phường Láng, Hà Nội",  # the street alone
        codes["40 retired"],
        codes["60 gone"],
        codes["50 restricted"],
        swapped(codes["27 Láng"]),
        "Rue de Rivoli, Paris, France",
        "Nguyễn Văn Bí Mật 0912345678",
        "!!!",
    ]


def test_every_row_is_in_the_route_once_in_walking_order(site: Site) -> None:
    answer = planned(site, "\n".join(a_list(site)))
    assert lines_in(answer) == list(range(1, 16))
    assert names(site, answer) == [
        *("3/5 Láng", "27 Láng", "129 Láng", "12/34/5A Láng", "12/34/7 Láng"),
        *("40B", "50 restricted"),
    ]
    by_name = dict(zip(names(site, answer), answer["stops"], strict=True))
    assert [p["line"] for p in by_name["27 Láng"]["parcels"]] == [2, 4]
    assert [by_name[name]["side"] for name in ("27 Láng", "12/34/7 Láng")] == ["odd", "even"]
    hidden = by_name["50 restricted"]  # as its public lookup shows it
    assert (hidden["position"], hidden["street"], hidden["number"]) == (None, None, None)
    assert hidden["label"] == "Phường Láng, Thành phố Hà Nội"
    unplaced = {each["line"]: each for each in answer["unplaced"]}
    statuses = {line: each["status"] for line, each in unplaced.items()}
    assert statuses == {
        7: "confirm",
        8: "unverified",
        10: "code_retired",
        12: "code_mistyped",
        13: "elsewhere",
        14: "reject",
        15: "reject",
    }
    assert (unplaced[8]["level"], unplaced[8]["message"]) == ("street", "Chưa có số nhà này")
    doors = [choice["door"] for choice in unplaced[7]["question"]["choices"]]
    assert len(doors) == 2
    assert all(doors)
    (near,) = [
        choice
        for choice in unplaced[12]["question"]["choices"]
        if choice["door"]["code"] == site.world.codes["27 Láng"]
    ]
    assert near["label"].startswith("27 Phố Láng")
    assert (answer["order"], answer["measured_by"]) == ("walking", "straight_lines")
    assert answer["metres"] == sum(stop["metres"] or 0 for stop in answer["stops"])
    assert [notice["code"] for notice in answer["notices"]] == ["no_position"]


def test_tables_are_read_by_header_and_no_personal_name_is_returned(
    site: Site, tmp_path: Path
) -> None:
    rows = [
        ("VD01", "Trần Thị Kín", "0912345678", "27 Láng, phường Láng, Hà Nội", "gọi chị Kín"),
        ("VD02", "Lê Kín", "0987654321", "27 phố Láng, Phường Láng, Hà Nội", ""),
        ("", "", "", "", ""),
        ("VD03", "Kín", "", "Xyz Kín 0912345678", ""),
        ("VD04", "", "", "", ""),
    ]
    book = tmp_path / "list.xlsx"
    with new_workbook(book) as made:
        sheet = made.add_worksheet("a")
        for at, row in enumerate([tuple(HEAD.strip().split(",")), *rows]):
            sheet.write_row(at, 0, row)
    csv = HEAD + "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows)
    as_json = [
        {"ref": ref, "address": address, "receiver": who} for ref, who, _, address, _ in rows
    ]
    for body, kind in (
        (csv, "text/csv"),
        (book.read_bytes(), "application/octet-stream"),
        (json.dumps({"rows": as_json}), "application/json"),
    ):
        answer = planned(site, body, kind)
        (stop,) = answer["stops"]
        assert [p["ref"] for p in stop["parcels"]] == ["VD01", "VD02"], kind
        assert [u["ref"] for u in answer["unplaced"]][-2:] == ["VD03", "VD04"]
        whole = set(range(1, 6)) - ({3} if kind == "application/octet-stream" else set())
        assert whole <= set(lines_in(answer)), kind
        if kind == "text/csv":
            assert answer["empty_lines"] == [3]
            assert {"Người nhận", "SĐT", "Ghi chú"} <= set(answer["unread_columns"])
        printed = post(site, body, kind, "/papers").data
        text = " ".join(texts_of(printed))
        assert "VD01" in text
        assert "VD03" in text
        assert "Kín" not in text
        assert "0912345678" not in text
        for accept in (GPX, GEOJSON):
            assert "Trần" not in post(site, body, kind, accept=accept).text


def test_shortest_route_starts_and_ends_at_the_given_points(site: Site) -> None:
    codes = site.world.codes
    doors = ("27 Láng", "129 Láng", "12/34/5A Láng", "3/5 Láng", "9 Nguyễn Trãi Hạ")
    body = "\n".join(codes[name] for name in doors)
    for query in (
        {},
        {"start": codes["129 Láng"]},
        {"start": f"{LANG[1]}, {LANG[0]}", "end": codes["27 Láng"]},
        {"start": f"{LANG[1]}, {LANG[0]}", "round_trip": "true"},
    ):
        walking, best = (
            planned(site, body, order=order, **query) for order in ("walking", "shortest")
        )
        assert best["order"] == "shortest"
        assert best["notices"] == []
        assert sorted(names(site, best)) == sorted(doors)
        assert best["metres"] <= walking["metres"]
    # All lie on one line: there and back.
    assert best["end"] == best["start"] == {"lon": LANG[0], "lat": LANG[1]}
    assert best["metres"] == pytest.approx(2 * 1_040 * 8 / 100, rel=0.2)


@pytest.mark.thorough
def test_distances_use_the_routing_server_or_straight_lines(site: Site, osrm: Osrm) -> None:
    every = [site.world.codes[name] for name in site.world.codes if "Láng" in name]
    body = "\n".join(every)
    straight = planned(site, body)
    settings = Settings(limits=False, routing_url=osrm.url)
    with open_app(site.world.url, settings=settings) as app:
        by_road = Site(app.test_client(), site.world)
        for order in ("walking", "shortest"):
            found = planned(by_road, body, order=order)
            assert (found["measured_by"], found["order"], found["notices"]) == ("roads", order, [])
            assert found["seconds"] == pytest.approx(found["metres"] / METRES_A_SECOND, abs=1)
        assert planned(by_road, body)["metres"] == pytest.approx(2 * straight["metres"], abs=2)
        # Of places that no road joins there is a null; errors come with 400 and their code.
        apart = [[0.0] * len(every) for _ in every]
        unjoined = {
            "code": "Ok",
            "distances": apart,
            "durations": [[None, *apart[0][1:]], *apart[1:]],
        }
        for status, expected in (
            (200, b"<html>"),
            (200, b"[]"),
            (400, b'{"code": "TooBig", "message": "Too many table coordinates"}'),
            (400, b'{"code": "NoSegment", "message": "Could not find a matching segment"}'),
            (200, json.dumps(unjoined).encode()),
            (
                200,
                json.dumps(
                    unjoined | {"durations": [[10**400] * len(every)] * len(every)}
                ).encode(),
            ),
            (200, b"[" * 200_000),
            (200, b'{"code": "Ok", "durations": [[0]], "distances": [[0]]}'),
            (200, b'{"code": "Ok", "durations": null, "distances": [["x"]]}'),
            (200, b"x" * 3_000_000),
        ):
            osrm.status, osrm.says = status, expected
            found = planned(by_road, body)
            assert [notice["code"] for notice in found["notices"]] == ["routing_unreadable"], (
                expected
            )
            assert (found["measured_by"], found["metres"]) == ("straight_lines", straight["metres"])
    settings = Settings(limits=False, routing_url="http://127.0.0.1:9")
    with open_app(site.world.url, settings=settings) as app:
        silent = planned(Site(app.test_client(), site.world), body, order="shortest")
    assert [notice["code"] for notice in silent["notices"]] == ["routing_silent"]
    assert (silent["measured_by"], silent["order"]) == ("straight_lines", "shortest")


def test_routing_server_is_queried_in_parts_of_100_points() -> None:
    """In parts of 100 points, lon before lat; metres and seconds of each to each come back."""
    points = [(105.8 + at / 1_000, 21.0 + at % 7 / 1_000) for at in range(120)]
    with routing() as server:
        found = road_table(server.url, points)
    assert len(server.asked) == 9
    places, _, query = server.asked[1].removeprefix("/table/v1/driving/").partition("?")
    assert places.startswith("105.800000,21.000000;105.801000,21.001000;")
    assert len(places.split(";")) == 100
    asked = parse_qs(query)
    assert (asked["annotations"], asked["sources"][0][:5]) == (["duration,distance"], "0;1;2")
    assert asked["destinations"][0].startswith("50;51;")
    for one, other in ((0, 119), (119, 0), (55, 3), (49, 50)):
        metres = 2 * straight_m(points[one], points[other])
        assert found.metres[one][other] == pytest.approx(metres, abs=1)
        assert found.seconds[one][other] == pytest.approx(metres / METRES_A_SECOND, abs=1)


def test_second_route_request_does_not_wait_for_the_first(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "\n".join(site.world.codes[name] for name in ("27 Láng", "129 Láng", "3/5 Láng"))
    with run.turn:
        answer = planned(site, body, order="shortest")
        paper = post(site, body, path="/papers")
    assert (paper.status_code, paper.headers["Retry-After"]) == (503, "1")
    assert answer["order"] == "walking"
    assert [notice["code"] for notice in answer["notices"]] == ["order_busy"]
    assert planned(site, body, order="shortest")["order"] == "shortest"
    # One that does not end is ended, and the next caller has its turn.
    monkeypatch.setattr(shortest, "_ENDED_S", 0.001)
    for _ in range(2):
        late = planned(site, body, order="shortest")
        assert [notice["code"] for notice in late["notices"]] == ["order_late"]
        assert names(site, late) == names(site, answer)


def test_files_contain_every_row(site: Site) -> None:
    body = "\n".join(a_list(site))
    answer = planned(site, body)
    geojson = json.loads(post(site, body, accept=GEOJSON).text)
    shown = itertools.chain(*(feature["properties"]["lines"] for feature in geojson["features"]))
    assert sorted(shown) == list(range(1, 16))
    assert len([f for f in geojson["features"] if f["geometry"]]) == 6
    gpx = fromstring(post(site, body, accept=GPX).data)
    space = "{http://www.topografix.com/GPX/1/1}"
    assert len(gpx.findall(f"{space}rte/{space}rtept")) == len(gpx.findall(f"{space}wpt")) == 6
    about = gpx.findtext(f"{space}metadata/{space}desc") or ""
    assert "đường thẳng" in about
    assert all(f"dòng {each['line']}:" in about for each in answer["unplaced"])
    sheet = post(site, body, accept="application/pdf")
    assert sheet.headers["Paper-Items"] == "7"
    text = " ".join(texts_of(sheet.data))
    for words in ("7 dòng chưa xếp được", "theo đường thẳng", "bên số lẻ", "Dòng 14", "2 bưu gửi"):
        assert words in text
    assert "Bí Mật" not in text
    assert swapped(site.world.codes["27 Láng"]) in text
    assert len(qr_codes_of(sheet.data)) == 7
    tem = post(site, body, path="/papers", paper="stickers")
    assert tem.headers["Paper-Items"] == "8"  # two parcels to one door
    found = {url.rpartition("/")[2] for url in qr_codes_of(tem.data)}
    assert found == {stop["code_display"] for stop in answer["stops"]}
    assert "kiện 2/2" in " ".join(texts_of(tem.data))


def test_invalid_lists_are_refused_with_a_message(site: Site) -> None:
    code = site.world.codes["27 Láng"]

    def refusal(body: str | bytes, kind: str = LINES, **query: str) -> tuple[int, str]:
        response = post(site, body, kind, **query)
        problem = response.get_json(force=True)
        first = problem.get("errors", [{}])[0].get("code")
        return response.status_code, first or problem["code"]

    assert refusal("") == (422, "empty_list") or refusal("") == (422, "unreadable_file")
    assert refusal(" \n \n")[0] == 422
    assert refusal("\n".join(["1 Láng"] * 10_000))[0] == 413
    assert refusal("\n".join(["1 Láng"] * (MAX_LINES + 1)))[0] == 413
    assert refusal(bytes(range(256)) * 9, "application/octet-stream") == (422, "unreadable_file")
    assert refusal("A,B\n1,2\n", "text/csv") == (422, "columns_not_recognised")
    assert refusal("x", "application/pdf")[0] == 415
    assert refusal("{}", "application/json") == (422, "missing")
    assert refusal('{"rows": []}', "application/json") == (422, "empty_list")
    assert refusal(code, order="fastest") == (422, "literal_error")
    for end in ("start", "end"):
        assert refusal(code, **{end: "nowhere"}) == (422, "no_such_place")
        assert refusal(code, **{end: site.world.codes["50 restricted"]}) == (422, "no_position")
    nothing = planned(site, "!!!\n???")
    assert (nothing["stops"], len(nothing["unplaced"]), nothing["metres"]) == ([], 2, 0)
    assert texts_of(post(site, "!!!", accept="application/pdf").data)
    # Without scripts the page returns the files or the error.
    form = {"text": code, "as": "gpx", "order": "walking"}
    assert site.client.post("/route", data=form).mimetype == GPX
    lines = {"file": (io.BytesIO(code.encode()), "list.txt"), "as": "geojson"}
    assert site.client.post("/route", data=lines).get_json()["features"][0]["geometry"]
    for body, name in ((bytes(range(256)), "a.xlsx"), (b"A,B\n1,2\n", "a.csv"), (b"", "a.csv")):
        shown = site.client.post("/route", data={"file": (io.BytesIO(body), name), "text": ""})
        assert (shown.status_code, 'role="alert"' in shown.text) == (422, True), name
