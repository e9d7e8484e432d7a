"""The order of a round: as the numbers run, and the shortest way."""

import random

import pytest

from registry.publish.route import shortest as ordering
from registry.publish.route.distances import Point, way_m
from registry.publish.route.walking import Door, walking_order
from registry.publish.route.way import Way

HERE = (105.8060, 21.0211)


def east(metres: float, north: float = 0.0) -> Point:
    return HERE[0] + metres / 103_800, HERE[1] + north / 111_195


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ("27 2 1 129", "1 27 129 2"),
        ("2 14 12 27 1", "1 27 14 12 2"),
        ("4 2 10", "2 4 10"),  # the empty side is not walked first
        ("12/34/7 12 14 12/34/5A 12/3 1 2", "1 14 12 12/3 12/34/5A 12/34/7 2"),
        ("3/5 3 3/1/2 3A 3/1", "3 3/1 3/1/2 3/5 3A"),
        ("LO5 9 - 9A LK5-12 63-67", "9 9A 63-67 LK5-12 LO5 -"),
        ("100 99 101 9 10", "9 99 101 100 10"),
    ],
)
def test_street_numbers_go_up_one_side_and_down_the_other(numbers: str, expected: str) -> None:
    given = numbers.split()
    for _ in range(3):
        random.Random(7).shuffle(given)
        doors = [Door(1, 1, "Láng", None if n == "-" else n) for n in given]
        assert [
            door.number or "-" for door in walking_order(doors, lambda door: door)
        ] == expected.split()


def test_streets_are_ordered_by_their_start_and_flats_by_floor() -> None:
    def doors(commune: int, street: str, *metres: float) -> list[Door]:
        return [
            Door(commune, street, street, str(2 * at + 1), point=east(m))
            for at, m in enumerate(metres)
        ]

    far, near, middle = doors(1, "A", 900, 950), doors(1, "B", 100, 150), doors(1, "C", 400)
    other = doors(2, "D", 160)  # nearer, and of another commune
    lost = [Door(1, "E", "E", "1"), Door(3, None, "~", None)]
    flats = [Door(1, "B", "B", "3", ("a", "2", flat)) for flat in ("201", "1101", "9")]
    given = [*lost[:1], *other, *far, *flats, *middle, *near, *lost[1:]]

    def names(start: Point | None) -> str:
        return "".join(door.name for door in walking_order(given, lambda door: door, start))

    assert names(east(0)) == "BBBBBCAAED~"
    assert names(east(1_000)) == "AACBBBBBED~"
    assert names(None)[0] == "E"  # that of the first line
    inside = [d.inside[2] for d in walking_order(given, lambda door: door, east(0)) if d.inside]
    assert inside == ["9", "201", "1101"]


def scattered(count: int) -> list[Point]:
    chance = random.Random(20)
    return [east(chance.uniform(0, 3_000), chance.uniform(0, 3_000)) for _ in range(count)]


@pytest.mark.thorough
@pytest.mark.parametrize("count", [1, 2, 3, 60])
def test_shortest_order_has_every_stop_once_and_is_no_longer(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(ordering, "_LIMITS_S", (0.3, 0.3))
    stops, start, end = scattered(count), east(-500), east(3_500)
    walking = list(range(count))
    for way in (
        Way(stops),
        Way(stops, start, end),
        Way(stops, start, round_trip=True),
    ):
        order = way.shortest(None)
        assert sorted(order) == walking
        assert way.measured(order).metres <= way.measured(walking).metres + 1
        if count == 60:  # a walk without sense of direction
            assert way.measured(order).metres < way.measured(walking).metres / 3
    assert Way(stops).shortest(None)[0] == 0  # it begins where it begins


def test_length_is_the_sum_of_all_legs() -> None:
    stops, start, end = [east(100), east(300), east(200)], east(0), east(400)
    open_way = Way(stops).measured([0, 2, 1])
    assert (open_way.metres, open_way.seconds, open_way.legs) == (200, None, (None, 100, 100))
    home = Way(stops, start, round_trip=True).measured([0, 2, 1])
    assert (home.metres, home.legs) == (600, (100, 100, 100))
    assert Way(stops, start, end).measured([0, 2, 1]).metres == 400
    assert Way(stops, end=end).measured([1, 2, 0]).metres == round(
        way_m([stops[1], stops[2], stops[0], end])
    )
    assert Way([], start, end).measured([]).metres == 400
