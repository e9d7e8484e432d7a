"""Which units a text names, as people and forms write it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.core.errors import InvalidInputError
from registry.units import gazetteer as gazetteer_module
from registry.units import readings as unit_readings
from registry.units.gazetteer import Gazetteer
from registry.units.near_names import names_in_one_word
from registry.units.parts import FORMER
from registry.units.text import MAX_PARTS, MAX_TEXT, Naming, check_text, read_units
from tests.support.vectors import Row, cases

TRUC_BACH = ("Phường Trúc Bạch", "Quận Ba Đình", "Thành phố Hà Nội")


def wording(naming: Naming) -> tuple[str, ...]:
    units = (naming.commune, naming.district, naming.province)
    return tuple(unit.versions[-1].full_name for unit in units if unit is not None)


def read(gazetteer: Gazetteer, text: str) -> list[tuple[str, ...]]:
    return [wording(naming) for naming in read_units(gazetteer, text)]


@pytest.mark.parametrize("text", ["Chợ Gạo, Tiền Giang", "Hà Đông, Hà Nội", "Cai Lậy, Tiền Giang"])
def test_repeated_units_add_nothing(gazetteer: Gazetteer, text: str) -> None:
    """The inner one is not a commune in the district of its name."""
    assert read(gazetteer, f"{text.replace(',', '')}, {text}") == read(gazetteer, text)


@pytest.mark.parametrize(
    "text",
    [
        "X. VĨNH LỘC, H. BÌNH CHÁNH, TP.HCM, Huyện Bình Chánh, Hồ Chí Minh",
        "Phường 16, Quận 8, TpHCM, Phường 16, Quận 8, TP Hồ Chí Minh",
        "Phường Láng Hạ, Đống Đa, HN, Quận Đống Đa, Thành phố Hà Nội",
    ],
)
def test_unit_under_another_of_its_names_is_no_contradiction(
    gazetteer: Gazetteer, text: str
) -> None:
    (naming,) = read_units(gazetteer, text)
    assert (naming.unread, naming.contradicted) == ((), False)


def test_street_and_number_are_left_over(gazetteer: Gazetteer) -> None:
    text = "Tầng 2, số 12 ngõ 3 phố Quán Thánh, phường Trúc Bạch, quận Ba Đình, Hà Nội"
    (naming,) = read_units(gazetteer, text)
    assert wording(naming) == TRUC_BACH
    assert naming.unread == ("Tầng 2", "số 12 ngõ 3 phố Quán Thánh")


def test_part_split_without_result_stays_whole(gazetteer: Gazetteer) -> None:
    (naming,) = read_units(gazetteer, "500 Đường tỉnh 353, Quận Ba Đình, Hà Nội")
    assert naming.unread == ("500 Đường tỉnh 353",)


@pytest.mark.parametrize("row", cases("units_in_texts"))
def test_text_gives_the_units_it_names(gazetteer: Gazetteer, row: Row) -> None:
    found = read_units(gazetteer, row["text"])
    assert "; or ".join("; ".join(wording(naming)) for naming in found) == row["units"]
    assert "; ".join(found[0].unread) == row["unread"]


def test_typed_diacritics_count_and_missing_ones_do_not_matter(gazetteer: Gazetteer) -> None:
    # Thạnh An is in the same city: if diacritics are typed, their absence on `Thanh` counts too.
    assert read(gazetteer, "Xã Thanh An, Thành phố Hồ Chí Minh") == [
        ("Xã Thanh An", "Thành phố Hồ Chí Minh")
    ]
    assert len(read(gazetteer, "Xa Thanh An, TP HCM")) > 1
    assert read(gazetteer, "Xã Cẩm Giàng, Hải Phòng") == [("Xã Cẩm Giàng", "Thành phố Hải Phòng")]
    assert {named[0] for named in read(gazetteer, "Xa Cam Giang, Hai Phong")} == {
        "Xã Cẩm Giàng",
        "Xã Cẩm Giang",
    }


def test_former_province_gives_the_provinces_on_its_territory(gazetteer: Gazetteer) -> None:
    """Hà Tây was merged into Hà Nội in 2008; two communes have the name."""
    assert read(gazetteer, "Tỉnh Hà Tây") == [("Thành phố Hà Nội",)]
    assert set(read(gazetteer, "Phường Quang Trung, Hà Đông, Tỉnh Hà Tây")) == {
        ("Phường Quang Trung", "Quận Hà Đông", "Thành phố Hà Nội")
    }
    assert read(gazetteer, "P. Lộc Thọ, Nha Trang, Phú Khánh") == [
        ("Phường Lộc Thọ", "Thành phố Nha Trang", "Tỉnh Khánh Hòa")
    ]
    assert read(gazetteer, "Xã Hà Tây, Gia Lai") == [("Xã Hà Tây", "Tỉnh Gia Lai")]


def test_repeated_name_is_the_city_and_its_province(gazetteer: Gazetteer) -> None:
    (naming,) = read_units(gazetteer, "Nam Định, Nam Định")
    assert wording(naming) == ("Thành phố Nam Định", "Tỉnh Nam Định")
    # Where the city is the province, nothing is left over, and nothing contradicts.
    for naming in read_units(gazetteer, "Quận Hải Châu, Đà Nẵng, Đà Nẵng"):
        assert wording(naming) == ("Quận Hải Châu", "Thành phố Đà Nẵng")
        assert (naming.unread, naming.contradicted) == ((), False)
    (naming,) = read_units(gazetteer, "Thị trấn D'Ran, Huyện Đơn Dương, Đơn Dương, Lâm Đồng")
    assert wording(naming) == ("Thị trấn D'Ran", "Huyện Đơn Dương", "Tỉnh Lâm Đồng")
    (naming,) = read_units(gazetteer, "Hợp Châu Tam Đảo, Tam Đảo, Vĩnh Phúc")
    assert wording(naming) == ("Thị trấn Hợp Châu", "Huyện Tam Đảo", "Tỉnh Vĩnh Phúc")


def test_name_written_as_one_word_is_the_unit_unless_a_word_itself(gazetteer: Gazetteer) -> None:
    (naming,) = read_units(gazetteer, "Thị trấn Simacai, Huyện Simacai, Lào Cai")
    assert wording(naming) == ("Thị trấn Si Ma Cai", "Huyện Si Ma Cai", "Tỉnh Lào Cai")
    assert ("Thành phố Long Xuyên", "Tỉnh An Giang") in read(gazetteer, "Longxuyen, An Giang")
    # Loan is a word of its own, and not Lộ An.
    assert names_in_one_word(gazetteer, "longxuyen")
    assert not names_in_one_word(gazetteer, "loan")


def test_number_in_words_is_a_number(gazetteer: Gazetteer) -> None:
    city = "Thành phố Hồ Chí Minh"
    for text, district in (
        ("Quận ba, TP HCM", "Quận 3"),
        ("quận nhất, TPHCM", "Quận 1"),
        ("quan ba, tp hcm", "Quận 3"),
        ("Quận mười hai, TP. Hồ Chí Minh", "Quận 12"),
    ):
        assert read(gazetteer, text) == [(district, city)], text
    for text in ("phường mười một, quận ba, TP HCM", "phuong muoi mot, quan ba, tp hcm"):
        assert read(gazetteer, text) == [("Phường 11", "Quận 3", city)], text
    assert read(gazetteer, "Quản Bạ, Hà Giang")[0][0].endswith("Quản Bạ")
    assert read(gazetteer, "quan ba, ha giang")[0][0].endswith("Quản Bạ")


def test_corrected_names_are_flagged(gazetteer: Gazetteer) -> None:
    (slip,) = read_units(gazetteer, "Phường Trúc Mạch, Quận Ba Đình, Hà Nội")
    (right,) = read_units(gazetteer, "Phường Trúc Bạch, Quận Ba Đình, Hà Nội")
    assert (slip.corrected, right.corrected) == (True, False)
    assert slip.unread == ()


def test_unknown_commune_with_its_kind_excludes_other_communes(gazetteer: Gazetteer) -> None:
    assert read(gazetteer, "P. Xyz Abc, Hà Đông, Hà Nội") == [("Quận Hà Đông", "Thành phố Hà Nội")]


def test_ambiguous_name_gives_all_units_of_that_name(gazetteer: Gazetteer) -> None:
    every = {
        hit.unit.id
        for hit in gazetteer.named("tan phu")
        if hit.unit.level == "commune" and hit.kind == "xa"
    }
    found = [n.innermost for n in read_units(gazetteer, "Xã Tân Phú")]
    assert len(every) > 10
    assert {unit.id for unit in found if unit} == every
    assert [unit.code for unit in found if unit] == sorted(u.code for u in found if u)


def test_two_communes_of_one_province_are_ambiguous(gazetteer: Gazetteer) -> None:
    found = {named[0] for named in read(gazetteer, "Long Biên, Từ Liêm, Hà Nội")}
    assert found >= {"Phường Từ Liêm", "Phường Long Biên"}


def test_former_district_is_recognised_by_its_parts(gazetteer: Gazetteer) -> None:
    for commune, district in (("Mễ Trì", "Nam Từ Liêm"), ("Thụy Phương", "Bắc Từ Liêm")):
        (found,) = read_units(gazetteer, f"{commune}, Từ Liêm, Hà Nội")
        assert found.unread == ()
        assert found.district is not None
        assert found.district.versions[-1].name == district


def test_former_ward_is_within_its_province_on_either_map(gazetteer: Gazetteer) -> None:
    """The current province includes land of others, with wards of the same number."""
    sa_dec, cao_lanh, cai_lay = "29902", "29875", "28437"

    def wards(text: str) -> set[str]:
        return {n.commune.code for n in read_units(gazetteer, text) if n.commune is not None}

    assert wards("Phường 3, Tỉnh Đồng Tháp") == {sa_dec, cao_lanh, cai_lay}
    # A district decides, and so does the city with the name of its province.
    assert wards("Phường 3, TP Sa Đéc, Tỉnh Đồng Tháp") == {sa_dec}
    assert wards("Phường 5, Vĩnh Long") == {"29545"}
    assert wards("Phường 5, Tỉnh Vĩnh Long") == {"29545", "29248"}
    # A current commune is meant by its own name, whatever had that name before.
    assert wards("Xã Tân Thành, Tỉnh Đồng Tháp") == {"29938", "30226"}


def test_initials_apply_to_the_unit_before_them(gazetteer: Gazetteer) -> None:
    """A commune called Bình Định was in Quảng Nam; QN before the province is not a province."""
    assert ("Xã Bình Định", "Tỉnh Quảng Nam") not in read(gazetteer, "QN, Bình Định")
    assert ("Xã Bình Định", "Tỉnh Quảng Nam") in read(gazetteer, "xã bình định qn")


@pytest.mark.parametrize(
    ("text", "communes"),
    [
        ("Mỹ Đình, Nam Từ Liêm, Hà Nội", {"Phường Mỹ Đình 1", "Phường Mỹ Đình 2"}),
        ("phuong my dinh, nam tu liem", {"Phường Mỹ Đình 1", "Phường Mỹ Đình 2"}),
        # Only the district decides which commune is meant
        ("Mỹ Đình, Hà Nội", {None}),
    ],
)
def test_commune_without_its_number_is_identified_by_its_district(
    gazetteer: Gazetteer, text: str, communes: set[str | None]
) -> None:
    found = read_units(gazetteer, text)
    named = {naming.commune and naming.commune.versions[0].full_name for naming in found}
    assert named == communes


def test_roman_numeral_equals_the_arabic_number(gazetteer: Gazetteer) -> None:
    for text in ("Phường Hải Châu 1, Hải Châu, Đà Nẵng", "Hải Châu I, Hải Châu, Đà Nẵng"):
        (found,) = read_units(gazetteer, text)
        assert (found.commune is not None, found.unread) == (True, ())
    (found,) = read_units(gazetteer, "Mỹ Đình II, Nam Từ Liêm")
    assert found.commune is not None
    assert found.commune.versions[-1].name == "Mỹ Đình 2"
    # Nor is it a typo: either may be meant.
    assert len(read_units(gazetteer, "Mỹ Đình, Nam Từ Liêm")) == 2


def test_abbreviated_city_named_like_its_province_is_the_city(gazetteer: Gazetteer) -> None:
    for province in ("Bà Rịa Vũng Tàu", "Bà Rịa - Vũng Tàu", "BRVT"):
        (found,) = read_units(gazetteer, f"Vũng Tàu, {province}")
        assert found.district is not None
        assert found.province is not None
        assert found.unread == ()


def test_misspelling_is_corrected_though_another_province_has_that_name(
    gazetteer: Gazetteer,
) -> None:
    (found,) = read_units(gazetteer, "Phú Thành, Ninh Bình")
    assert found.corrected
    assert found.commune is not None
    assert found.commune.versions[-1].name == "Phúc Thành"
    assert not read_units(gazetteer, "Đông Hải, Đông Hà, Quảng Trị")[0].corrected


def test_written_kind_is_never_ignored(gazetteer: Gazetteer) -> None:
    found = read(gazetteer, "Xã Tân Mỹ, TP. Hồ Chí Minh")
    assert {named[0] for named in found} == {"Xã Tân Mỹ", "Phường Tân Mỹ"}
    assert read(gazetteer, "Phường Tân Mỹ, TP. Hồ Chí Minh")[0][0] == "Phường Tân Mỹ"


def test_word_old_in_a_name_means_a_former_unit(gazetteer: Gazetteer) -> None:
    for text in ("Phường Ngọc Hà cũ, Hà Nội", "P. Ngọc Hà (cũ), Hà Nội"):
        (naming,) = read_units(gazetteer, text)
        assert naming.commune is not None
        assert naming.commune.ended is not None, text
    plain = read_units(gazetteer, "Phường Ngọc Hà, Hà Nội")
    assert {n.commune.ended is None for n in plain if n.commune} == {False, True}


def test_province_containing_none_of_the_units_is_a_contradiction(gazetteer: Gazetteer) -> None:
    for province, contradicts in (("Hà Nội", False), ("Hải Phòng", True), ("Đắk Lắk", True)):
        namings = read_units(gazetteer, f"Phường Ô Chợ Dừa, {province}")
        assert {naming.contradicted for naming in namings} == {contradicts}, province


def test_numbered_ward_is_never_matched_in_another_district(gazetteer: Gazetteer) -> None:
    for text in (
        "Phường 18, Gò Vấp, TP.HCM",
        "Ward 18, Go Vap District, Ho Chi Minh City",
        "Ward 18, Go Vap District",
    ):
        for found in read_units(gazetteer, text):
            assert found.commune is None
            assert found.district is not None
            assert found.district.versions[-1].name == "Gò Vấp"
            assert len(found.unread) == 1
    (found,) = read_units(gazetteer, "Ward 5, District 1, HCMC")
    assert found.innermost is not None
    assert found.innermost.versions[-1].full_name == "Quận 1"
    # Long Phú has no numbered ward: a map wrote it beside one of the city.
    assert read_units(gazetteer, "Phường 5, Long Phú, Sóc Trăng")[0].commune is not None


def test_typed_diacritics_precede_the_map(gazetteer: Gazetteer) -> None:
    (found,) = read_units(gazetteer, "Xã Thanh Phú, Thành phố Đồng Nai")
    assert found.commune is not None
    assert found.commune.versions[-1].name == "Thanh Phú"


@pytest.mark.parametrize(
    "text",
    [
        "Việt Nam",
        "xyz",
        "12",
        "Đường Láng",
        "河内",
        "Phường",
        "P",
        "1, 2, 3",
        "Xã Ba Đình 9",
        "Phường Phú Quốc",
    ],
)
def test_text_without_a_unit_has_no_reading(gazetteer: Gazetteer, text: str) -> None:
    assert read_units(gazetteer, text) == []


@pytest.mark.parametrize("text", ["", " ", "...", ",;-", "\u0301", "’"])
def test_text_without_a_word_names_no_unit(gazetteer: Gazetteer, text: str) -> None:
    assert read_units(gazetteer, text) == []
    with pytest.raises(InvalidInputError) as refused:
        check_text(text)
    assert refused.value.extra["errors"][0]["code"] == "text_without_word"  # type: ignore[index]


def test_too_long_text_names_no_unit(gazetteer: Gazetteer) -> None:
    check_text("a" * MAX_TEXT)
    assert read_units(gazetteer, "a," * MAX_TEXT + "Hà Nội") == []
    with pytest.raises(InvalidInputError) as refused:
        check_text("a" * (MAX_TEXT + 1))
    assert refused.value.extra["errors"][0]["code"] == "text_too_long"  # type: ignore[index]


def test_units_after_many_other_parts_are_found(gazetteer: Gazetteer) -> None:
    parts = [f"dòng {n}" for n in range(100)]
    text = ", ".join([*parts, "Trúc Bạch", "Ba Đình", "Hà Nội"])
    (naming,) = read_units(gazetteer, text)
    assert wording(naming) == TRUC_BACH
    assert naming.unread == tuple(parts)


@given(
    st.lists(
        st.sampled_from(
            ["Hà Nội", "Tân Phú", "P1", "q 9", "tp", "-", ",", ";", "xã", "Trúc Bạch", "7", "HCM"]
        )
        | st.text(max_size=8),
        min_size=1,
        max_size=20,
    ).map(" ".join)
)
@settings(deadline=None)
def test_any_text_is_read_or_refused(gazetteer: Gazetteer, text: str) -> None:
    try:
        namings = read_units(gazetteer, text)
    except InvalidInputError:
        assert not any(map(str.isalnum, text))
        return
    for naming in namings:
        assert naming.innermost is not None
        assert set("".join(naming.unread)) <= set(text)
    assert len({n.innermost.id for n in namings if n.innermost}) == len(namings)


@pytest.mark.parametrize(
    "text",
    [
        "Tân Thành, Tân Phú, Tân An, Tân Lập, Hòa Bình, Tân Hòa, Bình Thạnh, Tân Tiến, Tân Bình,"
        " Tân Hưng, Thanh Sơn, Hồ Chí Minh",
        ", ".join(["Tân Thành"] * MAX_PARTS),
        ", ".join(["Tân Phú"] * 4 + ["Quận Tân Phú"] * 4 + ["HCM"] * 4),
        ("Tân Thành - " * 200)[:MAX_TEXT],
        ("Phường Tân Phú " * 200)[:MAX_TEXT],
        ("Tân Phú Tân Bình;" * 200)[:MAX_TEXT],
    ],
)
def test_common_names_in_every_part_make_few_readings(
    gazetteer: Gazetteer, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it was every commune with every district with every province: a million for these."""
    scored, looked_up = [], []
    real_score, real_named = unit_readings._score, gazetteer_module.Gazetteer.named
    monkeypatch.setattr(unit_readings, "_score", lambda *a: scored.append(1) or real_score(*a))
    monkeypatch.setattr(
        gazetteer_module.Gazetteer, "named", lambda *a: looked_up.append(1) or real_named(*a)
    )
    read_units(gazetteer, text)
    assert len(scored) < 3_000
    assert len(looked_up) < 3_000


def test_ward_of_a_city_is_recognised_by_the_first_half_of_its_name(gazetteer: Gazetteer) -> None:
    for name in ("Xuân Hương", "Lâm Viên", "Cam Ly", "Lang Biang"):
        whole = (f"Phường {name} - Đà Lạt", "Tỉnh Lâm Đồng")
        assert read(gazetteer, f"P. {name}, Lâm Đồng") == [whole]
        assert read(gazetteer, f"phường {name.lower()}, tỉnh Lâm Đồng") == [whole]
        assert read(gazetteer, f"P. {name} - Đà Lạt, Lâm Đồng") == [whole]


def test_long_text_is_searched_once_for_a_former_unit() -> None:
    assert FORMER.fullmatch("phường " * 100_000) is None
    assert (found := FORMER.fullmatch("Phường Ngọc Hà - (cũ)."))
    assert found[1] == "Phường Ngọc Hà -"


@pytest.mark.parametrize(
    ("text", "contradicted"),
    [
        ("Thị trấn Nàng Mau, Huyện Vị Thủy, Tỉnh Hậu Giang, TP. Cần Thơ", False),
        ("Phường 3, TP. Sóc Trăng, Tỉnh Sóc Trăng, TP. Cần Thơ", False),
        ("Thị trấn Nàng Mau, Huyện Vị Thủy, Tỉnh Hậu Giang, TP. Đà Nẵng", True),
        ("Xã Hàm Thuận Bắc, Tỉnh Lâm Đồng, Tỉnh Bình Thuận", False),
        ("Xã Hàm Thuận Bắc, Tỉnh Lâm Đồng, Tỉnh Quảng Nam", True),
    ],
)
def test_current_and_former_province_may_follow_each_other(
    gazetteer: Gazetteer, text: str, contradicted: bool
) -> None:
    (naming,) = read_units(gazetteer, text)
    assert (naming.contradicted, bool(naming.unread)) == (contradicted, contradicted)
