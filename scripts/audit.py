"""`diachiso audit`: who wrote or read much over HTTP, and who was refused it."""

import datetime
from typing import Annotated, Any, Final

import click

from geo.code import format as code_display
from registry.access.audit import Noted, Wanted, read
from registry.core.messages import _
from registry.lifecycle.work import read_code
from registry.units.gazetteer import VIET_NAM
from registry.units.gazetteer_loading import load_gazetteer
from scripts.command import command, lines
from scripts.opened import opened_session

_MOST: Final = 100_000


def _line(entry: Noted) -> str:
    who = entry.actor if entry.client is None else f"{entry.actor} {entry.client}"
    parts = [
        f"{entry.at.astimezone(VIET_NAM):%d/%m/%Y %H:%M:%S}",
        f"{who} ({entry.role})",
        entry.endpoint,
        entry.operation or "",
        " ".join(map(code_display, entry.codes)),
        _("reason: {reason}", reason=entry.reason) if entry.reason else "",
        _("second person: {name}", name=entry.second_person) if entry.second_person else "",
        f"{entry.status} {entry.outcome}",
        _("units {units}", units=entry.units) if entry.units else "",
        _("count {count:n}", count=entry.count) if entry.count is not None else "",
        _("event {event}", event=entry.event_id) if entry.event_id is not None else "",
    ]
    return "  ".join(part for part in parts if part)


def _as_json(entry: Noted) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at.astimezone(VIET_NAM).isoformat(),
        "actor": entry.actor,
        "role": entry.role,
        "client": entry.client,
        "endpoint": entry.endpoint,
        "units": list(entry.units),
        "count": entry.count,
        "event_id": entry.event_id,
        "status": entry.status,
        "outcome": entry.outcome,
        "operation": entry.operation,
        "codes": list(entry.codes),
        "reason": entry.reason,
        "decision_number": entry.decision_number,
        "asked_by": entry.asked_by,
        "second_person": entry.second_person,
    }


@command(text=lines(_line), as_json=lambda found: [_as_json(entry) for entry in found])
def audit(
    *,
    actor: Annotated[str | None, "--actor NAME", "Of this key, or `anonymous`."] = None,
    unit: Annotated[str | None, "--unit CODE", "About this commune or province."] = None,
    code: Annotated[str | None, "--code CODE", "About this record."] = None,
    operation: Annotated[str | None, "--operation KIND", "Of this kind of event."] = None,
    since: Annotated[datetime.date | None, "--since DAY", "From this day on."] = None,
    until: Annotated[datetime.date | None, "--until DAY", "Up to this day."] = None,
    refused: Annotated[bool, "Only refused or failed."] = False,
    limit: Annotated[int, click.IntRange(1, _MOST), "Maximum entries."] = 100,
) -> list[Noted]:
    """The audit log, the newest first."""
    wanted = Wanted(
        *(actor, unit, _beginning_of(since), refused),
        last_day=_beginning_of(until),
        code=read_code("code", code) if code else None,
        operation=operation.replace("-", "_") if operation else None,
    )
    with opened_session() as session:
        return list(read(session, load_gazetteer(session), wanted, limit))


def _beginning_of(day: datetime.date | None) -> datetime.datetime | None:
    return datetime.datetime.combine(day, datetime.time(), VIET_NAM) if day else None
