"""Reforms: resolutions that change units, and what they changed that keeps no history."""

import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Identity, Index, Integer, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import NOW, Base, one_of

_EMPTY = text("'{}'::jsonb")


class Reform(Base):
    """A resolution that changes units."""

    __tablename__ = "reform"
    __table_args__ = (
        one_of(
            *("state", "staged", "reported", "failed", "discarded"),
            *("prepared", "carried", "undone", "withdrawn"),
        ),
        CheckConstraint(
            "state IN ('staged', 'failed', 'discarded')"
            " OR num_nulls(number, title, effective_on, resolution) = 0",
            name="known_once_read",
        ),
        CheckConstraint(
            "(state IN ('carried', 'undone')) = (event_id IS NOT NULL)", name="carried_has_event"
        ),
        # A resolution takes effect once.
        Index(
            "uq_reform_number_in_force",
            "number",
            unique=True,
            postgresql_where="state IN ('prepared', 'carried')",
        ),
        {
            "comment": "Resolutions that change units: delivered and tried, prepared for their "
            "day, carried, undone."
        },
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="Number of the reform")
    number: Mapped[str | None] = mapped_column(comment="Number of the resolution")
    title: Mapped[str | None] = mapped_column(comment="What it is called")
    effective_on: Mapped[datetime.date | None] = mapped_column(
        Date, comment="First day of the new state"
    )
    state: Mapped[str] = mapped_column(
        comment="staged | reported | failed | discarded | prepared | carried | undone | withdrawn"
    )
    resolution: Mapped[dict[str, Any] | None] = mapped_column(
        comment="The file as it was read, with the line of each change"
    )
    decided: Mapped[dict[str, Any]] = mapped_column(
        server_default=_EMPTY,
        comment="Code of a household → code of its commune, as people decided",
    )
    unit_ids: Mapped[list[int]] = mapped_column(
        ARRAY(Integer),
        server_default=text("'{}'::integer[]"),
        comment="Units that it changes, ends or makes",
    )
    counts: Mapped[dict[str, Any]] = mapped_column(
        server_default=_EMPTY, comment="What was carried, and how it was settled"
    )
    actor: Mapped[str] = mapped_column(comment="Who handed it in")
    recorded_at: Mapped[datetime.datetime] = mapped_column(
        server_default=NOW, comment="When it was handed in"
    )
    event_id: Mapped[int | None] = mapped_column(
        ForeignKey("event.id"), comment="Event that carried it"
    )
    undone_event_id: Mapped[int | None] = mapped_column(
        ForeignKey("event.id"), comment="Event that undid it"
    )


class ReformWork(Base):
    """A resolution that came over HTTP."""

    __tablename__ = "reform_work"
    __table_args__ = (
        one_of("task", "try", "decide", "carry", "undo", "withdraw"),
        {
            "comment": "What is being done about a resolution that came over HTTP, for whom, and "
            "how far it is."
        },
    )

    reform_id: Mapped[int] = mapped_column(
        ForeignKey("reform.id"), primary_key=True, autoincrement=False, comment="The reform"
    )
    file_name: Mapped[str] = mapped_column(comment="Name of the file that was delivered")
    task: Mapped[str] = mapped_column(
        comment="What was asked for last: try | decide | carry | undo | withdraw"
    )
    options: Mapped[dict[str, Any]] = mapped_column(
        server_default=_EMPTY, comment="What was said of it"
    )
    verdict: Mapped[int] = mapped_column(
        Integer,
        server_default=text("0"),
        comment="Number of the last dry run; 0 before the first has ended",
    )
    phase: Mapped[str | None] = mapped_column(
        comment="What is being done now: reading, settling, places …"
    )
    done: Mapped[int] = mapped_column(
        server_default=text("0"), comment="Records that were carried so far"
    )
    report: Mapped[dict[str, Any] | None] = mapped_column(
        comment="What the last dry run told, or what was carried"
    )
    problem: Mapped[dict[str, Any] | None] = mapped_column(
        comment="Why the last thing that was asked for was not done"
    )
    asked_by: Mapped[str] = mapped_column(
        comment="Name of the key that asked for what is being done"
    )
    asked_key_id: Mapped[int | None] = mapped_column(comment="Number of that key")
    files_until: Mapped[datetime.datetime | None] = mapped_column(
        comment="When the file and its reports are deleted; none when they are"
    )


class ReformBefore(Base):
    """A row as it was before a reform."""

    __tablename__ = "reform_before"
    __table_args__ = (
        {
            "comment": "Rows without a history of their own as they were before a reform changed "
            "them, for its undo."
        },
    )

    reform_id: Mapped[int] = mapped_column(
        ForeignKey("reform.id"), primary_key=True, autoincrement=False, comment="The reform"
    )
    relation: Mapped[str] = mapped_column(primary_key=True, comment="Table")
    row_id: Mapped[str] = mapped_column(primary_key=True, comment="Key of the row")
    was: Mapped[dict[str, Any] | None] = mapped_column(
        comment="The row; none where the reform made it"
    )
