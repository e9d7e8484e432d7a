"""Detect that a file repeats its source's latest import, so that nothing need be read or written.

Senders repeat a delivery if they are unsure whether it was received. As long as nothing has changed
its records, and the same rules apply, every row is unchanged.
"""

from dataclasses import dataclass
from typing import Any, Final

from registry.core.sql import Statements
from registry.files.formats.table import Numbering
from registry.intake.engine import Workbench
from registry.intake.matching.vanished import Vanishing

SQL: Final = Statements(__file__)

NEAR: Final = (
    *("near_same_address", "near_same_point", "near_same_name", "near_same_place"),
    *("near_same_flat", "near_same_range", "point_of_many"),
)
_ONCE: Final = ["duplicate_in_file", "shares_door", *NEAR]
"""Problems only of written rows."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """The import that is repeated, and counts without changes."""

    import_id: int
    counts: dict[str, Any]
    numbering: Numbering | None
    """Taken from its result, since the file is not read."""


def find_repeat(bench: Workbench, source: str, reading: str) -> Repeat | None:
    """The latest import of the source if this one repeats it, with its problems; else None.

    `reading` identifies the rules by which rows are read.
    """
    connection = bench.connection
    parameters = {"import_id": bench.import_id, "reading": reading}
    latest = connection.execute(SQL.text("latest"), parameters).one_or_none()
    if latest is None:
        return None
    touched = {"event": latest.event, "source": source}
    if connection.execute(SQL.text("is_touched"), touched).scalar_one():
        return None
    bench.bring("told_before", "matching/register/told_before.pg.sql", latest=latest.id, once=_ONCE)
    bench.duck.execute("INSERT INTO problem BY NAME FROM told_before")
    rows, rejected = latest.counts["rows"], latest.counts["rejected"]
    skipped = latest.counts.get("skipped", 0)
    counts = {"rows": rows, "rejected": rejected, "skipped": skipped}
    counts["unchanged"] = rows - rejected - skipped
    nothing = dict.fromkeys(("new", "changed", "linked", "linked_in_file"), 0)
    counts |= {"near": {}, "uses": {}, "delivered_before": {}}
    numbering = Numbering.of_json(latest.counts.get("numbering"))
    return Repeat(latest.id, counts | nothing | Vanishing().counts(), numbering)
