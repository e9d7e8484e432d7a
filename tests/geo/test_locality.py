"""Localities: the kind always canonical, numbers without zeros."""

from hypothesis import given
from hypothesis import strategies as st

from geo.locality import LOCALITIES, parse_locality
from tests.support.vietnamese import named, numbered, without_diacritics


def test_every_kind_is_read_by_its_own_name() -> None:
    for kind in {phrase.kind for phrase in LOCALITIES}:
        locality = parse_locality(f"{kind} 7")
        assert locality is not None, kind
        assert locality.kind == kind


def test_unit_names_are_known() -> None:
    for text, may_be in (("Chợ Mới", True), ("Buôn Ma Thuột", True), ("Chợ Bà Chiểu", False)):
        locality = parse_locality(text)
        assert locality is not None
        assert locality.may_be_unit == may_be


@given(st.one_of(named("thôn", "ấp", "KĐT", "chợ", "khu phố"), numbered("tổ", "KP", "đội", "xóm")))
def test_key_is_idempotent_and_needs_no_diacritics(text: str) -> None:
    locality, bare = parse_locality(text), parse_locality(without_diacritics(text))
    assert locality is not None
    assert bare is not None
    again = parse_locality(locality.key)
    assert again is not None
    assert again.key == locality.key == bare.key
