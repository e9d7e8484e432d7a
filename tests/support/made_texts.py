"""Generated hostile texts: words of addresses in any order and number.

Each of some forty kinds of tokens makes something that the reader looks for, be it a number, a
tower, a code, a telephone number or a mark. A text draws from one, a few or all kinds, joins them
by one, a few or all separators, and may lose its marks, its spaces or its composed letters. The
same seed makes the same texts.
"""

import csv
import random
import string
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Final

from geo import code as codes
from geo import lexicon
from geo.text import fold
from registry.core.settings import ROOT
from registry.ops.demo.names import BUILDINGS, HAMLETS, HIGHWAYS, STREETS

LONGEST: Final = 2_000
"""Characters of a text that an endpoint takes."""

Chance = random.Random


def made_texts(seed: int, times: int, addresses: Sequence[str] = ()) -> Iterator[str]:
    """So many texts, a third of which begin with an address where any are given."""
    chance = Chance(seed)
    for _ in range(times):
        begins = bool(addresses) and chance.random() < 1 / 3
        yield _made_text(chance, chance.choice(addresses) if begins else "")


def _made_text(chance: Chance, begin: str) -> str:
    kinds = chance.sample(list(TOKENS), chance.choice((1, 2, 3, 5, 8, len(TOKENS))))
    separators = chance.sample(SEPARATORS, chance.choice((1, 1, 2, 3, len(SEPARATORS))))
    size = chance.choice((40, 80, 160, 320, 640, 1_280, LONGEST))
    repeated = chance.random() < 0.1
    text, token = begin and begin + chance.choice(separators), ""
    while len(text) < size:
        token = token if repeated and token else TOKENS[chance.choice(kinds)](chance)
        text += token + chance.choice(separators)
    return chance.choice(_DAMAGES)(text, chance)[:LONGEST]


# Tokens


@cache
def _units(level: str) -> list[tuple[str, str]]:
    """Kind and name of all units of a level, current and former."""
    with (ROOT / "registry/seed/unit_versions.csv").open(encoding="utf-8", newline="") as lines:
        return [
            (row["kind"].replace("_", " "), row["name"])
            for row in csv.DictReader(lines)
            if row["level"] == level
        ]


_UNIT_KINDS: Final = {
    "phuong": ("phường", "P.", "p", "F"),
    "xa": ("xã", "X."),
    "thi tran": ("thị trấn", "TT"),
    "dac khu": ("đặc khu",),
    "quan": ("quận", "Q.", "q"),
    "huyen": ("huyện", "H."),
    "thi xa": ("thị xã", "TX."),
    "thanh pho": ("thành phố", "TP", "Tp."),
    "tinh": ("tỉnh", "T."),
}


def _unit(level: str, *, with_kind: bool) -> Callable[[Chance], str]:
    def made(chance: Chance) -> str:
        kind, name = chance.choice(_units(level))
        text = f"{chance.choice(_UNIT_KINDS.get(kind, ('',)))} " if with_kind else ""
        return f"{text}{name}".strip()

    return made


def _number(chance: Chance) -> str:
    return str(chance.choice((chance.randrange(10), chance.randrange(200), chance.randrange(3000))))


def _path(chance: Chance) -> str:
    return "/".join(_lettered(chance) for _ in range(chance.randint(2, 6)))


def _lettered(chance: Chance) -> str:
    return _number(chance) + chance.choice(("", "", "A", "B2", "bis", "Đ", "ter"))


def _behind(*words: str) -> Callable[[Chance], str]:
    """One of the words, and a number or path."""
    return lambda chance: f"{chance.choice(words)} {chance.choice((_number, _path))(chance)}"


def _before(words: tuple[str, ...], names: tuple[str, ...]) -> Callable[[Chance], str]:
    return lambda chance: f"{chance.choice(words)} {chance.choice(names)}"


def _block(chance: Chance) -> str:
    letters = "".join(chance.choices("ABCDHKNST", k=chance.randint(1, 2)))
    return f"{letters}{chance.randrange(30)}{chance.choice(('', 'A', 'B'))}"


def _code(chance: Chance) -> str:
    payload = "".join(chance.choices(codes.ALPHABET, k=7))
    code = payload + codes.calc_check_digit(payload)
    return chance.choice((code, f"{code[:4]}-{code[4:]}", f"{code[:4]} {code[4:]}"))


def _plus_code(chance: Chance) -> str:
    digits = "".join(chance.choices("23456789CFGHJMPQRVWX", k=6))
    return f"{chance.choice(('7PH7', '7P28', '', ''))}{digits[:4]}+{digits[4:]}"


def _point(chance: Chance) -> str:
    lat, lon = chance.uniform(8, 23.5), chance.uniform(102, 110)
    return chance.choice((f"{lat:.6f}, {lon:.6f}", f"{lon:.5f} {lat:.5f}", f"{lat:.4f}°N"))


def _telephone(chance: Chance) -> str:
    digits = "".join(chance.choices(string.digits, k=8))
    return chance.choice(("SĐT 09{}", "09{}", "+849{}", "(024) 3{}")).format(digits)


def _person(chance: Chance) -> str:
    name = " ".join(w.title() for w in chance.choices(_SURNAMES, k=3))
    return chance.choice(("nhà ông {}", "chị {}", "gặp bà {}", "{}")).format(name)


def _word_of_lexicon(chance: Chance) -> str:
    return chance.choice(lexicon.words()).writing


def _letters(chance: Chance) -> str:
    return "".join(chance.choices(string.ascii_letters, k=chance.choice((1, 2, 7, 60))))


_SURNAMES: Final = lexicon.names("surnames")
_NAMED: Final = (
    *BUILDINGS,
    *("Vinhomes Ocean Park", "The Manor", "Goldmark City", "Times City", "Sunrise City View"),
)
_PLACES: Final = ("Phú Mỹ Hưng", "Linh Đàm", "Trung Hòa Nhân Chính", "Văn Phú", *HAMLETS)
_ROADS: Final = tuple(name.removeprefix("Đường ") for name in STREETS)

TOKENS: Final[dict[str, Callable[[Chance], str]]] = {
    "number": _number,
    "path": _path,
    "lettered": _lettered,
    "range": lambda chance: f"{_number(chance)}-{_number(chance)}",
    "house": _behind("số", "số nhà", "SN", "nhà số"),
    "alley": _behind("ngõ", "hẻm", "kiệt", "ngách", "Ng.", "K"),
    "plot": _behind("lô", "LK", "BT", "thửa", "Lô đất số"),
    "milestone": lambda chance: f"Km{_number(chance)}+{_number(chance)}",
    "flat": _behind("căn hộ", "phòng", "P.", "CH", "căn"),
    "floor": _behind("tầng", "lầu", "T"),
    "flat of block": lambda chance: f"{_block(chance)}-{_number(chance)}.{_number(chance)}",
    "block": lambda chance: _block(chance),
    "tower": lambda chance: f"{chance.choice(('toà', 'tòa nhà', 'Block', 'CT'))} {_block(chance)}",
    "building": lambda chance: chance.choice(_NAMED),
    "block of flats": _before(("chung cư", "CC", "nhà chung cư", "tập thể"), _PLACES),
    "storeys": lambda chance: f"Chung cư {chance.randrange(2, 30)} tầng",
    "estate": _before(("KĐT", "khu đô thị", "KDC", "khu dân cư", "khu tập thể", "KCN"), _PLACES),
    "street": _before(("đường", "phố", "Đ.", "P.", "đại lộ"), _ROADS),
    "name of street": lambda chance: chance.choice(_ROADS),
    "folded street": lambda chance: fold(chance.choice(_ROADS)),
    "dated street": lambda chance: f"{chance.randint(1, 31)}/{chance.randint(1, 12)}",
    "numbered street": _behind("đường số", "Đ.", "TX", "HT", "DT"),
    "highway": lambda chance: chance.choice(HIGHWAYS),
    "initials": lambda chance: "".join(w[0].upper() for w in chance.choice(_ROADS).split()),
    "ends of road": lambda chance: f"{chance.choice(_PLACES)} - {chance.choice(_PLACES)}",
    "hamlet": _before(("thôn", "xóm", "ấp", "bản", "buôn", "làng", "khóm"), _PLACES),
    "group": _behind("tổ", "khu phố", "KP", "tổ dân phố", "TDP", "đội", "cụm", "khối"),
    "commune": _unit("commune", with_kind=True),
    "name of commune": _unit("commune", with_kind=False),
    "numbered ward": _behind("P", "F", "phường", "Q.", "quận"),
    "district": _unit("district", with_kind=True),
    "name of district": _unit("district", with_kind=False),
    "province": _unit("province", with_kind=False),
    "short province": lambda chance: chance.choice(("HN", "TPHCM", "SG", "ĐN", "BRVT", "Việt Nam")),
    "code": _code,
    "plus code": _plus_code,
    "point": _point,
    "telephone": _telephone,
    "person": _person,
    "word": _word_of_lexicon,
    "letters": _letters,
    "beside": _before(("gần", "đối diện", "cạnh", "sau"), ("chợ", "UBND xã", "trường học", "cầu")),
    "former": lambda chance: f"(cũ {chance.choice(_PLACES)})",
    "marks": lambda chance: "".join(chance.choices(string.punctuation + "“”–—…°́̀\u200b", k=3)),
    "signs": lambda chance: "".join(chr(chance.randrange(0x20, 0x3000)) for _ in range(4)),
}
SEPARATORS: Final = (
    *(", ", " ", ",", ";", " - ", "-", "/", "\n", ". ", " | ", "(", ") ", "", "  ", ",, ", "\t"),
    *(": ", " – ", "、", "+", " . ", "_", "&"),
)


# What happens to a text


def _as_it_is(text: str, _chance: Chance) -> str:
    return text


def _without_marks(text: str, _chance: Chance) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if sign.isascii())


def _apart(text: str, _chance: Chance) -> str:
    return unicodedata.normalize("NFD", text)


def _run_together(text: str, chance: Chance) -> str:
    return "".join(sign for sign in text if sign != " " or chance.random() < 0.7)


def _with_slips(text: str, chance: Chance) -> str:
    return "".join(
        sign if chance.random() > 0.04 else chance.choice(("", sign * 2, chance.choice("aeghnt")))
        for sign in text
    )


_DAMAGES: Final = (
    *(_as_it_is,) * 4,
    *(_without_marks, _apart, _run_together, _with_slips),
    *(lambda text, _: text.upper(), lambda text, _: text.lower()),
)
