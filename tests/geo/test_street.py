"""Streets: one key for one street, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import lexicon
from geo.street import parse_street
from tests.support.vietnamese import any_text, named, numbered, without_diacritics

SAME_STREET = [
    ("nguyen trai", ["Nguyễn Trãi", "Đường Nguyễn Trãi", "Đ. Nguyễn Trãi", "Phố Nguyễn Trãi"]),
    ("ton duc thang", ["P.Tôn Đức Thắng", "P. Tôn Đức Thắng", "đường Tôn Đức Thắng"]),
    ("duong so 7", ["Đường số 7", "Đ. Số 07", "Đường 7", "Số 7", "duong so 7"]),
    ("duong so 22 ngo quyen", ["Đường số 22 Ngô Quyền"]),
    ("pho so 2", ["Phố 2"]),
    ("dai lo so 3", ["Đại Lộ 3"]),
    ("thang long", ["Đại lộ Thăng Long"]),
    ("quoc lo 1a", ["Quốc lộ 1A", "QL1A", "QL 1A", "QL.1A", "Đường Quốc Lộ 1A"]),
    ("tinh lo 10", ["TL10", "tỉnh lộ 10", "Đ. TL 10"]),
    ("duong tinh 743b", ["ĐT743B", "DT743B", "ĐT 743B", "Đường tỉnh 743B"]),
    ("huong lo 80b", ["HL80B", "Hương Lộ 80B"]),
    ("duong xa 37", ["ĐX-037", "Đường ĐX 037", "DX037"]),
    ("xa lo ha noi", ["Xa lộ Hà Nội", "XLHN"]),
    ("3 thang 2", ["3/2", "Đ. 3/2", "3 tháng 2", "Ba Tháng Hai", "đường 3-2"]),
    ("30 thang 4", ["30/4", "Đường 30 Tháng 4", "Đ. 30-4"]),
    ("17 thang 4", ["Mười Bảy Tháng Tư"]),
    ("cach mang thang 8", ["CMT8", "Cách Mạng Tháng 8", "Cách Mạng Tháng Tám"]),
    ("xo viet nghe tinh", ["XVNT", "Xô Viết Nghệ Tĩnh"]),
    ("dien bien phu", ["Đ.Biên Phủ", "Điện Biên Phủ", "ĐBP"]),
    ("quang ham", ["Dương Quảng Hàm", "Đ. D. Quảng Hàm", "D. Quảng Hàm"]),
    ("an duong vuong", ["An Dương Vương", "Đ. An D. Vương"]),
    ("mi an 26", ["Đường Đ. Mỹ An 26", "Mĩ An 26"]),
    ("d35", ["D35", "Đường D35"]),
    ("n2", ["Đ. N.2", "N2", "ĐƯỜNG N 2"]),
    ("hem bung xuc", ["Hẻm Bưng Xúc"]),
    ("hue", ["Phố Huế", "Đường Phố Huế"]),
    ("vo van kiet", ["Vo Van Kiet Street", "Võ Văn Kiệt"]),
    ("doi can", ["P. Đội Cấn", "Đội Cấn"]),
]


def test_abbreviation_has_the_key_of_its_street() -> None:
    streets = lexicon.readings("street").items()
    keys = {writing: (_key(writing), _key(name)) for writing, (name,) in streets}
    assert {writing for writing, (short, full) in keys.items() if short != full} == set()


def _key(text: str) -> str | None:
    street = parse_street(text)
    return street and street.key


@pytest.mark.parametrize(("key", "writings"), SAME_STREET)
def test_writings_of_one_street_have_one_key(key: str, writings: list[str]) -> None:
    for writing in writings:
        for typed in (writing, writing.upper(), without_diacritics(writing)):
            street = parse_street(typed)
            assert street is not None, typed
            assert street.key == key, typed


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
def test_kind_is_written_out_and_name_kept(text: str, kind: str | None, name: str) -> None:
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
def test_what_may_be_two_streets_says_so(text: str, alternative: str) -> None:
    street = parse_street(text)
    assert street is not None
    assert alternative in street.alt_keys


@pytest.mark.parametrize("text", ["", "Đường", "đ.", "—", "phố", ", ."])
def test_a_kind_alone_is_no_street(text: str) -> None:
    assert parse_street(text) is None


@given(any_text)
def test_any_text_is_read_or_refused(text: str) -> None:
    street = parse_street(text)
    assert street is None or street.key


@given(
    st.one_of(named("", "đường", "Phố", "Đ.", "đại lộ"), numbered("đường số", "QL", "ĐT", "phố"))
)
def test_a_key_is_its_own_key_and_needs_no_diacritics(text: str) -> None:
    street, bare = parse_street(text), parse_street(without_diacritics(text))
    assert street is not None
    assert bare is not None
    again = parse_street(street.key)
    assert again is not None
    assert again.key == street.key == bare.key
