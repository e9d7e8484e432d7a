"""An operation is undone as a whole, or the blocking changes are named."""

import pytest

from registry.core.errors import ConflictError, NotFoundError
from registry.core.undo import LaterWorkError
from tests.support.intake import checksum
from tests.support.lifecycle import COMMUNE, LANG, Town

HERE = {"commune": COMMUNE, "decision_number": "12/QĐ-UBND"}
WHY = {"reason": "nhập nhầm"}


def undo(place: Town, event_id: int, **given: object) -> int:
    """Undo an event; the event that does it."""
    return place.do("undo", event_id=event_id, **WHY, **given).event_id


def blocked(place: Town, event_id: int) -> list[tuple[str, str]]:
    """The blocking changes and the affected objects; nothing was written."""
    before = checksum(place.engine)
    with pytest.raises(LaterWorkError) as raised:
        undo(place, event_id)
    assert checksum(place.engine) == before
    return [(each.code, each.about) for each in raised.value.preview.obstacles]


def versions(place: Town, *codes: str) -> int:
    ((counted,),) = place.rows(
        "SELECT count(*) FROM household_version WHERE code = ANY (:codes)", codes=list(codes)
    )
    return int(counted)


def test_undone_rename_restores_the_name_and_drops_the_other(place: Town) -> None:
    place.street("Phố Cát Linh")
    code = place.house("1", "Cát Linh")
    before = checksum(place.engine)
    done = place.do("rename-street", **HERE, street="Cát Linh", new_name="Đường Võ Văn Kiệt")

    undone = place.do("undo", event_id=done.event_id, **WHY)

    assert checksum(place.engine) == before
    (street,) = undone.streets
    assert (street.before, street.after, street.doors) == ("Đường Võ Văn Kiệt", "Phố Cát Linh", 1)
    assert undone.rewritten == 0
    assert place.record(code).street_name == "Cát Linh"
    states = "SELECT name FROM place_version v JOIN household h ON h.street_id = v.id"
    assert [name for (name,) in place.rows(f"{states} WHERE code = :c ORDER BY valid_to", c=code)][
        -2:
    ] == ["Cát Linh", "Võ Văn Kiệt"]


def test_former_name_from_an_earlier_rename_is_kept(place: Town) -> None:
    place.street("Phố Thành Công")
    place.do("rename-street", **HERE, street="Thành Công", new_name="Phố Nguyên Hồng")
    before = checksum(place.engine)
    back = place.do("rename-street", **HERE, street="Nguyên Hồng", new_name="Phố Thành Công")
    undo(place, back.event_id)
    now = checksum(place.engine)
    # The row of the former name is written again.
    assert {name for name, value in now.items() if value != before[name]} <= {"place_alias"}
    former = "SELECT key FROM place_alias WHERE key IN ('thanh cong', 'nguien hong')"
    assert place.rows(former) == [("thanh cong",)]


def test_undone_merger_restores_doors_numbers_and_former_names(place: Town) -> None:
    place.street("Phố Giảng Võ")
    place.street("Phố Núi Trúc")
    place.do("rename-street", **HERE, street="Núi Trúc", new_name="Phố Trúc Bạch")
    came = [place.house(number, "Trúc Bạch") for number in ("1", "3")]
    stayed = place.house("5", "Giảng Võ")
    before, states = checksum(place.engine), versions(place, *came)
    merged = place.do("merge-street", **HERE, street="Trúc Bạch", into="Giảng Võ", reason="tests")
    assert checksum(place.engine) != before

    undone = place.do("undo", event_id=merged.event_id, **WHY)

    assert checksum(place.engine) == before
    assert undone.rewritten == 2
    # Nothing of the past is rewritten: each door has two states more.
    assert versions(place, *came) == states + 4
    assert place.steps(came[0])[-1].operation == "undo"
    assert place.row(stayed).event_id < merged.event_id


def test_earlier_merged_names_follow_the_separated_street(place: Town) -> None:
    for name in ("Ngõ Một", "Phố Hai", "Phố Ba"):
        place.street(name)
    code = place.house("1", "Ngõ Một")
    place.retire(place.house("3", "Phố Hai"))
    for_good = {"reason": "tests", **HERE}
    first = place.do("merge-street", street="Ngõ Một", into="Hai", **for_good)
    before = checksum(place.engine)
    second = place.do("merge-street", street="Hai", into="Ba", **for_good)
    assert ("household_changed", code) in blocked(place, first.event_id)
    undo(place, second.event_id)
    assert checksum(place.engine) == before
    undo(place, first.event_id)
    assert place.record(code).street_name == "Một"


def test_undone_locality_merger_restores_its_contents(place: Town) -> None:
    place.do("name-locality", **HERE, locality="Khu phố 4")
    place.do("name-locality", **HERE, locality="Khu phố 5")
    place.do("name-locality", **HERE, locality="Tổ 2, Khu phố 5")
    place.house("7", None, locality="Tổ 2, Khu phố 5", **LANG)
    place.house("9", None, locality="Khu phố 5", **LANG)
    before = checksum(place.engine)
    names = {"locality": "Khu phố 5", "into": "Khu phố 4"}
    merged = place.do("merge-locality", **HERE, **names, reason="tests")
    undo(place, merged.event_id)
    assert checksum(place.engine) == before


def test_undone_renumbering_restores_the_numbers(place: Town) -> None:
    place.street("Phố Hào Nam")
    codes = [place.house(number, "Hào Nam") for number in ("1", "3")]
    before = checksum(place.engine)
    numbers = [{"old": "1", "new": "3"}, {"old": "3", "new": "1"}]
    done = place.do("renumber-street", **HERE, street="Hào Nam", numbers=numbers)
    undo(place, done.event_id)
    assert checksum(place.engine) == before
    assert [place.row(code).house_number for code in codes] == ["1", "3"]


def test_later_change_blocks_the_undo_and_is_named(place: Town) -> None:
    place.street("Phố Vạn Bảo")
    first, second = place.house("1", "Vạn Bảo"), place.house("3", "Vạn Bảo")
    numbers = [{"old": "1", "new": "11"}, {"old": "3", "new": "13"}]
    done = place.do("renumber-street", **HERE, street="Vạn Bảo", numbers=numbers)
    later = place.do("correct", code=second, households_count=2)
    place.house("1", "Vạn Bảo")
    renamed = place.do("rename-street", **HERE, street="Vạn Bảo", new_name="Phố Vạn Phúc")

    found = dict(blocked(place, done.event_id))

    assert found["household_changed"] == second
    assert "address_taken" in found
    # A later name of a street does not stand on its numbers.
    assert "street_changed" not in found
    undo(place, renamed.event_id)
    undo(place, later.event_id)
    assert dict(blocked(place, done.event_id)).keys() == {"address_taken"}
    undo(place, done.event_id, same_address=True)
    assert [place.row(code).house_number for code in (first, second)] == ["1", "3"]


def test_changes_of_one_street_are_undone_in_sequence(place: Town) -> None:
    place.street("Phố Kim Mã")
    place.house("1", "Kim Mã")
    before = checksum(place.engine)
    done = [
        place.do("rename-street", **HERE, street="Kim Mã", new_name="Phố Kim Đồng"),
        place.do("rename-street", **HERE, street="Kim Đồng", new_name="Phố Kim Hoa"),
    ]
    assert blocked(place, done[0].event_id) == [("street_changed", "phố Kim Hoa")]
    for each in reversed(done):
        undo(place, each.event_id)
    assert checksum(place.engine) == before


def test_name_taken_by_another_street_blocks_the_undo(place: Town) -> None:
    place.street("Phố Liễu Giai")
    done = place.do("rename-street", **HERE, street="Liễu Giai", new_name="Phố Đội Cấn")
    place.street("Phố Liễu Giai")
    assert blocked(place, done.event_id) == [("name_taken", "phố Liễu Giai")]


def test_undone_naming_removes_the_street_unless_in_use(place: Town) -> None:
    before = checksum(place.engine)
    done = place.do("name-street", **HERE, street="Phố Nhầm")
    undo(place, done.event_id)
    assert checksum(place.engine) == before
    used = place.do("name-street", **HERE, street="Phố Dùng")
    place.house("1", "Dùng")
    assert blocked(place, used.event_id) == [("street_in_use", "phố Dùng")]


def test_undone_retirement_reactivates_records_but_not_proposals(place: Town) -> None:
    code = place.house("71")
    before = checksum(place.engine)
    retired = place.do("retire", code=code, reason="tests")
    undone = place.do("undo", event_id=retired.event_id, **WHY)
    assert checksum(place.engine) == before
    assert [(each.code, each.status) for each in undone.records] == [(code, "active")]
    given = {"commune": COMMUNE, "street": "Phố Láng", "house_number": "73", **LANG}
    (proposed,) = place.do("propose", **given).records
    declined = place.do("retire", code=proposed.code, reason="tests")
    assert blocked(place, declined.event_id) == [("status_final", proposed.code)]


def test_undo_of_other_operations_is_refused(place: Town) -> None:
    place.street("Phố Một Lần")
    done = place.do("rename-street", **HERE, street="Một Lần", new_name="Phố Hai Lần")
    event = undo(place, done.event_id)
    with pytest.raises(ConflictError, match=f"already undone by event {event}"):
        undo(place, done.event_id)
    with pytest.raises(ConflictError, match="not an operation that can be undone"):
        undo(place, event)
    with pytest.raises(NotFoundError):
        undo(place, 10**9)
    reserved = place.do("reserve", count=1)
    with pytest.raises(ConflictError, match="not an operation that can be undone"):
        undo(place, reserved.event_id)
