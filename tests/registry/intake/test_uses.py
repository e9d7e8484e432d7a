"""Uses at a door: uses and names of organisations from a list."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from registry.core.database import session_scope
from registry.coverage.count_cache import count_anew, wrong_counts
from registry.coverage.figures import UseCoverage
from registry.coverage.measure import coverage_of_level, coverage_of_unit
from registry.coverage.target_reading import Defaults
from registry.coverage.targets import import_targets
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.intake import BA_DINH, Deliver, checksum, door, rows, tables_that_hold

pytestmark = pytest.mark.thorough


def at_doors(engine: Engine) -> dict[object, tuple[int, list[str]]]:
    """Hộ and uses by house number."""
    found: Any = rows(
        engine, "SELECT house_number, households_count, uses FROM household ORDER BY house_number"
    )
    return {
        number: (
            count,
            [" ".join(filter(None, (u["use"], u.get("name")))) for u in uses or ()],
        )
        for number, count, uses in found
    }


def names(engine: Engine) -> list[tuple[object, ...]]:
    return rows(engine, "SELECT use, name, name_key FROM household_use ORDER BY name_key, use")


@pytest.mark.gate
def test_list_of_offices_adds_no_households_and_is_found_by_name(
    engine: Engine, deliver: Deliver
) -> None:
    def office(number: str, use: str, name: str = "", count: str = "") -> dict[str, str]:
        return door(
            number, **{"Loại công trình": use, "Tên cơ quan": name, "households_count": count}
        )

    result = deliver(
        office("10", "Trụ sở cơ quan", "UBND phường Ba Đình"),
        office("12", "Nhà ở"),
        office("14", "Nhà ở kết hợp kinh doanh"),
        office("16", "", "Trường TH Kim Liên"),
        office("18", "Cửa hàng", "Trần Thị Mai"),
        office("20", "đất trống"),
        office("22", "Cửa hàng", "", "2"),
        office("24", "Công trình", "", "0"),
    )

    counted = {"business": 3, "dwelling": 3, "office": 1, "public_place": 1, "works": 1}
    assert result.uses == counted
    assert at_doors(engine) == {
        "10": (0, ["office UBND phường Ba Đình"]),
        "12": (1, []),
        "14": (1, ["dwelling", "business"]),
        "16": (0, ["public_place Trường TH Kim Liên"]),
        "18": (0, ["business"]),
        "20": (1, []),
        "22": (2, ["business"]),
        "24": (0, ["works"]),
    }
    assert names(engine)[:2] == [
        ("public_place", "Trường TH Kim Liên", "truong tieu hoc kim lien"),
        ("office", "UBND phường Ba Đình", "uy ban nhan dan phuong ba dinh"),
    ]
    assert {code for code, count in result.problems.items() if count} == {
        *("use_name_personal", "value_unread"),
    }
    assert not tables_that_hold(engine, "Trần Thị Mai")

    before = checksum(engine)
    again = deliver(
        office("10", "Trụ sở cơ quan", "UBND phường Ba Đình"),
        office("16", "", "Trường TH Kim Liên "),
    )
    assert (again.new, again.changed, again.unchanged) == (0, 0, 2)
    assert checksum(engine) == before


def test_rows_at_one_door_are_uses_of_one_record(engine: Engine, deliver: Deliver) -> None:
    deliver(
        door("12", "a", use="Công ty", use_name="Công ty Sao Mai"),
        door("12", "b", use="Ngân hàng", use_name="VCB Láng"),
        door("14", "c", use="Công ty"),
        door("14", "d"),
    )
    assert at_doors(engine) == {
        "12": (0, ["business Công ty Sao Mai", "business VCB Láng"]),
        "14": (1, ["business", "dwelling"]),
    }

    # A changed row does not affect the uses of other rows.
    at = {"longitude": "105.8380", "latitude": "21.0386"}
    deliver(
        door("12", "a", use="Công ty", use_name="Công ty Sao Mai", **at),
        door("12", "b", use="Ngân hàng", use_name="VCB Láng"),
    )
    assert at_doors(engine)["12"] == (0, ["business Công ty Sao Mai", "business VCB Láng"])

    # A use that cannot be read makes no home of an office.
    deliver(door("12", "a", use="đất trống", use_name=""), door("12", "b", use="[1..2]"))
    assert at_doors(engine)["12"] == (0, ["business Công ty Sao Mai", "business VCB Láng"])

    # Another list names a home at the first door, and a school at one that it brings.
    deliver(door("12"), door("16"), source="tổ dân phố")
    deliver(door("16", use_name="Trường Mầm non Láng"), source="giáo dục")
    assert at_doors(engine)["12"] == (
        1,
        ["business Công ty Sao Mai", "business VCB Láng", "dwelling"],
    )
    assert at_doors(engine)["16"] == (1, ["dwelling", "public_place Trường Mầm non Láng"])
    assert json.dumps(names(engine)).count("mam non") == 1


def test_changed_name_replaces_the_previous_one(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a", use_name="Trạm y tế Láng"))
    deliver(door("12", "a", use_name="Trung tâm y tế Láng"))
    assert names(engine) == [("public_place", "Trung tâm y tế Láng", "trung tam y te lang")]


def uses(engine: Engine, unit: str | None = BA_DINH) -> dict[str, UseCoverage]:
    with session_scope(engine) as session:
        known = load_gazetteer(session)
        found = (
            coverage_of_unit(session, known, unit)
            if unit
            else coverage_of_level(session, known, "province")
        )
        return {each.use: each for each in found.total.uses}


@pytest.mark.gate
def test_offices_are_counted_beside_households(
    engine: Engine, deliver: Deliver, tmp_path: Path
) -> None:
    deliver(
        door("10", use_name="UBND phường Ba Đình"),
        door("12", use_name="Công an phường Ba Đình; Trạm y tế Ba Đình"),
        door("14", use="nhà ở; cửa hàng"),
        door("16"),
    )
    targets = tmp_path / "targets.csv"
    targets.write_text(
        f"code,households,counted\n{BA_DINH},9000,hộ\n{BA_DINH},4,trụ sở\n", encoding="utf-8"
    )
    with session_scope(engine) as session:
        known = load_gazetteer(session)
        result = import_targets(session, known, targets, Defaults(source="UBND"))
        assert (result.new, result.rejected) == (2, 0)

    with session_scope(engine) as session:
        (unit,) = coverage_of_unit(session, load_gazetteer(session), BA_DINH).units
    assert unit.target is not None
    assert (unit.counts.households, unit.counts.dwellings, unit.target.households) == (2, 2, 9000)
    found = uses(engine)
    assert {use: each.doors for use, each in found.items()} == {
        "office": 2,
        "business": 1,
        "public_place": 1,
    }
    assert found["office"].target is not None
    assert (found["office"].target.doors, found["office"].share) == (4, 0.5)
    assert found["business"].target is None

    # Kept, and the same for the country, where not every province has a target.
    assert count_anew(engine)
    with engine.connect() as connection:
        assert wrong_counts(connection) == []
    assert uses(engine) == found
    country = uses(engine, None)
    assert (country["office"].doors, country["office"].target) == (2, None)


def test_tower_with_many_offices_is_one_record(engine: Engine, deliver: Deliver) -> None:
    deliver(*(door("12", f"r{at}", use_name=f"Công ty {at}") for at in range(60)))
    deliver(*(door("12", f"x{at}", use_name=f"Cửa hàng {at}") for at in range(20)), source="chợ")
    (uses,) = at_doors(engine).values()
    assert (uses[0], len(uses[1])) == (0, 70)
