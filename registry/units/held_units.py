"""What belongs to a unit, and the check that seeds do not end a unit with households.

A release may contain a resolution that the register has not carried out. Its seeds alone would end
the unit and leave its households behind; the file of the resolution, also in the release, moves
them (`diachiso reform`).
"""

import datetime
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from registry.core.errors import UnitsInUseError
from registry.core.messages import Message, Several
from registry.core.settings import ROOT
from registry.core.sql import Statements

SQL: Final = Statements(__file__)

_SHOWN: Final = 5
COUNTED: Final = ("households", "buildings", "streets", "localities", "keys", "targets")
"""What is counted in a unit."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """Counts of living records, names in use, keys and targets of a unit."""

    households: int
    buildings: int
    streets: int
    localities: int
    keys: int
    targets: int

    @property
    def message(self) -> Message:
        """The counts as a message."""
        counts = ((name, getattr(self, name)) for name in COUNTED)
        held = (Message(f"held_{name}", count=count) for name, count in counts if count)
        return Several(held, between=", ")


@dataclass(frozen=True, slots=True)
class HeldUnit:
    """A unit that seeds would change although something belongs to it."""

    code: str
    name: str
    change: str
    """ended | moved | gives_part."""
    day: datetime.date | None
    holdings: Holdings
    reform: str | None
    """File of the resolution, relative to the checkout; None if there is none."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        held = asdict(self.holdings)
        return {
            "code": self.code,
            "name": self.name,
            "change": self.change,
            "day": self.day.isoformat() if self.day else None,
            **held,
            "reform": self.reform,
        }

    @property
    def message(self) -> Message:
        """The change and the counts as a message."""
        day = f" {self.day:%d/%m/%Y}" if self.day else ""
        unit = f"{self.code} {self.name}"
        held = self.holdings.message
        return Message(f"held_unit_{self.change}", unit=unit, day=day, holdings=held)


@contextmanager
def no_unit_taken(connection: Connection, reforms: Path) -> Iterator[None]:
    """Raise UnitsInUseError after a block that ends, moves or cuts a unit in use; the caller must
    then roll back.

    `reforms` is the folder of the resolutions that the release ships.
    """
    connection.execute(SQL.text("remember"))
    yield
    taken = connection.execute(SQL.text("taken")).all()
    held = holdings(connection, [row.id for row in taken])
    found = [
        HeldUnit(row.code, row.name, row.change, row.day, held[row.id], _file(reforms, row))
        for row in taken
        if row.id in held
    ]
    if found:
        raise _refusal(found)


def holdings(connection: Connection, unit_ids: Sequence[int]) -> dict[int, Holdings]:
    """Return the holdings of each of these units; units without any are left out."""
    rows = connection.execute(SQL.text("holdings"), {"units": list(unit_ids)})
    found = {row.id: Holdings(*(getattr(row, f.name) for f in fields(Holdings))) for row in rows}
    return {unit: held for unit, held in found.items() if any(asdict(held).values())}


def _refusal(found: Sequence[HeldUnit]) -> UnitsInUseError:
    files = sorted({unit.reform for unit in found if unit.reform})
    shown = [each.message for each in found[:_SHOWN]]
    if len(found) > _SHOWN:
        shown.append(Message("and_more", count=len(found) - _SHOWN))
    commands = ", ".join(f"`bin/diachiso reform {name}`" for name in files)
    remedies = [Message("run_first", commands=commands)] if files else []
    if any(unit.reform is None for unit in found):
        remedies.append(Message("write_reform_file"))
    return UnitsInUseError(
        Message(
            "seeds_change_held_units",
            count=len(found),
            shown=Several(shown),
            remedies=Several(remedies),
        ),
        units=[unit.to_dict() for unit in found],
        reforms=files,
    )


def _file(folder: Path, row: Any) -> str | None:
    """Return the file of the resolution that names the unit and its effective date."""
    for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        written = path.read_text(encoding="utf-8")
        named = re.search(rf"(?<![-0-9]){row.code}(?![-0-9])", written)  # and no month
        if named and (row.day is None or row.day.isoformat() in written):
            return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
    return None
