"""`diachiso reports …`: the queue of field reports, and deciding them."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final

import click
from sqlalchemy import Engine

from geo.code import format as code_display
from registry.core.database import session_scope
from registry.core.messages import N_, _
from registry.lifecycle.reports.decisions import OPERATIONS, Decided, Decision, accept, reject
from registry.lifecycle.reports.queue import DEFAULT_LIMIT, MAX_LIMIT, STATES, Entry, Wanted, queue
from registry.records.entrances import KIND_WORDS
from registry.records.record import record_wording
from registry.units.gazetteer import VIET_NAM, Gazetteer, today
from registry.units.gazetteer_loading import load_gazetteer
from scripts.command import command
from scripts.opened import opened_engine
from scripts.options import DryRun, Form
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


@command(reports, "list")
def list_(
    *,
    unit: Annotated[str | None, "--unit CODE", "Only of this unit."] = None,
    state: Annotated[str, click.Choice(STATES), "Only in this state."] = "open",
    limit: Annotated[int, click.IntRange(1, MAX_LIMIT), "Maximum reports."] = DEFAULT_LIMIT,
    form: Form = "text",
) -> int:
    """The queue, the most frequent first."""
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


@dataclass(frozen=True, slots=True)
class _Given:
    """Who decides, and why; members of `Decision`."""

    reason: Annotated[str, "Why; no person's name."]
    decision_number: Annotated[str | None, "Number of the legal decision."] = None
    word: Annotated[str | None, "Message to the reporters."] = None
    actor: Annotated[str, "Who does it, for the history."] = "operator"
    dry_run: DryRun = False


@dataclass(frozen=True, slots=True)
class _Parts:
    """What is right in place of what was reported; `Decision.parts`."""

    commune: Annotated[str | None, "Code of its commune."] = None
    former_commune: Annotated[str | None, "Of the former commune."] = None
    house_number: Annotated[str | None, "Number as on the door."] = None
    street: Annotated[str | None, "A street that was named."] = None
    locality: Annotated[str | None, "A locality that was named."] = None
    building: Annotated[str | None, "Building, block or tower."] = None
    floor: Annotated[str | None, "Floor."] = None
    unit_number: Annotated[str | None, "Number of the flat or room."] = None
    note: Annotated[str | None, "The note of an entrance as it is kept."] = None


_Id = Annotated[int, "ID", click.IntRange(min=1)]


@command(reports, "accept")
def accept_(
    report_id: _Id,
    *,
    given: _Given,
    seen_event: Annotated[
        int | None,
        "--event-id",
        click.IntRange(min=1),
        "Latest event of the record, as seen.",
    ] = None,
    parts: _Parts,
    same_address: Annotated[bool, "Another record has the address, both right."] = False,
    form: Form = "text",
) -> None:
    """Accept a report: do what it says."""
    decision = Decision(
        **asdict(given),
        seen_event=seen_event,
        parts={name: value for name, value in asdict(parts).items() if value},
        same_address=same_address,
    )
    _decide(accept, report_id, decision, form)


@command(reports, "reject")
def reject_(report_id: _Id, *, given: _Given, form: Form = "text") -> None:
    """Reject a report."""
    _decide(reject, report_id, Decision(**asdict(given)), form)


def _decide(
    decide: Callable[[Engine, int, Decision], Decided],
    report_id: int,
    decision: Decision,
    form: str,
) -> None:
    with opened_engine() as engine:
        decided = decide(engine, report_id, decision)
        records = written_records(engine, decided.records, dry_run=decision.dry_run)
    _say_decided(decided, records, form=form, dry_run=decision.dry_run)


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
    message = _("report {number}", number=decided.id)
    click.echo(f"{message}: {_(_STATES[decided.state])} ({decided.operation})")
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
    text = ", ".join(
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
    words = ": ".join(filter(None, (entrance, entry["note"])))
    if words:
        click.echo(f"    {words}")
    changed = f"  {_('edited since')}" if entry["stale"] else ""
    click.echo(f"    {text}  {since}{point}{away}{changed}")
