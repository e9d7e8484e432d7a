"""The model supports a reform: a small register with a rename, a change of kind, a merger of
two communes with equal street names and numbers, and a split.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine, text

from registry.core.database import make_engine, session_scope
from registry.core.events import write_scope
from registry.units import UnitQuery, convert_text, find_units
from registry.units.gazetteer import Gazetteer
from registry.units.gazetteer_loading import load_gazetteer
from registry.units.onward import continuations
from tests.support import reform
from tests.support.factories import (
    TEST,
    make_household,
    make_locality,
    make_street,
    make_unit,
)
from tests.support.feed import codes_of_event, feed_after
from tests.support.postgis import clone

RENAMED = datetime.date(2026, 9, 1)
UPGRADED = datetime.date(2026, 9, 10)
MERGED = datetime.date(2026, 10, 1)
SPLIT = datetime.date(2026, 10, 15)
BEFORE = datetime.date(2026, 8, 31)
AFTER = datetime.date(2026, 11, 1)


@dataclass
class Story:
    """The register after the reform, and what the test needs to find again."""

    engine: Engine
    province: int
    dong: int
    tay: int
    nam: int
    merged: int
    parts: list[int]
    codes: dict[str, str]
    began_at: datetime.datetime
    gazetteer: Gazetteer

    def rows(self, statement: str, **parameters: object) -> list[tuple[object, ...]]:
        with session_scope(self.engine) as session:
            return [tuple(row) for row in session.execute(text(statement), parameters)]


@pytest.fixture(scope="module")
def story(admin_url: str, worker_id: str) -> Iterator[Story]:
    """Built once: the tests only read it."""
    with clone(admin_url, f"reform_{worker_id}") as url:
        engine = make_engine(url)
        yield make_story(engine)
        engine.dispose()


def make_story(engine: Engine) -> Story:
    with write_scope(engine, TEST) as session:
        province = make_unit(session, level="province", kind="tinh", code="T0", name="Bình Minh")
        dong, tay, nam = (
            make_unit(session, code=code, name=name, province_id=province)
            for code, name in (("T1", "Đông Hoà"), ("T2", "Tây Hoà"), ("T3", "Nam Hoà"))
        )
        codes = {}
        for unit, name in ((dong, "dong"), (tay, "tay")):
            street = make_street(session, unit_id=unit, name="Nguyễn Trãi")
            codes[f"{name} 12"] = make_household(
                session,
                unit_id=unit,
                street_id=street,
                house_number="12",
                house_number_key="12",
            )
        hamlet = make_locality(session, unit_id=dong, name="Khu phố 1", kind="khu phố")
        inner = make_locality(
            session, unit_id=dong, name="Tổ 3", kind="tổ dân phố", parent_id=hamlet
        )
        codes["rural"] = make_household(session, unit_id=dong, locality_id=inner)
        codes["tower"] = make_household(
            session, unit_id=dong, kind="building", households_count=0, building_name="CT1"
        )
        codes["flat"] = make_household(
            session, unit_id=dong, parent_code=codes["tower"], unit_number="1203"
        )
        codes["retired"] = make_household(session, unit_id=dong)
        streets = {}
        for name in ("Lê Lợi", "Hai Bà Trưng"):
            streets[name] = make_street(session, unit_id=nam, name=name)
            codes[name] = make_household(
                session,
                unit_id=nam,
                street_id=streets[name],
                house_number="7",
                house_number_key="7",
            )
    with write_scope(engine, TEST) as session:
        session.execute(
            text("UPDATE household SET status = 'retired' WHERE code = :code"),
            {"code": codes["retired"]},
        )
    with session_scope(engine) as session:
        began_at = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    reform.change_name(engine, dong, RENAMED, name="Đông Hải", kind=None)
    reform.change_name(engine, tay, UPGRADED, name=None, kind="phuong")
    merged = reform.merge(engine, [dong, tay], MERGED, code="T1", name="Hoà Hải")
    parts = reform.split(
        engine,
        nam,
        SPLIT,
        {
            ("T3", "Nam Hoà"): [streets["Lê Lợi"]],
            ("T4", "Nam Sơn"): [streets["Hai Bà Trưng"]],
        },
    )
    with session_scope(engine) as session:
        known = load_gazetteer(session)
    return Story(engine, province, dong, tay, nam, merged, parts, codes, began_at, known)


def test_codes_stay_when_units_change(story: Story) -> None:
    placed = dict(story.rows("SELECT code, unit_id FROM household"))

    lele, hai = story.parts
    assert placed == {
        **{story.codes[name]: story.merged for name in ("dong 12", "tay 12", "rural", "tower")},
        **{story.codes[name]: story.merged for name in ("flat", "retired")},
        story.codes["Lê Lợi"]: lele,
        story.codes["Hai Bà Trưng"]: hai,
    }


def test_equal_streets_and_numbers_are_distinguished_by_former_commune(story: Story) -> None:
    found = story.rows(
        "SELECT h.code, h.former_unit_id FROM household h"
        " JOIN place t ON t.id = h.street_id"
        " WHERE t.unit_id = :unit AND t.key = :key AND h.house_number_key = '12'",
        unit=story.merged,
        key="Nguyễn Trãi".casefold(),
    )

    assert sorted(found) == sorted(
        [(story.codes["dong 12"], story.dong), (story.codes["tay 12"], story.tay)]
    )


def test_unit_survives_rename_and_change_of_kind_and_ends_in_merge_or_split(story: Story) -> None:
    lifetimes = {
        unit: (born, ended)
        for unit, born, ended in story.rows(
            "SELECT id, lower(lifetime), upper(lifetime) FROM admin_unit WHERE id = ANY(:ids)",
            ids=[story.dong, story.tay, story.nam, story.merged, *story.parts],
        )
    }
    versions = story.rows(
        "SELECT name, kind, lower(valid), upper(valid) FROM admin_unit_version"
        " WHERE unit_id = ANY(:ids) ORDER BY unit_id, valid",
        ids=[story.dong, story.tay],
    )

    assert lifetimes[story.dong] == lifetimes[story.tay] == (None, MERGED)
    assert lifetimes[story.merged] == (MERGED, None)
    assert lifetimes[story.nam] == (None, SPLIT)
    assert [lifetimes[part] for part in story.parts] == [(SPLIT, None)] * 2
    assert versions == [
        ("Đông Hoà", "xa", None, RENAMED),
        ("Đông Hải", "xa", RENAMED, MERGED),
        ("Tây Hoà", "xa", None, UPGRADED),
        ("Tây Hoà", "phuong", UPGRADED, MERGED),
    ]


def test_reused_code_means_another_unit_on_another_day(story: Story) -> None:
    # The factories' codes are not official, so the code is looked up in the gazetteer itself.
    def bearer(day: datetime.date) -> int:
        return next(u.id for u in story.gazetteer.with_code("T1") if u.alive_on(day))

    assert bearer(BEFORE) == bearer(MERGED - datetime.timedelta(days=1)) == story.dong
    assert bearer(MERGED) == bearer(AFTER) == story.merged


@pytest.mark.parametrize(
    ("former", "today"),
    [
        ("Xã Đông Hoà, Tỉnh Bình Minh", {"Hoà Hải"}),
        ("xã Đông Hải, tỉnh Bình Minh", {"Hoà Hải"}),
        ("Phường Tây Hoà, Bình Minh", {"Hoà Hải"}),
        ("Xã Tây Hoà, Bình Minh", {"Hoà Hải"}),
        ("Phường Hoà Hải, Bình Minh", {"Hoà Hải"}),
        ("Xã Nam Sơn, Bình Minh", {"Nam Sơn"}),
    ],
)
def test_every_former_name_resolves_to_a_current_unit(
    story: Story, former: str, today: set[str]
) -> None:
    found = convert_text(story.gazetteer, former, written_on=None, day=AFTER)

    assert len(found) == 1
    assert {c.unit.version_on(AFTER).name for c in found[0].to} == today


def test_split_commune_gives_every_candidate(story: Story) -> None:
    old = story.gazetteer.units[story.nam]
    found = continuations(story.gazetteer, old, AFTER)

    assert [(c.unit.id, c.extent) for c in found] == [(p, "partial") for p in story.parts]


def test_name_kept_after_a_split_is_ambiguous(story: Story) -> None:
    found = convert_text(story.gazetteer, "Xã Nam Hoà, Bình Minh", written_on=None, day=AFTER)

    assert {c.unit.id for c in found} == {story.nam, story.parts[0]}
    on_old_map = convert_text(
        story.gazetteer, "Xã Nam Hoà, Bình Minh", written_on=BEFORE, day=AFTER
    )
    assert {c.unit.id for c in on_old_map} == {story.nam}


def test_units_of_a_day_are_those_of_its_map(story: Story) -> None:
    def names(day: datetime.date) -> set[str]:
        page = find_units(story.gazetteer, UnitQuery(day, level="commune", limit=10_000))
        return {
            u.version_on(day).full_name
            for u in page.units
            if u.version_on(day).province_id == story.province
        }

    assert names(BEFORE) == {"Xã Đông Hoà", "Xã Tây Hoà", "Xã Nam Hoà"}
    assert names(UPGRADED) == {"Xã Đông Hải", "Phường Tây Hoà", "Xã Nam Hoà"}
    assert names(AFTER) == {"Phường Hoà Hải", "Xã Nam Hoà", "Xã Nam Sơn"}


def test_versions_preserve_the_register_before_the_reform(story: Story) -> None:
    before = story.rows(
        "SELECT code, unit_id, former_unit_id FROM household_version"
        " WHERE valid_from <= :at AND :at < valid_to"
        " UNION ALL"
        " SELECT code, unit_id, former_unit_id FROM household WHERE recorded_at <= :at",
        at=story.began_at,
    )

    assert len(before) == len(story.codes)
    assert {former for _, _, former in before} == {None}
    assert {unit for _, unit, _ in before} == {story.dong, story.tay, story.nam}


def test_feed_has_each_decision_once_with_its_households(story: Story) -> None:
    with session_scope(story.engine) as session:
        entries = feed_after(session, 0, 100)
        codes = [codes_of_event(session, entry.event_id) for entry in entries]

    kinds = [entry.kind for entry in entries]
    assert kinds == ["test", "test", "rename", "rename", "merge_units", "split_unit"]
    everything = sorted(story.codes.values())
    moved_by_split = sorted([story.codes["Lê Lợi"], story.codes["Hai Bà Trưng"]])
    assert codes == [
        everything,
        [story.codes["retired"]],
        [],
        [],
        sorted(set(everything) - set(moved_by_split)),
        moved_by_split,
    ]
