"""What an operation on a street or locality will do to each door: said before it is done."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from registry.lifecycle.addresses import read_number
from registry.lifecycle.listed_places import ListedPlace
from registry.lifecycle.places import read_localities, read_street
from registry.records.record import Record


class Effect(NamedTuple):
    """A door before and after."""

    before: Record
    after: Record
    shared: tuple[str, ...] = ()
    """Codes of other doors that bear its old number from then on: who asks for that is led to all
    of them, and chooses."""


def renamed(records: Iterable[Record], place: ListedPlace, written: str) -> list[Effect]:
    """Doors of a place under its new name. Raises InvalidInputError for what is no name."""
    if place.class_ == "street":
        read = read_street(written, "new_name")
        kind, name = read.kind or place.kind, read.name
    else:
        inner, *_ = read_localities(written, "new_name")
        kind, name = inner.kind, inner.name
    return [Effect(each, _called(each, place, kind, name)) for each in records]


def merged(records: Iterable[Record], place: ListedPlace, into: ListedPlace) -> list[Effect]:
    """Doors of a place as they are in the one that it becomes part of."""
    around = [list(each) for each in into.around or ()]
    return [Effect(each, _called(each, place, into.kind, into.name, around)) for each in records]


def renumbered(
    records: Sequence[Record], lines: Iterable[Mapping[str, str]], units: Mapping[str, int]
) -> list[Effect]:
    """Doors whose number a table changes; `units` are the communes that its lines may name.

    Raises InvalidInputError for what is no number.
    """
    new: dict[tuple[str, int | None], tuple[str, str]] = {}
    for at, line in enumerate(lines):
        unit = units.get(line.get("commune", ""))
        old = read_number(line["old"], f"numbers.{at}.old")
        new[old, unit] = (read_number(line["new"], f"numbers.{at}.new"), line["new"])
    found: list[Effect] = []
    bearers: dict[tuple[int | None, str], list[str]] = {}
    for record in records:
        key = record.house_number_key or ""
        told = new.get((key, record.unit_id)) or new.get((key, None))
        after = record._replace(house_number_key=told[0], house_number=told[1]) if told else record
        bearers.setdefault(_counted(after), []).append(record.code)
        if told and told[0] != key:
            found.append(Effect(record, after))
    return [each._replace(shared=tuple(bearers.get(_counted(each.before), ()))) for each in found]


def _counted(record: Record) -> tuple[int | None, str]:
    """The street in which a number counts, and the number."""
    return record.street_id, record.house_number_key or ""


def _called(
    record: Record,
    place: ListedPlace,
    kind: str,
    name: str,
    around: list[list[str]] | None = None,
) -> Record:
    if place.class_ == "street":
        return record._replace(street_kind=kind, street_name=name)
    outer = record.outer_localities if around is None else around
    return record._replace(locality_kind=kind, locality_name=name, outer_localities=outer)
