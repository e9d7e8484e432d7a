"""Days of units are days of effect: seeds that knew only the day of signing are mended."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from geo.label import LabelParts
from registry.core.events import write_scope
from registry.ops.doctor import State
from registry.publish.changes.entries import unit_entries
from registry.records.record import label_on
from registry.units import seeds, unit_by_code
from registry.units.announced import announced
from registry.units.gazetteer import today
from tests.registry.units.release import Release, release_of
from tests.support.doctor import found
from tests.support.factories import TEST, make_household
from tests.support.units import open_app, read_gazetteer

BO_HA, BAC_NINH, QUANG_NINH = "07294", "24", "22"
SIGNED = {BO_HA: "2026-08-04", BAC_NINH: "2026-08-24", QUANG_NINH: "2026-08-24"}
EFFECTIVE = {BO_HA: "2026-09-20", BAC_NINH: "2026-09-20", QUANG_NINH: "2026-09-01"}


@pytest.fixture
def release(
    fresh_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    with release_of(tuple(SIGNED), fresh_database(), tmp_path, monkeypatch) as made:
        yield made


def only_signed(rows: list[dict[str, str]]) -> None:
    """As the seeds were: a change began on the day on which it was signed."""
    for row in rows:
        day = SIGNED.get(row["code"])
        for column in ("valid_from", "valid_to"):
            if row[column] == EFFECTIVE.get(row["code"]):
                of_start = column == "valid_from" or not row["valid_from"]
                row |= {column: day} | ({"date_basis": "signed"} if of_start else {})


def now_known(rows: list[dict[str, str]]) -> None:
    """The seeds of a later release, which knows the days of effect."""
    for row in rows:
        for column in ("valid_from", "valid_to"):
            if row[column] == SIGNED.get(row["code"]):
                row |= {column: EFFECTIVE[row["code"]], "date_basis": "effective"}


def loaded_before(release: Release) -> None:
    """The register as a program loaded it that took the day of signing for that of effect."""
    with release.engine.begin() as connection:
        connection.execute(
            text(
                "ALTER TABLE admin_unit_version"
                " DROP CONSTRAINT ck_admin_unit_version_valid_when_effective"
            )
        )
        for code, day in SIGNED.items():
            for statement in (
                "UPDATE admin_unit_version v SET valid = daterange(lower(valid), :signed)"
                " FROM admin_unit u WHERE u.id = unit_id AND code = :code AND upper(valid) = :day",
                "UPDATE admin_unit_version v SET valid = daterange(:signed, NULL),"
                " date_basis = 'signed'"
                " FROM admin_unit u WHERE u.id = unit_id AND code = :code AND lower(valid) = :day",
            ):
                connection.execute(
                    text(statement), {"code": code, "signed": day, "day": EFFECTIVE[code]}
                )


def spans(release: Release, code: str) -> list[tuple[str, str]]:
    known = read_gazetteer(release.engine)
    versions = unit_by_code(known, code, None).versions[-2:]
    return [(str(v.valid_from), v.full_name) for v in versions]


def events(release: Release) -> list[Any]:
    with release.engine.connect() as connection:
        return list(
            connection.execute(
                text(
                    "SELECT e.actor, f.position IS NOT NULL AS told, e.scope -> 'units' AS units"
                    " FROM event e LEFT JOIN feed f ON f.event_id = e.id WHERE e.kind = 'units'"
                )
            )
        )


@pytest.mark.thorough
def test_next_load_corrects_signing_dates_used_as_effective_dates(
    release: Release,
) -> None:
    loaded_before(release)
    with write_scope(release.engine, TEST) as session:
        code = make_household(session, unit_id=release.unit(BO_HA))
    release.load()
    assert spans(release, BO_HA) == [("2025-07-01", "Xã Bố Hạ"), ("2026-09-20", "Phường Bố Hạ")]
    assert spans(release, BAC_NINH)[1] == ("2026-09-20", "Thành phố Bắc Ninh")
    assert spans(release, QUANG_NINH)[1] == ("2026-09-01", "Thành phố Quảng Ninh")
    ((actor, found, units),) = events(release)
    assert (actor, found, len(units)) == ("upgrade", True, 3)
    known = read_gazetteer(release.engine)
    unit = known.units[release.unit(BO_HA)]
    assert [
        label_on(known, day, LabelParts(), unit, None).label
        for day in (datetime.date(2026, 9, 19), datetime.date(2026, 9, 20))
    ] == ["Xã Bố Hạ, Tỉnh Bắc Ninh", "Phường Bố Hạ, Thành phố Bắc Ninh"]
    (entry,) = unit_entries(known, today(), [unit.id])
    assert (entry["name"], entry["map"]["from"]) == ("Phường Bố Hạ", "2026-09-20")
    assert release.one("SELECT count(*) FROM household WHERE code = :code", code=code) == 1
    release.load()
    assert len(events(release)) == 1


def test_effective_dates_before_a_decision_are_corrected_and_it_is_kept(release: Release) -> None:
    loaded_before(release)
    with release.engine.begin() as connection:
        for statement in (
            "UPDATE admin_unit_version SET valid = daterange(lower(valid), '2026-11-01')"
            " WHERE unit_id = :unit AND upper_inf(valid)",
            "INSERT INTO admin_unit_version (unit_id, name, name_en, kind, province_id, valid,"
            " date_basis, source) SELECT unit_id, 'Bố Hạ Mới', 'Bo Ha Moi', kind, province_id,"
            " '[2026-11-01,)', 'effective', 'decision 9' FROM admin_unit_version"
            " WHERE unit_id = :unit AND upper(valid) = '2026-11-01'",
        ):
            connection.execute(text(statement), {"unit": release.unit(BO_HA)})
    release.load()
    known = read_gazetteer(release.engine)
    assert [
        (str(v.valid_from), str(v.valid_to), v.full_name)
        for v in unit_by_code(known, BO_HA, None).versions
    ] == [
        ("2025-07-01", "2026-09-20", "Xã Bố Hạ"),
        ("2026-09-20", "2026-11-01", "Phường Bố Hạ"),
        ("2026-11-01", "None", "Phường Bố Hạ Mới"),
    ]


@pytest.mark.thorough
def test_unit_with_an_unknown_effective_date_does_not_change(release: Release) -> None:
    release.edit("unit_versions", only_signed)
    release.load()
    assert [spans(release, code)[-1][1] for code in SIGNED] == [
        "Xã Bố Hạ",
        "Tỉnh Bắc Ninh",
        "Tỉnh Quảng Ninh",
    ]
    known = read_gazetteer(release.engine)
    (shown,) = announced(known, unit_by_code(known, BO_HA, None))
    assert shown.day is None
    assert shown.message == (
        "Xã Bố Hạ sẽ là Phường Bố Hạ, chưa rõ từ ngày nào (388/NQ-UBTVQH16 of 2026-08-04)"
    )
    with open_app(release.url) as app:
        answer = app.test_client().get(f"/v1/units/{BO_HA}").get_json()
    assert (answer["full_name"], answer["announced"][0]["day"]) == ("Xã Bố Hạ", None)
    finding = found(release.url, "days_of_effect")
    assert (finding.state, BO_HA in finding.english) == (State.WARNING, True)
    release.edit("unit_versions", now_known)
    release.load()
    assert spans(release, BO_HA)[-1] == ("2026-09-20", "Phường Bố Hạ")
    assert found(release.url, "days_of_effect").state is State.OK
    assert len(events(release)) == 2


def test_first_load_records_no_event(release: Release) -> None:
    assert release.one(f"SELECT count(*) FROM ({seeds.SQL.driver('unit_states')}) u") > 15_000
    assert events(release) == []
