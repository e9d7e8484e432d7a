"""Misspelled words: matched by their letters, or not at all."""

from collections.abc import Iterator

import pytest

from geo.syllables import has_lost_marks
from geo.understanding import STEPS
from registry.core.database import session_scope
from registry.search.answers import DOORS
from registry.search.geocode import Question, geocode, locate
from registry.search.validate import validate
from registry.units.by_letters import Squashed, match_in
from registry.units.gazetteer import Gazetteer
from registry.units.gazetteer_loading import load_gazetteer
from registry.units.misspelt_kinds import set_kinds_apart
from registry.units.restored import restore_units
from tests.registry.search.test_address_reader import SEARCHED
from tests.support.lifecycle import Town, town

STREETS = (
    *("Đường Nguyễn Tri Phương", "Phố Hàng Bạc", "Phố Hàng Bác"),
    *("Phố Lê Lãi", "Đường Cần Vương"),
)
TODAY = "Phường Láng, Thành phố Hà Nội, Việt Nam"
DAMAGED = (
    # spaces inside words, as a PDF or a scan gives them
    "85 Nguy ễn Tri Ph ương, Ph ư ờng Láng, Th ành ph ố Hà N ội, Vi ệt Nam",
    "S ố 85 Đư ờng Nguyễn Tri Phư ơng, Phư ờng L áng, Thành phố H à Nội",
    # no spaces at all
    "85NguyễnTriPhương,PhườngLáng,ThànhphốHàNội,ViệtNam",
    "85 Đ.NguyễnTriPhương, Phường Láng, Hà Nội",
    # letters lost, doubled, swapped in the units
    "85 Nguyễn Tri Phương, Phường Láng, Thành Phhố HàN ội, Vitệ Nam",
    # the same in every word of the street, or in the word before it
    "85 Nguynễ TTri Phươngg, Phường Láng, Hà Nội",
    "85 Đưườggn Nguyễn Tri Phương, Phường Láng, Hà Nội",
    # marks lost in some words
    "85 Nguyen Tri Phương, Phuong Láng, Thanh phố Ha Nội, Viet Nam",
    # several at once, on the old map
    "85 Nguy ễn Tri Ph ương,Ph ường Láng Hạ ,Q. Đ ống Đa,HàNội",
)


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Town]:
    with town(admin_url, f"letters_{worker_id}") as made:
        for street in STREETS:
            made.street(street)
        yield made


@pytest.fixture(scope="module")
def known(place: Town) -> Gazetteer:
    with session_scope(place.engine) as session:
        return load_gazetteer(session)


@pytest.fixture(scope="module")
def doors(place: Town) -> dict[str, str]:
    return {street: place.house("85", street) for street in STREETS}


@pytest.mark.parametrize("text", DAMAGED)
def test_door_is_found_despite_misspelled_letters(
    place: Town, known: Gazetteer, doors: dict[str, str], text: str
) -> None:
    first = geocode(known, place.reads, Question(text))[0]
    assert first.record is not None, first
    assert first.record.code == doors["Đường Nguyễn Tri Phương"]
    found = validate(known, place.reads, Question(text))
    assert found.code in (None, first.record.code)


@pytest.mark.parametrize(
    "text",
    [
        "85 Hàng B ác, Ph ường Láng, Hà Nội",  # the typed diacritics decide
        "85 Hàng B ạc, Ph ường Láng, Hà Nội",
    ],
)
def test_typed_diacritics_decide_between_two_streets(
    place: Town, known: Gazetteer, doors: dict[str, str], text: str
) -> None:
    first = geocode(known, place.reads, Question(text))[0]
    assert first.record is not None, first
    meant = "Phố Hàng Bác" if "ác" in text else "Phố Hàng Bạc"
    assert first.record.code == doors[meant]


@pytest.mark.parametrize(
    "text",
    [
        f"85 Lê Lai, {TODAY}",  # a name by itself, and no Lê Lãi without its mark
        f"85 Hàng Bac, Phuong Láng, Hà Nội, {TODAY}",  # ambiguous between the two
        f"58 Nguy ễn Tri Ph ương, {TODAY}",  # another number
        f"85 Nguy ễn Tri Ph ong, {TODAY}",  # another name
        f"85 C ần Thơ, {TODAY}",
        "85 Nguyễn Tri Phương, Pưhờng Ninh Kiều, T. Cn Thơ",  # another town
        "85 Nguyễn Tri Phương, Ph ường Tây H ồ, Hà Nội",  # another ward of this one
    ],
)
def test_only_named_doors_are_answered(
    place: Town, known: Gazetteer, doors: dict[str, str], text: str
) -> None:
    assert doors
    found = geocode(known, place.reads, Question(text))
    assert not found or found[0].level not in DOORS or "ambiguous" in found[0].faults, found[0]


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("5 Láng, Ph ư ờng Láng Th ượng, Đống Đ a, H à Nội", ["Láng Thượng", "Đống Đa", "Hà Nội"]),
        ("20 Võ Thị Hồi,XãXuânThớiSơn,HócMôn,TP HồChíMinh", ["Xuân Thới Sơn", "Hóc Môn"]),
        ("1 Nguyễn Tri Phương, Phư ờng 8, Qu ận 10, Thành phố H ồ Chí Minh", ["8", "10"]),
        ("69 Nguyễn Công Trứ, Phường Thạnh Mỹ ây, Hồ Chí Minhh", ["Thạnh Mỹ Tây", "Hồ Chí Minh"]),
    ],
)
def test_units_are_found_from_the_outside_in(known: Gazetteer, text: str, units: list[str]) -> None:
    found = restore_units(known, text)
    assert found is not None
    assert [unit.versions[-1].name for unit in found.units][: len(units)] == units


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?!",
        "12 Lê Lợi",
        "P203 A1 Kim Liên, Láng, Hà Nội",  # no Yên Lãng across a comma
        "7 Láng, P. Bình An, Quận 2, Hồ Chí Minh",  # merged before any list; no slip of Bình Tân
        "8 Thới Hòa, Bình Chánh, Thành phố Hồ Chí Minh",  # the district, or a commune of its name
        "8 Lê Lợi, Tỉnh Bình Dương, Thành phố Thủ Dầu Một",  # the province, no ward of its name
        "x" * 5_000,
    ],
)
def test_uncertain_units_are_not_corrected(known: Gazetteer, text: str) -> None:
    assert restore_units(known, text) is None


def test_words_are_matched_by_their_letters() -> None:
    letters = Squashed.of("X ã L ư ơng Th ịnh, Trấn Yên").letters
    found = match_in("luongthinh", letters)
    assert found is not None
    assert (letters[found.start : found.end], found.edits) == ("luongthinh", 0)
    assert match_in("lang", "lng") is None  # too short for a slip
    assert match_in("hochiminh", "hochimih") is not None
    assert set_kinds_apart("16 Ngô Quyền, Quận 1") == "16 Ngô Quyền, Quận 1"
    assert not has_lost_marks("12 Kim Mã, Ba Đình")


@pytest.mark.parametrize("step", sorted(SEARCHED))
def test_example_of_a_penalty_uses_its_step(
    place: Town, known: Gazetteer, doors: dict[str, str], step: str
) -> None:
    located = locate(known, place.reads, Question(STEPS[step].example))
    assert step in {note for tried in located.tried for note in tried.reading.notes}
