"""`diachiso webhooks`: list webhooks; pause and resume them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Annotated, Final

import click
from sqlalchemy.orm import Session

from registry.core.actors import Actor
from registry.core.database import session_scope
from registry.core.messages import N_, _
from registry.ops import cluster
from registry.publish.webhooks import subscriptions
from registry.publish.webhooks.subscriptions import Wanted, WebhookView
from registry.register import Register
from scripts.command import command, lines
from scripts.progress import say
from scripts.settings import read_settings

_OPERATOR: Final = Actor("operator", "admin")
_STATES: Final = {"active": N_("sending"), "paused": N_("paused"), "dead": N_("given up")}


def _line(view: WebhookView) -> str:
    parts = [
        f"{view.id}  {view.key}  {view.url}  {_(_STATES[view.state])}",
        _("{count} events waiting", count=view.behind) if view.behind else "",
        _("failed {count} times: {outcome}", count=view.attempts, outcome=view.last_outcome)
        if view.attempts
        else "",
        view.last_outcome or "" if view.state == "dead" and not view.attempts else "",
    ]
    return "  ".join(part for part in parts if part)


@click.group()
def webhooks() -> None:
    """Whose receivers get changes."""


@command(webhooks, "list", text=lines(_line))
def list_() -> list[WebhookView]:
    """List webhooks, and why some stopped."""
    with _opened() as (session, _register):
        return subscriptions.list_webhooks(session, _OPERATOR)


@command(webhooks)
def resume(
    number: int,
    *,
    since: Annotated[
        str | None,
        "--since DAY|POSITION|CURSOR",
        "Where to resume; where it stopped by default.",
    ] = None,
) -> None:
    """Resume a webhook, also a dead one."""
    with _opened() as (session, register):
        if since is not None:
            subscriptions.replay_webhook(session, register, _OPERATOR, number, since)
        wanted = Wanted(state="active")
        subscriptions.change_webhook(session, register, _OPERATOR, number, wanted)
        view = subscriptions.find_webhook(session, _OPERATOR, number)
    say(_line(view))


@command(webhooks)
def pause(number: int) -> None:
    """Pause a webhook; changes are sent later."""
    with _opened() as (session, register):
        wanted = Wanted(state="paused")
        subscriptions.change_webhook(session, register, _OPERATOR, number, wanted)
        view = subscriptions.find_webhook(session, _OPERATOR, number)
    say(_line(view))


@contextmanager
def _opened() -> Iterator[tuple[Session, Register]]:
    settings = read_settings()
    with (
        closing(Register.open(settings, cluster.database_url(settings))) as register,
        session_scope(register.engine) as session,
    ):
        yield session, register
