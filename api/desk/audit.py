"""The audit log at the desk, in words: who did what to which code, or was refused."""

import datetime
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar, cast
from urllib.parse import urlencode

from flask import Flask, current_app, request
from werkzeug.wrappers import Response as BaseResponse

from api.core.context import gazetteer, register
from api.core.endpoint import declared_by, signed_in_page, title_of
from api.desk.blueprint import (
    EVENTS,
    ROLES,
    desk_blueprint,
    desk_page,
    event_words,
    room,
    room_title,
    unit_name,
)
from geo import code as codes
from geo.code import CodeError
from geo.code_writing import strip_announcement
from registry.access.audit import Noted, Wanted, read
from registry.core.database import session_scope
from registry.core.days import parse_day
from registry.core.messages import N_, _
from registry.lifecycle.table import OPERATIONS
from registry.units.gazetteer import VIET_NAM

blueprint = desk_blueprint("audit", "/desk/audit")
room("/desk/audit", N_("Audit log"), "approver")

_SHOWN: Final = 200
_FILTERS: Final = ("actor", "unit", "code", "operation", "since", "until")
_Read = TypeVar("_Read")


class _Line(NamedTuple):
    """An entry of the log in words."""

    entry: Noted
    role: str
    did: str
    """What was done or refused: `đã ngừng dùng`."""
    codes: tuple[str, ...]
    more: tuple[str, ...]
    """Reason, decision and second person."""
    units: str


@blueprint.get("")
@signed_in_page("approver")
def get_audit() -> BaseResponse:
    """The latest entries that the user may see, filtered by key, unit, code or operation."""
    asked = {name: request.args.get(name, "").strip() for name in _FILTERS}
    wrong: list[str] = []
    day_written = _("A day is written 31/12/2026.")
    since = _parse(_start_of, asked["since"], wrong, day_written)
    last_day = _parse(_start_of, asked["until"], wrong, day_written)
    no_code = _("This is no code of an address.")
    code = _parse(lambda it: codes.validate(strip_announcement(it)), asked["code"], wrong, no_code)
    wanted = Wanted(
        asked["actor"] or None,
        asked["unit"] or None,
        since,
        "refused" in request.args,
        last_day=last_day,
        code=code,
        operation=asked["operation"] or None,
    )
    with session_scope(register().read_engine) as session:
        entries = [] if wrong else list(read(session, gazetteer(), wanted, _SHOWN))
    return desk_page(
        "desk/audit.html",
        422 if wrong else 200,
        lines=[_in_words(entry) for entry in entries],
        most=_SHOWN,
        asked=asked,
        refused=wanted.refused,
        wrong=" ".join(dict.fromkeys(wrong)),
        operations=[(kind, event_words(kind)) for kind in (*(o.kind for o in OPERATIONS), *EVENTS)],
        link=lambda **only: f"/desk/audit?{urlencode(only)}",
    )


def _parse(
    reader: Callable[[str], _Read | None], written: str, wrong: list[str], complaint: str
) -> _Read | None:
    try:
        return reader(written) if written else None
    except (ValueError, CodeError):
        wrong.append(complaint)
        return None


def _start_of(written: str) -> datetime.datetime:
    return datetime.datetime.combine(parse_day(written), datetime.time(), VIET_NAM)


def _in_words(entry: Noted) -> _Line:
    role = ROLES.get(entry.role)  # type: ignore[call-overload]
    return _Line(
        entry,
        _(role) if role else entry.role,
        _operation_words(entry),
        tuple(map(codes.format, entry.codes)),
        tuple(_beside(entry)),
        ", ".join(map(unit_name, entry.units)),
    )


def _operation_words(entry: Noted) -> str:
    if entry.operation is None:
        return _request_words(entry.endpoint)
    what = event_words(entry.operation)
    if entry.outcome != "ok":
        return _("was refused: {what}", what=what)
    if entry.event_id is None:
        sent = entry.status in (202, 303)
        if sent:
            return _("asked for: {what}", what=what)
        return _("previewed: {what}", what=what)
    if entry.asked_by != entry.actor and entry.second_person == entry.actor:
        return _("approved: {what}", what=what)
    return _("done: {what}", what=what)


@lru_cache(maxsize=1)
def _titles(app: Flask) -> dict[str, str]:
    """Return API endpoint as in the log (`GET /v1/units`) → its title."""
    return {
        f"{method} {rule.rule}": title_of(view)
        for rule in app.url_map.iter_rules()
        if not declared_by(view := app.view_functions[rule.endpoint]).page
        for method in rule.methods or ()
    }


def _request_words(endpoint: str) -> str:
    """Return the name of a request that is not an operation."""
    if title := _titles(cast("Any", current_app)._get_current_object()).get(endpoint):
        return f"{_(title).rstrip('.')} ({endpoint})"
    method, _space, path = endpoint.partition(" ")
    if title := room_title(path):
        if method == "GET":
            return _("opened «{title}»", title=title)
        return _("sent at «{title}»", title=title)
    return endpoint


def _beside(entry: Noted) -> list[str]:
    details = []
    if entry.reason:
        details.append(_("reason: {reason}", reason=entry.reason))
    if entry.decision_number:
        details.append(_("decision {number}", number=entry.decision_number))
    if entry.asked_by and entry.asked_by != entry.actor:
        details.append(_("asked by {who}", who=entry.asked_by))
    if entry.second_person and entry.second_person != entry.actor:
        details.append(_("second person: {who}", who=entry.second_person))
    return details
