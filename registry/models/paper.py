"""Paper that the authority gave out and that must be checkable afterwards."""

import datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base
from registry.models.households import CODE


class Certificate(Base):
    """A certificate of address."""

    __tablename__ = "certificate"
    __table_args__ = (
        CheckConstraint("revoked_on >= issued_on", name="revoked_after_issue"),
        CheckConstraint("(revoked_on IS NULL) = (revoked_why IS NULL)", name="revoked_with_reason"),
        Index(None, "code"),
        Index("ix_certificate_unit_id", "unit_id", text("issued_on DESC")),
        {"comment": "Certificates of address that were issued. They name no person."},
    )

    number: Mapped[str] = mapped_column(
        CODE,
        primary_key=True,
        comment="What its QR leads to: drawn by chance, so that the next one is not to be guessed",
    )
    code: Mapped[str] = mapped_column(
        CODE, ForeignKey("household.code", ondelete="CASCADE"), comment="The record"
    )
    unit_id: Mapped[int] = mapped_column(
        ForeignKey("admin_unit.id"), comment="Commune that issued it"
    )
    issued_on: Mapped[datetime.date] = mapped_column(Date, comment="Day of issue")
    label: Mapped[str] = mapped_column(comment="The address that it confirms, as printed")
    event_id: Mapped[int] = mapped_column(
        ForeignKey("event.id"), comment="Event of the state of the record that it confirms"
    )
    document_number: Mapped[str | None] = mapped_column(
        comment="Number in the office's own books, where given"
    )
    revoked_on: Mapped[datetime.date | None] = mapped_column(
        Date, comment="Day on which the office took it back"
    )
    revoked_why: Mapped[str | None] = mapped_column(comment="Why; never a person's name")
