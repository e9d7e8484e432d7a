"""Webhooks over HTTP: create, change, test and replay, with the key that owns them."""

import datetime
from typing import Annotated, Final, Literal

from pydantic import Field
from typing_extensions import TypedDict

from api.core.access import caller
from api.core.audit import note
from api.core.context import register
from api.core.endpoint import Resource, keyed
from api.core.errors import UNIT_CODE
from api.core.types import Request, answer_from
from registry.core.database import session_scope
from registry.lifecycle.requests import Line
from registry.publish.changes.since import KINDS, Kind
from registry.publish.webhooks import subscriptions
from registry.publish.webhooks.sending import MAX_URL
from registry.publish.webhooks.subscriptions import (
    DEFAULT_OVERLAP_H,
    MAX_CODES,
    MAX_NOTE,
    MAX_OVERLAP_H,
    MAX_UNITS,
    Delivery,
    Wanted,
    WebhookView,
)
from registry.units.gazetteer import VIET_NAM

blueprint = Resource("webhooks", "/v1/webhooks", tag="webhooks", kind="copies")

_SINCE: Final = "Day, position of the feed, or cursor"
_DELIVERIES: Final = 50
Since = Annotated[str, Field(min_length=1, max_length=200, description=_SINCE)]


class ChangeWebhookBody(Request):
    """Changes; omitted members stay."""

    url: Annotated[str, Field(max_length=MAX_URL)] | None = Field(
        None, description="Receiver: https, not in a private network"
    )
    units: list[Annotated[str, Field(pattern=UNIT_CODE)]] | None = Field(
        None,
        max_length=MAX_UNITS,
        description="Only these units and their successors",
        examples=[["00199"]],
    )
    codes: list[Annotated[str, Field(max_length=200)]] | None = Field(
        None,
        max_length=MAX_CODES,
        description="Only these records; empty: all",
        examples=[["1H6X-XH2V"]],
    )
    kinds: list[Kind] | None = Field(
        None,
        max_length=len(KINDS),
        description="Only these kinds, and `removed`",
    )
    demo: bool | None = Field(None, description="Include demonstration records")
    note: Line | None = Field(None, max_length=MAX_NOTE, description="Purpose of the webhook")
    state: Literal["active", "paused"] | None = Field(
        None, description="`active`: continue; `paused`: stop"
    )


class WebhookBody(ChangeWebhookBody):
    """Events to send, and their receiver."""

    url: str = Field(
        max_length=MAX_URL,
        description="Receiver: https, not in a private network",
        examples=["https://giaohang.vn/dia-chi-so"],
    )
    since: Since | None = Field(None, description=f"{_SINCE} to begin at; now by default")


class ReplayBody(Request):
    """Where to start a replay."""

    since: Since = Field(description=f"{_SINCE}; `behind` of a delivery", examples=["2026-11-01"])


class RotateBody(Request):
    """How long both secrets are used."""

    overlap_h: float = Field(
        DEFAULT_OVERLAP_H,
        ge=0,
        le=MAX_OVERLAP_H,
        allow_inf_nan=False,
        description="Hours with both signatures",
    )


class WebhookAnswer(TypedDict):
    """A webhook, and its state."""

    id: int
    key: str
    """Name of the key that owns it"""
    url: str
    note: str | None
    units: list[str]
    """Codes of units; empty for all"""
    codes: int | None
    """Number of codes; null for any code"""
    kinds: list[Kind]
    """Empty for all"""
    demo: bool
    state: Literal["active", "paused", "dead"]
    """dead: given up; `state` active, or a replay, resumes it"""
    position: int
    """Last event of the feed that was sent"""
    behind: int
    """Number of events to be sent"""
    attempts: int
    """Failed attempts of the next message"""
    failing_since: str | None
    last_outcome: Annotated[str | None, Field(examples=["delivered"])]
    """Outcome of the last message, or why it was given up"""
    next_attempt_at: str | None
    """Of a failed message"""
    previous_secret_until: str | None
    """End of signing with the former secret as well"""
    created_at: str


class WebhookMade(WebhookAnswer):
    """A new webhook, with the secret that no other answer contains."""

    secret: Annotated[str, Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])]
    """Signs messages (Standard Webhooks, `whsec_`)"""


class WebhookList(TypedDict):
    """Webhooks, in the order of creation."""

    webhooks: list[WebhookAnswer]


class WebhookSecret(TypedDict):
    """A new secret, which no other answer contains."""

    secret: str
    previous_secret_until: str | None


class WebhookDelivery(TypedDict):
    """One attempt to send a message."""

    id: int
    message: str
    """`webhook-id`, the same for all attempts of a message"""
    kind: Literal["changes", "test", "batch"]
    behind: str
    """Cursor before its entries: `since` of a replay"""
    entries: int
    attempt: int
    sent_at: str
    took_ms: int
    status: int | None
    """HTTP status of the answer; null without one"""
    outcome: str
    """delivered, refused, gone, redirected, timeout, unreachable, tls, name_unknown or
    private_address"""
    given_up: bool
    """Whether it was the last attempt: a dead letter"""


class WebhookDeliveries(TypedDict):
    """Attempts, the newest first."""

    deliveries: list[WebhookDelivery]


class DeliveriesQuery(Request):
    """Page of the list."""

    before: int | None = Field(
        None, ge=1, le=2**63 - 1, description="`id` of the last one of the previous page"
    )
    limit: int = Field(_DELIVERIES, ge=1, le=500)


class Done(TypedDict):
    """Done, or to be done immediately."""

    id: int


@blueprint.post("")
@keyed(
    "carrier",
    statuses=(404, 409),
    operation_id="make_webhook",
    codes=("cursor_refused", "outside_units"),
    example={"url": "https://giaohang.vn/dia-chi-so", "units": ["00199"]},
    body_limit="batch_bytes",
)
def post_webhook(json: WebhookBody) -> WebhookMade:
    """Create a webhook; only this answer has its secret.

    An authority's key names units of its own.
    """
    wanted = Wanted(**json.model_dump(exclude={"since"}))
    with session_scope(register().engine) as session:
        number, secret = subscriptions.make_webhook(
            session, register(), caller(), wanted, json.since
        )
        view = subscriptions.find_webhook(session, caller(), number)
    note(count=1, units=view.units)
    return {**_shown(view), "secret": secret}


@blueprint.get("")
@keyed("carrier", operation_id="list_webhooks", codes=("outside_units",))
def get_webhooks() -> WebhookList:
    """The webhooks of this key; all for a national admin."""
    with session_scope(register().engine) as session:
        found = subscriptions.list_webhooks(session, caller())
    return {"webhooks": [_shown(view) for view in found]}


@blueprint.get("/<int:webhook_id>")
@keyed("carrier", codes=("outside_units",))
def get_webhook(webhook_id: int) -> WebhookAnswer:
    """A webhook: position, and why it stopped."""
    with session_scope(register().engine) as session:
        return _shown(subscriptions.find_webhook(session, caller(), webhook_id))


@blueprint.patch("/<int:webhook_id>")
@keyed(
    "carrier",
    operation_id="change_webhook",
    codes=("outside_units",),
    example={"state": "active"},
    body_limit="batch_bytes",
)
def patch_webhook(webhook_id: int, json: ChangeWebhookBody) -> WebhookAnswer:
    """Change, pause or resume a webhook."""
    with session_scope(register().engine) as session:
        wanted = Wanted(**json.model_dump())
        subscriptions.change_webhook(session, register(), caller(), webhook_id, wanted)
        view = subscriptions.find_webhook(session, caller(), webhook_id)
    note(count=1, units=view.units)
    return _shown(view)


@blueprint.delete("/<int:webhook_id>")
@keyed("carrier", codes=("outside_units",))
def delete_webhook(webhook_id: int) -> Done:
    """Delete a webhook with its deliveries."""
    with session_scope(register().engine) as session:
        subscriptions.delete_webhook(session, caller(), webhook_id)
    return {"id": webhook_id}


@blueprint.post("/<int:webhook_id>/secret")
@keyed(
    "carrier",
    operation_id="rotate_webhook_secret",
    codes=("outside_units",),
    example={"overlap_h": 24},
)
def post_secret(webhook_id: int, json: RotateBody) -> WebhookSecret:
    """Issue another secret; both sign for a while."""
    with session_scope(register().engine) as session:
        secret = subscriptions.rotate_secret(session, caller(), webhook_id, json.overlap_h)
        view = subscriptions.find_webhook(session, caller(), webhook_id)
    return {"secret": secret, "previous_secret_until": _time(view.previous_until)}


@blueprint.post("/<int:webhook_id>/replay")
@keyed(
    "carrier",
    operation_id="replay_webhook",
    codes=("cursor_refused", "outside_units"),
    example={"since": "2026-11-01"},
)
def post_replay(webhook_id: int, json: ReplayBody) -> WebhookAnswer:
    """Replay from any position, or skip messages."""
    with session_scope(register().engine) as session:
        view = subscriptions.replay_webhook(session, register(), caller(), webhook_id, json.since)
    return _shown(view)


@blueprint.post("/<int:webhook_id>/test")
@keyed("carrier", operation_id="test_webhook", codes=("outside_units",))
def post_test(webhook_id: int) -> Done:
    """Send a test message, `register.test`."""
    with session_scope(register().engine) as session:
        subscriptions.test_webhook(session, caller(), webhook_id)
    return {"id": webhook_id}


@blueprint.get("/<int:webhook_id>/deliveries")
@keyed("carrier", operation_id="list_deliveries", codes=("outside_units",))
def get_deliveries(webhook_id: int, query: DeliveriesQuery) -> WebhookDeliveries:
    """Deliveries of a month and dead letters, the newest first."""
    with session_scope(register().engine) as session:
        found = subscriptions.deliveries(session, caller(), webhook_id, query.limit, query.before)
    return {"deliveries": [_delivery(each) for each in found]}


def _shown(view: WebhookView) -> WebhookAnswer:
    return answer_from(
        WebhookAnswer,
        view,
        failing_since=_time(view.failing_since),
        next_attempt_at=_time(view.due_at) if view.attempts else None,
        previous_secret_until=_time(view.previous_until),
        created_at=_time(view.created_at),
    )


def _delivery(each: Delivery) -> WebhookDelivery:
    return answer_from(WebhookDelivery, each, sent_at=_time(each.sent_at))


def _time(at: datetime.datetime | None) -> str | None:
    return at.astimezone(VIET_NAM).isoformat(timespec="seconds") if at else None
