"""The gazetteer of the committed seeds, read from their files without a database.

Equals what `registry.units.seeds` loads into an empty register and
`registry.units.gazetteer_loading` reads from it. A register in use may have more.
"""

import csv
import datetime
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Final

from registry.core.settings import ROOT
from registry.units.gazetteer import (
    Gazetteer,
    Succession,
    Unit,
    UnitIdentifier,
    UnitVersion,
    copy_of,
    today,
)

SEED_FOLDER: Final = ROOT / "registry" / "seed"
_SIGNED: Final = "signed"
_LAST: Final = "\uffff"
"""Units without a first day are numbered after those with one."""
_Key = tuple[str, str, str]
"""Level, code and first day, as in the files."""
_Row = dict[str, str]
_Life = tuple[datetime.date | None, datetime.date | None]


def seed_gazetteer() -> Gazetteer:
    """Return the units of all maps, as a new register has them today."""
    day = today()
    seeds = _Seeds(day)
    units = {unit.id: unit for unit in seeds.units()}
    return copy_of(day, 0, units, tuple(seeds.steps(units)))


class _Seeds:
    """The files, and the ids that a new register gives to units."""

    def __init__(self, day: datetime.date) -> None:
        self._day = day
        self._rows = {_key(row): row for row in _rows("units")}
        in_order = sorted(self._rows, key=lambda key: (*key[:2], key[2] or _LAST))
        self._ids = {key: number for number, key in enumerate(in_order, 1)}
        self._lives: dict[tuple[str, str], list[tuple[int, _Life]]] = defaultdict(list)
        for key, unit_id in self._ids.items():
            self._lives[key[:2]].append((unit_id, self._life(key)))

    def units(self) -> Iterator[Unit]:
        versions, aliases, identifiers = map(
            _by_unit, ("unit_versions", "unit_aliases", "unit_identifiers")
        )
        for key, unit_id in self._ids.items():
            row = self._rows[key]
            of_unit = versions[key]
            yield Unit(
                unit_id,
                row["level"],  # type: ignore[arg-type]
                row["code"],
                *self._life(key),
                _number(row["lon"]),
                _number(row["lat"]),
                _number(row["area_km2"]),
                tuple(self._versions([each for each in of_unit if not _is_signed(each)], key)),
                tuple(sorted({(each["kind"], each["alias"]) for each in aliases[key]})),
                tuple(self._version(each, (None, None)) for each in of_unit if _is_signed(each)),
                tuple(
                    UnitIdentifier(each["scheme"], each["value"], _date(each["valid_from"]), None)
                    for each in sorted(identifiers[key], key=_by_scheme)
                ),
            )

    def steps(self, units: dict[int, Unit]) -> Iterator[Succession]:
        found = [
            (self._ids[_key(row, "pred_")], self._ids[_key(row, "succ_")], row)
            for row in _rows("unit_successions")
        ]
        for old, new, row in sorted(
            found, key=lambda step: (units[step[0]].code, units[step[1]].code, step[:2])
        ):
            effective_on = datetime.date.fromisoformat(row["effective_on"])
            yield Succession(units[old], units[new], row["extent"], effective_on)  # type: ignore[arg-type]

    def _versions(self, rows: list[_Row], key: _Key) -> Iterator[UnitVersion]:
        """Yield the versions in force: each until the next one, within the life of the unit."""
        born, ended = self._life(key)
        rows.sort(key=lambda row: row["valid_from"])
        ends = [_date(row["valid_from"]) for row in rows[1:]]
        for row, end in zip(rows, [*ends, ended], strict=True):
            first = _date(row["valid_from"]) or born
            if _overlaps((first, end), (born, ended)):
                yield self._version(row, (first, end))

    def _version(self, row: _Row, valid: _Life) -> UnitVersion:
        first, end = valid
        # Its province and district are those of its last day, or of today, or of its first day.
        day = end - _ONE_DAY if end else max(first or self._day, self._day)
        return UnitVersion(
            row["name"],
            row["name_en"],
            row["kind"],
            self._parent("province", row["province_code"], day),
            self._parent("district", row["district_code"], day),
            first,
            end,
            row["legal_basis"] or None,
            row["date_basis"]
            if _is_signed(row)
            else row["date_basis"].replace(_SIGNED, "effective"),
        )

    def _parent(self, level: str, code: str, day: datetime.date) -> int | None:
        lives = self._lives[level, code]
        return next((unit for unit, life in lives if _overlaps((day, day + _ONE_DAY), life)), None)

    def _life(self, key: _Key) -> _Life:
        return _date(key[2]), _date(self._rows[key]["ended"])


_ONE_DAY: Final = datetime.timedelta(days=1)


def _rows(name: str) -> Iterator[_Row]:
    with (SEED_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _by_unit(name: str) -> dict[_Key, list[_Row]]:
    found: dict[_Key, list[_Row]] = defaultdict(list)
    for row in _rows(name):
        found[_key(row)].append(row)
    return found


def _key(row: _Row, prefix: str = "") -> _Key:
    return row[f"{prefix}level"], row[f"{prefix}code"], row[f"{prefix}born"]


def _by_scheme(row: _Row) -> tuple[str, str]:
    return row["scheme"], row["valid_from"]


def _is_signed(row: _Row) -> bool:
    """Whether it is a decided change without an effective date."""
    return row["date_basis"] == _SIGNED and bool(row["valid_from"])


def _overlaps(one: _Life, other: _Life) -> bool:
    return _begins_before(one[0], other[1]) and _begins_before(other[0], one[1])


def _begins_before(first: datetime.date | None, end: datetime.date | None) -> bool:
    return first is None or end is None or first < end


@cache  # a few dozen, in tens of thousands of rows
def _date(written: str) -> datetime.date | None:
    return datetime.date.fromisoformat(written) if written else None


def _number(written: str) -> float | None:
    return float(written) if written else None
