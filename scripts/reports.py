"""`diachiso reports …`: the queue of field reports, and deciding them."""

from typing import Any, Final

import click

from geo.code import format as code_display
from registry.core.database import session_scope
from registry.core.messages import N_, _
from registry.lifecycle.reports.decisions import OPERATIONS, Decided, Decision, accept, reject
from registry.lifecycle.reports.queue import DEFAULT_LIMIT, MAX_LIMIT, STATES, Entry, Wanted, queue
from registry.records.entrances import KIND_WORDS
from registry.records.record import record_wording
from registry.units.gazetteer import VIET_NAM, Gazetteer, today
from registry.units.gazetteer_loading import load_gazetteer
from scripts.opened import opened_engine
from scripts.options import DRY_RUN, FORMAT
from scripts.progress import say, show_json
from scripts.written import Written, show_written, written_records

_KINDS: Final = {
    "confirmed": N_("confirmed"),
    "wrong_point": N_("wrong position"),
    "no_such_house": N_("no such house"),
    "plate_mounted": N_("plate mounted"),
    "plate_lost": N_("plate lost or broken"),
    "new_house": N_("new house"),
    "entrance": N_("entrance"),
}
_STATES: Final = {
    "open": N_("to be decided"),
    "proposed": N_("for an approver"),
    "accepted": N_("accepted"),
    "rejected": N_("dismissed"),
}


@click.group()
def reports() -> None:
    """Reports from the field: the queue, accept, reject."""


@reports.command("list")
@click.option("--unit", metavar="CODE", help="Of a unit.")
@click.option(
    "--state",
    type=click.Choice(STATES),
    default="open",
    show_default=True,
    help="What became of it.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, MAX_LIMIT),
    default=DEFAULT_LIMIT,
    show_default=True,
    help="At most so many reports.",
)
@FORMAT
def list_(unit: str | None, state: str, limit: int, form: str) -> int:
    """The queue: first what most have said, then what waits longest."""
    with opened_engine() as engine:
        with session_scope(engine) as session:
            known = load_gazetteer(session)
        found = queue(engine, known, Wanted(unit, state, limit))
        entries = [_shown(known, entry) for entry in found]
    if form == "json":
        show_json(entries)
        return 0
    for entry in entries:
        _print(entry)
    say(_("{count} reports {state}", count=len(entries), state=_(_STATES[state])))
    return 0


_decision_options: Final = (
    click.argument("report_id", metavar="ID", type=click.IntRange(min=1)),
    click.option("--reason", required=True, help="Why; no person's name."),
    click.option("--decision-number", help="Of the legal decision."),
    click.option("--word", help="What the reporter reads."),
    click.option("--actor", default="operator", show_default=True, help="Who."),
    DRY_RUN,
    FORMAT,
)


def _decides(command: Any) -> Any:
    for option in reversed(_decision_options):
        command = option(command)
    return command


@reports.command("accept")
@_decides
@click.option(
    "--event-id",
    type=click.IntRange(min=1),
    help="Event of the record, where it changed since.",
)
@click.option("--commune", help="Code of its commune.")
@click.option("--former-commune", help="Of the former commune.")
@click.option("--house-number", help="Number as on the door.")
@click.option("--street", help="A street that was named.")
@click.option("--locality", help="A locality that was named.")
@click.option("--building", help="Building, block or tower.")
@click.option("--floor", help="Floor.")
@click.option("--unit-number", help="Number of the flat or room.")
@click.option("--note", help="The note of an entrance as it is kept.")
@click.option(
    "--same-address",
    is_flag=True,
    help="Another record has it, both right.",
)
def accept_(
    report_id: int,
    reason: str,
    decision_number: str | None,
    word: str | None,
    actor: str,
    form: str,
    event_id: int | None,
    *,
    dry_run: bool,
    same_address: bool,
    **parts: str | None,
) -> int:
    """Do what it says: verify, move, add, propose, or retire."""
    decision = Decision(
        actor=actor,
        reason=reason,
        decision_number=decision_number,
        seen_event=event_id,
        word=word,
        parts={name: value for name, value in parts.items() if value},
        same_address=same_address,
        dry_run=dry_run,
    )
    return _decide(report_id, decision, form, accepting=True)


@reports.command("reject")
@_decides
def reject_(
    report_id: int,
    reason: str,
    decision_number: str | None,
    word: str | None,
    actor: str,
    form: str,
    *,
    dry_run: bool,
) -> int:
    """Leave the register as it is."""
    decision = Decision(
        actor=actor, reason=reason, decision_number=decision_number, word=word, dry_run=dry_run
    )
    return _decide(report_id, decision, form, accepting=False)


def _decide(report_id: int, decision: Decision, form: str, *, accepting: bool) -> int:
    dry_run = decision.dry_run
    with opened_engine() as engine:
        decided = (accept if accepting else reject)(engine, report_id, decision)
        records = written_records(engine, decided.records, dry_run=dry_run)
    _say_decided(decided, records, form=form, dry_run=dry_run)
    return 0


def _say_decided(decided: Decided, records: Written, *, form: str, dry_run: bool) -> None:
    if form == "json":
        body = {
            "id": decided.id,
            "kind": decided.kind,
            "state": decided.state,
            "operation": decided.operation,
            "dry_run": dry_run,
            "event_id": None if dry_run else decided.event_id,
            "records": records,
            "warnings": [warned.to_dict() for warned in decided.warnings],
        }
        show_json(body)
        return
    if dry_run:
        say(_("dry run, nothing was written"))
    told = _("report {number}", number=decided.id)
    click.echo(f"{told}: {_(_STATES[decided.state])} ({decided.operation})")
    show_written(records, decided.warnings)


def _shown(known: Gazetteer, entry: Entry) -> dict[str, Any]:
    record, unit = entry.record, known.units.get(entry.unit_id)
    return {
        "id": entry.id,
        "kind": entry.kind,
        "state": entry.state,
        "accepting": OPERATIONS[entry.kind],
        "code": entry.code,
        "label": record_wording(known, today(), record).label if record else entry.address,
        "commune": unit.code if unit else None,
        "event_id": record.event_id if record else None,
        "lon": entry.lon,
        "lat": entry.lat,
        "accuracy_m": entry.accuracy_m,
        "distance_m": round(entry.distance_m, 1) if entry.distance_m is not None else None,
        "reporters": entry.reporters,
        "carriers": entry.carriers,
        "merchants": entry.merchants,
        "residents": entry.residents,
        "officials": entry.officials,
        "first_reported_at": entry.first_at.astimezone(VIET_NAM).isoformat(),
        "last_reported_at": entry.last_at.astimezone(VIET_NAM).isoformat(),
        "entrance": entry.entrance,
        "note": entry.note,
        "stale": entry.stale,
        "decision": entry.operation,
        "reason": entry.reason,
    }


def _print(entry: dict[str, Any]) -> None:
    code = code_display(entry["code"]) if entry["code"] else _("no code yet")
    said = ", ".join(
        f"{entry[name]} {word}"
        for name, word in (
            ("carriers", _("carriers")),
            ("merchants", _("shops")),
            ("residents", _("residents")),
            ("officials", _("officials")),
        )
        if entry[name]
    )
    click.echo(f"{entry['id']}  {_(_KINDS[entry['kind']])}  {code}  {entry['label'] or ''}")
    point = f"  {entry['lat']:.6f},{entry['lon']:.6f}" if entry["lat"] is not None else ""
    away = (
        f" ({_('{distance:n} m away', distance=round(entry['distance_m']))})"
        if entry["distance_m"] is not None
        else ""
    )
    since = _("since {day}", day=entry["first_reported_at"][:10])
    entrance = _(KIND_WORDS[entry["entrance"]]) if entry["entrance"] else ""
    told = ": ".join(filter(None, (entrance, entry["note"])))
    if told:
        click.echo(f"    {told}")
    changed = f"  {_('edited since')}" if entry["stale"] else ""
    click.echo(f"    {said}  {since}{point}{away}{changed}")
