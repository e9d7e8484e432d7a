"""Counts of communes that are kept, which of them have to be made anew; and of the service."""

import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Integer, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base


class CoverageCount(Base):
    """What coverage counts in a commune."""

    __tablename__ = "coverage_count"
    __table_args__ = (
        {
            "comment": "Counts of communes as of coverage_state.counted_at, or since: whole but "
            "for communes in coverage_touched. One without a row has no household."
        },
    )

    unit_id: Mapped[int] = mapped_column(
        ForeignKey("admin_unit.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        comment="The commune",
    )
    with_demo: Mapped[bool] = mapped_column(
        primary_key=True,
        comment="Whether codes that begin with 0 are in it; where it has none of them, one row may "
        "stand for both",
    )
    households: Mapped[int] = mapped_column(Integer, comment="Hộ of active records")
    dwellings: Mapped[int] = mapped_column(Integer, comment="Active records of kind household")
    positioned: Mapped[int] = mapped_column(Integer, comment="Of those, point of 20 m or better")
    verified: Mapped[int] = mapped_column(
        Integer, comment="Of those, verified on verified_since or later"
    )
    deliverable: Mapped[int] = mapped_column(
        Integer,
        comment="Of those, what a carrier finds: one record at the door, point of 20 m or better, "
        "number or locality",
    )
    plated: Mapped[int] = mapped_column(Integer, comment="Of those, with a plate at the door")
    suspected: Mapped[int] = mapped_column(
        Integer, comment="Of those, at a door that another record has as well"
    )
    unnumbered: Mapped[int] = mapped_column(
        Integer, comment="Of those, without a house number and a flat number"
    )
    verified_since: Mapped[datetime.date] = mapped_column(
        comment="First day of the 24 months that were counted as verified"
    )
    verified_first: Mapped[datetime.date | None] = mapped_column(
        comment="Earliest day on which one of the verified was: when the 24 months have left it "
        "behind, the count is no longer right"
    )


class CoverageTouched(Base):
    """A commune in which something was written; by triggers only."""

    __tablename__ = "coverage_touched"
    __table_args__ = (
        {
            "comment": "Communes in which something was written since they were counted, as often "
            "as that was. Taken away by who counts them."
        },
    )

    id: Mapped[int] = mapped_column(
        Identity(always=True), primary_key=True, comment="Identity, internal"
    )
    unit_id: Mapped[int] = mapped_column(Integer, comment="The commune")
    records: Mapped[int] = mapped_column(
        comment="How many active records it may have gained: how much there is to count"
    )


class CoverageState(Base):
    """One row: since when the kept counts are whole."""

    __tablename__ = "coverage_state"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        {"comment": "One row: since when the kept counts are whole. Its lock says who counts."},
    )

    id: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, comment="Always 1"
    )
    counted_at: Mapped[datetime.datetime] = mapped_column(
        comment="When it was counted last: what was committed before is in the counts"
    )


class ServiceCount(Base):
    """How often something was asked on a day."""

    __tablename__ = "service_count"
    __table_args__ = (
        CheckConstraint("asked > 0", name="asked_positive"),
        {
            "comment": "Requests of a day by kind and outcome, summed over the processes of the "
            "service."
        },
    )

    day: Mapped[datetime.date] = mapped_column(primary_key=True, comment="Day in Viet Nam")
    kind: Mapped[str] = mapped_column(
        primary_key=True,
        comment="What was asked: a family of endpoints, or `verdict` for each verdict that was "
        "told",
    )
    outcome: Mapped[str] = mapped_column(
        primary_key=True, comment="ok | refused | limited | failed; of a verdict, which"
    )
    asked: Mapped[int] = mapped_column(comment="How often")
