"""Provinces that are parted, and communes that go to another district."""

import datetime
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range

from registry.access.keys import NewKey, create_key
from registry.core.database import session_scope
from registry.reform.report import gazetteer_of
from registry.reform.undo import undo
from registry.search.geocode import Question, geocode
from registry.units.gazetteer import today
from registry.units.gazetteer_loading import load_gazetteer
from tests.registry.reform.conftest import Hall, refused
from tests.registry.reform.test_invented import keys_of
from tests.support.factories import make_unit
from tests.support.intake import checksum
from tests.support.lifecycle import town

LAW = datetime.date(2025, 5, 1)
LONG = Range(datetime.date(2000, 1, 1), None)


def old_map(hall: Hall) -> None:
    """A province of three communes in two districts before July 2025, with a door in each."""
    with session_scope(hall.town.engine) as session:
        province = make_unit(
            session, level="province", kind="tinh", code="98", name="Bình Minh", lifetime=LONG
        )
        east, west = (
            make_unit(
                session, level="district", kind="huyen", code=code, name=name, province_id=province,
                lifetime=LONG,
            )
            for code, name in (("981", "Đông Minh"), ("982", "Tây Minh"))
        )  # fmt: skip
        for code, name, district in (
            ("98001", "Nhất Hoà", east), ("98002", "Nhị Hoà", east), ("98003", "Tam Hoà", west),
        ):  # fmt: skip
            make_unit(
                session,
                code=code,
                name=name,
                province_id=province,
                district_id=district,
                lifetime=LONG,
            )
        session.execute(
            text(
                "INSERT INTO target (unit_id, households, quality, source, reference_date)"
                " VALUES (:unit, 100, 'declared', 'tỉnh', '2026-01-01')"
            ),
            {"unit": province},
        )
        session.execute(
            text(
                "INSERT INTO boundary (unit_id, geom, source, approximate) SELECT id, ST_Multi("
                "ST_MakeEnvelope(105 + id % 1000 / 100.0, 20, 105.01 + id % 1000 / 100.0, 21,"
                " 4326)), 'tests', false FROM admin_unit WHERE code LIKE '980%'"
            )
        )


@pytest.fixture(scope="module")
def land(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hall]:
    """The same province, unchanged by the refused resolutions."""
    with town(admin_url, f"land_{worker_id}") as made:
        hall = Hall(made, tmp_path_factory.mktemp("land"))
        old_map(hall)
        yield hall


_TARGETS = text(
    "SELECT u.code, t.households FROM target t JOIN admin_unit u ON u.id = t.unit_id"
    " WHERE t.withdrawn_at IS NULL AND u.code IN ('98', '99')"
)
NEW = "{code: '99', name: Hoàng Hôn, kind: tinh}"
BOTH = "{code: '98', name: Bình Minh, kind: tinh}"
PARTED = f"""\
changes:
  - split:
      unit: "98"
      into:
        - {{into: {NEW}, communes: ["98003"]}}
        - {{into: {BOTH}, rest: true}}
  - rename: {{unit: "98002", name: Nhị Minh}}
"""


def test_province_is_split_by_its_communes(hall: Hall) -> None:
    place = hall.town
    old_map(hall)
    for number, commune in enumerate(("98001", "98002", "98003"), start=1):
        place.street("Phố Chung", commune=commune)
        code = place.house(str(number), "Phố Chung", commune=commune)
    with session_scope(place.engine) as session:
        create_key(session, NewKey("tỉnh", "editor", ("98",)))
    before = checksum(place.engine)

    report = hall.carry(PARTED, dry_run=True)
    assert "98003 Xã Tam Hoà, Huyện Tây Minh, Tỉnh Bình Minh → Xã Tam Hoà, Tỉnh Hoàng Hôn" in (
        report.altered
    )
    hall.carry(PARTED)

    with session_scope(place.engine) as session:
        known = gazetteer_of(session, today())
        now = {unit.code: unit for unit in known.alive(today())}
        targets = dict(session.execute(_TARGETS).all())
        drawn = session.scalar(
            text(
                "SELECT count(*) FROM boundary p JOIN boundary c ON ST_Equals(p.geom, c.geom)"
                " WHERE NOT p.approximate AND p.unit_id = :p AND c.unit_id = :c"
            ),
            {"p": now["99"].id, "c": now["98003"].id},
        )
        (found,) = geocode(known, place.reads, Question("3 Phố Chung, Xã Tam Hoà, Tỉnh Bình Minh"))
    provinces = {
        code: known.province_of(now[code], today()) for code in ("98001", "98002", "98003")
    }
    assert {code: unit and unit.code for code, unit in provinces.items()} == {
        "98001": "98",
        "98002": "98",
        "98003": "99",
    }
    assert now["98002"].version_on(today()).name == "Nhị Minh"
    assert targets == {"98": 67, "99": 33}
    assert drawn == 1
    assert keys_of(place) == {"tỉnh": ["98?", "99?"]}
    assert found.record is not None
    assert found.record.code == code

    undo(place.engine, "1/NQ", actor="tests")
    assert checksum(place.engine) == before
    with session_scope(place.engine) as session:
        known = load_gazetteer(session)
    lives = {unit.code: known.province_of(unit, today()) for unit in known.alive(today())}
    assert "99" not in lives
    assert {code: lives[code].code for code in provinces} == dict.fromkeys(provinces, "98")


@pytest.mark.thorough
def test_part_of_a_province_moves_to_another(hall: Hall) -> None:
    old_map(hall)
    hall.carry('changes:\n  - move: {part: {unit: "98", communes: ["982"]}, into: "24"}\n')
    with session_scope(hall.town.engine) as session:
        known = load_gazetteer(session)
    of = {
        unit.code: known.province_of(unit, today())
        for unit in known.alive(today())
        if unit.code in ("98001", "98002", "98003", "982")
    }
    assert {code: unit and unit.code for code, unit in of.items()} == {
        "98001": "98",
        "98002": "98",
        "98003": "24",
        "982": "24",
    }


def test_commune_moves_to_another_district(hall: Hall) -> None:
    old_map(hall)
    report = hall.carry('changes:\n  - district: {unit: "98003", district: "981"}\n', day=LAW)
    assert report.altered == (
        "98003 Xã Tam Hoà, Huyện Tây Minh, Tỉnh Bình Minh → Xã Tam Hoà, Huyện Đông Minh,"
        " Tỉnh Bình Minh",
    )
    with session_scope(hall.town.engine) as session:
        known = load_gazetteer(session)
    (unit,) = known.with_code("98003")
    days = LAW - datetime.timedelta(days=1), LAW
    districts = [known.district_of(unit, day) for day in days]
    assert [district and district.code for district in districts] == ["982", "981"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (f'split: {{unit: "98", into: [{{into: {NEW}, communes: ["98003"]}},'
         f' {{into: {BOTH}, communes: ["981"]}}]}}', ["parts_missing"]),
        (f'split: {{unit: "98", into: [{{into: {NEW}, communes: ["98003"]}},'
         f' {{into: {BOTH}, communes: ["98003"], rest: true}}]}}', ["parts_overlap"]),
        (f'split: {{unit: "98", into: [{{into: {NEW}, communes: ["00004"]}},'
         f' {{into: {BOTH}, rest: true}}]}}', ["unit_elsewhere"]),
        ('move: {part: {unit: "98", former: ["98003"]}, into: "24"}', ["part_untold"]),
        ('move: {part: {unit: "98"}, into: "24"}', ["part_untold"]),
        ('move: {part: {unit: "98001", communes: ["98003"]}, into: "98002"}',
         ["unit_of_other_level"]),
        ('district: {unit: "98003", district: "999"}', ["district_unknown"]),
        ('district: {unit: "98", district: "981"}', ["unit_of_other_level"]),
        ('new: {unit: {code: "98009", name: A, kind: xa, province: "98", district: "999"}}',
         ["district_unknown"]),
    ],
)  # fmt: skip
def test_invalid_province_changes_are_refused(land: Hall, change: str, expected: list[str]) -> None:
    with refused() as found:
        land.carry(f"changes:\n  - {change}\n", day=LAW)
    assert sorted({code for code, _ in found()}) == expected
