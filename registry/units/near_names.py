"""Names of units that no list has: of provinces before 2008, and with one letter wrong."""

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
"""Letters of a name in which one may be wrong; shorter ones are too like each other."""
_MOST_NAMES: Final = 3
"""Names that a misspelt one may mean; more is a guess."""

_STEPS: Final = 5
"""Of the work of a text, for a name compared with all that are near."""

_Index = dict[int | str, list[tuple[str, UnitName]]]
_indexes: Final = Remembered[None, _Index](1)
_initials: Final = Remembered[None, dict[str, dict[int, Unit]]](1)
_numbered: Final = Remembered[None, dict[str, dict[int, Unit]]](1)
_joined: Final = Remembered[None, dict[str, list[UnitName]]](1)


def heirs_of(gazetteer: Gazetteer, key: str, level: str) -> list[Unit]:
    """The units on the land of one that no list knows any more, or of which it is short: Hà Nội for
    the province Hà Tây, Bắc and Nam Từ Liêm for the district Từ Liêm."""
    return [
        hit.unit
        for heir in _meant(level).get(key, ())
        for hit in gazetteer.named(heir)
        if hit.unit.level == level
    ]


@cache
def _meant(level: str) -> dict[str, tuple[str, ...]]:
    known = lexicon.readings(level)
    return {fold(writing): tuple(map(fold, names)) for writing, names in known.items()}


def units_with_initials(gazetteer: Gazetteer, initials: str) -> list[Unit]:
    """Provinces and districts of any map whose names begin so, word by word: `nk` for Ninh Kiều."""
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
    """Communes of any map that bear the name with a number or a letter behind it: Mỹ Đình 1 and 2
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
    """Names that are written in one word: Sa Pa for `sapa`, Ma Đa Guôi for `madaguoi`.

    Empty for what is a word of its own: Toàn is not Tô An.
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
    """Names of units that are one letter away, of the nearest few; empty for many. Those alone that
    have the very letters, where spaces parted them: `Ph ư ớc An`.

    A commune's only inside of the provinces and districts `around`, by their ids; written without
    its kind only where accents are.
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
        # One slip leaves the first two letters or the last two as they are.
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
    """Whether it is that name with spaces inside of its words."""
    if named.key.count(" ") <= name.key.count(" ") or _compact(named.key) != _compact(name.key):
        return False
    typed, known = accent_key(named.name), name.accents
    return not has_diacritics(named.name) or _compact(typed) == _compact(known)


def _other_words_agree(one: str, other: str) -> bool:
    """Whether at most one word differs, accents included: Linh Đàm is no slip for Lĩnh Nam."""
    words, others = one.split(), other.split()
    differing = sum(a != b for a, b in zip(words, others, strict=False))
    return len(words) != len(others) or differing < 2


def lacks_letter(typed: str, name: str) -> bool:
    """Whether a letter was left out or added, diacritics included; another one is another name.

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
    """`phu u xan` and `phu xuan` differ by two swapped letters, wherever the spaces are."""
    return key.replace(" ", "")


def _index(gazetteer: Gazetteer) -> _Index:
    """Compact names: of provinces and districts by level, of communes by what held them."""
    kept = _indexes.of(gazetteer)
    known = kept.get(None)
    if known is None:
        known = defaultdict(list)
        for unit in gazetteer.units.values():
            names = [(_compact(name.key), name) for name in gazetteer.names_of(unit)]
            names = [pair for pair in names if len(pair[0]) >= _SHORTEST_NAME]
            # A Roman number is none of the letters: `Mỹ Đình` is not Mỹ Đình I.
            names = [pair for pair in names if pair[1].name.rpartition(" ")[2] not in ROMAN]
            places = gazetteer.holders(unit) if unit.level == "commune" else (unit.level,)
            for place in places:
                known[place] += names
        _indexes.keep(kept, None, known)
    return known
