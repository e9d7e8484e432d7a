"""Who changed what, why and when; and the order in which readers learn of it."""

import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base


class Event(Base):
    """One change of the register: append-only, one per writing transaction."""

    __tablename__ = "event"
    __table_args__ = (
        # A form that is sent twice is carried out once.
        Index(
            "uq_event_once",
            text("(scope ->> 'once')"),
            unique=True,
            postgresql_where="scope ? 'once'",
        ),
        Index(None, "occurred_at"),
        {"comment": "Append-only. Every writing transaction has one (function open_event)."},
    )

    id: Mapped[int] = mapped_column(
        Identity(always=True), primary_key=True, comment="Identity; not the order of commits"
    )
    kind: Mapped[str] = mapped_column(comment="Operation: import, rename, merge, move …")
    actor: Mapped[str] = mapped_column(comment="Who: a key or operator, never a person's name")
    reason: Mapped[str | None] = mapped_column(comment="Why, in the actor's words")
    decision_number: Mapped[str | None] = mapped_column(comment="Number of the legal decision")
    scope: Mapped[dict[str, Any]] = mapped_column(
        server_default=text("'{}'::jsonb"), comment="What it touched: units, codes, import"
    )
    occurred_at: Mapped[datetime.datetime] = mapped_column(
        server_default=text("clock_timestamp()"), comment="When it was recorded"
    )
    xact: Mapped[int] = mapped_column(
        server_default=text("pg_current_xact_id()::text::bigint"),
        comment="The transaction that opened it; meaningless after a restore",
    )


class EventPending(Base):
    """Events that are committed, or soon, and not yet in the feed."""

    __tablename__ = "event_pending"
    __table_args__ = (
        {"comment": "Events on their way into the feed; emptied by move_pending_events."},
    )

    event_id: Mapped[int] = mapped_column(
        ForeignKey("event.id"), primary_key=True, autoincrement=False, comment="The event"
    )


class Feed(Base):
    """The change feed: events in the order in which readers may rely on them."""

    __tablename__ = "feed"
    __table_args__ = (
        {
            "comment": "Committed events in reading order: once a position is visible, none below "
            "it will ever appear."
        },
    )

    position: Mapped[int] = mapped_column(
        Identity(always=True), primary_key=True, comment="Cursor; grows, may have gaps"
    )
    event_id: Mapped[int] = mapped_column(
        ForeignKey("event.id"), unique=True, comment="The event, exactly once"
    )


class RegisterIdentity(Base):
    """One row: which register this is. A restored copy is another one."""

    __tablename__ = "register_identity"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        {
            "comment": "One row. Cursors carry the uuid: one of another database, or of before a "
            "restore, is refused."
        },
    )

    id: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, comment="Always 1"
    )
    uuid: Mapped[UUID] = mapped_column(
        server_default=text("gen_random_uuid()"), comment="Changes after a restore or promotion"
    )
    created_at: Mapped[datetime.datetime] = mapped_column(
        server_default=text("now()"), comment="When this identity began"
    )
    note: Mapped[str] = mapped_column(
        Text, server_default=text("'created'"), comment="created | restored | promoted"
    )
    timeline: Mapped[int] = mapped_column(
        comment="server_timeline() on which the register got its uuid; the feed goes on under no "
        "other",
    )
