"""Flats: one key for one door in a building."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.flat import parse_flat
from tests.support.vietnamese import any_text, without_diacritics

SAME_FLAT = [
    ("toa ct9a can 402", ["P402 CT9A", "Phòng 402 tòa CT9A", "căn 402, toà CT9A"]),
    (
        "toa s2.03 can 1205",
        ["căn hộ 12.05 tòa S2.03", "S2.03-1205", "Tầng 12 căn 5 tòa S2.03", "P.1205 toà nhà S2.03"],
    ),
    ("toa s2.02 can 2110", ["S2.02-2110"]),
    ("can 2506", ["25 – 06", "25-06", "25.06", "căn hộ 25.06"]),
    ("toa a can 803", ["A-08.03", "tòa A căn 08.03"]),
    ("tang 3a", ["Tầng 3A", "lầu 3A", "tang 3A"]),
    ("can 12a05", ["P.12A05", "căn hộ 12A.05", "tầng 12A, căn 5"]),
    ("toa b", ["Block B", "tòa B", "Lô B"]),
    ("toa b can 1610", ["Tòa B, PB1610", "phòng 1610 tòa B"]),
    ("toa vg tang 5", ["Tầng 5, Tòa nhà VG Building", "tầng 5 tòa nhà VG"]),
    ("tang tret", ["tầng trệt"]),
]


@pytest.mark.parametrize(("key", "writings"), SAME_FLAT)
def test_writings_of_one_flat_have_one_key(key: str, writings: list[str]) -> None:
    for writing in writings:
        for typed in (writing, without_diacritics(writing)):
            flat = parse_flat(typed)
            assert flat is not None, typed
            assert flat.key == key, typed


def test_parts_are_kept_apart() -> None:
    flat = parse_flat("Tầng 12A, căn 12A07, tòa Park 3")
    assert flat is not None
    assert (flat.building, flat.floor, flat.unit) == ("Park 3", None, "12A07")
    assert flat.written == "Tầng 12A căn 12A07 tòa Park 3"


@pytest.mark.parametrize("text", ["", "Nguyễn Trãi", "tòa", "căn", "—"])
def test_what_is_no_flat_is_none(text: str) -> None:
    assert parse_flat(text) is None


@given(any_text)
def test_any_text_is_read_or_refused(text: str) -> None:
    flat = parse_flat(text)
    assert flat is None or flat.building or flat.floor or flat.unit


@given(
    st.sampled_from(["", "tòa A", "block B2", "toà S2.03", "tòa nhà Golden Lotus"]),
    st.sampled_from(["", "tầng 3A", "lầu 12", "tầng trệt"]),
    st.sampled_from(["", "căn 5", "P.1205", "căn hộ 12.05", "phòng 12A07"]),
)
def test_a_key_is_its_own_key(building: str, floor: str, unit: str) -> None:
    text = f"{unit} {floor} {building}"
    flat = parse_flat(text)
    assert (flat is None) == (not text.strip())
    if flat is None:
        return
    again = parse_flat(flat.key)
    assert again is not None
    assert again.key == flat.key
