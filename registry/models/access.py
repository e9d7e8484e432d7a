"""Keys: who may do what, and where; what they did, and what they may still ask."""

import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base, one_of

_ROLES = ("anonymous", "carrier", "merchant", "viewer", "editor", "approver", "admin")


class ApiKey(Base):
    """A named key. Only its hash is stored."""

    __tablename__ = "api_key"
    __table_args__ = (
        one_of("role", *_ROLES),
        CheckConstraint("octet_length(hash) = 32", name="hash_length"),
        CheckConstraint("octet_length(previous_hash) = 32", name="previous_hash_length"),
        CheckConstraint("(previous_hash IS NULL) = (previous_until IS NULL)", name="previous_ends"),
        CheckConstraint("octet_length(subject) = 32", name="subject_length"),
        CheckConstraint("rate_per_minute > 0", name="rate_positive"),
        {"comment": "Named keys of organisations; the key itself is shown once and not stored."},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="Number of the key")
    name: Mapped[str] = mapped_column(unique=True, comment="Organisation or program, not a person")
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True, comment="SHA-256 of the key")
    role: Mapped[str] = mapped_column(comment=" | ".join(_ROLES))
    rate_per_minute: Mapped[int | None] = mapped_column(
        Integer, comment="Requests per minute; none = the role's default"
    )
    approves_own: Mapped[bool] = mapped_column(
        server_default=text("false"),
        comment="Whether it approves what it delivered itself: an authority of one person",
    )
    created_at: Mapped[datetime.datetime] = mapped_column(
        server_default=text("clock_timestamp()"), comment="When it was made"
    )
    expires_at: Mapped[datetime.datetime | None] = mapped_column(comment="Refused from then on")
    revoked_at: Mapped[datetime.datetime | None] = mapped_column(comment="Refused from then on")
    last_used_at: Mapped[datetime.datetime | None] = mapped_column(
        comment="Last use, to the minute"
    )
    ending: Mapped[str] = mapped_column(
        comment="Last four characters of the key, to tell it in a list"
    )
    rotated_at: Mapped[datetime.datetime | None] = mapped_column(
        comment="When the present secret replaced the previous one"
    )
    previous_hash: Mapped[bytes | None] = mapped_column(
        LargeBinary, unique=True, comment="SHA-256 of the key that it replaced"
    )
    previous_until: Mapped[datetime.datetime | None] = mapped_column(
        comment="Until when the previous key is taken as well"
    )
    subject: Mapped[bytes | None] = mapped_column(
        LargeBinary,
        unique=True,
        comment="Account of an identity provider, whose key nobody knows: SHA-256 of its issuer and"
        " subject",
    )


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
    widened_by_event_id: Mapped[int | None] = mapped_column(
        comment="Reform that bound the key to this part of a split unit, until somebody narrows it"
    )


class DeskSession(Base):
    """A key that was exchanged for a cookie."""

    __tablename__ = "desk_session"
    __table_args__ = (
        CheckConstraint("octet_length(token_hash) = 32", name="token_hash_length"),
        Index(None, "key_id"),
        {
            "comment": "Keys that were exchanged for a cookie; they end by themselves, and with "
            "the key."
        },
    )

    token_hash: Mapped[bytes] = mapped_column(
        LargeBinary, primary_key=True, comment="SHA-256 of what the cookie holds"
    )
    key_id: Mapped[int] = mapped_column(
        ForeignKey("api_key.id", ondelete="CASCADE"), comment="Whose session it is"
    )
    began_at: Mapped[datetime.datetime] = mapped_column(
        server_default=text("clock_timestamp()"), comment="When it began"
    )
    seen_at: Mapped[datetime.datetime] = mapped_column(
        server_default=text("clock_timestamp()"), comment="Last use, to the minute"
    )


class AuditEntry(Base):
    """One write, one reading of much, or one refusal of either, over HTTP."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index(None, "at"),
        {
            "comment": "Who wrote or read much over HTTP, refused attempts included. Append-only; "
            "no query, no address of a computer in the clear."
        },
    )

    id: Mapped[int] = mapped_column(
        Identity(always=True),
        primary_key=True,
        comment="Identity; in the order of the entries of one process",
    )
    at: Mapped[datetime.datetime] = mapped_column(
        server_default=text("clock_timestamp()"), comment="When it was answered"
    )
    actor: Mapped[str] = mapped_column(comment="Name of the key, or anonymous")
    key_id: Mapped[int | None] = mapped_column(comment="Number of the key; none without one")
    client: Mapped[str | None] = mapped_column(
        comment="Without a key: hash of the computer's network address by a secret of this "
        "database and the day; another one each day"
    )
    role: Mapped[str] = mapped_column(comment="Role that the caller had")
    endpoint: Mapped[str] = mapped_column(
        comment="Method and route, without the values in its path"
    )
    units: Mapped[list[str]] = mapped_column(
        ARRAY(Text),
        server_default=text("'{}'::text[]"),
        comment="Codes of the units that it was about, as far as known",
    )
    count: Mapped[int | None] = mapped_column(
        Integer, comment="Records written or rows answered; none where refused"
    )
    event_id: Mapped[int | None] = mapped_column(comment="Event of a write")
    status: Mapped[int] = mapped_column(Integer, comment="HTTP status of the answer")
    outcome: Mapped[str] = mapped_column(comment="ok, or the stable code of the problem")


class ClientKey(Base):
    """The secret by which network addresses are hashed."""

    __tablename__ = "client_key"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("octet_length(key) = 32", name="key_length"),
        {
            "comment": "Secret by which network addresses are hashed, so that none is stored in "
            "the clear."
        },
    )

    id: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, comment="Always 1"
    )
    key: Mapped[bytes] = mapped_column(LargeBinary, comment="32 secret bytes")


class EnumerationBudget(Base):
    """What a caller has spent of an hour's units, on codes that it did not name."""

    __tablename__ = "enumeration_budget"
    __table_args__ = (
        {
            "comment": "What codes that were not asked for by themselves have cost each caller.",
            "prefixes": ["UNLOGGED"],
        },
    )

    holder: Mapped[str] = mapped_column(
        Text(collation="C"),
        primary_key=True,
        comment="key:number, or client: and the hash of a network address as in audit_entry",
    )
    level: Mapped[float] = mapped_column(
        comment="Share of an hour's units that was spent at that time; one is given back an hour"
    )
    at: Mapped[datetime.datetime] = mapped_column(comment="When it was that")


class RequestRate(Base):
    """How often somebody asked in a minute, as one machine counted."""

    __tablename__ = "request_rate"
    __table_args__ = (
        {
            "comment": "Requests of the last minutes of who asks much, by the machine that counted "
            "them.",
            "prefixes": ["UNLOGGED"],
        },
    )

    minute: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, comment="Minutes since 1970"
    )
    caller: Mapped[str] = mapped_column(
        Text(collation="C"),
        primary_key=True,
        comment="Hash of the key's number or of a network address, by a secret of this database "
        "and the day",
    )
    machine: Mapped[str] = mapped_column(
        Text(collation="C"),
        primary_key=True,
        comment="Name of the memory in which it was counted; random",
    )
    asked: Mapped[int] = mapped_column(
        Integer, comment="Requests that it has counted in that minute"
    )
