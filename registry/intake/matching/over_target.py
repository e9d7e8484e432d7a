"""Communes that would have far more households than there are: whose list is it, and of where?

A list under a second name of its source, without references and points that say that its doors are
known, comes once more; one of another commune lands where nobody looked.
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
"""Communes that are named; the rest is counted."""


def beyond_targets(bench: Workbench) -> Iterator[Message]:
    """A line for each of the first such communes, and one for the others; needs `written`."""
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
