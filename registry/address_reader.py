"""From a text to a door and the units that it names: the grammar and the gazetteer together."""

from dataclasses import dataclass

from geo.address import AddressReading, Door, parse_address
from registry.gazetteer import Gazetteer
from registry.unit_text import Naming, read_units


@dataclass(frozen=True, slots=True)
class ReadAddress:
    """One way to read an address, with every equally good naming of its units."""

    door: Door
    namings: tuple[Naming, ...]
    """Empty when no unit is named."""
    unread: tuple[str, ...]
    penalty: int


def read_address(gazetteer: Gazetteer, text: str) -> list[ReadAddress]:
    """The readings of `text`, best first: those that name a commune before those that do not.

    Empty for a text without any word.
    """
    found = [_with_units(gazetteer, reading) for reading in parse_address(text)]
    return sorted(found, key=lambda read: (_outermost(read), read.penalty, len(read.unread)))


def _with_units(gazetteer: Gazetteer, reading: AddressReading) -> ReadAddress:
    parts = ", ".join(part for part in reading.admin_parts if any(map(str.isalnum, part)))
    namings = read_units(gazetteer, parts) if parts else []
    left = namings[0].unread if namings else reading.admin_parts
    return ReadAddress(reading.door, tuple(namings), (*reading.unread, *left), reading.penalty)


def _outermost(read: ReadAddress) -> int:
    if not read.namings:
        return 2
    return 0 if read.namings[0].commune is not None else 1
