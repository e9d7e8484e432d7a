"""Ways in which people write the address of a row of `diachiso demo --csv`, for `bench.accuracy`.

Each takes the row in parts and gives one text, or None where the row cannot be written so. Chance
comes from a generator that the caller seeds.
"""

import datetime
import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from geo.admin import parse_name
from geo.house_number import parse_house_number
from registry.units import LAST_DAY_OF_OLD_MAP
from registry.units.gazetteer import Gazetteer, Unit

_SHORT: Final = (
    ("Thành phố Hồ Chí Minh", "TP.HCM"),
    ("Thành phố Hà Nội", "TP. HN"),
    ("Thành phố ", "TP. "),
    ("Tỉnh ", "T. "),
    ("Thị xã ", "TX. "),
    ("Thị trấn ", "TT. "),
    ("Phường ", "P. "),
    ("Xã ", "X. "),
    ("Quận ", "Q. "),
    ("Huyện ", "H. "),
    ("Đường ", "Đ. "),
    ("Phố ", "P. "),
    ("Tổ dân phố ", "TDP "),
    ("Khu phố ", "KP "),
    ("Chung cư ", "CC "),
    ("Quốc lộ ", "QL"),
)
_LETTERS: Final = "abcdeghiklmnopqrstuvxy"
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_TONES: Final = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}


@dataclass(frozen=True, slots=True)
class Row:
    """One household of the file, and the units it lies in."""

    ref: str
    number: str
    street: str
    locality: str
    building: str
    floor: str
    flat: str
    commune: Unit
    former: Unit | None
    """The commune before July 2025, where the file says it."""
    lon: float
    lat: float


Writer = Callable[[Row, "Map", random.Random], str | None]


@dataclass(frozen=True, slots=True)
class Map:
    """The units' names on a day and on the last day before the reform."""

    gazetteer: Gazetteer
    day: datetime.date

    def today(self, unit: Unit) -> tuple[str, str]:
        """Full names of a commune and of its province."""
        province = self.gazetteer.province_of(unit, self.day)
        assert province is not None
        return unit.version_on(self.day).full_name, province.version_on(self.day).full_name

    def before(self, former: Unit) -> tuple[str, ...]:
        """Full names of a former commune, its district and its province."""
        day = LAST_DAY_OF_OLD_MAP
        if former.ended is not None:
            day = min(day, former.ended - datetime.timedelta(days=1))
        around = (self.gazetteer.district_of(former, day), self.gazetteer.province_of(former, day))
        return tuple(u.version_on(day).full_name for u in (former, *around) if u is not None)

    def is_called_so_today(self, name: str, province: str, *, besides: Unit) -> bool:
        """Whether another commune of this province bears the name, of whatever kind."""
        key = parse_name(name)[0].key
        alive = (hit.unit for hit in self.gazetteer.named(key) if hit.unit.alive_on(self.day))
        communes = (unit for unit in alive if unit.level == "commune" and unit is not besides)
        return any(self.today(unit)[1] == province for unit in communes)

    def any_former(self, row: Row, chance: random.Random) -> Unit | None:
        """The row's former commune, or where the file is silent one that went into its commune."""
        steps = self.gazetteer.predecessors(row.commune)
        communes = [s.predecessor for s in steps if s.predecessor.level == "commune"]
        return row.former or (chance.choice(communes) if communes else None)


def door_parts(row: Row) -> list[str]:
    """What stands before the units, part by part."""
    street = f"{row.number} {row.street}".strip() if row.street else ""
    number = f"Số {row.number}" if row.number and not row.street else ""
    number = number.replace("Số Số", "Số").replace("Số K", "K")
    flat = f"Căn hộ {row.flat}" if row.flat else ""
    floor = f"Tầng {row.floor}" if row.floor else ""
    return [part for part in (flat, floor, row.building, number, street, row.locality) if part]


def full(row: Row, known: Map, _chance: random.Random) -> str:
    """`12/5 Đường Láng, Phường Láng, Thành phố Hà Nội`."""
    return ", ".join((*door_parts(row), *known.today(row.commune)))


def bare(row: Row, known: Map, chance: random.Random) -> str:
    """The same without diacritics."""
    return without_diacritics(full(row, known, chance))


def short(row: Row, known: Map, chance: random.Random) -> str:
    """The same with the usual abbreviations of kinds."""
    written = full(row, known, chance)
    for long, abbreviated in _SHORT:
        written = written.replace(long, abbreviated)
    return written


def typo(row: Row, known: Map, chance: random.Random) -> str | None:
    """The same with one slip in any word of three letters or more."""
    return with_slip(full(row, known, chance), chance)


def typo_in_street(row: Row, known: Map, chance: random.Random) -> str | None:
    """The same with one slip in the street's name, or in the locality's where there is none."""
    name = row.street or row.locality
    slipped = with_slip(name, chance)
    if slipped is None:
        return None
    return full(row, known, chance).replace(name, slipped, 1)


def without_province(row: Row, known: Map, _chance: random.Random) -> str:
    """The same without the province."""
    return ", ".join((*door_parts(row), known.today(row.commune)[0]))


def old_map(row: Row, known: Map, chance: random.Random) -> str | None:
    """With the commune, district and province of before July 2025."""
    former = known.any_former(row, chance)
    return ", ".join((*door_parts(row), *known.before(former))) if former else None


def mixed_maps(row: Row, known: Map, chance: random.Random) -> str | None:
    """The former commune, in the province of today; None where that is what another commune of the
    province is called today: it would be asked for that one.
    """
    former = known.any_former(row, chance)
    if former is None:
        return None
    commune, province = known.before(former)[0], known.today(row.commune)[1]
    if known.is_called_so_today(commune, province, besides=row.commune):
        return None
    return ", ".join((*door_parts(row), commune, province))


def free(row: Row, known: Map, _chance: random.Random) -> str | None:
    """`Số nhà 27C đường Láng phường Láng thành phố Hà Nội`: no comma, kinds in small letters."""
    if row.flat or (row.number and not row.number[0].isdigit()):
        return None
    commune, province = known.today(row.commune)
    number = f"Số nhà {row.number}" if row.number else ""
    street = row.street
    if street and street.split()[0] not in ("Đường", "Phố", "Đại", "Quốc"):
        street = f"đường {street}"
    parts = (number, _small(street), _small(row.locality), _small(commune), _small(province))
    return " ".join(part.replace(",", "") for part in parts if part)


def path_in_words(row: Row, known: Map, chance: random.Random) -> str | None:
    """`số 5A ngách 34 ngõ 12 Đường Láng, …` for `12/34/5A Đường Láng, …`."""
    number = parse_house_number(row.number) if row.number else None
    if number is None or number.alley_only or not 2 <= len(number.parts) <= 3 or not row.street:
        return None
    outer, *middle, door = number.parts
    if not all(part[0].isdigit() and "-" not in part for part in number.parts):
        return None
    words = ("hẻm", "ngách") if chance.random() < 0.3 else ("ngách", "ngõ")
    path = [f"số {door}", *(f"{words[0]} {step}" for step in middle), f"ngõ {outer}"]
    if words[0] == "hẻm":
        path[-1] = f"kiệt {outer}" if middle else f"hẻm {outer}"
    return ", ".join((f"{' '.join(path)} {row.street}", *known.today(row.commune)))


WRITERS: Final[dict[str, Writer]] = {
    "full": full,
    "without diacritics": bare,
    "abbreviated": short,
    "one typo, any word": typo,
    "one typo, street or hamlet": typo_in_street,
    "without province": without_province,
    "old map": old_map,
    "old ward, new province": mixed_maps,
    "free wording": free,
    "path in words": path_in_words,
}


def with_slip(text: str, chance: random.Random) -> str | None:
    """`text` with a letter of one word left out, doubled, exchanged, or two of them swapped."""
    words = list(_WORD.finditer(text))
    if not words:
        return None
    word = chance.choice(words)
    letters = list(word[0])
    at = chance.randrange(1, len(letters))
    kind = chance.randrange(4)
    if kind == 0:
        del letters[at]
    elif kind == 1:
        letters.insert(at, chance.choice(_LETTERS))
    elif kind == 2:
        letters[at] = chance.choice([c for c in _LETTERS if c != letters[at]])
    else:
        letters[at - 1], letters[at] = letters[at], letters[at - 1]
    slipped = "".join(letters)
    if slipped == word[0]:
        return with_slip(text, chance)
    return f"{text[: word.start()]}{slipped}{text[word.end() :]}"


def without_diacritics(text: str) -> str:
    """ASCII letters for Vietnamese ones."""
    marks = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(c for c in marks if not unicodedata.combining(c))


def _small(text: str) -> str:
    """`Phường Láng` as `phường Láng`."""
    for long, _ in _SHORT:
        if text.startswith(long):
            return text[0].lower() + text[1:]
    first, _, rest = text.partition(" ")
    small = first in ("Thôn", "Ấp", "Xóm", "Tổ", "Khối", "Bản", "Buôn", "Đặc")
    return f"{first.lower()} {rest}" if small else text
