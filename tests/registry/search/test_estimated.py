"""Points of numbers that are not registered: between their neighbours, and never beyond them."""

from collections.abc import Iterator

import pytest

from registry.core.database import session_scope
from registry.core.settings import Settings
from registry.publish.batch import outcomes
from registry.publish.batch.flat import flat
from registry.search.answers import Answer
from registry.search.geocode import Question, geocode
from registry.search.validate import validate
from registry.units.gazetteer import Gazetteer, today
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.lifecycle import ELSEWHERE, LANG, Town, town
from tests.support.units import open_app

STREET = "Phố Láng, Phường Láng, Hà Nội"
HOUSE = 0.00005
"""Degrees from a number to the next one of its side: 5 m."""


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Town]:
    """Numbers along the north side, which run east; one opposite, far from them; an alley."""
    with town(admin_url, f"estimated_{worker_id}") as made:
        for number, east in (("21", 0.0), ("25", 2 * HOUSE), ("33", 6 * HOUSE)):
            made.house(number, **_at(east))
        made.house("35", **_at(7 * HOUSE) | {"position_method": "interpolated"})
        made.house("61", **_at(0.02))
        made.house("63A", **_at(0.02 + HOUSE))
        made.house("24", **_at(2 * HOUSE, north=-0.0002))
        for number, north in (("22/5", 0.0001), ("22/9", 0.0003)):
            made.house(number, **_at(0.0, north=north) | {"position_accuracy_m": 4})
        made.house("28", **_at(4 * HOUSE, north=-0.0002))
        made.street("Phố Láng", commune=ELSEWHERE)
        yield made


@pytest.fixture(scope="module")
def known(place: Town) -> Gazetteer:
    with session_scope(place.engine) as session:
        return load_gazetteer(session)


def _at(east: float, north: float = 0.0) -> dict[str, object]:
    point = {"lon": LANG["lon"] + east, "lat": LANG["lat"] + north}
    return point | {"position_method": "gps", "position_accuracy_m": 5}


def ask(place: Town, known: Gazetteer, text: str) -> Answer:
    (answer,) = geocode(known, place.reads, Question(text))
    return answer


@pytest.mark.parametrize(
    ("text", "east", "north", "accuracy_m"),
    [
        (f"29 {STREET}", 4 * HOUSE, 0.0, 15),
        (f"27 {STREET}", 3 * HOUSE, 0.0, 21),
        (f"26 {STREET}", 3 * HOUSE, -0.0002, 10),
        (f"25A {STREET}", 2.2 * HOUSE, 0.0, 25),
        (f"22/7 {STREET}", 0.0, 0.0002, 15),
        (f"số 7 ngõ 22 {STREET}", 0.0, 0.0002, 15),
    ],
)
def test_number_between_two_on_its_side_is_interpolated(
    place: Town, known: Gazetteer, text: str, east: float, north: float, accuracy_m: float
) -> None:
    found = ask(place, known, text)
    assert found.level == ("alley" if "22" in text else "street")
    assert (found.record, found.accuracy_m) == (None, accuracy_m)
    assert {"house_number_not_found", "point_estimated"} <= set(found.faults)
    assert found.lon == pytest.approx(LANG["lon"] + east, abs=1e-6)
    assert found.lat == pytest.approx(LANG["lat"] + north, abs=1e-6)
    verdict = validate(known, place.reads, Question(text))
    assert (verdict.verdict, verdict.code) == ("unverified", None)
    assert (verdict.lon, verdict.accuracy_m) == (found.lon, accuracy_m)
    for operation in ("geocode", "validate"):
        (outcome,) = outcomes(known, place.reads, operation, [lambda: Question(text)])
        detail = flat(known, today(), operation, outcome)["detail"]
        assert f"(± {accuracy_m} m)" in str(detail)


@pytest.mark.parametrize(
    "text",
    [
        f"19 {STREET}",  # before the first
        f"65 {STREET}",  # behind the last
        f"34 {STREET}",  # only one neighbour on its side
        f"37 {STREET}",  # between a point that was estimated itself, and one far away
        f"47 {STREET}",  # 200 m for each number
        f"22/3 {STREET}",  # before the first of its alley, though the street continues
        f"26/3 {STREET}",  # in an alley of which nothing is known
        f"Ngõ 26 {STREET}",
        f"LK5-27 {STREET}",
        "29 Phố Láng, Phường Bến Thành, Hồ Chí Minh",
        STREET,
    ],
)
def test_nothing_is_estimated_with_insufficient_neighbours(
    place: Town, known: Gazetteer, text: str
) -> None:
    found = ask(place, known, text)
    assert found.record is None
    assert (found.accuracy_m, "point_estimated" in found.faults) == (None, False)


def test_registered_number_uses_its_own_point(place: Town, known: Gazetteer) -> None:
    found = ask(place, known, f"25 {STREET}")
    assert (found.level, found.lon, found.faults) == ("household", LANG["lon"] + 2 * HOUSE, ())


def test_every_interface_marks_the_point_as_estimated(place: Town) -> None:
    text = f"29 {STREET}"
    with open_app(place.url, None, Settings(limits=False)) as app:
        client = app.test_client()
        (answer,) = client.get("/v1/geocode", query_string={"q": text}).get_json()["features"]
        assert answer["properties"]["geocoding"]["accuracy"] == 15
        assert "point_estimated" in [each["code"] for each in answer["properties"]["faults"]]
        assert client.post("/v1/validate", json={"address": text}).get_json()["point_estimated"]
        (road,) = client.get("/nominatim/search", query_string={"q": text}).get_json()
        parts = {"housenumber": "29", "street": "Phố Láng", "city": "Láng", "state": "Hà Nội"}
        (found,) = client.get("/photon/structured", query_string=parts).get_json()["features"]
        for own in (road, found["properties"]):
            assert (own["point_estimated"], own["accuracy_m"]) == (True, 15)
            assert "code" not in own
