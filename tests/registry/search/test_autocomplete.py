"""Suggestions for what is being typed, over a small register."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text as sql

from geo import code as codes
from registry.core.database import OWNER_ROLE, make_engine, session_scope
from registry.core.errors import InvalidInputError, NotFoundError
from registry.core.reads import Reads
from registry.search.autocomplete import Typing, autocomplete, place_names
from registry.search.autocomplete.place_names import Names, PlaceNames, load_names
from registry.search.autocomplete.suggestion import Suggestion
from registry.search.autocomplete.typed import readings
from registry.search.geocode import Question, geocode
from tests.support.factories import make_building, make_household, make_locality, make_street
from tests.support.lifecycle import COMMUNE, town
from tests.support.search_world import LANG, World, search_world
from tests.support.thorough import examples
from tests.support.units import read_gazetteer, unit_named
from tests.support.vectors import Row, cases


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
def test_partly_typed_unit_kind_filters_nothing(
    world: World, names: tuple[Names, ...], kind: str
) -> None:
    whole = ask(world, names, "40b chua lang,")
    assert whole
    assert ask(world, names, f"40b chua lang, {kind}") == whole


def test_kind_and_one_letter_give_suggestions(world: World, names: tuple[Names, ...]) -> None:
    assert ask(world, names, "40b chua lang, phường l") == ask(world, names, "40b chua lang,")


def test_door_stays_while_the_rest_of_its_label_is_typed(
    world: World, names: tuple[Names, ...]
) -> None:
    label = "3, Xóm 1, Thôn Ngọc Sơn, Phường Láng, Thành phố Hà Nội"
    typed = [label[:size] for size in range(len("3, Xóm 1, Thôn Ng"), len(label) + 1)]
    assert {text for text in typed if label not in labels(ask(world, names, text))} == set()


@pytest.mark.parametrize("row", cases("autocompleted"))
def test_prefix_matches_come_first(world: World, names: tuple[Names, ...], row: Row) -> None:
    assert labels(ask(world, names, row["text"]))[:1] == [row["first"]]


def test_former_unit_suggests_its_successors_and_is_marked(
    world: World, names: tuple[Names, ...]
) -> None:
    (line,) = ask(world, names, "p. ben nghe", limit=1)
    assert line.former_name == "Phường Bến Nghé, Quận 1, Thành phố Hồ Chí Minh"
    (today,) = ask(world, names, "p. ba dinh, ha noi")
    assert (today.label, today.former_name) == ("Phường Ba Đình, Thành phố Hà Nội", None)
    wards = ask(world, names, "ward 11", limit=20)
    assert len(wards) > 5
    assert all((one.former_name or "").startswith("Phường 11, ") for one in wards)


def test_kind_alone_lists_its_units(world: World, names: tuple[Names, ...]) -> None:
    zones = ask(world, names, "đặc khu", limit=20)
    assert len(zones) == 13
    assert all(one.label.startswith("Đặc khu ") for one in zones)
    near = ask(world, names, "phường", near=LANG)[0]
    assert near.label == "Phường Láng, Thành phố Hà Nội"


def test_only_a_complete_code_is_matched(world: World, names: tuple[Names, ...]) -> None:
    """A prefix or a typo must not suggest the codes of others."""
    code = world.codes["40B"]
    spoken = codes.spoken(code)
    for text in (code, codes.format(code), code.lower(), f" {code[:4]} {code[4:]} ", spoken):
        (door,) = ask(world, names, text)
        assert (door.type, door.code) == ("door", code)
    slip = code[:-1] + next(s for s in "0123456789" if s != code[-1])
    for text in (*(code[:count] for count in range(2, 8)), slip, spoken[:-1], code + "0"):
        assert not [one for one in ask(world, names, text) if one.code]
    for hidden in ("50 restricted", "40 retired", "reserved"):
        assert ask(world, names, codes.format(world.codes[hidden])) == []
    assert ask(world, names, code, within="79") == []


def test_number_alone_matches_doors_near_the_point(world: World, names: tuple[Names, ...]) -> None:
    assert (
        labels(ask(world, names, "27", near=LANG))[0]
        == "27 Phố Láng, Phường Láng, Thành phố Hà Nội"
    )
    found = [world.name_of(one.code) for one in ask(world, names, "12/34", near=LANG)]
    assert found == ["12/34/5A Láng", "12/34/7 Láng"]
    assert ask(world, names, "27") == []
    (inside,) = ask(world, names, "27", near=LANG, within="79")
    assert world.name_of(inside.code) == "27 Láng HCM"
    assert ask(world, names, "50", near=LANG) == []


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("25/6 so 11", ("so 11", "25/6")),
        ("17 b3", ("b3", "17")),
        ("12 3 tháng 2", ("3 tháng 2", "12")),
        ("8 30/4", ("30/4", "8")),
        ("số nhà 5 hẻm 7 lê lợi", ("lê lợi", "7/5")),
        ("12 ngõ 34 láng", ("láng", "34/12")),
        ("12bis lê lợi", ("lê lợi", "12BIS")),
        ("ngô quyền", ("ngô quyền", None)),
    ],
)
def test_leading_number_ends_where_the_street_starts(
    text: str, read: tuple[str, str | None]
) -> None:
    first = readings(text)[0]
    assert (first.name, first.number) == read


def test_fuzzy_match_is_used_only_without_prefix_matches_and_not_in_numbers(
    world: World, names: tuple[Names, ...]
) -> None:
    assert labels(ask(world, names, "9 nguyen trai")) == [
        f"9 Đường Nguyễn Trãi, Phường Láng (Phường {former} cũ), Thành phố Hà Nội"
        for former in ("Láng Hạ", "Láng Thượng")
    ]
    assert ask(world, names, "duong 30/5") == []
    assert {one.type for one in ask(world, names, "th 4")} <= {"commune", "province"}
    assert ask(world, names, "thon 4") == []
    for door in ask(world, names, "41b chua lnag"):
        assert door.code is None


@pytest.mark.parametrize("typed", ["to 7", "tổ 7, ", "thon", "khu pho", "chua", "lang", "9 ng tr"])
def test_every_suggestion_resolves_to_what_it_shows(
    world: World, names: tuple[Names, ...], typed: str
) -> None:
    lines = ask(world, names, typed)
    assert lines
    for line in lines:
        found = geocode(world.gazetteer, world.reads, Question(line.text))
        shown = [world.gazetteer.units[a.unit.id] for a in found if a.unit is not None]
        assert found, line.text
        assert line.commune is None or line.commune in shown, line.text


def test_door_has_its_code_and_a_street_keeps_the_typed_number(
    world: World, names: tuple[Names, ...]
) -> None:
    (door,) = ask(world, names, "40b chua lang")
    assert (door.type, world.name_of(door.code)) == ("door", "40B")
    assert door.text == door.label
    assert door.lon is not None
    (street,) = ask(world, names, "99 chua lang")
    assert (street.type, street.code) == ("street", None)
    assert street.text == f"99 {CHUA_LANG}"


def test_doors_with_the_same_address_are_distinguished_and_resolve(
    world: World, names: tuple[Names, ...]
) -> None:
    for text in ("9 nguyen trai, phuong lang", "40 trung khanh", "40 trung khanh, lang, ha noi"):
        found = ask(world, names, text)
        assert len({one.label for one in found}) == len({one.code for one in found}) == 2, text
        assert ask(world, names, text, limit=1) == found[:1]
        for one in found:
            (door,) = geocode(world.gazetteer, world.reads, Question(one.text))
            assert door.record is not None
            assert door.record.code == one.code


def test_only_household_of_a_hamlet_is_suggested_beside_it(
    world: World, names: tuple[Names, ...]
) -> None:
    unit = unit_named(world.gazetteer, "Phường Láng", "00199").id
    with session_scope(world.engine) as session:
        hamlet = make_locality(
            session, unit_id=unit, name="Nà Hỳ", kind="bản", key="ban na hy", parent_id=None
        )
        code = make_household(session, unit_id=unit, locality_id=hamlet, house_number=None)
    fresh = PlaceNames(world.reads).get()
    place, door = ask(world, fresh, "bản nà hỳ")
    assert (place.type, place.code) == ("locality", None)
    assert (door.type, door.code) == ("door", code)
    assert door.label == f"{place.label} (mã {codes.format(code)})"
    (found,) = geocode(world.gazetteer, world.reads, Question(door.text))
    assert found.record is not None
    assert found.record.code == code
    # Where a number was typed that it does not have, it is not the one.
    assert {one.code for one in ask(world, fresh, "5 bản nà hỳ")} == {None}
    assert {one.code for one in ask(world, names, "thon 3")} == {None}


def test_street_numbers_are_completed_in_order(world: World, names: tuple[Names, ...]) -> None:
    found = ask(world, names, "12 lang, ha noi")
    assert [world.name_of(one.code) for one in found] == [
        "12/34/5A Láng",
        "12/34/7 Láng",
        "129 Láng",
    ]
    found = ask(world, names, "12/34/7 lang, ha noi")
    assert [world.name_of(one.code) for one in found] == ["12/34/7 Láng"]
    # One of the numbers of a house, and then its street.
    found = ask(world, names, "133 phố láng, phường láng, hà nội")
    assert [world.name_of(one.code) for one in found] == ["131-133 Láng", None]


def test_restricted_retired_and_reserved_doors_are_never_suggested(
    world: World, names: tuple[Names, ...]
) -> None:
    hidden = {"50 restricted", "40 retired", "40A retired", "60 gone", "reserved"}
    for number in ("4", "40", "5", "50", "6", "60"):
        found = ask(world, names, f"{number} chua lang, ha noi", limit=20)
        assert hidden.isdisjoint(world.name_of(one.code) for one in found)


def test_within_filters_and_a_point_ranks_nearby_places_first(
    world: World, names: tuple[Names, ...]
) -> None:
    hcm = ask(world, names, "lang", within="79")
    assert labels(hcm)[0] == "Đường Láng, Phường Bến Thành, Thành phố Hồ Chí Minh"
    assert {one.province.code for one in hcm if one.province} == {"79"}
    near_ha_noi = ask(world, names, "lang", near=LANG)
    near_hcm = ask(world, names, "lang", near=(106.698, 10.772))
    assert near_ha_noi[0].province != near_hcm[0].province
    assert near_hcm[0].label == hcm[0].label
    assert ask(world, names, "chua lang", within="79") == []


def test_name_in_many_communes_is_one_suggestion_until_the_commune_is_typed(
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
                ("Phường Hải Châu", "20242"),
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
                    street_id=street,
                    house_number="1",
                    house_number_key="1",
                )
        names = PlaceNames(world.reads).get()
        line = ask(world, names, "hung vuong")[0]
        assert (line.label, line.text, line.places) == (
            "Đường Hùng Vương",
            "Đường Hùng Vương, ",
            5,
        )
        assert line.commune is None
        assert len(ask(world, names, line.text)) == 5
        (chosen,) = ask(world, names, line.text + "tan n")
        assert chosen.label == "Đường Hùng Vương, Xã Tân Nhựt, Thành phố Hồ Chí Minh"
        # `da` starts a kind of unit, which does not filter, and a province: its streets first.
        for text in ("da", "đà"):
            lines = labels(ask(world, names, line.text + text))
            assert lines[0] == "Đường Hùng Vương, Phường Hải Châu, Thành phố Đà Nẵng", text
            assert len(lines) == 5
        first, second, third = ask(world, names, "hung vuong", near=LANG)[:3]
        assert "Phường Láng" in first.label
        assert "Phường Ba Đình" in second.label
        assert third.label == line.label


def test_former_street_name_suggests_the_current_one(admin_url: str, worker_id: str) -> None:
    with town(admin_url, f"autocomplete_former_{worker_id}") as place:
        here = {"commune": COMMUNE, "reason": "tests"}
        place.street("Phố Cát Linh")
        place.street("Đường Giảng Võ")
        for number, street in (("7", "Phố Cát Linh"), ("8", "Phố Láng")):
            place.house(number, street)
        moved = place.house("6", "Đường Giảng Võ")
        place.do("rename-street", **here, street="Cát Linh", new_name="Đường Võ Văn Kiệt")
        place.do("merge-street", **here, street="Đường Giảng Võ", into="Phố Láng")
        gazetteer, names = read_gazetteer(place.engine), PlaceNames(place.reads).get()

        def first(text: str) -> Suggestion:
            return autocomplete(gazetteer, place.reads, names, Typing(text))[0]

        street = first("cat l")
        assert street.label == "Đường Võ Văn Kiệt, Phường Láng, Thành phố Hà Nội"
        assert street.former_name == "Phố Cát Linh"
        door = first("7 cat linh")
        assert door.label == f"7 {street.label}"
        assert (door.type, door.former_name) == ("door", "Phố Cát Linh")
        assert first("vo van").former_name is None
        # Number 8 of the street that took it in was never along the one that was merged.
        merged = first("8 giang vo")
        assert (merged.type, merged.former_name) == ("street", "Đường Giảng Võ")
        assert merged.text == merged.label == "Phố Láng, Phường Láng, Thành phố Hà Nội"
        assert first("6 giang vo").code == moved


def test_names_are_reloaded_when_new_ones_exist(
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

    def load(reads: Reads) -> tuple[Names, ...]:
        assert asked.wait(30)
        return load_names(reads)

    asked = threading.Event()
    monkeypatch.setattr(place_names, "load_names", load)
    cache.load_in_background()
    before = cache.get()
    with session_scope(world.engine) as session:
        make_street(session, unit_id=unit.id, name="Mới Nữa", kind="phố", key="moi nua")
    assert cache.get() is before
    asked.set()
    assert cache._loader is not None
    cache._loader.join(30)
    assert "moi nua" in cache.get()[0].keys


@pytest.mark.parametrize(
    "text",
    ["", "a", " ", ",", "!?…", ",,,", "漢字", "مرحبا", "zzzz", "12/3", "3", "zzzz zzzz zzzz"],
)
def test_text_without_matches_gives_an_empty_list(
    world: World, names: tuple[Names, ...], text: str
) -> None:
    assert ask(world, names, text) == []


def test_invalid_queries_are_refused(world: World, names: tuple[Names, ...]) -> None:
    for text in ("x" * 201, "a\0b"):
        with pytest.raises(InvalidInputError):
            ask(world, names, text)
    with pytest.raises(InvalidInputError):
        ask(world, names, "lang", near=(181.0, 0.0))
    with pytest.raises(NotFoundError):
        ask(world, names, "lang", within="99999")


_WORDS = "27 12/ Láng p. q. đ. kp thon ngõ số , ha noi tran 3 hcm ' % _ \\ / - 30/4"
WORDS = st.lists(st.sampled_from(_WORDS.split(" ")), max_size=8).map(" ".join)


@settings(max_examples=examples(30, 200), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.text(st.characters(exclude_characters="\0"), max_size=60), WORDS))
def test_any_typed_text_is_answered(world: World, names: tuple[Names, ...], text: str) -> None:
    found = ask(world, names, text, limit=5)
    assert len(found) <= 5
    assert len({one.label for one in found}) == len(found)
    for one in found:
        assert (one.code is not None) == (one.type == "door")


@pytest.mark.parametrize("row", cases("autocompleted_buildings"))
def test_buildings_and_flats_are_suggested(
    world: World, names: tuple[Names, ...], row: Row
) -> None:
    """Among the first three lines, wherever one is, and not in another commune."""
    text, label = row["text"], row["line"]
    found = ask(world, names, text)[:3]
    assert [line for line in found if line.label.startswith(label)], labels(found)
    assert row["door"] in [world.name_of(line.code) for line in found if line.type == "door"]
    assert ask(world, names, text, within="00004") == []  # Phường Ba Đình
    here = ask(world, names, text, near=(105.8, 21.02))
    assert [line for line in here if line.label.startswith(label)]


def test_new_building_is_suggested_as_soon_as_a_new_street(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = PlaceNames(world.reads)
    cache.get()
    with session_scope(world.engine) as session:
        unit = unit_named(world.gazetteer, "Phường Láng", "00199")
        make_building(session, unit_id=unit.id, building_name="Toà Mới Xây", building_key="moi xay")
        make_building(session, unit_id=unit.id, building_name="R5 Sao", building_key="sao r5")
    monkeypatch.setattr(place_names, "RECHECK_S", -1.0)
    assert {"moi xay", "r5 sao", "sao r5"} <= set(cache.get()[2].keys)
    assert labels(ask(world, cache.get(), "moi xa")) == [
        "Toà Mới Xây, Phường Láng, Thành phố Hà Nội"
    ]


OTHER_INDEXES = """
    SELECT string_agg(indexname, ', ') FROM pg_indexes
    WHERE tablename = 'household' AND indexname NOT IN ('pk_household', 'ix_household_building')
"""


@pytest.mark.parametrize(
    "statement", [place_names.SQL.driver("buildings"), place_names.SQL.driver("state")]
)
def test_buildings_are_read_from_their_index(database_url: str, statement: str) -> None:
    # In an empty table the planner finds every index as good: others go, for a transaction.
    engine = make_engine(database_url, role=OWNER_ROLE, pool_size=1)
    with engine.connect() as connection:
        others = connection.scalar(sql(OTHER_INDEXES))
        connection.execute(sql(f"DROP INDEX {others}"))
        connection.execute(sql("SET LOCAL enable_seqscan = off"))
        plan = connection.execute(sql(f"EXPLAIN {statement}")).scalars().all()
        connection.rollback()
    engine.dispose()
    assert any("Index Only Scan using ix_household_building" in line for line in plan), plan


def test_numbered_unit_matches_whole_and_doors_show_their_former_unit(
    admin_url: str, worker_id: str
) -> None:
    """Thành phố Hồ Chí Minh has streets of one name in Quận 1, 10, 11 and 12."""
    with search_world(admin_url, f"autocomplete_numbered_{worker_id}") as world:
        known = world.gazetteer
        wards = [
            ("Phường Sài Gòn", "Phường Bến Nghé", "26740"),
            ("Phường Hòa Hưng", "Phường 15", "27163"),
        ]
        with session_scope(world.engine) as session:
            for name, former, code in wards:
                here = {
                    "unit_id": unit_named(known, name, code).id,
                    "former_unit_id": unit_named(known, former, code).id,
                }
                street = make_street(
                    session, **here, name="Tô Hiến Thành", kind="đường", key="to hien thanh"
                )
                for number in ("5", "5A"):
                    make_household(
                        session,
                        **here,
                        street_id=street,
                        house_number=number,
                        house_number_key=number,
                    )
        names = PlaceNames(world.reads).get()
        for where in ("q1", "Q.1", "quận 1,", "q 1, tp hcm", "district 1"):
            for text in (f"5 to hien thanh, {where}", f"to hien thanh, {where}"):
                found = ask(world, names, text)
                assert found, text
                assert {one.commune.code for one in found if one.commune} == {"26740"}, text
                assert found[0].former_name == "Phường Bến Nghé, Quận 1, Thành phố Hồ Chí Minh"
        (ward,) = {one.commune for one in ask(world, names, "5 to hien thanh q10") if one.commune}
        assert ward.code == "27163"
        assert ask(world, names, "5 to hien thanh, phường 1, tp hcm") == []
        today = ask(world, names, "5 to hien thanh, sai gon")
        assert {one.former_name for one in today} == {None}
        assert {one.former_name for one in ask(world, names, "q1", limit=20)} == {
            one.former_name for one in ask(world, names, "quận 1,", limit=20)
        }
        assert all("Quận 1," in (one.former_name or "") for one in ask(world, names, "q1"))
