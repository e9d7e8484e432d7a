"""Queries of administrative units: by code, by name, and their successors.

Read-only, from the gazetteer in memory. A day is always explicit; `day_asked` checks a caller's
`as_of`.
"""

import datetime
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from geo.admin import LEVELS, name_key, parse_name
from geo.text import accent_key, has_diacritics
from registry.core.days import parse_day
from registry.core.errors import InvalidInputError, NotFoundError
from registry.core.messages import Message
from registry.core.schemes import SCHEMES
from registry.core.text_work import Work, WorkSpentError, doing
from registry.units.announced import to_be_born
from registry.units.gazetteer import Gazetteer, Unit, today
from registry.units.one_map import doubt
from registry.units.onward import Continuation, continuations
from registry.units.text import Naming, check_text, prefer_day, read_units

LAST_DAY_OF_OLD_MAP: Final = datetime.date(2025, 6, 30)
"""The last day of 63 provinces and of districts (Resolution 202/2025/QH15 and 34 others)."""
FIRST_KNOWN_DAY: Final = datetime.date(2024, 1, 1)
"""Mergers before 2024 are known only as former names (`registry/seed/README.md`)."""

_CODE: Final = re.compile(r"[0-9]{2,3}|[0-9]{5}")
_Fit = tuple[int, int, int, int, str]


@dataclass(frozen=True, slots=True)
class UnitQuery:
    """Filters: a name, code or identifier, a level, a province, a day."""

    day: datetime.date
    q: str | None = None
    level: str | None = None
    province: str | None = None
    limit: int = 50
    offset: int = 0
    identifier: tuple[str, str] | None = None
    """Scheme and value"""


@dataclass(frozen=True, slots=True)
class UnitPage:
    """One page of units, and the total count."""

    total: int
    units: tuple[Unit, ...]


def day_asked(as_of: datetime.date | None) -> datetime.date:
    """Return the day of a request: today by default, or a past day.

    Raises InvalidInputError for a future day and for one before FIRST_KNOWN_DAY: their maps are
    unknown.
    """
    now = today()
    if as_of is not None and as_of < FIRST_KNOWN_DAY:
        raise _too_early("as_of")
    if as_of is not None and as_of > now:
        raise InvalidInputError.of_field(
            "as_of", "day_in_future", Message("day_after_today", day=as_of, now=now)
        )
    return as_of or now


class Wordings(NamedTuple):
    """The requested wordings of an address: today's, that of another day, or both."""

    today: bool = True
    day: datetime.date | None = None


TODAYS_WORDING: Final = Wordings()


def parse_wording(written: str) -> Wordings:
    """Parse `today`, `before:` and a day, or `both`: today's and that before July 2025.

    Raises ValueError for anything else.

    >>> parse_wording("before:2025-07-01") == parse_wording("before:1/7/2025")
    True
    >>> str(parse_wording("both").day), parse_wording("today")
    ('2025-06-30', Wordings(today=True, day=None))
    """
    if written == "both":
        return Wordings(day=LAST_DAY_OF_OLD_MAP)
    before, _, day = written.partition("before:")
    if day and not before:
        return Wordings(False, parse_day(day) - datetime.timedelta(days=1))
    if written != "today":
        raise ValueError("today, both, or before: and a day")
    return TODAYS_WORDING


def label_day(on: datetime.date | None, wordings: Wordings | None = None) -> datetime.date | None:
    """Return the day of the requested labels; labels of a future day use announced changes.

    Raises InvalidInputError for one before FIRST_KNOWN_DAY, and for two days.
    """
    if on is not None and on < FIRST_KNOWN_DAY:
        raise _too_early("on")
    worded = wordings.day if wordings else None
    if worded is not None and worded < FIRST_KNOWN_DAY:
        raise _too_early("wording")
    if on is not None and worded not in (None, on):
        raise InvalidInputError.of_field(
            "wording", "two_days", Message("wording_of_other_day", day=worded, on=on)
        )
    return worded or on


def _too_early(field: str) -> InvalidInputError:
    detail = Message("no_map_before_day", day=FIRST_KNOWN_DAY)
    return InvalidInputError.of_field(field, "day_too_early", detail)


def unit_by_code(gazetteer: Gazetteer, code: str, as_of: datetime.date | None) -> Unit:
    """Return the unit with `code` on that day; without a day today's, or else the last one.

    Raises InvalidInputError for an invalid code, NotFoundError if no unit has it on that day, with
    the days on which one did.
    """
    if not _CODE.fullmatch(code):
        raise InvalidInputError.of_field(
            "code",
            "malformed_unit_code",
            Message("malformed_unit_code"),
        )
    doubt()  # the caller goes on to what is in the unit
    bearers = gazetteer.with_code(code)
    day = day_asked(as_of)
    for unit in bearers:
        if unit.alive_on(day):
            return unit
    if as_of is None and bearers:
        return bearers[0]
    if bearers:
        spans = "; ".join(f"{u.version_on(day).full_name} {_span(u)}" for u in reversed(bearers))
        raise NotFoundError(Message("unit_code_not_on_day", code=code, day=day, spans=spans))
    if coming := to_be_born(gazetteer, code):
        raise NotFoundError(Message("unit_code_not_yet", message=coming[0].message, code=code))
    raise NotFoundError(Message("unit_never_existed", code=code))


def find_units(gazetteer: Gazetteer, query: UnitQuery) -> UnitPage:
    """Find units that exist on the day of the query; with `q` best matches first, else by code.

    `q` is a code, or a name with or without its kind and diacritics. Whole names rank before
    prefixes, and prefixes before parts.
    Raises NotFoundError if `province` is not a province of that day.
    """
    doubt()
    if query.identifier is None:
        units = list(gazetteer.alive(query.day, level=query.level))
    else:
        called = _identified(gazetteer, query.identifier, query.day)
        units = [unit for unit in called if query.level in (None, unit.level)]
    if query.province is not None:
        province = province_on(gazetteer, query.province, query.day)
        units = [u for u in units if u.version_on(query.day).province_id == province.id]
    if query.q is not None:
        rank = _ranking(gazetteer, query.q.strip(), query.day)
        ranked = [(fit, unit) for unit in units if (fit := rank(unit)) is not None]
        ranked.sort(key=lambda pair: pair[0])
        units = [unit for _, unit in ranked]
    page = tuple(units[query.offset : query.offset + query.limit])
    return UnitPage(total=len(units), units=page)


def check_scheme_known(gazetteer: Gazetteer, scheme: str) -> None:
    """Raise InvalidInputError for a scheme in which no unit ever had an id."""
    if all(scheme != known for known, _ in gazetteer.schemes):
        detail = Message("scheme_unknown", scheme=scheme)
        raise InvalidInputError.of_field("scheme", "unknown_scheme", detail)


def _identified(
    gazetteer: Gazetteer, identifier: tuple[str, str], day: datetime.date
) -> list[Unit]:
    scheme, value = identifier
    check_scheme_known(gazetteer, scheme)
    if scheme in SCHEMES:
        with suppress(ValueError):
            value = SCHEMES[scheme].read(value)
    return gazetteer.identified(scheme, value, day)


def found_before(gazetteer: Gazetteer, query: UnitQuery) -> tuple[datetime.date, int] | None:
    """Return the last day of the latest earlier map with units of a query's name or code, and their
    count: for `Quận 3`, which is not on today's map.

    None if the query has neither name nor identifier. Ignores the query's province, since today's
    code may have been another province's.
    """
    if query.q is None and query.identifier is None:
        return None
    ends = {unit.ended for unit in gazetteer.units.values() if unit.ended is not None}
    for end in sorted(ends, reverse=True):
        eve = end - datetime.timedelta(days=1)
        before = replace(query, day=eve, province=None, limit=0, offset=0)
        if end <= query.day and (total := find_units(gazetteer, before).total):
            return before.day, total
    return None


@dataclass(frozen=True, slots=True)
class Conversion:
    """A unit named by an old code or text, and its successors."""

    naming: Naming
    unit: Unit
    to: tuple[Continuation, ...]


def convert_code(
    gazetteer: Gazetteer, code: str, *, written_on: datetime.date, day: datetime.date
) -> Conversion:
    """Return the units of `day` that continue the unit with `code` on the map of `written_on`.

    A code not on that map was merged away before, or is newer.
    Raises the errors of `unit_by_code`.
    """
    known = any(unit.alive_on(written_on) for unit in gazetteer.with_code(code))
    unit = unit_by_code(gazetteer, code, written_on if known else None)
    return _conversion(gazetteer, Naming.of(unit), unit, day)


def convert_text(
    gazetteer: Gazetteer, text: str, *, written_on: datetime.date | None, day: datetime.date
) -> list[Conversion]:
    """Return each equally good reading of `text` with the units of `day` that continue it.

    With `written_on`, only readings of that day's map if there are any. Empty for a text that
    exceeds the work budget of addresses (`registry.core.text_work`).
    Raises the errors of `check_text`.
    """
    check_text(text)
    try:
        with doing(Work()):
            namings = read_units(gazetteer, text)
    except WorkSpentError:
        return []
    if written_on is not None:
        namings = prefer_day(namings, written_on)
    return [_conversion(gazetteer, n, n.innermost, day) for n in namings if n.innermost]


def is_ambiguous(conversions: Iterable[Conversion]) -> bool:
    """Whether the conversions together lead to several units."""
    return len({found.unit.id for conversion in conversions for found in conversion.to}) > 1


def _conversion(gazetteer: Gazetteer, naming: Naming, unit: Unit, day: datetime.date) -> Conversion:
    return Conversion(naming, unit, tuple(continuations(gazetteer, unit, day)))


def picker(gazetteer: Gazetteer, day: datetime.date) -> list[tuple[Unit, list[Unit]]]:
    """Return provinces of `day` with their communes, for the two lists of a shop's form.

    Both are sorted by name without diacritics.
    """

    def by_name(unit: Unit) -> tuple[str, str]:
        return (name_key(unit.version_on(day).name), unit.code)

    communes: dict[int | None, list[Unit]] = defaultdict(list)
    for commune in gazetteer.alive(day, level="commune"):
        communes[commune.version_on(day).province_id].append(commune)
    return [
        (province, sorted(communes[province.id], key=by_name))
        for province in sorted(gazetteer.alive(day, level="province"), key=by_name)
    ]


def province_on(gazetteer: Gazetteer, code: str, day: datetime.date) -> Unit:
    """Return the province with `code` on that day; raises NotFoundError if there is none."""
    for unit in gazetteer.with_code(code):
        if unit.level == "province" and unit.alive_on(day):
            return unit
    raise NotFoundError(Message("province_code_unknown", code=code, day=day))


def _span(unit: Unit) -> str:
    first = f"from {unit.born}" if unit.born else ""
    last = f"until {unit.ended - datetime.timedelta(days=1)}" if unit.ended else ""
    return " ".join(part for part in (first, last) if part) or "always"


def _ranking(
    gazetteer: Gazetteer, wanted: str, day: datetime.date
) -> Callable[[Unit], _Fit | None]:
    """Return a function that ranks how well a unit fits the query, lowest first; None if not."""
    accented = has_diacritics(wanted)
    readings = [(r.key, accent_key(r.name), r.kinds) for r in parse_name(wanted) if r.key]

    def rank(unit: Unit) -> _Fit | None:
        if wanted == unit.code or ("code", wanted) in unit.aliases:
            return (0, 0, 0, 0, unit.code)
        current = unit.version_on(day).name
        fits = [
            (
                closeness,
                # Names of other days match too, ranked after those of the day.
                (0 if name.name == current else 2)
                + (accented and _closeness(accents, name.accents) != closeness),
                LEVELS.index(unit.level),
                len(name.name),
                unit.code,
            )
            for name in gazetteer.names_of(unit)
            for key, accents, kinds in readings
            if not kinds or name.kind is None or name.kind in kinds
            if (closeness := _closeness(key, name.key))
        ]
        return min(fits, default=None)

    return rank


def _closeness(wanted: str, key: str) -> int | None:
    """Return 1 for the whole name, 2 for a prefix, 3 for a prefix of a later word, else None."""
    if key == wanted:
        return 1
    if key.startswith(wanted):
        return 2
    return 3 if f" {wanted}" in key else None
