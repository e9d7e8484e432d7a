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
from registry.units.gazetteer import Gazetteer
from tests.support.vectors import Row, cases

NAMES = st.lists(
    st.sampled_from(["Trúc", "Bạch", "Đình", "Tân", "Phú", "Ea", "M'Droh", "Quán", "1", "10"]),
    min_size=1,
    max_size=3,
).map(" ".join)


@given(st.text())
def test_any_text_is_parsed_and_the_whole_is_always_a_reading(text: str) -> None:
    readings = parse_name(text)
    assert readings[-1].kinds == ()
    for part in split_parts(text):
        assert split_dashes(part) or not part.strip(" -–—")
        assert fold(" ".join(split_before_kinds(part))) == fold(part)


@given(st.sampled_from(list(KIND_NAMES)), NAMES)
def test_full_name_round_trips(kind: str, name: str) -> None:
    written = full_name(kind, name)
    for same in (written, written.upper(), fold(written), f" {written}. "):
        assert any(r.key == name_key(name) and kind in r.kinds for r in parse_name(same)), same


@pytest.mark.parametrize("row", cases("unit_names"))
def test_kind_and_name_are_separated(row: Row) -> None:
    readings = parse_name(row["text"])
    if row["kind"]:
        assert readings[0].key == row["key"]
        assert row["kind"] in readings[0].kinds
    else:
        assert [reading.kinds for reading in readings] == [()]


@pytest.mark.parametrize(
    ("written", "name"),
    [("Hà Nội10000", "Hà Nội"), ("Đắk Lắk 63000", "Đắk Lắk"), ("Hà Nội, 100000", "Hà Nội")],
)
def test_postcode_after_a_name_is_not_part_of_it(written: str, name: str) -> None:
    assert parse_name(written)[-1].name == name


@pytest.mark.parametrize("written", ["12345", "1234567", "A Lưới 5", "Đường 12"])
def test_other_numbers_are_kept(written: str) -> None:
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
def test_text_is_split_before_kinds(part: str, pieces: list[str] | None) -> None:
    expected = pieces or ["12 Quán Thánh", "phuong Truc Bach", "tp.Ha Noi"]
    assert split_before_kinds(part) == expected


def test_dashes_separate_only_with_spaces() -> None:
    assert split_dashes("Phan Rang-Tháp Chàm – Ninh Thuận") == ["Phan Rang-Tháp Chàm", "Ninh Thuận"]


@pytest.mark.parametrize(
    "text", ["xã " * 3_333, "a" * 10_000, "Phường Tân Phú " * 660, " - " * 3_333, "ward " * 2_000]
)
def test_ten_kilobytes_are_split_into_no_more_pieces_than_words(text: str) -> None:
    assert len(split_before_kinds(text)) <= len(text.split())
    assert len(parse_name(text)) <= 4


def test_every_kind_has_its_words_and_levels() -> None:
    assert KIND_NAMES.keys() == KIND_NAMES_EN.keys() == KIND_LEVELS.keys()


def test_every_unit_of_every_map_round_trips(gazetteer: Gazetteer) -> None:
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
