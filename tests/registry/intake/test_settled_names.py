"""A new name near another one of its commune is asked about, and the answer is kept."""

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
def test_new_name_near_a_known_one_is_asked_about(known: Deliver) -> None:
    result = known(*all_near(7), dry_run=True)
    found = {(each["field"], each["name"], *each["near"]) for each in result.near_names}
    assert found == set(NEAR)
    assert sum(result.problems[code] for code in result.problems if "near_another" in code) == 4


@pytest.mark.parametrize("name", ["Đường Đội Cấn 2", "Phố Láng Hạ", "Đường Đội Nhân"])
def test_name_of_its_own_is_not_asked_about(known: Deliver, name: str) -> None:
    assert known(near("street", name), dry_run=True).near_names == ()


def test_same_name_leads_to_the_known_place_in_later_files_too(
    engine: Engine, known: Deliver
) -> None:
    before = places(engine)
    names = {name: other for _, name, other in NEAR}
    first = known(*all_near(7), names=names)
    assert (first.new, first.near_names, places(engine)) == (len(NEAR), (), before)
    again = known(*all_near(20))
    assert (again.changed, again.near_names, places(engine)) == (len(NEAR), (), before)


def test_other_name_is_a_place_of_its_own_and_not_asked_about_again(
    engine: Engine, known: Deliver
) -> None:
    before = places(engine)
    known(*all_near(7), names={name: name for _, name, _ in NEAR}, dry_run=True)
    assert known(*all_near(7), dry_run=True).near_names  # nothing is kept of a dry run
    made = known(*all_near(7), names={name: name for _, name, _ in NEAR})
    assert (made.new, made.near_names, places(engine)) == (len(NEAR), (), before + len(NEAR))


def test_answer_is_the_sources_own_and_can_be_taken_back(known: Deliver) -> None:
    row = near("street", "Đường Đội Cấn T1")
    settled = {"Đường Đội Cấn T1": "Phố Đội Cấn"}
    known(row, names=settled)
    other = row | {"house_number": "11", "source_ref": "other"}
    assert known(other, source="post", dry_run=True).near_names
    assert known(other, dry_run=True).near_names == ()
    assert known(other, names=dict.fromkeys(settled), dry_run=True).near_names


def test_of_two_new_names_the_rarer_one_is_asked_about(deliver: Deliver) -> None:
    file = [door(str(n), f"c{n}", street="Phố Đội Cấn") for n in range(1, 4)]
    result = deliver(*file, near("street", "Phố Đội Cẩm"), dry_run=True)
    assert [(each["name"], each["near"]) for each in result.near_names] == [
        ("Phố Đội Cẩm", ["Phố Đội Cấn"])
    ]


@pytest.mark.parametrize("names", [{"Phố Đội Cấn": "??"}, {"": "Phố Huế"}, {"x" * 200: "Phố Huế"}])
def test_name_that_cannot_be_read_is_refused(deliver: Deliver, names: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError):
        deliver(*KNOWN, names=names)
