"""Units that change on days to come, as a resolution that is prepared leaves them."""

import datetime
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.dialects.postgresql import Range

from registry.core.database import session_scope
from registry.units.gazetteer import VIET_NAM, today
from tests.support.factories import make_unit
from tests.support.tables import AdminUnitSuccession, AdminUnitVersion

BASIS = "9/NQ-TEST"
DAY = today() + datetime.timedelta(days=10)
LATER = DAY + datetime.timedelta(days=20)


@dataclass(frozen=True)
class Plan:
    """Ids of the units."""

    here: int
    there: int
    east: int
    west: int
    united: int
    big: int
    half: int
    giver: int
    taker: int
    lost: int


def plan_reform(engine: Engine) -> Plan:
    """Two provinces. On DAY east and west become a ward under the code of east, big is split into
    half and taker, giver gives a part to taker; LATER taker has another name and province, and lost
    ends.
    """
    with session_scope(engine) as session:
        here, there = (
            make_unit(session, level="province", kind="tinh", code=code, name=name)
            for code, name in (("97", "Đại Thanh Bình"), ("98", "Hoàng Hôn"))
        )

        def born(code: str, name: str, first: datetime.date | None = None, **more: object) -> int:
            return make_unit(
                session,
                code=code,
                name=name,
                province_id=here,
                lifetime=Range(first, more.pop("end", None)),
                **more,  # type: ignore[arg-type]
            )

        plan = Plan(
            here,
            there,
            born("97001", "Đông Hoà", end=DAY),
            born("97002", "Tây Hoà", end=DAY),
            born("97001", "Tây Đông Hoà", DAY, kind="phuong"),
            born("97003", "Nam Hoà", end=DAY),
            born("97005", "Nam Sơn", DAY),
            born("97006", "Bắc Hoà"),
            born("97004", "Trung Hoà"),
            born("97007", "Cồn Bể", end=LATER),
        )
        session.execute(
            text(
                "UPDATE admin_unit_version SET legal_basis = :basis"
                " WHERE unit_id IN (:united, :half)"
            ),
            {"basis": BASIS, "united": plan.united, "half": plan.half},
        )
        for old, new, extent in (
            (plan.east, plan.united, "full"),
            (plan.west, plan.united, "full"),
            (plan.big, plan.half, "partial"),
            (plan.big, plan.taker, "partial"),
            (plan.giver, plan.taker, "partial"),
        ):
            session.execute(
                insert(AdminUnitSuccession).values(
                    predecessor_id=old,
                    successor_id=new,
                    extent=extent,
                    effective_on=DAY,
                    source="tests",
                )
            )
        session.execute(
            text("UPDATE admin_unit_version SET valid = daterange(NULL, :day) WHERE unit_id = :u"),
            {"day": LATER, "u": plan.taker},
        )
        session.execute(
            insert(AdminUnitVersion).values(
                unit_id=plan.taker,
                name="Trung Tâm Đảo",
                name_en="Trung Tam Dao",
                kind="phuong",
                province_id=there,
                valid=Range(LATER, None),
                legal_basis=BASIS,
                date_basis="effective",
                source="decision 9/NQ-TEST",
            )
        )
    return plan


def it_is(monkeypatch: pytest.MonkeyPatch, day: datetime.date, *, before: float = 0.0) -> None:
    """From here on it is 00:00 of `day` in Viet Nam, or so many seconds before."""
    begins = datetime.datetime.combine(day, datetime.time(), VIET_NAM).timestamp()
    monkeypatch.setattr(
        "registry.units.gazetteer.time", SimpleNamespace(time=lambda: begins - before)
    )
