"""Who is told of what changes, and what became of telling it."""

import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import NOW, Base, one_of
from registry.models.households import CODE


class Webhook(Base):
    """A place in the feed, and what is wanted of it from there."""

    __tablename__ = "webhook"
    __table_args__ = (
        CheckConstraint(
            "(previous_secret IS NULL) = (previous_until IS NULL)", name="previous_ends"
        ),
        CheckConstraint("octet_length(secret) = 32", name="secret_length"),
        one_of("state", "active", "paused", "dead"),
        Index(None, "key_id"),
        {
            "comment": "Who is told of changes, of which ones, and up to where in the feed it was "
            "told."
        },
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="Number of the webhook")
    key_id: Mapped[int] = mapped_column(
        ForeignKey("api_key.id", ondelete="CASCADE"),
        comment="Key whose it is: it ends with the key",
    )
    url: Mapped[str] = mapped_column(comment="Where messages are sent to")
    note: Mapped[str | None] = mapped_column(comment="What it is for, in its owner's words")
    kinds: Mapped[list[str]] = mapped_column(
        ARRAY(Text),
        server_default=text("'{}'::text[]"),
        comment="Kinds of change that are told; none = all",
    )
    codes: Mapped[int | None] = mapped_column(
        Integer, comment="How many codes it lists in webhook_code; none = any code"
    )
    demo: Mapped[bool] = mapped_column(
        server_default=text("false"), comment="Whether made-up records are told as well"
    )
    secret: Mapped[bytes] = mapped_column(
        LargeBinary, comment="What messages are signed with: it cannot be a hash"
    )
    previous_secret: Mapped[bytes | None] = mapped_column(
        LargeBinary, comment="The one that it replaced"
    )
    previous_until: Mapped[datetime.datetime | None] = mapped_column(
        comment="Until when messages are signed by the previous one too"
    )
    state: Mapped[str] = mapped_column(
        server_default=text("'active'"),
        comment="active | paused | dead: given up, until somebody resumes it",
    )
    cursor: Mapped[str] = mapped_column(comment="Up to where it was told, as a cursor of the feed")
    caught_up: Mapped[int] = mapped_column(
        comment="Position at which nothing was left to tell: kinds of change are told against the "
        "register as it was then"
    )
    round: Mapped[int] = mapped_column(
        Integer,
        server_default=text("1"),
        comment="Grows when somebody sets the cursor: what is being sent meanwhile does not move "
        "it on",
    )
    attempts: Mapped[int] = mapped_column(
        Integer,
        server_default=text("0"),
        comment="How often the message behind the cursor failed",
    )
    failing_since: Mapped[datetime.datetime | None] = mapped_column(comment="When it failed first")
    last_outcome: Mapped[str | None] = mapped_column(comment="What became of the last message")
    due_at: Mapped[datetime.datetime] = mapped_column(
        server_default=NOW, comment="Not looked at before: a pause, or somebody is at it"
    )
    created_at: Mapped[datetime.datetime] = mapped_column(
        server_default=NOW, comment="When it was made"
    )


class WebhookUnit(Base):
    """A unit of which a webhook tells."""

    __tablename__ = "webhook_unit"
    __table_args__ = ({"comment": "Units of which a webhook tells, with whatever continues them."},)

    webhook_id: Mapped[int] = mapped_column(
        ForeignKey("webhook.id", ondelete="CASCADE"), primary_key=True, comment="The webhook"
    )
    unit_id: Mapped[int] = mapped_column(
        ForeignKey("admin_unit.id"),
        primary_key=True,
        autoincrement=False,
        comment="Province or commune",
    )


class WebhookCode(Base):
    """A code of which a webhook tells."""

    __tablename__ = "webhook_code"
    __table_args__ = ({"comment": "Codes of which a webhook tells, as its owner listed them."},)

    webhook_id: Mapped[int] = mapped_column(
        ForeignKey("webhook.id", ondelete="CASCADE"), primary_key=True, comment="The webhook"
    )
    code: Mapped[str] = mapped_column(
        CODE,
        primary_key=True,
        comment="A code, canonical; nobody asks whether a record bears it",
    )


class WebhookDelivery(Base):
    """One try to send a message."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        one_of("kind", "changes", "test"),
        Index(None, "webhook_id", "id"),
        Index("ix_webhook_delivery_sent_at", "sent_at", postgresql_where="NOT given_up"),
        {
            "comment": "What was sent, without what it said: the feed says it again from the same "
            "place."
        },
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="Identity")
    webhook_id: Mapped[int] = mapped_column(
        ForeignKey("webhook.id", ondelete="CASCADE"), comment="The webhook"
    )
    message: Mapped[str] = mapped_column(comment="Its webhook-id: equal for equal messages")
    kind: Mapped[str] = mapped_column(comment="changes | test")
    behind: Mapped[str] = mapped_column(comment="Cursor behind which its entries stand")
    entries: Mapped[int] = mapped_column(Integer, comment="How many entries it had")
    attempt: Mapped[int] = mapped_column(Integer, comment="The how manieth time it was sent")
    sent_at: Mapped[datetime.datetime] = mapped_column(server_default=NOW, comment="When")
    took_ms: Mapped[int] = mapped_column(Integer, comment="How long the receiver took")
    status: Mapped[int | None] = mapped_column(
        Integer, comment="HTTP status of its answer; none where none came"
    )
    outcome: Mapped[str] = mapped_column(comment="delivered, or why not")
    given_up: Mapped[bool] = mapped_column(
        server_default=text("false"), comment="Whether it was the last try: a dead letter, kept"
    )
