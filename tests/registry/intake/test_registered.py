"""Doors that another source delivers again: known by what they name, and where they stand."""

from itertools import product

import pytest
from sqlalchemy import Engine

from tests.support.intake import BA_DINH, LAT, LON, Deliver, door, rows
from tests.support.thorough import gate_takes_first

pytestmark = pytest.mark.thorough

HAMLET = {"locality": "Tổ dân phố 5", "commune_code": BA_DINH}
STREET = {"street": "Phố Quán Thánh", "locality": "Tổ dân phố 5", "commune_code": BA_DINH}


def at(micro_east: int, micro_north: int) -> dict[str, str]:
    """A point so many millionths of a degree from a corner of four squares."""
    east, north = 105_838_000 + micro_east, 21_038_600 + micro_north
    return {"longitude": f"{east / 1e6:.6f}", "latitude": f"{north / 1e6:.6f}"}


@pytest.mark.gate
@pytest.mark.parametrize("place", gate_takes_first(1, [HAMLET, STREET]), ids=["hamlet", "street"])
def test_house_without_a_number_matches_within_a_metre(
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


def test_nearest_of_two_houses_within_a_metre_is_matched(engine: Engine, deliver: Deliver) -> None:
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


def test_flats_without_a_house_number_match_without_points(deliver: Deliver) -> None:
    flats = [
        {"source_ref": f"f{n}", "building": "Toà CT1", "floor": "12", "unit": str(n)} | HAMLET
        for n in (1201, 1202)
    ]
    deliver(*flats)

    result = deliver(*flats, source="buu_dien")

    assert (result.linked, result.new) == (2, 0)


def test_row_matching_several_doors_is_refused(engine: Engine, deliver: Deliver) -> None:
    """Two former communes of one have a Quán Thánh each: number 12 is ambiguous."""
    here = {"longitude": LON, "latitude": LAT}
    former = [
        door("12", "a", former_commune_code="00004", **here),
        door("12", "b", former_commune_code="00013", longitude="105.8420", latitude=LAT),
        door("14", "c", former_commune_code="00013"),
    ]
    rows_without = [door("12", "x"), door("14", "y")]
    together = deliver(*former, *rows_without, source="together")
    assert (together.new, together.linked, together.rejected) == (3, 1, 1)
    assert [(p.code, p.proposed_fix) for p in together.row_problems] == [
        ("door_ambiguous", "dòng 1; dòng 2")
    ]
    later = deliver(*rows_without, door("12", "z", **here), source="later")
    assert (later.new, later.linked, later.rejected) == (0, 2, 1)
    (problem,) = later.row_problems
    assert problem.code == "door_ambiguous"
    assert (problem.proposed_fix or "").count("mã ") == 2
    # A point decides nothing if the records have none.
    bare = (door("16", code, former_commune_code=code) for code in ("00004", "00013"))
    deliver(*bare, door("18", "e"), source="bare")
    placed = deliver(door("16", "v", **here), door("18", "w", **here), source="placed")
    assert (placed.linked, placed.problems) == (1, {"door_ambiguous": 1})


def test_group_is_matched_within_its_hamlet(engine: Engine, deliver: Deliver) -> None:
    def house(ref: str, hamlet: str, number: str = "1") -> dict[str, str]:
        return door(number, ref, street="", locality=f"Tổ 1, {hamlet}".removesuffix(", "))

    hamlets = ("Thôn Đông", "Thôn Tây", "Thôn Nam")
    deliver(*(house(hamlet, hamlet) for hamlet in hamlets), house("b", "Thôn Tây", "2"))
    again = deliver(
        *(house(f"{hamlet}!", hamlet) for hamlet in reversed(hamlets)),
        house("no hamlet", ""),
        house("the only one", "", "2"),
        house("of another", "Thôn Bắc"),
        source="other",
    )
    assert (again.linked, again.new) == (4, 1)
    assert [(p.row_number, p.code) for p in again.row_problems] == [(4, "door_ambiguous")]
    same = "SELECT count(*) FROM household_ref a JOIN household_ref b USING (code)"
    assert rows(engine, f"{same} WHERE b.source_ref = a.source_ref || '!'") == [(3,)]
