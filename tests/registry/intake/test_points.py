"""Points outside the commune of their row: near the border, and far away."""

import pytest
from sqlalchemy import Engine, text

from registry.core.database import session_scope
from registry.units.boundaries.cells import draw_cells
from tests.support.intake import BA_DINH, LAT, LON, Deliver, door, rows

HCMC = {"longitude": "106.7009", "latitude": "10.7769"}


def draw(engine: Engine, code: str, *, around: tuple[float, float], metres: int) -> None:
    """A real polygon of a commune: a circle."""
    with session_scope(engine) as session:
        session.execute(
            text(
                "WITH real AS (UPDATE boundary SET approximate = false, source = 'tests', geom ="
                " ST_Multi(ST_Buffer(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)::geography,"
                " :metres)::geometry) WHERE unit_id = (SELECT id FROM admin_unit"
                " WHERE level = 'commune' AND code = :code AND lifetime @> current_date)"
                " RETURNING unit_id, geom)"
                " INSERT INTO boundary_part (unit_id, geom)"
                " SELECT unit_id, ST_GeometryN(geom, 1) FROM real"
            ),
            {"code": code, "lon": around[0], "lat": around[1], "metres": metres},
        )


def draw_before(engine: Engine, code: str, *, like: str) -> None:
    """A real polygon for a former commune: that of a current one."""
    with session_scope(engine) as session:
        session.execute(
            text(
                "WITH old AS (INSERT INTO boundary (unit_id, geom, source, approximate)"
                " SELECT o.id, b.geom, 'tests', false FROM admin_unit o, boundary b"
                " JOIN admin_unit u ON u.id = b.unit_id AND u.code = :like"
                " WHERE o.level = 'commune' AND o.code = :code RETURNING unit_id, geom)"
                " INSERT INTO boundary_part (unit_id, geom)"
                " SELECT unit_id, ST_GeometryN(geom, 1) FROM old"
            ),
            {"code": code, "like": like},
        )


@pytest.fixture(params=["seat", "polygon"])
def known_by(request: pytest.FixtureRequest, engine: Engine) -> str:
    """What is known about the location of communes."""
    if request.param == "polygon":
        draw(engine, BA_DINH, around=(float(LON), float(LAT)), metres=1_500)
        draw(engine, "26740", around=(106.7009, 10.7769), metres=1_500)
    else:
        with engine.begin() as connection:
            draw_cells(connection)
    return str(request.param)


def test_point_far_from_its_commune_is_an_error_with_the_distance(
    engine: Engine, deliver: Deliver, known_by: str
) -> None:
    result = deliver(door("12", "far", **HCMC), door("14", "near", longitude=LON, latitude=LAT))

    assert (result.new, result.rejected, result.problems) == (1, 1, {"far_from_commune": 1})
    (problem,) = result.row_problems
    assert (problem.row_number, problem.field, problem.severity) == (1, "longitude", "error")
    assert problem.value is not None
    assert problem.value.startswith("106.7009 10.7769 (1")
    assert problem.value.endswith(" km)")
    # Only a real polygon decides.
    assert bool(problem.proposed_fix) == (known_by == "polygon")
    assert rows(engine, "SELECT source_ref FROM household_ref") == [("near",)]


def test_point_beyond_a_real_boundary_is_a_warning_naming_its_commune(
    engine: Engine, deliver: Deliver
) -> None:
    draw(engine, BA_DINH, around=(float(LON), float(LAT)), metres=500)
    draw(engine, "00097", around=(105.850, 21.0386), metres=500)
    draw_before(engine, "00001", like="00097")

    result = deliver(door("12", "a", longitude="105.850", latitude=LAT))

    assert (result.new, result.problems) == (1, {"outside_commune": 1})
    ((value, fix),) = rows(engine, "SELECT value, proposed_fix FROM import_problem")
    assert value == "105.850 21.0386"
    assert fix == "00097 Phường Hồng Hà, Hà Nội"
