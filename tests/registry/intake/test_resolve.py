"""Cells to parts of doors: each spelling is read once, with the same result as the grammar."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.address import parse_address, parse_components
from registry.files.spellings.door_cells import (
    _SPELLED_NUMBER,
    read_flat,
    read_number,
    read_place,
    read_street,
)
from registry.files.spellings.doors import DoorParts, combined, parts_of
from registry.intake.staged.resolved import Numbered

step = st.from_regex(r"[1-9][0-9]{0,3}[A-H]?", fullmatch=True)


@given(st.lists(step, min_size=1, max_size=4).map("/".join))
def test_plain_number_is_read_as_the_grammar_reads_it(number: str) -> None:
    assert read_number(number) == parts_of(parse_components(house_number=number))


@given(step, st.none() | step, step, st.sampled_from([("ngách", "ngõ"), ("hẻm", "kiệt")]))
def test_number_that_is_spelled_out_is_read_as_the_grammar_reads_it(
    house: str, branch: str | None, alley: str, kinds: tuple[str, str]
) -> None:
    inner = f"{kinds[0]} {branch}, " if branch else ""
    number = f"Số {house}, {inner}{kinds[1]} {alley}"
    assert _SPELLED_NUMBER.fullmatch(number)
    assert read_number(number) == parts_of(parse_components(house_number=number))


def test_equal_values_have_one_number_and_empty_ones_none() -> None:
    numbered = Numbered()

    given_numbers = [numbered.number_of(thing) for thing in (("a",), ("b",), ("a",), None)]

    assert given_numbers == [1, 2, 1, 0]
    assert numbered.take_fresh() == [(1, "a"), (2, "b")]
    assert numbered.take_fresh() == []


@pytest.mark.parametrize(
    ("number", "street", "building", "unit", "key", "block", "flat"),
    [
        ("20", "Phố Hàng Khay, toà B, căn 308", "", "", "20", "b", "308"),
        ("20 toà B P306", "Phố Hàng Khay", "", "", "20", "b", "306"),
        ("P304 nhà B2, 87", "Phố Hàng Khay", "", "", "87", "b2", "304"),
        ("304 - B2, 87", "Phố Hàng Khay", "", "", "87", "b2", "304"),
        ("302 toà S2, 15", "Phố Hàng Khay", "", "", "15", "s2", "302"),
        ("307B-20", "Phố Hàng Khay", "", "", "?", None, None),
        ("20", "Phố Hàng Khay P306", "", "", "?", None, None),
        ("20", "Phố Hàng Khay, B2", "", "", "?", None, None),
        ("20", "Phố Hàng Khay, toà B, căn 308", "Toà A", "308", "?", "a", "308"),
        *(
            ("87", "Phố Hàng Khay", building, "305", "87", "a1", "305")
            for building in (
                "CC A1",
                "chung cư A1",
                "Nhà A1",
                "A-1",
                "Toà A1",
                "Khu A1",
                "block a1",
            )
        ),
        ("14B-16", "Phố Hàng Khay", "", "", "14B-16", None, None),
    ],
)
def test_no_flat_in_a_cell_is_lost(
    number: str,
    street: str,
    building: str,
    unit: str,
    key: str,
    block: str | None,
    flat: str | None,
) -> None:
    """It is read, or its row is refused: `?` is not a number to `judge`."""
    cells = (number,), (street,), ("",), (building, "", unit)
    readers = (read_number, read_street, read_place, read_flat)
    door = combined(*(read(*cell) for read, cell in zip(readers, cells, strict=True)))
    assert (door.number and door.number[1]) == key
    assert (door.flat and door.flat[1], door.flat and door.flat[3]) == (block, flat)


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("Căn hộ 311, chung cư B, 20", "b"),
        ("can ho 311, toa b, 20", "b"),
        ("Căn 311, khu C, 20", "c"),
        ("311-A, 20", "a"),
        ("P311 A, 20", "a"),
        ("phòng 311 nhà A số 20", "a"),
        ("311 toà A 20", "a"),
        ("Số 20 toà A phòng 311", "a"),
    ],
)
def test_block_in_a_text_is_the_building_of_the_flat(text: str, block: str) -> None:
    parts = parts_of(parse_address(f"{text} Phố Hàng Khay, Phường Hoàn Kiếm, Hà Nội")[0].door)
    assert (parts.number and parts.number[1], parts.place) == ("20", None)
    assert parts.flat is not None
    assert (parts.flat[1], parts.flat[3]) == (block, "311")


@pytest.mark.parametrize("read", [read_street, read_place])
@pytest.mark.parametrize("cell", ["=cmd()", "=1+1", "=HYPERLINK(A1)"])
def test_formula_is_not_a_place_name(read: Callable[[str], DoorParts], cell: str) -> None:
    found = read(cell)
    assert (found.street, found.place) == (None, None)
    assert found.number is not None
