"""A street through several communes: renamed or renumbered in all of them, or in none."""

import json
from typing import Any

import pytest

from registry.core.actors import Actor, acting_as
from registry.core.database import session_scope
from registry.core.errors import (
    AddressTakenError,
    ConflictError,
    InvalidInputError,
    OutsideUnitsError,
)
from registry.lifecycle.work import ChangedStreet
from registry.search.geocode import Question, geocode
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.commands import call
from tests.support.lifecycle import COMMUNE, Town

KIM_LIEN, O_CHO_DUA, CUA_NAM = "00229", "00226", "00082"
THREE = [COMMUNE, KIM_LIEN, CUA_NAM]


def street(place: Town, name: str, communes: list[str] = THREE) -> list[str]:
    """A street with a house 12 in each of the communes; their codes."""
    for commune in communes:
        place.street(name, commune=commune)
    return [place.house("12", name, commune=commune) for commune in communes]


def name_of(place: Town, code: str) -> tuple[str | None, str | None]:
    record = place.record(code)
    return record.street_kind, record.street_name


def problems(error: InvalidInputError | ConflictError) -> list[tuple[str, str]]:
    """(commune, code) of each thing that is wrong."""
    errors: Any = error.extra["errors"]
    return [(str(each["detail"]).partition(":")[0], each["code"]) for each in errors]


def events(place: Town) -> int:
    ((count,),) = place.rows("SELECT count(*) FROM event")
    return int(count)


def test_street_is_renamed_in_all_its_communes_by_one_event(place: Town) -> None:
    codes, before = street(place, "Phố Vành Đai"), events(place)
    done = place.do(
        "rename-street", communes=THREE, street="Phố Vành Đai", new_name="Đường Đại Việt"
    )
    assert events(place) == before + 1
    assert {name_of(place, code) for code in codes} == {("đường", "Đại Việt")}
    assert done.streets == tuple(
        ChangedStreet(commune, "Phố Vành Đai", "Đường Đại Việt", 1, 0) for commune in THREE
    )
    with session_scope(place.engine) as session:
        known = load_gazetteer(session)
    for code, commune in zip(codes, ("Láng", "Kim Liên", "Cửa Nam"), strict=True):
        asked = Question(f"12 Phố Vành Đai, Phường {commune}, Hà Nội")
        (found,) = geocode(known, place.reads, asked)
        assert found.record is not None
        assert found.record.code == code


def test_error_in_one_commune_blocks_the_rename_in_all(place: Town) -> None:
    codes = street(place, "Phố Hai Huyện")
    place.street("Đường Đã Có", commune=KIM_LIEN)
    before = events(place)
    asked = {"street": "Phố Hai Huyện", "new_name": "Đường Đã Có"}
    with pytest.raises(ConflictError) as clash:
        place.do("rename-street", communes=THREE, **asked)
    assert problems(clash.value) == [(KIM_LIEN, "name_taken")]
    with pytest.raises(InvalidInputError) as missing:
        place.do("rename-street", communes=[*THREE, O_CHO_DUA, "99999"], **asked)
    assert problems(missing.value) == [
        (O_CHO_DUA, "unknown_place"),
        ("99999", "unknown_commune"),
    ]
    assert {name_of(place, code) for code in codes} == {("phố", "Hai Huyện")}
    assert events(place) == before


def test_all_streets_of_the_name_are_renamed_in_a_merged_commune(place: Town) -> None:
    street(place, "Phố Cũ Kỹ")
    place.street("Phố Cũ Kỹ", former_commune=COMMUNE)
    done = place.do("rename-street", communes=THREE, street="Phố Cũ Kỹ", new_name="Phố Tân Kỳ")
    assert [each.commune for each in done.streets].count(COMMUNE) == 2


def test_province_means_its_communes_with_the_street(place: Town) -> None:
    street(place, "Phố Xuyên Thành", [COMMUNE, CUA_NAM, "26743"])
    place.street("Phố Xuyên Thanh", commune=KIM_LIEN)
    done = place.do("rename-street", province="01", street="Xuyên Thành", new_name="Phố Trục Bắc")
    assert [each.commune for each in done.streets] == [CUA_NAM, COMMUNE]
    with pytest.raises(InvalidInputError, match="not in this province"):
        place.do("rename-street", province="01", street="Xuyên Thành", new_name="Phố Khác")


@pytest.mark.parametrize(
    "where",
    [
        {},
        {"commune": COMMUNE, "communes": THREE},
        {"communes": []},
        {"communes": [COMMUNE, COMMUNE]},
        {"communes": THREE, "former_commune": COMMUNE},
        {"province": "1"},
    ],
)
def test_location_of_the_street_must_be_given_once(place: Town, where: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        place.do("rename-street", **where, street="Láng", new_name="Phố Khác")


def test_numbers_continue_from_commune_to_commune(place: Town) -> None:
    """They restarted in each commune, and are numbered continuously from now on."""
    name = "Phố Đếm Lại"
    first, second, third = street(place, name)
    other = place.house("24", name, commune=KIM_LIEN)
    asked = {"communes": THREE, "street": name}
    with pytest.raises(InvalidInputError) as several:
        place.do("renumber-street", **asked, numbers=[{"old": "12", "new": "30"}])
    assert several.value.extra["errors"][0]["code"] == "number_in_several"  # type: ignore[index]
    lines = [
        {"old": "12", "new": "24", "commune": KIM_LIEN},
        {"old": "12", "new": "36", "commune": CUA_NAM},
    ]
    with pytest.raises(AddressTakenError, match="24"):
        place.do("renumber-street", **asked, numbers=lines)
    lines.append({"old": "24", "new": "26", "commune": KIM_LIEN})
    done = place.do("renumber-street", **asked, numbers=lines)
    numbers = [place.row(code).house_number_key for code in (first, second, third, other)]
    assert numbers == ["12", "24", "36", "26"]
    assert [(each.commune, each.doors, each.rewritten) for each in done.streets] == [
        (COMMUNE, 1, 0),
        (KIM_LIEN, 2, 2),
        (CUA_NAM, 1, 1),
    ]
    # A swap without communes: each number is now unique along the street.
    swap = [{"old": "36", "new": "12"}, {"old": "12", "new": "36"}]
    assert place.do("renumber-street", **asked, numbers=swap).rewritten == 2
    lines = [{"old": "24", "new": "99", "commune": KIM_LIEN}, {"old": "26", "new": "98"}]
    with pytest.raises(InvalidInputError, match="on every line"):
        place.do("renumber-street", **asked, numbers=lines)


def test_key_must_cover_every_commune(place: Town) -> None:
    street(place, "Phố Liên Phường")
    ((unit,),) = place.rows(
        "SELECT id FROM admin_unit WHERE code = :c AND upper_inf(lifetime)", c=COMMUNE
    )
    asked = {"street": "Phố Liên Phường", "new_name": "Phố Một Tay"}
    for where in ({"communes": THREE}, {"province": "01"}):
        with (
            acting_as(Actor("k", "approver", frozenset({unit}))),
            pytest.raises(OutsideUnitsError) as refused,
        ):
            place.do("rename-street", **where, **asked)
        assert refused.value.extra["units"] == [CUA_NAM, KIM_LIEN]
    with acting_as(Actor("k", "approver", frozenset({unit}))):
        place.do("rename-street", commune=COMMUNE, **asked)


def test_command_lists_each_commune_before_anything_is_written(
    place: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code, *_) = street(place, "Phố Thử Trước")
    monkeypatch.setenv("DATABASE_URL", place.url)
    command = ("operation", "rename-street", "--communes", ",".join(THREE), "--dry-run")
    names = ("--street", "Phố Thử Trước", "--new-name", "Đường Thử Sau")
    output = call(*command, *names).stdout
    assert output.splitlines()[:3] == [
        f"{commune}  Phố Thử Trước → Đường Thử Sau  1 chỗ ở, toà nhà" for commune in THREE
    ]
    streets = json.loads(call(*command, *names, "--format", "json").stdout)["streets"]
    assert [each["commune"] for each in streets] == THREE
    assert name_of(place, code) == ("phố", "Thử Trước")
