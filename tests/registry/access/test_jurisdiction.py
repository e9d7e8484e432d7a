"""Points outside the units of a key, where boundaries are real and where they are not."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.access.jurisdiction import check_point
from registry.core.errors import OutsideUnitsError
from tests.support.factories import make_unit

LON, LAT = 105.0, 9.0
"""In the sea, where no commune of the seeds is near."""
STEP = 0.1
METRE = 1 / 111_000


@pytest.fixture
def row(session: Session) -> list[int]:
    """Three communes side by side, a tenth of a degree wide each, with real boundaries."""
    return [commune(session, place) for place in range(3)]


def commune(session: Session, place: int, *, approximate: bool = False) -> int:
    unit = make_unit(session)
    west = LON + place * STEP
    box = {"w": west, "s": LAT, "e": west + STEP, "n": LAT + STEP}
    session.execute(
        text(
            "INSERT INTO boundary (unit_id, geom, source, approximate) VALUES"
            " (:unit, ST_Multi(ST_MakeEnvelope(:w, :s, :e, :n, 4326)), 'tests', :approximate)"
        ),
        {"unit": unit, "approximate": approximate, **box},
    )
    session.execute(
        text(
            "INSERT INTO boundary_part (unit_id, geom) SELECT unit_id, geom FROM boundary b"
            " WHERE b.unit_id = :unit"
        ),
        {"unit": unit},
    )
    return unit


def is_outside(session: Session, units: list[int], east: float, north: float = STEP / 2) -> bool:
    """Whether a point at this distance east of the first commune's edge is refused."""
    try:
        check_point(session, frozenset(units), lon=LON + east, lat=LAT + north)
    except OutsideUnitsError:
        return True
    return False


def test_point_in_one_of_the_units_is_inside(session: Session, row: list[int]) -> None:
    assert not is_outside(session, row[:1], STEP / 2)
    assert not is_outside(session, row[:2], STEP * 1.5)


def test_points_within_a_hundred_metres_of_the_boundary_are_accepted(
    session: Session, row: list[int]
) -> None:
    assert not is_outside(session, row[:1], STEP + 90 * METRE)
    assert is_outside(session, row[:1], STEP + 110 * METRE)


def test_point_of_the_next_commune_names_it(session: Session, row: list[int]) -> None:
    with pytest.raises(OutsideUnitsError) as caught:
        check_point(session, frozenset(row[:1]), lon=LON + STEP * 1.5, lat=LAT + STEP / 2)
    code = session.scalar(text("SELECT code FROM admin_unit WHERE id = :id"), {"id": row[1]})
    assert caught.value.extra["units"] == [code]


def test_point_in_no_commune_is_outside_of_real_ones(session: Session, row: list[int]) -> None:
    assert is_outside(session, row, STEP / 2, north=-STEP)


def test_unit_without_a_real_boundary_refuses_only_distant_points(
    session: Session, row: list[int]
) -> None:
    drawn = commune(session, 3, approximate=True)
    assert not is_outside(session, [drawn], STEP * 3.5)
    # Its end is unknown: in no commune, or near the boundary of the next one.
    assert not is_outside(session, [drawn], STEP / 2, north=-STEP)
    assert not is_outside(session, [drawn], STEP * 3 - 90 * METRE)
    assert is_outside(session, [drawn], STEP * 3 - 110 * METRE)
    assert is_outside(session, [drawn, row[0]], STEP * 1.5)
    assert not is_outside(session, [drawn, row[0]], STEP / 2)


def test_key_without_units_is_outside_everywhere(session: Session, row: list[int]) -> None:
    assert is_outside(session, [], STEP / 2)
