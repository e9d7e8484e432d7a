"""Distinguish places of one commune whose names differ only in diacritics: Hàng Dầu, Hàng Đậu.

Such names have the same key but are different places. Each gets a key of its own
(`registry.core.own_keys`), and its rows are assigned to it before matching. A name without
diacritics means the place that has some; if there are several, it is ambiguous and the row is
rejected with a question.

A typo in diacritics makes a place too, so a new one beside another is a warning.

Few files have such names. The distinct names, which are few, show the keys concerned; only their
rows are read.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from geo.label import named
from geo.spelling import are_apart
from geo.text import accent_key, has_diacritics
from registry.core.own_keys import APART
from registry.core.sql import Statements
from registry.intake.engine import Workbench

_PARTS: Final = ("street", "place")
"""Parts of a row."""
SQL: Final = Statements(__file__)
_REASSIGNED: Final = (
    'part VARCHAR, unit_id INTEGER, "at" INTEGER, new_at INTEGER, keys VARCHAR[], value VARCHAR,'
    " beside VARCHAR"
)
_UNCLEAR: Final = 'part VARCHAR, unit_id INTEGER, "at" INTEGER, value VARCHAR, beside VARCHAR'


@dataclass(frozen=True, slots=True)
class _Name:
    """A name for a key in a commune."""

    shown: str
    """The name with its kind."""
    name: str
    marks: str | None
    new_beside: str | None = None
    """The other names, if the name is new in this file."""

    @property
    def marked(self) -> bool:
        return has_diacritics(self.name)


class _Places:
    """The places of one key in one commune, including those that the file adds."""

    def __init__(self, registered: list[_Name], met: Iterable[tuple[str, str]]) -> None:
        """`met`: kinds and names in the file, in order."""
        self._all = registered
        written = dict.fromkeys(met)
        fresh: list[tuple[str, str]] = []
        for kind, name in written:
            known = (*(each.name for each in registered if each.marked), *(n for _, n in fresh))
            if has_diacritics(name) and all(are_apart(name, other) for other in known):
                fresh.append((kind, name))
        if not registered and not fresh:
            fresh = list(written)[:1]
        marked = sum(each.marked for each in registered) + len(fresh)
        if marked > 1 or not registered:
            for kind, name in fresh:
                self._add(kind, name)

    def _add(self, kind: str, name: str) -> None:
        first = not self._all
        beside = None if first else "; ".join(each.shown for each in self._all)
        marks = None if first else accent_key(name)
        self._all.append(_Name(named(kind, name), name, marks, beside))

    def meant_by(self, name: str) -> list[_Name]:
        """The places that a name may mean; never empty for a name of the file."""
        fit = [each for each in self._all if not are_apart(name, each.name)]
        if has_diacritics(name):
            # A place without diacritics is meant only if no fitting one has them.
            return [each for each in fit if each.marked][:1] or fit[:1]
        return list({each.marks: each for each in fit}.values())


def tell_apart(bench: Workbench) -> None:
    """Decide by diacritics which street and locality the rows of `entry` mean.

    Creates `reassigned`, the parts of communes assigned to another key, for a new name with names
    beside it, and `unclear`, those that may mean several. Needs `entry` and the registered places.
    """
    bench.table("reassigned", _REASSIGNED)
    bench.table("unclear", _UNCLEAR)
    for part in _PARTS:
        if not bench.has(part):
            continue
        called = bench.rows(SQL.written("called", part))
        keys = [
            key
            for key, names, apart in called
            if apart or any(are_apart(*pair) for pair in combinations(names, 2))
        ]
        if keys:
            settled, unclear = _settled(bench, part, keys)
            bench.add("reassigned", settled)
            bench.add("unclear", unclear)


def _settled(
    bench: Workbench, part: str, keys: Sequence[str]
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Rows of `_REASSIGNED` and of `_UNCLEAR`: parts with another key, and ambiguous parts."""
    naming = bench.rows(SQL.written("naming", part), keys=keys)
    called = _places(bench, part, naming)
    last: int = bench.value(SQL.written("last_at", part))
    numbers: dict[tuple[object, ...], int] = {}
    settled: list[tuple[object, ...]] = []
    unclear: list[tuple[object, ...]] = []
    for unit_id, at, *levels in naming:
        each = list(zip(*levels, strict=True))
        meant = [called[unit_id, key].meant_by(name) for key, _, name in each]
        doubtful = next((level for level, names in enumerate(meant) if len(names) > 1), None)
        if doubtful is not None:
            _, kind, name = each[doubtful]
            choices = "; ".join(sorted(choice.shown for choice in meant[doubtful]))
            unclear.append((part, unit_id, at, named(kind, name), choices))
            continue
        own = tuple(
            key if one.marks is None else f"{key}{APART}{one.marks}"
            for (key, _, _), (one,) in zip(each, meant, strict=True)
        )
        if own != tuple(levels[0]):
            new_at = numbers.setdefault((at, own), last + len(numbers) + 1)
            new = next((one for (one,) in meant if one.new_beside), None)
            beside = (new.shown, new.new_beside) if new else (None, None)
            settled.append((part, unit_id, at, new_at, own, *beside))
    return settled, unclear


def _places(bench: Workbench, part: str, naming: Sequence[Any]) -> dict[tuple[int, str], _Places]:
    """The places by commune and key, for all keys of the parts."""
    met: dict[tuple[int, str], list[tuple[str, str]]] = defaultdict(list)
    for unit_id, _, *levels in naming:
        for key, kind, name in zip(*levels, strict=True):
            met[unit_id, key].append((kind, name))
    registered: dict[tuple[int, str], list[_Name]] = defaultdict(list)
    keys = sorted({key for _, key in met})
    for unit_id, key, kind, name, marks in bench.rows(SQL.written("registered", part), keys=keys):
        registered[unit_id, key].append(_Name(named(kind, name), name, marks))
    return {at: _Places(registered[at], names) for at, names in met.items()}
