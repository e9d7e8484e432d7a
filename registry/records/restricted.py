"""Restricted places: found only by their own code, and disclosed in full only to a key.

A caller with its code was given it, and a carrier has to find the door. But codes can be guessed,
so a caller without a key gets only the commune.
"""

from collections.abc import Iterable
from typing import Any, Final

from registry.core.actors import acting
from registry.core.reads import Reads
from registry.records.record import Record

_HIDDEN: Final = "SELECT code FROM household WHERE code = ANY (%(codes)s) AND restricted"


def disclosed(reads: Reads, record: Record) -> Record:
    """Return the record as the actor may see it: without a key a restricted one without its door.

    Other records do not refer to a restricted one: a flat does not name such a building.
    """
    if acting() is None:
        return record
    if not discloses_door(record):
        return _commune_alone(record)
    if record.parent_code is not None and hidden(reads, [record.parent_code]):
        return record._replace(parent_code=None)
    return record


def discloses_door(record: Record) -> bool:
    """Whether the actor may see more of the record than its commune."""
    actor = acting()
    return actor is None or not record.restricted or actor.may("carrier")


def disclosed_past(reads: Reads, record: Record) -> Record:
    """Like `disclosed` for a past version: a record restricted today is restricted in its past."""
    actor = acting()
    stranger = actor is not None and not actor.may("carrier")
    if stranger and not record.restricted and hidden(reads, [record.code]):
        record = record._replace(restricted=True)
    return disclosed(reads, record)


def hidden(reads: Reads, codes: Iterable[str]) -> frozenset[str]:
    """Return the codes of restricted places among these; empty for the operator."""
    wanted = sorted(set(codes))
    if not wanted or acting() is None:
        return frozenset()
    return frozenset(row[0] for row in reads.rows(_HIDDEN, {"codes": wanted}))


_DISCLOSED: Final = (
    *("code", "kind", "status", "restricted", "unit_id", "event_id", "successors", "renamed"),
    *("households_count", "past"),
)
_HIDDEN_FIELDS: Final[dict[str, Any]] = {
    name: None for name in Record._fields if name not in _DISCLOSED
}


def _commune_alone(record: Record) -> Record:
    return record._replace(
        **_HIDDEN_FIELDS, households_count=min(record.households_count, 1), past=()
    )
