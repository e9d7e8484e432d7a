"""Rounds in the field, and what was found on them."""

import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import NOW, Base, on_earth, one_of
from registry.models.households import CODE


class FieldRound(Base):
    """A street or hamlet that is walked, and the code of those who walk it."""

    __tablename__ = "field_round"
    __table_args__ = (
        CheckConstraint("octet_length(code_hash) = 32", name="hash_length"),
        CheckConstraint("(thoroughfare_id IS NULL) <> (locality_id IS NULL)", name="one_place"),
        UniqueConstraint("code_hash"),
        # The rounds of a commune.
        Index(None, "unit_id", "id"),
        {
            "comment": "A street or hamlet that helpers walk, and the code by which they may (đợt "
            "thực địa)."
        },
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="Number of the round")
    unit_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("admin_unit.id"), comment="Commune in which it was opened"
    )
    thoroughfare_id: Mapped[int | None] = mapped_column(
        comment="The street; not a foreign key, for a street that an import made goes with it"
    )
    locality_id: Mapped[int | None] = mapped_column(
        comment="The locality, with all that it holds; not a foreign key, as the street"
    )
    until: Mapped[datetime.date] = mapped_column(
        Date, comment="The last day on which the code is taken, in Viet Nam"
    )
    code_hash: Mapped[bytes] = mapped_column(
        LargeBinary, comment="scrypt of the code that helpers type"
    )
    opened_by: Mapped[str] = mapped_column(comment="Key of the desk that opened it")
    opened_at: Mapped[datetime.datetime] = mapped_column(server_default=NOW, comment="When")
    closed_at: Mapped[datetime.datetime | None] = mapped_column(
        comment="When it was closed before its last day"
    )


class FieldRecord(Base):
    """What was found at a door."""

    __tablename__ = "field_record"
    __table_args__ = (
        one_of("kind", "right", "here", "gone", "count", "flats", "new"),
        one_of("state", "waiting", "aside", "done"),
        one_of("position_method", "gps", "interpolated"),
        CheckConstraint(
            "(kind = 'new') = (code IS NULL)"
            " AND (kind NOT IN ('new', 'here') OR point IS NOT NULL)",
            name="says_where",
        ),
        CheckConstraint("(state = 'done') = (import_id IS NOT NULL)", name="done_by_import"),
        CheckConstraint(
            "position_accuracy_m >= 0 AND position_accuracy_m < 'Infinity'",
            name="accuracy_in_metres",
        ),
        on_earth("point"),
        # Those of a round that wait.
        Index(None, "round_id", "state"),
        # A household, or import, that is removed.
        Index(None, "code", postgresql_where="code IS NOT NULL"),
        Index(None, "import_id", postgresql_where="import_id IS NOT NULL"),
        {
            "comment": "What was found at a door on a round; changes nothing until the desk takes "
            "it over."
        },
    )

    id: Mapped[UUID] = mapped_column(
        primary_key=True, comment="Made in the phone: it is filed once, however often it is sent"
    )
    round_id: Mapped[int] = mapped_column(
        ForeignKey("field_round.id", ondelete="CASCADE"), comment="The round"
    )
    kind: Mapped[str] = mapped_column(comment="right | here | gone | count | flats | new")
    code: Mapped[str | None] = mapped_column(
        CODE,
        ForeignKey("household.code", ondelete="CASCADE"),
        comment="The record; none for a new house",
    )
    seen_event_id: Mapped[int | None] = mapped_column(
        comment="Event of the state that the phone showed"
    )
    point: Mapped[WKBElement | None] = mapped_column(
        Geometry("POINT", srid=4326, spatial_index=False),
        comment="Where the phone was, or where it was tapped, lon/lat EPSG:4326",
    )
    position_method: Mapped[str | None] = mapped_column(
        comment="gps: of the phone | interpolated: tapped between doors"
    )
    position_accuracy_m: Mapped[float | None] = mapped_column(
        comment="Radius in metres around the point"
    )
    spread_m: Mapped[float | None] = mapped_column(
        comment="How far the fixes of which it is the mean lay apart"
    )
    said: Mapped[dict[str, Any]] = mapped_column(
        server_default=text("'{}'::jsonb"),
        comment="Number, street, locality, flats, hộ, hint; never a person",
    )
    device: Mapped[UUID | None] = mapped_column(
        comment="Random, made in the phone: tells two phones apart, nobody else"
    )
    said_at: Mapped[datetime.datetime] = mapped_column(
        comment="When it was found, by the clock of the server"
    )
    received_at: Mapped[datetime.datetime] = mapped_column(
        server_default=NOW, comment="When it came"
    )
    state: Mapped[str] = mapped_column(
        server_default=text("'waiting'"), comment="waiting | aside: left out by the desk | done"
    )
    import_id: Mapped[int | None] = mapped_column(
        ForeignKey("import.id"),
        comment="Import that took it over; its state says whether it stands",
    )
    made: Mapped[list[str]] = mapped_column(
        ARRAY(Text),
        server_default=text("'{}'::text[]"),
        comment="Codes of the records that it made",
    )
