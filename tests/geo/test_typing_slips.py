"""What a keyboard left unreadable is decoded, and nothing else is."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.address import parse_address
from geo.text import accent_key
from geo.typing_slips import decoded, repaired
from registry.units.gazetteer import Gazetteer
from tests.support.vietnamese import any_text

TELEX = [
    *("dduwowngf", "đường"),
    *("ddwowngf", "đường"),
    *("Nguyeenx", "Nguyễn"),
    *("aLo", "Lao"),
    *("Traanf", "Trần"),
    *("quaanj", "quận"),
    *("phuwowngf", "phường"),
    *("phoos", "phố"),
    *("Thanhf", "Thành"),
    *("HUEES", "HUẾ"),
]
VNI = [
    *("d9u7o7ng2", "đường"),
    *("Nguye6n4", "Nguyễn"),
    *("qua6n5", "quận"),
    *("phu7o7ng2", "phường"),
    *("Tra4i", "Trãi"),
]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [*zip(TELEX[::2], TELEX[1::2], strict=True), *zip(VNI[::2], VNI[1::2], strict=True)],
)
def test_telex_and_vni_are_decoded(typed: str, meant: str) -> None:
    assert accent_key(repaired(typed)) == accent_key(meant)


@pytest.mark.parametrize(
    "word",
    [
        *("Lê", "Nguyễn", "phường", "thuở", "Krông", "Pleiku", "M'Droh", "Ea", "Êbur", "Wer"),
        *("Vinhomes", "Sunrise", "Tower", "room", "View", "Golf", "Coffee", "Lux", "bus", "Moon"),
        *("12A", "A4", "Tr5", "CT9A", "S2.03", "LK5", "QL1A", "D2", "12bis", "40ter", "so7", "K4"),
        *("Naa", "Phaa", "iPhone", "eMart", "xA", "nGuyễn"),
        *("", "w", "aa", "f", "x1x", "東京", "٣"),
    ],
)
def test_other_words_are_unchanged(word: str) -> None:
    assert repaired(word) == word


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        # Short words and syllables beside one that shows the input method.
        ("68 Traanf Phus", "68 Trần Phú"),
        ("54 Vox Thij Saus, Xax Xuaan Lộc", "54 Võ Thị Sáu, Xã Xuân Lộc"),
        ("46 Oong Ichs Khieem", "46 Ông Ích Khiêm"),
        ("32 Lee Thanhs Toong", "32 Lê Thánh Tông"),
        ("136 Hai Ba2 Tru7ng", "136 Hai Bà Trưng"),
        ("117/4B Le6 Lo7i5", "117/4B Lê Lợi"),
        ("7 so61 19, Ngo6 Quye6n2", "7 số 19, Ngô Quyền"),
        ("6 Cach1 Mang5 Thang1 8", "6 Cách Mạng Tháng 8"),
    ],
)
def test_whole_text_is_decoded(typed: str, meant: str) -> None:
    assert accent_key(decoded(typed)) == accent_key(meant)


@pytest.mark.parametrize(
    "text",
    [
        "12 Zoo Bar, CT2 Sunrise City, Q7, TPHCM",
        "Phòng B2, khu1 to3, KP4, Lê Lai",
        "Block A2 Sky9, 5 Lo2",
        "Lys Coffee, 12 Hai Ba Trung",
        "",
    ],
)
def test_other_texts_are_unchanged(text: str) -> None:
    assert decoded(text) == text


@given(st.text(max_size=12))
def test_any_word_can_be_repaired(word: str) -> None:
    assert isinstance(repaired(word), str)
    assert bool(repaired(word)) == bool(word)


@given(any_text)
def test_decoding_never_empties_a_text(text: str) -> None:
    assert bool(parse_address(text)) == any(
        map(str.isalnum, text + unicodedata.normalize("NFKC", text))
    )


def test_unit_names_are_not_decoded(gazetteer: Gazetteer) -> None:
    names = {v.full_name for unit in gazetteer.units.values() for v in unit.versions}
    assert {name for name in names if decoded(name) != name} == set()


def test_unit_names_are_not_repaired(gazetteer: Gazetteer) -> None:
    changed = {
        word: repaired(word)
        for unit in gazetteer.units.values()
        for version in unit.versions
        for word in version.name.split()
        if repaired(word) != word
    }
    # An older spelling of Ngươn; the keys are one.
    assert changed.keys() <= {"Nguơn"}
