"""Doors by their use: `UBND phường Ba Đình`, `BV Bạch Mai`, `Trường TH Kim Liên, Đống Đa`.

Texts that start with a word for an office, a shop or a public place are looked up, and others of
which no door was found; only by the whole name: a similar name is that of another organization.
"""

import datetime
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from geo.address import parse_address
from geo.organisations import organisation_key
from geo.spelling import are_apart
from geo.text import fold
from registry.core.batching import LINES, Ask, Query, bulk
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.records.record import COLUMNS, Record
from registry.records.uses import DWELLING, use_of
from registry.search.answers import DOORS, PLACED, Answer, of_record, with_fault
from registry.search.faults import NAME_CONTRADICTS
from registry.search.find.areas import area_of
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.text import read_units

SQL: Final = Statements(__file__, lines=LINES, columns=COLUMNS)
_CALLED: Final = bulk(SQL.written("called"), (("key", "text"),))
_END: Final = "\U0010ffff"
_MOST_WORDS: Final = 16
_SHORTEST: Final = 2
"""Least words of a name."""
_SHORTEST_WITHOUT_WORD: Final = 3
"""Of a name that does not start with a word for its use."""


def with_doors_by_use(
    gazetteer: Gazetteer, day: datetime.date, text: str, within: Unit | None, found: list[Answer]
) -> Query[list[Answer]]:
    """Return the answers to a text with the doors of the organization or public place that it
    names: after a household whose number was found, before other answers.
    """
    names = dict(_names(text, any_word=all(answer.level not in DOORS for answer in found)))
    if not names:
        return found
    rows = yield Ask(_CALLED, tuple((key,) for key in names))
    called = [(row[1], Record(*row[2:])) for row in rows]
    longest = max((len(key) for key, _ in called), default=0)
    doors = []
    for key, record in called:
        written, rest = names[key]
        known = next(use["name"] for use in record.uses or () if use.get("key") == key)
        if len(key) < longest or are_apart(written, known):
            continue
        area = area_of(gazetteer, day, read_units(gazetteer, rest) if rest else [], within)
        if area.communes is not None and record.unit_id not in area.communes:
            continue
        units = gazetteer.units
        unit, former = units.get(record.unit_id or 0), units.get(record.former_unit_id or 0)
        faults = area.faults
        if unit is not None and organisation_key(unit.version_on(day).name) in key:
            faults = tuple(each for each in faults if each != "commune_missing")
        if _is_elsewhere(rest, record):
            faults = (*faults, NAME_CONTRADICTS)
        door = of_record(record, unit, former, faults=faults, asked_map=area.map)
        doors.append(replace(door, name=known))
    if not doors:
        return found
    if len(doors) > 1:
        doors = [with_fault(door, "ambiguous") for door in doors]
    if found and found[0].level in DOORS:
        known_codes = {answer.record.code for answer in found if answer.record}
        return [*found, *(d for d in doors if d.record and d.record.code not in known_codes)]
    # The name accounts for the text; a commune or province is not another reading of it.
    return [*doors, *(answer for answer in found if answer.level in PLACED)]


def _is_elsewhere(text: str, record: Record) -> bool:
    """Whether a text names another house number or street than the record's."""
    readings = parse_address(text) if text else []
    if not readings:
        return False
    number, street = readings[0].door.house_number, readings[0].door.street
    return (number is not None and number.key != record.house_number_key) or (
        street is not None and street.kind is not None and street.key != record.street_key
    )


def doors_with_prefix(reads: Reads, text: str, most: int) -> list[tuple[str, Record]]:
    """Return the doors with a use whose name has this prefix, each with the name."""
    written, *rest = text.split(",")
    if rest or use_of(written) in (None, DWELLING):
        return []
    *whole, last = written.split()
    prefix = f"{organisation_key(' '.join(whole))} {fold(last)}".strip()
    # The last word may be an abbreviation, or the beginning of a longer one: `Quán Phở Th`.
    for key in dict.fromkeys((organisation_key(written), prefix)):
        given = {"key": key, "end": key + _END, "most": most}
        if found := reads.rows(SQL.driver("prefix"), given):
            return [(row[0], Record(*row[1:])) for row in found]
    return []


def _names(text: str, *, any_word: bool) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the key of each possible name in the text, the name as written, and the rest.

    With `any_word` also of a longer name without a word for its use, in the first piece.
    """
    pieces = [piece.strip() for piece in text.split(",")]
    uses = [use_of(piece) for piece in pieces]
    of_words = [at for at, use in enumerate(uses) if use not in (None, DWELLING)]
    starts = [(at, _SHORTEST) for at in of_words[:1]]
    if not starts and any_word and uses[0] is None and not pieces[0][:1].isdigit():
        starts = [(0, _SHORTEST_WITHOUT_WORD)]
    for at, shortest in starts:
        words = pieces[at].split()
        for count in range(shortest, min(len(words), _MOST_WORDS) + 1):
            rest = ", ".join(filter(None, (" ".join(words[count:]), *pieces[at + 1 :])))
            written = " ".join(words[:count])
            yield organisation_key(written), (written, rest)
