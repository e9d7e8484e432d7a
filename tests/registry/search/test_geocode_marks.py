"""Two streets of one commune that differ in their marks only: each door is found by its own."""

from collections.abc import Iterator

import pytest

from registry.core.database import session_scope
from registry.search.autocomplete import Typing, autocomplete
from registry.search.autocomplete.place_names import PlaceNames
from registry.search.geocode import Question, geocode
from registry.search.validate import validate
from registry.units.gazetteer import Gazetteer
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.lifecycle import COMMUNE, Town, town

HERE = {"commune": COMMUNE}
IN_LANG = ", Phường Láng, Hà Nội"


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Town]:
    with town(admin_url, f"geocode_marks_{worker_id}") as made:
        made.street("Phố Hàng Dầu")
        made.street("Phố Hàng Đậu")
        yield made


@pytest.fixture(scope="module")
def known(place: Town) -> Gazetteer:
    with session_scope(place.engine) as session:
        return load_gazetteer(session)


@pytest.fixture(scope="module")
def doors(place: Town) -> dict[str, str]:
    """Code of each door: 5 on both streets, 7 on one, 9 on the other."""
    made = {}
    for number, streets in {"5": ("Dầu", "Đậu"), "7": ("Dầu",), "9": ("Đậu",)}.items():
        for street in streets:
            done = place.do("propose", **HERE, house_number=number, street=f"Hàng {street}")
            code = done.records[0].record.code  # type: ignore[union-attr]
            place.do("activate", code=code)
            made[f"{number} Hàng {street}"] = code
    return made


@pytest.mark.parametrize("text", ["{}", "số {}", "{} Street", "{}, Hà Nội"])
def test_diacritics_select_the_right_door(
    place: Town, known: Gazetteer, doors: dict[str, str], text: str
) -> None:
    for written, code in doors.items():
        (answer,) = geocode(known, place.reads, Question(text.format(written) + IN_LANG))
        assert answer.record is not None, written
        assert (answer.record.code, answer.faults) == (code, ()), written
        found = validate(known, place.reads, Question(text.format(written) + IN_LANG))
        assert (found.verdict, found.code) == ("accept", code)


def test_number_on_the_other_street_is_never_answered(
    place: Town, known: Gazetteer, doors: dict[str, str]
) -> None:
    for written in ("7 Hàng Đậu", "9 Hàng Dầu"):
        answers = geocode(known, place.reads, Question(written + IN_LANG))
        shown = [
            (a.level, a.parts.street_name, "house_number_not_found" in a.faults) for a in answers
        ]
        assert shown == [("street", written[2:], True)], written
        assert validate(known, place.reads, Question(written + IN_LANG)).code is None


def test_missing_diacritics_match_either_street(
    place: Town, known: Gazetteer, doors: dict[str, str]
) -> None:
    answers = geocode(known, place.reads, Question("5 hang dau" + IN_LANG))
    both = {doors["5 Hàng Dầu"], doors["5 Hàng Đậu"]}
    assert {answer.record.code for answer in answers if answer.record} == both
    assert all("ambiguous" in answer.faults for answer in answers)
    assert validate(known, place.reads, Question("5 hang dau" + IN_LANG)).verdict == "confirm"
    # One of both has the number; the other one's may be yet to come.
    (answer,) = geocode(known, place.reads, Question("7 hang dau" + IN_LANG))
    assert answer.record is not None
    assert answer.record.code == doors["7 Hàng Dầu"]
    assert answer.faults == ("marks_missing",)
    found = validate(known, place.reads, Question("7 hang dau" + IN_LANG))
    assert (found.verdict, found.next_action, found.code) == ("confirm", "ask_yes_no", None)
    assert found.question is not None
    assert "7 Phố Hàng Dầu" in found.question.text
    # The street alone is both.
    streets = geocode(known, place.reads, Question("hang dau" + IN_LANG))
    assert {answer.parts.street_name for answer in streets} == {"Hàng Dầu", "Hàng Đậu"}


def test_former_commune_distinguishes_them_as_well(place: Town, known: Gazetteer) -> None:
    for name, former in (("Phố Bà Đanh", "00199"), ("Phố Bá Đành", "00187")):
        place.street(name, former_commune=former)
    code = place.house("5", "Phố Bà Đanh", former_commune="00199")

    asked = {"5 ba danh, Phường Láng Hạ, Hà Nội": ["commune_former"]}
    asked["5 ba danh" + IN_LANG] = ["marks_missing"]
    for text, faults in asked.items():
        (answer,) = geocode(known, place.reads, Question(text))
        assert answer.record is not None
        assert (answer.record.code, list(answer.faults)) == (code, faults), text


def test_former_name_with_other_diacritics_is_not_accepted(place: Town, known: Gazetteer) -> None:
    """Phố Bến Bạc was renamed; Phố Bến Bắc is another one of the commune."""
    for name in ("Phố Bến Bạc", "Phố Bến Bắc"):
        place.street(name)
    place.do("rename-street", **HERE, street="Bến Bạc", new_name="Phố Mới Đặt")

    meant = {"Bến Bạc": {"Mới Đặt"}, "Bến Bắc": {"Bến Bắc"}, "ben bac": {"Mới Đặt", "Bến Bắc"}}
    for text, streets in meant.items():
        answers = geocode(known, place.reads, Question(f"Phố {text}{IN_LANG}"))
        assert {answer.parts.street_name for answer in answers} == streets, text


def test_both_streets_are_suggested(place: Town, known: Gazetteer, doors: dict[str, str]) -> None:
    names = PlaceNames(place.reads).get()

    def labels(text: str) -> set[str]:
        found = autocomplete(known, place.reads, names, Typing(text))
        return {one.label.split(",")[0] for one in found}

    both = {"Phố Hàng Dầu", "Phố Hàng Đậu"}
    assert labels("hang da") >= both
    assert labels("hang dau") == both
    assert labels("5 hang dau lang") == {"5 Phố Hàng Dầu", "5 Phố Hàng Đậu"}
    assert labels("9 hang dau") >= {"9 Phố Hàng Đậu"}
