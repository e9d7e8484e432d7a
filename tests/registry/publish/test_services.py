"""Service areas: read from files, replaced as a whole, found by the most specific, and checked."""

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from geo.code import format as code_display
from registry.core.actors import ANONYMOUS, Actor, acting_as
from registry.core.database import session_scope
from registry.core.errors import ForbiddenError, InvalidInputError, UnreadableFileError
from registry.publish.services import ServiceHere, operator_of, services_at, services_of
from registry.publish.services.checking import ServicesCheck, check_services
from registry.publish.services.listing import list_areas, operator_sets
from registry.publish.services.loading import (
    PROBLEMS,
    ServicesLoaded,
    load_services,
    remove_services,
)
from registry.units.gazetteer import Gazetteer, today
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.commands import call
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG, Town, town

POST = "Bưu điện Việt Nam"
RIVAL = "Viettel Post"
HEADER = "operator,service,kind,office,lon,lat,hours,communes,codes,valid_from,valid_to\n"
NEAR = {"lon": LANG["lon"] + 0.0005, "lat": LANG["lat"]}
FAR = {"lon": LANG["lon"] + 0.004, "lat": LANG["lat"]}


_DRAWN = text(
    """
    INSERT INTO boundary_part (unit_id, geom)
    SELECT b.unit_id, ST_Expand(ST_Point(:lon, :lat, 4326), 0.1)
    FROM boundary b JOIN admin_unit u ON u.id = b.unit_id WHERE u.code = :code
    """
)


@dataclass(frozen=True)
class Depot:
    """A town with three doors, and files of its carriers."""

    town: Town
    known: Gazetteer
    folder: Path
    inside: str
    outside: str
    elsewhere: str

    def load(self, content: str, operator: str = POST, **options: Any) -> ServicesLoaded:
        path = self.folder / ("a.geojson" if content.startswith("{") else "a.csv")
        path.write_text(content, encoding="utf-8")
        return load_services(self.town.engine, self.known, path, operator, **options)

    def rows(self, *rows: str, operator: str = POST, **options: Any) -> ServicesLoaded:
        return self.load(HEADER + "\n".join(rows), operator, **options)

    def at(self, code: str, day: datetime.date | None = None) -> list[ServiceHere]:
        return services_of(self.town.reads, self.town.record(code), day or today())

    def check(self, **asked: Any) -> ServicesCheck:
        with session_scope(self.town.engine) as session:
            return check_services(session, self.known, **asked)


@pytest.fixture(scope="module")
def depot(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Depot]:
    with town(admin_url, f"services_{worker_id}") as made:
        made.street("Phố Xa", commune=ELSEWHERE)
        doors = (
            made.house("1", **LANG),
            made.house("3", **FAR),
            made.house("5", "Phố Xa", commune=ELSEWHERE),
        )
        with session_scope(made.engine) as session:
            known = load_gazetteer(session)
        yield Depot(made, known, tmp_path_factory.mktemp("services"), *doors)


def square(lon: float, lat: float, half: float = 0.001) -> list[list[list[float]]]:
    """A ring around a point; it crosses itself where `half` is negative."""
    w, e, s, n = lon - abs(half), lon + abs(half), lat - abs(half), lat + abs(half)
    ring = [[w, s], [e, s], [e, n], [w, n], [w, s]]
    return [ring if half > 0 else [ring[0], ring[2], ring[1], ring[3], ring[0]]]


def geojson(*features: tuple[object, dict[str, object]]) -> str:
    made = [{"type": "Feature", "geometry": g, "properties": p} for g, p in features]
    return json.dumps({"type": "FeatureCollection", "features": made})


def polygon(rings: object) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": rings}


def found(result: ServicesLoaded) -> list[tuple[int, str]]:
    return [(problem.row_number, problem.code) for problem in result.problems]


def summaries(services: list[ServiceHere]) -> list[tuple[str, str, str, str | None]]:
    return [
        (each.operator, each.service, each.basis, each.office and each.office.name)
        for each in services
    ]


def test_most_specific_area_of_each_operator_applies(depot: Depot) -> None:
    drawn = geojson(
        (None, {"service": "Nhanh", "kind": "giao", "office": "Tỉnh", "communes": COMMUNE}),
        (
            polygon(square(**LANG)),
            {"service": "Nhanh", "kind": "giao", "office": "Láng", "lon": NEAR["lon"],
             "lat": NEAR["lat"], "hours": "Mo-Sa 07:30-18:00"},
        ),
        ({"type": "Point", "coordinates": [105.8, 21.0]}, {"Bưu cục": "Kho", "dịch vụ": None}),
    )  # fmt: skip
    loaded = depot.load(drawn)
    assert (loaded.rows, loaded.new, loaded.offices, loaded.problems) == (3, 2, 3, ())
    rival = f",Nhanh,delivers,,,,,Phường Láng; {ELSEWHERE},,,"
    listed = f",Nhanh,delivers,Riêng,,,,,{code_display(depot.inside)},,"
    assert depot.rows(rival, listed, operator=RIVAL).new == 2
    assert summaries(depot.at(depot.inside)) == [
        (POST, "Nhanh", "polygon", "Láng"),
        (RIVAL, "Nhanh", "code", "Riêng"),
    ]
    assert summaries(depot.at(depot.outside)) == [
        (POST, "Nhanh", "commune", "Tỉnh"),
        (RIVAL, "Nhanh", "commune", None),
    ]
    assert summaries(depot.at(depot.elsewhere)) == [(RIVAL, "Nhanh", "commune", None)]
    near, _ = depot.at(depot.inside)
    assert near.office is not None
    assert (near.office.hours, near.distance_m) == ("Mo-Sa 07:30-18:00", 52)
    # At a point: the polygon there, and the commune of the nearest door; no list of codes.
    at = services_at(depot.town.reads, today(), **LANG)
    assert [(each.operator, each.basis) for each in at] == [(POST, "polygon"), (RIVAL, "commune")]
    with session_scope(depot.town.engine) as session:
        assert [(each.operator, each.areas, each.offices) for each in operator_sets(session)] == [
            (POST, 2, 3),
            (RIVAL, 2, 1),
        ]
        areas = list_areas(session, depot.known, POST, 5)
    assert [(each.office, each.communes, each.named) for each in areas] == [
        ("Láng", 0, ()),
        ("Tỉnh", 1, ("Phường Láng",)),
    ]


def test_delivery_replaces_only_its_operators_areas(depot: Depot) -> None:
    first = (f",A,giao,Một,105.8,21,,{COMMUNE},,,", f",B,gom,Hai,,,,{ELSEWHERE},,,")
    depot.rows(",A,giao,,,,,01,,,", operator=RIVAL)
    assert depot.rows(*first).written
    events = "SELECT count(*) FROM event"
    before = depot.town.rows(events)
    assert depot.town.rows("SELECT actor, scope FROM event ORDER BY id DESC LIMIT 1") == [
        ("operator", {"operator": POST})
    ]
    # The same again, a trial, and a file of which nothing can be taken change nothing.
    again = depot.rows(*first)
    assert (again.unchanged, again.changes, again.written) == (2, 0, False)
    trial = depot.rows(first[0], dry_run=True)
    assert (trial.gone, trial.offices_changed, trial.written) == (1, 1, False)
    useless = depot.rows(",,,,,,,00000,,,")
    assert (useless.rejected, useless.changes, useless.written) == (1, 0, False)
    assert depot.town.rows(events) == before
    # An office that moves leaves the areas that it serves.
    moved = depot.rows(first[0].replace("105.8", "105.9"), first[1])
    assert (moved.unchanged, moved.offices_changed, moved.written) == (2, 1, True)
    (served,) = [each for each in depot.at(depot.outside) if each.operator == POST]
    assert served.office is not None
    assert served.office.lon == 105.9
    assert depot.rows(first[1]).gone == 1
    assert summaries(depot.at(depot.outside)) == [(RIVAL, "A", "commune", None)]
    assert remove_services(depot.town.engine, RIVAL).written
    assert depot.at(depot.outside) == []


def test_area_applies_on_its_days(depot: Depot) -> None:
    depot.rows(
        f",A,giao,Cũ,,,,{COMMUNE},,,30/6/2026",
        f",A,giao,Mới,,,,{COMMUNE},,2026-07-01,31/12/9999",
    )
    for day, office in ((datetime.date(2026, 6, 30), "Cũ"), (datetime.date(2026, 7, 1), "Mới")):
        (served,) = [each for each in depot.at(depot.inside, day) if each.operator == POST]
        assert served.office is not None
        assert served.office.name == office
    assert (served.valid_from, served.valid_to) == (datetime.date(2026, 7, 1), None)
    assert depot.check(operator=POST, unit=COMMUNE).overlaps == ()


def test_bad_rows_are_reported_and_do_not_fail_others(depot: Depot) -> None:
    good = f",A,giao,Một,105.8,21.0,Mo-Fr 08:00-17:00,{COMMUNE},,,"
    rows = {
        good: "",
        good + " ": "row_repeated",
        f"Hãng khác,A,giao,,,,,{COMMUNE},,,": "operator_differs",
        f",,giao,,,,,{COMMUNE},,,": "service_missing",
        f",A,bay,,,,,{COMMUNE},,,": "kind_unknown",
        ",A,giao,,,,,,,,": "area_missing",
        f",A,giao,,105.8,21.0,,{COMMUNE},,,": "office_missing",
        f",A,giao,Một,105.9,21.0,,{ELSEWHERE},,,": "office_differs",
        f",A,giao,Hai,21.0,105.8,,{COMMUNE},,,": "point_unreadable",
        f",A,giao,Hai,105.8,,,{COMMUNE},,,": "point_unreadable",
        f",A,giao,Hai,,,sáng và chiều,{COMMUNE},,,": "hours_unreadable",
        f",{'A' * 101},giao,,,,,{COMMUNE},,,": "text_unreadable",
        f",A,giao,Gọi 0905 123 456,,,,{COMMUNE},,,": "personal_data",
        ",A,giao,,,,,99999,,,": "unit_unknown",
        ",A,giao,,,,,Xã Không Đâu,,,": "unit_unknown",
        ",A,giao,,,,,00001,,,": "unit_ended",
        ",A,giao,,,,,,7P70-6F,,": "code_unreadable",
        f",A,giao,,,,,,{depot.inside} 1000-0006,,": "codes_unknown",
        f",A,giao,,,,,{COMMUNE},,hôm qua,": "date_unreadable",
        f",A,giao,,,,,{COMMUNE},,2/1/2026,1/1/2026": "dates_swapped",
        # An office of an earlier row, and a column of communes by their numbers alone.
        f',A,gom,Một,,,,"{COMMUNE}, {ELSEWHERE}",,,': "",
    }
    result = depot.rows(*rows)
    expected = [(row, code) for row, code in enumerate(rows.values(), start=1) if code]
    assert found(result) == expected
    assert (result.rows, result.areas, result.rejected) == (len(rows), 3, len(expected) - 1)
    lost = next(each for each in result.problems if each.code == "codes_unknown")
    assert (lost.severity, lost.value) == ("warning", "1: 10000006")
    drawn = geojson(
        (polygon(square(LANG["lon"], LANG["lat"], -0.001)), {"service": "A", "kind": "giao"}),
        (polygon(square(2.3, 48.8)), {"service": "A", "kind": "giao"}),
        (polygon([[[105, 21]]]), {"service": "A", "kind": "giao"}),
        (
            {"type": "LineString", "coordinates": [[105, 21], [106, 21]]},
            {"service": "A", "kind": "giao"},
        ),
        (
            polygon([[[105 + i / 1e5, 21] for i in range(20_001)] + [[106, 22], [105, 21]]]),
            {"service": "A", "kind": "giao"},
        ),
    )
    shown = depot.load(drawn)
    assert found(shown) == [
        (1, "polygon_repaired"),
        (2, "polygon_outside"),
        (3, "polygon_unreadable"),
        (4, "polygon_unreadable"),
        (5, "polygon_too_fine"),
    ]
    assert (shown.areas, shown.rejected) == (1, 4)
    # All errors of a row are reported.
    many = depot.rows(
        "Hãng khác,,bay,Hai,200,21,sáng,99999; Xã Không Đâu; 00001,7P70-6F 1000 xyz,hôm qua,mai"
    )
    assert found(many) == [
        (1, code)
        for code in (
            *("code_unreadable", "date_unreadable", "hours_unreadable", "kind_unknown"),
            *("operator_differs", "point_unreadable", "service_missing", "unit_ended"),
            "unit_unknown",
        )
    ]
    values = {each.code: each.value for each in many.problems}
    assert values["unit_unknown"] == "99999; Xã Không Đâu"
    assert values["code_unreadable"] == "7P70-6F; 1000; xyz"
    assert values["date_unreadable"] == "hôm qua; mai"
    assert many.rejected == 1
    assert set(PROBLEMS) >= {code for _, code in (*found(result), *found(shown))}


def test_dry_run_reports_overlaps_and_areas_lost_by_a_bad_row(depot: Depot) -> None:
    first = (
        f",A,giao,Một,,,,{COMMUNE},,,",
        f",A,giao,Hai,,,,{ELSEWHERE},,,",
        f",B,gom,,,,,{COMMUNE},,,",
    )
    depot.rows(*first)
    # One is moved to the commune of another office, the others are mistyped, and one is left out.
    tried = depot.rows(
        *(f",A,giao,Một,,,,{COMMUNE},,,", f",A,giao,Ba,,,,{COMMUNE},,,"),
        *(f",A,bay,Hai,,,,{ELSEWHERE},,,", ",A,giao,Bốn,,,,99999,,,"),
        dry_run=True,
    )
    assert [(each.office, each.other_office, each.where) for each in tried.overlaps] == [
        ("Một", "Ba", f"Phường Láng ({COMMUNE})")
    ]
    assert tried.gone == 2
    assert [(each.row_number, each.service, each.office, each.communes) for each in tried.lost] == [
        (3, "A", "Hai", 1)
    ]
    with session_scope(depot.town.engine) as session:
        assert len(list_areas(session, depot.known, POST, 5)) == 3
    mended = depot.rows(*first[:2])
    assert (mended.lost, mended.overlaps, mended.gone) == ((), (), 1)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("mã,tên\n1,2\n", "service"),
        ('{"type": "Feature"}', "FeatureCollection"),
        ("", "rỗng"),
        pytest.param(HEADER + ",A,giao,,,,,,,,\n" * 50_001, "50,000", marks=pytest.mark.thorough),
    ],
)
def test_invalid_file_is_refused(depot: Depot, content: str, expected: str) -> None:
    before = depot.town.rows("SELECT id FROM service_area ORDER BY id")
    with pytest.raises(UnreadableFileError, match=expected):
        depot.load(content)
    assert depot.town.rows("SELECT id FROM service_area ORDER BY id") == before


def test_overlaps_and_doors_without_service_are_reported(depot: Depot) -> None:
    depot.rows(",Quầy,quầy,X,105.8,21,,,,,", operator=RIVAL)
    listed = [{"service": "C", "kind": "giao", "office": name, "codes": [depot.inside]}
              for name in ("C1", "C2")]  # fmt: skip
    shifted = square(LANG["lon"] + 0.0015, LANG["lat"])
    beside = square(LANG["lon"] + 0.0035, LANG["lat"])
    drawn = [{"service": "B", "kind": "giao", "office": name} for name in ("B1", "B2", "B3")]
    depot.load(
        geojson(
            *((None, {"service": "A", "kind": "giao", "office": name, "communes": [COMMUNE],
                      "valid_to": "2020-01-01" if name == "A3" else None})
              for name in ("A1", "A2", "A3")),
            *((None, each) for each in listed),
            *((polygon(rings), each)
              for rings, each in zip((square(**LANG), shifted, beside), drawn, strict=True)),
        )
    )  # fmt: skip
    report = depot.check(operator=POST)
    assert [(o.basis, o.office, o.other_office, o.where[:9]) for o in report.overlaps] == [
        ("code", "C1", "C2", "1"),
        ("polygon", "B1", "B2", "0.0115 km"),
        ("commune", "A1", "A2", "Phường Lá"),
    ]
    shown = [o.basis for o in depot.check(operator=POST, overlaps_in=COMMUNE).overlaps]
    assert shown == ["code", "polygon", "commune"]
    # Without a boundary, drawn areas may be anywhere.
    with session_scope(depot.town.engine) as session:
        for shown in (["polygon"], []):
            found = check_services(session, depot.known, operator=POST, overlaps_in=ELSEWHERE)
            assert [o.basis for o in found.overlaps] == shown
            session.execute(_DRAWN, {"code": COMMUNE} | LANG)
        session.rollback()
    # Both are returned for the door.
    assert [each.office and each.office.name for each in depot.at(depot.inside)
            if each.service == "A"] == ["A1", "A2"]  # fmt: skip
    assert [(each.code, each.doors) for each in report.unserved] == [(ELSEWHERE, 1)]
    assert depot.check(unit=COMMUNE).doors == 0
    assert depot.check(operator=RIVAL).doors == 3
    assert depot.check(operator=RIVAL, unit=COMMUNE, kind="collects").doors == 2
    (unserved,) = depot.check(unit=ELSEWHERE).unserved
    assert unserved.codes == (depot.elsewhere,)
    # A door that is only drawn in, or only listed, is served; what ends is lost to its list.
    depot.load(geojson((None, listed[0]), (polygon(beside), drawn[0])))
    assert depot.check(unit=COMMUNE).doors == 0
    retired = depot.town.house("7", **FAR)
    depot.rows(f",A,giao,,,,,,{retired},,")
    depot.town.retire(retired)
    assert depot.check(unit=COMMUNE).lost_codes == 1
    assert {each.code for each in depot.check(unit=COMMUNE).unserved} == {COMMUNE}


def test_restricted_place_shows_strangers_only_its_commune(depot: Depot) -> None:
    hidden = depot.town.house("9", **LANG)
    depot.town.do("correct", code=hidden, restricted=True)
    depot.load(
        geojson(
            (polygon(square(**LANG)), {"service": "A", "kind": "giao", "office": "Hình"}),
            (None, {"service": "B", "kind": "giao", "codes": [hidden]}),
            (None, {"service": "A", "kind": "giao", "office": "Xã", "communes": [COMMUNE]}),
        )
    )
    with acting_as(ANONYMOUS):
        stranger = [each for each in depot.at(hidden) if each.operator == POST]
    with acting_as(Actor("Hãng", "carrier", frozenset())):
        carrier = [each for each in depot.at(hidden) if each.operator == POST]
    assert [each.basis for each in stranger] == ["commune"]
    assert stranger[0].distance_m is None
    assert [each.basis for each in carrier] == ["polygon", "code"]
    (unserved,) = depot.check(unit=COMMUNE, kind="collects").unserved
    assert hidden not in unserved.codes
    assert unserved.doors == len(unserved.codes)


@pytest.mark.parametrize(
    ("actor", "asked", "expected"),
    [
        (None, POST, POST),
        (None, "", InvalidInputError),
        (Actor(POST, "carrier", frozenset()), None, POST),
        (Actor(POST, "carrier", frozenset()), POST, POST),
        (Actor(POST, "carrier", frozenset()), RIVAL, ForbiddenError),
        (Actor("Sở", "admin", None), RIVAL, RIVAL),
        (Actor("Sở", "admin", None), None, "Sở"),
        (Actor("Tỉnh", "admin", frozenset({1})), RIVAL, ForbiddenError),
        (Actor("Cửa hàng", "merchant", frozenset()), None, ForbiddenError),
        (Actor("Xã", "approver", frozenset({1})), None, ForbiddenError),
    ],
)
def test_operators_write_only_their_own_areas(
    actor: Actor | None, asked: str | None, expected: str | type[Exception]
) -> None:
    def ask() -> str:
        if actor is None:
            return operator_of(asked)
        with acting_as(actor):
            return operator_of(asked)

    if isinstance(expected, str):
        assert ask() == expected
    else:
        with pytest.raises(expected):
            ask()


def test_commands_load_list_and_check(depot: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", depot.town.url)
    file = depot.folder / "c.csv"
    file.write_text(f"service,kind,communes\nA,giao,{COMMUNE}\nA,bay,{COMMUNE}\n", encoding="utf-8")
    load = ("services", "load", file, "--operator", POST)
    tried = call(*load, "--dry-run")
    assert tried.return_value == 1
    assert "Chạy thử" in tried.stdout
    assert "dòng 2, bị loại" in tried.stdout
    assert json.loads(call(*load, "--format", "json").stdout)["written"]
    assert "Không đổi gì" in call(*load).stdout
    assert f"{POST}: 1 vùng" in call("services", "list").stdout
    kept = json.loads(call("services", "list", "--format", "json").stdout)
    assert [each["areas"] for each in kept if each["operator"] == POST] == [1]
    checked = call("services", "check", "--operator", POST)
    assert checked.return_value == 1
    assert "1 nhà chưa có hãng phục vụ" in checked.stdout
    asked = call("services", "check", "--operator", POST, "--format", "json")
    assert json.loads(asked.stdout)["doors"] == 1
    for options in (("--dry-run",), ()):
        assert "bỏ 1 vùng" in call("services", "remove", "--operator", POST, *options).stdout
