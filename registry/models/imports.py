"""Imports: one file of one source, staged, reported, published or rolled back as a whole."""

import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from registry.messages import SEVERITIES
from registry.models.base import Base, one_of


class Import(Base):
    """One file of one source."""

    __tablename__ = "import"
    __table_args__ = (
        one_of("delivery", "full", "partial"),
        one_of(
            "state",
            *("staged", "reported", "publishing", "published", "rolled_back", "discarded"),
            "failed",
        ),
        CheckConstraint(
            "state NOT IN ('published', 'rolled_back') OR published_event_id IS NOT NULL",
            name="published_has_event",
        ),
        Index(None, "source", "id"),
        {"comment": "One file of one source (đợt nhập)."},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="Number of the import")
    source: Mapped[str] = mapped_column(comment="Who delivers: the authority's or data set's name")
    file_name: Mapped[str] = mapped_column(comment="Name of the file, without its folder")
    file_sha256: Mapped[str | None] = mapped_column(comment="SHA-256 of the file, hexadecimal")
    delivery: Mapped[str] = mapped_column(
        server_default=text("'partial'"),
        comment="full: vanished rows are looked for | partial",
    )
    decision_number: Mapped[str | None] = mapped_column(comment="Number of the legal decision")
    state: Mapped[str] = mapped_column(
        comment="staged | reported | publishing | published | rolled_back | discarded | failed"
    )
    counts: Mapped[dict[str, Any]] = mapped_column(
        server_default=text("'{}'::jsonb"), comment="rows, new, changed, unchanged, linked …"
    )
    created_at: Mapped[datetime.datetime] = mapped_column(
        server_default=text("clock_timestamp()"), comment="When the file came"
    )
    published_event_id: Mapped[int | None] = mapped_column(
        ForeignKey("event.id"), comment="Event that published it"
    )
    rolled_back_event_id: Mapped[int | None] = mapped_column(
        ForeignKey("event.id"), comment="Event that took it back"
    )


class ImportWork(Base):
    """An import that came over HTTP."""

    __tablename__ = "import_work"
    __table_args__ = (
        UniqueConstraint("actor", "idempotency_key"),
        {
            "comment": "What is being done about an import that came over HTTP, for whom, and how "
            "far it is."
        },
    )

    import_id: Mapped[int] = mapped_column(
        ForeignKey("import.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        comment="The import",
    )
    actor: Mapped[str] = mapped_column(comment="Name of the key that delivered it")
    key_id: Mapped[int | None] = mapped_column(comment="Number of that key")
    unit_ids: Mapped[list[int] | None] = mapped_column(
        ARRAY(Integer),
        comment="Communes in which that key may write; none for everywhere. Who may write in one "
        "of them sees the import",
    )
    request: Mapped[dict[str, Any]] = mapped_column(
        server_default=text("'{}'::jsonb"), comment="Options of the import: sheet, mapping, crs …"
    )
    size_bytes: Mapped[int] = mapped_column(comment="Of the file")
    idempotency_key: Mapped[str | None] = mapped_column(
        comment="Chosen by who delivers: a delivery under the same one again is the same import"
    )
    verdict: Mapped[int] = mapped_column(
        Integer,
        server_default=text("0"),
        comment="Number of the last dry run; 0 before the first has ended",
    )
    phase: Mapped[str | None] = mapped_column(
        comment="What is being done now: reading, judging, publishing …"
    )
    rows_done: Mapped[int] = mapped_column(
        server_default=text("0"), comment="Rows that were read so far"
    )
    problem: Mapped[dict[str, Any] | None] = mapped_column(
        comment="Why the last thing that was asked for was not done"
    )
    asked_by: Mapped[str | None] = mapped_column(
        comment="Name of the key that asked for what is being done"
    )
    asked_key_id: Mapped[int | None] = mapped_column(comment="Number of that key")
    changed_at: Mapped[datetime.datetime] = mapped_column(
        server_default=text("clock_timestamp()"), comment="When this was written last"
    )
    files_until: Mapped[datetime.datetime | None] = mapped_column(
        comment="When the file and its reports are deleted; none when they are"
    )


class ImportProblem(Base):
    """One problem of one row: data, not an exception."""

    __tablename__ = "import_problem"
    __table_args__ = (
        one_of("severity", *SEVERITIES),
        Index(None, "import_id", "code", "row_number"),
        {"comment": "Every problem of every row of an import."},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="Identity, internal")
    import_id: Mapped[int] = mapped_column(comment="The import; trigger check_problems looks it up")
    row_number: Mapped[int] = mapped_column(comment="Row of the file, 1 = first after the header")
    field: Mapped[str | None] = mapped_column(comment="Column, when one is to blame")
    code: Mapped[str] = mapped_column(comment="Stable problem code")
    severity: Mapped[str] = mapped_column(comment="error: not published | warning | notice")
    value: Mapped[str | None] = mapped_column(comment="Value as delivered; never a person's")
    proposed_fix: Mapped[str | None] = mapped_column(comment="Value that would be right")


class ParkedKey(Base):
    """A key or index that is off while a first load runs."""

    __tablename__ = "parked_key"
    __table_args__ = (
        {"comment": "Keys and indexes that a first load took off; empty outside its transaction."},
    )

    place: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, comment="Order of taking off"
    )
    relation: Mapped[str] = mapped_column(comment="Table that it belongs to")
    name: Mapped[str] = mapped_column(comment="Name of the constraint or index")
    definition: Mapped[str] = mapped_column(comment="As the database tells it")
    is_constraint: Mapped[bool] = mapped_column(comment="Or else an index")
