"""The reform of 1 July 2025: which unit went into which, and which were left alone."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from scripts.seed import wheels
from scripts.seed.maps import AdminMap
from scripts.seed.wheels import WheelFolder

_CONVERTER = "vietnamadminunits/data/converter_2025.json"

# (old commune, new commune) → the note that says so. The converter gives the town of Thủ Thừa
# two successors, but the note of Nhựt Tảo lists its parts and Thủ Thừa is not among them; it
# leaves out that a part of Văn Khê went to Ô Diên.
NOT_SUCCEEDED = {("28036", "28087"): "1682/NQ-UBTVQH15"}
ALSO_SUCCEEDED = {("09013", "09817"): "1656/NQ-UBTVQH15"}

Pairs = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Reform:
    """Successors of 1 July 2025 by old code; `kept` are those that lived on."""

    provinces: Pairs
    communes: Pairs
    island_districts: Pairs
    kept_provinces: frozenset[str]
    kept_communes: frozenset[str]


class _Keys:
    """The converter names units by joined keys; this finds their codes."""

    def __init__(self, former: AdminMap, current: AdminMap) -> None:
        new_provinces = {code: unit.key for code, unit in current.provinces.items()}
        self.new = {
            (new_provinces[unit.parent], unit.key): code for code, unit in current.communes.items()
        }
        self.old: dict[str, str] = {}
        self.island: dict[str, str] = {}
        populated = set()
        prefix = {}
        for code, district in former.districts.items():
            prefix[code] = f"{former.provinces[district.parent].key}_{district.key}_"
        for code, unit in former.communes.items():
            populated.add(unit.parent)
            self.old[prefix[unit.parent] + unit.key] = code
        # Five island districts had no communes: their key ends with an empty commune.
        self.island = {prefix[code]: code for code in former.districts if code not in populated}


def _drop_namesakes(
    pairs: dict[str, dict[str, bool]], former: AdminMap, current: AdminMap
) -> dict[str, dict[str, bool]]:
    """Drop the candidates that a commune owes to a namesake elsewhere in the merged province.

    The converter joined parts by name within the new province, so Phường 4 of Tây Ninh and
    Phường 4 of Tân An each got both successors. A candidate that is not the converter's own
    first choice is dropped when its other parts lie around the namesake and not around here.
    """
    home = _Homes(pairs, former)
    namesakes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for old, candidates in pairs.items():
        for new in candidates:
            namesakes[current.communes[new].parent, former.communes[old].key].add(old)

    def belongs(old: str, new: str) -> bool:
        others = namesakes[current.communes[new].parent, former.communes[old].key] - {old}
        return not any(home.is_nearer(new, other, old) for other in others)

    return {
        old: {new: first for new, first in candidates.items() if first or belongs(old, new)}
        for old, candidates in pairs.items()
    }


class _Homes:
    """The old districts and provinces that each new commune surely took parts from."""

    def __init__(self, pairs: dict[str, dict[str, bool]], former: AdminMap) -> None:
        self._former = former
        self._districts: dict[str, set[str]] = defaultdict(set)
        self._provinces: dict[str, set[str]] = defaultdict(set)
        for old, candidates in pairs.items():
            for new, first_choice in candidates.items():
                if first_choice:
                    self._districts[new].add(self._district(old))
                    self._provinces[new].add(self._province(old))

    def _district(self, old: str) -> str:
        return self._former.communes[old].parent

    def _province(self, old: str) -> str:
        return self._former.districts[self._district(old)].parent

    def is_nearer(self, new: str, one: str, other: str) -> bool:
        """Tell whether `new` lies around old commune `one` and not around `other`."""
        districts, provinces = self._districts[new], self._provinces[new]
        if self._district(other) in districts:
            return False
        by_district = self._district(one) in districts
        by_province = self._province(one) in provinces and self._province(other) not in provinces
        return by_district or by_province


def read_reform(folder: WheelFolder, former: AdminMap, current: AdminMap) -> Reform:
    """Return who succeeded whom on 1 July 2025."""
    converter = folder.read_json(wheels.UNITS, _CONVERTER)
    keys = _Keys(former, current)
    pairs: dict[str, dict[str, bool]] = defaultdict(dict)
    islands: dict[str, tuple[str, ...]] = {}
    for province, communes in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for new_key, old_keys in communes.items():
            new = keys.new[province, new_key]
            for old_key in old_keys:
                if old_key in keys.island:
                    islands[keys.island[old_key]] = (new,)
                else:
                    pairs[keys.old[old_key]][new] = True
    for province, communes in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for old_key, candidates in communes.items():
            for candidate in candidates:
                new = keys.new[province, candidate["newWardKey"]]
                pairs[keys.old[old_key]][new] = candidate["isDefaultNewWard"]
    pairs = _drop_namesakes(pairs, former, current)
    for old, new in NOT_SUCCEEDED:
        del pairs[old][new]
    for old, new in ALSO_SUCCEEDED:
        pairs[old][new] = False
    communes = {old: tuple(sorted(candidates)) for old, candidates in pairs.items()}
    provinces = _provinces(converter["DICT_PROVINCE"], former, current)
    return Reform(provinces, communes, islands, _kept(provinces), _kept(communes, islands))


def _provinces(merged: dict[str, list[str]], former: AdminMap, current: AdminMap) -> Pairs:
    old_codes = {unit.key: code for code, unit in former.provinces.items()}
    new_codes = {unit.key: code for code, unit in current.provinces.items()}
    return {
        old_codes[old]: (new_codes[new],) for new, old_keys in merged.items() for old in old_keys
    }


def _kept(pairs: Pairs, also: Pairs | None = None) -> frozenset[str]:
    """Return the codes whose unit went whole, alone and under the same code.

    A unit that changed its code is a new identity: an identity has one code.
    """
    arrivals = Counter(new for successors in pairs.values() for new in successors)
    arrivals.update(new for successors in (also or {}).values() for new in successors)
    return frozenset(
        old for old, successors in pairs.items() if successors == (old,) and arrivals[old] == 1
    )
