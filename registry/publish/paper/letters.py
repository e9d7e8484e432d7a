"""The letterhead of administrative papers: issuer, number, place and day."""

import datetime
from dataclasses import dataclass
from typing import Any

from registry.units.gazetteer import Unit, today


@dataclass(frozen=True, slots=True)
class Letterhead:
    """A letterhead. What is not given is left blank, to be filled in by hand."""

    unit: Unit
    """Commune or province whose People's Committee issues it."""
    symbol: str
    """Suffix of the number: `QĐ-UBND`."""
    number: str | None = None
    """Number in the office's own books: `12`, or the complete `12/QĐ-UBND`."""
    day: datetime.date | None = None

    def to_data(self, title: str, about: str | None, watermark: str | None) -> dict[str, Any]:
        """Return the data of the template `letter`."""
        version = self.unit.version_on(self.day or today())
        given = self.number or " " * 8
        return {
            "issuer": ["ỦY BAN NHÂN DÂN", version.full_name.upper()],
            "unit": version.full_name,
            "place": version.name,
            "number": given if "/" in given else f"{given}/{self.symbol}",
            "day": f"{self.day.day:02d}" if self.day else "…",
            "month": f"{self.day.month:02d}"
            if self.day and self.day.month < 3
            else (str(self.day.month) if self.day else "…"),
            "year": str((self.day or today()).year),
            "title": title,
            "about": about,
            "signatory": ["TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"],
            "watermark": watermark,
        }
