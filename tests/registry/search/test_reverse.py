"""From a point to doors, or to the commune."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from registry.core.database import OWNER_ROLE, make_engine, session_scope
from registry.core.errors import InvalidInputError
from registry.search.answers import Answer
from registry.search.reverse import reverse
from tests.support.factories import make_household
from tests.support.search_world import LANG, World, search_world


@pytest.fixture
def own(admin_url: str, worker_id: str) -> Iterator[World]:
    """A register that the test may change."""
    with search_world(admin_url, f"reverse_{worker_id}") as made:
        yield made


def near(world: World, lon: float, lat: float, **asked: float) -> list[Answer]:
    return reverse(world.gazetteer, world.reads, lon=lon, lat=lat, **asked)  # type: ignore[arg-type]


def test_nearest_door_comes_first_with_its_distance(world: World) -> None:
    first, second = near(world, *LANG, limit=2)
    assert world.name_of(first.record.code if first.record else None) == "27 Láng"
    assert (first.level, first.distance_m, first.confidence) == ("household", 0.0, 1.0)
    assert 5 < (second.distance_m or 0) < 15


def test_results_are_ordered_by_metres_not_degrees(own: World) -> None:
    # 0.00030° north is 33.2 m; 0.00031° east is 32.2 m at this latitude.
    lon, lat = LANG[0] + 0.2, LANG[1]
    with session_scope(own.engine) as session:
        for name, dx, dy in (("east", 0.00031, 0.0), ("north", 0.0, 0.00030)):
            own.codes[name] = make_household(
                session,
                unit_id=next(u.id for u in own.gazetteer.with_code("00199")),
                point=f"SRID=4326;POINT({lon + dx} {lat + dy})",
                position_method="gps",
            )
    (first,) = near(own, lon, lat)
    assert own.name_of(first.record.code if first.record else None) == "east"


def test_flats_are_returned_as_their_building(world: World) -> None:
    found = near(world, LANG[0], LANG[1] + 0.003, limit=5, radius_m=20)
    assert [world.name_of(a.record.code) for a in found if a.record] == ["CT1"]
    assert found[0].level == "building"


def point_of(world: World, name: str) -> tuple[float, float]:
    owner = make_engine(world.url, role=OWNER_ROLE)
    with owner.connect() as connection:
        lon, lat = connection.execute(
            text("SELECT ST_X(point), ST_Y(point) FROM household WHERE code = :code"),
            {"code": world.codes[name]},
        ).one()
    owner.dispose()
    return lon, lat


def test_restricted_and_retired_records_are_never_returned(world: World) -> None:
    lon, lat = point_of(world, "40B")
    found = near(world, lon, lat, limit=20, radius_m=5000)
    names = {world.name_of(answer.record.code) for answer in found if answer.record}
    assert names.isdisjoint({"50 restricted", "40 retired", "60 gone", "reserved"})
    assert "40B" in names


def test_level_falls_to_the_commune_beyond_the_radius(world: World) -> None:
    lon, lat = LANG[0], LANG[1] - 0.0018  # 200 m south
    (answer,) = near(world, lon, lat, radius_m=50)
    assert (answer.level, answer.record) == ("commune", None)
    assert answer.unit
    assert answer.unit.code == "00199"
    assert answer.faults == ("far_from_household", "boundary_approximate")


def test_approximate_cell_is_the_last_resort(world: World) -> None:
    (answer,) = near(world, 107.6, 16.46)
    assert answer.level == "commune"
    assert "boundary_approximate" in answer.faults
    assert answer.confidence < 0.5


def test_gap_between_the_cells_of_a_town_belongs_to_the_nearest(world: World) -> None:
    (answer,) = near(world, 106.653783, 10.743046)
    assert answer.unit is not None
    assert answer.unit.code == "27373"
    assert "boundary_approximate" in answer.faults


def test_real_polygon_decides_without_a_boundary_fault(own: World) -> None:
    owner = make_engine(own.url, role=OWNER_ROLE)
    square = "SRID=4326;POLYGON((110 15, 110.1 15, 110.1 15.1, 110 15.1, 110 15))"
    unit = next(u for u in own.gazetteer.with_code("26743") if u.ended is None)
    with owner.begin() as connection:
        connection.execute(
            text("INSERT INTO boundary_part (unit_id, geom) VALUES (:u, :g)"),
            {"u": unit.id, "g": square},
        )
    owner.dispose()
    (answer,) = near(own, 110.05, 15.05)
    assert (answer.unit, answer.faults) == (unit, ("far_from_household",))


@pytest.mark.parametrize(
    ("lon", "lat", "code", "km"),
    [
        (112.34, 16.83, "20333", 36),
        (111.61, 15.79, "20333", 103),
        (114.33, 11.43, "22736", 191),
        (111.92, 8.64, "22736", 302),
        # Palawan, Borneo, Hainan; the sea off Nha Trang and off Lý Sơn
        (117.17, 8.38, None, None),
        (116.85, 6.9, None, None),
        (109.6, 18.2, None, None),
        (109.6, 12.2, None, None),
        (109.3, 15.4, None, None),
    ],
)
def test_sea_around_the_seat_of_an_undrawn_archipelago_belongs_to_it(
    world: World, lon: float, lat: float, code: str | None, km: int | None
) -> None:
    found = near(world, lon, lat)
    shown = [(a.level, a.unit.code, round((a.distance_m or 0) / 1000)) for a in found if a.unit]
    assert shown == ([("commune", code, km)] if code else [])
    assert all("boundary_approximate" in answer.faults for answer in found)


def test_sea_between_the_islands_of_an_archipelago_is_its_commune(own: World) -> None:
    owner = make_engine(own.url, role=OWNER_ROLE)
    unit = next(u for u in own.gazetteer.with_code("20333") if u.level == "commune")
    islands = (
        "SRID=4326;MULTIPOLYGON(((111.2 15.7, 111.3 15.7, 111.3 15.8, 111.2 15.7)),"
        "((112.6 16.9, 112.7 16.9, 112.7 17.0, 112.6 16.9)),"
        "((112.3 16.0, 112.4 16.0, 112.4 16.1, 112.3 16.0)))"
    )
    with owner.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO boundary (unit_id, geom, source, approximate)"
                " VALUES (:u, :g, 'test', false) ON CONFLICT (unit_id) DO UPDATE"
                " SET geom = excluded.geom, approximate = false"
            ),
            {"u": unit.id, "g": islands},
        )
    owner.dispose()
    (answer,) = near(own, 112.2, 16.3)
    assert (answer.level, answer.unit) == ("commune", unit)
    assert answer.faults == ("far_from_household", "boundary_approximate")
    assert near(own, 113.5, 16.3) == []


@pytest.mark.parametrize(("lon", "lat"), [(0, 0), (103.85, 1.29), (2.35, 48.86), (-180, 90)])
def test_point_abroad_gives_no_result(world: World, lon: float, lat: float) -> None:
    assert near(world, lon, lat) == []


@pytest.mark.parametrize(("lon", "lat"), [(181, 0), (0, 91), (float("nan"), 0), (0, float("inf"))])
def test_invalid_point_is_refused(world: World, lon: float, lat: float) -> None:
    with pytest.raises(InvalidInputError):
        near(world, lon, lat)
