"""Warn of communes that would have far more households than their target.

This finds a list delivered again under another source name, without references and points to match
its doors, and a list imported into the wrong commune.
"""

from collections.abc import Iterator
from typing import Final

from geo.admin import full_name
from registry.core.messages import Message, Text
from registry.core.sql import Statements
from registry.coverage.figures import COUNTED_LABELS, QUALITY_LABELS
from registry.intake.engine import Workbench

SQL: Final = Statements(__file__)

_SHOWN: Final = 3
"""Most communes that are named; the rest is counted."""


def beyond_targets(bench: Workbench) -> Iterator[Message]:
    """A message for each of the first such communes, and one for the rest; needs `written`."""
    units, fresh = bench.rows("matching/fresh.sql")[0]
    found = bench.connection.execute(
        SQL.text("beyond"), {"units": units or [], "fresh": fresh or []}
    ).all()
    for kind, name, households, target, counted, quality in found[:_SHOWN]:
        yield (
            Message(
                "more_than_target",
                place=full_name(kind, name),
                households=households,
                counted=Text(COUNTED_LABELS[counted]),
                quality=Text(QUALITY_LABELS[quality]),
                target=target,
            )
        )
    if len(found) > _SHOWN:
        yield Message("other_communes_too", count=len(found) - _SHOWN)
