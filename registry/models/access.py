"""Keys: who may do what, and where."""

import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Integer, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base, one_of


class ApiKey(Base):
    """A named key. Only its hash is stored."""

    __tablename__ = "api_key"
    __table_args__ = (
        one_of("role", "carrier", "merchant", "editor", "approver", "admin"),
        CheckConstraint("octet_length(hash) = 32", name="hash_length"),
        CheckConstraint("rate_per_minute > 0", name="rate_positive"),
        {"comment": "Named keys of organisations; the key itself is shown once and not stored."},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="Number of the key")
    name: Mapped[str] = mapped_column(unique=True, comment="Organisation or program, not a person")
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True, comment="SHA-256 of the key")
    role: Mapped[str] = mapped_column(comment="carrier | merchant | editor | approver | admin")
    rate_per_minute: Mapped[int | None] = mapped_column(
        Integer, comment="Requests per minute; none = the role's default"
    )
    created_at: Mapped[datetime.datetime] = mapped_column(
        server_default=text("clock_timestamp()"), comment="When it was made"
    )
    expires_at: Mapped[datetime.datetime | None] = mapped_column(comment="Refused from then on")
    revoked_at: Mapped[datetime.datetime | None] = mapped_column(comment="Refused from then on")
    last_used_at: Mapped[datetime.datetime | None] = mapped_column(comment="Last use, to the hour")


class ApiKeyUnit(Base):
    """A unit in which a key may write."""

    __tablename__ = "api_key_unit"
    __table_args__ = ({"comment": "Units (province or commune) to which a key is bound."},)

    key_id: Mapped[int] = mapped_column(
        ForeignKey("api_key.id", ondelete="CASCADE"), primary_key=True, comment="The key"
    )
    unit_id: Mapped[int] = mapped_column(
        ForeignKey("admin_unit.id"), primary_key=True, autoincrement=False, comment="The unit"
    )
