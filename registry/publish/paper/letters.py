"""What every administrative paper has: who issues it, number, place and day."""

import datetime
from dataclasses import dataclass
from typing import Any

from registry.units.gazetteer import Unit, today


@dataclass(frozen=True, slots=True)
class Letterhead:
    """How a paper is headed. What is not given is left blank, to be written by hand."""

    unit: Unit
    """Commune or province whose People's Committee issues it."""
    symbol: str
    """Behind the number: `QĐ-UBND`."""
    number: str | None = None
    """In the office's own books: `12`, or the whole `12/QĐ-UBND`."""
    day: datetime.date | None = None

    def to_data(self, title: str, about: str | None, watermark: str | None) -> dict[str, Any]:
        """For the template `letter`."""
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
