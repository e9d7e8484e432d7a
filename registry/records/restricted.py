"""A restricted place: found by its own code only, and told in full only to a key.

Whoever has its code was given it, and a carrier has to find the door. But codes can be tried out,
so a caller without a key learns of the place no more than its commune.
"""

from collections.abc import Iterable
from typing import Any, Final

from registry.core.actors import acting
from registry.core.reads import Reads
from registry.records.record import Record

_HIDDEN: Final = "SELECT code FROM household WHERE code = ANY (%(codes)s) AND restricted"


def told(reads: Reads, record: Record) -> Record:
    """The record as who acts may see it: a restricted one without its door, unless by a key.

    No other record names a restricted one: a flat does not say in which such building it is.
    """
    if acting() is None:
        return record
    if not tells_door(record):
        return _commune_alone(record)
    if record.parent_code is not None and hidden(reads, [record.parent_code]):
        return record._replace(parent_code=None)
    return record


def tells_door(record: Record) -> bool:
    """Whether who acts may learn more of the record than its commune."""
    actor = acting()
    return actor is None or not record.restricted or actor.may("carrier")


def told_of_past(reads: Reads, record: Record) -> Record:
    """The same of a state of the past: what is restricted today was open then and is no more."""
    actor = acting()
    stranger = actor is not None and not actor.may("carrier")
    if stranger and not record.restricted and hidden(reads, [record.code]):
        record = record._replace(restricted=True)
    return told(reads, record)


def hidden(reads: Reads, codes: Iterable[str]) -> frozenset[str]:
    """Those of the codes that stand for a restricted place; none for the operator."""
    asked = sorted(set(codes))
    if not asked or acting() is None:
        return frozenset()
    return frozenset(row[0] for row in reads.rows(_HIDDEN, {"codes": asked}))


_TOLD: Final = (
    *("code", "kind", "status", "restricted", "unit_id", "event_id", "successors", "renamed"),
    *("households_count", "past"),
)
_UNTOLD: Final[dict[str, Any]] = {name: None for name in Record._fields if name not in _TOLD}


def _commune_alone(record: Record) -> Record:
    return record._replace(**_UNTOLD, households_count=min(record.households_count, 1), past=())
