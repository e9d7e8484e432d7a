"""Estates, hamlets, streets by their initials, houses of several numbers: as people write them."""

from collections.abc import Iterator

import pytest

from registry.core.database import session_scope
from registry.search.geocode import Question, geocode
from registry.units.gazetteer import Gazetteer
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.lifecycle import COMMUNE, Town, town
from tests.support.vectors import Row, cases

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
    ("Đường Nguyễn Hữu Thọ", "33", None, "V4 Home City", "1405"),
    ("Đường Nguyễn Hữu Thọ", "35", None, "R2 Royal City", "B2-R2-07-08"),
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
    *(("LK41-12B", None, "Khu đô thị Green City"), ("41/15A-41/17", "Đường Hàm Nghi", None)),
    ("1194/11-13", "Đường Hàm Nghi", None),
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


@pytest.mark.parametrize("row", cases("geocoded_estates"))
def test_door_is_found_and_no_other_is_answered(
    place: Town, known: Gazetteer, doors: dict[str, str], row: Row
) -> None:
    found = geocode(known, place.reads, Question(f"{row['text']}, Phường Láng, Hà Nội"))
    if row["door"]:
        assert doors[row["door"]] in [answer.record.code for answer in found if answer.record]
        assert set(found[0].faults) == set(row["faults"].split())
    else:
        assert {answer.record.kind for answer in found if answer.record} <= {"building"}
