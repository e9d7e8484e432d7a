"""Demo households: plausible, reproducible, and never confused with real ones."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.code import is_demo
from geo.house_number import parse_house_number
from geo.street import parse_street
from geo.text import fold
from registry.core.database import make_engine, session_scope
from registry.core.errors import ConflictError, InvalidInputError, NotFoundError
from registry.intake.publishing.rollback import roll_back
from registry.intake.result import ImportOptions, ImportResult
from registry.intake.run import import_file
from registry.ops.demo import load as demo
from registry.ops.demo.households import DemoHousehold
from registry.ops.demo.names import HAMLETS, STREETS
from registry.units import LAST_DAY_OF_OLD_MAP
from registry.units.gazetteer import Gazetteer, today
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.units import open_app

pytestmark = pytest.mark.thorough

KEYS_NEEDED = 240


def made(
    session: Session, gazetteer: Gazetteer, households: int, **options: object
) -> list[DemoHousehold]:
    return list(demo.plan_demo(session, gazetteer, households, **options).households())  # type: ignore[arg-type]


@pytest.fixture
def three_cities(session: Session, gazetteer: Gazetteer) -> list[DemoHousehold]:
    """12,000 households of Hà Nội, Đà Nẵng and Thành phố Hồ Chí Minh."""
    return made(session, gazetteer, 12_000, provinces=["01", "48", "79"])


@pytest.mark.parametrize("households", [1, 39, 40, 41, 5_000, 140_000])
def test_requested_number_of_households_is_made_with_unique_references(
    session, gazetteer, households
):
    rows = made(session, gazetteer, households)
    assert len(rows) == households
    assert len({row.source_ref for row in rows}) == households
    assert all(row.source_ref.startswith("DEMO-") for row in rows)


def test_seed_determines_the_households(session, gazetteer):
    first, again, other = (made(session, gazetteer, 2_000, seed=seed) for seed in (5, 5, 6))
    assert first == again
    assert [row.street for row in first] != [row.street for row in other]
    assert not {row.source_ref for row in first} & {row.source_ref for row in other}


def test_households_of_a_city_do_not_depend_on_other_cities(session, gazetteer):
    plan = demo.plan_demo(session, gazetteer, 500, provinces=["48"])
    alone = [row for part in plan.parts for row in demo.DemoPlan((part,), plan.seed).households()]
    assert alone == list(plan.households())


def test_households_are_limited_to_the_given_provinces(session, gazetteer, three_cities):
    provinces = Counter(
        gazetteer.province_of(unit, today()).code
        for row in three_cities
        for unit in gazetteer.with_code(row.commune_code)
        if unit.alive_on(today())
    )
    assert set(provinces) == {"01", "48", "79"}
    assert provinces["79"] > provinces["01"] > provinces["48"]


def test_every_number_is_readable_and_doors_are_distinct(three_cities):
    doors = Counter()
    for row in three_cities:
        number = parse_house_number(row.house_number) if row.house_number else None
        assert number or not row.house_number, row.house_number
        if number:
            assert not number.alley_only
            street = parse_street(row.street).key if row.street else row.locality
            place = (row.commune_code, row.former_commune_code, street, number.key)
            doors[(*place, row.building, row.unit)] += 1
    assert doors.most_common(1)[0][1] == 1


def test_alleys_follow_the_regional_style(three_cities):
    written = defaultdict(set)
    for row in three_cities:
        region = "north" if row.commune_code < "19" else "centre" if row.commune_code < "25" else ""
        written[region].add(row.house_number)
    assert any("ngách" in number for number in written["north"])
    assert any(number.startswith("K") and "/H" in number for number in written["centre"])
    assert any(number.count("/") == 2 for number in written[""])
    assert not any("ngõ" in number or "kiệt" in number for number in written[""])
    assert any("-" in number for number in written[""])


def test_streets_recur_across_communes_and_inside_one(three_cities):
    communes = defaultdict(set)
    formers = defaultdict(set)
    for row in three_cities:
        if row.street:
            key = parse_street(row.street).key
            communes[key].add(row.commune_code)
            formers[row.commune_code, key].add(row.former_commune_code)
    assert len(communes["tran hung dao"]) > 10
    assert any(len(known) > 1 for known in formers.values())


def test_tower_is_one_building_with_many_flats(three_cities):
    flats = defaultdict(list)
    for row in three_cities:
        if row.building:
            flats[row.commune_code, row.street, row.house_number, row.building].append(row)
    assert flats
    for rows in flats.values():
        assert len({(row.longitude, row.latitude) for row in rows}) == 1
        assert len({row.unit for row in rows}) == len(rows)
        assert {row.households_count for row in rows} == {1}
    assert max(map(len, flats.values())) > 5


def test_rural_doors_have_a_hamlet_a_point_and_often_no_number(session, gazetteer):
    rows = made(session, gazetteer, 3_000, provinces=["38", "91"])
    hamlets = [row for row in rows if row.locality]
    assert all(not row.street for row in hamlets)
    assert all(row.longitude and row.latitude for row in rows)
    unnumbered = [row for row in hamlets if not row.house_number]
    assert len(unnumbered) > 500
    points = Counter((row.commune_code, row.longitude, row.latitude) for row in unnumbered)
    assert points.most_common(1)[0][1] == 1
    nested = {row.locality.split()[0] for row in hamlets if ", " in row.locality}
    assert nested == {"Tổ"}
    assert {"Thôn", "Ấp"} <= {row.locality.split(", ")[-1].split()[0] for row in hamlets}


def test_former_commune_was_merged_into_the_current_one(session, gazetteer, three_cities):
    known = [row for row in three_cities if row.former_commune_code]
    assert 0.2 < len(known) / len(three_cities) < 0.8
    for row in known:
        (unit,) = [u for u in gazetteer.with_code(row.commune_code) if u.alive_on(today())]
        assert row.former_commune_code in {
            step.predecessor.code for step in gazetteer.predecessors(unit)
        }


def test_names_have_distinct_keys():
    keys = {parse_street(name).key for name in STREETS}
    assert len(keys) == len(STREETS) > KEYS_NEEDED
    assert len({fold(name) for name in HAMLETS}) == len(HAMLETS)


def test_exported_demo_file_is_marked(session, gazetteer):
    file = io.StringIO()
    rows = made(session, gazetteer, 100)
    assert demo.write_demo(rows, file, marked=True) == 100
    read = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert {row["demo"] for row in read} == {"yes"}
    assert [row["source_ref"] for row in read] == [row.source_ref for row in rows]


def test_provinces_must_be_current(session, gazetteer):
    with pytest.raises(NotFoundError, match="Tỉnh Tuyên Quang"):
        demo.plan_demo(session, gazetteer, 1, provinces=["02"])
    with pytest.raises(InvalidInputError, match="not a province"):
        demo.plan_demo(session, gazetteer, 1, provinces=["00004"])


@pytest.fixture
def empty_url(fresh_database: Callable[[], str]) -> str:
    return fresh_database()


@pytest.fixture
def empty_register(empty_url: str) -> Iterator[Engine]:
    engine = make_engine(empty_url)
    yield engine
    engine.dispose()


def load(engine: Engine, *, dry_run: bool = False, seed: int = 1, if_empty: bool = False):
    with session_scope(engine) as session:
        plan = demo.plan_demo(session, load_gazetteer(session), 300, seed=seed)
    return demo.load_demo(
        engine, plan, dry_run=dry_run, progress=lambda _rows: None, if_empty=if_empty
    )


def codes(engine: Engine) -> list[str]:
    with session_scope(engine) as session:
        return list(session.scalars(text("SELECT code FROM household")))


def test_loaded_demo_households_have_demo_codes(empty_register):
    first, again = load(empty_register), load(empty_register)
    assert (first.rows, first.new, first.rejected) == (300, 300, 0)
    assert (again.new, again.unchanged) == (0, 300)
    found = codes(empty_register)
    assert len(found) == 300 + first.buildings
    assert all(is_demo(code) for code in found)


def test_dry_run_leaves_nothing(empty_register):
    assert load(empty_register, dry_run=True).new == 300
    assert codes(empty_register) == []


@pytest.fixture
def publish_real(empty_register: Engine, tmp_path: Path) -> Callable[[], ImportResult]:
    """One real household, of source `ubnd`."""

    def publish() -> ImportResult:
        file = tmp_path / "real.csv"
        file.write_text("source_ref,house_number,street,commune_code\nA1,5,Quán Thánh,00004\n")
        return import_file(empty_register, file, ImportOptions("ubnd"), lambda _rows: None)

    return publish


def test_demo_is_refused_beside_real_households(empty_register, publish_real):
    publish_real()
    with pytest.raises(ConflictError, match="real households"):
        load(empty_register)


def test_if_empty_loads_the_demo_only_into_an_empty_register(empty_register, publish_real):
    assert load(empty_register, if_empty=True).new == 300
    assert load(empty_register, if_empty=True) is None
    publish_real()
    assert load(empty_register, if_empty=True) is None


def test_register_is_empty_after_rolling_back_its_only_import(empty_register, publish_real):
    roll_back(empty_register, publish_real().import_id)
    assert load(empty_register, if_empty=True).new == 300


def test_concurrent_loads_into_an_empty_register_load_once(empty_register):
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = [
            done.result()
            for done in [pool.submit(load, empty_register, if_empty=True) for _ in range(2)]
        ]
    assert sorted(result is None for result in results) == [False, True]
    with session_scope(empty_register) as session:
        assert session.scalar(text("SELECT count(*) FROM import")) == 1


@pytest.mark.gate
def test_first_real_publish_removes_the_demo_from_all_answers(
    empty_url, empty_register, publish_real
):
    load(empty_register)
    with session_scope(empty_register) as session:
        code, lon, lat, commune, number, street = session.execute(
            text(
                "SELECT h.code, ST_X(h.point), ST_Y(h.point), u.code, h.house_number, t.name"
                " FROM household h JOIN admin_unit u ON u.id = h.unit_id"
                " JOIN place t ON t.id = h.street_id"
                " WHERE h.kind = 'household' AND h.unit_number IS NULL ORDER BY h.code LIMIT 1"
            )
        ).one()
    with open_app(empty_url) as app:
        client = app.test_client()

        def found() -> dict[str, object]:
            door = {"house_number": number, "street": street, "within": commune}
            point = {"lon": lon, "lat": lat, "radius_m": 1}
            geocoded = client.get("/v1/geocode", query_string=door).get_json()["features"]
            nearest = client.get("/v1/reverse", query_string=point).get_json()["features"]
            counted = client.get(f"/v1/coverage/{commune}?demo=true").get_json()["units"]
            return {
                "lookup": client.get(f"/v1/addresses/{code}").status_code,
                "geocode": code in [f["properties"]["code"] for f in geocoded],
                "reverse": [f["properties"]["code"] for f in nearest],
                "coverage": counted[0]["dwellings"] > 0,
            }

        assert found() == {"lookup": 200, "geocode": True, "reverse": [code], "coverage": True}
        publish_real()
        after = found()
        assert [after["lookup"], after["geocode"], after["coverage"]] == [404, False, False]
        assert after["reverse"] in ([None], [])
    assert not any(is_demo(left) for left in codes(empty_register))


def test_local_place_kinds_are_those_of_the_old_province(session, gazetteer):
    """Today's Gia Lai includes Bình Định's coast, where there are no buôn."""
    rows = made(session, gazetteer, 8_000, provinces=["52"])
    words = defaultdict(set)
    for row in rows:
        (unit,) = [u for u in gazetteer.with_code(row.commune_code) if u.alive_on(today())]
        parts = [step.predecessor for step in gazetteer.predecessors(unit)] or [unit]
        old = {gazetteer.province_of(part, LAST_DAY_OF_OLD_MAP).code for part in parts}
        if row.locality and len(old) == 1:
            words[old.pop()].add(row.locality.split(", ")[-1].split()[0])
    assert "Buôn" in words["64"]
    assert "Buôn" not in words["52"]


def test_real_household_at_a_demo_address_gets_its_own_code(empty_register, tmp_path):
    load(empty_register)
    with session_scope(empty_register) as session:
        number, street, commune = session.execute(
            text(
                "SELECT h.house_number, t.name, u.code FROM household h"
                " JOIN place t ON t.id = h.street_id"
                " JOIN admin_unit u ON u.id = h.unit_id"
                " WHERE h.unit_number IS NULL AND h.house_number ~ '^[0-9]+$'"
                " AND h.former_unit_id IS NULL ORDER BY h.code LIMIT 1"
            )
        ).one()
    file = tmp_path / "real.csv"
    # Without a point an equal address is the same door.
    file.write_text(f"house_number,street,commune_code\n{number},{street},{commune}\n")
    result = import_file(empty_register, file, ImportOptions("ubnd"), lambda _rows: None)
    assert (result.new, result.linked) == (1, 0)
    (code,) = codes(empty_register)
    assert not is_demo(code)


def test_demo_is_refused_when_real_households_are_published_meanwhile(
    empty_url, empty_register, publish_real
):
    """Decided under the lock of publications: the check before the load came too early."""
    published = []

    def publish_once(_rows: int) -> None:
        if not published:
            published.append(publish_real())

    with session_scope(empty_register) as session:
        plan = demo.plan_demo(session, load_gazetteer(session), 300)
    loading = make_engine(empty_url)
    with pytest.raises(ConflictError, match="real households"):
        demo.load_demo(loading, plan, dry_run=False, progress=publish_once)
    loading.dispose()
    assert not any(is_demo(code) for code in codes(empty_register))
    with session_scope(empty_register) as session:
        assert session.scalars(text("SELECT source FROM import")).all() == ["ubnd"]
