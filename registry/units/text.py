"""Which units a text names: the administrative part of an address of any map.

Reads parts between commas; the full grammar of addresses is not needed for it, so a house number
or a street in front is left over and said so.
"""

import datetime
import re
from typing import Final, Self

from geo.admin import parse_name, split_parts
from geo.syllables import is_damaged
from geo.text import has_diacritics
from geo.values import value
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.core.text_work import spend
from registry.units.gazetteer import Gazetteer, Unit, today
from registry.units.near_names import is_parted, lacks_letter, nearly_named
from registry.units.onward import continuations
from registry.units.parts import OF_COMMUNES, Fit, Part, PartReader, kind_fit
from registry.units.readings import Reading, best_readings
from registry.units.remembered import Remembered

MAX_PARTS: Final = 12
MAX_TEXT: Final = 2_000
_MAX_SLIPS: Final = 4
"""Parts at the end of a text among which a misspelt unit is looked for."""
_OF_DISTRICTS: Final = (("huyen",), ("quan",))
"""Kinds that only districts have; a city's name may be its province's."""
_COUNTRY: Final = re.compile(r"(?:vi[eệ]t\s?nam|vn)\b", re.IGNORECASE)


@value(frozen=True, slots=True)
class Naming:
    """One way to read a text: the units named, at most one a level, and what was not read."""

    commune: Unit | None = None
    district: Unit | None = None
    province: Unit | None = None
    unread: tuple[str, ...] = ()
    corrected: bool = False
    """Whether a unit is misspelt."""
    contradicted: bool = False
    """Whether a province is named that holds none of these units."""
    kind_differs: bool = False
    """Whether a unit is written with another kind than it has today: `Xã Nhơn Trạch`."""
    former: Unit | None = None
    """The commune of old that is told beside that of today: `Phường Láng (Phường Láng Hạ cũ)`."""

    @classmethod
    def of(cls, unit: Unit) -> Self:
        """A naming of this unit and no other."""
        return cls(
            unit if unit.level == "commune" else None,
            unit if unit.level == "district" else None,
            unit if unit.level == "province" else None,
        )

    @property
    def innermost(self) -> Unit | None:
        """The smallest unit named."""
        return self.commune or self.district or self.province


# The same communes are named in the same words, by customers of one shop and rows of one delivery.
_read_before: Final = Remembered[str, tuple[Naming, ...]](8_192)
_LONGEST_REMEMBERED: Final = 100


def read_units(gazetteer: Gazetteer, text: str) -> list[Naming]:
    """The best readings of `text`, by code of the innermost unit; empty when it names no unit.

    More than one means that the text fits each equally well, and somebody has to be asked.
    A text without any letter or digit names none, and neither does one that is too long.
    """
    known = _read_before.of(gazetteer)
    found = known.get(text)
    if found is None:
        found = tuple(_read_units(gazetteer, text))
        if len(text) <= _LONGEST_REMEMBERED:
            _read_before.keep(known, text, found)
    return list(found)


def check_text(text: str) -> None:
    """Raises InvalidInputError for a text that names no unit whatever the map, and why."""
    if len(text) > MAX_TEXT:
        raise InvalidInputError.of_field(
            "text", "text_too_long", Message("more_than_characters", most=MAX_TEXT)
        )
    if not _parts_with_words(text):
        raise InvalidInputError.of_field("text", "text_without_word", Message("text_has_no_word"))


def _parts_with_words(text: str) -> list[str]:
    return [part for part in split_parts(text) if any(map(str.isalnum, part))]


def _read_units(gazetteer: Gazetteer, text: str) -> list[Naming]:
    if len(text) > MAX_TEXT:
        return []
    parts = [tidy for part in _parts_with_words(text) if (tidy := _tidy(part))]
    # The administrative part of an address stands at its end.
    reader = PartReader(gazetteer, accented=has_diacritics(text))
    cut = _once([piece for part in parts[-MAX_PARTS:] for piece in reader.cut(part)])
    front = [*parts[:-MAX_PARTS], *(piece.text for piece in cut[:-MAX_PARTS])]
    return _best_namings(gazetteer, front, cut[-MAX_PARTS:])


def _once(parts: list[Part]) -> list[Part]:
    """Without a unit that is named again: with its kind, `TP. Huế, Thành phố Huế`, or a district
    without it behind a commune, `TT D'Ran, Huyện Đơn Dương, Đơn Dương`, as forms append it; nor
    several that are said again in the same order, `Chợ Gạo Tiền Giang, Chợ Gạo, Tiền Giang`.
    """
    parts = _without_echo(parts)
    kept: dict[object, Part] = {}
    named = [parse_name(part.text)[0] for part in parts]
    told = any(one.kinds in OF_COMMUNES and p.hits for one, p in zip(named, parts, strict=True))
    for at, (part, first) in enumerate(zip(parts, named, strict=True)):
        again = any((first.key, kinds) in kept for kinds in _OF_DISTRICTS)
        if told and again and not first.kinds:
            continue
        kept.setdefault((first.key, first.kinds) if first.kinds and part.hits else at, part)
    return list(kept.values())


def _without_echo(parts: list[Part]) -> list[Part]:
    """Without the units at the end that only repeat those before them, two or more of them: of two
    the inner name would else be read as a commune in the district of its name.
    """
    names = [_said(part.text) if part.hits else None for part in parts]
    for length in range(len(parts) // 2, 1, -1):
        end = names[-length:]
        if None not in end and end == names[-2 * length : -length]:
            return parts[:-length]
    return parts


def _best_namings(gazetteer: Gazetteer, front: list[str], parts: list[Part]) -> list[Naming]:
    """The best readings of `parts`, one for each innermost unit, by code."""
    best = best_readings(gazetteer, parts)
    meant = _nearly_read(gazetteer, parts, best)
    if meant != parts:
        better = best_readings(gazetteer, meant)
        if better and len(better[0]) > (len(best[0]) if best else 0):
            parts, best = meant, better
    named = [
        _naming(gazetteer, front, parts, chosen)
        for chosen in sorted(best, key=lambda c: c[0].unit.code)
    ]
    # `Cái Nhum, Vĩnh Long, Vĩnh Long` passes over nothing but what is said again.
    least = min((len(naming.unread) for naming in named), default=0)
    return [naming for naming in named if len(naming.unread) == least]


def _nearly_read(gazetteer: Gazetteer, parts: list[Part], best: list[Reading]) -> list[Part]:
    """`parts` with the units that those naming nothing may mean, one letter being wrong.

    Nothing is called as written, or nothing in the province. Communes only inside of units that are
    named; a name without a kind only where its place in the text says that it is a unit's.
    """
    first = _first_used(parts, best)
    used = {c.part for chosen in best for c in chosen}
    known = any(chosen[0].unit.level == "commune" for chosen in best)
    meant = list(parts)
    for at in range(max(0, len(parts) - _MAX_SLIPS), len(parts)):
        # `Phú Thành, Ninh Bình`: there is one in the country, and none in the province.
        elsewhere = bool(parts[at].hits)
        if elsewhere and known:
            continue
        named = parse_name(parts[at].text)[0]
        bare = at in (first - 1, len(parts) - 1) and not any(map(str.isdigit, named.key))
        found = named.kinds or at != first - 1 or at in used
        told = named.kinds or bare
        if (elsewhere and found) or not (told or is_damaged(parts[at].text)):
            continue
        hits = nearly_named(gazetteer, named, _around(best))
        hits = hits if told else [hit for hit in hits if is_parted(named, hit)]
        if hits and not named.kinds:
            # `Đông Hải, Đông Hà`: no slip for the name that is written beside it.
            written = {parse_name(part.text)[0].key for part in parts}
            hits = [hit for hit in hits if hit.key not in written]
        if elsewhere:
            hits = [hit for hit in hits if lacks_letter(named.name, hit.name)]
        if hits:
            fits = tuple((hit.unit, Fit(kind_fit(named, hit), 0)) for hit in hits)
            whole = all(is_parted(named, hit) for hit in hits)
            meant[at] = Part(parts[at].text, fits, corrected=not whole)
    return meant


def _around(best: list[Reading]) -> set[int]:
    """Ids of the provinces and districts that were read."""
    return {c.unit.id for chosen in best for c in chosen if c.unit.level != "commune"}


def _first_used(parts: list[Part], best: list[Reading]) -> int:
    """Where the first unit stands; behind the parts where none was read."""
    return min((c.part for chosen in best for c in chosen), default=len(parts))


def _tidy(part: str) -> str:
    """`part` without the country before it, and once where it is said twice.

    `Vietnam Hải Hậu`; `Thành phố Vinh Thành phố Vinh`, as a map service writes what it knows alone.
    """
    while match := _COUNTRY.match(part):
        part = part[match.end() :].strip()
    words = part.split()
    half = len(words) // 2
    return " ".join(words[:half]) if half and words[:half] == words[half:] else part


def _naming(gazetteer: Gazetteer, front: list[str], parts: list[Part], chosen: Reading) -> Naming:
    spend(1)
    units = {c.unit.level: c.unit for c in chosen}
    used = {c.part for c in chosen}
    # What is said again is read: `Tiền Châu Phúc Yên, Phúc Yên`, `TP.HCM, Hồ Chí Minh`.
    said = {_said(parts[part].text) for part in used}
    again = {
        at
        for at, part in enumerate(parts)
        if _said(part.text) in said
        or (at > min(used) and any(unit in units.values() for unit, _ in part.hits))
    }
    behind = {at: part for at, part in enumerate(parts) if at > max(used) and at not in again}
    again |= {at for at, part in behind.items() if _of_other_time(gazetteer, part, chosen[0].unit)}
    left = (part.text for at, part in enumerate(parts) if at not in used | again)
    unread = (*front, *left)
    named = (units.get("commune"), units.get("district"), units.get("province"))
    others = [part for at, part in behind.items() if at not in again]
    return Naming(
        *named,
        unread,
        any(parts[c.part].corrected for c in chosen),
        any(map(_names_province, others)),
        any(_kind_differs(parts[c.part].text, c.unit) for c in chosen),
    )


def _said(text: str) -> str:
    """A name without its kind and diacritics."""
    return parse_name(text)[0].key


def _of_other_time(gazetteer: Gazetteer, part: Part, unit: Unit) -> bool:
    """Whether the part names the province of today behind one of before, `Vị Thủy, Hậu Giang, TP.
    Cần Thơ`, or that of before behind today's, `Xã Hàm Thuận Bắc, Lâm Đồng, Tỉnh Bình Thuận`.
    """
    if not _names_province(part):
        return False
    day = today()
    onward = [each.unit for each in continuations(gazetteer, unit, day)]
    holding: set[int | None] = {(gazetteer.province_of(each, day) or each).id for each in onward}
    for step in gazetteer.predecessors(unit):
        holding |= {version.province_id for version in step.predecessor.versions}
    return any(each.id in holding for each, _ in part.hits)


def _names_province(part: Part) -> bool:
    return any(unit.level == "province" and fit.kind >= 0 for unit, fit in part.hits)


def _kind_differs(text: str, unit: Unit) -> bool:
    kinds = parse_name(text)[0].kinds
    return bool(kinds) and unit.ended is None and unit.versions[-1].kind not in kinds


def prefer_day(namings: list[Naming], day: datetime.date) -> list[Naming]:
    """The readings whose innermost unit existed on `day`, or all of them where none did."""
    return [n for n in namings if n.innermost and n.innermost.alive_on(day)] or namings
