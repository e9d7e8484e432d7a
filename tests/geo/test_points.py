"""Points in the writings that people paste."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.plus_code import complete_short_code
from geo.points import evidence_in, point_in
from tests.support.vectors import Row, cases


@pytest.mark.parametrize("row", cases("points"))
def test_point_in_viet_nam_is_read_in_any_notation(row: Row) -> None:
    point = tuple(map(float, row["point"].split()))
    assert point_in(row["text"]) == (pytest.approx(point) if point else None)


@given(st.text(max_size=60) | st.text("0123456789.,°'\"NSEWBĐT +@/?=q:", max_size=60))
def test_any_text_is_read_without_errors(text: str) -> None:
    for read in (point_in, evidence_in):
        read(text)


@pytest.mark.parametrize("short", ["2VF2+Q4", "H72VF2+Q4"])
def test_short_plus_code_gives_the_area_nearest_to_the_place(short: str) -> None:
    found = evidence_in(f"{short.lower()}, Hà Nội")
    assert found is not None
    assert (found.plus_code, found.rest) == (short, "Hà Nội")
    for near in ((105.84, 21.03), (105.86, 21.01)):
        assert complete_short_code(short, lon=near[0], lat=near[1]) == pytest.approx(
            (105.850313, 21.024438)
        )
