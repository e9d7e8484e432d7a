"""Coverage: counts and their targets."""

import datetime

import pytest
from pydantic_core import to_jsonable_python
from sqlalchemy import insert, text, update
from sqlalchemy.orm import Session

from geo.code import from_serial
from registry.core.database import OWNER_ROLE, make_engine
from registry.core.errors import InvalidInputError, NotFoundError
from registry.coverage import count_cache
from registry.coverage.answers import unit_answer
from registry.coverage.figures import COUNTRY, Counts, UnitCoverage, UnitTarget
from registry.coverage.localities import coverage_of_localities
from registry.coverage.measure import coverage_of_level, coverage_of_unit
from registry.units.gazetteer import Gazetteer, today
from tests.support.factories import make_building, make_household, make_locality, make_street
from tests.support.tables import CoverageDay, Plate, Target
from tests.support.units import unit_named

POINT = "SRID=4326;POINT(105.82 21.03)"
BA_DINH, NGOC_HA = ("Phường Ba Đình", "00004"), ("Phường Ngọc Hà", "00008")


@pytest.fixture
def ba_dinh(gazetteer: Gazetteer) -> int:
    return unit_named(gazetteer, *BA_DINH).id


@pytest.fixture
def ngoc_ha(gazetteer: Gazetteer) -> int:
    return unit_named(gazetteer, *NGOC_HA).id


@pytest.fixture
def ha_noi(gazetteer: Gazetteer) -> int:
    return unit_named(gazetteer, "Thành phố Hà Nội", "01").id


def add_target(session: Session, unit_id: int, households: int, **columns: object) -> None:
    row = {
        "unit_id": unit_id,
        "households": households,
        "quality": "declared",
        "source": "UBND",
        "reference_date": datetime.date(2026, 6, 30),
    }
    session.execute(insert(Target).values(row | columns))


def add_day(session: Session, unit_id: int, day: datetime.date, households: int) -> None:
    row = {"day": day, "unit_id": unit_id, "households": households, "dwellings": households}
    others = ("positioned", "verified", "deliverable", "plated", "suspected", "unnumbered")
    session.execute(insert(CoverageDay).values(row | dict.fromkeys(others, 0)))


def positioned(accuracy_m: float | None) -> dict[str, object]:
    return {"point": POINT, "position_method": "gps", "position_accuracy_m": accuracy_m}


def one(session: Session, gazetteer: Gazetteer, code: str, *, demo: bool = False) -> UnitCoverage:
    (unit,) = coverage_of_unit(session, gazetteer, code, demo=demo).units
    return unit


def test_households_and_dwellings_are_counted_separately_without_buildings(
    session, gazetteer, ba_dinh
):
    building = make_building(session, unit_id=ba_dinh)
    make_household(session, unit_id=ba_dinh, parent_code=building, households_count=3)
    make_household(session, unit_id=ba_dinh)

    counts = one(session, gazetteer, "00004").counts

    assert (counts.households, counts.dwellings) == (4, 2)


@pytest.mark.parametrize("status", ["reserved", "proposed", "retired"])
def test_only_active_records_count(session, gazetteer, ba_dinh, status):
    make_household(session, unit_id=ba_dinh, status=status)
    assert one(session, gazetteer, "00004").counts.dwellings == 0


def test_a_point_counts_up_to_20_metres(session, gazetteer, ba_dinh):
    for accuracy_m in (0, 20, 20.1, None):
        make_household(session, unit_id=ba_dinh, **positioned(accuracy_m))
    make_household(session, unit_id=ba_dinh)

    unit = one(session, gazetteer, "00004")

    assert (unit.counts.positioned, unit.share_positioned) == (2, 0.4)


def test_verified_counts_for_24_months(session, gazetteer, ba_dinh):
    last = count_cache.verified_since(today())
    for day in (today(), last, last - datetime.timedelta(days=1), None):
        make_household(session, unit_id=ba_dinh, verified_on=day)

    unit = one(session, gazetteer, "00004")

    assert (unit.counts.verified, unit.share_verified) == (2, 0.5)


def test_demo_codes_count_only_when_asked(session, gazetteer, ba_dinh):
    make_household(session, unit_id=ba_dinh, code=from_serial(7))
    make_household(session, unit_id=ba_dinh)

    assert one(session, gazetteer, "00004").counts.dwellings == 1
    assert one(session, gazetteer, "00004", demo=True).counts.dwellings == 2
    with_demo = coverage_of_level(session, gazetteer, "commune", demo=True)
    assert with_demo.total.counts.dwellings == 2
    assert with_demo.demo


def test_newest_declared_target_wins(session, gazetteer, ba_dinh):
    add_target(session, ba_dinh, 100, reference_date=datetime.date(2025, 1, 1))
    add_target(session, ba_dinh, 120, reference_date=datetime.date(2026, 1, 1))
    add_target(session, ba_dinh, 500, quality="census", reference_date=datetime.date(2026, 4, 1))
    add_target(session, ba_dinh, 900, quality="estimate", reference_date=datetime.date(2026, 9, 1))

    target = one(session, gazetteer, "00004").target

    assert target == UnitTarget(120, "declared", "UBND", datetime.date(2026, 1, 1))


def test_a_census_wins_over_an_estimate(session, gazetteer, ha_noi):
    assert one(session, gazetteer, "01").target.quality == "estimate"  # the seed's
    add_target(session, ha_noi, 5, quality="census", reference_date=datetime.date(2019, 4, 1))
    assert one(session, gazetteer, "01").target.households == 5


def test_target_of_a_locality_does_not_count_for_its_commune(session, gazetteer, ba_dinh):
    place = make_locality(session, unit_id=ba_dinh)
    add_target(session, ba_dinh, 9, locality_id=place)
    assert one(session, gazetteer, "00004").target is None


def test_commune_without_a_target_is_listed_with_its_counts(session, gazetteer, ngoc_ha):
    make_household(session, unit_id=ngoc_ha)

    found = coverage_of_level(session, gazetteer, "commune", province="01")

    units = {unit.code: unit for unit in found.units}
    assert len(units) == 126
    assert units["00008"].counts.dwellings == 1
    assert to_jsonable_python(unit_answer(units["00008"])) | {"name": ""} == {
        "code": "00008",
        "level": "commune",
        "name": "",
        "province": {"code": "01", "name": "Thành phố Hà Nội"},
        "target": None,
        "households": 1,
        "share": None,
        "deficit": None,
        "dwellings": 1,
        "positioned": 0,
        "share_positioned": 0.0,
        "verified": 0,
        "share_verified": 0.0,
        "deliverable": 0,
        "share_deliverable": 0.0,
        "plated": 0,
        "suspected_duplicates": 0,
        "without_number": 1,
        "audit": [],
        "locality": None,
        "uses": [],
    }


def test_share_above_100_percent_is_not_capped(session, gazetteer, ba_dinh):
    add_target(session, ba_dinh, 2)
    make_household(session, unit_id=ba_dinh, households_count=3)

    unit = one(session, gazetteer, "00004")

    assert (unit.share, unit.deficit) == (1.5, -1)


def test_target_of_zero_has_no_share(session, gazetteer, ba_dinh):
    add_target(session, ba_dinh, 0)
    unit = one(session, gazetteer, "00004")
    assert (unit.share, unit.deficit, unit.share_verified) == (None, 0, None)


def test_provinces_and_communes_sum_to_the_published_households(
    session, gazetteer, ba_dinh, ngoc_ha
):
    elsewhere = unit_named(gazetteer, "Phường Sài Gòn", "26740").id
    for unit_id, count in ((ba_dinh, 1), (ngoc_ha, 2), (elsewhere, 4)):
        make_household(session, unit_id=unit_id, households_count=count)

    by_level = {
        level: coverage_of_level(session, gazetteer, level) for level in ("province", "commune")
    }

    for found in by_level.values():
        assert sum(unit.counts.households for unit in found.units) == 7
        assert found.total.counts.households == 7
        assert [unit.code for unit in found.units] == sorted(unit.code for unit in found.units)
    assert len(by_level["province"].units) == 34
    assert len(by_level["commune"].units) == 3321
    provinces = {unit.code: unit.counts for unit in by_level["province"].units}
    assert provinces["01"].households == 3
    assert provinces["01"] == one(session, gazetteer, "01").counts
    of_province = coverage_of_level(session, gazetteer, "commune", province="01")
    assert of_province.total == one(session, gazetteer, "01")
    assert sum(unit.counts.households for unit in of_province.units) == 3


def test_target_quality_of_the_country_is_the_worst_of_its_targets(session, gazetteer, ha_noi):
    add_target(session, ha_noi, 2_000_000)

    total = coverage_of_level(session, gazetteer, "province").total

    assert (total.code, total.level, total.name) == COUNTRY
    assert total.target.households == 28_146_930 - 2_271_806 + 2_000_000
    assert total.target.quality == "estimate"
    assert total.target.reference_date == datetime.date(2024, 4, 1)
    assert total.target.source.startswith("UBND; ")


def test_country_has_no_target_when_a_province_has_none(session, gazetteer, ha_noi, ba_dinh):
    session.execute(update(Target).where(Target.unit_id == ha_noi).values(unit_id=ba_dinh))

    found = coverage_of_level(session, gazetteer, "province")

    assert found.units[0].target is None
    assert (found.total.target, found.total.deficit) == (None, None)


def test_former_unit_is_answered_by_its_successors_and_marked(session, gazetteer):
    found = coverage_of_unit(session, gazetteer, "02")
    assert found.former == ("02", "Tỉnh Hà Giang")
    assert [unit.code for unit in found.units] == ["08"]
    assert found.total == found.units[0]
    # A ward that was split is answered by both that have a part of it.
    split = coverage_of_unit(session, gazetteer, "00016")
    assert split.former == ("00016", "Phường Ngọc Hà")
    assert [unit.code for unit in split.units] == ["00004", "00008"]
    assert split.total.level == "former"
    by_list = coverage_of_level(session, gazetteer, "commune", province="02")
    assert by_list.former == ("02", "Tỉnh Hà Giang")
    assert {unit.province for unit in by_list.units} == {("08", "Tỉnh Tuyên Quang")}


def addressed(unit_id: int, **columns: object) -> dict[str, object]:
    return {"unit_id": unit_id, **positioned(5), **columns}


def numbered(street: int | None, number: str) -> dict[str, object]:
    return {"street_id": street, "house_number": number, "house_number_key": number}


def test_deliverable_needs_a_unique_address_and_a_point(session, gazetteer, ba_dinh):
    street = make_street(session, unit_id=ba_dinh)
    hamlet = make_locality(session, unit_id=ba_dinh)
    fine = make_household(session, **addressed(ba_dinh, **numbered(street, "1")))
    make_household(session, **addressed(ba_dinh, locality_id=hamlet))  # no number: a hamlet's
    make_household(session, **addressed(ba_dinh, **numbered(street, "2"), unit_number="101"))
    make_household(session, **addressed(ba_dinh, **numbered(street, "2"), unit_number="102"))
    make_household(session, **addressed(ba_dinh, street_id=street))  # nowhere in its street
    fallen = make_household(session, unit_id=ba_dinh, **numbered(street, "3"))  # no point
    for _ in range(2):  # ambiguous
        make_household(session, **addressed(ba_dinh, **numbered(street, "4")))
        make_household(session, **addressed(ba_dinh, **numbered(None, "7"), locality_id=hamlet))
    make_household(session, **addressed(ba_dinh, **numbered(street, "1")), status="retired")
    session.execute(
        insert(Plate).values(
            [
                {"code": code, "issued_on": today(), "mounted_on": mounted, "lost_on": lost}
                for code, mounted, lost in (
                    (fine, today(), today()),
                    (fine, today(), None),
                    (fallen, today(), today()),
                    (fallen, None, None),
                )
            ]
        )
    )

    unit = one(session, gazetteer, "00004")

    counts = unit.counts
    assert (counts.dwellings, counts.deliverable, counts.suspected) == (10, 4, 4)
    assert (counts.unnumbered, counts.plated) == (2, 1)
    assert unit.share_deliverable == 0.4
    everywhere = coverage_of_level(session, gazetteer, "commune")
    assert next(each for each in everywhere.units if each.code == "00004") == unit
    places = coverage_of_localities(session, gazetteer, "00004")
    assert Counts.sum([each.counts for each in places.units]) == counts
    assert [(each.name, each.counts.dwellings) for each in places.units] == [
        ("Thôn Đông", 3),
        ("Không ghi thôn, tổ", 7),
    ]


def test_locality_counts_its_contents_and_has_its_own_target(session, gazetteer, ba_dinh):
    quarter = make_locality(session, unit_id=ba_dinh, name="3", kind="khu phố", key="kp 3")
    group = make_locality(
        session, unit_id=ba_dinh, name="12", kind="tổ dân phố", key="to 12", parent_id=quarter
    )
    make_household(session, unit_id=ba_dinh, locality_id=group, households_count=2)
    make_household(session, unit_id=ba_dinh, locality_id=quarter)
    add_target(session, ba_dinh, 4, locality_id=quarter, counted="dwellings")

    found = coverage_of_localities(session, gazetteer, "00004")

    by_id = {each.locality.id: each for each in found.units}
    assert (by_id[group].counts.households, by_id[group].target) == (2, None)
    assert (by_id[quarter].counts.households, by_id[quarter].counts.dwellings) == (3, 2)
    assert (by_id[quarter].share, by_id[quarter].deficit) == (0.5, 2)  # dwellings are counted
    assert to_jsonable_python(unit_answer(by_id[group]))["locality"] == {
        "id": group,
        "parent_id": quarter,
    }
    assert found.total.counts.households == 3
    with pytest.raises(InvalidInputError, match="cần mã của một xã"):
        coverage_of_localities(session, gazetteer, "01")


def test_above_120_percent_and_a_sudden_jump_are_flagged_for_audit(session, gazetteer, ba_dinh):
    add_target(session, ba_dinh, 100)
    make_household(session, unit_id=ba_dinh, households_count=120)
    assert one(session, gazetteer, "00004").audit == ()
    make_household(session, unit_id=ba_dinh)
    assert one(session, gazetteer, "00004").audit == ("above_120",)
    for age, households in ((8, 1), (2, 21)):
        add_day(session, ba_dinh, today() - datetime.timedelta(days=age), households)
    assert one(session, gazetteer, "00004").audit == ("above_120", "jump")


def test_household_and_dwelling_targets_are_not_summed(session, gazetteer, ha_noi):
    add_target(session, ha_noi, 9, counted="dwellings")
    found = coverage_of_level(session, gazetteer, "province")
    assert found.units[0].target.counted_label == "chỗ ở"
    assert found.total.target is None


def test_invalid_unit_is_refused(session, gazetteer):
    with pytest.raises(NotFoundError, match="no administrative unit"):
        coverage_of_unit(session, gazetteer, "99999")
    with pytest.raises(InvalidInputError, match="code: "):
        coverage_of_unit(session, gazetteer, "Hà Nội")
    with pytest.raises(InvalidInputError, match="Phường Ba Đình is not a province"):
        coverage_of_level(session, gazetteer, "commune", province="00004")


@pytest.mark.parametrize(
    "statement",
    [count_cache.SQL.text("measure_now"), count_cache.SQL.text("count")],
    ids=["read", "kept"],
)
def test_communes_are_counted_from_indexes(database_url, statement):
    # In an empty table the planner finds every index as good: the other ones of units and
    # localities go, for the length of a transaction that only the owner may open.
    engine = make_engine(database_url, role=OWNER_ROLE, pool_size=1)
    with engine.connect() as connection:
        connection.execute(text("DROP INDEX ix_household_unit, ix_household_locality"))
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        parameters = {"units": [1], "parts": [1], "verified_since": today()}
        parameters |= {"day": today(), "jump_days": 7}
        plan = connection.scalars(text(f"EXPLAIN {statement}"), parameters).all()
        connection.rollback()
    engine.dispose()
    for index in ("coverage", "unnumbered", "street"):
        wanted = f"Index Only Scan using ix_household_{index}"
        assert any(wanted in line for line in plan), (wanted, plan)
    assert any("using ix_household_hamlet_number" in line for line in plan), plan
