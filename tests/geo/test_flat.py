"""Flats: one key for one door in a building."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.flat import parse_flat
from tests.support.vectors import Row, cases
from tests.support.vietnamese import any_text, without_diacritics


@pytest.mark.parametrize("row", cases("parts", part="flat"))
def test_writings_of_one_flat_have_one_key(row: Row) -> None:
    for typed in (row["text"], without_diacritics(row["text"])):
        flat = parse_flat(typed)
        assert (flat.key if flat else "") == row["key"], typed


def test_parts_are_kept_apart() -> None:
    flat = parse_flat("Tầng 12A, căn 12A07, tòa Park 3")
    assert flat is not None
    assert (flat.building, flat.floor, flat.unit) == ("Park 3", None, "12A07")
    assert flat.written == "Tầng 12A căn 12A07 tòa Park 3"


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
