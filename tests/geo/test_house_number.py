"""House number paths: both traditions, one key for one door, nothing else taken for a number."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geo.house_number import is_date, natural_order, parse_house_number
from tests.support.vietnamese import any_text, numbered, paths, without_diacritics

SAME_DOOR = [
    (
        "12/34/5A",
        ["12/34/5A", "12/34/05a", "Số 5A, ngách 34, ngõ 12", "ngõ 12 ngách 34 số 5A"],
    ),
    (
        "12/34/5A",
        ["số nhà 5A ngách 12/34", "số 5A ngách 12/34 ngõ 12", "12 xẹt 34 xẹt 5A", "12 / 34 / 5A"],
    ),
    ("478/29/3", ["K478/H29/3", "số 3 hẻm 29 kiệt 478", "478/29/3", "Kiệt 478, hẻm 29, số 3"]),
    ("67/61/9", ["số 9 ngách 61/67 ngõ 67", "67/61/9"]),
    ("36/45/32/49/13/54", ["36/45/32/49/13/54"]),
    ("40BIS/1", ["40bis/1", "40BIS/1"]),
    ("73B/563BBIS", ["73B/563B bis", "73b/563bbis"]),
    ("L1004A", ["L1004A"]),
    ("12-14", ["12-14", "14-12", "12 - 14", "số 12–14"]),
    ("12-12A", ["12A-12"]),
    ("226-240", ["226-240", "240-226"]),
    ("27/3", ["27 sẹc 3", "27 trên 3", "27 xuyệt 3"]),
    ("KM8+500", ["Km8+500", "KM 8+500"]),
    ("KM3", ["cây số 3", "Km số 3"]),
    ("LK5/12", ["LK5-12", "số 12 liền kề 5", "liền kề 05 số 12"]),
    ("BT5/12", ["Biệt thự số 12 lô BT5", "biệt thự 12, lô BT5"]),
    ("LO12/A.1", ["Lô 12 A.1"]),
    ("LO.E", ["Lô E", "LÔ E", "lô E"]),
    ("LOA12", ["Lô A12", "lô A-12", "Lô A 12", "Lô A/12", "Lô A.12", "12 lô A", "Lô số A12"]),
    ("TO4/THUA253", ["thửa đất số 253, tờ bản đồ số 04", "thua dat so 253, to ban do so 04"]),
    ("95/4/12", ["Số 4 nhà 12 ngõ 95"]),
    ("4/26/101", ["101 Ngách 26 Ng. 4"]),
    ("445/6A", ["06A Hém 445"]),
]


@pytest.mark.parametrize(("key", "writings"), SAME_DOOR)
def test_writings_of_one_door_have_one_key(key: str, writings: list[str]) -> None:
    for writing in writings:
        number = parse_house_number(writing)
        assert number is not None, writing
        assert number.key == key, writing
        assert not number.alley_only, writing


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Ngõ 164", "164/"),
        ("hẻm 115", "115/"),
        ("kiệt 20", "20/"),
        ("ngách 61/67 ngõ 67", "67/61/"),
    ],
)
def test_an_alley_alone_is_no_house(text: str, key: str) -> None:
    number = parse_house_number(text)
    assert number is not None
    assert (number.key, number.alley_only) == (key, True)


@pytest.mark.parametrize(
    "text",
    [
        "3 tháng 2",
        "Cách Mạng Tháng 8",
        "Đường số 7",
        "Quốc lộ 1A",
        "QL1A",
        "ĐT743B",
        "KP4",
        "Nguyễn Trãi",
        "ngõ",
        "số",
        "",
        "—",
        "một hai ba",
        "1234/123/" * 7,  # may be parted in more ways than a processor tries in an hour
    ],
)
def test_what_names_no_house_is_none(text: str) -> None:
    assert parse_house_number(text) is None


def test_dates_that_name_streets_are_known() -> None:
    assert all(map(is_date, ("3/2", "30/4", "2/9", "19/5", "30-04", "02/09")))
    assert not any(map(is_date, ("3/7", "12/34", "3", "3/2/1")))


def test_reversed_key_reads_the_path_from_the_door() -> None:
    path, single = parse_house_number("282/17/14"), parse_house_number("12")
    assert path is not None
    assert single is not None
    assert (path.reversed_key, single.reversed_key) == ("14/17/282", None)


def test_natural_order_is_that_along_a_street() -> None:
    mixed = ["100", "12/20", "12B", "2", "12/3", "12A", "12"]
    assert sorted(mixed, key=natural_order) == ["2", "12", "12A", "12B", "12/3", "12/20", "100"]


@given(any_text)
def test_any_text_is_read_or_refused(text: str) -> None:
    number = parse_house_number(text)
    assert number is None or number.key


@example("lô A1C")
@given(
    st.one_of(
        paths, numbered("số", "ngõ", "hẻm", "lô", "liền kề", "km"), paths.map("số {}/".format)
    )
)
def test_a_key_is_its_own_key(text: str) -> None:
    number = parse_house_number(text)
    assert number is not None
    again = parse_house_number(number.key)
    assert again is not None
    assert (again.key, again.alley_only) == (number.key, number.alley_only)


@given(st.lists(st.integers(1, 999).map(str), min_size=2, max_size=3))
def test_alleys_in_words_are_the_path_in_slashes(steps: list[str]) -> None:
    kinds = ("ngõ", "ngách", "hẻm")
    *alleys, house = steps
    inside_out = [f"{kind} {step}" for kind, step in zip(kinds, alleys, strict=False)][::-1]
    number = parse_house_number(", ".join([f"Số {house}", *inside_out]))
    assert number is not None
    assert number.key == "/".join(steps) or house in alleys or len(set(alleys)) < len(alleys)


@pytest.mark.parametrize("writing", [w for _, writings in SAME_DOOR for w in writings])
def test_diacritics_are_not_needed(writing: str) -> None:
    number, bare = parse_house_number(writing), parse_house_number(without_diacritics(writing))
    assert number is not None
    assert bare is not None
    assert number.key == bare.key
