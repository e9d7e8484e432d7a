"""Texts to doors and units: the vectors in full, and texts without commas."""

import csv
import datetime
import unicodedata
from itertools import cycle
from pathlib import Path

import pytest
from hypothesis import given, settings

from geo.address import parse_address
from geo.admin import name_key, parse_name
from geo.locality import parse_locality
from geo.street import parse_street
from geo.understanding import STEPS, note_of
from registry.search.read.address_reader import read_address
from registry.search.rereading import APART, IN_BUILDING, KINDS, PLACES, SIGNS, UNITS
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.text import MAX_TEXT, Naming
from tests.geo.test_address import spelled
from tests.support.vectors import read_vectors
from tests.support.vietnamese import any_text

VECTORS = read_vectors("addresses")
SEARCHED = {IN_BUILDING, APART, KINDS, UNITS, PLACES, SIGNS}
"""Steps of the search, by which a text is read again (`test_geocode_letters`)."""


def is_called(gazetteer: Gazetteer, unit: Unit | None, label: str) -> bool:
    """Whether `unit` has the label's name on any map; no unit for an empty label."""
    if unit is None or not label:
        return unit is None and not label
    names = {name_key(name.name) for name in gazetteer.names_of(unit)}
    return any(reading.key in names for reading in parse_name(label))


def names(gazetteer: Gazetteer, naming: Naming, row: dict[str, str]) -> bool:
    units = (naming.commune, naming.district, naming.province)
    labels = (row["commune"], row["district"], row["province"])
    return all(is_called(gazetteer, unit, label) for unit, label in zip(units, labels, strict=True))


def test_door_and_units_are_read_as_in_the_vectors(gazetteer: Gazetteer) -> None:
    wrong: dict[str, object] = {}
    for row in VECTORS:
        best = read_address(gazetteer, row["text"])[0]
        door = spelled(best.door)
        assert door.keys() <= row.keys()
        if not door.items() <= row.items():
            wrong[row["text"]] = dict(door.items() - row.items())
        namings = best.namings or (Naming(),)
        if not any(names(gazetteer, naming, row) for naming in namings):
            wrong[row["text"]] = namings
    assert wrong == {}


def test_units_of_real_rows_agree_with_hand_labels(gazetteer: Gazetteer, shared_data: Path) -> None:
    """The labels were written by reading the texts, including misspelled and contradictory ones."""
    with (shared_data / "real_addresses.csv").open(encoding="utf-8", newline="") as lines:
        texts = {row["ref"]: row for row in csv.DictReader(lines)}
    labels = read_vectors("admin_parts")
    wrong = []
    for row in labels:
        text = texts[row["ref"]][row["column"]]
        namings = read_address(gazetteer, text)[0].namings or (Naming(),)
        if not any(names(gazetteer, naming, row) for naming in namings):
            wrong.append(text)
    assert len(labels) == 300
    assert len(wrong) <= 8, wrong


@pytest.mark.parametrize(
    ("text", "street"),
    [
        ("12 Nguyễn Trãi Bến Thành Quận 1", "nguyen trai"),
        ("12 Lê Lợi Huế", "le loi"),
        # The end of a street's name is not a unit.
        ("12 Nguyễn Thị Minh Khai, Hà Nội", "nguyen thi minh khai"),
        ("12 nguyen thi ha giang", "nguyen thi ha giang"),
        ("83 nguyen dinh thi tan chau an giang", "nguyen dinh thi"),
        ("12 Xô Viết Nghệ Tĩnh", "xo viet nghe tinh"),
        ("12 Cách Mạng Tháng Tám, TPHCM", "cach mang thang 8"),
        ("12 Tân Hội - Mỹ Hạnh Đông, Cai Lậy, Tiền Giang", "tan hoi mi hanh dong"),
        ("12 Khởi Nghĩa Bắc Sơn", "khoi nghia bac son"),
        ("12 Nguyễn Huệ", "nguyen hue"),
    ],
)
def test_units_are_split_from_a_street_only_when_certain(
    gazetteer: Gazetteer, text: str, street: str
) -> None:
    door = read_address(gazetteer, text)[0].door
    assert door.street is not None
    assert door.street.key == street


def test_units_are_split_from_an_estate_beside_the_street(gazetteer: Gazetteer) -> None:
    text = "1 duong so 5 khu dan cu dai phuc binh hung Binh Chanh Ho Chi Minh"
    best = read_address(gazetteer, text)[0]
    assert [place.key for place in best.door.localities] == ["khu dan cu dai phuc"]
    commune = best.namings[0].commune
    assert commune is not None
    assert commune.versions[0].name == "Bình Hưng"


@pytest.mark.parametrize(
    ("text", "before", "commune"),
    [
        ("Ấp Hòa Thuận Hiệp Thạnh, Gò Dầu, Tây Ninh", "ap hoa thuan", "Hiệp Thạnh"),
        ("Thôn Phú Diễn Bình Minh, Thanh Oai, Hà Nội", "thon phu dien", "Bình Minh"),
        ("88/2 Tô Ký Trung Chánh, Hóc Môn, TP.HCM", "to ki", "Trung Chánh"),
        ("Xóm Bãi Hải Ba, Hải Lăng, Quảng Trị", "xom bai", "Hải Ba"),
        ("Vịnh An Cơ, Châu Thành, Tây Ninh", "vinh", "An Cơ"),
        # A road between two communes, an estate in two, and a street called after its district.
        ("9 Trung Chánh Tân Xuân, Hóc Môn, TP.HCM", "trung chanh tan xuan", None),
        ("KĐT Trung Hòa Nhân Chính, Thanh Xuân, Hà Nội", "khu do thi trung hoa nhan chinh", None),
        ("9 Nghĩa Sĩ Cần Giuộc, Cần Giuộc, Long An", "nghia si can giuoc", None),
    ],
)
def test_commune_before_its_district_needs_no_comma(
    gazetteer: Gazetteer, text: str, before: str, commune: str | None
) -> None:
    best = read_address(gazetteer, text)[0]
    street = best.door.street
    assert before == (street.key if street else best.door.localities[-1].key)
    named = {naming.commune for naming in best.namings}
    if commune is None:
        assert None in named
    else:
        assert [unit and unit.versions[0].name for unit in named] == [commune]


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("9 Nghĩa Sĩ Cần Giuộc, Cần Giuộc, Long An", "nghia si can giuoc"),
        ("1 Xô Viết Nghệ Tĩnh, Phường 26, Bình Thạnh, HCM", "xo viet nghe tinh"),
    ],
)
def test_name_ending_like_a_unit_is_not_split(gazetteer: Gazetteer, text: str, before: str) -> None:
    best = read_address(gazetteer, text)[0]
    street = best.door.street
    assert before == (street.key if street else best.door.localities[-1].key)
    assert best.unread == ()


def test_province_with_an_abbreviated_first_word_is_not_a_street(gazetteer: Gazetteer) -> None:
    (best, *_) = read_address(gazetteer, "12 Lê Duẩn, Hải Châu, Đ.Nẵng")
    assert best.unread == ()
    assert best.namings[0].province is not None


def test_nested_units_are_not_skipped(gazetteer: Gazetteer) -> None:
    text = "TX Kon Tum - Tỉnh Kon Tum-Số 15 Bà Triệu"
    assert all(read.namings for read in read_address(gazetteer, text))


DOORS_BEFORE = ("12 Trần Quang Diệu, ", "Bản Mường Chanh, ", "7, Thôn Đông, ")


@pytest.mark.thorough
def test_every_commune_is_read_without_its_kind(gazetteer: Gazetteer) -> None:
    """Chợ Gạo, Bản Mù, Đường Lâm, Văn Phong, Kiệt Sơn, Lộ 25 and Trung Tâm among them.

    Those that are called like a street or a hamlet behind each door, the others by turns.
    """
    lost = []
    communes = (unit for unit in gazetteer.units.values() if unit.level == "commune")
    for commune, by_turns in zip(communes, cycle(DOORS_BEFORE), strict=False):
        version = commune.versions[-1]
        outer = (gazetteer.units.get(i or 0) for i in (version.district_id, version.province_id))
        day = version.valid_from or datetime.date.min
        names = [version.name, *(unit.version_on(day).name for unit in outer if unit)]
        if any(map(str.isdigit, names)):
            continue
        street, locality = parse_street(version.name), parse_locality(version.name)
        misleads = (street and street.kind) or (locality and locality.kind)
        for door in DOORS_BEFORE if misleads else (by_turns,):
            text = door + ", ".join(names)
            found = read_address(gazetteer, text)
            if not any(n.commune is commune for read in found for n in read.namings):
                lost.append(text)
    # Chợ Đồn is also a current commune, and both parts are named like a market or hamlet.
    assert set(lost) <= {f"{door}Bản Thi, Chợ Đồn, Bắc Kạn" for door in DOORS_BEFORE}


@pytest.mark.parametrize("door", ["Số 5, ngõ 12", "5, ngõ 12", "số 5A, ngách 34, ngõ 12", "12"])
def test_name_after_a_number_is_its_street_if_no_unit_has_that_name(
    gazetteer: Gazetteer, door: str
) -> None:
    for street in ("Tên Lửa", "Kim Mã", "Lê Lợi"):
        best = read_address(gazetteer, f"{door}, {street}, Phường Láng, Hà Nội")[0]
        assert best.door.street is not None
        assert best.door.street.name == street
    # A former ward, and a repeated one.
    for text in (f"{door}, Phú La, Hà Đông, Hà Nội", f"{door}, Láng, Phường Láng, Hà Nội"):
        assert read_address(gazetteer, text)[0].unread == ()


def test_p_is_a_ward_if_the_district_has_a_ward_of_that_name(gazetteer: Gazetteer) -> None:
    in_quy_nhon = read_address(gazetteer, "Tổ 35, P. Đống Đa, TP. Quy Nhơn, Bình Định")
    assert [read.door.street for read in in_quy_nhon] == [None]
    for text in (
        "Tổ dân phố 11, P. Quang Trung, Hà Nội",
        "cạnh chợ Lê Lợi, P. Thuận Hóa, Huế",
        "P. Thuận Hóa, Huế",
    ):
        assert [read.door.street for read in read_address(gazetteer, text)] == [None], text
    at_a_number = read_address(gazetteer, "16, P. Quang Trung, Hà Nội")
    assert [read.door.street is None for read in at_a_number] == [True, False]
    unknown = read_address(gazetteer, "Tổ 35, P. Nguyễn Tuân, TP. Quy Nhơn, Bình Định")
    assert "nguyen tuan" in [read.door.street and read.door.street.key for read in unknown]


@given(any_text)
@settings(deadline=None)
def test_any_text_is_read(gazetteer: Gazetteer, text: str) -> None:
    readings = read_address(gazetteer, text)
    # A sign may stand for a letter: 🈐 is 手 in a square.
    written = text + unicodedata.normalize("NFKC", text)
    assert bool(readings) == any(map(str.isalnum, written))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "-",
        "...,,;;",
        "東京都千代田区",
        "\u202e12 Lê Lợi\u202c",
        "مرحبا بالعالم",
        "'; DROP TABLE household; --",
        "<script>alert(1)</script>",
        "%s %n {} ${jndi:ldap://x}",
        "Phường " * 2_000,
        "12/" * 4_000,
        "K4 " * 3_000,
        "Nguyễn Trãi Bến Nghé " * 500,
        "\x00\x01",
    ],
)
def test_invalid_input_never_raises(gazetteer: Gazetteer, text: str) -> None:
    assert isinstance(read_address(gazetteer, text), list)
    assert isinstance(read_address(gazetteer, text[:MAX_TEXT]), list)


@pytest.mark.parametrize("step", sorted(STEPS.keys() - SEARCHED))
def test_example_of_a_penalty_uses_its_step(gazetteer: Gazetteer, step: str) -> None:
    text = STEPS[step].example
    readings = [*parse_address(text), *read_address(gazetteer, text)]
    assert note_of(step) in {note for reading in readings for note in reading.notes}
