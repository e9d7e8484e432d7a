"""`diachiso history`: what became of a code, step by step."""

import datetime
import json
from typing import Annotated, Any

import click

from geo.code import format as code_display
from registry.core.database import make_engine, session_scope
from registry.core.labels import STATUSES
from registry.core.messages import _
from registry.core.reads import Reads
from registry.lifecycle.change_words import changes_words
from registry.ops import cluster
from registry.records.history import Change, Step, history, lookup_as_of, moment_of
from registry.records.record import record_wording
from registry.units.gazetteer import VIET_NAM, Gazetteer
from registry.units.gazetteer_loading import load_gazetteer
from scripts.command import command
from scripts.options import Form
from scripts.progress import show_json
from scripts.settings import read_settings


@command(name="history")
def history_(
    code: str,
    *,
    as_of: Annotated[
        str | None,
        "--as-of WHEN",
        "Only the address of a day or time.",
    ] = None,
    form: Form = "text",
) -> None:
    """Every step of CODE, the oldest first: what, when, who, why."""
    settings = read_settings()
    url = cluster.database_url(settings)
    # Not the whole register: importing the server's other modules takes longer than this query.
    engine = make_engine(url, pool_size=1)
    reads = Reads(url, pool_size=1, statement_timeout_ms=settings.statement_timeout_ms)
    try:
        with session_scope(engine) as session:
            known = load_gazetteer(session)
        if as_of is not None:
            moment = moment_of(as_of)
            record = lookup_as_of(reads, code, moment)
            words = record_wording(known, moment.astimezone(VIET_NAM).date(), record)
            shown = {"code": record.code, "status": record.status, "label": words.label}
            click.echo(
                json.dumps(shown, ensure_ascii=False)
                if form == "json"
                else f"{code_display(record.code)}  {words.label}"
            )
            return
        steps = history(reads, code)
    finally:
        reads.close()
        engine.dispose()
    if form == "json":
        show_json({"steps": [_shown(known, step) for step in steps]})
        return
    for step in steps:
        _print(known, step)


def _shown(known: Gazetteer, step: Step) -> dict[str, Any]:
    at = step.at.astimezone(VIET_NAM)
    words = record_wording(known, at.date(), step.record) if step.record else None
    return {
        "at": at.isoformat(),
        "operation": step.operation,
        "actor": step.actor,
        "reason": step.reason,
        "decision_number": step.decision_number,
        "event_id": step.event_id,
        "report_id": step.report_id,
        "successors": list(step.successors),
        "predecessors": list(step.predecessors),
        "status": step.record.status if step.record else None,
        "label": words.label if words else None,
        "changes": [_change(known, change) for change in step.changes],
    }


def _change(known: Gazetteer, change: Change) -> dict[str, Any]:
    def shown(value: object) -> object:
        if change.field.endswith("commune") and isinstance(value, int):
            unit = known.units.get(value)
            return unit.code if unit else value
        return value.isoformat() if isinstance(value, datetime.date) else value

    return {"field": change.field, "before": shown(change.before), "after": shown(change.after)}


def _print(known: Gazetteer, done: Step) -> None:
    step = _shown(known, done)
    at = datetime.datetime.fromisoformat(step["at"])
    report = _("report {number}", number=step["report_id"]) if step["report_id"] else None
    reasons = (step["actor"], report, step["decision_number"], step["reason"])
    why = ", ".join(filter(None, reasons))
    click.echo(f"{at:%d/%m/%Y %H:%M:%S}  {step['operation'] or '?'}  ({why})")
    status = _(STATUSES[step["status"]]) if step["status"] else _("removed")
    click.echo(f"    {status}: {step['label'] or ''}")
    for name, word in (("successors", _("continued by")), ("predecessors", _("continues"))):
        if step[name]:
            click.echo(f"    {word}: {', '.join(map(code_display, step[name]))}")
    shown = (c for c in done.changes if c.before is not None or c.field not in ("status", "kind"))
    for label, before, after in changes_words(known, shown):
        click.echo(f"    {label}: {before} → {after}")
