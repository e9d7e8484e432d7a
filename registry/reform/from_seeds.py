"""The real reforms as resolutions: the seeds' changes of a day, as a file to carry out."""

import datetime
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

import yaml

from registry.core.errors import NotFoundError
from registry.core.messages import Message
from registry.units import FIRST_KNOWN_DAY
from registry.units.gazetteer import Gazetteer, Unit, UnitVersion, today

_ONE_DAY: Final = datetime.timedelta(days=1)


def resolution_of_day(gazetteer: Gazetteer, day: datetime.date, boundaries: str | None) -> str:
    """Return the changes of a day as YAML. Raises NotFoundError if nothing changed on it.

    Parts of split units are described by the polygons of the file `boundaries`.
    """
    writer = _Writer(gazetteer, day)
    changes = list(writer.changes())
    if not changes:
        raise NotFoundError(Message("no_changes_on_day", day=day))
    # The seeds have effective dates; the date of signing is in the number.
    head = {
        "number": writer.number(),
        "title": f"Đơn vị hành chính từ ngày {day:%d/%m/%Y}",
        "date": day - _ONE_DAY,
        "effective": day,
    }
    if day < today():
        head["confirm"] = ["day_past"]
    document: dict[str, Any] = {"resolution": head}
    if boundaries is not None:
        document["boundaries"] = boundaries
    document["changes"] = changes
    dumped: str = yaml.dump(
        document,
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        default_flow_style=None,
        width=1000,
    )
    return dumped


_LIBRARY: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""The dumper of libyaml if available, four times as fast."""


# The library has no type hints.
class _Dumper(_LIBRARY):  # type: ignore[misc]
    """Writes codes in quotes, so that they are not read as numbers."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Write no aliases."""
        return True


_Dumper.add_representer(
    str,
    lambda dumper, value: dumper.represent_scalar(
        "tag:yaml.org,2002:str", value, style='"' if value.isdigit() else None
    ),
)


class _Writer:
    def __init__(self, gazetteer: Gazetteer, day: datetime.date) -> None:
        self.known = gazetteer
        self.day = day
        self.eve = max(day, FIRST_KNOWN_DAY) - _ONE_DAY
        self.born = [u for u in gazetteer.units.values() if u.born == day]
        self.ended = {u.id: u for u in gazetteer.units.values() if u.ended == day}

    def number(self) -> str:
        """The number of the resolution that most changes name."""
        counts: dict[str, int] = defaultdict(int)
        for unit in self.known.units.values():
            for version in unit.versions:
                if version.valid_from == self.day and version.legal_basis:
                    counts[version.legal_basis.split(" of ")[0]] += 1
        most = max(counts, key=lambda basis: counts[basis]) if counts else "chưa rõ số"
        return f"{most} ({self.day.isoformat()})"

    def changes(self) -> Iterator[dict[str, Any]]:
        """Yield provinces first, then communes, then changes of continuing units."""
        parted: set[int] = set()
        for unit in sorted(self.born, key=lambda u: (len(u.code), u.code)):
            parts = list(self._parts(unit, parted))
            members = {"unit": self._new(unit)}
            yield {"new": members | {"parts": parts} if parts else members}
        for unit in self._living():
            moved = [step for step in self.known.predecessors(unit) if self._is_today(step)]
            for step in moved:
                part = self._part(step.predecessor, step.extent, parted)
                yield {"move": {"part": part, "into": unit.code}}
        ends = [u for u in self.ended.values() if u.id in parted or u.level == "district"]
        for unit in sorted(ends, key=lambda u: u.code):
            yield {"abolish": {"unit": unit.code}}
        for unit in self._living():
            yield from self._altered(unit)

    def _is_today(self, step: Any) -> bool:
        return bool(step.effective_on == self.day and step.predecessor.level != "district")

    def _parts(self, unit: Unit, parted: set[int]) -> Iterator[dict[str, Any]]:
        for step in self.known.predecessors(unit):
            same = step.predecessor.level == unit.level != "district"
            if self._is_today(step) and same:
                yield self._part(step.predecessor, step.extent, parted)

    def _part(self, unit: Unit, extent: str, parted: set[int]) -> dict[str, Any]:
        if extent == "full" and unit.id in self.ended:
            return {"unit": unit.code, "whole": True}
        if unit.id in self.ended:
            parted.add(unit.id)
        return {"unit": unit.code}

    def _new(self, unit: Unit) -> dict[str, Any]:
        version = unit.version_on(self.day)
        members: dict[str, Any] = {"code": unit.code, "name": version.name, "kind": version.kind}
        if version.province_id is not None:
            members["province"] = self.known.units[version.province_id].code
        if version.district_id is not None:
            members["district"] = self.known.units[version.district_id].code
        if unit.lon is not None and unit.lat is not None:
            members["seat"] = [unit.lon, unit.lat]
        if unit.area_km2:
            members["area_km2"] = unit.area_km2
        return members

    def _living(self) -> Iterator[Unit]:
        for unit in self.known.alive(self.day):
            if unit.alive_on(self.eve):
                yield unit

    def _altered(self, unit: Unit) -> Iterator[dict[str, Any]]:
        was, now = unit.version_on(self.eve), unit.version_on(self.day)
        if was is now or unit.level == "district":
            return
        if was.name != now.name:
            yield {"rename": {"unit": unit.code, "name": now.name}}
        if was.kind != now.kind:
            yield {"kind": {"unit": unit.code, "kind": now.kind}}
        province = self._province(now)
        if self._province(was) != province and was.province_id not in self.ended:
            yield {"province": {"unit": unit.code, "province": province}}
        if now.district_id not in (None, was.district_id):
            district = self.known.units[now.district_id].code
            yield {"district": {"unit": unit.code, "district": district}}

    def _province(self, version: UnitVersion) -> str | None:
        return self.known.units[version.province_id].code if version.province_id else None
