"""The standardised wording: what it looks like, and that it is read back as the same door."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.address import parse_address
from geo.flat import parse_flat
from geo.house_number import parse_house_number
from geo.label import LabelParts, label, named, path_label
from geo.locality import parse_locality
from geo.street import parse_street
from geo.text import fold
from registry.search.read.address_reader import read_address
from registry.units.gazetteer import Gazetteer
from tests.support.thorough import examples

UNITS = ("Phường Láng", "Thành phố Hà Nội")


def test_door_precedes_its_units() -> None:
    parts = LabelParts(
        unit_number="1205",
        floor="12",
        building="CT1",
        number_key="12/34/5A",
        street_kind="phố",
        street_name="Láng",
        localities=(("tổ", "3"), ("khu phố", "1")),
    )
    assert label(parts, UNITS) == (
        "Căn hộ 1205, Tầng 12, Toà CT1, 12/34/5A Phố Láng, Tổ 3, Khu phố 1,"
        " Phường Láng, Thành phố Hà Nội"
    )


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("đường", "Nguyễn Trãi", "Đường Nguyễn Trãi"),
        ("quốc lộ", "1A", "Quốc lộ 1A"),
        ("thôn", "Thôn Đông", "Thôn Đông"),
        ("ấp", "3", "Ấp 3"),
        (None, "Láng", "Láng"),
    ],
)
def test_kind_is_written_once(kind: str | None, name: str, words: str) -> None:
    assert named(kind, name) == words


@pytest.mark.parametrize(
    ("building", "words"), [("CT1", "Toà CT1"), ("Chung cư Sông Đà", "Chung cư Sông Đà")]
)
def test_building_gets_a_word_unless_it_has_one(building: str, words: str) -> None:
    assert label(LabelParts(building=building), ()) == words


def test_unknown_parts_are_omitted() -> None:
    assert label(LabelParts(), ()) == ""
    assert label(LabelParts(number_key="5"), UNITS) == "5, Phường Láng, Thành phố Hà Nội"


STREETS = [
    "Đường Nguyễn Trãi", "Phố Láng", "Phố Huế", "Đường số 7", "Quốc lộ 1A", "Đường 30/4",
    "Đường Cách Mạng Tháng 8", "Đại lộ Bình Dương", "ĐT743B", "Đường Xô Viết Nghệ Tĩnh",
]  # fmt: skip
NUMBERS = st.lists(
    st.builds(
        lambda n, letter: f"{n}{letter}", st.integers(1, 999), st.sampled_from(["", "A", "B"])
    ),
    min_size=1,
    max_size=4,
).map("/".join)
LOCALITIES = st.lists(
    st.builds(
        lambda kind, n: (kind, str(n)),
        st.sampled_from(["tổ", "khu phố", "thôn", "ấp"]),
        st.integers(1, 30),
    ),
    max_size=2,
    unique_by=lambda place: place[0],
).map(
    lambda places: sorted(places, key=lambda place: place[0] != "tổ")
)  # as the register nests them
FLATS = st.none() | st.tuples(st.sampled_from(["CT1", "HH2"]), st.integers(101, 2999).map(str))


@settings(deadline=None, max_examples=examples(50, 300))
@given(NUMBERS, st.sampled_from(STREETS), LOCALITIES, FLATS)
def test_label_round_trips_to_the_same_door(
    gazetteer: Gazetteer,
    number: str,
    street: str,
    localities: list[tuple[str, str]],
    flat: tuple[str, str] | None,
) -> None:
    asked_street, asked_number = parse_street(street), parse_house_number(number)
    assert asked_street
    assert asked_number
    parts = LabelParts(
        building=flat[0] if flat else None,
        unit_number=flat[1] if flat else None,
        number_key=asked_number.key,
        street_kind=asked_street.kind or "đường",
        street_name=asked_street.name,
        localities=tuple(localities),
    )
    text = label(parts, UNITS)
    best = read_address(gazetteer, text)[0]
    door = best.door
    assert door.house_number, text
    assert (door.house_number.key, door.street and door.street.key) == (
        asked_number.key,
        asked_street.key,
    ), text
    wanted = [parse_locality(named(kind, name)) for kind, name in localities]
    assert [place.key for place in door.localities] == [w.key for w in wanted if w], text
    if flat:
        assert door.flat, text
        assert door.flat.unit == flat[1]
        assert fold(door.flat.building or "") == fold(flat[0])
    else:
        assert door.flat is None, text
    commune = best.namings[0].commune
    assert commune
    assert commune.code == "00199"


@pytest.mark.parametrize(
    "key",
    [
        *("12/", "LO5", "LO5/12", "TO5/THUA12", "LK5/12", "12A", "12-14/3"),
        *("LOA12", "LO.A", "LOA12/5", "LO.A/O12", "5/LOA12", "BTA12", "LKA5/3"),
    ],
)
def test_special_numbers_round_trip(key: str) -> None:
    (read, *_) = parse_address(f"{path_label(key)} Phố Láng, Phường Láng, Thành phố Hà Nội")
    assert read.door.house_number
    assert read.door.house_number.key == key


def test_flat_round_trips_through_its_label() -> None:
    read = parse_flat("Căn hộ 1205, Tầng 12, Toà CT1")
    assert read
    assert (read.unit, read.building) == ("1205", "CT1")
