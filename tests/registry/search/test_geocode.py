"""Addresses asked of a small register: right, abstained, and never a wrong door."""

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo import code as codes
from geo.label import LabelParts
from registry.core.batching import together
from registry.core.errors import InvalidInputError
from registry.search.answers import Answer
from registry.search.find.mistyped_codes import MeantCode
from registry.search.geocode import Components, Question, geocode, locate
from registry.search.judge.postcodes import by_postcode
from registry.search.validate import validate, validating
from registry.units import unit_by_code
from registry.units.gazetteer import today
from tests.support.factories import swapped
from tests.support.search_world import LANG, World
from tests.support.thorough import examples
from tests.support.vectors import Row, cases


def ask(world: World, text: str, **asked: object) -> list[Answer]:
    return geocode(world.gazetteer, world.reads, Question(text, **asked))  # type: ignore[arg-type]


def names(world: World, found: list[Answer]) -> list[str | None]:
    return [world.name_of(answer.record.code) if answer.record else None for answer in found]


IN_LANG = ", Phường Láng, Hà Nội"


@pytest.mark.parametrize("row", cases("geocoded"))
def test_address_is_answered_as_far_as_certain(world: World, row: Row) -> None:
    """Right or abstained, and never another door. A fault behind a dash must not be named."""
    found = ask(world, row["text"])
    doors = {door for door in row["doors"].split("; ") if door}
    assert {name for name in names(world, found) if name} == doors
    assert (found[0].level if found else "") == row["level"]
    shown = set(found[0].faults) if found else set()
    faults = {fault for fault in row["faults"].split() if not fault.startswith("-")}
    others = {fault.removeprefix("-") for fault in row["faults"].split()} - faults
    assert (faults - shown, others & shown) == (set(), set())
    if "ambiguous" in faults:
        assert all(answer.confidence <= 0.5 for answer in found)
    if doors and not faults:
        assert found[0].confidence >= 0.95


def test_code_is_answered_in_any_notation(world: World) -> None:
    code = world.codes["27 Láng"]
    for text in (code, codes.format(code).lower(), codes.spoken(code), f"mã {code}", f"#{code}"):
        assert names(world, ask(world, text)) == ["27 Láng"], text


def test_plate_link_is_answered_like_its_code(world: World) -> None:
    code = codes.format(world.codes["27 Láng"])
    for host in ("https://diachi.example", "http://192.168.1.20:8000", f"https://{'x' * 60}.vn"):
        for end in ("", "/", "?report=thanks#report"):
            assert names(world, ask(world, f"{host}/a/{code.lower()}{end}")) == ["27 Láng"], host
    assert names(world, ask(world, f"giao https://diachi.example/a/{code} nhé")) == ["27 Láng"]
    found = ask(world, f"https://diachi.example/a/{code}, 129 Láng{IN_LANG}")
    assert all("code_contradicts_text" in answer.faults for answer in found)
    assert ask(world, f"https://diachi.example/b/{code}") == []


def test_spoken_code_is_answered(world: World) -> None:
    digits = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]
    code = world.codes["27 Láng"]
    words = " ".join(digits[int(digit)] for digit in codes.spoken(code))
    plain = unicodedata.normalize("NFD", words).encode("ascii", "ignore").decode()
    for text in (
        words,
        words.capitalize(),
        plain,
        f"mã địa chỉ số {words}",
        words.replace(" ", ", "),
    ):
        assert names(world, ask(world, text)) == ["27 Láng"], text
    # Ten digits are neither a code nor an address.
    assert ask(world, words.rpartition(" ")[0]) == []


def test_code_in_a_text_is_answered_if_nothing_contradicts_it(world: World) -> None:
    code = codes.format(world.codes["27 Láng"])
    for text in (f"giao {code}", f"{code}, 27 Láng{IN_LANG}", f"{code} Phường Láng, Hà Nội"):
        assert names(world, ask(world, text)) == ["27 Láng"], text


def test_door_of_another_former_commune_is_ranked_last_and_never_accepted(
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
    # Nowhere in the current commune
    assert names(world, ask(world, text.replace("27", "28"))) == [None]
    # Nor one of its numbers, 131 of 131-133
    assert names(world, ask(world, text.replace("27", "131"))) == [None]
    asked = Question(text.replace("27", "131"))
    assert validate(world.gazetteer, world.reads, asked).code is None


def test_code_contradicting_the_text_is_a_fault_and_not_answered(world: World) -> None:
    code = codes.format(world.codes["27 Láng"])
    for text in (f"{code}, 129 Láng{IN_LANG}", f"{code}, 8 đường 30/4, Bến Thành, HCM"):
        found = ask(world, text)
        assert "27 Láng" not in names(world, found), text
        assert all("code_contradicts_text" in answer.faults for answer in found)


def test_code_of_a_flat_agrees_with_the_address_of_its_building(world: World) -> None:
    code = codes.format(world.codes["flat 1205"])
    found = ask(world, f"{code}, 1 Huỳnh Thúc Kháng{IN_LANG}")
    assert names(world, found) == ["flat 1205"]


def test_retired_code_gives_its_successor_and_restricted_one_nothing(world: World) -> None:
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


def test_point_beside_words_is_evidence(world: World) -> None:
    there = "27 Láng, Phường Láng, Hà Nội"
    lon, lat = LANG
    for written in (f"{there} {lat}, {lon}", f"({lat}, {lon}) {there}", f"{there} geo:{lat},{lon}"):
        (door,) = ask(world, written, limit=1)
        assert (names(world, [door]), door.faults) == (["27 Láng"], ()), written
    link = f"https://maps.google.com/?q={lat},{lon + 0.1}"
    (differs,) = ask(world, f"{there}, {link}", limit=1)
    assert (names(world, [differs]), differs.faults) == (["27 Láng"], ("point_contradicts_text",))
    (off,) = ask(world, f"5 Đường Không Có, Phường Láng, Hà Nội {lat - 5},{lon}")
    assert "point_contradicts_text" in off.faults


def test_plus_code_beside_words_is_evidence(world: World) -> None:
    here, far = "2RC4+CC", "2V6V+2V"
    (door,) = ask(world, f"{here}, 27 Láng, Phường Láng, Hà Nội", limit=1)
    assert (names(world, [door]), door.faults) == (["27 Láng"], ())
    (full,) = ask(world, f"7PH7{here}, 27 Láng, Phường Láng, Hà Nội", limit=1)
    assert full.record == door.record
    (differs,) = ask(world, f"{far}, 27 Láng, Phường Láng, Hà Nội", limit=1)
    assert (names(world, [differs]), differs.faults) == (["27 Láng"], ("point_contradicts_text",))
    # A street without a number: its own door at the point, and never that of another street.
    (own,) = ask(world, f"{here}, Phố Láng, Phường Láng, Hà Nội", limit=1)
    assert (own.parts.street_name, own.faults) == ("Láng", ("point_given",))
    (other,) = ask(world, f"{here}, Bạch Đằng, Phường Láng, Hà Nội", limit=1)
    assert (other.level, other.parts.street_name) == ("street", "Bạch Đằng")
    (unknown,) = ask(world, f"{here}, QL15, Phường Láng, Hà Nội", limit=1)
    assert (unknown.level, unknown.record) == ("commune", None)
    # Beside the name of another commune of the province.
    (elsewhere,) = ask(world, f"7PH7{here}, Phường Ngọc Hà, Hà Nội", limit=1)
    assert elsewhere.faults == ("point_given", "point_contradicts_text")


def test_commune_code_prevails_over_units_that_do_not_contain_it(world: World) -> None:
    for province in ("79", "Hồ Chí Minh", None):
        for text in ("27 Láng", None):
            door = {} if text else {"house_number": "27", "street": "Láng"}
            asked = Components(commune="00199", province=province, **door)
            found = geocode(world.gazetteer, world.reads, Question(text, components=asked))
            assert names(world, found) == ["27 Láng"], (province, text)
            assert ("province_contradicted" in found[0].faults) is (province is not None)


def test_code_and_point_are_read_beside_unit_columns(world: World) -> None:
    code, (lon, lat) = world.codes["27 Láng"], LANG
    digits = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]
    spoken = codes.spoken(code)
    words = " ".join(digits[int(digit)] for digit in spoken)
    for text in (code, codes.format(code), spoken, words, f"{lat}, {lon}", f"{lon} {lat}"):
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


def test_within_filters_and_near_only_ranks(world: World) -> None:
    assert names(world, ask(world, "27 Láng", within="79")) == ["27 Láng HCM"]
    assert names(world, ask(world, "27 Láng", within="00199")) == ["27 Láng"]
    assert ask(world, "27 Láng, Phường Láng, Hà Nội", within="79") == []
    there = ask(world, "27 Láng", near=LANG)
    assert names(world, there)[0] == "27 Láng"
    assert there[0].confidence <= 0.5


def test_commune_named_like_a_former_district_ranks_below_a_certain_province(
    world: World,
) -> None:
    found = ask(world, "Ba Đình, Hà Nội")
    assert [(one.level, one.unit and one.unit.code) for one in found] == [
        ("province", "01"),
        ("commune", "00004"),
    ]
    assert all("ambiguous" in one.faults for one in found)


def test_successors_of_a_district_rank_below_its_province(world: World) -> None:
    first, *others = ask(world, "Quận Ba Đình, Hà Nội")
    assert (first.level, "ambiguous" in first.faults) == ("province", False)
    assert {one.level for one in others} == {"commune"}
    assert "00004" in {one.unit and one.unit.code for one in others}
    assert all({"commune_undecided", "ambiguous"} <= set(one.faults) for one in others)


def test_communes_of_one_name_without_a_province_are_all_returned(world: World) -> None:
    found = ask(world, "Xã Tân Tiến")
    assert len(found) > 1
    for one in found:
        assert one.level == "commune"
        assert one.unit is not None
        assert one.unit.version_on(today()).name == "Tân Tiến"
        assert {"commune_undecided", "ambiguous"} <= set(one.faults)


def test_explanation_lists_readings_and_attempts(world: World) -> None:
    text = f"Số 5A, ngáhc 34, ngõ 12 Láng{IN_LANG}"
    located = locate(world.gazetteer, world.reads, Question(text))
    assert [tried.text for tried in located.tried] == [text, text.replace("ngáhc", "ngách")]
    tried = located.tried[-1]
    assert located.reading == tried.reading
    assert tried.reading.door.house_number is not None
    assert tried.reading.door.house_number.key == "12/34/5A"
    assert names(world, list(tried.answers)) == ["12/34/5A Láng"]


def test_limit_is_respected(world: World) -> None:
    assert len(ask(world, "27 Láng", limit=1)) == 1
    assert "ambiguous" in ask(world, "27 Láng", limit=1)[0].faults


@pytest.mark.parametrize("text", ["x" * 10_000, "a\0b"])
def test_invalid_text_is_refused(world: World, text: str) -> None:
    with pytest.raises(InvalidInputError):
        ask(world, text)


LONG = (
    *("a" * 2_000, "1" * 2_000, "ng" * 250, "12/" * 600, "III IV V X " * 180, "P." * 1_000),
    *("," * 300, "a," * 300, "Phường Láng, " * 150, "12 Láng Phường Láng Hà Nội " * 70),
    *("a" + "\u0301" * 1_999, "Ả\u0302\u0301 " * 400, "😀" * 500, "12 Лесная 東京 شارع Láng " * 60),
)


@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
def test_long_and_unusual_texts_get_an_answer(world: World, text: str) -> None:
    found = validate(world.gazetteer, world.reads, Question(text))
    assert found.code is None
    (batched,) = together(world.reads, [validating(world.gazetteer, Question(text))])
    assert batched == found


_WORDS = "27 12/34 Láng Phố Nguyễn Phường Hà Nội ngõ Số , . - Quận Thôn 3 CT1 căn hộ @ % ' \\"
WORDS = st.lists(st.sampled_from(_WORDS.split(" ")), max_size=14).map(" ".join)


@settings(max_examples=examples(25, 150), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.text(st.characters(exclude_characters="\0"), max_size=80), WORDS))
def test_any_text_can_be_searched(world: World, text: str) -> None:
    for answer in ask(world, text):
        assert 0 <= answer.confidence <= 1


def test_archipelago_alone_comes_before_the_streets_of_its_name(world: World) -> None:
    first, second = ask(world, "Trường Sa")
    assert first.unit is not None
    assert (first.level, first.unit.code) == ("commune", "22736")
    assert (second.level, second.parts.street_name) == ("street", "Trường Sa")
    assert "ambiguous" in first.faults
    assert "ambiguous" in second.faults
    assert names(world, ask(world, "5 Trường Sa")) == ["5 Trường Sa"]


def test_province_alone_comes_before_a_street_of_its_name_in_another_one(world: World) -> None:
    for text, code in (("Cần Thơ", "92"), ("can tho", "92"), ("Đà Nẵng, Việt Nam", "48")):
        first, second = ask(world, text)
        assert first.unit is not None
        assert (first.level, first.unit.code) == ("province", code), text
        assert second.level == "street"
        (door,) = ask(world, f"5 {text.partition(',')[0]}, Phường Hòa Hưng")
        assert door.level == "household"


def test_flat_without_its_building_is_not_answered_by_the_towers_number(world: World) -> None:
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
    assert names(world, ask(world, f"Căn hộ 1205, {here}")) == ["1205 Landmark 2"]


def test_lane_is_not_a_village(world: World) -> None:
    for text in ("Lane 45, Lang Street, Lang Ward, Ha Noi", "123 My Hung Hamlet, Lang Ward, Hanoi"):
        for answer in ask(world, text):
            assert answer.parts.localities == (), text


def test_mistyped_code_alone_gets_suggestions(world: World) -> None:
    code = world.codes["27 Láng"]
    found = locate(world.gazetteer, world.reads, Question(swapped(code)))
    assert found.answers == []
    assert found.meant is not None
    assert (found.meant.reason, code in found.meant.suggestions) == ("code_mistyped", True)
    for text in (code, "thon 12345", "28 Láng, Phường Láng, Hà Nội"):
        assert locate(world.gazetteer, world.reads, Question(text)).meant is None


def test_unresolvable_code_is_answered_with_the_reason(world: World) -> None:
    unknown = codes.from_serial(87_654_321)
    for text in (unknown, f"mã {codes.format(unknown)}", world.codes["50 restricted"]):
        found = locate(world.gazetteer, world.reads, Question(text))
        assert (found.answers, found.meant) == ([], MeantCode("code_unknown")), text
    # A door outside the area is still a registered one.
    elsewhere = Question(world.codes["27 Láng"], within="79")
    assert locate(world.gazetteer, world.reads, elsewhere).meant is None


def test_number_decides_the_part_of_a_split_commune(world: World) -> None:
    """Tân Kiên went to Tân Tạo and Tân Nhựt: by range, by side, and never where that is unclear."""

    def where(street: str) -> tuple[set[str], bool]:
        found = ask(world, f"{street}, Xã Tân Kiên, Huyện Bình Chánh, TP HCM")
        assert {answer.level for answer in found} == {"street"}
        held = {answer.unit.version_on(today()).name for answer in found if answer.unit}
        return held, all("commune_by_number" in answer.faults for answer in found)

    assert where("47 Nguyễn Cửu Phú") == ({"Tân Tạo"}, True)
    assert where("47/2 Nguyễn Cửu Phú") == ({"Tân Tạo"}, True)
    assert where("36 Hưng Nhơn") == ({"Tân Nhựt"}, True)
    assert where("37 Hưng Nhơn") == ({"Tân Tạo"}, True)
    for unclear in ("99 Nguyễn Cửu Phú", "54 Nguyễn Cửu Phú", "47 Trần Đại Nghĩa"):
        assert where(unclear) == ({"Tân Tạo", "Tân Nhựt"}, False)


def test_street_of_another_former_commune_does_not_decide_a_split(world: World) -> None:
    """Mỹ Đình 2 went to Từ Liêm and Cầu Giấy: what was in Yên Hòa is known to be another's."""
    found = ask(world, "66 Nguyễn Hoàng, Mỹ Đình 2, Nam Từ Liêm")
    assert [answer.level for answer in found] == ["commune", "commune"]
    assert all("ambiguous" in answer.faults for answer in found)
    assert ask(world, "66 Nguyễn Hoàng, Phường Cầu Giấy, Hà Nội")[0].level == "street"


def test_name_ending_like_a_kind_is_a_name(world: World) -> None:
    (found,) = ask(world, "thon 2 xa huong xa ha hoa phu tho")
    assert found.unit is not None
    assert found.unit.code == "08113"  # Yên Kỳ, which includes Hương Xạ today, not Hạ Hòa
    assert "unread_words" not in found.faults


def test_street_with_and_without_its_former_commune_is_the_same(world: World) -> None:
    """For an unregistered door the two cannot be distinguished by their labels."""
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


@pytest.mark.parametrize(
    ("faults", "kept"),
    [
        ((), ["00199", "00004"]),
        (("house_number_not_found",), ["00199", "00004"]),
        (("ambiguous",), ["00004"]),
        (("commune_missing",), ["00004"]),
    ],
)
def test_postcode_decides_an_open_commune_but_corrects_none(
    world: World, faults: tuple[str, ...], kept: list[str]
) -> None:
    """11528 is of Láng, 11120 of Ba Đình."""
    units = [unit_by_code(world.gazetteer, code, None) for code in ("00199", "00004")]
    found = [Answer("street", LabelParts(), unit, faults=faults) for unit in units]
    answered = by_postcode(world.gazetteer, today(), found, "11120")
    assert [answer.unit.code for answer in answered if answer.unit] == kept
    contradicted = ["postcode_contradicts_text" in answer.faults for answer in answered]
    assert contradicted == ([True, False] if len(kept) > 1 else [False])
