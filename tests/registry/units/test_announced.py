"""Upcoming decisions are announced, change nothing before their day, and everything on it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine

from registry.core.database import OWNER_ROLE, make_engine
from registry.core.errors import NotFoundError
from registry.units import convert_text, gazetteer_cache, picker, unit_by_code
from registry.units.announced import announced
from registry.units.gazetteer import today
from registry.units.gazetteer_cache import GazetteerCache
from registry.units.onward import continuations
from tests.support.lifecycle import LANG, town
from tests.support.postgis import clone
from tests.support.reform_to_come import BASIS, DAY, LATER, Plan, it_is, plan_reform
from tests.support.units import open_app

pytestmark = pytest.mark.thorough


@dataclass
class Stage:
    engine: Engine
    plan: Plan

    def cache(self) -> GazetteerCache:
        return GazetteerCache(self.engine)


@pytest.fixture(scope="module")
def stage(admin_url: str, worker_id: str) -> Iterator[Stage]:
    with clone(admin_url, f"announced_{worker_id}") as url:
        engine = make_engine(url, role=OWNER_ROLE)
        yield Stage(engine, plan_reform(engine))
        engine.dispose()


ON, THEN = f"{DAY:%d/%m/%Y}", f"{LATER:%d/%m/%Y}"


@pytest.mark.gate
@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("east", [("ended", f"Từ {ON} Xã Đông Hoà nhập vào Phường Tây Đông Hoà ({BASIS})")]),
        (
            "big",
            [
                (
                    "ended",
                    f"Từ {ON} Xã Nam Hoà được chia để nhập vào Xã Trung Hoà, Xã Nam Sơn ({BASIS})",
                )
            ],
        ),
        ("giver", [("gives_part", f"Từ {ON} một phần của Xã Bắc Hoà thuộc Xã Trung Hoà")]),
        (
            "taker",
            [
                ("takes_in", f"Từ {ON} Xã Trung Hoà nhận thêm địa bàn từ Xã Nam Hoà, Xã Bắc Hoà"),
                ("renamed", f"Từ {THEN} Xã Trung Hoà là Phường Trung Tâm Đảo ({BASIS})"),
                ("moved", f"Từ {THEN} Phường Trung Tâm Đảo thuộc Tỉnh Hoàng Hôn ({BASIS})"),
            ],
        ),
        ("lost", [("ended", f"Từ {THEN} Xã Cồn Bể không còn")]),
        ("here", []),
    ],
)
def test_upcoming_changes_are_announced(
    stage: Stage, unit: str, expected: list[tuple[str, str]]
) -> None:
    known = stage.cache().get()
    found = announced(known, known.units[getattr(stage.plan, unit)])
    assert [(one.change, one.message) for one in found] == expected


def test_upcoming_change_has_no_other_effect_before_its_day(stage: Stage) -> None:
    known = stage.cache().get()
    east = known.units[stage.plan.east]
    assert (east.ended, known.successors(east)) == (None, [])
    assert known.named("tay dong hoa") == known.named("trung tam dao") == []
    (read,) = convert_text(
        known, "Phường Tây Đông Hoà, Đại Thanh Bình", written_on=None, day=today()
    )
    assert read.unit is known.units[stage.plan.here]
    assert unit_by_code(known, "97001", None) is east
    with pytest.raises(NotFoundError, match=f"Từ {ON} thành lập Xã Nam Sơn"):
        unit_by_code(known, "97005", None)


def test_map_changes_at_midnight_in_viet_nam(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process that runs on, and in one that begins; nothing is written for it."""
    monkeypatch.setattr(gazetteer_cache, "RECHECK_S", 0.0)
    cache = stage.cache()
    it_is(monkeypatch, DAY, before=1)
    before = cache.get()
    assert before.units[stage.plan.east].ended is None
    it_is(monkeypatch, DAY)
    for known in (cache.get(), stage.cache().get()):
        east, united = known.units[stage.plan.east], known.units[stage.plan.united]
        assert [one.unit for one in continuations(known, east, today())] == [united]
        assert unit_by_code(known, "97001", None) is united
        assert known.units[stage.plan.taker].version_on(today()).name == "Trung Hoà"
        assert (known.version, known.turned_on) == (before.version, DAY)
    it_is(monkeypatch, LATER)
    known = cache.get()
    assert (known.coming, known.turns_on) == (None, None)
    assert [hit.unit.id for hit in known.named("trung tam dao")] == [stage.plan.taker]
    of_there = {province.id: communes for province, communes in picker(known, today())}
    assert [unit.id for unit in of_there[stage.plan.there]] == [stage.plan.taker]
    it_is(monkeypatch, DAY, before=1)  # a clock that was wrong is set back
    assert cache.get().units[stage.plan.east].ended is None


def test_cached_map_without_upcoming_changes_is_kept_over_midnight(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gazetteer_cache, "RECHECK_S", 0.0)
    cache = GazetteerCache(engine)
    known = cache.get()
    it_is(monkeypatch, LATER)
    assert cache.get() is known


ASKED = [
    "/v1/geocode?q=5 Phố Láng, Phường Láng, Hà Nội",
    "/v1/geocode?q=5 Phố Láng, Phường Láng Hạ, Đống Đa, Hà Nội",
    "/v1/autocomplete?q=5 Phố Láng",
    "/v1/autocomplete?q=phuong lang",
    "/v1/units?q=Láng",
    "/v1/units?province=01&limit=1000",
    "/v1/units/convert?code=00187",
    "/v1/units/convert?text=Phường Láng, Hà Nội",
    "/v1/addresses/{code}",
    "/v1/reverse?lon=105.806&lat=21.0211",
]


def test_answers_are_identical_until_the_effective_date(
    admin_url: str, worker_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a ward that is to be merged away, and to leave its name to the next one."""
    with town(admin_url, f"until_{worker_id}") as place:
        code = place.house("5", **LANG)

        def answers() -> list[str]:
            with open_app(place.url) as app:
                client = app.test_client()
                found = [client.get(path.format(code=code)) for path in ASKED]
                body = {"address": "5 Phố Láng, Phường Láng, Hà Nội"}
                found.append(client.post("/v1/validate", json=body))
            assert {one.status_code for one in found} == {200}
            return [one.text for one in found]

        before = answers()
        owner = make_engine(place.url, role=OWNER_ROLE)
        with owner.begin() as connection:
            for statement in (
                "UPDATE admin_unit SET lifetime = daterange(lower(lifetime), '{day}')"
                " WHERE id = {old}",
                "UPDATE admin_unit_version SET valid = daterange(lower(valid), '{day}')"
                " WHERE unit_id IN ({old}, {new})",
                "INSERT INTO admin_unit_version (unit_id, name, name_en, kind, province_id, valid,"
                " date_basis, source) SELECT unit_id, 'Láng', 'Lang', kind, province_id,"
                " daterange('{day}', NULL), 'effective', 'tests' FROM admin_unit_version"
                " WHERE unit_id = {new}",
                "INSERT INTO admin_unit_succession VALUES ({old}, {new}, 'full', '{day}', 't')",
            ):
                connection.exec_driver_sql(
                    statement.format(day=DAY, old=_living("00199"), new=_living("00004"))
                )
        owner.dispose()
        assert answers() == before
        it_is(monkeypatch, DAY)
        after = answers()
        assert [b == a for b, a in zip(before, after, strict=True)].count(True) < 3


def _living(code: str) -> str:
    return f"(SELECT id FROM admin_unit WHERE code = '{code}' AND lifetime @> current_date)"
