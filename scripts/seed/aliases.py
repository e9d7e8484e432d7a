"""Other names that people write: abbreviations, English names, spellings, former names.

Names that had their own unit on some map are units, not aliases. A name without diacritics is
no alias either: the register folds both sides.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from geo.admin import KIND_NAMES, full_name
from geo.text import transliterate
from scripts.seed import wheels
from scripts.seed.maps import AdminMap, MapUnit
from scripts.seed.names import expand, key, same_writing
from scripts.seed.rows import OPEN, Alias, Identity
from scripts.seed.timeline import Sources, Timeline

_USAGE = "common usage"

# Every unit of these levels that ever bore the name → alias, kind.
_BY_NAME: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("province", "Hà Nội"): (("HN", "abbreviation"), ("Hanoi", "english")),
    ("province", "Hải Phòng"): (("HP", "abbreviation"), ("Haiphong", "english")),
    ("province", "Đà Nẵng"): (("ĐN", "abbreviation"), ("Danang", "english")),
    ("province", "Đồng Nai"): (("ĐN", "abbreviation"),),
    ("province", "Cần Thơ"): (("CT", "abbreviation"),),
    ("province", "Thừa Thiên Huế"): (("TTH", "abbreviation"), ("TT Huế", "abbreviation")),
    ("province", "Bà Rịa - Vũng Tàu"): (
        ("BRVT", "abbreviation"),
        ("BR-VT", "abbreviation"),
        ("Bà Rịa", "name"),
        ("Vũng Tàu", "name"),
    ),
    ("province", "Hồ Chí Minh"): (
        ("HCM", "abbreviation"),
        ("TPHCM", "abbreviation"),
        ("SG", "abbreviation"),
        ("Sài Gòn", "former"),
        ("Ho Chi Minh City", "english"),
        ("HCMC", "english"),
        ("Saigon", "english"),
    ),
    ("province", "Bắc Kạn"): (("Bắc Cạn", "name"),),
    ("province", "Đắk Lắk"): (("Đắc Lắc", "name"), ("Đăk Lăk", "name"), ("Daklak", "english")),
    ("province", "Đắk Nông"): (("Đắc Nông", "name"), ("Đăk Nông", "name")),
    ("province", "Kon Tum"): (("Kontum", "name"),),
    ("district", "Kon Tum"): (("Kontum", "name"),),
    ("commune", "Kon Tum"): (("Kontum", "name"),),
    ("district", "Đà Lạt"): (("Dalat", "english"),),
    ("district", "Buôn Ma Thuột"): (
        ("BMT", "abbreviation"),
        ("Buôn Mê Thuột", "name"),
        ("Ban Mê Thuột", "name"),
    ),
    ("commune", "Buôn Ma Thuột"): (("Buôn Mê Thuột", "name"), ("Ban Mê Thuột", "name")),
    # Wards of a city by the first half of their names.
    ("commune", "Xuân Hương - Đà Lạt"): (("Xuân Hương", "name"),),
    ("commune", "Lâm Viên - Đà Lạt"): (("Lâm Viên", "name"),),
    ("commune", "Cam Ly - Đà Lạt"): (("Cam Ly", "name"),),
    ("commune", "Lang Biang - Đà Lạt"): (("Lang Biang", "name"),),
    ("district", "Phan Rang - Tháp Chàm"): (("Phan Rang", "name"),),
    ("district", "Thủ Dầu Một"): (("Thủ Dầu 1", "name"),),
    ("district", "Quy Nhơn"): (("Qui Nhơn", "name"),),
    ("commune", "Quy Nhơn"): (("Qui Nhơn", "name"),),
    ("district", "Pleiku"): (("Plei Ku", "name"),),
    ("commune", "Pleiku"): (("Plei Ku", "name"),),
}

# Two lists of official codes differ here; the seeds follow the wheels' code.
_OTHER_CODES = {"06970": "06978", "23938": "23737"}

# Districts merged before the earlier map: the wheel has their keys, the spelling is restored
# by hand. District code → former districts.
_MERGED_DISTRICTS = {
    "045": ("Huyện Thông Nông",),
    "047": ("Huyện Trà Lĩnh",),
    "049": ("Huyện Phục Hòa", "Huyện Quảng Uyên"),
    "148": ("Huyện Kỳ Sơn",),
    "193": ("Huyện Hoành Bồ",),
    "407": ("Huyện Tĩnh Gia",),
    "525": ("Huyện Tây Trà",),
    "754": ("Huyện Tân Thành",),
    "769": ("Quận 2", "Quận 9", "Quận Thủ Đức"),
}

_NUMBERED = re.compile(r"(phuong|quan)0*([1-9]\d?)$")
_KINDS = {
    "district": ("quan", "huyen", "thi_xa", "thanh_pho"),
    "commune": ("xa", "phuong", "thi_tran"),
}


def find_aliases(sources: Sources, timeline: Timeline) -> Iterable[Alias]:
    """Return the rows of unit_aliases.csv: each alias of a unit once, none its own name."""
    names: dict[Identity, set[str]] = defaultdict(set)
    for level in ("province", "district", "commune"):
        for identity, states in timeline.lives(level).items():
            for state in states:
                names[identity] |= {state.name, full_name(state.kind, state.name)}
    chosen: dict[tuple[Identity, str], tuple[str, str]] = {}
    for identity, alias, kind, source in _candidates(sources, timeline, names):
        folded = {transliterate(name) for name in names[identity]}
        if alias not in names[identity] and (alias not in folded or kind == "english"):
            chosen.setdefault((identity, alias), (kind, source))
    return [
        Alias(identity.level, identity.code, identity.born, alias, kind, source)
        for (identity, alias), (kind, source) in chosen.items()
    ]


Candidate = tuple[Identity, str, str, str]


def _candidates(
    sources: Sources, timeline: Timeline, names: Mapping[Identity, set[str]]
) -> Iterable[Candidate]:
    for identity, known in names.items():
        for name in sorted(known):
            for alias, kind in _BY_NAME.get((identity.level, name), ()):
                yield identity, alias, kind, _USAGE
    for code, other in _OTHER_CODES.items():
        yield timeline.current_identity("commune", code), other, "code", _USAGE
    for code, districts in _MERGED_DISTRICTS.items():
        for name in districts:
            yield timeline.former_identity("district", code), name, "former", wheels.UNITS.source
    yield from _former_names(sources, timeline)
    yield from _earlier_spellings(sources)
    yield from _later_spellings(sources, timeline)


def _former_names(sources: Sources, timeline: Timeline) -> Iterable[Candidate]:
    """Yield the former names whose spelling is certain: the own name under another kind, and
    numbers. The wheel has keys only, so others cannot be spelled.
    """
    had_units = _names_by_parent(sources.earlier)
    for level, units in (
        ("district", sources.former.districts),
        ("commune", sources.former.communes),
    ):
        for code, unit in units.items():
            for former_key in unit.former_keys:
                alias = _spell(former_key, level, unit)
                if alias and (level, key(alias)) not in had_units[unit.parent]:
                    identity = timeline.former_identity(level, code)
                    yield identity, alias, "former", wheels.UNITS.source


def _spell(former_key: str, level: str, unit: MapUnit) -> str | None:
    for kind in _KINDS[level]:
        if former_key == key(full_name(kind, unit.name)):
            return full_name(kind, unit.name)
    numbered = _NUMBERED.match(former_key)
    return f"{KIND_NAMES[numbered[1]]} {numbered[2]}" if numbered else None


def _names_by_parent(admin_map: AdminMap) -> dict[str, set[tuple[str, str]]]:
    """Return the keys of the units in each district and province, numbers unpadded."""
    names: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for level, units in (("district", admin_map.districts), ("commune", admin_map.communes)):
        for unit in units.values():
            names[unit.parent].add((level, key(full_name(unit.kind, unit.name.lstrip("0")))))
    return names


def _earlier_spellings(sources: Sources) -> Iterable[Candidate]:
    """Yield the earlier list's spelling where the later one has another for the same name."""
    for level, raw, known in (
        ("district", sources.earlier.districts, sources.step.renamed.districts),
        ("commune", sources.earlier.communes, sources.step.renamed.communes),
    ):
        bearers = Counter((unit.parent, unit.name) for unit in raw.values())
        for code, unit in raw.items():
            # The earlier list names two communes of one district Phổng Lăng: a slip.
            is_slip = bearers[unit.parent, unit.name] > 1
            if not is_slip and not same_writing(unit.name, known[code].name):
                kind = "name" if expand(unit.name) == unit.name else "abbreviation"
                yield Identity(level, code, OPEN), unit.name, kind, wheels.EARLIER.source


def _later_spellings(sources: Sources, timeline: Timeline) -> Iterable[Candidate]:
    """Yield the statistics office's spelling of current names where it differs."""
    for code, note in sources.commune_notes.items():
        if not same_writing(note.name, sources.current.communes[code].name):
            identity = timeline.current_identity("commune", code)
            yield identity, note.name, "name", wheels.NOTES.source
