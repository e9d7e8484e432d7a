"""A new name similar to another one of its commune is questioned, and the answer kept."""

import pytest
from sqlalchemy import Engine

from registry.core.errors import InvalidInputError
from tests.support.intake import Deliver, door, rows

pytestmark = pytest.mark.thorough

KNOWN = [
    door("1", "k1", street="Phố Đội Cấn"),
    door("1", "k2", street="Đường Huỳnh Thúc Kháng"),
    door("1", "k3", street="", locality="Tổ 1"),
    door("1", "k4", street="", locality="Thôn Đồng Tâm"),
    door("1", "k5", street="Phố Quán Thánh"),
]
NEAR = [
    ("street", "Đường Đội Cấn T1", "Phố Đội Cấn"),
    ("street", "Đường Huỳnh Thúc Khánh", "Đường Huỳnh Thúc Kháng"),
    ("street", "Đường Quán Thánh kéo dài", "Phố Quán Thánh"),
    ("street", "Phố Quán Thành", "Phố Quán Thánh"),
    ("locality", "1", "Tổ 1"),
    ("locality", "Thôn Đồng Tân", "Thôn Đồng Tâm"),
]


def near(field: str, name: str, number: int = 7) -> dict[str, str]:
    """A door at the place of that name, of another number than any known one."""
    return door(str(number), f"n {name}", **({"street": ""} | {field: name}))


def all_near(first: int) -> list[dict[str, str]]:
    return [near(field, name, first + at) for at, (field, name, _) in enumerate(NEAR)]


def places(engine: Engine) -> int:
    return len(
        rows(
            engine,
            "SELECT key FROM place",
        )
    )


@pytest.fixture
def known(deliver: Deliver) -> Deliver:
    deliver(*KNOWN)
    return deliver


@pytest.mark.gate
def test_new_name_similar_to_a_known_one_is_questioned(known: Deliver) -> None:
    result = known(*all_near(7), dry_run=True)
    found = {(each["field"], each["name"], *each["near"]) for each in result.near_names}
    assert found == set(NEAR)
    assert sum(result.problems[code] for code in result.problems if "near_another" in code) == 4


@pytest.mark.parametrize("name", ["Đường Đội Cấn 2", "Phố Láng Hạ", "Đường Đội Nhân"])
def test_distinct_name_is_not_questioned(known: Deliver, name: str) -> None:
    assert known(near("street", name), dry_run=True).near_names == ()


def test_name_settled_as_the_same_matches_in_later_files(engine: Engine, known: Deliver) -> None:
    before = places(engine)
    names = {name: other for _, name, other in NEAR}
    first = known(*all_near(7), names=names)
    assert (first.new, first.near_names, places(engine)) == (len(NEAR), (), before)
    again = known(*all_near(20))
    assert (again.changed, again.near_names, places(engine)) == (len(NEAR), (), before)


def test_name_settled_as_different_is_a_new_place_and_not_questioned_again(
    engine: Engine, known: Deliver
) -> None:
    before = places(engine)
    known(*all_near(7), names={name: name for _, name, _ in NEAR}, dry_run=True)
    assert known(*all_near(7), dry_run=True).near_names  # a dry run stores nothing
    made = known(*all_near(7), names={name: name for _, name, _ in NEAR})
    assert (made.new, made.near_names, places(engine)) == (len(NEAR), (), before + len(NEAR))


def test_answer_applies_to_its_source_and_can_be_withdrawn(known: Deliver) -> None:
    row = near("street", "Đường Đội Cấn T1")
    settled = {"Đường Đội Cấn T1": "Phố Đội Cấn"}
    known(row, names=settled)
    other = row | {"house_number": "11", "source_ref": "other"}
    assert known(other, source="post", dry_run=True).near_names
    assert known(other, dry_run=True).near_names == ()
    assert known(other, names=dict.fromkeys(settled), dry_run=True).near_names


def test_rarer_of_two_new_names_is_questioned(deliver: Deliver) -> None:
    file = [door(str(n), f"c{n}", street="Phố Đội Cấn") for n in range(1, 4)]
    result = deliver(*file, near("street", "Phố Đội Cẩm"), dry_run=True)
    assert [(each["name"], each["near"]) for each in result.near_names] == [
        ("Phố Đội Cẩm", ["Phố Đội Cấn"])
    ]


@pytest.mark.parametrize("names", [{"Phố Đội Cấn": "??"}, {"": "Phố Huế"}, {"x" * 200: "Phố Huế"}])
def test_unreadable_name_is_refused(deliver: Deliver, names: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError):
        deliver(*KNOWN, names=names)
