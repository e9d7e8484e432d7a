"""Webhooks at the desk: whose receivers are told of changes, and why one is told no more."""

from typing import Any, Final, Literal

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from api.access import caller, requires
from api.audit import note
from api.context import register
from api.desk.blueprint import desk_blueprint, desk_page, done, room, unit_name
from api.errors import registry_problem
from api.pages.shell import complaint, words
from registry.changes.since import KINDS
from registry.database import session_scope
from registry.errors import RegistryError
from registry.webhooks import subscriptions
from registry.webhooks.subscriptions import MAX_NOTE, MAX_OF_KEY, Wanted

blueprint = desk_blueprint("webhooks", "/desk/webhooks")
room("/desk/webhooks", "Webhook", "Webhooks", "carrier")

_SHOWN: Final = 20
_KINDS: Final = {
    "new": ("mới có", "new"),
    "renamed": ("địa chỉ ghi khác", "reads otherwise"),
    "moved": ("đổi xã, đổi vị trí", "moved"),
    "merged": ("gộp vào mã khác", "merged"),
    "split": ("tách thành nhiều mã", "split"),
    "replaced": ("thay bằng mã khác", "replaced"),
    "retired": ("không còn", "retired"),
    "removed": ("phải bỏ đi", "to be forgotten"),
    "updated": ("chi tiết khác", "other details"),
}
_STATES: Final = {
    "active": ("đang gửi", "active"),
    "paused": ("tạm dừng", "paused"),
    "dead": ("đã thôi gửi", "given up"),
}
_OUTCOMES: Final = {
    "delivered": ("đã nhận", "delivered"),
    "refused": ("nơi nhận từ chối", "refused by the receiver"),
    "gone": ("nơi nhận báo đã bỏ (410)", "the receiver is gone (410)"),
    "redirected": ("nơi nhận chuyển hướng, không đi theo", "a redirect, which is not followed"),
    "timeout": ("nơi nhận không trả lời kịp", "no answer in time"),
    "unreachable": ("không kết nối được", "unreachable"),
    "tls": ("chứng thư TLS không đúng", "its certificate is not right"),
    "name_unknown": ("không có tên miền ấy", "no such name"),
    "private_address": ("địa chỉ mạng riêng, không gửi", "a private address, never sent to"),
    "key_revoked": ("khoá đã thu hồi", "the key was revoked"),
    "key_expired": ("khoá đã hết hạn", "the key has expired"),
    "cursor_refused": ("sổ không còn chỗ ấy", "the feed has no such place"),
}


@blueprint.get("")
@requires("carrier")
def get_webhooks() -> BaseResponse:
    """Those of the key; an administrator of the whole country sees every key's."""
    return _list()


@blueprint.post("")
@requires("carrier")
def post_webhook() -> BaseResponse:
    """Make one; this answer alone has its secret. What is wrong is told over what was typed."""
    form = request.form
    wanted = Wanted(
        form.get("url", "").strip(),
        units=_split("units"),
        codes=_split("codes"),
        kinds=[kind for kind in form.getlist("kinds") if kind != "removed"],
        note=form.get("note", "").strip() or None,
    )
    try:
        with session_scope(register().engine) as session:
            number, secret = subscriptions.make_webhook(
                session, register(), caller(), wanted, form.get("since", "").strip() or None
            )
    except RegistryError as error:
        return _list(registry_problem(error).status_code, wrong=complaint(error), typed=form)
    note(count=1, units=wanted.units or ())
    return desk_page("desk/webhook_made.html", number=number, secret=secret, former=False)


@blueprint.get("/<int:number>")
@requires("carrier")
def get_webhook(number: int) -> BaseResponse:
    """A webhook, what was sent, and what can be done with it."""
    return _page(number)


@blueprint.post("/<int:number>/state")
@requires("carrier")
def post_state(number: int) -> BaseResponse:
    """Pause it, or let it go on where it stopped."""
    state: Literal["active", "paused"] = (
        "paused" if request.form.get("state") == "paused" else "active"
    )
    with session_scope(register().engine) as session:
        subscriptions.change_webhook(session, register(), caller(), number, Wanted(state=state))
    return _done(number)


@blueprint.post("/<int:number>/replay")
@requires("carrier")
def post_replay(number: int) -> BaseResponse:
    """Send again from a day, a position or a delivery."""
    since = request.form.get("since", "").strip()
    try:
        with session_scope(register().engine) as session:
            subscriptions.replay_webhook(session, register(), caller(), number, since)
    except RegistryError as error:
        return _page(number, registry_problem(error).status_code, wrong=complaint(error))
    return _done(number)


@blueprint.post("/<int:number>/test")
@requires("carrier")
def post_test(number: int) -> BaseResponse:
    """Send a message that tells nothing."""
    with session_scope(register().engine) as session:
        subscriptions.test_webhook(session, caller(), number)
    url = f"/desk/webhooks/{number}"
    return done(url, "Đang gửi tin thử: tải lại trang để xem.", "On its way: load this page again.")


@blueprint.post("/<int:number>/secret")
@requires("carrier")
def post_secret(number: int) -> BaseResponse:
    """Another secret, which this answer alone has; both count for a day."""
    with session_scope(register().engine) as session:
        secret = subscriptions.rotate_secret(session, caller(), number)
    return desk_page("desk/webhook_made.html", number=number, secret=secret, former=True)


@blueprint.post("/<int:number>/delete")
@requires("carrier")
def post_delete(number: int) -> BaseResponse:
    """Forget it."""
    with session_scope(register().engine) as session:
        subscriptions.delete_webhook(session, caller(), number)
    return done("/desk/webhooks", "Đã xoá.", "It is forgotten.")


def _list(status: int = 200, **values: Any) -> BaseResponse:
    with session_scope(register().engine) as session:
        found = subscriptions.list_webhooks(session, caller())
    return desk_page(
        "desk/webhooks.html",
        status,
        **{"typed": {}, **values},
        webhooks=found,
        most=MAX_OF_KEY,
        longest_note=MAX_NOTE,
        **_words(),
    )


def _page(number: int, status: int = 200, **values: Any) -> BaseResponse:
    with session_scope(register().engine) as session:
        found = subscriptions.find_webhook(session, caller(), number)
        sent = subscriptions.deliveries(session, caller(), number, _SHOWN)
    return desk_page(
        "desk/webhook.html", status, **values, webhook=found, deliveries=sent, **_words()
    )


def _words() -> dict[str, Any]:
    """What the templates call things."""
    return {
        "kinds": {kind: words(*_KINDS[kind]) for kind in KINDS},
        "states": {state: words(*said) for state, said in _STATES.items()},
        "unit_name": unit_name,
        "outcome_words": lambda code: words(*_OUTCOMES.get(code, (code, code))),
    }


def _split(field: str) -> list[str]:
    return list(dict.fromkeys(request.form.get(field, "").replace(",", " ").split()))


def _done(number: int) -> BaseResponse:
    return done(f"/desk/webhooks/{number}", "Đã ghi.", "Done.")
