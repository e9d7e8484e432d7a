"""Flats: one key for one door in a building."""

from hypothesis import given
from hypothesis import strategies as st

from geo.flat import parse_flat


def test_parts_are_kept_separate() -> None:
    flat = parse_flat("Tầng 12A, căn 12A07, tòa Park 3")
    assert flat is not None
    assert (flat.building, flat.floor, flat.unit) == ("Park 3", None, "12A07")
    assert flat.written == "Tầng 12A căn 12A07 tòa Park 3"


@given(
    st.sampled_from(["", "tòa A", "block B2", "toà S2.03", "tòa nhà Golden Lotus"]),
    st.sampled_from(["", "tầng 3A", "lầu 12", "tầng trệt"]),
    st.sampled_from(["", "căn 5", "P.1205", "căn hộ 12.05", "phòng 12A07"]),
)
def test_key_is_idempotent(building: str, floor: str, unit: str) -> None:
    text = f"{unit} {floor} {building}"
    flat = parse_flat(text)
    assert (flat is None) == (not text.strip())
    if flat is None:
        return
    again = parse_flat(flat.key)
    assert again is not None
    assert again.key == flat.key
