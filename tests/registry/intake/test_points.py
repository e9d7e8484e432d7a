"""Points that are not where their rows say: near the border, and far from the commune."""

import pytest
from sqlalchemy import Engine, text

from registry.boundaries.cells import draw_cells
from registry.database import session_scope
from tests.support.intake import BA_DINH, LAT, LON, Deliver, door, rows

HCMC = {"longitude": "106.7009", "latitude": "10.7769"}
SPRATLY, CON_DAO = "22736", "26732"


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


@pytest.fixture(params=["seat", "polygon"])
def known_by(request: pytest.FixtureRequest, engine: Engine) -> str:
    """What is known of where communes lie."""
    if request.param == "polygon":
        draw(engine, BA_DINH, around=(float(LON), float(LAT)), metres=1_500)
        draw(engine, "26740", around=(106.7009, 10.7769), metres=1_500)
    else:
        with engine.begin() as connection:
            draw_cells(connection)
    return str(request.param)


def test_a_point_far_from_its_commune_is_an_error_with_the_distance(
    engine: Engine, deliver: Deliver, known_by: str
) -> None:
    result = deliver(door("12", "far", **HCMC), door("14", "near", longitude=LON, latitude=LAT))

    assert (result.new, result.rejected, result.problems) == (1, 1, {"far_from_commune": 1})
    (problem,) = result.row_problems
    assert (problem.row_number, problem.field, problem.severity) == (1, "longitude", "error")
    assert problem.value is not None
    assert problem.value.startswith("106.7009 10.7769 (1")
    assert problem.value.endswith(" km)")
    # Only a real polygon says what is right.
    assert bool(problem.proposed_fix) == (known_by == "polygon")
    assert rows(engine, "SELECT source_ref FROM household_ref") == [("near",)]


def test_a_point_beyond_a_real_border_is_a_warning_with_the_commune_that_holds_it(
    engine: Engine, deliver: Deliver
) -> None:
    draw(engine, BA_DINH, around=(float(LON), float(LAT)), metres=500)
    draw(engine, "00097", around=(105.850, 21.0386), metres=500)

    result = deliver(door("12", "a", longitude="105.850", latitude=LAT))

    assert (result.new, result.problems) == (1, {"outside_commune": 1})
    ((value, fix),) = rows(engine, "SELECT value, proposed_fix FROM import_problem")
    assert value == "105.850 21.0386"
    assert fix == "00097 Phường Hồng Hà, Hà Nội"


@pytest.mark.parametrize(
    ("code", "lon", "lat", "problems"),
    [
        # Reefs of one special zone lie hundreds of kilometres apart.
        (SPRATLY, "111.92", "8.64", {}),
        (SPRATLY, LON, LAT, {"far_from_commune": 1}),
        (CON_DAO, "106.1", "8.3", {}),
        (CON_DAO, "106.7009", "10.7769", {"far_from_commune": 1}),
        # 32 km from its seat, in a commune of 1,118 km².
        ("24235", "107.4", "12.8", {}),
    ],
)
def test_wide_communes_have_a_wide_reach(
    deliver: Deliver, code: str, lon: str, lat: str, problems: dict[str, int]
) -> None:
    row = door("12", "a", commune_code=code, longitude=lon, latitude=lat)

    assert deliver(row).problems == problems


NAMESAKES = [
    # Wards of before in Đà Nẵng, and what their names are elsewhere, today and before.
    ("Phước Ninh", "108.2200", "16.0610", "20242"),
    ("Thanh Bình", "108.2130", "16.0800", "20242"),
    ("Thanh Bình", "105.4600", "10.5600", "30130"),
    ("Phước Ninh", "106.2000", "11.3400", "25573"),
]


@pytest.mark.parametrize("header", ["Phường", "Phường cũ", "Phường/xã"])
@pytest.mark.parametrize(("name", "lon", "lat", "commune"), NAMESAKES)
def test_a_point_tells_namesakes_apart_by_their_seats(
    engine: Engine, deliver: Deliver, header: str, name: str, lon: str, lat: str, commune: str
) -> None:
    row = {"số nhà": "12", "đường": "Hoàng Diệu", header: name, "kinh độ": lon, "vĩ độ": lat}
    assert deliver(row).new == 1
    assert rows(engine, "SELECT u.code FROM household h JOIN admin_unit u ON u.id = h.unit_id") == [
        (commune,)
    ]


@pytest.mark.parametrize(
    "place",
    [
        # None, between two of them, and where none is.
        {},
        {"kinh độ": "108.05", "vĩ độ": "15.85"},
        {"kinh độ": "104.9000", "vĩ độ": "9.0000"},
    ],
)
def test_namesakes_that_no_point_tells_apart_are_asked_about(
    deliver: Deliver, place: dict[str, str]
) -> None:
    row = {"số nhà": "12", "đường": "Hoàng Diệu", "Phường cũ": "Phước Ninh"} | place
    assert deliver(row).problems == {"commune_from_former": 1, "commune_ambiguous": 1}


def test_a_name_of_before_is_one_of_that_map_under_such_a_header(
    engine: Engine, deliver: Deliver
) -> None:
    """Two communes of today bear the name, and none of them is meant."""
    others = ("Thạch Thang", "Hải Châu I", "Thuận Phước")
    result = deliver(
        *(
            {"số nhà": str(n), "đường": "Ông Ích Khiêm", "Phường cũ": name}
            for n, name in enumerate((*others, "Thanh Bình"), start=1)
        )
    )
    assert result.new == 4
    assert rows(
        engine, "SELECT DISTINCT u.code FROM household h JOIN admin_unit u ON u.id = h.unit_id"
    ) == [("20242",)]


# Tân An of before July 2025 is in Ninh Kiều today, and another commune is called so now.
TAN_AN = [({"địa chỉ": "8 Hoà Bình", "Phường cũ": "Tân An", "tỉnh": "Cần Thơ"}, "31135")]
TAN_AN += [({"địa chỉ cũ": "8 Hoà Bình, Phường Tân An, Cần Thơ"}, "31135")]
TAN_AN += [({"địa chỉ": "8 Hoà Bình, Phường Tân An, Cần Thơ"}, "31147")]
TAN_AN += [({"địa chỉ": "8 Hoà Bình", "phường": "Tân An", "tỉnh": "Cần Thơ"}, "31147")]
TAN_AN += [({"địa chỉ cũ": "8 Hoà Bình", "phường mới": "Tân An", "tỉnh": "Cần Thơ"}, "31147")]


@pytest.mark.parametrize(("row", "commune"), TAN_AN)
def test_a_name_of_before_beside_a_text_or_in_one_is_of_that_map(
    engine: Engine, deliver: Deliver, row: dict[str, str], commune: str
) -> None:
    assert deliver(row).new == 1
    assert rows(engine, "SELECT u.code FROM household h JOIN admin_unit u ON u.id = h.unit_id") == [
        (commune,)
    ]


def test_a_split_ward_of_before_beside_a_text_is_asked_about(deliver: Deliver) -> None:
    """Part of old Ngọc Hà is Ba Đình today; today's Ngọc Hà is no answer."""
    beside = {"địa chỉ": "14 Đội Cấn", "Phường cũ": "Ngọc Hà", "tỉnh": "Hà Nội"}
    alone = {"địa chỉ cũ": "14 Đội Cấn, Phường Ngọc Hà, Hà Nội"}
    for row in (beside, alone):
        assert deliver(row).problems == {"commune_from_former": 1, "commune_ambiguous": 1}
