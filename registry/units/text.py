"""Find the units that a text names: the administrative part of an address of any map.

Reads parts between commas without the full grammar of addresses, so a house number or a street in
front is returned as unread.
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
"""Parts at the end of a text that are searched for misspelt units."""
_OF_DISTRICTS: Final = (("huyen",), ("quan",))
"""Kinds of districts only; a city's name may be its province's."""
_COUNTRY: Final = re.compile(r"(?:vi[eệ]t\s?nam|vn)\b", re.IGNORECASE)


@value(frozen=True, slots=True)
class Naming:
    """One reading of a text: the named units, at most one per level, and the unread parts."""

    commune: Unit | None = None
    district: Unit | None = None
    province: Unit | None = None
    unread: tuple[str, ...] = ()
    corrected: bool = False
    """Whether a unit is misspelt."""
    contradicted: bool = False
    """Whether a named province contains none of these units."""
    kind_differs: bool = False
    """Whether a unit is written with a kind other than today's: `Xã Nhơn Trạch`."""
    former: Unit | None = None
    """The former commune given beside today's: `Phường Láng (Phường Láng Hạ cũ)`."""

    @classmethod
    def of(cls, unit: Unit) -> Self:
        """Return a naming of this unit alone."""
        return cls(
            unit if unit.level == "commune" else None,
            unit if unit.level == "district" else None,
            unit if unit.level == "province" else None,
        )

    @property
    def innermost(self) -> Unit | None:
        """The smallest unit named."""
        return self.commune or self.district or self.province


# Customers of one shop and rows of one delivery name the same communes in the same words.
_read_before: Final = Remembered[str, tuple[Naming, ...]](8_192)
_LONGEST_REMEMBERED: Final = 100


def read_units(gazetteer: Gazetteer, text: str) -> list[Naming]:
    """Return the best readings of `text`, by code of the innermost unit; empty if it names no unit.

    Several readings fit the text equally well; it is ambiguous. A text without any letter or digit
    names no unit, nor does one that is too long.
    """
    known = _read_before.of(gazetteer)
    found = known.get(text)
    if found is None:
        found = tuple(_read_units(gazetteer, text))
        if len(text) <= _LONGEST_REMEMBERED:
            _read_before.keep(known, text, found)
    return list(found)


def check_text(text: str) -> None:
    """Raise InvalidInputError, with the reason, for a text that cannot name a unit on any map."""
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
    # The administrative part of an address is at its end.
    reader = PartReader(gazetteer, accented=has_diacritics(text))
    cut = _without_repeats([piece for part in parts[-MAX_PARTS:] for piece in reader.cut(part)])
    front = [*parts[:-MAX_PARTS], *(piece.text for piece in cut[:-MAX_PARTS])]
    return _best_namings(gazetteer, front, cut[-MAX_PARTS:])


def _without_repeats(parts: list[Part]) -> list[Part]:
    """Drop repeated units: with the kind, `TP. Huế, Thành phố Huế`, or a district without it after
    a commune, `TT D'Ran, Huyện Đơn Dương, Đơn Dương`, as forms append it; also several repeated in
    the same order, `Chợ Gạo Tiền Giang, Chợ Gạo, Tiền Giang`.
    """
    parts = _without_echo(parts)
    kept: dict[object, Part] = {}
    named = [parse_name(part.text)[0] for part in parts]
    is_commune = any(
        one.kinds in OF_COMMUNES and p.hits for one, p in zip(named, parts, strict=True)
    )
    for at, (part, first) in enumerate(zip(parts, named, strict=True)):
        again = any((first.key, kinds) in kept for kinds in _OF_DISTRICTS)
        if is_commune and again and not first.kinds:
            continue
        kept.setdefault((first.key, first.kinds) if first.kinds and part.hits else at, part)
    return list(kept.values())


def _without_echo(parts: list[Part]) -> list[Part]:
    """Drop two or more units at the end that repeat those before them: otherwise the inner one
    would be read as a commune in the district of its name.
    """
    names = [_bare_name(part.text) if part.hits else None for part in parts]
    for length in range(len(parts) // 2, 1, -1):
        end = names[-length:]
        if None not in end and end == names[-2 * length : -length]:
            return parts[:-length]
    return parts


def _best_namings(gazetteer: Gazetteer, front: list[str], parts: list[Part]) -> list[Naming]:
    """Return the best readings of `parts`, one for each innermost unit, by code."""
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
    # `Cái Nhum, Vĩnh Long, Vĩnh Long` leaves only repetitions unread.
    least = min((len(naming.unread) for naming in named), default=0)
    return [naming for naming in named if len(naming.unread) == least]


def _nearly_read(gazetteer: Gazetteer, parts: list[Part], best: list[Reading]) -> list[Part]:
    """Return `parts` with the units that unmatched parts may mean with one letter wrong.

    For parts that match no name, or none in the province. Communes only inside of named units; a
    name without a kind only if its position in the text indicates a unit.
    """
    first = _first_used(parts, best)
    used = {c.part for chosen in best for c in chosen}
    known = any(chosen[0].unit.level == "commune" for chosen in best)
    meant = list(parts)
    for at in range(max(0, len(parts) - _MAX_SLIPS), len(parts)):
        # `Phú Thành, Ninh Bình`: the name exists in the country, but not in the province.
        elsewhere = bool(parts[at].hits)
        if elsewhere and known:
            continue
        named = parse_name(parts[at].text)[0]
        bare = at in (first - 1, len(parts) - 1) and not any(map(str.isdigit, named.key))
        found = named.kinds or at != first - 1 or at in used
        is_kind_known = named.kinds or bare
        if (elsewhere and found) or not (is_kind_known or is_damaged(parts[at].text)):
            continue
        hits = nearly_named(gazetteer, named, _around(best))
        hits = hits if is_kind_known else [hit for hit in hits if is_parted(named, hit)]
        if hits and not named.kinds:
            # `Đông Hải, Đông Hà`: not a slip of the neighbouring name.
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
    """Return ids of the provinces and districts that were read."""
    return {c.unit.id for chosen in best for c in chosen if c.unit.level != "commune"}


def _first_used(parts: list[Part], best: list[Reading]) -> int:
    """Return the index of the first unit, or the number of parts if none was read."""
    return min((c.part for chosen in best for c in chosen), default=len(parts))


def _tidy(part: str) -> str:
    """Strip a leading country from `part`, and a repetition of itself.

    `Vietnam Hải Hậu`; `Thành phố Vinh Thành phố Vinh`, as a map service writes.
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
    # Repetitions count as read: `Tiền Châu Phúc Yên, Phúc Yên`, `TP.HCM, Hồ Chí Minh`.
    read_names = {_bare_name(parts[part].text) for part in used}
    again = {
        at
        for at, part in enumerate(parts)
        if _bare_name(part.text) in read_names
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


def _bare_name(text: str) -> str:
    """Return a name without its kind and diacritics."""
    return parse_name(text)[0].key


def _of_other_time(gazetteer: Gazetteer, part: Part, unit: Unit) -> bool:
    """Whether the part names today's province after the former one, `Vị Thủy, Hậu Giang, TP. Cần
    Thơ`, or the former one after today's, `Xã Hàm Thuận Bắc, Lâm Đồng, Tỉnh Bình Thuận`.
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
    """Return the readings whose innermost unit existed on `day`, or all if none did."""
    return [n for n in namings if n.innermost and n.innermost.alive_on(day)] or namings
