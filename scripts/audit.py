"""`diachiso audit`: who wrote or read much over HTTP, and who was refused it."""

import datetime
import json
from typing import Any, Final

import click

from registry import cluster
from registry.access.audit import Noted, Wanted, read
from registry.database import make_engine, session_scope
from registry.gazetteer import VIET_NAM
from registry.messages import number
from scripts.settings import read_settings

_MOST: Final = 100_000


@click.command()
@click.option("--actor", metavar="NAME", help="Only of this key; `anonymous` for who has none.")
@click.option("--unit", metavar="CODE", help="Only about this commune or province.")
@click.option("--since", metavar="DAY", help="Only from this day on, in Viet Nam.")
@click.option("--refused", is_flag=True, help="Only what was refused or failed.")
@click.option(
    "--limit",
    type=click.IntRange(1, _MOST),
    default=100,
    show_default=True,
    help="At most so many.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def audit(
    *, actor: str | None, unit: str | None, since: str | None, refused: bool, limit: int, form: str
) -> None:
    """The latest entries of the audit log, the newest first."""
    wanted = Wanted(actor, unit, _beginning_of(since), refused)
    engine = make_engine(cluster.database_url(read_settings()), pool_size=1)
    try:
        with session_scope(engine) as session:
            found = list(read(session, wanted, limit))
    finally:
        engine.dispose()
    if form == "json":
        click.echo(json.dumps([_as_json(entry) for entry in found], ensure_ascii=False, indent=2))
        return
    for entry in found:
        click.echo(_line(entry))


def _beginning_of(day: str | None) -> datetime.datetime | None:
    if day is None:
        return None
    try:
        read_day = datetime.date.fromisoformat(day)
    except ValueError:
        raise click.UsageError(f"--since: {day!r} is no day (YYYY-MM-DD)") from None
    return datetime.datetime.combine(read_day, datetime.time(), VIET_NAM)


def _line(entry: Noted) -> str:
    who = entry.actor if entry.client is None else f"{entry.actor} {entry.client}"
    parts = [
        f"{entry.at.astimezone(VIET_NAM):%d/%m/%Y %H:%M:%S}",
        f"{who} ({entry.role})",
        entry.endpoint,
        f"{entry.status} {entry.outcome}",
        f"đơn vị {', '.join(entry.units)}" if entry.units else "",
        f"số lượng {number(entry.count)}" if entry.count is not None else "",
        f"sự kiện {entry.event_id}" if entry.event_id is not None else "",
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
    }
