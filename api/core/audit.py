"""Audit log of HTTP requests: writes and bulk reads, including refused ones."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, replace

from flask import Response, g, request
from sqlalchemy.exc import DBAPIError

from api.core.access import caller
from api.core.context import client_network
from api.core.endpoint import Facts
from api.core.hooks import After, MakeAfter
from api.core.limits import Rate, has_key
from api.core.logs import log
from api.core.requests import Request
from registry.access.audit import Entry, forget, record_soon
from registry.access.jurisdiction import named_codes
from registry.core.database import session_scope
from registry.core.errors import RegistryError
from registry.lifecycle.requests import OperationRequest
from registry.lifecycle.several import SeveralDone
from registry.lifecycle.table import Operation
from registry.lifecycle.work import Done
from registry.register import Register
from registry.units.gazetteer import today


@dataclass(frozen=True, slots=True)
class _Note:
    units: tuple[str, ...] = ()
    count: int | None = None
    event_id: int | None = None
    operation: str | None = None
    codes: tuple[str, ...] = ()


def note(
    *, count: int | None = None, units: Iterable[str] = (), event_id: int | None = None
) -> None:
    """Record in the audit log how many records this request wrote or read, and in which units."""
    noted: _Note = g.get("audit_note", _Note())
    g.audit_note = replace(noted, units=tuple(units), count=count, event_id=event_id)


def note_operation(operation: Operation, requests: Iterable[OperationRequest]) -> None:
    """Record in the audit log which operation was requested, and for which records."""
    named = dict.fromkeys(code for request in requests for code in named_codes(request))
    noted: _Note = g.get("audit_note", _Note())
    g.audit_note = replace(noted, operation=operation.kind, codes=tuple(named))


def note_done(done: Done | SeveralDone) -> None:
    """Record in the audit log what an operation did; for a pending one, only its units."""
    if done.pending_id is not None:
        note(units=done.units)
        return
    count = done.rewritten if isinstance(done, Done) else len(done.records)
    note(count=count, units=done.units, event_id=done.event_id)
    written = (record.code for record in done.records)
    g.audit_note = replace(
        g.audit_note, codes=tuple(dict.fromkeys((*g.audit_note.codes, *written)))
    )


def keep_audit(register: Register) -> MakeAfter:
    """Make the hook that logs requests to restricted endpoints and to those declared `audited`."""
    audit_log = _AuditLog(register)

    def make(facts: Facts | None) -> After | None:
        is_audited = facts is not None and (facts.audited or facts.role != "anonymous")
        return audit_log.write if is_audited else None

    return make


class _AuditLog:
    def __init__(self, register: Register) -> None:
        self._register = register
        self._cleaned_on: datetime.date | None = None

    def write(self, asked: Request, response: Response) -> Response:
        """Write the entry of a request."""
        if asked.method != "OPTIONS" and not _is_flooding():
            try:
                self._write(response.status_code)
            except (RegistryError, DBAPIError) as error:
                # The request has taken effect; for a write, its event names the actor as well.
                log.error("audit_failed", endpoint=asked.endpoint, cause=type(error).__name__)
        return response

    def _write(self, status: int) -> None:
        record_soon(self._register.engine, self._entry(status))
        if self._cleaned_on != today():
            self._cleaned_on = today()
            with session_scope(self._register.engine) as session:
                forget(session, self._register.settings.audit_days)

    def _entry(self, status: int) -> Entry:
        asking, error = caller(), g.get("problem")
        noted: _Note | None = g.get("audit_note")
        units = noted.units if noted else ()
        if isinstance(error, RegistryError) and isinstance(error.extra.get("units"), list):
            units = tuple(str(unit) for unit in error.extra["units"])  # type: ignore[attr-defined]
        rule = request.url_rule.rule if request.url_rule else ""
        anonymous = not has_key(asking)
        return Entry(
            actor=asking.name,
            role=asking.role,
            endpoint=f"{request.method} {rule}",
            units=units,
            count=noted.count if noted and error is None else None,
            event_id=noted.event_id if noted else None,
            operation=noted.operation if noted else None,
            codes=noted.codes if noted else (),
            status=status,
            outcome=_outcome(status, error),
            key_id=asking.key_id,
            client=self._register.clients.name(client_network()) if anonymous else None,
        )


def _outcome(status: int, error: object) -> str:
    if isinstance(error, RegistryError):
        return error.code
    return "ok" if status < 400 else str(status)


def _is_flooding() -> bool:
    """Whether the caller exceeded its limit more than once this minute; only the first is
    logged.
    """
    rate: Rate | None = g.get("rate")
    return rate is not None and rate.asked > rate.limit + 1
