"""Refusals: before anything is written, with a stable code and the line of the file."""

import datetime
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.core.database import session_scope
from registry.core.locks import Lock, hold_lock
from registry.core.settings import ROOT
from registry.reform.reading import read_resolution
from registry.reform.refusals import REFUSALS, ReformRunsError, ResolutionRefusedError
from registry.reform.resolution import Resolution
from registry.reform.run import Options, reform
from registry.units.gazetteer import today
from tests.registry.reform.conftest import HEAD, Hall
from tests.support.lifecycle import town
from tests.support.vectors import Row, cases

NEW = '{code: "00201", name: Mới, kind: phuong}'
OTHER = '{code: "00202", name: Khác, kind: phuong}'


def split(first: str, second: str) -> str:
    return (
        f'  - split:\n      unit: "00199"\n      into:\n        - {{into: {NEW}, {first}}}\n'
        f"        - {{into: {OTHER}, {second}}}\n"
    )


@pytest.fixture(scope="module")
def hall(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hall]:
    """A town unchanged by the refused resolutions."""
    with town(admin_url, f"refused_{worker_id}") as made:
        made.do("name-locality", commune="00199", locality="Tổ 1")
        made.house("27")
        made.house("5", None, locality="Tổ 1")
        made.street("Phố Vắng")
        made.house("1", "Phố Vắng")
        with session_scope(made.engine) as session:
            session.execute(
                text(
                    "INSERT INTO boundary (unit_id, geom, source, approximate)"
                    " SELECT id, ST_Multi(ST_MakeEnvelope(105.80, 21.0, 105.82, 21.03, 4326)),"
                    " 'tests', false FROM admin_unit"
                    " WHERE code = '00199' AND upper_inf(lifetime)"
                    " ON CONFLICT (unit_id) DO UPDATE SET geom = excluded.geom, approximate = false"
                )
            )
        yield Hall(made, tmp_path_factory.mktemp("refused"))


@pytest.mark.parametrize("row", cases("refused_resolutions", "why"))
def test_invalid_changes_are_refused(hall: Hall, row: Row) -> None:
    """With the line of the file; the changes begin on the seventh."""
    before = hall.town.rows("SELECT version, (SELECT max(id) FROM event) FROM gazetteer_state")
    with pytest.raises(ResolutionRefusedError) as caught:
        hall.carry(f"changes:\n{row['changes']}\n")

    found = [f"{each.code} {each.line or ''}".strip() for each in caught.value.refusals]
    assert "; ".join(found) == row["refusals"]
    assert all(each.code in REFUSALS for each in caught.value.refusals)
    after = hall.town.rows("SELECT version, (SELECT max(id) FROM event) FROM gazetteer_state")
    assert after == before


@pytest.mark.parametrize(
    ("first", "second", "about"),
    [
        ("streets: [Phố Vắng Vẻ]", "rest: true", "Phố Vắng Vẻ (Phố Vắng?)"),
        ("localities: [TDP 1]", "rest: true", "TDP 1 (Tổ 1?)"),
        (
            "streets: [Phố Láng]",
            "streets: [{street: Phố Láng, first: 9}]",
            "Phố Láng: 00201, 00202",
        ),
    ],
)
def test_refusal_names_similar_places_and_the_other_part(
    hall: Hall, first: str, second: str, about: str
) -> None:
    with pytest.raises(ResolutionRefusedError) as caught:
        hall.carry(f"changes:\n{split(first, second)}")
    assert [each.about for each in caught.value.refusals] == [about]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ({"day": "2026-04-30"}, [("day_too_early", 8)]),
        ({"day": "2026-11-01", "signed": "2026-11-02"}, [("signed_after_effect", 4)]),
        ({"day": "tomorrow"}, [("malformed", 5)]),
    ],
)
def test_invalid_resolution_head_is_refused(
    hall: Hall, head: dict[str, str], expected: list[tuple[str, int | None]]
) -> None:
    given = {"number": "1/NQ", "signed": "2025-06-01", "day": "2026-11-01"} | head
    path = hall.folder / "head.yaml"
    changes = '  confirm: [day_past]\nchanges:\n  - rename: {unit: "75", name: A}\n'
    path.write_text(HEAD.format(**given) + changes, encoding="utf-8")

    with pytest.raises(ResolutionRefusedError) as caught:
        reform(hall.town.engine, read_resolution(path), Options("tests"))

    assert [(each.code, each.line) for each in caught.value.refusals] == expected


def test_truncated_file_is_refused(hall: Hall) -> None:
    whole = hall.file("changes:\n" + split("streets: [Phố Láng]", "rest: true")).read_text("utf-8")
    path = hall.folder / "cut.yaml"
    last = whole.rstrip().rindex("\n")
    for end in range(0, last, 7):
        path.write_text(whole[:end], encoding="utf-8")
        with pytest.raises(ResolutionRefusedError):
            reform(hall.town.engine, read_resolution(path), Options("tests", dry_run=True))


def test_second_reform_is_refused_while_one_runs(hall: Hall) -> None:
    with session_scope(hall.town.engine) as session:
        hold_lock(session, Lock.REFORM)
        with pytest.raises(ReformRunsError):
            hall.carry('changes:\n  - rename: {unit: "00199", name: A}\n')


def test_two_resolutions_for_one_unit_are_refused(hall: Hall) -> None:
    later = today() + datetime.timedelta(days=9)
    rename = 'changes:\n  - rename: {{unit: "00226", name: {}}}\n'
    hall.carry(rename.format("Văn Miếu"), number="7/NQ", day=later)

    for number, code in (("8/NQ", "unit_in_other_resolution"), ("7/NQ", "resolution_known")):
        for day in (later, today()):
            with pytest.raises(ResolutionRefusedError) as caught:
                hall.carry(rename.format("A"), number=number, day=day)
            assert caught.value.refusals[0].code == code


def test_unreadable_boundaries_are_refused(hall: Hall) -> None:
    (hall.folder / "cut.geojson").write_text('{"type": "FeatureCollection", "features": [', "utf-8")
    for name in ("absent.geojson", "cut.geojson"):
        with pytest.raises(ResolutionRefusedError) as caught:
            hall.carry(f'boundaries: {name}\nchanges:\n  - rename: {{unit: "00199", name: A}}\n')
        assert [(e.code, e.line) for e in caught.value.refusals] == [("boundaries_unreadable", 6)]


def test_schema_matches_the_model() -> None:

    shipped = Path(ROOT / "registry" / "reform" / "resolution.schema.json").read_text("utf-8")
    assert json.loads(shipped) == Resolution.model_json_schema()


def feature(code: str, west: float, east: float, *, north: float = 21.03) -> dict[str, object]:
    ring = [[west, 21.0], [east, 21.0], [east, north], [west, north], [west, 21.0]]
    return drawn(code, ring)


def drawn(code: str, ring: list[list[float]]) -> dict[str, object]:
    polygon = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": {"code": code}, "geometry": polygon}


BOWTIE = [[105.80, 21.0], [105.81, 21.03], [105.81, 21.0], [105.80, 21.03], [105.80, 21.0]]


@pytest.mark.parametrize(
    ("areas", "expected"),
    [
        ([feature("00201", 105.8, 105.815), feature("00202", 105.805, 105.82)], ["parts_overlap"]),
        ([feature("00201", 105.8, 105.81), feature("00202", 105.815, 105.82)],
         ["polygons_leave_hole"]),
        ([feature("00201", 105.8, 105.81, north=21.01), feature("00202", 105.81, 105.82)],
         ["polygons_leave_hole"]),
        ([feature("00201", 105.8, 105.81), feature("00202", 106.81, 106.82)],
         ["polygon_elsewhere", "polygons_leave_hole"]),
        ([feature("00201", 105.8, 105.81), feature("00202", 105.81, 105.85)],
         ["polygon_elsewhere"]),
        ([drawn("00201", BOWTIE), feature("00202", 105.81, 105.82)],
         ["polygon_invalid", "polygons_leave_hole"]),
        ([feature("00201", 105.8, 105.81)], ["part_untold"]),
    ],
)  # fmt: skip
def test_polygons_in_a_file_are_checked_like_inline_ones(
    hall: Hall, areas: list[dict[str, object]], expected: list[str]
) -> None:
    collection = {"type": "FeatureCollection", "features": areas}
    (hall.folder / "parts.geojson").write_text(json.dumps(collection), "utf-8")
    with pytest.raises(ResolutionRefusedError) as caught:
        hall.carry("boundaries: parts.geojson\nchanges:\n" + split("", "").replace(", }", "}"))
    assert sorted({each.code for each in caught.value.refusals}) == expected


@pytest.mark.parametrize(
    "name", ["<b>Láng</b>", "=cmd()", "@SUM(A1)", "Láng\\0", "Láng\\u202e", "-"]
)
def test_invalid_name_is_refused(hall: Hall, name: str) -> None:
    with pytest.raises(ResolutionRefusedError) as caught:
        hall.carry(f'changes:\n  - rename: {{unit: "00199", name: "{name}"}}\n')
    assert [each.code for each in caught.value.refusals] == ["unfit_name"]


def test_merging_units_that_do_not_touch_needs_confirmation(hall: Hall) -> None:
    with session_scope(hall.town.engine) as session:
        session.execute(
            text(
                "INSERT INTO boundary (unit_id, geom, source, approximate)"
                " SELECT id, ST_Multi(ST_MakeEnvelope(105.9, 21.0, 105.95, 21.03, 4326)),"
                " 'tests', false FROM admin_unit WHERE code = '00091' AND upper_inf(lifetime)"
                " ON CONFLICT (unit_id) DO UPDATE SET geom = excluded.geom, approximate = false"
            )
        )
    merge = 'changes:\n  - merge: {units: ["00091"], into: "00199"}\n'
    with pytest.raises(ResolutionRefusedError) as caught:
        hall.carry(merge)
    assert [each.code for each in caught.value.refusals] == ["units_apart"]
    confirmed = hall.file(merge)
    found = confirmed.read_text("utf-8").replace("changes:", "  confirm: [units_apart]\nchanges:")
    confirmed.write_text(found, "utf-8")
    options = Options("tests", dry_run=True)
    assert reform(hall.town.engine, read_resolution(confirmed), options).state == "dry_run"


def test_past_effective_date_needs_confirmation(hall: Hall) -> None:
    yesterday = today() - datetime.timedelta(days=1)
    changes = 'changes:\n  - rename: {unit: "00082", name: Quốc Tử Giám}\n'
    path = hall.file(changes, day=yesterday, number="9/NQ", name="past")
    meant = path.read_text("utf-8")
    path.write_text(meant.replace("  confirm: [day_past]\n", ""), "utf-8")
    options = Options("tests", dry_run=True)
    with pytest.raises(ResolutionRefusedError) as caught:
        reform(hall.town.engine, read_resolution(path), options)
    assert [each.code for each in caught.value.refusals] == ["day_past"]
    path.write_text(meant, "utf-8")
    assert reform(hall.town.engine, read_resolution(path), options).state == "dry_run"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("ten", "name"), ("nam", "name"), ("tên mới", "name"), ("kinds", "kind"), ("colour", None)],
)
def test_unknown_member_is_reported_in_vietnamese(
    hall: Hall, written: str, meant: str | None
) -> None:
    with pytest.raises(ResolutionRefusedError) as caught:
        hall.carry(f'changes:\n  - rename: {{unit: "00199", name: A, {written}: B}}\n')
    (refusal,) = caught.value.refusals
    found = refusal.message.words("vi")
    assert (refusal.code, "không có mục này" in found) == ("malformed", True)
    assert meant is None or f"có phải `{meant}`" in found
