"""Streets and localities as requests spell them: the same, without marks, with other marks."""

import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from registry.core.errors import ConflictError, InvalidInputError
from tests.support.lifecycle import COMMUNE, LANG, Town, town

HERE = {"commune": COMMUNE}
FORMER = ("00199", "00187")


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Town]:
    with town(admin_url, f"spelling_{worker_id}") as made:
        made.street("Đường Hòn Chồng")
        made.street("Đường Hòa Mỹ")
        made.do("name-locality", **HERE, locality="Khu phố Đông Hòa")
        made.do("name-locality", **HERE, locality="Thôn Hạ Đồng, Khu phố Đông Hòa")
        yield made


def refused(place: Town, **fields: Any) -> tuple[str, str, list[str] | None]:
    with pytest.raises(InvalidInputError) as raised:
        place.do("propose", **HERE, house_number="1", **fields)
    (error,) = raised.value.extra["errors"]  # type: ignore[misc]
    return error["field"], error["code"], error.get("suggestions")


@pytest.mark.parametrize(
    "written",
    [
        "Hòn Chồng",
        "PHỐ HÒN CHỒNG",
        "đ. hòn chồng",
        unicodedata.normalize("NFD", "Đường Hòn Chồng"),
        "Hoà Mĩ",
    ],
)
def test_identical_name_matches_without_a_warning(place: Town, written: str) -> None:
    done = place.do("propose", **HERE, house_number="1", street=written, same_address=True)
    assert done.warnings == ()


def test_name_without_diacritics_matches_with_a_warning(place: Town) -> None:
    done = place.do(
        "propose", **HERE, **LANG, street="hon chong", locality="thon ha dong", house_number="2"
    )
    assert [(w.code, w.field, w.given, w.registered) for w in done.warnings] == [
        ("marks_missing", "street", "hon chong", "Đường Hòn Chồng"),
        ("marks_missing", "locality", "ha dong", "Thôn Hạ Đồng"),
    ]


def test_other_diacritics_are_another_place(place: Town) -> None:
    near = ["Đường Hòn Chồng"]
    for written in ("Hòn Chông", "Hón Chồng", "Hòn Chong"):
        assert refused(place, street=written) == ("street", "unknown_place", near), written
    found = refused(place, locality="Thôn Hà Đông")
    assert found == ("locality", "unknown_place", ["Thôn Hạ Đồng"])
    found = refused(place, locality="Thôn Hạ Đồng, Khu phố Đồng Hòa")
    assert found[:2] == ("locality", "unknown_locality")
    assert refused(place, street="Phố Xa Lắc") == ("street", "unknown_place", None)


def test_streets_differing_only_in_diacritics_are_two(place: Town) -> None:
    place.street("Đường Hòn Khói")
    with pytest.raises(ConflictError, match="đã có Đường Hòn Khói, chỉ khác dấu"):
        place.street("Hon Khoi")  # which may be the one that is there
    place.street("Hòn Khỏi", former_commune=FORMER[1])
    done = place.do("propose", **HERE, street="Hòn Khỏi", house_number="3")
    assert (done.records[0].record.street_name, done.warnings) == ("Hòn Khỏi", ())  # type: ignore[union-attr]
    # Two are meant as well as one.
    assert refused(place, street="hon khoi")[:2] == ("street", "ambiguous_place")
    done = place.do(
        "propose", **HERE, street="hon khoi", former_commune=FORMER[1], house_number="4"
    )
    assert [w.registered for w in done.warnings] == ["Đường Hòn Khỏi"]
    # Also in one former commune, and by a new name; the same one again is refused.
    place.street("Hón Khói")
    place.street("Đường Ven Biển")
    place.do("rename-street", **HERE, street="Ven Biển", new_name="Đường Hòn Khôi")
    for name in ("Hón Khói", "Hòn khôi"):
        with pytest.raises(ConflictError, match="đã có ở đó"):
            place.street(name)
    done = place.do("propose", **HERE, street="Hòn Khôi", house_number="3")
    assert done.records[0].record.street_name == "Hòn Khôi"  # type: ignore[union-attr]


def test_former_name_matches_only_with_its_exact_diacritics(place: Town) -> None:
    place.street("Phố Bà Đanh")
    place.do("rename-street", **HERE, street="Bà Đanh", new_name="Phố Thuỵ Khuê Mới")
    assert refused(place, street="Bà Đanh")[:2] == ("street", "former_name")
    assert refused(place, street="ba danh")[:2] == ("street", "former_name")
    assert refused(place, street="Bá Đành")[:2] == ("street", "unknown_place")
