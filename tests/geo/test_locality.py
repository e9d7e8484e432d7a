"""Localities: the kind always canonical, numbers without zeros."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.locality import LOCALITIES, parse_locality
from tests.support.vietnamese import any_text, named, numbered, without_diacritics

SAME_PLACE = [
    ("khu pho 4", ["KP4", "KP. 4", "K.phố 4", "K. phố 04", "Khu phố 4", "khu phố IV"]),
    ("to dan pho 6", ["Tổ dân phố số 6", "TDP 6", "TDP số 06", "tdp6"]),
    ("thon 3", ["Thôn 03", "Thôn 3", "thôn III"]),
    ("thon 6a", ["Thôn 6a", "thôn 06A"]),
    ("ap mi hoa 3", ["Ấp Mỹ Hòa 3", "ấp Mĩ Hoà 3"]),
    ("to 8c", ["Tổ 8C"]),
    ("doi 4", ["Đội 4", "đội 04"]),
    ("khu do thi viet hung", ["KĐT Việt Hưng", "Khu đô thị Việt Hưng", "khu đô thị mới Việt Hưng"]),
    ("khu dan cu hiep thanh 1", ["KDC Hiệp Thành I", "khu dân cư Hiệp Thành 1"]),
    ("chung cu an quang", ["C/C Ấn Quang", "CC Ấn Quang", "Chung cư Ấn Quang"]),
    ("cu xa bac hai", ["Cư xá Bắc Hải"]),
    ("khu cong nghiep vsip 2", ["KCN Vsip II"]),
    ("cho ba chieu", ["Chợ Bà Chiểu"]),
    ("khu cong nghe cao", ["Khu Công nghệ cao"]),
    ("buon ko tam", ["Buôn Kô Tam"]),
    ("khu vuc 2", ["KV 2", "Khu Vực 2"]),
]


@pytest.mark.parametrize(("key", "writings"), SAME_PLACE)
def test_writings_of_one_locality_have_one_key(key: str, writings: list[str]) -> None:
    for writing in writings:
        for typed in (writing, without_diacritics(writing)):
            locality = parse_locality(typed)
            assert locality is not None, typed
            assert locality.key == key, typed


def test_every_kind_is_read_by_its_own_name() -> None:
    for kind in {phrase.kind for phrase in LOCALITIES}:
        locality = parse_locality(f"{kind} 7")
        assert locality is not None, kind
        assert locality.kind == kind


@pytest.mark.parametrize(
    "text", ["Đội Cấn", "Phường 3", "Nguyễn Trãi", "Thôn", "KP", "", "Láng Hạ"]
)
def test_what_is_no_locality_is_none(text: str) -> None:
    assert parse_locality(text) is None


def test_names_of_units_are_known() -> None:
    for text, may_be in (("Chợ Mới", True), ("Buôn Ma Thuột", True), ("Chợ Bà Chiểu", False)):
        locality = parse_locality(text)
        assert locality is not None
        assert locality.may_be_unit == may_be


@given(any_text)
def test_any_text_is_read_or_refused(text: str) -> None:
    locality = parse_locality(text)
    assert locality is None or locality.key


@given(st.one_of(named("thôn", "ấp", "KĐT", "chợ", "khu phố"), numbered("tổ", "KP", "đội", "xóm")))
def test_a_key_is_its_own_key_and_needs_no_diacritics(text: str) -> None:
    locality, bare = parse_locality(text), parse_locality(without_diacritics(text))
    assert locality is not None
    assert bare is not None
    again = parse_locality(locality.key)
    assert again is not None
    assert again.key == locality.key == bare.key
