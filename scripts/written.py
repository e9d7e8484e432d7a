"""Print the records that a command wrote: their codes, status and full address."""

from collections.abc import Iterable, Sequence
from typing import Any

import click
from sqlalchemy import Engine

from geo.code import format as code_display
from registry.core.database import session_scope
from registry.core.labels import STATUSES
from registry.core.messages import _
from registry.lifecycle.work import Changed, Warned
from registry.records.record import record_wording
from registry.units.gazetteer import today
from registry.units.gazetteer_loading import load_gazetteer
from scripts.progress import say

Written = list[dict[str, Any]]


def written_records(engine: Engine, records: Sequence[Changed], *, dry_run: bool) -> Written:
    """Return each record for `--format json`.

    A dry run shows only addresses, as the codes that it drew are lost.
    """
    labels = _labels(engine, records)
    return [
        {
            "code": None if dry_run else record.code,
            "code_display": None if dry_run else code_display(record.code),
            "status": record.status,
            "label": label,
        }
        for record, label in zip(records, labels, strict=True)
        if label or not dry_run
    ]


def show_written(records: Written, warnings: Iterable[Warned]) -> None:
    """Print a line for each record to stdout, and for each warning to stderr."""
    for record in records:
        shown = (record["code_display"], _(STATUSES[record["status"]]), record["label"])
        click.echo("  ".join(part for part in shown if part))
    for warned in warnings:
        say(f"{_('warning')}: {warned.message}")


def _labels(engine: Engine, records: Sequence[Changed]) -> list[str | None]:
    if not any(record.record for record in records):
        return [None] * len(records)
    with session_scope(engine) as session:
        known = load_gazetteer(session)
    return [
        record_wording(known, today(), record.record).label if record.record else None
        for record in records
    ]
