"""Narrows doors and places by the hamlets, groups and estates that a text names."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from geo.address import Door
from geo.locality import DIVIDING, ESTATES, EXCLUSIVE_KINDS, GROUPS, Locality, as_other_groups
from geo.text import fold
from registry.records.record import Record
from registry.search.find.doors import Hit, Narrowed, Place
from registry.search.find.likeness import Likeness, Name, likeness
from registry.units.vocabulary import Vocabulary

Formerly = Mapping[tuple[int, str], frozenset[str]]
"""(commune, key of a locality) → its former keys among the queried ones."""
_AROUND: Final = EXCLUSIVE_KINDS | {"xóm", ""}
"""Kinds of localities that a group may be in; a name without a kind counts."""


def by_locality(hits: list[Hit], door: Door, formerly: Formerly) -> Narrowed:
    """Return the doors in most of the named localities; doors without one may be there, too."""
    named = {locality.key: locality.kind for locality in door.localities}
    if not named:
        return hits, []
    kept = [
        (hit, _locality_keys(hit.record, formerly))
        for hit in hits
        if not _denies(hit.record, named, formerly)
    ]
    if not kept:
        return [], ["locality_differs"]
    fits = [(door.localities[0].key in keys, len(keys & named.keys())) for _, keys in kept]
    best = max(fits)
    if best[1]:
        fitting = [(hit, keys) for (hit, keys), fit in zip(kept, fits, strict=True) if fit == best]
        fitting = [each for each in fitting if not _is_in_part(each[0].record, named)] or fitting
        faults = [f for hit, keys in fitting for f in _doubts_of_group(hit.record, named, keys)]
        if any(_matches_former_name(hit.record, named, formerly) for hit, _ in fitting):
            faults.append("former_name")
        return [hit for hit, _ in fitting], list(dict.fromkeys(faults))
    groups = {other.key for place in door.localities for other in as_other_groups(place)}
    alike = [hit for hit, keys in kept if not keys.isdisjoint(groups)]
    if alike:
        return alike, ["locality_corrected"]
    unknown = [hit for hit, _ in kept if hit.record.locality_key is None]
    return (unknown, []) if unknown else ([hit for hit, _ in kept], ["locality_differs"])


def _denies(record: Record, named: dict[str, str], formerly: Formerly) -> bool:
    """Whether the record contradicts a named locality.

    A record on a street does so only by another number of the same kind: Ấp 2 for `Ấp 3`.
    """
    keys = _locality_keys(record, formerly)
    if record.street_id is None:
        return lies_elsewhere(record.localities, keys, named) or _is_of_whole(record, named, keys)
    numbered = {fold(kind) for kind, name in record.localities if name.isdigit()}
    return any(
        key not in keys and fold(kind) in numbered and key.rpartition(" ")[2].isdigit()
        for key, kind in named.items()
    )


def _is_of_whole(record: Record, named: Mapping[str, str], keys: Collection[str]) -> bool:
    """Whether a part of the hamlet with its own numbers was named, but the record has no part:
    number 15 of Thôn Cổ Điển is not in its Xóm 4. Groups of neighbours mostly have no own numbers.
    """
    around = {kind for kind, _ in record.localities}
    return (
        bool(around)
        and around.isdisjoint(DIVIDING)
        and any(key not in keys and kind in DIVIDING - GROUPS for key, kind in named.items())
    )


def lies_elsewhere(
    around: Iterable[tuple[str, str]], keys: Collection[str], named: Mapping[str, str]
) -> bool:
    """Whether a place in the localities `around`, (kind, name), with these keys contradicts a named
    one, key → kind: `Khu phố 1` for `Khu phố 2`, or for `Ấp 2`.

    The same name under two kinds is one place, since kinds of quarters change. A name without a
    kind is the locality around a group: `Xóm 1 Ngọc Sơn`.
    """
    around = tuple(around)
    kinds = {kind for kind, _ in around}
    names = {fold(name) for _, name in around}
    parted = not EXCLUSIVE_KINDS.isdisjoint(kinds)
    unnamed = any(fold(f"{kind} {name}") not in named for kind, name in around)
    return any(
        key not in keys
        and (kind in kinds or (parted and kind in EXCLUSIVE_KINDS) or (not kind and unnamed))
        and key.removeprefix(f"{fold(kind)} ") not in names
        for key, kind in named.items()
    )


def _lacks(record: Record, named: Mapping[str, str], keys: Collection[str]) -> bool:
    """Whether a part of the hamlet, or an estate in it, was named that is missing in the record:
    number 5 of Khu phố 9 may be in its Tổ 1, or not.
    """
    names = {fold(name) for kind, name in record.localities if kind in DIVIDING}
    return any(
        key not in keys
        and (kind in DIVIDING or (kind in ESTATES and record.building_key is None))
        and key.removeprefix(f"{fold(kind)} ") not in names
        for key, kind in named.items()
    )


def _doubts_of_group(record: Record, named: Mapping[str, str], keys: Collection[str]) -> list[str]:
    """Return the faults of a door in a group: the named hamlet is not one of those registered
    around it, or none was named. Every village has a Xóm 1.
    """
    if record.street_id is not None or not record.localities:
        return []
    if _lacks(record, named, keys):
        return ["locality_not_found"]
    group, *around = record.localities
    if group[0] not in DIVIDING:
        return ["locality_missing"] if _is_in_part(record, named) else []
    names = {fold(name) for _, name in around}
    outer = [
        key in keys or key.removeprefix(f"{fold(kind)} ") in names
        for key, kind in named.items()
        if kind != group[0] and (kind in _AROUND or key in keys)
    ]
    if not all(outer):
        return ["locality_differs"]
    unnamed = (around and not outer) or _is_in_part(record, named)
    return ["locality_missing"] if unnamed else []


def _is_in_part(record: Record, named: Mapping[str, str]) -> bool:
    """Whether the door is in a part of a hamlet of which only the hamlet was named."""
    if record.street_id is not None or len(record.localities) < 2:
        return False
    return record.localities[0][0] not in named.values()


def doubt_of_marks(
    vocabulary: Vocabulary, named: Iterable[Locality], around: Iterable[tuple[str, str]]
) -> str | None:
    """Return the fault if a locality `around`, (kind, name), has the key of a named one but other
    diacritics: Thôn Hà Đông is not Thôn Hạ Đồng.
    """
    by_key = {fold(f"{kind} {name}"): name for kind, name in around}
    likes = set()
    for place in named:
        if (name := by_key.get(place.key)) is not None:
            # Without the kind, whose diacritics do not matter.
            typed, known = Name(fold(name), place.name), Name(fold(name), name)
            likes.add(likeness(vocabulary, typed, known))
    if Likeness.OTHER in likes:
        return "locality_differs"
    return "locality_corrected" if Likeness.SLIP in likes else None


def _matches_former_name(record: Record, named: dict[str, str], formerly: Formerly) -> bool:
    """Whether its named locality matches only by a former name."""
    if not formerly:
        return False
    today, then = current_keys(record), _locality_keys(record, formerly)
    return any(key in then and key not in today for key in named)


def former_keys(places: Iterable[Place]) -> Formerly:
    """Return the former keys of the localities among these places."""
    found: dict[tuple[int, str], frozenset[str]] = {}
    for place in places:
        if place.class_ == "locality" and place.was is not None:
            at = (place.unit_id, place.key)
            found[at] = found.get(at, frozenset()) | {place.was[0]}
    return found


def current_keys(record: Record) -> set[str]:
    """Return the current keys of the localities around a door."""
    keys = {fold(f"{kind} {name}") for kind, name in record.localities}
    return keys | ({record.locality_key} if record.locality_key else set())


def _locality_keys(record: Record, formerly: Formerly) -> set[str]:
    """Return the current keys of the localities around a door, and their queried former ones."""
    keys = current_keys(record)
    if not formerly:
        return keys
    unit = record.unit_id or 0
    return keys.union(*(formerly.get((unit, key), frozenset()) for key in keys))


def place_lies_elsewhere(place: Place, named: Sequence[Locality], today: dict[str, str]) -> bool:
    """Whether it is in another locality of a named kind: Xóm 2 of Thôn 7, not of Thôn 5.

    `today` maps former keys of named localities to the current ones.
    """
    keys = {place.key, *outer_keys(place)}
    asked = {today.get(one.key, one.key): one.kind for one in named}
    return lies_elsewhere([(kind, name) for kind, name, _ in place.outer], keys, asked)


def is_found_by_name(place: Place, named: Sequence[Locality]) -> bool:
    """Whether it is, or is in, a locality named by more than a number: every commune has a Tổ 7."""
    names = {one.key for one in named if not one.is_numbered}
    return not names.isdisjoint((place.found_by[0], *outer_keys(place)))


def outer_keys(place: Place) -> tuple[str, ...]:
    """Return the keys of the localities around a place, the nearest first."""
    return tuple(key for _, _, key in place.outer)
