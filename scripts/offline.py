"""`diachiso parse | validate-code | convert`: what codes, texts and the shipped units answer.

No database, and none of the packages of the server.
"""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final

import click
from pydantic_core import to_jsonable_python

from geo import code as codes
from geo.address import Door
from geo.code import CodeError
from geo.label import LabelParts, alley_word, door_words
from registry.core.invalid import wrong_code
from registry.core.messages import Message, _
from registry.core.text_work import Work, doing
from registry.search.read.address_reader import is_sure, read_address, read_by_letters
from registry.search.read.codes_in_text import codes_in, whole_code
from registry.search.read.door_with_units import ReadAddress, outermost
from registry.units import (
    FIRST_KNOWN_DAY,
    LAST_DAY_OF_OLD_MAP,
    convert_code,
    convert_text,
    day_asked,
    is_ambiguous,
)
from registry.units.gazetteer import Gazetteer, Unit, UnitRef, today
from registry.units.onward import continuations
from registry.units.seed_gazetteer import seed_gazetteer
from registry.units.text import Naming, check_text
from scripts.command import command

_MOST_SUGGESTED: Final = 5
_UNIT_CODE: Final = re.compile(r"\d{2,3}|\d{5}")


@dataclass(frozen=True, slots=True)
class _Code:
    code: str
    code_display: str
    spoken: str
    """Eleven digits to say on the telephone."""
    demo: bool

    @classmethod
    def of(cls, code: str) -> "_Code":
        return cls(code, codes.format(code), codes.spoken(code), codes.is_demo(code))


@dataclass(frozen=True, slots=True)
class _Onward:
    """A unit of today that continues one that is named."""

    unit: UnitRef
    province: UnitRef | None
    extent: str
    """unchanged, full or partial"""


@dataclass(frozen=True, slots=True)
class _Named:
    """One way to understand the units of a text, the smallest first."""

    units: list[UnitRef]
    province: UnitRef | None
    """Of the smallest one, on its own map"""
    today: list[_Onward]
    label: str | None
    """The address in today's words; None where several communes continue the one named"""


@dataclass(frozen=True, slots=True)
class _Reading:
    house_number: str | None
    street: str | None
    localities: list[str]
    building: str | None
    floor: str | None
    flat: str | None
    landmark: str | None
    units: list[_Named]
    """Several where the text fits each equally well"""
    unread: list[str]
    steps: list[str]
    """What the grammar did to read it, as `steps` of the API"""


@dataclass(frozen=True, slots=True)
class _Parsed:
    text: str
    codes: list[_Code]
    readings: list[_Reading]
    """The best first"""


def _show_parsed(parsed: _Parsed) -> None:
    for code in parsed.codes:
        _line(_("Code"), f"{code.code_display} ({_spaced(code.spoken)})")
    if not parsed.readings:
        return
    best = parsed.readings[0]
    for title, value in (
        (_("House number"), best.house_number),
        (_("Street"), best.street),
        (_("Hamlet"), ", ".join(best.localities)),
        (_("Building"), best.building),
        (_("Floor"), best.floor),
        (_("Flat"), best.flat),
        (_("Landmark"), best.landmark),
    ):
        if value:
            _line(title, value)
    for named in best.units:
        _line(_("Unit"), _in_one_line(named.units, named.province, named.today))
    if len(best.units) == 1 and best.units[0].label:
        _line(_("Today's address"), best.units[0].label)
    if best.unread:
        _line(_("Not read"), ", ".join(best.unread))
    if not best.units:
        click.echo(_("No commune, district or province is named."))


def _names_nothing(parsed: _Parsed) -> bool:
    named = any(reading.units for reading in parsed.readings)
    return not (named or parsed.codes)


@command(text=_show_parsed, failed=_names_nothing)
def parse(text: Annotated[str, "TEXT"]) -> _Parsed:
    """Read an address or a code: its parts, and the units that it names.

    Units of every map since 2024 are known, with those of today that continue them. No register is
    asked, so nothing says whether there is such a door. Exit status 1 where neither a code nor a
    unit is in it.
    """
    check_text(text)
    whole = whole_code(text)
    if whole is not None:
        return _Parsed(text, [_Code.of(whole)], [])
    with doing(Work()):
        found = list(codes_in(text))
        rest = found[0].rest if found else text
        known = seed_gazetteer()
        readings = _read(known, rest)
    return _Parsed(
        text,
        [_Code.of(each.code) for each in found],
        [_reading(known, read) for read in readings],
    )


def _read(known: Gazetteer, text: str) -> list[ReadAddress]:
    """The readings of a text, by its letters where its words name no commune."""
    found = read_address(known, text)
    if found and outermost(found[0]) and not is_sure(found[0], text):
        return [*read_by_letters(known, text, found[0]), *found]
    return found


def _reading(known: Gazetteer, read: ReadAddress) -> _Reading:
    door = read.door
    flat = door.flat
    return _Reading(
        house_number=door.house_number.key if door.house_number else None,
        street=_of_kind(door.street.kind, door.street.name) if door.street else None,
        localities=[_of_kind(each.kind, each.name) for each in door.localities],
        building=flat.building if flat else None,
        floor=flat.floor if flat else None,
        flat=flat.unit if flat else None,
        landmark=door.hint,
        units=[_named(known, naming, door) for naming in read.namings],
        unread=list(read.unread),
        steps=list(read.notes),
    )


def _named(known: Gazetteer, naming: Naming, door: Door | None) -> _Named:
    units = [u for u in (naming.commune, naming.district, naming.province) if u is not None]
    day = today()
    onward = [
        _onward(known, each.unit, each.extent) for each in continuations(known, units[0], day)
    ]
    label = None
    if door is not None and len(onward) == 1:
        outer = [each["name"] for each in (onward[0].unit, onward[0].province) if each]
        label = ", ".join((*door_words(_label_parts(door), alley_word(outer[-1])), *outer))
    return _Named([_ref(unit) for unit in units], _province(known, units[0]), onward, label)


def _label_parts(door: Door) -> LabelParts:
    number, street, flat = door.house_number, door.street, door.flat
    return LabelParts(
        unit_number=flat.unit if flat else None,
        floor=flat.floor if flat else None,
        building=flat.building if flat else None,
        number_key=number.key if number else None,
        number_written=number.written if number else None,
        street_kind=street.kind if street else None,
        street_name=street.name if street else None,
        localities=tuple((each.kind, each.name) for each in door.localities),
    )


@dataclass(frozen=True, slots=True)
class _Checked:
    valid: bool
    code: _Code | None = None
    reason: str | None = None
    detail: Message | None = None
    suggestions: tuple[str, ...] = ()
    """Valid codes that one slip turns into the text, the likeliest first"""


def _show_checked(checked: _Checked) -> None:
    if checked.code is not None:
        click.echo(f"{checked.code.code_display} ({_spaced(checked.code.spoken)})")
        return
    click.echo(checked.detail)
    if checked.suggestions:
        click.echo(_("Perhaps: {codes}", codes=", ".join(map(codes.format, checked.suggestions))))


@command(
    name="validate-code",
    text=_show_checked,
    as_json=lambda checked: to_jsonable_python(checked, fallback=str),
    failed=lambda checked: not checked.valid,
)
def validate_code(text: Annotated[str, "CODE"]) -> _Checked:
    """Whether CODE is well formed, written or said in eleven digits.

    Shown are its canonical form and the digits to say. Whether an address has it only a register
    knows. Exit status 1 for what is not a code, with the codes that may be meant.
    """
    try:
        return _Checked(valid=True, code=_Code.of(codes.read(text)))
    except CodeError as error:
        likely = codes.suggestions(text)[:_MOST_SUGGESTED]
        return _Checked(False, None, error.code, wrong_code(error), likely)


@dataclass(frozen=True, slots=True)
class _Converted:
    as_of: datetime.date
    ambiguous: bool
    """Whether the readings lead to several units of today"""
    matches: list[_Named]


def _show_converted(converted: _Converted) -> None:
    for named in converted.matches:
        click.echo(_in_one_line(named.units, named.province, named.today))
    if not converted.matches:
        click.echo(_("No commune, district or province is named."))


@command(
    text=_show_converted,
    failed=lambda converted: not any(named.today for named in converted.matches),
)
def convert(
    text: Annotated[str, "CODE|TEXT"],
    *,
    written_on: Annotated[
        datetime.date | None, "--written-on DAY", "Day of the map that it was written against."
    ] = None,
) -> _Converted:
    """From an old unit, by its code or in words, to the units of today.

    All units that continue a divided one are shown. A code is one of the map of 30/6/2025 unless
    --written-on says otherwise. Exit status 1 where nothing of today continues it.
    """
    known, day = seed_gazetteer(), today()
    # An older text is read against the oldest known map.
    map_day = day_asked(max(written_on, FIRST_KNOWN_DAY)) if written_on else None
    if _UNIT_CODE.fullmatch(text.strip()):
        on = map_day or LAST_DAY_OF_OLD_MAP
        found = [convert_code(known, text.strip(), written_on=on, day=day)]
    else:
        found = convert_text(known, text, written_on=map_day, day=day)
    matches = [_named(known, each.naming, None) for each in found]
    return _Converted(day, is_ambiguous(found), matches)


def _onward(known: Gazetteer, unit: Unit, extent: str) -> _Onward:
    return _Onward(_ref(unit), _province(known, unit), extent)


def _ref(unit: Unit) -> UnitRef:
    """Return its current name, or its last one."""
    return UnitRef(code=unit.code, name=unit.version_on(today()).full_name)


def _province(known: Gazetteer, unit: Unit) -> UnitRef | None:
    province = known.province_of(unit, today())
    return _ref(province) if province else None


def _of_kind(kind: str | None, name: str) -> str:
    return f"{kind} {name}" if kind else name


def _in_one_line(units: list[UnitRef], province: UnitRef | None, onward: list[_Onward]) -> str:
    here = _with_codes([*units, *([province] if province and province not in units else [])])
    if [each.extent for each in onward] == ["unchanged"]:
        return here
    to = "; ".join(
        _with_codes([each for each in (one.unit, one.province) if each]) for one in onward
    )
    return f"{here} → {to or _('nothing on record')}"


def _with_codes(units: Iterable[UnitRef]) -> str:
    return ", ".join(f"{unit['name']} [{unit['code']}]" for unit in units)


def _line(title: str, value: str) -> None:
    click.echo(f"{title}: {value}")


def _spaced(digits: str) -> str:
    """123 456 789 78"""
    return " ".join((digits[:3], digits[3:6], digits[6:9], digits[9:]))
