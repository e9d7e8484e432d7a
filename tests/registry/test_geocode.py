"""Addresses asked of a small register: right, abstained, and never a wrong door."""

import unicodedata
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo import code as codes
from geo.text import fold
from registry.database import session_scope
from registry.errors import InvalidInputError
from registry.gazetteer import today
from registry.geocode import Components, Question, geocode, locate
from registry.mistyped_codes import MeantCode
from registry.search.answers import Answer
from registry.search.batching import together
from registry.validate import validate, validating
from tests.support.factories import make_household, make_street
from tests.support.search_world import LANG, World, search_world
from tests.support.slips import swapped
from tests.support.thorough import examples
from tests.support.units import unit_named


@pytest.fixture(scope="module")
def world(admin_url: str, worker_id: str) -> Iterator[World]:
    with search_world(admin_url, f"geocode_{worker_id}") as made:
        yield made


def ask(world: World, text: str, **asked: object) -> list[Answer]:
    return geocode(world.gazetteer, world.reads, Question(text, **asked))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "123 Nam Kỳ Khởi Nghĩa",  # the end of its name was a commune
        "5 ngõ 12 phố Huế",
        "12 Trần Thị Hà Giang",
        "tổ 5 khu 3",
        "6 Tổ 7",  # a door there: every commune has a Tổ 7
        "Tổ 9 Thôn Trà Quế Hội",  # every commune has a Tổ 9
        "Đông Htòa Phu Yên",  # two slips; no tower of Xã Đông
    ],
)
def test_the_end_of_a_name_is_no_unit(world: World, text: str) -> None:
    assert ask(world, text) == []


def names(world: World, found: list[Answer]) -> list[str | None]:
    return [world.name_of(answer.record.code) if answer.record else None for answer in found]


IN_LANG = ", Phường Láng, Hà Nội"
SAME_PERSON = {"street_corrected", "street_unsure"}
SLIP = {"spelling_corrected"}
# text → the doors answered, the level, the faults that must be named.
ASKED: list[tuple[str, list[str], str, set[str]]] = [
    # Ways of writing
    (f"27 Phố Láng{IN_LANG}", ["27 Láng"], "household", set()),
    (f"số 27 lang{IN_LANG}", ["27 Láng"], "household", set()),
    ("27 lang, phuong lang, ha noi", ["27 Láng"], "household", set()),
    ("27 LÁNG, P. LÁNG, TP HÀ NỘI", ["27 Láng"], "household", set()),
    (f"Số 5A, ngách 34, ngõ 12 Láng{IN_LANG}", ["12/34/5A Láng"], "household", set()),
    (f"12/34/05a Láng{IN_LANG}", ["12/34/5A Láng"], "household", set()),
    (f"5A/34/12 Láng{IN_LANG}", ["12/34/5A Láng"], "household", {"path_order"}),
    (f"5/3 Láng{IN_LANG}", ["3/5 Láng"], "household", {"path_order"}),
    (f"Lô 5 Láng{IN_LANG}", ["LO5 Láng"], "household", set()),
    (
        "27 Láng, Phường Láng Hạ, Quận Đống Đa, Hà Nội",
        ["27 Láng"],
        "household",
        {"commune_former"},
    ),
    # A commune of today as well as a district of old: the door is in the latter alone.
    ("27 Láng, Đống Đa, Hà Nội", ["27 Láng"], "household", {"commune_missing"}),
    ("8 đường 30/4, Phường Bến Thành, TP Hồ Chí Minh", ["8 30/4"], "household", set()),
    ("27 Láng, Phường Bến Thành, HCM", ["27 Láng HCM"], "household", set()),
    (f"5 N.Thị Định{IN_LANG}", ["5 Nguyễn Thị Định"], "household", {"street_corrected"}),
    ("27 đườg Láng, phườg Láng, Hà Nội", ["27 Láng"], "household", {"spelling_corrected"}),
    # A group of neighbours before the street
    # A dash that may be a slash
    (f"5-3 Láng{IN_LANG}", [], "street", {"house_number_not_found"}),
    (f"12-3 Láng{IN_LANG}", [], "alley", {"dash_unsure", "house_number_not_found"}),
    (f"14-2 Bạch Đằng{IN_LANG}", ["14/2 Bạch Đằng"], "household", {"dash_unsure"}),
    (f"39-1C Bạch Đằng{IN_LANG}", ["39/1C Bạch Đằng"], "household", {"dash_unsure"}),
    (f"67-63 Bạch Đằng{IN_LANG}", ["63-67 Bạch Đằng"], "household", set()),
    (f"12-34-5A Láng{IN_LANG}", [], "street", {"house_number_not_found"}),
    # A house behind the name of what is there, but none behind a landmark
    (f"Saigon Pearl 27 Phố Láng{IN_LANG}", ["27 Láng"], "household", {"unread_words"}),
    (f"Saigon Pearl 11 Nguyễn Trãi{IN_LANG}", ["11 Nguyễn Trãi Hạ"], "household", set()),
    (f"cột điện 11 Nguyễn Trãi{IN_LANG}", [], "commune", set()),
    ("khong phai 11 nguyen trai, phuong lang, ha noi", [], "commune", set()),
    # Numbers of one house are no Plus Code
    (f"27+29 Láng{IN_LANG}", [], "street", {"house_number_not_found"}),
    # Two writings of one name
    (
        f"55 CMT8{IN_LANG}",
        ["55 Cách Mạng Tháng 8", "55 Cách Mạng Tháng Tám"],
        "household",
        {"ambiguous"},
    ),
    (f"55 Cách Mạng Tháng Tám{IN_LANG}", ["55 Cách Mạng Tháng Tám"], "household", set()),
    # A number behind a block of flats may be one in it
    (f"chung cư Hoa Sen lô A 27 Phố Láng{IN_LANG}", ["27 Láng"], "household", {"building_unsure"}),
    # Units that are written are read before an abbreviation for one elsewhere
    ("43 P. Hưng Phúc, Yên Sở, Hai Bà Trưng, Hà Nội", [], "province", {"street_not_found"}),
    # Another number is never passed off as the one asked for
    (f"28 Láng{IN_LANG}", [], "street", {"house_number_not_found"}),
    (f"27A Láng{IN_LANG}", [], "street", {"house_number_not_found"}),
    (f"2 Láng{IN_LANG}", [], "street", {"house_number_not_found"}),
    (f"12/34/6 Láng{IN_LANG}", [], "alley", {"house_number_not_found"}),
    (f"ngách 34 ngõ 12 Láng{IN_LANG}", [], "alley", set()),
    # A house by the word for its alley, where no such alley is known; no alley off the street
    (f"ngõ 12/34/7 Láng{IN_LANG}", ["12/34/7 Láng"], "household", {"alley_unsure"}),
    (f"ngõ 12/34 Láng{IN_LANG}", [], "alley", set()),
    (f"ngõ 12/99 Láng{IN_LANG}", [], "street", {"house_number_not_found"}),
    (f"ngõ 5/3 Láng{IN_LANG}", [], "street", {"house_number_not_found"}),
    (f"ngõ 27 Láng{IN_LANG}", [], "street", {"house_number_not_found"}),
    # All groups of a number, as it is suggested while it is typed
    ("Tổ 7, ", [], "locality", {"ambiguous", "commune_missing"}),
    (f"Tổ 7{IN_LANG}", [], "locality", {"ambiguous"}),
    (f"12 Láng{IN_LANG}", [], "street", {"house_number_not_found"}),
    (f"Phố Láng{IN_LANG}", [], "street", {"house_number_missing"}),
    (f"60 Chùa Láng{IN_LANG}", [], "street", {"house_number_not_found"}),
    (f"50 Chùa Láng{IN_LANG}", [], "street", {"house_number_not_found"}),
    # Another commune is never passed off either
    ("31 Láng, Phường Láng, Hà Nội", [], "street", {"house_number_not_found"}),
    ("129 Láng, Phường Bến Thành, Hồ Chí Minh", [], "street", {"house_number_not_found"}),
    (
        # The door of the neighbouring commune of old is told behind the street
        "27 Láng, Phường Láng Thượng, Đống Đa, Hà Nội",
        ["27 Láng"],
        "street",
        {"former_differs", "house_number_not_found"},
    ),
    (f"27 Trần Duy Hưng{IN_LANG}", [], "commune", {"street_not_found"}),
    (f"27 Láng{IN_LANG}, USA", ["27 Láng"], "household", {"other_country"}),
    (f"Số 77{IN_LANG}", ["77 alone"], "household", {"street_missing"}),
    (f"Số 78{IN_LANG}", [], "commune", {"street_missing", "house_number_not_found"}),
    # Without a commune
    ("129 Láng, Hà Nội", ["129 Láng"], "household", {"commune_missing"}),
    ("129 Láng", ["129 Láng"], "household", {"commune_missing", "province_missing"}),
    ("27 Láng", ["27 Láng", "27 Láng HCM"], "household", {"ambiguous"}),
    # Units without a comma, where nothing is found otherwise
    ("129 lang dong da", ["129 Láng"], "household", {"commune_missing"}),
    ("27 lang ben thanh", ["27 Láng HCM"], "household", {"province_supposed"}),
    ("phuong lang ha noi 27 lang", ["27 Láng"], "household", set()),
    ("quán cà phê gần cầu Rồng Đà Nẵng", [], "province", {"commune_missing"}),
    ("khu 95 thị trấn Nào Đó Phường Láng Hà Nội", [], "commune", {"unread_words"}),
    ("27 lang hn", ["27 Láng"], "household", {"commune_missing"}),
    # A name that ends like a kind of unit
    ("thon 2 xa huong xa ha hoa phu tho", [], "commune", {"locality_not_found"}),
    # Another door before the door
    (f"7 Chùa Láng, 27 Láng{IN_LANG}", ["27 Láng"], "household", {"second_number"}),
    # `p` is a ward, unless there is a street of its name
    ("15, tổ 9, p Trảng Dài, Biên Hòa, Đồng Nai", [], "commune", {"house_number_not_found"}),
    # Equal names that met in one commune
    (
        f"9 Nguyễn Trãi{IN_LANG}",
        ["9 Nguyễn Trãi Hạ", "9 Nguyễn Trãi Thượng"],
        "household",
        {"ambiguous"},
    ),
    ("9 Nguyễn Trãi, Láng Thượng, Đống Đa, Hà Nội", ["9 Nguyễn Trãi Thượng"], "household", set()),
    (f"11 Nguyễn Trãi{IN_LANG}", ["11 Nguyễn Trãi Hạ"], "household", set()),
    # Diacritics count where they are typed
    (f"4 Hàng Bà{IN_LANG}", ["4 Hàng Bà"], "household", set()),
    ("4 hang ba, phuong lang, ha noi", ["4 Hàng Bà", "4 Hàng Ba"], "household", {"ambiguous"}),
    # Slips
    (
        f"9 Nguyễn Trải{IN_LANG}",
        ["9 Nguyễn Trãi Hạ", "9 Nguyễn Trãi Thượng"],
        "household",
        {"accents_differ", "ambiguous"},
    ),
    (
        "11 nguyen traii, phuong lang, ha noi",
        ["11 Nguyễn Trãi Hạ"],
        "household",
        {"street_corrected"},
    ),
    (f"27 Phố Lángg{IN_LANG}", ["27 Láng"], "household", {"street_corrected"}),
    (f"5 Lê Thánh Tnôg{IN_LANG}", ["5 Lê Thánh Tông"], "household", {"street_corrected"}),
    (f"5 Nguyễn Thị Địnhj{IN_LANG}", ["5 Nguyễn Thị Định"], "household", {"street_corrected"}),
    (f"5 Lê Thánh Tôngq{IN_LANG}", ["5 Lê Thánh Tông"], "household", {"street_corrected"}),
    (f"5 Lê Thánh hTông{IN_LANG}", ["5 Lê Thánh Tông"], "household", {"street_corrected"}),
    (f"11 Nguyễn rTãi{IN_LANG}", ["11 Nguyễn Trãi Hạ"], "household", set()),
    (f"11 Nguyễn rãi{IN_LANG}", ["11 Nguyễn Trãi Hạ"], "household", {"street_corrected"}),
    (f"5 Nguyễn hTị Định{IN_LANG}", ["5 Nguyễn Thị Định"], "household", set()),
    # A famous name with one letter wrong, that may be another name: a door, but asked about
    (f"5 Trần Pú{IN_LANG}", ["5 Trần Phú"], "household", {"street_corrected", "street_unsure"}),
    (f"7 Trần Pú{IN_LANG}", [], "commune", {"street_not_found"}),
    # One person, written in two ways
    (f"5 Ngô Thời Nhiệm{IN_LANG}", ["5 Ngô Thì Nhậm"], "household", SAME_PERSON),
    (f"5 ngo thoi nhiem{IN_LANG}", ["5 Ngô Thì Nhậm"], "household", SAME_PERSON),
    (f"7 Ngô Thời Nhiệm{IN_LANG}", [], "commune", {"street_not_found"}),
    (f"5 Lê Thánh Tôn{IN_LANG}", [], "commune", {"street_not_found"}),
    (f"Số 5A, ngáhc 34, ngõ 12 Láng{IN_LANG}", ["12/34/5A Láng"], "household", SLIP),
    (f"Số 5A, ngách 34, gnõ 12 Láng{IN_LANG}", ["12/34/5A Láng"], "household", SLIP),
    (f"27 Phpố Láng{IN_LANG}", ["27 Láng"], "household", SLIP),
    (f"Số 8, Thnô 3{IN_LANG}", ["8 Thôn 3"], "household", SLIP),
    (f"Số 6, Tổ 7, Khku phố 2{IN_LANG}", ["6 Tổ 7 Khu phố 2"], "household", SLIP),
    (f"Cnă hộ 1205 CT1, 1 Huỳnh Thúc Kháng{IN_LANG}", ["flat 1205"], "household", SLIP),
    ("27 Láng, Phường Láng Hja, Đống Đa, Hà Nội", ["27 Láng"], "household", {"unit_corrected"}),
    (
        f"5 nguyễn thi minh khai{IN_LANG}",
        ["5 Nguyễn Thị Minh Khai"],
        "household",
        {"accents_differ"},
    ),
    (
        f"5 nguyên thị minh khai{IN_LANG}",
        ["5 Nguyễn Thị Minh Khai"],
        "household",
        {"accents_differ"},
    ),
    # A name that looks like a registered one is another street
    (f"5 Lê Thánh Tôn{IN_LANG}", [], "commune", {"street_not_found"}),
    (f"5 Nguyễn Thị Đành{IN_LANG}", [], "commune", {"street_not_found"}),
    (f"5 Quảng Trung{IN_LANG}", [], "commune", {"street_not_found"}),
    (f"4 Hàng Bạ{IN_LANG}", [], "commune", {"street_not_found"}),
    (f"Số 5A, ngáhc 35, ngõ 12 Láng{IN_LANG}", [], "alley", {"house_number_not_found"}),
    # One of several communes of the name; which has other streets that nobody registered
    (
        "3 Quán Sứ, Phường Quang Trung, Hà Nội",
        ["3 Quán Sứ"],
        "household",
        {"commune_unsure"},
    ),
    (
        "5 Quán Sứ, Phường Quang Trung, Hà Nội",
        [],
        "street",
        {"commune_unsure", "commune_undecided"},
    ),
    ("3 Quán Sứ, Quang Trung", ["3 Quán Sứ"], "household", {"commune_unsure", "province_missing"}),
    # A district of old that holds a part of the commune, and the street in another part
    ("9 Nguyễn Trãi, Quận Ba Đình, Hà Nội", [], "province", {"street_not_found"}),
    # The number behind the street, which may belong to its name
    (f"Nguyễn Trãi 11{IN_LANG}", ["11 Nguyễn Trãi Hạ"], "household", {"number_behind_street"}),
    (f"đường Láng 27{IN_LANG}", ["27 Láng"], "household", {"number_behind_street"}),
    ("nguyen trai 11 phuong lang ha noi", ["11 Nguyễn Trãi Hạ"], "household", set()),
    (f"Nguyễn Trãi 12{IN_LANG}", [], "street", {"house_number_not_found"}),
    (f"Hoàng Cầu 2{IN_LANG}", [], "street", {"house_number_missing"}),
    # A letter behind the number, or a đường
    (f"27 D Láng{IN_LANG}", ["27 Láng"], "household", {"letter_unsure"}),
    ("27 d lang, phuong lang, ha noi", ["27 Láng"], "household", {"letter_unsure"}),
    (f"27 Đ Láng{IN_LANG}", ["27 Láng"], "household", set()),
    # A commune that nobody knows, and the ward next door
    ("129 Láng, Phường Không Có, Hà Nội", [], "street", {"commune_unknown"}),
    (
        "129 Láng, Phường Quang Trung, Quận Đống Đa, Hà Nội",
        [],
        "commune",
        {"commune_contradicted", "ambiguous"},
    ),
    # Flats
    (f"Căn hộ 1205 CT1, 1 Huỳnh Thúc Kháng{IN_LANG}", ["flat 1205"], "household", set()),
    (f"1 Huỳnh Thúc Kháng{IN_LANG}", ["CT1"], "building", {"flat_missing"}),
    (f"Toà CT1, Huỳnh Thúc Kháng{IN_LANG}", ["CT1"], "building", {"flat_missing"}),
    (f"Căn hộ 1207 CT1, 1 Huỳnh Thúc Kháng{IN_LANG}", ["CT1"], "building", {"flat_not_found"}),
    (f"Căn hộ 1206, 1 Huỳnh Thúc Kháng{IN_LANG}", ["flat 1206"], "household", set()),
    (f"Căn hộ 1205 CT2, 1 Huỳnh Thúc Kháng{IN_LANG}", [], "street", {"building_not_found"}),
    # A block and a flat in one mark, or apart
    (f"Căn hộ A311, 20 Hàng Khay{IN_LANG}", ["311 A"], "household", set()),
    (f"Căn A-311, 20 Hàng Khay{IN_LANG}", ["311 A"], "household", set()),
    (f"Căn hộ A401, 20 Hàng Khay{IN_LANG}", ["block A", "block B"], "building", {"flat_not_found"}),
    (f"Toà A căn 202, 30 Hàng Khay{IN_LANG}", ["A202"], "household", set()),
    (f"Căn hộ B-202, 30 Hàng Khay{IN_LANG}", ["B202"], "household", set()),
    (f"Căn hộ B202, 30 Hàng Khay{IN_LANG}", ["B202"], "household", set()),
    (f"Căn A202, 32 Hàng Khay{IN_LANG}", ["32 A 202"], "household", set()),
    (f"A1306, 32 Hàng Khay{IN_LANG}", ["32 A1 306"], "household", set()),
    (f"Căn A1306, 32 Hàng Khay{IN_LANG}", ["32 A1 306"], "household", set()),
    (
        f"Căn A1305, 32 Hàng Khay{IN_LANG}",
        ["32 A 1305", "32 A1 305"],
        "household",
        {"ambiguous"},
    ),
    (f"Toà A1 căn 305, 32 Hàng Khay{IN_LANG}", ["32 A1 305"], "household", set()),
    (f"Toà A căn 1305, 32 Hàng Khay{IN_LANG}", ["32 A 1305"], "household", set()),
    # A flat, its block and the house without commas
    (
        f"P703 chung cư Hàng Đậu số 17 Hàng Khay{IN_LANG}",
        ["703 Chung cư Hàng Đậu"],
        "household",
        set(),
    ),
    (f"301 chung cư Sông Xanh đường Huỳnh Thúc Kháng{IN_LANG}", ["flat 301"], "household", set()),
    # A hamlet by its name alone
    (f"14 Đông Hòa{IN_LANG}", ["14 Thôn Đông Hòa"], "household", {"street_not_found"}),
    (f"14 dong hoa{IN_LANG}", ["14 Thôn Đông Hòa"], "household", {"street_not_found"}),
    (f"14 Đông Hoa{IN_LANG}", [], "commune", {"street_not_found"}),
    (f"14 đường Đông Hòa{IN_LANG}", [], "commune", {"street_not_found"}),
    (f"Đông Hòa 14{IN_LANG}", [], "commune", {"street_not_found"}),
    # Hamlets
    (f"Số 8, Thôn 3{IN_LANG}", ["8 Thôn 3"], "household", set()),
    (f"Thôn 3{IN_LANG}", [], "locality", set()),
    (f"Số 9, Thôn 3{IN_LANG}", [], "locality", {"house_number_not_found"}),
    (f"Số 6, Tổ 7, Khu phố 2{IN_LANG}", ["6 Tổ 7 Khu phố 2"], "household", set()),
    (f"Số 6, Tổ 7{IN_LANG}", ["6 Tổ 7 Khu phố 1", "6 Tổ 7 Khu phố 2"], "household", {"ambiguous"}),
    (f"Số 6, Tổ 7, Khu phố 3{IN_LANG}", [], "commune", {"locality_not_found"}),
    (f"Tổ 7, Khu phố 3{IN_LANG}", [], "commune", {"locality_not_found"}),
    (f"Số 8, Đường Lạ Hoắc, Thôn 3{IN_LANG}", [], "locality", {"street_not_found"}),
    # The past
    (f"40 Chùa Láng{IN_LANG}", ["40B"], "household", {"retired"}),
    (f"40B Chùa Láng{IN_LANG}", ["40B"], "household", set()),
    # Units alone
    ("Phường Láng, Hà Nội", [], "commune", set()),
    ("Hà Nội", [], "province", set()),
]


@pytest.mark.parametrize(("text", "doors", "level", "faults"), ASKED, ids=[a[0] for a in ASKED])
def test_address_is_answered_as_far_as_it_is_sure(
    world: World, text: str, doors: list[str], level: str, faults: set[str]
) -> None:
    found = ask(world, text)
    assert {name for name in names(world, found) if name} == set(doors)
    assert found[0].level == level
    assert faults <= set(found[0].faults)
    if "ambiguous" in faults:
        assert all(answer.confidence <= 0.5 for answer in found)
    if not faults and doors:
        assert found[0].confidence >= 0.95


def test_no_question_is_answered_by_a_wrong_door(world: World) -> None:
    """Right, wrong and abstained over the whole table; wrong is what must not be."""
    counted: Counter[str] = Counter()
    for text, doors, _, _ in ASKED:
        found = {name for name in names(world, ask(world, text)) if name}
        wrong = found - set(doors)
        counted["wrong" if wrong else "right" if found else "abstained"] += 1
    assert counted["wrong"] == 0, counted
    assert counted["right"] == sum(bool(doors) for _, doors, _, _ in ASKED), counted


def test_code_answers_in_any_writing(world: World) -> None:
    code = world.codes["27 Láng"]
    for text in (code, codes.format(code).lower(), codes.spoken(code), f"mã {code}", f"#{code}"):
        assert names(world, ask(world, text)) == ["27 Láng"], text


def test_link_of_a_plate_answers_as_its_code(world: World) -> None:
    code = codes.format(world.codes["27 Láng"])
    for host in ("https://diachi.example", "http://192.168.1.20:8000", f"https://{'x' * 60}.vn"):
        for end in ("", "/", "?report=thanks#report"):
            assert names(world, ask(world, f"{host}/a/{code.lower()}{end}")) == ["27 Láng"], host
    assert names(world, ask(world, f"giao https://diachi.example/a/{code} nhé")) == ["27 Láng"]
    found = ask(world, f"https://diachi.example/a/{code}, 129 Láng{IN_LANG}")
    assert all("code_contradicts_text" in answer.faults for answer in found)
    assert ask(world, f"https://diachi.example/b/{code}") == []


def test_code_that_is_said_in_words_answers(world: World) -> None:
    digits = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]
    code = world.codes["27 Láng"]
    said = " ".join(digits[int(digit)] for digit in codes.spoken(code))
    plain = unicodedata.normalize("NFD", said).encode("ascii", "ignore").decode()
    for text in (said, said.capitalize(), plain, f"mã địa chỉ số {said}", said.replace(" ", ", ")):
        assert names(world, ask(world, text)) == ["27 Láng"], text
    # Ten of them are no code, and no address.
    assert ask(world, said.rpartition(" ")[0]) == []


def test_code_inside_a_text_answers_where_nothing_contradicts_it(world: World) -> None:
    code = codes.format(world.codes["27 Láng"])
    for text in (f"giao {code}", f"{code}, 27 Láng{IN_LANG}", f"{code} Phường Láng, Hà Nội"):
        assert names(world, ask(world, text)) == ["27 Láng"], text


def test_door_of_another_former_commune_is_told_last_and_never_as_the_one_asked_for(
    world: World,
) -> None:
    text = "27 Láng, Phường Láng Thượng, Đống Đa, Hà Nội"
    for near in (None, LANG):
        street, door = ask(world, text, near=near)
        assert (street.level, world.name_of(door.record and door.record.code)) == (
            "street",
            "27 Láng",
        )
        assert {"former_differs", "commune_contradicted"} <= set(door.faults)
        assert door.confidence < 0.5
    coded = ask(world, f"{codes.format(world.codes['27 Láng'])}, {text}")
    assert all("code_contradicts_text" in answer.faults for answer in coded)
    # Nowhere in the commune of today
    assert names(world, ask(world, text.replace("27", "28"))) == [None]
    # Nor one of its numbers, 131 of 131-133
    assert names(world, ask(world, text.replace("27", "131"))) == [None]
    asked = Question(text.replace("27", "131"))
    assert validate(world.gazetteer, world.reads, asked).code is None


def test_code_that_contradicts_the_text_is_a_fault_and_no_answer(world: World) -> None:
    code = codes.format(world.codes["27 Láng"])
    for text in (f"{code}, 129 Láng{IN_LANG}", f"{code}, 8 đường 30/4, Bến Thành, HCM"):
        found = ask(world, text)
        assert "27 Láng" not in names(world, found), text
        assert all("code_contradicts_text" in answer.faults for answer in found)


def test_code_of_a_flat_agrees_with_the_address_of_its_building(world: World) -> None:
    code = codes.format(world.codes["flat 1205"])
    found = ask(world, f"{code}, 1 Huỳnh Thúc Kháng{IN_LANG}")
    assert names(world, found) == ["flat 1205"]


def test_number_ranges_and_telephones_are_no_codes(world: World) -> None:
    for text in ("9448-9456 Hẻm 94 Láng", f"84912345678 27 Láng{IN_LANG}"):
        assert all("code_contradicts_text" not in a.faults for a in ask(world, text))


def test_retired_code_leads_on_and_restricted_one_is_silent(world: World) -> None:
    (answer,) = ask(world, world.codes["40 retired"])
    assert (names(world, [answer]), answer.faults) == (["40B"], ("retired",))
    for name in ("50 restricted", "reserved", "60 gone"):
        assert ask(world, world.codes[name]) == []


def test_coordinates_and_plus_codes_are_answered_by_the_nearest_door(world: World) -> None:
    lon, lat = LANG
    for text in (f"{lat}, {lon}", f"{lon} {lat}"):
        assert names(world, ask(world, text, limit=1)) == ["27 Láng"], text
    (answer,) = ask(world, "7PH72RC4+CC", limit=1)
    assert (answer.distance_m or 0) < 20
    (beside,) = ask(world, "2RC4+CC Hà Nội", limit=1)
    assert beside.record == answer.record
    # The nearest such area is in another province: no answer is better than a wrong one.
    assert [far.level for far in ask(world, "2RC4+CC Bắc Ninh")] == ["province"]


def test_commune_by_its_code_is_kept_beside_units_that_do_not_hold_it(world: World) -> None:
    for province in ("79", "Hồ Chí Minh", None):
        for text in ("27 Láng", None):
            door = {} if text else {"house_number": "27", "street": "Láng"}
            asked = Components(commune="00199", province=province, **door)
            found = geocode(world.gazetteer, world.reads, Question(text, components=asked))
            assert names(world, found) == ["27 Láng"], (province, text)
            assert ("province_contradicted" in found[0].faults) is (province is not None)


def test_code_and_point_are_read_beside_columns_of_units(world: World) -> None:
    code, (lon, lat) = world.codes["27 Láng"], LANG
    digits = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]
    spoken = codes.spoken(code)
    said = " ".join(digits[int(digit)] for digit in spoken)
    for text in (code, codes.format(code), spoken, said, f"{lat}, {lon}", f"{lon} {lat}"):
        for province, other in (("Hà Nội", False), ("TP HCM", True), (None, False)):
            asked = Question(text, components=Components(province=province), limit=1)
            (found,) = geocode(world.gazetteer, world.reads, asked)
            doubted = {"province_contradicted", "code_contradicts_text"} & set(found.faults)
            assert bool(doubted) is other, (text, province)
            if not other:
                assert names(world, [found]) == ["27 Láng"], (text, province)
    unknown = codes.spoken(codes.from_serial(87_654_321))
    asked = Question(unknown, components=Components(province="Hà Nội"))
    assert validate(world.gazetteer, world.reads, asked).reason == "code_unknown"


def test_components_are_answered_like_their_text(world: World) -> None:
    asked = Components(
        house_number="Số 5A, ngách 34, ngõ 12",
        street="Láng",
        commune="Phường Láng Hạ",
        district="Đống Đa",
        province="Hà Nội",
    )
    found = geocode(world.gazetteer, world.reads, Question(components=asked))
    assert names(world, found) == ["12/34/5A Láng"]
    flat = Components(
        unit="1205", building="CT1", street="Huỳnh Thúc Kháng", commune="Láng", province="Hà Nội"
    )
    found = geocode(world.gazetteer, world.reads, Question(components=flat))
    assert names(world, found) == ["flat 1205"]


def test_within_is_binding_and_near_only_orders(world: World) -> None:
    assert names(world, ask(world, "27 Láng", within="79")) == ["27 Láng HCM"]
    assert names(world, ask(world, "27 Láng", within="00199")) == ["27 Láng"]
    assert ask(world, "27 Láng, Phường Láng, Hà Nội", within="79") == []
    there = ask(world, "27 Láng", near=LANG)
    assert names(world, there)[0] == "27 Láng"
    assert there[0].confidence <= 0.5


def test_group_of_another_hamlet_than_the_one_named_is_another_place(world: World) -> None:
    for hamlet, level in (("Khu phố 1", "household"), ("Ấp 1", "household"), ("Ấp 5", "commune")):
        question = Question(f"Số 6, Tổ 7, {hamlet}{IN_LANG}")
        found = geocode(world.gazetteer, world.reads, question)
        assert found[0].level == level, hamlet


def test_group_without_its_hamlet_and_another_province_are_told(world: World) -> None:
    for text, fault in (
        (f"3 Xóm 1{IN_LANG}", "locality_missing"),
        (f"4 Tổ 9, Thôn Hạ Đồng{IN_LANG}", "locality_differs"),
        (f"8 Tổ 2, Thôn 3{IN_LANG}", "locality_not_found"),
        ("27 Láng, Phường Láng, Hải Phòng", "province_contradicted"),
    ):
        (answer,) = ask(world, text)
        assert answer.record is not None
        assert fault in answer.faults
        assert answer.confidence <= 0.9


def test_commune_called_as_a_district_was_stands_behind_the_province_that_is_sure(
    world: World,
) -> None:
    found = ask(world, "Ba Đình, Hà Nội")
    assert [(one.level, one.unit and one.unit.code) for one in found] == [
        ("province", "01"),
        ("commune", "00004"),
    ]
    assert all("ambiguous" in one.faults for one in found)


def test_what_a_district_became_stands_behind_its_province(world: World) -> None:
    first, *others = ask(world, "Quận Ba Đình, Hà Nội")
    assert (first.level, "ambiguous" in first.faults) == ("province", False)
    assert {one.level for one in others} == {"commune"}
    assert "00004" in {one.unit and one.unit.code for one in others}
    assert all({"commune_undecided", "ambiguous"} <= set(one.faults) for one in others)


def test_communes_of_a_name_without_a_province_are_told_themselves(world: World) -> None:
    found = ask(world, "Xã Tân Tiến")
    assert len(found) > 1
    for one in found:
        assert one.level == "commune"
        assert one.unit is not None
        assert one.unit.version_on(today()).name == "Tân Tiến"
        assert {"commune_undecided", "ambiguous"} <= set(one.faults)


def test_group_that_only_a_number_tells_leaves_the_commune_undecided(world: World) -> None:
    (door,) = ask(world, "8 Thôn 3, Hà Nội")
    assert {"commune_missing", "commune_undecided"} <= set(door.faults)
    (door,) = ask(world, f"8 Thôn 3{IN_LANG}")
    assert "commune_undecided" not in door.faults


def test_explanation_tells_what_was_read_and_tried(world: World) -> None:
    text = f"Số 5A, ngáhc 34, ngõ 12 Láng{IN_LANG}"
    located = locate(world.gazetteer, world.reads, Question(text))
    assert [tried.text for tried in located.tried] == [text, text.replace("ngáhc", "ngách")]
    tried = located.tried[-1]
    assert located.reading == tried.reading
    assert tried.reading.door.house_number is not None
    assert tried.reading.door.house_number.key == "12/34/5A"
    assert names(world, list(tried.answers)) == ["12/34/5A Láng"]


def test_words_that_were_not_understood_are_told(world: World) -> None:
    (answer,) = ask(world, f"27 Láng, asdf qwer{IN_LANG}")
    assert names(world, [answer]) == ["27 Láng"]
    assert "unread_words" in answer.faults
    for text in (f"27 Láng{IN_LANG}, Việt Nam", f"27 Láng{IN_LANG} 100000"):
        assert "unread_words" not in ask(world, text)[0].faults, text


def test_name_of_a_commune_that_is_elsewhere_is_told(world: World) -> None:
    """It may be a ward that was merged before anybody's list, or a slip of the writer."""
    for text, told in (
        ("27 Láng, Thuận Thành, Hà Nội", True),
        ("27 Láng, Sunshine, Hà Nội", False),
        (f"27 Láng, Thuận Thành{IN_LANG}", False),
    ):
        (answer,) = ask(world, text)
        assert names(world, [answer]) == ["27 Láng"], text
        assert ("commune_elsewhere" in answer.faults) is told, text


def test_limit_is_kept(world: World) -> None:
    assert len(ask(world, "27 Láng", limit=1)) == 1
    assert "ambiguous" in ask(world, "27 Láng", limit=1)[0].faults


@pytest.mark.parametrize(
    "text", ["", " ", "!?…", "x", "漢字 العربية", "'; DROP TABLE household; --"]
)
def test_nonsense_is_an_honest_nothing(world: World, text: str) -> None:
    assert all(answer.record is None for answer in ask(world, text))


@pytest.mark.parametrize("text", ["x" * 10_000, "a\0b"])
def test_impossible_text_is_refused(world: World, text: str) -> None:
    with pytest.raises(InvalidInputError):
        ask(world, text)


LONG = (
    *("a" * 2_000, "1" * 2_000, "ng" * 250, "12/" * 600, "III IV V X " * 180, "P." * 1_000),
    *("," * 300, "a," * 300, "Phường Láng, " * 150, "12 Láng Phường Láng Hà Nội " * 70),
    *("a" + "\u0301" * 1_999, "Ả\u0302\u0301 " * 400, "😀" * 500, "12 Лесная 東京 شارع Láng " * 60),
)


@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
def test_long_and_odd_texts_get_an_answer(world: World, text: str) -> None:
    found = validate(world.gazetteer, world.reads, Question(text))
    assert found.code is None
    (batched,) = together(world.reads, [validating(world.gazetteer, Question(text))])
    assert batched == found


_WORDS = "27 12/34 Láng Phố Nguyễn Phường Hà Nội ngõ Số , . - Quận Thôn 3 CT1 căn hộ @ % ' \\"
WORDS = st.lists(st.sampled_from(_WORDS.split(" ")), max_size=14).map(" ".join)


@settings(max_examples=examples(25, 150), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.text(st.characters(exclude_characters="\0"), max_size=80), WORDS))
def test_no_text_breaks_the_search(world: World, text: str) -> None:
    for answer in ask(world, text):
        assert 0 <= answer.confidence <= 1


def test_archipelago_alone_comes_before_the_streets_of_its_name(world: World) -> None:
    with session_scope(world.engine) as session:
        unit = next(u for u in world.gazetteer.with_code("26743") if u.ended is None)
        street = make_street(
            session, unit_id=unit.id, name="Trường Sa", kind="đường", key="truong sa"
        )
        make_household(
            session,
            house_number="5",
            house_number_key="5",
            unit_id=unit.id,
            street_id=street,
        )
    first, second = ask(world, "Trường Sa")
    assert first.unit is not None
    assert (first.level, first.unit.code) == ("commune", "22736")
    assert (second.level, second.parts.street_name) == ("street", "Trường Sa")
    assert "ambiguous" in first.faults
    assert "ambiguous" in second.faults
    (door,) = ask(world, "5 Trường Sa")
    assert door.level == "household"


def test_province_alone_comes_before_a_street_of_its_name_in_another_one(world: World) -> None:
    with session_scope(world.engine) as session:
        unit = next(u for u in world.gazetteer.with_code("27163") if u.ended is None)
        for name in ("Hà Nội", "Đà Nẵng"):
            street = make_street(session, unit_id=unit.id, name=name, kind="đường", key=fold(name))
            make_household(
                session,
                house_number="5",
                house_number_key="5",
                unit_id=unit.id,
                street_id=street,
            )
    for text, code in (("Hà Nội", "01"), ("ha noi", "01"), ("Đà Nẵng, Việt Nam", "48")):
        first, second = ask(world, text)
        assert first.unit is not None
        assert (first.level, first.unit.code) == ("province", code), text
        assert second.level == "street"
        (door,) = ask(world, f"5 {text.partition(',')[0]}, Phường Hòa Hưng")
        assert door.level == "household"


def test_flat_without_its_building_is_no_answer_to_the_number_of_the_tower(world: World) -> None:
    with session_scope(world.engine) as session:
        unit = next(u for u in world.gazetteer.with_code("26743") if u.ended is None)
        street = make_street(
            session, unit_id=unit.id, name="Điện Biên Phủ", kind="đường", key="dien bien phu"
        )
        flat = make_household(
            session,
            unit_id=unit.id,
            street_id=street,
            house_number="720A",
            house_number_key="720A",
            building_name="Landmark 2",
            building_key="landmark 2",
            unit_number="1205",
        )
    here = "720A Điện Biên Phủ, Phường Bến Thành, TP HCM"
    for text in (here, f"toà Landmark 2, {here}"):
        (answer,) = ask(world, text)
        assert (answer.level, answer.record) == ("street", None), text
        assert "flat_missing" in answer.faults
        verdict = validate(world.gazetteer, world.reads, Question(text))
        assert (verdict.verdict, verdict.code) == ("complete", None)
        assert verdict.question is not None
        assert verdict.question.code == "ask_flat"
        assert "720A Đường Điện Biên Phủ" in verdict.question.text
    (door,) = ask(world, f"Căn hộ 1205, {here}")
    assert door.record is not None
    assert door.record.code == flat


@pytest.mark.parametrize(
    ("text", "door"),
    [
        ("No. 5A, Alley 34, Lane 12, Lang Street, Lang Ward, Ha Noi", "12/34/5A Láng"),
        ("14 Dong Hoa Hamlet, Lang Ward, Ha Noi", "14 Thôn Đông Hòa"),
        ("8 Hamlet 3, Lang Ward, Ha Noi", "8 Thôn 3"),
        ("8, Village 3, Lang Ward, Hanoi", "8 Thôn 3"),
        ("27 Lang Street, Lang Ha, District Dong Da, Hanoi", "27 Láng"),
        ("27 Lang Street, Ward Lang Ha, District Dong Da, Hanoi", "27 Láng"),
    ],
)
def test_kinds_in_english_are_read_before_a_name_and_behind(
    world: World, text: str, door: str
) -> None:
    (found,) = ask(world, text)
    assert names(world, [found]) == [door]
    assert set(found.faults) <= {"commune_former"}


def test_lane_is_no_village(world: World) -> None:
    for text in ("Lane 45, Lang Street, Lang Ward, Ha Noi", "123 My Hung Hamlet, Lang Ward, Hanoi"):
        for answer in ask(world, text):
            assert "spelling_corrected" not in answer.faults, text
            assert answer.parts.localities == (), text


def test_mistyped_code_alone_gets_the_codes_that_it_may_be(world: World) -> None:
    code = world.codes["27 Láng"]
    found = locate(world.gazetteer, world.reads, Question(swapped(code)))
    assert found.answers == []
    assert found.meant is not None
    assert (found.meant.reason, code in found.meant.suggestions) == ("code_mistyped", True)
    for text in (code, "thon 12345", "28 Láng, Phường Láng, Hà Nội"):
        assert locate(world.gazetteer, world.reads, Question(text)).meant is None


def test_whole_code_that_leads_nowhere_says_why(world: World) -> None:
    unknown = codes.from_serial(87_654_321)
    for text in (unknown, f"mã {codes.format(unknown)}", world.codes["50 restricted"]):
        found = locate(world.gazetteer, world.reads, Question(text))
        assert (found.answers, found.meant) == ([], MeantCode("code_unknown")), text
    # A door that lies elsewhere is registered all the same.
    elsewhere = Question(world.codes["27 Láng"], within="79")
    assert locate(world.gazetteer, world.reads, elsewhere).meant is None


def test_number_tells_in_which_part_of_a_split_commune_a_street_goes_on(
    admin_url: str, worker_id: str
) -> None:
    """Tân Kiên went to Tân Tạo and Tân Nhựt: by range, by side, and never where that is unclear."""
    with search_world(admin_url, f"geocode_split_{worker_id}") as world:
        communes = {
            "Tân Tạo": unit_named(world.gazetteer, "Phường Tân Tạo", "27457").id,
            "Tân Nhựt": unit_named(world.gazetteer, "Xã Tân Nhựt", "27595").id,
        }
        doors = {
            "Nguyễn Cửu Phú": {"Tân Tạo": ("1", "2", "48", "51/3"), "Tân Nhựt": ("60", "151")},
            "Hưng Nhơn": {"Tân Tạo": ("1", "99"), "Tân Nhựt": ("2", "98")},
            "Trần Đại Nghĩa": {"Tân Tạo": ("1", "99"), "Tân Nhựt": ("31", "81")},
        }
        with session_scope(world.engine) as session:
            for street, parts in doors.items():
                for commune, numbers in parts.items():
                    unit = communes[commune]
                    road = make_street(session, unit_id=unit, name=street, key=fold(street))
                    for number in numbers:
                        make_household(
                            session,
                            unit_id=unit,
                            street_id=road,
                            house_number=number,
                            house_number_key=number,
                        )

        def where(street: str) -> tuple[set[str], bool]:
            found = ask(world, f"{street}, Xã Tân Kiên, Huyện Bình Chánh, TP HCM")
            assert {answer.level for answer in found} == {"street"}
            held = {
                name for a in found for name, i in communes.items() if a.unit and a.unit.id == i
            }
            return held, all("commune_by_number" in answer.faults for answer in found)

        assert where("47 Nguyễn Cửu Phú") == ({"Tân Tạo"}, True)
        assert where("47/2 Nguyễn Cửu Phú") == ({"Tân Tạo"}, True)
        assert where("36 Hưng Nhơn") == ({"Tân Nhựt"}, True)
        assert where("37 Hưng Nhơn") == ({"Tân Tạo"}, True)
        for unclear in ("99 Nguyễn Cửu Phú", "54 Nguyễn Cửu Phú", "47 Trần Đại Nghĩa"):
            assert where(unclear) == (set(communes), False)


def test_street_of_another_former_commune_tells_no_part_of_a_split_one(
    admin_url: str, worker_id: str
) -> None:
    """Mỹ Đình 2 went to Từ Liêm and Cầu Giấy: what was in Yên Hòa is known to be another's."""
    with search_world(admin_url, f"geocode_others_{worker_id}") as world:
        cau_giay = unit_named(world.gazetteer, "Phường Cầu Giấy", "00166").id
        yen_hoa = unit_named(world.gazetteer, "Phường Yên Hòa", "00175").id
        with session_scope(world.engine) as session:
            here = {"unit_id": cau_giay, "former_unit_id": yen_hoa}
            road = make_street(session, name="Nguyễn Hoàng", key="nguyen hoang", **here)
            make_household(session, street_id=road, house_number="8", house_number_key="8", **here)
        found = ask(world, "66 Nguyễn Hoàng, Mỹ Đình 2, Nam Từ Liêm")
        assert {answer.level for answer in found} == {"commune"}
        assert len(found) == 2
        assert all("ambiguous" in answer.faults for answer in found)
        street = ask(world, "66 Nguyễn Hoàng, Phường Cầu Giấy, Hà Nội")[0]
        assert street.level == "street"


def test_a_name_that_ends_like_a_kind_is_a_name(world: World) -> None:
    (found,) = ask(world, "thon 2 xa huong xa ha hoa phu tho")
    assert found.unit is not None
    assert found.unit.code == "08113"  # Yên Kỳ, which Hương Xạ is a part of today, not Hạ Hòa
    assert "unread_words" not in found.faults


def test_street_with_and_without_its_former_commune_is_one(world: World) -> None:
    """Where the door is not registered, nobody can tell them apart by what is read to him."""
    (street,) = ask(world, "99 Trùng Khánh, Phường Láng, Hà Nội")
    assert street.level == "street"
    assert street.former is not None
    assert street.former.code == "00199"  # Láng Hạ
    assert "ambiguous" not in street.faults
    both = ask(world, "40 Trùng Khánh, Phường Láng, Hà Nội")
    assert {answer.level for answer in both} == {"household"}
    assert len(both) == 2
    two = ask(world, "99 Nguyễn Trãi, Phường Láng, Hà Nội")
    assert ["ambiguous" in answer.faults for answer in two] == [True, True]
