"""Webhooks at the desk: receivers of changes, and why deliveries stopped."""

from typing import Any, Final, Literal

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.audit import note
from api.core.context import register
from api.core.endpoint import signed_in_page
from api.desk.blueprint import desk_blueprint, desk_page, done, room, show_errors_on
from registry.core.database import session_scope
from registry.core.errors import RegistryError
from registry.core.messages import N_, _
from registry.publish.changes.since import KINDS
from registry.publish.webhooks import subscriptions
from registry.publish.webhooks.subscriptions import MAX_NOTE, MAX_OF_KEY, Wanted

blueprint = desk_blueprint("webhooks", "/desk/webhooks")
room("/desk/webhooks", N_("Webhooks"), "carrier")

_SHOWN: Final = 20
_KINDS: Final = {
    "new": N_("new"),
    "renamed": N_("reads otherwise"),
    "moved": N_("moved"),
    "merged": N_("merged"),
    "split": N_("split into several codes"),
    "replaced": N_("replaced"),
    "retired": N_("no longer in use"),
    "removed": N_("to be forgotten"),
    "updated": N_("other details"),
}
_STATES: Final = {
    "active": N_("sending"),
    "paused": N_("paused"),
    "dead": N_("given up"),
}
_OUTCOMES: Final = {
    "delivered": N_("delivered"),
    "refused": N_("refused by the receiver"),
    "gone": N_("the receiver is gone (410)"),
    "redirected": N_("a redirect, which is not followed"),
    "timeout": N_("no answer in time"),
    "unreachable": N_("unreachable"),
    "tls": N_("its certificate is not right"),
    "name_unknown": N_("no such name"),
    "private_address": N_("a private address, never sent to"),
    "key_revoked": N_("the key was revoked"),
    "key_expired": N_("the key has expired"),
    "cursor_refused": N_("the feed has no such place"),
}


@blueprint.get("")
@signed_in_page("carrier")
def get_webhooks(error: RegistryError | None = None) -> BaseResponse:
    """The webhooks of the key; for an administrator of the whole country, those of all keys."""
    with session_scope(register().engine) as session:
        found = subscriptions.list_webhooks(session, caller())
    return desk_page(
        "desk/webhooks.html",
        error=error,
        webhooks=found,
        most=MAX_OF_KEY,
        longest_note=MAX_NOTE,
        **_words(),
    )


@blueprint.post("")
@signed_in_page("carrier")
@show_errors_on(get_webhooks)
def post_webhook() -> BaseResponse:
    """Create a webhook; only this response contains its secret."""
    form = request.form
    wanted = Wanted(
        form.get("url", "").strip(),
        units=_split("units"),
        codes=_split("codes"),
        kinds=[kind for kind in form.getlist("kinds") if kind != "removed"],
        note=form.get("note", "").strip() or None,
    )
    with session_scope(register().engine) as session:
        number, secret = subscriptions.make_webhook(
            session, register(), caller(), wanted, form.get("since", "").strip() or None
        )
    note(count=1, units=wanted.units or ())
    return desk_page("desk/webhook_made.html", number=number, secret=secret, former=False)


@blueprint.get("/<int:number>")
@signed_in_page("carrier")
def get_webhook(number: int, error: RegistryError | None = None) -> BaseResponse:
    """A webhook, its deliveries and operations."""
    with session_scope(register().engine) as session:
        found = subscriptions.find_webhook(session, caller(), number)
        sent = subscriptions.deliveries(session, caller(), number, _SHOWN)
    return desk_page("desk/webhook.html", error=error, webhook=found, deliveries=sent, **_words())


@blueprint.post("/<int:number>/state")
@signed_in_page("carrier")
def post_state(number: int) -> BaseResponse:
    """Pause the webhook, or resume it where it stopped."""
    state: Literal["active", "paused"] = (
        "paused" if request.form.get("state") == "paused" else "active"
    )
    with session_scope(register().engine) as session:
        subscriptions.change_webhook(session, register(), caller(), number, Wanted(state=state))
    return _done(number)


@blueprint.post("/<int:number>/replay")
@signed_in_page("carrier")
@show_errors_on(get_webhook)
def post_replay(number: int) -> BaseResponse:
    """Send again from a day, a position or a delivery."""
    since = request.form.get("since", "").strip()
    with session_scope(register().engine) as session:
        subscriptions.replay_webhook(session, register(), caller(), number, since)
    return _done(number)


@blueprint.post("/<int:number>/test")
@signed_in_page("carrier")
def post_test(number: int) -> BaseResponse:
    """Send a test message."""
    with session_scope(register().engine) as session:
        subscriptions.test_webhook(session, caller(), number)
    url = f"/desk/webhooks/{number}"
    return done(url, _("On its way: load this page again."))


@blueprint.post("/<int:number>/secret")
@signed_in_page("carrier")
def post_secret(number: int) -> BaseResponse:
    """Rotate the secret; only this response contains it. Both are valid for a day."""
    with session_scope(register().engine) as session:
        secret = subscriptions.rotate_secret(session, caller(), number)
    return desk_page("desk/webhook_made.html", number=number, secret=secret, former=True)


@blueprint.post("/<int:number>/delete")
@signed_in_page("carrier")
def post_delete(number: int) -> BaseResponse:
    """Delete the webhook."""
    with session_scope(register().engine) as session:
        subscriptions.delete_webhook(session, caller(), number)
    return done("/desk/webhooks", _("It is forgotten."))


def _words() -> dict[str, Any]:
    """Return the labels for templates."""
    return {
        "kinds": {kind: _(_KINDS[kind]) for kind in KINDS},
        "states": {state: _(words) for state, words in _STATES.items()},
        "outcome_words": lambda code: _(_OUTCOMES[code]) if code in _OUTCOMES else code,
    }


def _split(field: str) -> list[str]:
    return list(dict.fromkeys(request.form.get(field, "").replace(",", " ").split()))


def _done(number: int) -> BaseResponse:
    return done(f"/desk/webhooks/{number}", _("Done."))
