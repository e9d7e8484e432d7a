"""Names of units in words: kinds written out, short, glued, in English, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.admin import (
    KIND_LEVELS,
    KIND_NAMES,
    KIND_NAMES_EN,
    full_name,
    name_key,
    parse_name,
    split_before_kinds,
    split_dashes,
    split_parts,
)
from geo.text import fold
from registry.gazetteer import Gazetteer

NAMES = st.lists(
    st.sampled_from(["Trúc", "Bạch", "Đình", "Tân", "Phú", "Ea", "M'Droh", "Quán", "1", "10"]),
    min_size=1,
    max_size=3,
).map(" ".join)


@given(st.text())
def test_nothing_raises_and_the_whole_is_always_a_reading(text: str) -> None:
    readings = parse_name(text)
    assert readings[-1].kinds == ()
    for part in split_parts(text):
        assert split_dashes(part) or not part.strip(" -–—")
        assert fold(" ".join(split_before_kinds(part))) == fold(part)


@given(st.sampled_from(list(KIND_NAMES)), NAMES)
def test_full_name_is_read_back(kind: str, name: str) -> None:
    written = full_name(kind, name)
    for same in (written, written.upper(), fold(written), f" {written}. "):
        assert any(r.key == name_key(name) and kind in r.kinds for r in parse_name(same)), same


@pytest.mark.parametrize(
    ("written", "key", "kind"),
    [
        ("P.1", "1", "phuong"),
        ("P1", "1", "phuong"),
        ("p. 01", "1", "phuong"),
        ("Phường1", "1", "phuong"),
        ("PHUONG 01", "1", "phuong"),
        ("F.12", "12", "phuong"),
        ("Q10", "10", "quan"),
        ("Q.1", "1", "quan"),
        ("Quận 1", "1", "quan"),
        ("P.Trúc Bạch", "truc bach", "phuong"),
        ("Q.Ba Đình", "ba dinh", "quan"),
        ("H. Củ Chi", "cu chi", "huyen"),
        ("Huyện đảo Phú Quý", "phu qui", "huyen"),
        ("X. Bà Điểm", "ba diem", "xa"),
        ("TP.HCM", "hcm", "thanh_pho"),
        ("TP HCM", "hcm", "thanh_pho"),
        ("Tp. Hồ Chí Minh", "ho chi minh", "thanh_pho"),
        ("T.P. Hồ Chí Minh", "ho chi minh", "thanh_pho"),
        ("thanh pho Ho Chi Minh", "ho chi minh", "thanh_pho"),
        ("Thủ đô Hà Nội", "ha noi", "thanh_pho"),
        ("TX.Sơn Tây", "son tay", "thi_xa"),
        ("TX. Sơn Tây", "son tay", "thi_xa"),
        ("TT. Trâu Quỳ", "trau qui", "thi_tran"),
        ("thi tran Trau Quy", "trau qui", "thi_tran"),
        ("T. An Giang", "an giang", "tinh"),
        ("Đặc khu Phú Quốc", "phu quoc", "dac_khu"),
        ("Ward 1", "1", "phuong"),
        ("District 01", "1", "quan"),
        ("Ba Dinh Ward", "ba dinh", "phuong"),
        ("Ba-Dinh Ward,", "ba dinh", "phuong"),
        ("Ba Dinh DISTRICT", "ba dinh", "quan"),
        ("Cu Chi District", "cu chi", "huyen"),
        ("Ho Chi Minh City", "ho chi minh", "thanh_pho"),
        ("Con Dao Special Zone", "con dao", "dac_khu"),
        ("Quận 1 70000", "1", "quan"),
    ],
)
def test_kind_and_name_are_told_apart(written: str, key: str, kind: str) -> None:
    first = parse_name(written)[0]
    assert first.key == key
    assert kind in first.kinds


@pytest.mark.parametrize(
    "written",
    ["Quán Thánh", "Quản 1", "Phương Liên", "Xa", "P", "P.", "Tỉnh", "TPHCM", "Hà Nội", "", "Ward"],
)
def test_no_kind_is_read_where_none_is_written(written: str) -> None:
    assert [reading.kinds for reading in parse_name(written)] == [()]


@pytest.mark.parametrize(
    ("written", "name"),
    [("Hà Nội10000", "Hà Nội"), ("Đắk Lắk 63000", "Đắk Lắk"), ("Hà Nội, 100000", "Hà Nội")],
)
def test_postcode_behind_a_name_is_no_part_of_it(written: str, name: str) -> None:
    assert parse_name(written)[-1].name == name


@pytest.mark.parametrize("written", ["12345", "1234567", "A Lưới 5", "Đường 12"])
def test_other_numbers_stay(written: str) -> None:
    assert parse_name(written)[-1].name == written


@pytest.mark.parametrize(
    ("part", "pieces"),
    [
        ("Phường Bến Nghé Quận 1 TP HCM", ["Phường Bến Nghé", "Quận 1", "TP HCM"]),
        ("12 Quán Thánh phuong Truc Bach tp.Ha Noi", None),
        ("Quán Thánh Trúc Bạch", ["Quán Thánh Trúc Bạch"]),
        ("thị xã", ["thị xã"]),
    ],
)
def test_text_is_cut_before_kinds(part: str, pieces: list[str] | None) -> None:
    expected = pieces or ["12 Quán Thánh", "phuong Truc Bach", "tp.Ha Noi"]
    assert split_before_kinds(part) == expected


def test_dashes_separate_only_with_spaces() -> None:
    assert split_dashes("Phan Rang-Tháp Chàm – Ninh Thuận") == ["Phan Rang-Tháp Chàm", "Ninh Thuận"]


@pytest.mark.parametrize(
    "text", ["xã " * 3_333, "a" * 10_000, "Phường Tân Phú " * 660, " - " * 3_333, "ward " * 2_000]
)
def test_ten_kilobytes_are_cut_into_no_more_than_their_words(text: str) -> None:
    assert len(split_before_kinds(text)) <= len(text.split())
    assert len(parse_name(text)) <= 4


def test_every_kind_has_its_words_and_levels() -> None:
    assert KIND_NAMES.keys() == KIND_NAMES_EN.keys() == KIND_LEVELS.keys()


def test_every_unit_of_every_map_is_read_back(gazetteer: Gazetteer) -> None:
    wrong = []
    for unit in gazetteer.units.values():
        for version in unit.versions:
            key, kind = name_key(version.name), version.kind
            for written in (version.full_name, version.full_name.upper(), fold(version.full_name)):
                if not any(r.key == key and kind in r.kinds for r in parse_name(written)):
                    wrong.append(written)
            english = parse_name(version.full_name_en)
            if not any(r.key == name_key(version.name_en) and kind in r.kinds for r in english):
                wrong.append(version.full_name_en)
    assert len(gazetteer.units) > 14_000
    assert wrong == []
