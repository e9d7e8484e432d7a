"""The series of a unit: recorded each evening, read as pace and forecast."""

import datetime
from collections.abc import Callable, Iterable

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from registry.core.database import make_engine, session_scope
from registry.core.errors import InvalidInputError, NotFoundError
from registry.core.events import write_scope
from registry.core.settings import from_environment
from registry.coverage.answers import series_answer
from registry.coverage.measure import coverage_of_level, coverage_of_unit
from registry.coverage.moved import what_moved
from registry.coverage.report import html_report
from registry.coverage.series import FORECAST_DAYS, record, record_day, series_of
from registry.coverage.trend import draw_trend
from registry.jobs.table import JOBS
from registry.ops.perform import function_of
from registry.units.gazetteer import Gazetteer, today
from tests.support.factories import TEST, make_household
from tests.support.tables import CoverageDay, Target
from tests.support.units import read_gazetteer, unit_named

DAY = datetime.timedelta(days=1)


@pytest.fixture
def ba_dinh(gazetteer: Gazetteer) -> int:
    return unit_named(gazetteer, "Phường Ba Đình", "00004").id


def put(
    session: Session, unit_id: int, counts: Iterable[tuple[int, int]], **columns: object
) -> None:
    """Days on record: (how many days ago, hộ)."""
    zero = dict.fromkeys(
        ("positioned", "verified", "deliverable", "plated", "suspected", "unnumbered"), 0
    )
    rows = [
        {
            "unit_id": unit_id,
            "day": today() - age * DAY,
            "households": count,
            "dwellings": count // 2,
            **zero,
            **columns,
        }
        for age, count in counts
    ]
    session.execute(insert(CoverageDay), rows)


def declared(households: int) -> dict[str, object]:
    return {"target": households, "target_quality": "declared", "target_counted": "households"}


def test_day_is_written_once_with_its_counts(
    fresh_database: Callable[[], str],
) -> None:
    engine = make_engine(fresh_database())
    known = read_gazetteer(engine)
    unit = unit_named(known, "Phường Ba Đình", "00004")
    with write_scope(engine, TEST) as session:
        make_household(session, unit_id=unit.id, households_count=2)
        make_household(session, unit_id=unit.id, code="0000000F")  # of the demonstration
        row = {"unit_id": unit.id, "households": 9, "quality": "declared", "source": "UBND"}
        session.execute(insert(Target).values(row | {"reference_date": today()}))
    (job,) = [job for job in JOBS if job.name == "coverage.record"]
    assert job.cron == "50 16 * * *"  # 23:50 in Viet Nam
    function_of(job.run)(engine, from_environment())
    with write_scope(engine, TEST) as session:
        make_household(session, unit_id=unit.id)
    record(engine, from_environment())  # once more on the same day
    with session_scope(engine) as session:
        rows = session.scalars(select(CoverageDay)).all()
        now = coverage_of_level(session, known, "commune").units
        assert len(rows) == 34 + len(now)
        assert {row.day for row in rows} == {today()}
        (of_unit,) = [row for row in rows if row.unit_id == unit.id]
        assert (of_unit.households, of_unit.dwellings, of_unit.unnumbered) == (3, 2, 2)
        assert (of_unit.target, of_unit.target_quality) == (9, "declared")
        assert of_unit.target_counted == "households"
        country = series_of(session, known, "VN")
        assert [day.counts.households for day in country.days] == [3]
        assert (country.days[0].target, country.days[0].quality) == (28_146_930, "estimate")
        # Demonstration codes are never compared with what was recorded without them.
        demo = coverage_of_unit(session, known, "00004", demo=True).total
        assert (demo.counts.households, demo.before) == (4, None)
    engine.dispose()


def test_missed_day_stays_missing(session, gazetteer, ba_dinh):
    put(session, ba_dinh, [(0, 130), (1, 120), (4, 100), (8, 60), (29, 18), (40, 7)])

    series = series_of(session, gazetteer, "00004")

    assert [(today() - day.day).days for day in series.days] == [40, 29, 8, 4, 1, 0]
    assert series_answer(series)["days"][0]["share"] is None
    # The day a week ago is missing: the one before it is used, over eight days.
    week, month = series.paces[7], series.paces[28]
    assert (week.days, week.per_day) == (8, 70 / 8)
    assert (month.since, month.days, month.per_day) == (today() - 29 * DAY, 29, 112 / 29)
    lines = draw_trend(series.days, title="Ba Đình <b>")
    assert lines.count("<circle") == 1 + 4  # the last, and each day alone: 40, 29, 8, 4
    assert "Ba Đình &lt;b&gt;" in lines
    assert draw_trend((), title="") == ""
    later = series_of(session, gazetteer, "00004", since=today() - 8 * DAY)
    assert len(later.days) == 4
    with pytest.raises(InvalidInputError, match="is after the last day"):
        series_of(session, gazetteer, "00004", today(), today() - DAY)


def test_pace_is_unknown_without_recent_days(session, gazetteer, ba_dinh):
    put(session, ba_dinh, [(0, 100), (11, 60), (43, 18)])
    series = series_of(session, gazetteer, "00004")
    assert series.paces == {7: None, 28: None}


def test_forecast_needs_sixty_days_and_no_estimate(session, gazetteer, ba_dinh):
    put(session, ba_dinh, [(age, 1_000 - 2 * age) for age in range(FORECAST_DAYS - 1)])
    session.execute(text("UPDATE coverage_day SET target = 1101, target_quality = 'estimate'"))
    session.execute(text("UPDATE coverage_day SET target_counted = 'households'"))

    def forecast() -> tuple[datetime.date | None, str | None]:
        series = series_of(session, gazetteer, "00004")
        return series.forecast, series.no_forecast

    assert forecast() == (None, "target_estimate")
    session.execute(text("UPDATE coverage_day SET target_quality = 'declared'"))
    assert forecast() == (None, "series_short")
    put(session, ba_dinh, [(FORECAST_DAYS - 1, 880)], **declared(1_101))
    assert forecast() == (today() + 51 * DAY, None)  # 101 missing, 2 a day
    for changes, reason in (
        ("target = 1000", "reached"),
        ("households = 1000, target = 1001", "no_progress"),
        ("target = 30000000, households = 100000 - (current_date - day)", "too_far"),
        ("target = NULL", "target_missing"),
    ):
        with session.begin_nested() as tried:
            session.execute(text(f"UPDATE coverage_day SET {changes}"))
            assert forecast() == (None, reason)
            tried.rollback()
    session.execute(text("UPDATE coverage_day SET day = day - 500"))
    assert forecast() == (None, "no_series")


def test_stale_series_has_no_forecast(session, gazetteer, ba_dinh):
    put(session, ba_dinh, [(age, 1_000 - age) for age in range(8, 80)], **declared(2_000))
    assert series_of(session, gazetteer, "00004").no_forecast == "series_stale"


def test_forecast_uses_todays_count_and_target(session, gazetteer, ba_dinh):
    put(session, ba_dinh, [(age, 1_000 - 2 * age) for age in range(1, FORECAST_DAYS + 1)])
    make_household(session, unit_id=ba_dinh, households_count=1_700)
    total = coverage_of_unit(session, gazetteer, "00004").total
    assert series_of(session, gazetteer, "00004", counted_now=total).no_forecast == "target_missing"
    row = {"unit_id": ba_dinh, "households": 1_801, "quality": "declared", "source": "UBND"}
    session.execute(insert(Target).values(row | {"reference_date": today()}))
    total = coverage_of_unit(session, gazetteer, "00004").total

    series = series_of(session, gazetteer, "00004", counted_now=total)

    assert series.forecast == today() + 51 * DAY  # 101 missing, 2 a day
    assert series.days[-1].day == today() - DAY  # recorded days are left unchanged
    drawn = draw_trend(series.days, title="Ba Đình", now=series.now)
    assert 'fill="#ffffff" stroke="#26' in drawn
    assert ">hôm nay</text>" in drawn
    assert "hôm nay 1.700</title>" in drawn
    html = html_report(session, gazetteer, "00004")
    assert f"đủ vào khoảng <b>{series.forecast:%d/%m/%Y}</b>" in html
    assert ">hôm nay</text>" in html
    # A day recorded today is listed once, with the current count.
    put(session, ba_dinh, [(0, 1_500)])
    again = series_of(session, gazetteer, "00004", counted_now=total)
    assert draw_trend(again.days, title="Ba Đình", now=again.now) == drawn


def test_series_counts_dwellings_if_the_target_does(session, gazetteer, ba_dinh):
    columns = {**declared(100), "target_counted": "dwellings"}
    put(session, ba_dinh, [(0, 140), (7, 100)], **columns)
    series = series_of(session, gazetteer, "00004")
    assert series.paces[7].per_day == 20 / 7
    assert series_answer(series)["days"][-1]["share"] == 0.7


def test_former_unit_is_the_sum_of_its_successors(session, gazetteer, ba_dinh):
    ngoc_ha = unit_named(gazetteer, "Phường Ngọc Hà", "00008").id
    put(session, ba_dinh, [(0, 10), (1, 8), (2, 5)])
    put(session, ngoc_ha, [(0, 3), (2, 1)])
    series = series_of(session, gazetteer, "00016")
    assert series.former == ("00016", "Phường Ngọc Hà")
    # A day on which one of them was not counted is not in the sum.
    assert [day.counts.households for day in series.days] == [6, 13]


def test_sudden_jump_is_flagged_against_the_series(session, gazetteer, ba_dinh):
    put(session, ba_dinh, [(1, 100), (9, 500)])
    make_household(session, unit_id=ba_dinh, households_count=199)
    assert coverage_of_unit(session, gazetteer, "00004").total.audit == ()
    make_household(session, unit_id=ba_dinh)
    assert coverage_of_unit(session, gazetteer, "00004").total.audit == ("jump",)


def test_changes_between_two_days_are_listed(session, gazetteer, ba_dinh):
    record_day(session, gazetteer)
    session.execute(text("UPDATE coverage_day SET day = day - 10"))
    make_household(session, unit_id=ba_dinh, households_count=3)
    communes = coverage_of_level(session, gazetteer, "commune", province="01")

    moved = what_moved(session, gazetteer, communes, today() - 8 * DAY, None)

    assert moved.since == today() - 10 * DAY  # the last on record within a week
    (unit,) = moved.units
    assert (unit.unit.code, unit.change["households"], unit.change["dwellings"]) == ("00004", 3, 1)
    assert (moved.unmoved, moved.total.change["households"]) == (125, 3)
    record_day(session, gazetteer)
    between = what_moved(session, gazetteer, communes, today() - 10 * DAY, today())
    assert between.units == moved.units
    for since, until, error in (
        (today() - 2 * DAY, None, NotFoundError),
        (today() - 20 * DAY, None, NotFoundError),
        (today(), today() - DAY, InvalidInputError),
        (today() + DAY, None, InvalidInputError),
    ):
        with pytest.raises(error):
            what_moved(session, gazetteer, communes, since, until)
