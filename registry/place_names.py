"""Names of streets and localities in memory, for suggestions: what begins so, and where it is.

A few hundred thousand names, each with the communes that have it. Nothing is counted or stored in
the database for it: in how many places a name stands says how likely it is meant, and the newest
identities say when there are new names. Names sort by key, so that what begins alike lies together
and is weighed by arrays.
"""

import sys
import threading
import time
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.text import fold
from registry.reads import Reads

TABLES: Final = ("thoroughfare", "locality")
RECHECK_S: Final = 30.0
RELOAD_S: Final = 600.0
"""Names that only changed are read anew after that time, new ones after RECHECK_S."""
_END: Final = "\U0010ffff"

# One row a name; its commonest writing stands for all. Merged places bear no name of their own.
_NAMES: Final = """
    SELECT p.key, mode() WITHIN GROUP (ORDER BY p.name), mode() WITHIN GROUP (ORDER BY p.kind),
        string_agg(p.unit_id::text, ' ' ORDER BY p.unit_id, p.id),
        string_agg(p.id::text, ' ' ORDER BY p.unit_id, p.id)
    FROM {table} p
    WHERE p.merged_into_id IS NULL
    GROUP BY p.key
"""
_STATE: Final = """
    SELECT (SELECT max(id) FROM thoroughfare), (SELECT max(id) FROM locality),
        (SELECT version FROM gazetteer_state), (SELECT max(id) FROM event)
"""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one table, by key."""

    table: str
    keys: list[str]
    names: list[str]
    kinds: list[str]
    starts: NDArray[np.int64]
    """Where the places of each name begin, and where those of the last one end."""
    units: NDArray[np.int32]
    """Communes of the places."""
    ids: NDArray[np.int64]
    """Identities of the places."""
    kind_keys: tuple[str, ...]
    """Folded kinds that there are."""
    per_unit: NDArray[np.int64]
    """Commune → places of the table in it."""

    def beginning(self, prefix: str) -> range:
        """Which names begin so."""
        return range(bisect_left(self.keys, prefix), bisect_left(self.keys, prefix + _END))

    def places(self, name: int) -> slice:
        """The places of a name, for `units` and `ids`."""
        return slice(int(self.starts[name]), int(self.starts[name + 1]))


class PlaceNames:
    """The names as they are, at most RECHECK_S old. One thread reads them anew, others go on."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._lock = threading.Lock()
        self._names: tuple[Names, ...] = ()
        self._state: tuple[object, ...] = ()
        self._checked_at = self._loaded_at = -RELOAD_S

    def get(self) -> tuple[Names, ...]:
        """The names of each of TABLES; raises what `Reads.rows` raises when a check is due."""
        if self._names and time.monotonic() - self._checked_at < RECHECK_S:
            return self._names
        if not self._lock.acquire(blocking=not self._names):
            return self._names
        try:
            if not self._names or time.monotonic() - self._checked_at >= RECHECK_S:
                self._refresh()
            return self._names
        finally:
            self._lock.release()

    def _refresh(self) -> None:
        (state,) = self._reads.rows(_STATE, {})
        now = time.monotonic()
        changed = state[:3] != self._state[:3]
        old = now - self._loaded_at >= RELOAD_S and state != self._state
        if changed or old or not self._names:
            self._names = tuple(load_names(self._reads, table) for table in TABLES)
            self._state, self._loaded_at = state, now
        self._checked_at = now


def load_names(reads: Reads, table: str) -> Names:
    """All names of a table."""
    keys, names, kinds = [], [], []
    starts, units, ids = array("q", [0]), array("i"), array("q")
    for key, name, kind, unit_list, id_list in sorted(reads.rows(_NAMES.format(table=table), {})):
        keys.append(key)
        names.append(name)
        kinds.append(kind)
        units.extend(map(int, unit_list.split()))
        ids.extend(map(int, id_list.split()))
        starts.append(len(ids))
    of_units = np.array(units, dtype=np.int32)
    return Names(
        table,
        keys,
        names,
        [sys.intern(kind) for kind in kinds],
        np.array(starts, dtype=np.int64),
        of_units,
        np.array(ids, dtype=np.int64),
        tuple(sorted({fold(kind) for kind in set(kinds)})),
        np.bincount(of_units),
    )
