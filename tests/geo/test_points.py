"""Points in the writings that people paste."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.plus_code import completed, short_code_in
from geo.points import point_in

PLACE = (105.85, 21.02)


@pytest.mark.parametrize(
    "text",
    [
        "21.02, 105.85",
        "105.85;21.02",
        "21.02 105.85 12.3 4.8",
        "POINT (105.85 21.02)",
        "SRID=4326;Point Z(105.85 21.02 3)",
        '{"type": "Point", "coordinates": [105.85, 21.02]}',
        "21°01.2' 105°51.0'",
        "21.020000 105.850000 -3.0 4.733",
        "21.02 N, 105.85 E",
        "21,02° N 105,85° E",
        "N 21.02 E 105.85",
        "105.85Đ 21.02B",
        "21°01'12\"N 105°51'00\"E",
        "21° 1' 12\" N, 105° 51' 0\" E",
        "N21°01'12\" E105°51'00\"",
        "https://www.google.com/maps/@21.02,105.85,17z",
        "https://www.google.com/maps?q=21.02,105.85",
        "https://maps.google.com/?ll=21.02%2C105.85&z=14",
        "https://www.google.com/maps/search/?api=1&query=21.02%2C105.85",
        "https://www.google.com/maps/place/X/@20.5,105.5,17z/data=!3m1!4b1!4m6!3m5!8m2!3d21.02!4d105.85",
        "https://www.openstreetmap.org/?mlat=21.02&mlon=105.85#map=17/21.5/105.5",
        "https://www.openstreetmap.org/#map=17/21.02/105.85",
        "geo:21.02,105.85?z=17",
    ],
)
def test_point_is_read_however_it_is_written(text: str) -> None:
    assert point_in(text) == pytest.approx(PLACE)


@pytest.mark.parametrize(
    "text",
    [
        "21.02 S, 105.85 E",
        "21.02 N, 105.85 W",
        "48.85, 2.35",
        "21.02 105.85 12.3",
        "POINT (2.35 48.85)",
        "POLYGON ((105.85 21.02, 105.86 21.02, 105.85 21.03, 105.85 21.02))",
        '{"type": "LineString", "coordinates": [[105.85, 21.02], [105.86, 21.02]]}',
        "48.85 2.35 12.3 4.8",
        "https://www.google.com/maps/@48.85,2.35,17z",
        "https://maps.app.goo.gl/abc123",
        "21°61'12\"N 105°51'00\"E",
        "12/34 Láng, Hà Nội",
        "Đường số 7, 21.02",
    ],
)
def test_what_is_no_point_of_this_country_is_none(text: str) -> None:
    assert point_in(text) is None


@given(st.text(max_size=60) | st.text("0123456789.,°'\"NSEWBĐT +@/?=q:", max_size=60))
def test_reading_never_fails(text: str) -> None:
    for read in (point_in, short_code_in):
        read(text)


@pytest.mark.parametrize("short", ["2VF2+Q4", "H72VF2+Q4"])
def test_short_code_is_the_area_nearest_to_the_place(short: str) -> None:
    found = short_code_in(f"{short.lower()}, Hà Nội")
    assert found == (short, "Hà Nội")
    for near in ((105.84, 21.03), (105.86, 21.01)):
        assert completed(short, lon=near[0], lat=near[1]) == pytest.approx((105.850313, 21.024438))
