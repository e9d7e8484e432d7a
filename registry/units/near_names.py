"""Names missing from the gazetteer: of provinces before 2008, and with one letter wrong."""

from collections import defaultdict
from collections.abc import Collection
from functools import cache
from itertools import chain
from typing import Final

from geo import lexicon
from geo.admin import KIND_LEVELS, LEVELS, NamedPart
from geo.syllables import is_syllable
from geo.text import accent_key, fold, has_diacritics, is_one_slip
from geo.words import ROMAN
from registry.core.text_work import spend
from registry.units.gazetteer import Gazetteer, Unit, UnitName
from registry.units.remembered import Remembered

_SHORTEST_NAME: Final = 5
"""Letters of the shortest name with one letter wrong; shorter names are too similar."""
_MOST_NAMES: Final = 3
"""Names that a misspelt one may mean; with more it would be a guess."""

_STEPS: Final = 5
"""Steps of a text's work budget for comparing a name with all similar ones."""

_Index = dict[int | str, list[tuple[str, UnitName]]]
_indexes: Final = Remembered[None, _Index](1)
_initials: Final = Remembered[None, dict[str, dict[int, Unit]]](1)
_numbered: Final = Remembered[None, dict[str, dict[int, Unit]]](1)
_joined: Final = Remembered[None, dict[str, list[UnitName]]](1)


def units_on_land_of(gazetteer: Gazetteer, key: str, level: str) -> list[Unit]:
    """Return the units on the land of one not in the gazetteer, or named in short: Hà Nội for the
    province Hà Tây, Bắc and Nam Từ Liêm for the district Từ Liêm."""
    return [
        hit.unit
        for heir in _names_of_former(level).get(key, ())
        for hit in gazetteer.named(heir)
        if hit.unit.level == level
    ]


@cache
def _names_of_former(level: str) -> dict[str, tuple[str, ...]]:
    known = lexicon.readings(level)
    return {fold(writing): tuple(map(fold, names)) for writing, names in known.items()}


def units_with_initials(gazetteer: Gazetteer, initials: str) -> list[Unit]:
    """Return provinces and districts of any map with these initials: `nk` for Ninh Kiều."""
    kept = _initials.of(gazetteer)
    known = kept.get(None)
    if known is None:
        known = defaultdict(dict)
        for unit in gazetteer.units.values():
            for version in unit.versions if unit.level != "commune" else ():
                letters = "".join(word[0] for word in fold(version.name).split())
                known[letters].setdefault(unit.id, unit)
        _initials.keep(kept, None, known)
    return list(known.get(initials, {}).values())


def communes_numbered(gazetteer: Gazetteer, key: str) -> list[Unit]:
    """Return communes of any map with this name and a number or letter after it: Mỹ Đình 1 and 2
    for `my dinh`."""
    kept = _numbered.of(gazetteer)
    known = kept.get(None)
    if known is None:
        known = defaultdict(dict)
        for unit in gazetteer.units.values():
            for name in gazetteer.names_of(unit) if unit.level == "commune" else ():
                head, _, last = name.key.rpartition(" ")
                if " " in head and (last.isdigit() or len(last) == 1):
                    known[head].setdefault(unit.id, unit)
        _numbered.keep(kept, None, known)
    return list(known.get(key, {}).values())


def names_in_one_word(gazetteer: Gazetteer, key: str) -> list[UnitName]:
    """Return names written as one word: Sa Pa for `sapa`, Ma Đa Guôi for `madaguoi`.

    Empty for a word in its own right: Toàn is not Tô An.
    """
    if " " in key or not key.isalpha() or is_syllable(key):
        return []
    kept = _joined.of(gazetteer)
    known = kept.get(None)
    if known is None:
        known = defaultdict(list)
        for unit in gazetteer.units.values():
            for name in gazetteer.names_of(unit):
                known[_compact(name.key)].append(name)
        _joined.keep(kept, None, known)
    return known.get(key, [])


def nearly_named(gazetteer: Gazetteer, named: NamedPart, around: Collection[int]) -> list[UnitName]:
    """Return the nearest names of units that are one letter away; empty if there are many. Only
    exact matches of the letters if spaces split the words: `Ph ư ớc An`.

    Communes match only inside of the provinces and districts `around`, by id; without their kind
    only in a text with accents.
    """
    wanted = _compact(named.key)
    accented = has_diacritics(named.name)
    if len(wanted) < _SHORTEST_NAME - 1:
        return []
    levels = {level for kind in named.kinds for level in KIND_LEVELS[kind]} or set(LEVELS)
    index = _index(gazetteer)
    spend(_STEPS)
    groups = [index.get(level, []) for level in levels if level != "commune"]
    if "commune" in levels and (named.kinds or accented):
        groups += [index.get(holder, []) for holder in around]
    found: dict[str, dict[int, UnitName]] = defaultdict(dict)
    for key, name in chain.from_iterable(groups):
        # One slip leaves the first two letters or the last two unchanged.
        if key[:2] != wanted[:2] and key[-2:] != wanted[-2:]:
            continue
        if not is_one_slip(wanted, key) and not is_parted(named, name):
            continue
        if _digits(wanted) != _digits(key):
            continue
        if not accented or _other_words_agree(accent_key(named.name), name.accents):
            found[key].setdefault(name.unit.id, name)
    if wanted in found:
        return list(found[wanted].values())
    if len(found) > _MOST_NAMES:
        return []
    return [name for names in found.values() for name in names.values()]


def is_parted(named: NamedPart, name: UnitName) -> bool:
    """Whether it is this name with spaces inside its words."""
    if named.key.count(" ") <= name.key.count(" ") or _compact(named.key) != _compact(name.key):
        return False
    typed, known = accent_key(named.name), name.accents
    return not has_diacritics(named.name) or _compact(typed) == _compact(known)


def _other_words_agree(one: str, other: str) -> bool:
    """Whether at most one word differs, including accents: Linh Đàm is not a slip of Lĩnh Nam."""
    words, others = one.split(), other.split()
    differing = sum(a != b for a, b in zip(words, others, strict=False))
    return len(words) != len(others) or differing < 2


def lacks_letter(typed: str, name: str) -> bool:
    """Whether a letter was omitted or added, including diacritics; a replaced one is another name.

    >>> lacks_letter("Phú Thành", "Phúc Thành"), lacks_letter("Phú Hòa", "Phú Hồ")
    (True, False)
    """
    one, other = _compact(accent_key(typed)), _compact(accent_key(name))
    if not has_diacritics(typed):
        one, other = _compact(fold(typed)), _compact(fold(name))
    return len(one) != len(other) and _digits(one) == _digits(other) and is_one_slip(one, other)


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _compact(key: str) -> str:
    """Remove the spaces: `phu u xan` and `phu xuan` then differ by two swapped letters."""
    return key.replace(" ", "")


def _index(gazetteer: Gazetteer) -> _Index:
    """Index compact names: provinces and districts by level, communes by the units around them."""
    kept = _indexes.of(gazetteer)
    known = kept.get(None)
    if known is None:
        known = defaultdict(list)
        for unit in gazetteer.units.values():
            names = [(_compact(name.key), name) for name in gazetteer.names_of(unit)]
            names = [pair for pair in names if len(pair[0]) >= _SHORTEST_NAME]
            # A Roman number is not a missing letter: `Mỹ Đình` is not Mỹ Đình I.
            names = [pair for pair in names if pair[1].name.rpartition(" ")[2] not in ROMAN]
            places = gazetteer.holders(unit) if unit.level == "commune" else (unit.level,)
            for place in places:
                known[place] += names
        _indexes.keep(kept, None, known)
    return known
