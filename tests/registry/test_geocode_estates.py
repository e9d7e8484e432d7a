"""Estates, hamlets, streets by their initials, houses of several numbers: as people write them."""

from collections.abc import Iterator

import pytest

from registry.database import session_scope
from registry.gazetteer import Gazetteer
from registry.gazetteer_loading import load_gazetteer
from registry.geocode import Question, geocode
from tests.support.lifecycle import COMMUNE, Town, town

STREETS = (
    *("Đường Nam Kỳ Khởi Nghĩa", "Đường Trần Hưng Đạo", "Đường Pasteur", "Đường Hàm Nghi"),
    *("Đường Lý Tự Trọng", "Đường Lê Thánh Tôn", "Quốc lộ 1A", "Đường Nguyễn Hữu Thọ"),
)
HAMLETS = (
    *("Khu đô thị Green City", "Thôn Cổ Nhuế", "Xóm 2, Thôn Cổ Nhuế"),
    *("Ấp 2", "Thôn Bắc", "Tổ 1, Thôn Bắc"),
)
TOWERS = (
    # street, number, locality, building, flat
    (None, None, "Khu đô thị Green City", "S3.03", "0508"),
    (None, None, "Khu đô thị Green City", "L2", "1203"),
    ("Đường Nguyễn Hữu Thọ", "23", None, "Chung cư Sunrise City", "1507"),
    (None, "7", None, "Chung cư Hướng Dương", "204"),
    ("Đường Nguyễn Hữu Thọ", "25", None, "Sunrise City W1", "1208"),
    ("Đường Nguyễn Hữu Thọ", "27", None, "Chung cư 5 tầng", "209"),
    ("Đường Nguyễn Hữu Thọ", "29", None, "Toà A The Pegasus Plaza", "1305"),
    ("Đường Nguyễn Hữu Thọ", "31", None, "Landmark 2", "1209"),
    (None, None, None, "CT2A Xa La", "1807"),
)
HOUSES = (
    *(("12", "Đường Nam Kỳ Khởi Nghĩa", None), ("18", "Đường Trần Hưng Đạo", None)),
    *(("7", "Đường Lý Tự Trọng", None), ("7D", "Đường Lý Tự Trọng", None)),
    *(("8", "Đường Lý Tự Trọng", None), ("9", "Đường Lê Thánh Tôn", None)),
    *(("25", "Đường Pasteur", None), ("62/15/7", "Đường Hàm Nghi", None)),
    *(("120-122", "Đường Hàm Nghi", None), ("63-69", "Đường Hàm Nghi", None)),
    *(("65", "Đường Hàm Nghi", None), ("20-23", "Đường Hàm Nghi", None)),
    *(("234", "Quốc lộ 1A", "Ấp 2"), ("236", "Quốc lộ 1A", None)),
    *(("15", None, "Thôn Cổ Nhuế"), ("16", None, "Xóm 2, Thôn Cổ Nhuế")),
    *(("5", None, "Thôn Bắc"), ("BT5-12", None, "Khu đô thị Green City")),
)
FOUND = (
    # an estate without its kind, in one word; a block with its point and without
    ("căn 0508 toà S3.03 Green City", "0508", ()),
    ("căn 0508 toà S303 KĐT Green City", "0508", ()),
    ("P0508 toà S303 Greencity", "0508", ()),
    ("S303-0508 Green City", "0508", ("street_not_found",)),
    ("S303 Green City", "S3.03", ("street_not_found", "flat_missing")),
    ("L2-12.03 Green City", "1203", ()),
    ("BT5-12 Green City", "BT5-12", ("street_not_found",)),
    # a building without its kind
    ("căn 1507 Sunrise City, 23 Nguyễn Hữu Thọ", "1507", ()),
    ("căn 1507 Sunrise City", "1507", ("street_missing",)),
    ("W1-1208 Sunrise City, 25 Nguyễn Hữu Thọ", "1208", ()),
    ("căn 209, chung cư 5 tầng, đường Nguyễn Hữu Thọ, số 27", "209", ()),
    ("209 Chung cư 5 tầng, Đường Nguyễn Hữu Thọ", "209", ()),
    ("P209 chung cư 5 tầng đường Nguyễn Hữu Thọ", "209", ()),
    ("209 chung cư 5 tầng, 27 Nguyễn Hữu Thọ", "209", ()),
    # one in two parts, without its word, by its first letter, or grown to its flat
    ("căn 1305, toà A, The Pegasus Plaza, 29 Nguyễn Hữu Thọ", "1305", ()),
    ("căn 1305, A The Pegasus Plaza, 29 Nguyễn Hữu Thọ", "1305", ()),
    ("căn 1807, CT2A Xa La", "1807", ()),
    ("1807 CT2A Xa La", "1807", ()),
    ("L2-12.09, 31 Nguyễn Hữu Thọ", "1209", ("building_unsure",)),
    ("0508 S303 Green City", "0508", ()),
    # a building that is named as an estate is, without its number or without a street
    ("căn 1507 chung cư Sunrise City, đường Nguyễn Hữu Thọ", "1507", ()),
    ("căn 1507 chung cư Sunrise City", "1507", ("street_missing",)),
    ("căn 204 chung cư Hướng Dương, số 7", "204", ("street_missing",)),
    # a street by its letters, where one has them
    ("12 NKKN", "12", ()),  # a word of the lexicon
    ("7 LTT", "7", ("street_corrected", "street_unsure", "ambiguous")),
    ("18 Tr. Hưng Đạo", "18", ("street_corrected",)),
    ("25 pasteur", "25", ()),
    # a letter grown to the name: the number's, or a đường's
    ("7Dlý Tự Trọng", "7D", ()),
    ("7dlý tự trọng", "7D", ()),
    ("7Dly Tu Trong", "7D", ("letter_unsure", "ambiguous")),
    ("7 D Ly Tu Trong", "7", ("letter_unsure", "ambiguous")),
    ("7Đlý Tự Trọng", "7D", ("letter_unsure", "ambiguous")),
    ("7Đ Lý Tự Trọng", "7", ("letter_unsure", "ambiguous")),
    ("7Đ.Lý Tự Trọng", "7", ("letter_unsure", "ambiguous")),
    ("8Đ. Lý Tự Trọng", "8", ("letter_unsure",)),
    # one of several numbers, if no house of its own
    ("122 Hàm Nghi", "120-122", ("number_of_several",)),
    ("67 Hàm Nghi", "63-69", ("number_of_several",)),
    ("65 Hàm Nghi", "65", ()),
    ("21 Hàm Nghi", "20-23", ("number_of_several",)),
    # from the door to the street
    ("số 7 H15 K62 Hàm Nghi", "62/15/7", ()),
    # in the hamlet that is named
    ("16 xóm 2 thôn Cổ Nhuế", "16", ()),
    ("234 QL1A, ấp 2", "234", ()),
    ("236 QL1A, ấp 3", "236", ()),
    ("5 tổ 2 thôn Bắc", "5", ("locality_not_found",)),
)
ANOTHER = (
    *("7Blý Tự Trọng", "121 Hàm Nghi", "64 Hàm Nghi", "120A Hàm Nghi"),
    *("15 xóm 4 thôn Cổ Nhuế", "16 xóm 4 thôn Cổ Nhuế", "234 QL1A, ấp 3"),
    *(
        "12 NKN",
        "12 LTT",
        "căn 1508 Sunrise City",
        "căn 204 chung cư Hướng Dương, số 9",
        "S304-0508 Green City",
        "căn 1203 L3 Green City",
        "L3-12.09, 31 Nguyễn Hữu Thọ",
        "căn 1305, toà B, The Pegasus Plaza, 29 Nguyễn Hữu Thọ",
        "căn 1807, CT2B Xa La",
    ),
)


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Town]:
    with town(admin_url, f"estates_{worker_id}") as made:
        for street in STREETS:
            made.street(street)
        for hamlet in HAMLETS:
            made.do("name-locality", commune=COMMUNE, locality=hamlet)
        yield made


@pytest.fixture(scope="module")
def known(place: Town) -> Gazetteer:
    with session_scope(place.engine) as session:
        return load_gazetteer(session)


@pytest.fixture(scope="module")
def doors(place: Town) -> dict[str, str]:
    found = {n: place.house(n, street, locality=hamlet) for n, street, hamlet in HOUSES}
    for street, number, hamlet, name, flat in TOWERS:
        where = {"locality": hamlet, "building": name}
        found[name] = place.house(number, street, kind="building", **where)
        found[flat] = place.house(number, street, unit_number=flat, parent=found[name], **where)
    return found


@pytest.mark.parametrize(("text", "door", "faults"), FOUND)
def test_door_is_found(
    place: Town,
    known: Gazetteer,
    doors: dict[str, str],
    text: str,
    door: str,
    faults: tuple[str, ...],
) -> None:
    found = geocode(known, place.reads, Question(f"{text}, Phường Láng, Hà Nội"))
    assert doors[door] in [answer.record.code for answer in found if answer.record], found
    assert set(found[0].faults) == set(faults)


@pytest.mark.parametrize("text", ANOTHER)
def test_another_door_is_not_answered(
    place: Town, known: Gazetteer, doors: dict[str, str], text: str
) -> None:
    assert doors
    found = geocode(known, place.reads, Question(f"{text}, Phường Láng, Hà Nội"))
    assert all(answer.record is None or answer.record.kind == "building" for answer in found), found
