"""Former names and numbers: they lead to the current door, and never silently to a wrong one."""

from collections.abc import Iterator

import pytest

from registry.core.database import session_scope
from registry.search.answers import Answer
from registry.search.geocode import Question, geocode
from registry.search.judge.verdicts import Validation
from registry.search.validate import validate
from registry.units.gazetteer import Gazetteer
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.lifecycle import COMMUNE, Town, town

HERE = {"commune": COMMUNE}
WHY = {"commune": COMMUNE, "reason": "tests"}
IN_LANG = ", Phường Láng, Hà Nội"


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Town]:
    with town(admin_url, f"geocode_former_{worker_id}") as made:
        yield made


@pytest.fixture(scope="module")
def known(place: Town) -> Gazetteer:
    with session_scope(place.engine) as session:
        return load_gazetteer(session)


class Asking:
    """Asks the town in words."""

    def __init__(self, place: Town, known: Gazetteer) -> None:
        self.place = place
        self.known = known

    def answers(self, text: str) -> list[Answer]:
        return geocode(self.known, self.place.reads, Question(text + IN_LANG))

    def codes(self, text: str) -> set[str | None]:
        return {answer.record.code if answer.record else None for answer in self.answers(text)}

    def verdict(self, text: str) -> Validation:
        return validate(self.known, self.place.reads, Question(text + IN_LANG))

    def sure(self, text: str, code: str, *faults: str) -> Answer:
        """The one answer is this door, with these faults; and a shop may use it."""
        (answer,) = self.answers(text)
        assert answer.record is not None, text
        assert answer.record.code == code
        assert set(answer.faults) == set(faults)
        found = self.verdict(text)
        assert (found.verdict, found.code) == ("correct" if faults else "accept", code)
        return answer

    def doubtful(self, text: str, *codes: str) -> None:
        """All these doors are returned, each with the fault, and a question is asked."""
        found = self.answers(text)
        assert {a.record.code if a.record else None for a in found} == set(codes), text
        assert all("reused" in answer.faults for answer in found)
        assert len(codes) == 1 or all("ambiguous" in answer.faults for answer in found)
        judged = self.verdict(text)
        assert (judged.verdict, judged.code) == ("confirm", None)
        choices = {choice.code for choice in judged.question.choices} if judged.question else set()
        assert choices == (set(codes) if len(codes) > 1 else set())

    def no_door(self, text: str, level: str, *faults: str) -> None:
        """The answer stops above the door, with the reason as faults."""
        (answer,) = self.answers(text)
        assert (answer.record, answer.level) == (None, level), text
        assert set(faults) <= set(answer.faults)


@pytest.fixture(scope="module")
def ask(place: Town, known: Gazetteer) -> Asking:
    return Asking(place, known)


def renumber(place: Town, street: str, *pairs: tuple[str, str]) -> None:
    table = [{"old": old, "new": new} for old, new in pairs]
    place.do("renumber-street", **HERE, street=street, numbers=table)


# --- names ---------------------------------------------------------------------------------------


def test_door_of_a_renamed_street_is_found_by_the_former_name(place: Town, ask: Asking) -> None:
    place.street("Phố Cát Linh")
    code = place.house("12/3", "Cát Linh")
    place.do("rename-street", **HERE, street="Cát Linh", new_name="Đường Võ Văn Kiệt")
    answer = ask.sure("12/3 Phố Cát Linh", code, "former_name")
    assert answer.parts.street_name == "Võ Văn Kiệt"
    ask.sure("12/3 Đường Võ Văn Kiệt", code)
    ask.no_door("14 Phố Cát Linh", "street", "former_name", "house_number_not_found")
    ask.no_door("12/5 Phố Cát Linh", "alley", "former_name", "house_number_not_found")
    component = {c.name: c for c in ask.verdict("12/3 Phố Cát Linh").components}["street"]
    assert (component.status, component.value) == ("corrected", "Đường Võ Văn Kiệt")


def test_former_name_with_other_diacritics_is_another_street(place: Town, ask: Asking) -> None:
    place.street("Phố Hàng Bà")
    place.house("4", "Hàng Bà")
    place.do("rename-street", **HERE, street="Hàng Bà", new_name="Phố Kim Hoa")
    ask.no_door("4 Hàng Bạ", "commune", "street_not_found")


def test_number_on_a_merged_street_does_not_apply_to_its_successor(
    place: Town, ask: Asking
) -> None:
    for name in ("Ngõ Chùa Nền", "Phố Chùa Láng"):
        place.street(name)
    moved, own = place.house("12", "Ngõ Chùa Nền"), place.house("14", "Phố Chùa Láng")
    place.do("merge-street", **WHY, street="Ngõ Chùa Nền", into="Phố Chùa Láng")
    ask.sure("12 Ngõ Chùa Nền", moved, "former_name")
    ask.sure("12 Phố Chùa Láng", moved)
    ask.sure("14 Phố Chùa Láng", own)
    # 14 was never in the street that was merged.
    ask.no_door("14 Ngõ Chùa Nền", "street", "former_name", "house_number_not_found")


def test_chain_of_renames_mergers_and_renumberings_is_followed(place: Town, ask: Asking) -> None:
    for name in ("Phố Một A", "Phố Hai A", "Phố Ba A"):
        place.street(name)
    code = place.house("1", "Một A")
    place.do("rename-street", **HERE, street="Một A", new_name="Phố Không A")
    renumber(place, "Không A", ("1", "5"))
    place.do("merge-street", **WHY, street="Không A", into="Hai A")
    place.do("merge-street", **WHY, street="Hai A", into="Ba A")
    ask.sure("5 Ba A", code)
    for name in ("Một A", "Không A"):
        ask.sure(f"5 {name}", code, "former_name")
        ask.sure(f"1 {name}", code, "former_name", "former_number")
    ask.sure("5 Hai A", code, "former_name")


def test_name_of_another_current_street_is_ambiguous(place: Town, ask: Asking) -> None:
    place.street("Phố Giảng Võ")
    old, only_old = place.house("12", "Giảng Võ"), place.house("14", "Giảng Võ")
    place.do("rename-street", **HERE, street="Giảng Võ", new_name="Phố Núi Trúc")
    place.street("Phố Giảng Võ")
    new, only_new = place.house("12", "Giảng Võ"), place.house("16", "Giảng Võ")
    ask.doubtful("12 Giảng Võ", old, new)
    ask.doubtful("14 Giảng Võ", only_old)
    ask.sure("16 Giảng Võ", only_new)
    ask.sure("12 Núi Trúc", old)


def test_building_and_flat_are_found_by_the_former_name(place: Town, ask: Asking) -> None:
    for name in ("Phố Bốn A", "Phố Năm A"):
        place.street(name)
    block = place.house("5", "Bốn A", kind="building", building="CT5")
    flat = place.house("5", "Bốn A", building="CT5", unit_number="101", parent=block)
    other = place.house("7", "Năm A", kind="building", building="CT7")
    place.house("7", "Năm A", building="CT7", unit_number="101", parent=other)
    place.do("merge-street", **WHY, street="Bốn A", into="Năm A")
    ask.sure("Căn hộ 101 CT5, 5 Bốn A", flat, "former_name")
    assert ask.codes("Toà CT5, Phố Bốn A") == {block}
    # CT7 was never there: it is found by its own name despite the other street.
    assert ask.verdict("Toà CT7, Phố Bốn A").code is None
    ask.no_door("9 Phố Bốn A", "street", "former_name", "house_number_not_found")


# --- localities ----------------------------------------------------------------------------------


def test_door_of_a_renamed_hamlet_is_found_by_the_former_name(place: Town, ask: Asking) -> None:
    for name in ("Thôn Bắc", "Xóm 2, Thôn Bắc", "Thôn Đoài", "Xóm 2, Thôn Đoài"):
        place.do("name-locality", **HERE, locality=name)
    alone = place.house("8", None, locality="Thôn Bắc")
    inside = place.house("5", None, locality="Xóm 2, Thôn Bắc")
    beside = place.house("5", None, locality="Xóm 2, Thôn Đoài")
    place.do("rename-locality", **HERE, locality="Thôn Bắc", new_name="Thôn Bình Minh")
    ask.sure("Số 8, Thôn Bắc", alone, "former_name")
    ask.sure("Số 8, Thôn Bình Minh", alone)
    ask.sure("Số 5, Xóm 2, Thôn Bắc", inside, "former_name")
    ask.sure("Số 5, Xóm 2, Thôn Bình Minh", inside)
    ask.sure("Số 5, Xóm 2, Thôn Đoài", beside)
    ask.no_door("Số 9, Thôn Bắc", "locality", "former_name", "house_number_not_found")


def test_number_in_a_merged_hamlet_applies_there(place: Town, ask: Asking) -> None:
    for name in ("Thôn Nam", "Thôn Tây"):
        place.do("name-locality", **HERE, locality=name)
    moved, own = (
        place.house("3", None, locality="Thôn Nam"),
        place.house("4", None, locality="Thôn Tây"),
    )
    place.do("merge-locality", **WHY, locality="Thôn Nam", into="Thôn Tây")
    ask.sure("Số 3, Thôn Nam", moved, "former_name")
    ask.sure("Số 4, Thôn Tây", own)
    ask.no_door("Số 4, Thôn Nam", "locality", "former_name", "house_number_not_found")


def test_former_hamlet_of_a_street_door_is_no_contradiction(place: Town, ask: Asking) -> None:
    place.street("Phố Sáu A")
    for name in ("Tổ 11", "Tổ 12"):
        place.do("name-locality", **HERE, locality=name)
    code = place.house("6", "Sáu A", locality="Tổ 11")
    place.do("rename-locality", **HERE, locality="Tổ 11", new_name="Tổ 21")
    ask.sure("6 Sáu A, Tổ 11", code, "former_name")
    ask.sure("6 Sáu A, Tổ 21", code)
    (answer,) = ask.answers("6 Sáu A, Tổ 12")
    assert "locality_differs" in answer.faults


# --- numbers -------------------------------------------------------------------------------------


def test_door_is_found_by_its_former_number(place: Town, ask: Asking) -> None:
    place.street("Phố Bảy A")
    code = place.house("12", "Bảy A")
    renumber(place, "Bảy A", ("12", "14B"))
    answer = ask.sure("12 Bảy A", code, "former_number")
    assert answer.parts.number_key == "14B"
    ask.sure("14B Bảy A", code)
    ask.no_door("16 Bảy A", "street", "house_number_not_found")


def test_current_number_formerly_of_another_house_is_never_accepted(
    place: Town, ask: Asking
) -> None:
    place.street("Phố Tám A")
    codes = {number: place.house(number, "Tám A") for number in ("2", "4", "6", "8")}
    renumber(place, "Tám A", ("2", "4"), ("4", "2"), ("6", "10A"))
    ask.doubtful("2 Tám A", codes["2"], codes["4"])
    ask.doubtful("4 Tám A", codes["2"], codes["4"])
    ask.sure("6 Tám A", codes["6"], "former_number")
    ask.sure("8 Tám A", codes["8"])


def test_number_returned_to_its_door_is_unambiguous(place: Town, ask: Asking) -> None:
    place.street("Phố Chín A")
    code = place.house("1", "Chín A")
    renumber(place, "Chín A", ("1", "3"))
    renumber(place, "Chín A", ("3", "1"))
    ask.sure("1 Chín A", code)
    ask.sure("3 Chín A", code, "former_number")


def test_former_number_given_to_a_new_record_is_ambiguous(place: Town, ask: Asking) -> None:
    place.street("Phố Mười A")
    old = place.house("20", "Mười A")
    place.do("renumber", code=old, house_number="22", reason="tests")
    new = place.house("20", "Mười A")
    ask.doubtful("20 Mười A", old, new)
    place.retire(new)
    # 20 may mean the house that no longer exists.
    ask.doubtful("20 Mười A", old)


def test_retired_door_is_found_by_its_former_number(place: Town, ask: Asking) -> None:
    place.street("Phố Mười Hai A")
    old = place.house("30", "Mười Hai A")
    renumber(place, "Mười Hai A", ("30", "32"))
    made = place.do("replace", code=old, reason="misprint").records
    (new,) = {record.code for record in made} - {old}
    ask.sure("30 Mười Hai A", new, "former_number", "retired")


def test_corrected_number_is_not_a_former_number(place: Town, ask: Asking) -> None:
    place.street("Phố Mười Một A")
    code = place.house("50", "Mười Một A")
    place.do("correct", code=code, house_number="52")
    ask.no_door("50 Mười Một A", "street", "house_number_not_found")
