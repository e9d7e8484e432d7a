"""Doors that another source delivers again: known by what they name, and where they stand."""

from itertools import product

import pytest
from sqlalchemy import Engine

from tests.support.intake import BA_DINH, Deliver, rows

HAMLET = {"locality": "Tổ dân phố 5", "commune_code": BA_DINH}
STREET = {"street": "Phố Quán Thánh", "locality": "Tổ dân phố 5", "commune_code": BA_DINH}


def at(micro_east: int, micro_north: int) -> dict[str, str]:
    """A point so many millionths of a degree from a corner of four squares."""
    east, north = 105_838_000 + micro_east, 21_038_600 + micro_north
    return {"longitude": f"{east / 1e6:.6f}", "latitude": f"{north / 1e6:.6f}"}


@pytest.mark.parametrize("place", [HAMLET, STREET], ids=["hamlet", "street"])
def test_house_without_a_number_is_the_one_within_a_metre_on_either_side(
    deliver: Deliver, place: dict[str, str]
) -> None:
    # Ten metres apart, each a little on another side of a border of squares.
    spots = [
        (100 * x + dx, 100 * y + dy)
        for (x, y), (dx, dy) in zip(
            product(range(3), range(3)), product((-3, 0, 3), (-3, 0, 3)), strict=True
        )
    ]
    deliver(*({"source_ref": f"a{n}", **place, **at(*spot)} for n, spot in enumerate(spots)))

    again = [
        {"source_ref": f"b{n}-{dx}-{dy}", **place, **at(x + dx, y + dy)}
        for n, (x, y) in enumerate(spots)
        for dx, dy in ((0, 0), (6, 0), (-6, 0), (0, 6), (0, -6), (5, 5), (-5, -5))
    ]
    beyond = [
        {"source_ref": f"c{n}-{dx}-{dy}", **place, **at(x + dx, y + dy)}
        for n, (x, y) in enumerate(spots)
        for dx, dy in ((30, 0), (0, -30))
    ]
    result = deliver(*again, *beyond, source="buu_dien")

    assert (result.linked, result.new) == (len(again), len(beyond))


def test_nearest_of_two_houses_within_a_metre_is_meant(engine: Engine, deliver: Deliver) -> None:
    deliver({"source_ref": "a", **HAMLET, **at(0, 0)})
    deliver({"source_ref": "b", **HAMLET, **at(12, 0)})

    result = deliver(
        {"source_ref": "x", **HAMLET, **at(4, 0)},
        {"source_ref": "y", **HAMLET, **at(8, 0)},
        source="buu_dien",
    )

    assert result.linked == 2
    assert rows(
        engine,
        "SELECT o.source_ref, r.source_ref FROM household_ref r JOIN household_ref o USING (code)"
        " WHERE r.source = 'buu_dien' AND o.source = 'phuong' ORDER BY 1",
    ) == [("a", "x"), ("b", "y")]


def test_flats_without_a_house_number_are_known_without_points(deliver: Deliver) -> None:
    flats = [
        {"source_ref": f"f{n}", "building": "Toà CT1", "floor": "12", "unit": str(n)} | HAMLET
        for n in (1201, 1202)
    ]
    deliver(*flats)

    result = deliver(*flats, source="buu_dien")

    assert (result.linked, result.new) == (2, 0)
