"""How far the register has come: targets, daily counts, and reports from the field."""

import datetime
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
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
        one_of("quality", "declared", "census", "derived", "estimate"),
        one_of("counted", "households", "residents", "dwellings"),
        CheckConstraint("households >= 0", name="households_not_negative"),
        UniqueConstraint(
            "unit_id",
            "locality_id",
            "quality",
            "source",
            "reference_date",
            "counted",
            name="uq_target_unit_id_locality_id_quality_source_reference_date",
            postgresql_nulls_not_distinct=True,
        ),
        # A locality that goes is looked for here.
        Index(None, "locality_id", postgresql_where="locality_id IS NOT NULL"),
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
    quality: Mapped[str] = mapped_column(
        comment="declared | census | derived | estimate; shown everywhere"
    )
    source: Mapped[str] = mapped_column(comment="Who says so")
    reference_date: Mapped[datetime.date] = mapped_column(comment="Day that the number describes")
    recorded_at: Mapped[datetime.datetime] = mapped_column(
        server_default=text("clock_timestamp()"), comment="When it was recorded"
    )
    counted: Mapped[str] = mapped_column(
        server_default=text("'households'"),
        comment="What is counted: households (hộ) | residents (hộ thường trú) | dwellings (chỗ ở)",
    )
    withdrawn_at: Mapped[datetime.datetime | None] = mapped_column(
        comment="When it was withdrawn; kept as history, and counts no more"
    )


class CoverageDay(Base):
    """Coverage of a unit at the end of a day."""

    __tablename__ = "coverage_day"
    __table_args__ = (
        one_of("target_quality", "declared", "census", "derived", "estimate"),
        one_of("target_counted", "households", "residents", "dwellings"),
        # The series of one unit.
        Index(None, "unit_id", "day"),
        {"comment": "Counts of a unit on a day, written once by a daily job."},
    )

    day: Mapped[datetime.date] = mapped_column(primary_key=True, comment="The day")
    unit_id: Mapped[int] = mapped_column(
        ForeignKey("admin_unit.id"), primary_key=True, autoincrement=False, comment="The unit"
    )
    households: Mapped[int] = mapped_column(Integer, comment="Hộ of active records")
    dwellings: Mapped[int] = mapped_column(Integer, comment="Active records of kind household")
    positioned: Mapped[int] = mapped_column(Integer, comment="Of those, point of 20 m or better")
    verified: Mapped[int] = mapped_column(Integer, comment="Of those, verified in 24 months")
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
    target: Mapped[int | None] = mapped_column(
        Integer, comment="Tổng số hộ as it was known that day"
    )
    target_quality: Mapped[str | None] = mapped_column(
        comment="declared | census | derived | estimate, of the target"
    )
    target_counted: Mapped[str | None] = mapped_column(
        comment="households | residents | dwellings, of the target"
    )


class FieldReport(Base):
    """What was found at a door, by one reporter or several who say the same."""

    __tablename__ = "field_report"
    __table_args__ = (
        one_of(
            *("kind", "confirmed", "wrong_point", "no_such_house", "new_house"),
            *("plate_mounted", "plate_lost", "entrance"),
        ),
        one_of("entrance", "main", "vehicles", "delivery", "locker"),
        CheckConstraint(
            "(kind = 'entrance') = (entrance IS NOT NULL)"
            " AND (note IS NULL OR (kind = 'entrance' AND length(note) BETWEEN 1 AND 140))",
            name="entrance_of_its_kind",
        ),
        one_of(
            "reporter_role",
            *("carrier", "merchant", "resident", "viewer", "editor", "approver", "admin"),
        ),
        one_of("state", "open", "proposed", "accepted", "rejected"),
        CheckConstraint(
            "(kind = 'new_house' OR code IS NOT NULL)"
            " AND (kind NOT IN ('new_house', 'wrong_point', 'entrance') OR point IS NOT NULL)",
            name="says_where",
        ),
        CheckConstraint("(state = 'open') = (decided_event_id IS NULL)", name="decided_by_event"),
        CheckConstraint(
            "position_accuracy_m >= 0 AND position_accuracy_m < 'Infinity'",
            name="accuracy_in_metres",
        ),
        on_earth("point"),
        # A household that is removed looks here for reports of it.
        Index(None, "code", postgresql_where="code IS NOT NULL"),
        # The queue of a commune, and that of the country, in their order.
        Index("ix_field_report_queue", "unit_id", "state", text("reporters DESC"), "id"),
        Index("ix_field_report_queue_everywhere", "state", text("reporters DESC"), "id"),
        {"comment": "Reports from the field, by role and never by name."},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="Number of the report")
    kind: Mapped[str] = mapped_column(
        comment="confirmed | wrong_point | no_such_house | new_house | plate_mounted | plate_lost"
        " | entrance"
    )
    code: Mapped[str | None] = mapped_column(
        Text(collation="C"),
        ForeignKey("household.code", ondelete="CASCADE"),
        comment="The record, when there is one",
    )
    unit_id: Mapped[int] = mapped_column(
        ForeignKey("admin_unit.id"),
        comment="Commune whose queue it is in; of a new house of which nobody knows the commune, "
        "the province",
    )
    point: Mapped[WKBElement | None] = mapped_column(
        Geometry("POINT", srid=4326, spatial_index=False), comment="Where, lon/lat EPSG:4326"
    )
    address_text: Mapped[str | None] = mapped_column(
        comment="Address of a new house as the reader understood it; what it did not read is not "
        "stored"
    )
    reporter_role: Mapped[str] = mapped_column(comment="Role of who reported first; never a person")
    state: Mapped[str] = mapped_column(
        server_default=text("'open'"),
        comment="open | proposed (to retire) | accepted | rejected",
    )
    reported_at: Mapped[datetime.datetime] = mapped_column(
        server_default=text("clock_timestamp()"), comment="When it came"
    )
    decided_event_id: Mapped[int | None] = mapped_column(
        ForeignKey("event.id"),
        comment="Event of the last decision: it accepted, rejected, or proposed to retire",
    )
    position_accuracy_m: Mapped[float | None] = mapped_column(
        comment="Radius in metres around the point"
    )
    address_parts: Mapped[dict[str, Any] | None] = mapped_column(
        comment="The same in parts, as an operation takes them"
    )
    address_key: Mapped[str | None] = mapped_column(
        Text(collation="C"), comment="The same folded: equal reports have an equal one"
    )
    seen_event_id: Mapped[int | None] = mapped_column(
        comment="Event of the state of the record that was reported on"
    )
    carriers: Mapped[int] = mapped_column(
        Integer, server_default=text("0"), comment="How many keys of carriers said so"
    )
    merchants: Mapped[int] = mapped_column(
        Integer, server_default=text("0"), comment="How many keys of merchants said so"
    )
    residents: Mapped[int] = mapped_column(
        Integer,
        server_default=text("0"),
        comment="How many said so without a key, each once a day",
    )
    officials: Mapped[int] = mapped_column(
        Integer, server_default=text("0"), comment="How many keys of editors and above said so"
    )
    last_reported_at: Mapped[datetime.datetime] = mapped_column(
        server_default=text("clock_timestamp()"), comment="When somebody said so last"
    )
    reporters: Mapped[int] = mapped_column(
        Integer,
        Computed("carriers + merchants + residents + officials", persisted=True),
        comment="How many said so: the first rank of the queue",
    )
    word: Mapped[str | None] = mapped_column(comment="What who decided says to those who reported")
    entrance: Mapped[str | None] = mapped_column(
        comment="Of an entrance: main | vehicles | delivery | locker"
    )
    note: Mapped[str | None] = mapped_column(
        comment="Of an entrance: how one gets in, until it is decided; never a person"
    )


class FieldReportVoice(Base):
    """One who said so; kept only as long as it is needed to count nobody twice."""

    __tablename__ = "field_report_voice"
    __table_args__ = (
        Index(None, "reporter", "said_at"),
        # What is removed when its day is over.
        Index(
            "ix_field_report_voice_of_a_day",
            "said_at",
            postgresql_where="reporter >= 'client:' AND reporter < 'client;'",
        ),
        {
            "comment": "Who said so, so that nobody counts twice: keys until it is decided, the "
            "others for a day."
        },
    )

    report_id: Mapped[int] = mapped_column(
        ForeignKey("field_report.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        comment="The report",
    )
    reporter: Mapped[str] = mapped_column(
        Text(collation="C"),
        primary_key=True,
        comment="key: and the name of a key, or client: and the hash of a network address as in "
        "audit_entry",
    )
    said_at: Mapped[datetime.datetime] = mapped_column(
        server_default=text("clock_timestamp()"), comment="When"
    )


class FieldReportReceipt(Base):
    """What whoever reported holds in hand, to read what became of it."""

    __tablename__ = "field_report_receipt"
    __table_args__ = (
        CheckConstraint("octet_length(token_hash) = 32", name="hash_length"),
        Index(None, "report_id", "given_at"),
        Index(None, "key_id", "report_id", postgresql_where="key_id IS NOT NULL"),
        # Those whose year is over.
        Index(None, "given_at"),
        {"comment": "Receipts: who holds one reads what became of the report; kept for a year."},
    )

    token_hash: Mapped[bytes] = mapped_column(
        LargeBinary, primary_key=True, comment="SHA-256 of the receipt"
    )
    report_id: Mapped[int] = mapped_column(
        ForeignKey("field_report.id", ondelete="CASCADE"), comment="The report"
    )
    key_id: Mapped[int | None] = mapped_column(
        ForeignKey("api_key.id", ondelete="CASCADE"),
        comment="Key that reported, an organisation's, for the list of its own; none of who had no "
        "key",
    )
    given_at: Mapped[datetime.datetime] = mapped_column(
        server_default=text("clock_timestamp()"), comment="When"
    )
