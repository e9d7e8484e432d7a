"""Streets: one key for one street, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import lexicon
from geo.street import parse_street
from tests.support.vietnamese import named, numbered, without_diacritics


def test_abbreviation_has_the_key_of_its_street() -> None:
    streets = lexicon.readings("street").items()
    keys = {writing: (_key(writing), _key(name)) for writing, (name,) in streets}
    assert {writing for writing, (short, full) in keys.items() if short != full} == set()


def _key(text: str) -> str | None:
    street = parse_street(text)
    return street and street.key


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("P. Tôn Đức Thắng", "phố", "Tôn Đức Thắng"),
        ("Đ. Số 23", "đường", "Số 23"),
        ("QL1A", "quốc lộ", "1A"),
        ("ĐT743B", "đường tỉnh", "743B"),
        ("Nguyễn Trãi", None, "Nguyễn Trãi"),
        ("Đường Phố Huế", "đường", "Phố Huế"),
    ],
)
def test_kind_is_expanded_and_name_kept(text: str, kind: str | None, name: str) -> None:
    street = parse_street(text)
    assert street is not None
    assert (street.kind, street.name) == (kind, name)


@pytest.mark.parametrize(
    ("text", "alternative"),
    [
        ("Ng. Sĩ Liên", "ngo si lien"),
        ("QL1A", "quoc lo 1"),
        ("QL1", "quoc lo 1a"),
        ("TL10", "duong tinh 10"),
    ],
)
def test_ambiguous_street_is_marked(text: str, alternative: str) -> None:
    street = parse_street(text)
    assert street is not None
    assert alternative in street.alt_keys


@given(
    st.one_of(named("", "đường", "Phố", "Đ.", "đại lộ"), numbered("đường số", "QL", "ĐT", "phố"))
)
def test_key_is_idempotent_and_needs_no_diacritics(text: str) -> None:
    street, bare = parse_street(text), parse_street(without_diacritics(text))
    assert street is not None
    assert bare is not None
    again = parse_street(street.key)
    assert again is not None
    assert again.key == street.key == bare.key
