"""In-memory index of the names of streets, localities and buildings, for suggestions.

A few hundred thousand names, each with the communes that have it. The database stores nothing for
it: the number of places with a name is its likelihood, and the newest ids show when there are new
names. Names are sorted by key, so names with one prefix are contiguous and weighed as arrays.
"""

import sys
import threading
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.code import to_serial
from geo.flat import without_block_words
from geo.text import fold
from registry.core.errors import RegistryError
from registry.core.reads import Reads, Row
from registry.core.sql import Statements
from registry.records.record import PLACES
from registry.search.autocomplete.shortened import Shortened

BUILDING: Final = "building"
"""Class of the names of buildings, whose ids are the serials of their codes."""
INSIDE_MOST: Final = 2_000
"""Most names in which a word after the first one is matched."""
RECHECK_S: Final = 30.0
RELOAD_S: Final = 600.0
"""Changed names are reloaded after this time, new ones after RECHECK_S."""
_HANGS_S: Final = 10.0
_END: Final = "\U0010ffff"
SQL: Final = Statements(__file__)


@dataclass(frozen=True, eq=False)
class Names:
    """The names of one class, by key."""

    class_: str
    keys: list[str]
    names: list[str]
    kinds: list[str]
    starts: NDArray[np.int64]
    """Start of the places of each name, and the end of the last one's."""
    units: NDArray[np.int32]
    """Communes of the places; sorted within a name."""
    ids: NDArray[np.int64]
    """Ids of the places."""
    merged: NDArray[np.bool_]
    """Whether the name is that of a place merged into this one, with numbers of its own."""
    kind_keys: tuple[str, ...]
    """All folded kinds."""
    commonness: NDArray[np.float64]
    """For each name, log2(1 + number of places)."""
    towns: NDArray[np.float64]
    """Commune → number of places in it, scaled so that it only breaks ties."""

    @cached_property
    def squeezed(self) -> list[tuple[str, str]]:
        """Keys without spaces, sorted, each with the key itself."""
        return sorted((key.replace(" ", ""), key) for key in self.keys)

    @cached_property
    def shortened(self) -> Shortened:
        """Keys by the initials of their words."""
        return Shortened(self.keys)

    @cached_property
    def lines(self) -> tuple[str, NDArray[np.int64]]:
        """All keys as one text, a line each, and the start of each."""
        lengths = np.array([len(key) + 1 for key in self.keys], dtype=np.int64)
        return "\n".join(self.keys), np.cumsum(lengths) - lengths

    def inside(self, prefix: str) -> NDArray[np.int32]:
        """Return the first INSIDE_MOST names with the prefix in a word after their first one."""
        text, starts = self.lines
        found = [text.find(f" {prefix}")]
        while found[-1] >= 0 and len(found) <= INSIDE_MOST:
            end = text.find("\n", found[-1])
            found.append(text.find(f" {prefix}", end) if end >= 0 else -1)
        return (np.searchsorted(starts, found[:-1], side="right") - 1).astype(np.int32)

    def with_prefix(self, prefix: str) -> range:
        """Return the names with this prefix."""
        return range(bisect_left(self.keys, prefix), bisect_left(self.keys, prefix + _END))

    def with_key(self, key: str) -> range:
        """Return the names with this key: several if they differ in diacritics."""
        return range(bisect_left(self.keys, key), bisect_right(self.keys, key))

    def places(self, name: int) -> slice:
        """Return the slice of a name's places, for `units` and `ids`."""
        return slice(int(self.starts[name]), int(self.starts[name + 1]))


class PlaceNames:
    """The current names, checked every RECHECK_S; one thread reloads, the others keep the old
    ones."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._lock = threading.Lock()
        self._names: tuple[Names, ...] = ()
        self._state: tuple[object, ...] = ()
        self._checked_at = self._loaded_at = -RELOAD_S
        self._in_background = False
        self._loader: threading.Thread | None = None

    def load_in_background(self) -> None:
        """Reload in a background thread from now on, not in requests."""
        self._in_background = True

    def get(self) -> tuple[Names, ...]:
        """Return the names of each of PLACES, and of buildings.

        Raises what `Reads.rows` raises if a check is due.
        """
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

    def close(self) -> None:
        """Wait for a reload in progress, at most _HANGS_S."""
        if self._loader is not None:
            self._loader.join(_HANGS_S)

    def _refresh(self) -> None:
        (state,) = self._reads.rows(SQL.driver("state"), {})
        now = time.monotonic()
        changed = state[:-1] != self._state[:-1]
        old = now - self._loaded_at >= RELOAD_S and state != self._state
        if not self._names or ((changed or old) and not self._in_background):
            self._load(state)
        elif (changed or old) and not (self._loader and self._loader.is_alive()):
            self._loader = threading.Thread(target=self._load_soon, args=(state,), daemon=True)
            self._loader.start()
        self._checked_at = now

    def _load(self, state: tuple[object, ...]) -> None:
        names = load_names(self._reads)
        for of_class in names:
            of_class.squeezed, of_class.shortened, of_class.lines  # noqa: B018 - fills the cached properties
        self._names, self._state, self._loaded_at = names, state, time.monotonic()

    def _load_soon(self, state: tuple[object, ...]) -> None:
        with suppress(RegistryError):  # the next check tries again
            self._load(state)


def load_names(reads: Reads) -> tuple[Names, ...]:
    """Load all names of each of PLACES, and of buildings."""
    loaded = [_loaded(reads, class_) for class_ in PLACES]
    # All of the same length, to be indexed by one id.
    size = max((int(names.units.max(initial=0)) for names in loaded), default=0) + 1
    counts = sum(np.bincount(names.units, minlength=size) for names in loaded)
    towns = np.asarray(counts, dtype=np.float64) / 1e6
    loaded.append(_buildings(reads))
    return tuple(replace(names, towns=towns) for names in loaded)


def _buildings(reads: Reads) -> Names:
    """Load the buildings, also under their names without `chung cư` and similar words, and under
    their names as written, `R5 Royal City`.
    """
    rows = []
    for key, name, kind, units, codes, merged in reads.rows(SQL.driver("buildings"), {}):
        serials = " ".join(str(to_serial(code)) for code in codes.split())
        bare = (without_block_words(key), without_block_words(fold(name)))
        for name_key in dict.fromkeys((key, *bare)):
            rows.append((name_key, name, kind, units, serials, merged))
    return _names_of(BUILDING, rows)


def _loaded(reads: Reads, class_: str) -> Names:
    return _names_of(class_, reads.rows(SQL.driver("names", class_), {}))


def _names_of(class_: str, rows: Iterable[Row]) -> Names:
    keys, names, kinds = [], [], []
    starts, units, ids, merged = array("q", [0]), array("i"), array("q"), array("b")
    for key, name, kind, unit_list, id_list, merged_list in sorted(rows):
        keys.append(key)
        names.append(name)
        kinds.append(sys.intern(kind))
        units.extend(map(int, unit_list.split()))
        ids.extend(map(int, id_list.split()))
        merged.extend(map(int, merged_list.split()))
        starts.append(len(ids))
    at = np.array(starts, dtype=np.int64)
    return Names(
        class_,
        keys,
        names,
        kinds,
        at,
        np.array(units, dtype=np.int32),
        np.array(ids, dtype=np.int64),
        np.array(merged, dtype=np.bool_),
        tuple(sorted({fold(kind) for kind in set(kinds)})),
        np.log2(1.0 + np.diff(at)),
        np.zeros(0),
    )
