"""How far the register has come: targets, daily counts, and reports from the field."""

import datetime

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base, on_earth, one_of


class Target(Base):
    """The number of households that a unit or locality has: the denominator of coverage."""

    __tablename__ = "target"
    __table_args__ = (
        one_of("quality", "declared", "census", "estimate"),
        CheckConstraint("households >= 0", name="households_not_negative"),
        UniqueConstraint(
            "unit_id",
            "locality_id",
            "quality",
            "source",
            "reference_date",
            postgresql_nulls_not_distinct=True,
        ),
        {
            "comment": "Tổng số hộ of a unit or locality, with source and date. History is "
            "kept; the newest declared count wins."
        },
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="Identity, internal")
    unit_id: Mapped[int] = mapped_column(ForeignKey("admin_unit.id"), comment="The unit")
    locality_id: Mapped[int | None] = mapped_column(
        ForeignKey("locality.id"), comment="The locality inside it, when the count is for one"
    )
    households: Mapped[int] = mapped_column(Integer, comment="Number of hộ")
    quality: Mapped[str] = mapped_column(comment="declared | census | estimate; shown everywhere")
    source: Mapped[str] = mapped_column(comment="Who says so")
    reference_date: Mapped[datetime.date] = mapped_column(comment="Day that the number describes")
    recorded_at: Mapped[datetime.datetime] = mapped_column(
        server_default=text("clock_timestamp()"), comment="When it was recorded"
    )


class CoverageDay(Base):
    """Coverage of a unit at the end of a day: the only stored count."""

    __tablename__ = "coverage_day"
    __table_args__ = ({"comment": "Counts of a unit on a day, written once by a daily job."},)

    day: Mapped[datetime.date] = mapped_column(primary_key=True, comment="The day")
    unit_id: Mapped[int] = mapped_column(
        ForeignKey("admin_unit.id"), primary_key=True, autoincrement=False, comment="The unit"
    )
    households: Mapped[int] = mapped_column(Integer, comment="Hộ of active records")
    dwellings: Mapped[int] = mapped_column(Integer, comment="Active records of kind household")
    positioned: Mapped[int] = mapped_column(Integer, comment="Of those, point of 20 m or better")
    verified: Mapped[int] = mapped_column(Integer, comment="Of those, verified in 24 months")


class FieldReport(Base):
    """What somebody found at a door."""

    __tablename__ = "field_report"
    __table_args__ = (
        one_of("kind", "confirmed", "wrong_point", "no_such_house", "new_house"),
        one_of("reporter_role", "carrier", "merchant", "resident", "editor", "approver", "admin"),
        one_of("state", "open", "accepted", "rejected"),
        CheckConstraint("code IS NOT NULL OR point IS NOT NULL", name="says_where"),
        on_earth("point"),
        # A household that is removed looks here for reports of it.
        Index(None, "code", postgresql_where="code IS NOT NULL"),
        Index("ix_field_report_open", "unit_id", "id", postgresql_where="state = 'open'"),
        {"comment": "Reports from the field, by role and never by name."},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="Number of the report")
    kind: Mapped[str] = mapped_column(comment="confirmed | wrong_point | no_such_house | new_house")
    code: Mapped[str | None] = mapped_column(
        Text(collation="C"), ForeignKey("household.code"), comment="The record, when there is one"
    )
    unit_id: Mapped[int | None] = mapped_column(
        ForeignKey("admin_unit.id"), comment="Commune whose queue it is in"
    )
    point: Mapped[WKBElement | None] = mapped_column(
        Geometry("POINT", srid=4326, spatial_index=False), comment="Where, lon/lat EPSG:4326"
    )
    address_text: Mapped[str | None] = mapped_column(comment="Address of a new house, as written")
    reporter_role: Mapped[str] = mapped_column(comment="Role of who reports; never a person")
    state: Mapped[str] = mapped_column(
        server_default=text("'open'"), comment="open | accepted | rejected"
    )
    reported_at: Mapped[datetime.datetime] = mapped_column(
        server_default=text("clock_timestamp()"), comment="When it came"
    )
    decided_event_id: Mapped[int | None] = mapped_column(
        ForeignKey("event.id"), comment="Event that accepted it"
    )
