"""Suggestions for what is being typed, over a small register."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry import place_names
from registry.autocomplete import Suggestion, Typing, autocomplete
from registry.database import session_scope
from registry.errors import InvalidInputError, NotFoundError
from registry.place_names import Names, PlaceNames
from tests.support.factories import make_household, make_street
from tests.support.search_world import LANG, World, search_world
from tests.support.units import read_gazetteer, unit_named


@pytest.fixture(scope="module")
def world(admin_url: str, worker_id: str) -> Iterator[World]:
    with search_world(admin_url, f"autocomplete_{worker_id}") as made:
        yield made


@pytest.fixture(scope="module")
def names(world: World) -> tuple[Names, ...]:
    return PlaceNames(world.reads).get()


def ask(world: World, names: tuple[Names, ...], text: str, **asked: object) -> list[Suggestion]:
    typing = Typing(text, **asked)  # type: ignore[arg-type]
    return autocomplete(world.gazetteer, world.reads, names, typing)


def labels(found: list[Suggestion]) -> list[str]:
    return [one.label for one in found]


CHUA_LANG = "Đường Chùa Láng, Phường Láng, Thành phố Hà Nội"
HALF_KINDS = [
    "",
    "p",
    "ph",
    "phư",
    "phường",
    "phuong ",
    "q",
    "quận",
    "h",
    "tp",
    "tp.",
    "thành ph",
    "t",
]


@pytest.mark.parametrize("kind", HALF_KINDS)
def test_half_typed_kind_of_a_unit_filters_nothing(
    world: World, names: tuple[Names, ...], kind: str
) -> None:
    whole = ask(world, names, "40b chua lang,")
    assert whole
    assert ask(world, names, f"40b chua lang, {kind}") == whole


def test_kind_and_one_letter_lead_on(world: World, names: tuple[Names, ...]) -> None:
    assert ask(world, names, "40b chua lang, phường l") == ask(world, names, "40b chua lang,")


# what is typed → what is the first line
FIRST = [
    ("chua", CHUA_LANG),
    ("Chùa L", CHUA_LANG),
    ("đ. chua lang", CHUA_LANG),
    ("đường chùa láng, p. lang", CHUA_LANG),
    ("chua lang ha noi", CHUA_LANG),
    ("chua lang dong da", CHUA_LANG),
    ("thon 3, ha noi", "Thôn 3, Phường Láng, Thành phố Hà Nội"),
    ("kp 2", "Khu phố 2, Phường Láng, Thành phố Hà Nội"),
    ("p. ba d", "Phường Ba Đình, Thành phố Hà Nội"),
    ("tp hcm", "Thành phố Hồ Chí Minh"),
    ("tp ho chi", "Thành phố Hồ Chí Minh"),
    ("40b chua lang", "40B Đường Chùa Láng, Phường Láng, Thành phố Hà Nội"),
    ("chua lang 40b", "40B Đường Chùa Láng, Phường Láng, Thành phố Hà Nội"),
    ("12 lang, ha noi", "12/34/5A Phố Láng, Phường Láng, Thành phố Hà Nội"),
    ("27 lang, dong da", "27 Phố Láng, Phường Láng, Thành phố Hà Nội"),
    ("27 lang, q.1, tp hcm", "27 Đường Láng, Phường Bến Thành, Thành phố Hồ Chí Minh"),
    ("ngo 12 lang, ha noi", "12/34/5A Phố Láng, Phường Láng, Thành phố Hà Nội"),
    ("8 30/4", "8 Đường 30/4, Phường Bến Thành, Thành phố Hồ Chí Minh"),
    ("8 thon 3", "8, Thôn 3, Phường Láng, Thành phố Hà Nội"),
    ("99 chua lang", CHUA_LANG),
]


@pytest.mark.parametrize(("text", "first"), FIRST)
def test_what_begins_so_comes_first(
    world: World, names: tuple[Names, ...], text: str, first: str
) -> None:
    assert labels(ask(world, names, text))[:1] == [first]


def test_door_has_its_code_and_a_street_its_text_with_the_number(
    world: World, names: tuple[Names, ...]
) -> None:
    (door,) = ask(world, names, "40b chua lang")
    assert (door.type, world.name_of(door.code)) == ("door", "40B")
    assert door.text == door.label
    assert door.lon is not None
    (street,) = ask(world, names, "99 chua lang")
    assert (street.type, street.code) == ("street", None)
    assert street.text == f"99 {CHUA_LANG}"


def test_numbers_of_a_street_are_completed_in_their_order(
    world: World, names: tuple[Names, ...]
) -> None:
    found = ask(world, names, "12 lang, ha noi")
    assert [world.name_of(one.code) for one in found] == [
        "12/34/5A Láng",
        "12/34/7 Láng",
        "129 Láng",
    ]
    found = ask(world, names, "12/34/7 lang, ha noi")
    assert [world.name_of(one.code) for one in found] == ["12/34/7 Láng"]


def test_restricted_retired_and_reserved_doors_are_never_suggested(
    world: World, names: tuple[Names, ...]
) -> None:
    hidden = {"50 restricted", "40 retired", "40A retired", "60 gone", "reserved"}
    for number in ("4", "40", "5", "50", "6", "60"):
        found = ask(world, names, f"{number} chua lang, ha noi", limit=20)
        assert hidden.isdisjoint(world.name_of(one.code) for one in found)


def test_within_is_binding_and_a_point_brings_near_places_forward(
    world: World, names: tuple[Names, ...]
) -> None:
    hcm = ask(world, names, "lang", within="79")
    assert labels(hcm) == ["Đường Láng, Phường Bến Thành, Thành phố Hồ Chí Minh"]
    near_ha_noi = ask(world, names, "lang", near=LANG)
    near_hcm = ask(world, names, "lang", near=(106.698, 10.772))
    assert near_ha_noi[0].province != near_hcm[0].province
    assert near_hcm[0].label == hcm[0].label
    assert ask(world, names, "chua lang", within="79") == []


def test_name_of_many_communes_is_one_line_until_the_commune_is_typed(
    admin_url: str, worker_id: str
) -> None:
    with search_world(admin_url, f"autocomplete_many_{worker_id}") as world:
        known = read_gazetteer(world.engine)
        communes = [
            unit_named(known, name, code)
            for name, code in (
                ("Phường Ba Đình", "00004"),
                ("Phường Láng", "00199"),
                ("Phường Tân Tạo", "27457"),
                ("Xã Tân Nhựt", "27595"),
            )
        ]
        with session_scope(world.engine) as session:
            for unit in communes:
                street = make_street(
                    session, unit_id=unit.id, name="Hùng Vương", kind="đường", key="hung vuong"
                )
                make_household(
                    session,
                    unit_id=unit.id,
                    thoroughfare_id=street,
                    house_number="1",
                    house_number_key="1",
                )
        names = PlaceNames(world.reads).get()
        line = ask(world, names, "hung vuong")[0]
        assert (line.label, line.text, line.places) == (
            "Đường Hùng Vương",
            "Đường Hùng Vương, ",
            4,
        )
        assert line.commune is None
        assert len(ask(world, names, line.text)) == 4
        (chosen,) = ask(world, names, line.text + "tan n")
        assert chosen.label == "Đường Hùng Vương, Xã Tân Nhựt, Thành phố Hồ Chí Minh"
        first, second, third = ask(world, names, "hung vuong", near=LANG)[:3]
        assert "Phường Láng" in first.label
        assert "Phường Ba Đình" in second.label
        assert third.label == line.label


def test_names_are_read_anew_when_there_are_new_ones(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = PlaceNames(world.reads)
    before = cache.get()
    assert cache.get() is before
    unit = unit_named(world.gazetteer, "Phường Láng", "00199")
    with session_scope(world.engine) as session:
        make_street(session, unit_id=unit.id, name="Mới Mở", kind="phố", key="moi mo")
    assert cache.get() is before
    monkeypatch.setattr(place_names, "RECHECK_S", -1.0)
    assert "moi mo" in cache.get()[0].keys
    # Without a door there is nothing to deliver to.
    assert ask(world, cache.get(), "moi mo") == []


@pytest.mark.parametrize("text", ["", "a", " ", ",", "!?…", ",,,", "漢字", "مرحبا", "zzzz", "12/3"])
def test_what_begins_nothing_is_an_empty_list(
    world: World, names: tuple[Names, ...], text: str
) -> None:
    assert ask(world, names, text) == []


def test_impossible_questions_are_refused(world: World, names: tuple[Names, ...]) -> None:
    for text in ("x" * 201, "a\0b"):
        with pytest.raises(InvalidInputError):
            ask(world, names, text)
    with pytest.raises(InvalidInputError):
        ask(world, names, "lang", near=(181.0, 0.0))
    with pytest.raises(NotFoundError):
        ask(world, names, "lang", within="99999")


_WORDS = "27 12/ Láng p. q. đ. kp thon ngõ số , ha noi tran 3 hcm ' % _ \\ / - 30/4"
WORDS = st.lists(st.sampled_from(_WORDS.split(" ")), max_size=8).map(" ".join)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.text(st.characters(exclude_characters="\0"), max_size=60), WORDS))
def test_nothing_that_can_be_typed_breaks_it(
    world: World, names: tuple[Names, ...], text: str
) -> None:
    found = ask(world, names, text, limit=5)
    assert len(found) <= 5
    assert len({one.label for one in found}) == len(found)
    for one in found:
        assert (one.code is not None) == (one.type == "door")
