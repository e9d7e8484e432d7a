"""Whole addresses: vectors of real and made writing, properties, and counts on real rows."""

import csv
import time
import unicodedata
from collections import Counter
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geo.address import Door, names_dwelling, parse_address, parse_components
from geo.admin import parse_name
from geo.text import fold
from tests.support.vectors import read_vectors
from tests.support.vietnamese import any_text, vietnamese_text, without_diacritics

VECTORS = read_vectors("addresses")


def spelled(door: Door) -> dict[str, str]:
    """The keys of a door, as the vectors write them."""
    return {
        "house_number": door.house_number.key if door.house_number else "",
        "street": door.street.key if door.street else "",
        "localities": "; ".join(locality.key for locality in door.localities),
        "flat": door.flat.key if door.flat else "",
        "hint": door.hint or "",
    }


def test_address_is_parsed_as_in_the_vectors() -> None:
    wrong = {}
    for row in VECTORS:
        door, *_ = (spelled(reading.door) for reading in parse_address(row["text"]))
        assert door.keys() <= row.keys()
        # The street of a text without commas needs the gazetteer (`test_address_reader`).
        if "," in row["text"] and not door.items() <= row.items():
            wrong[row["text"]] = dict(door.items() - row.items())
    assert wrong == {}


def test_vectors_are_many_and_mostly_informal() -> None:
    real = sum(row["source"] == "real manner" for row in VECTORS)
    assert len(VECTORS) >= 300
    assert real * 2 >= len(VECTORS)
    assert {row["source"] for row in VECTORS} == {"real manner", "made up"}
    assert len({row["text"] for row in VECTORS}) == len(VECTORS)


def test_vectors_contain_no_row_of_the_shared_data(real_rows: dict[str, str]) -> None:
    there = {text.removesuffix(", Việt Nam") for text in real_rows.values()}
    assert there.isdisjoint(row["text"] for row in VECTORS)


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda text: text.replace(" ", "  "),
        lambda text: text.translate(str.maketrans("0123456789,", "０１２３４５６７８９，")),
    ],
)
def test_typing_variants_do_not_change_the_door(change: Callable[[str], str]) -> None:
    wrong = {}
    for text in [row["text"] for row in VECTORS[::5]]:
        as_is = spelled(parse_address(text)[0].door)
        changed = spelled(parse_address(change(text))[0].door)
        if {**changed, "hint": ""} != {**as_is, "hint": ""}:
            wrong[text] = changed
    assert wrong == {}


# Without diacritics a few kinds cannot be distinguished from names; the rest must be read.
def test_missing_diacritics_rarely_change_the_door() -> None:
    same = 0
    for row in VECTORS:
        as_is = spelled(parse_address(row["text"])[0].door)
        door = spelled(parse_address(without_diacritics(row["text"]))[0].door)
        same += all(door[column] == as_is[column] for column in ("house_number", "street", "flat"))
    assert same / len(VECTORS) >= 0.93


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("654, 12 Nguyễn Thị Nhỏ, Tân Bình", "654", "12/654"),
        ("số nhà 12, 60 P. Thụy Ứng", "60/12", "12"),
    ],
)
def test_two_numbers_give_two_readings(text: str, first: str, second: str) -> None:
    numbers = [reading.door.house_number for reading in parse_address(text)]
    assert [number.key for number in numbers if number][:2] == [first, second]
    penalties = [reading.penalty for reading in parse_address(text)]
    assert penalties == sorted(penalties)


def test_p_may_be_ward_or_street() -> None:
    readings = parse_address("417 P. Minh Khai, Hà Nội")
    assert [bool(reading.door.street) for reading in readings] == [True, False]
    assert "P. Minh Khai" in readings[1].admin_parts


def test_bare_name_after_a_number_is_a_street_first_and_a_unit_second() -> None:
    first, second = parse_address("16, Phạm Phú Tiết, Cẩm Lệ")
    assert first.door.street is not None
    assert second.admin_parts == ("Phạm Phú Tiết", "Cẩm Lệ")


@pytest.mark.parametrize(
    "text",
    [
        "Chị Lan 0912 345 678, 12 Lê Lợi, Huế",
        "12 Lê Lợi, Huế, SĐT: 0912345678",
        "12 Lê Lợi, Huế (gọi chị Lan +84 912 345 678 trước)",
        "Người nhận: chị Lan, 12 Lê Lợi, Huế",
        "12 Lê Lợi, Huế, lan@example.com, 0912.345.678",
        "12 Lê Lợi, Huế, CCCD 001099012345",
        "Nguyễn Thị Lan - 0912 345 678 - 12 Lê Lợi, Huế",
        "Trần Văn Lan, 12 Lê Lợi, Huế",
        "12 Lê Lợi, Huế, ĐT 0912 345 678",
    ],
)
def test_personal_data_is_not_kept(text: str) -> None:
    for reading in parse_address(text):
        kept = repr(reading).casefold()
        assert not any(secret in kept for secret in ("lan'", "chị", "0912", "345", "lan@", "0010"))
        assert "đt" not in [part.casefold() for part in reading.admin_parts]
        assert reading.door.house_number is not None
        assert reading.door.house_number.key == "12"


def test_only_a_text_without_words_has_no_reading() -> None:
    assert [parse_address(text) for text in ("", " ", "—", ", . ;", "\x00", "‎")] == [[]] * 6
    assert all(map(parse_address, ("12", "a", "東京都", "مرحبا", "0912345678", "7P28QMFX+2R")))


@pytest.mark.parametrize(
    "text", ["chợ R1 K417", "KĐT T4XP K417", "Ia Grai X. Thạnh Đức - HN/Việt Nam  24/8"]
)
def test_unusual_order_of_numbers_is_read(text: str) -> None:
    assert parse_address(text)


@given(any_text)
def test_any_text_has_readings_best_first(text: str) -> None:
    readings = parse_address(text)
    assert bool(readings) == any(map(str.isalnum, text + unicodedata.normalize("NFKC", text)))
    assert len(readings) <= 6
    assert [r.penalty for r in readings] == sorted(r.penalty for r in readings)


@given(vietnamese_text)
@example("12 Láng, nhà ông Nguyễn")
def test_composed_and_decomposed_text_have_equal_readings(text: str) -> None:
    assert parse_address(unicodedata.normalize("NFD", text)) == parse_address(text)


@pytest.mark.parametrize(
    "unit", ["a", "1", "12/", "1-", " ", ",", "P.", "ngõ 1 ", "số ", "Á", "(", "1a"]
)
def test_ten_kilobytes_are_parsed_quickly(unit: str) -> None:
    text = (unit * 10_000)[:10_000]
    start = time.process_time()
    parse_address(text)
    assert time.process_time() - start < 0.2


@given(st.lists(st.one_of(st.none(), any_text), min_size=6, max_size=6))
def test_any_columns_can_be_parsed(columns: list[str | None]) -> None:
    names = ("house_number", "street", "locality", "building", "floor", "unit")
    assert isinstance(parse_components(**dict(zip(names, columns, strict=True))), Door)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            {"house_number": "Số 5A, ngách 34", "street": "Ngõ 12 Láng"},
            {"house_number": "12/34/5A", "street": "lang"},
        ),
        ({"house_number": "3/2", "street": "3/2"}, {"house_number": "3/2", "street": "3 thang 2"}),
        ({"house_number": "12", "street": "7"}, {"house_number": "12", "street": "duong so 7"}),
        ({"house_number": "12", "street": "Chợ Lớn"}, {"house_number": "12", "street": "cho lon"}),
        ({"street": "12 Nguyễn Trãi"}, {"house_number": "12", "street": "nguyen trai"}),
        ({"locality": "Tổ 3, KP4"}, {"localities": "to 3; khu pho 4"}),
        ({"locality": "Phú Mỹ"}, {"localities": "phu mi"}),
        (
            {"building": "S2.03", "floor": "12", "unit": "5"},
            {"flat": "toa s2.03 can 1205"},
        ),
        (
            {"building": "Vinhomes Park 3", "unit": "12A05"},
            {"flat": "toa vinhomes park 3 can 12a05"},
        ),
        ({}, {}),
    ],
)
def test_columns_are_read_by_their_kind(columns: dict[str, str], expected: dict[str, str]) -> None:
    empty = dict.fromkeys(("house_number", "street", "localities", "flat", "hint"), "")
    assert spelled(parse_components(**columns)) == {**empty, **expected}


@pytest.mark.parametrize(
    ("text", "with_point", "without"),
    [
        ("12 Lê Lợi, Huế", True, True),
        ("P402 CT9A KĐT Việt Hưng", True, True),
        ("Thôn Đông, xã Hoà Phong", True, False),
        ("Ngõ 164 Vương Thừa Vũ", False, False),
        ("Đường Lê Lợi, Huế", False, False),
        ("Tầng 5, tòa nhà VG", False, False),
        ("Xã Hoà Phong, Đà Nẵng", False, False),
        ("Buôn Ma Thuột, Đắk Lắk", False, False),
    ],
)
def test_dwelling_has_a_number_a_flat_or_a_locality_with_a_point(
    text: str, with_point: bool, without: bool
) -> None:
    door = parse_address(text)[0].door
    assert names_dwelling(door, has_point=True) == with_point
    assert names_dwelling(door, has_point=False) == without


# On the real rows, which are not part of the project


@pytest.fixture(scope="module")
def real_rows(shared_data: Path) -> dict[str, str]:
    with (shared_data / "real_addresses.csv").open(encoding="utf-8", newline="") as lines:
        return {row["ref"]: row["address"] for row in csv.DictReader(lines)}


@pytest.mark.thorough
def test_real_rows_give_the_measured_number_of_doors(real_rows: dict[str, str]) -> None:
    counts = Counter(_what_it_names(parse_address(text)[0].door) for text in real_rows.values())
    measured = {"house": 2354, "flat": 4, "locality": 170, "alley": 38, "street": 119, "none": 294}
    assert sum(counts.values()) == len(real_rows) == sum(measured.values())
    for name, count in measured.items():
        assert abs(counts[name] - count) <= 3 + count // 100, name


def _what_it_names(door: Door) -> str:
    if door.house_number and not door.house_number.alley_only:
        return "house"
    if door.flat and door.flat.unit:
        return "flat"
    if door.localities:
        return "locality"
    if door.house_number:
        return "alley"
    return "street" if door.street else "none"


def test_household_rule_agrees_with_hand_labels(real_rows: dict[str, str]) -> None:
    labels = read_vectors("household_rule")
    assert len(labels) == 300
    wrong = [
        real_rows[row["ref"]]
        for row in labels
        if names_dwelling(parse_address(real_rows[row["ref"]])[0].door, has_point=True)
        != (row["dwelling"] == "yes")
    ]
    assert len(wrong) <= 3, wrong


@pytest.mark.parametrize(
    ("text", "column", "key"),
    [
        ("thửa 45 tờ 12 đường Nguyễn Hữu Thọ, P. Tân Hưng", "house_number", "TO12/THUA45"),
        ("12 to 5 khu pho 3, Q7", "localities", "to 5; khu pho 3"),
        ("P.1203 - CT3 - KĐT Mỹ Đình, Mỹ Đình 1", "flat", "toa ct3 can 1203"),
        ("25 – 06 chung cư Sunrise, Q7", "flat", "can 2506"),
        ("12th Floor, Bitexco Tower, 2 Hai Trieu", "flat", "toa bitexco tang 12"),
        ("H12/5 K27 Hải Phòng, Thạch Thang", "house_number", "27/12/5"),
        ("No. 24, Lane 50, Dang Thai Mai Street, Quang An Ward", "street", "dang thai mai"),
        ("Số12 ngõ61 phố Trần Duy Hưng,Trung Hoà", "house_number", "61/12"),
        ("Mường Nhé", "street", ""),
    ],
)
def test_part_of_a_building_is_read(text: str, column: str, key: str) -> None:
    assert spelled(parse_address(text)[0].door)[column] == key


@pytest.mark.parametrize(
    "written",
    ["Địa chỉ: {}", "đ/c {}", "ship về {} nhé", "giao tới: {} ạ", "Em ở {} nhé ạ!", "ADD: {}"],
)
def test_polite_words_around_an_address_are_ignored(written: str) -> None:
    address = "12 Lê Lợi, Bến Nghé, Quận 1"
    assert parse_address(written.format(address)) == parse_address(address)


def test_place_name_that_resembles_a_polite_word_is_kept() -> None:
    for text in ("xã Mường Nhé", "Mường  Nhé, mường nhé"):
        assert "nh" in " ".join(parse_address(text)[0].admin_parts).lower()


def test_parsing_columns_does_not_change_the_cache_of_parts() -> None:
    """A file's street column may contain a ward: it is still a ward in the next address."""
    before = parse_address("12 Láng, Phường Kim Liên Mới")
    parse_components(house_number="5", street="12, Phường Kim Liên Mới")
    assert parse_address("12 Láng, Phường Kim Liên Mới") == before
    assert before[0].admin_parts == ("Phường Kim Liên Mới",)


PROVINCES = """An Giang|Bà Rịa - Vũng Tàu|Bạc Liêu|Bắc Giang|Bắc Kạn|Bắc Ninh|Bến Tre|Bình Dương|
Bình Định|Bình Phước|Bình Thuận|Cà Mau|Cao Bằng|Cần Thơ|Đà Nẵng|Đắk Lắk|Đắk Nông|Điện Biên|
Đồng Nai|Đồng Tháp|Gia Lai|Hà Giang|Hà Nam|Hà Nội|Hà Tây|Hà Tĩnh|Hải Dương|Hải Phòng|Hậu Giang|
Hòa Bình|Hồ Chí Minh|Huế|Hưng Yên|Khánh Hòa|Kiên Giang|Kon Tum|Lai Châu|Lạng Sơn|Lào Cai|Lâm Đồng|
Long An|Nam Định|Nghệ An|Ninh Bình|Ninh Thuận|Phú Thọ|Phú Yên|Quảng Bình|Quảng Nam|Quảng Ngãi|
Quảng Ninh|Quảng Trị|Sóc Trăng|Sơn La|Tây Ninh|Thái Bình|Thái Nguyên|Thanh Hóa|Thừa Thiên Huế|
Tiền Giang|Trà Vinh|Tuyên Quang|Vĩnh Long|Vĩnh Phúc|Yên Bái""".replace("\n", "").split("|")
"""All of today, and of before July 2025."""


def test_postcode_after_a_province_is_not_part_of_the_door() -> None:
    behind = ("{}", " {}", ", {}", " - {}", " {}, Việt Nam", " {} Viet Nam", ", Việt Nam {}")
    written = [(p, name) for p in PROVINCES for name in (p, fold(p), f"TP {p}", f"tinh {fold(p)}")]
    for (province, name), tail, code in product(written, behind, ("04800", "870000")):
        text = f"12 Trần Phú, {name}{tail.format(code)}"
        best = parse_address(text)[0]
        assert best.door.house_number is not None, text
        assert (best.door.house_number.key, best.door.flat) == ("12", None), text
        named = {one.key for part in best.admin_parts for one in parse_name(part)}
        named |= {place.key for place in best.door.localities if place.may_be_unit}
        assert fold(province) in named, text


@pytest.mark.parametrize(
    ("text", "flat", "number", "street"),
    [
        ("302 toà S2 15 Nguyễn Thị Minh Khai", "toa s2 can 302", "15", "nguyen thi minh khai"),
        ("S2.302, 15 Nguyễn Thị Minh Khai", "toa s2 can 302", "15", "nguyen thi minh khai"),
        ("304 - B2, 87 Hàng Khay", "toa b2 can 304", "87", "hang khay"),
        ("B-311, 20 Hàng Khay", "toa b can 311", "20", "hang khay"),
        ("P304 nhà B2, 87 Hàng Khay", "toa b2 can 304", "87", "hang khay"),
        ("12 toà A, ngõ 5 Láng", "toa a", "5/12", "lang"),
        ("311, 20 Hàng Khay", "", "311", "hang khay"),
    ],
)
def test_flat_of_a_block_may_precede_the_house(
    text: str, flat: str, number: str, street: str
) -> None:
    door = spelled(parse_address(f"{text}, Hà Nội")[0].door)
    assert (door["flat"], door["house_number"], door["street"]) == (flat, number, street)
