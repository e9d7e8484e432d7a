"""The definition of a dwelling: the import's SQL rule equals `geo.address.names_dwelling`."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from geo.address import Door, names_dwelling, parse_components
from registry.files.spellings.doors import parts_of
from registry.intake.engine import _script
from registry.search.read.address_reader import read_address
from tests.support.units import read_gazetteer
from tests.support.vectors import read_vectors

_CASE = "$1::VARCHAR, $2::BOOLEAN, $3::VARCHAR, $4::VARCHAR[], $5::BOOLEAN"
Case = tuple[Door, bool]
"""A door, and whether it has a point."""


@pytest.fixture
def by_sql() -> Iterator[Callable[[list[Case]], list[bool]]]:
    """The result of the import's rule for each case, in order."""

    def ask(cases: list[Case]) -> list[bool]:
        found = []
        for door, point in cases:
            values = columns(door, has_point=point)
            found += duck.execute(f"SELECT is_dwelling({_CASE})", values).fetchone() or ()
        return found

    with duckdb.connect() as duck:
        duck.execute(_script("macros.sql"))
        yield ask


def columns(door: Door, *, has_point: bool) -> tuple[object, ...]:
    parts = parts_of(door)
    return (
        parts.number and parts.number[1],
        parts.number and parts.number[2],
        parts.flat and parts.flat[3],
        parts.place and parts.place[2],
        has_point,
    )


def test_rule_agrees_with_hand_labels(
    by_sql: Callable[[list[Case]], list[bool]], engine: Engine, shared_data: Path
) -> None:
    gazetteer = read_gazetteer(engine)
    labels = {row["ref"]: row["dwelling"] == "yes" for row in read_vectors("household_rule")}
    with (shared_data / "real_addresses.csv").open(encoding="utf-8", newline="") as lines:
        texts = {row["ref"]: row["address"] for row in csv.DictReader(lines)}
    doors = {ref: read_address(gazetteer, texts[ref])[0].door for ref in labels}
    for point in (True, False):
        cases = [(door, point) for door in doors.values()]
        expected = [names_dwelling(door, has_point=has_point) for door, has_point in cases]
        assert by_sql(cases) == expected

    given = dict(zip(labels, by_sql([(door, True) for door in doors.values()]), strict=True))
    wrong = [ref for ref, dwelling in labels.items() if given[ref] != dwelling]
    assert len(wrong) <= 3, wrong


cells = st.none() | st.sampled_from(
    ["12", "12/34/5A", "Số 5A, ngách 34, ngõ 12", "Ngõ 12", "hẻm 5", "Lô 3", "67-63", "0", "", "#"]
)
streets = st.none() | st.sampled_from(["Láng", "Ngõ 5 Láng", "QL1A", "Đ. Số 07", "Xóm 3", "12"])
places = st.none() | st.sampled_from(["Thôn Đông", "Xóm 3, Thôn Đông", "KP4", "Chợ", "Ngõ 3"])
buildings = st.none() | st.sampled_from(["CT1", "Toà S2.03", "Chung cư A", "12"])
floors = st.none() | st.sampled_from(["12", "Tầng 5", "tầng trệt", "x"])
units = st.none() | st.sampled_from(["1201", "Phòng 402", "P402 CT9A", "S2.02-2110", "kiốt 3", "?"])
doors = st.builds(
    parse_components,
    house_number=cells,
    street=streets,
    locality=places,
    building=buildings,
    floor=floors,
    unit=units,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cases=st.lists(st.tuples(doors, st.booleans()), min_size=1, max_size=60))
def test_rule_agrees_on_generated_doors(
    by_sql: Callable[[list[Case]], list[bool]], cases: list[Case]
) -> None:
    assert by_sql(cases) == [names_dwelling(door, has_point=point) for door, point in cases]


def test_floor_of_a_building_is_not_a_dwelling(by_sql: Callable[[list[Case]], list[bool]]) -> None:
    floor = parse_components(building="CT1", floor="12")
    flat = parse_components(building="CT1", floor="12", unit="1201")

    assert by_sql([(floor, True), (flat, False)]) == [False, True]
