"""Whose house it is, inside of an address: `nhà ông Bảy`. Taken out before the address is read.

It stands beside the door in nearly every list that a commune keeps, and would otherwise be read as
a street, a hamlet or a building, and stored.
"""

import re
from typing import Final

from geo.syllables import is_syllable
from geo.text import fold

# Never after a kind of place: Đường Ông Ích Khiêm and Đường Bà Triệu have no such word before. With
# its accents, for `ho chi Minh` is a city; only `nha ong` is known without.
_OWNER: Final = (
    r"(?:(?:nhà|hộ|gđ|gia đình|gặp|chủ|chủ nhà|chủ hộ|phòng|của|lh|liên hệ)\s+"
    r"(?:ông|bà|anh|chị|cô|chú|bác|em|dì|cậu|thầy|mệ)|nha\s+(?:ong|anh|chi|chu))\b"
)
_BESIDE: Final = r"(?:(?:gần|sau|trước|cạnh|bên|sát|đối diện|kế|gan)\s+)?"
# A name goes on to a sign, a number, or the next part of the address.
_END: Final = (
    r"(?=\s*(?:[,;()\[\]/|]|[-–—]\s|\d|$)|\s+(?:thôn|xóm|ấp|bản|buôn|tổ|khu|khối|khóm|đường|phố"
    r"|phường|xã|ngõ|ngách|hẻm|kiệt|số|lô|quận|huyện|tỉnh|tp|thành phố|gần|cạnh|đối diện|sau|đt|sđt"
    r"|thon|xom|ap|duong|phuong|xa|ngo|hem|so)\b)"
)
_PERSON: Final = re.compile(rf"\b{_BESIDE}{_OWNER}[^,;()\[\]\d/|]*?{_END}", re.IGNORECASE)
_CALLED: Final = re.compile(
    r"(?:ông|bà|anh|chị|em|cô|chú|bác|dì|cậu|thầy|mợ|thím|mrs?|ms)\.?(?: \w+){1,3}",
    re.IGNORECASE,
)
_SURNAME_WORDS: Final = """
    nguyen tran le pham hoang huynh phan vu vo dang bui do ho ngo duong li dinh dao doan vuong trinh
    truong lam mai to luu luong thai ta tong quach chau cao ha kieu la ton tang vi tu phung trieu
    dam khuc nghiem quan mac giang bach bang cu hua tieu uong
"""
_SURNAMES: Final = frozenset(_SURNAME_WORDS.split())
"""Folded: nine in ten people bear one of the first fourteen."""


def is_surname(key: str) -> bool:
    """Whether a folded word is a surname, with which names of streets begin."""
    return key in _SURNAMES


_OF_STREETS: Final = frozenset(
    """
    cao ba quat|tran hung dao|phan boi chau|phan chu trinh|phan chau trinh|phan dinh phung
    nguyen tri phuong|nguyen dinh chieu|ly thuong kiet|ly thai to|ly nam de|ly nhan tong
    ly thai tong|ly thanh tong|tran quang khai|tran nhat duat|tran binh trong|tran quoc toan
    tran nhan tong|tran thai tong|tran thanh tong|tran thu do|tran khanh du|tran nguyen han
    tran quy cap|tran cao van|tran dai nghia|le thanh tong|le thanh ton|le quy don|le dai hanh
    le trong tan|dinh tien hoang|dinh bo linh|dinh cong trang|mac dinh chi|ho xuan huong
    ho tung mau|ho bieu chanh|ho chi minh|hoang hoa tham|huynh thuc khang|nguyen binh khiem
    nguyen cong tru|nguyen cu trinh|nguyen gia thieu|nguyen huu canh|nguyen luong bang
    nguyen thi minh khai|nguyen tat thanh|nguyen sinh sac|nguyen thien thuat|nguyen truong to
    luong the vinh|luong dinh cua|ngo thi nham|ngo si lien|ngo gia tu|ngo tat to|ngo duc ke
    ton duc thang|ton that thuyet|ton that tung|pham ngu lao|pham ngoc thach|pham van dong
    phan dang luu|phan huy ich|phan huy chu|phung khac khoan|khuc thua du|mai hac de|mai thuc loan
    mai xuan thuong|to hien thanh|trinh hoai duc|trieu quang phuc|vo nguyen giap|vo van kiet
    vo thi sau|vo van tan|vu trong phung|duong dinh nghe|doan thi diem|dao duy tu|dao duy anh
    chu van an|cu chinh lan|ha huy tap|le hong phong|hoang quoc viet|hoang van thu|truong han sieu
    truong vinh ky|truong cong dinh|bui thi xuan|be van dan|phan dinh giot|nguyen viet xuan
    cao van lau|chau van liem|dang van ngu|giang van minh|ho van hue|hoang thi loan
    hoang van thai|huynh van nghe|le thi hong gam|le thi rieng|le van duyet|le van hien
    le van huu|le van luong|le van mien|le van si|le van tam|le van thiem|le van thinh
    li van phuc|luong van can|luu van lang|mac thi buoi|ngo thi si|ngo van so|nguyen thi dinh
    nguyen thi luu|nguyen thi nho|nguyen thi thap|nguyen van cu|nguyen van huyen|nguyen van linh
    nguyen van nguyen|nguyen van sieu|nguyen van thoai|nguyen van to|nguyen van troi
    pham van bach|pham van nghi|pham van xao|phan van dang|phan van hon|phan van tri
    phan van truong|quach thi trang|tran van can|tran van giap|tran van giau|tran van on
    tran van tra|truong van bang|truong van da|truong van linh|vo van dung|vo van ngan
    """.replace("\n", "|").split("|")
)
"""Of people of history, after whom streets are called in eight provinces and more; with Văn or Thị
in four."""
_BEHIND_DASH: Final = re.compile(
    r"[^\W\d_][.)]?\s+[-–—]\s+((?:[^\W\d_]+\s+){2,3}[^\W\d_]+)\s*(?=[,;(/\d]|[-–—]\s|$)"
)
_STREET_NAMES: Final = frozenset(fold(name) for name in _OF_STREETS if name.strip())
_FULL: Final = (3, 4)
"""Words of a name in full."""
_LED_TO_WORDS: Final = """
    kenh rach cau de bo doc cho truong ben dap dan noi ven hanh khu song suoi cong duong pho ngo hem
    kiet ngach tinh huyen quoc lo nga ba tu cu xa tap the kdc kp dai ap thon xom ban
"""
_LED_TO: Final = frozenset(_LED_TO_WORDS.split())
"""Folded: what may stand before a person's name in that of a street."""
_OWNERS: Final = frozenset(
    {"chủ", "hộ", "CH", "gđ", "của", "vợ", "chồng", "con", "bố", "mẹ", "cha", "nhà", "gặp"}
)
_FORMS: Final = frozenset({"ông", "bà", "anh", "chị", "cô", "chú", "em", "bác", "hộ"})
_HOMES: Final = frozenset({"nhà", "hộ", "gđ"})
_BUILDINGS: Final = frozenset({"toà", "tòa"})
_WORD: Final = re.compile(r"[^\W\d_]+")
# Looked for first, for nearly no address has one, and millions are read.
_SIGNS: Final = (
    "nhà ",
    "hộ ",
    "gđ ",
    "đình ",
    "gặp ",
    "chủ ",
    "phòng ",
    "của ",
    "lh ",
    "hệ ",
    "nha ",
)


def is_of_history(key: str) -> bool:
    """Whether a folded name is that of somebody after whom streets are called."""
    return key in _STREET_NAMES


def without_owner(text: str) -> str:
    """The text without what says whose house it is; the rest is as it was.

    >>> without_owner("12 Láng (nhà ông Bảy), phường Láng"), without_owner("gần nhà chị Hoa thôn 3")
    ('12 Láng (), phường Láng', ' thôn 3')
    >>> without_owner("12 Đường Ông Ích Khiêm"), without_owner("Ho Chi Minh")
    ('12 Đường Ông Ích Khiêm', 'Ho Chi Minh')
    """
    lower = text.lower()
    return _PERSON.sub("", text) if any(map(lower.__contains__, _SIGNS)) else text


def is_full_name(text: str) -> bool:
    """Whether a cell holds nothing but what a person is called in full: by surname, Văn or Thị, and
    a name, but for those of history.

    >>> is_full_name("Trần Thị Mai"), is_full_name("NGUYỄN VĂN BÌNH"), is_full_name("Võ Thị Sáu")
    (True, True, False)
    >>> is_full_name("Toà Trần Thị Mai"), is_full_name("Hàng Khoai"), is_full_name("Văn Thị")
    (False, False, False)
    """
    key = fold(text)
    words = key.split()
    full = len(words) in _FULL and words[0] in _SURNAMES and words[1] in ("van", "thi")
    return full and all(map(str.isalpha, words)) and key not in _STREET_NAMES


def goes_on_to_person(street: str) -> bool:
    """Whether the name of a street ends in somebody's: `Láng Trần Thị Mai`, `Láng hộ Nguyễn Nam`.

    >>> names = ("Láng Trần Thị Mai", "Láng/Nguyễn Văn Nam", "Láng chủ hộ Nam", "Láng nhà Hoa")
    >>> [goes_on_to_person(name) for name in names]
    [True, True, True, True]
    >>> names = ("Nguyễn Văn Nam", "Kênh Nguyễn Văn Nam", "Láng Võ Thị Sáu", "Bà Mẹ Việt Nam")
    >>> [goes_on_to_person(name) for name in names]
    [False, False, False, False]
    """
    words = street.replace("/", " ").split()
    if "-" in words:
        return False  # a road by its ends: see `person_behind`
    return bool(words) and mentions_person(street) and not is_full_name(street)


def mentions_person(text: str) -> bool:
    """Whether a text names somebody anywhere: by surname, Văn or Thị and a name, or as people are
    spoken of, `nhà Hoa`, `anh Hùng`, `gđ Lý Thông`.

    >>> texts = ("cạnh Nguyễn Thị Lan", "gần nhà Trần Tèo", "Láng Hạ anh Hùng", "Nhà chị Hoa")
    >>> [mentions_person(text) for text in texts]
    [True, True, True, True]
    >>> texts = ("gần chợ Nguyễn Văn Nam", "sau Nhà thờ", "Việt Nam Anh Hùng", "cạnh Võ Thị Sáu")
    >>> [mentions_person(text) for text in texts]
    [False, False, False, False]
    """
    words = _WORD.findall(text)
    # The longer name first: Nguyễn Thị Minh Khai is not Nguyễn Thị Minh.
    for size in reversed(_FULL):
        for at in range(len(words) - size + 1):
            named = words[at : at + size]
            if fold(" ".join(named)) in _STREET_NAMES:
                rest = (words[:at], words[at + size :])
                return any(mentions_person(" ".join(each)) for each in rest)
            led_to = at > 0 and fold(words[at - 1]) in _LED_TO
            if not led_to and is_full_name(" ".join(named)):
                return True
    return any(
        (word in _FORMS and after[0].isupper() and len(after) > 1 and fold(before) not in _LED_TO)
        or (
            word in _OWNERS
            and (after in _FORMS or (after[0].isupper() and len(after) > 1))
            and before.lower() not in _BUILDINGS
        )
        or (word.lower() in _HOMES and after.lower() in _FORMS)
        for before, word, after in zip(["", *words], words, words[1:], strict=False)
    )


def may_be_name(text: str) -> bool:
    """Whether a cell may hold nothing but what a person is called: `chị Hoa`, or three or four
    words of Vietnamese behind a surname, but for those of history. Buildings have such names, too.

    >>> [may_be_name(text) for text in ("chị Hoa", "Ông Bảy", "bà 5", "Lê Mai Hoa", "Trần Thị Mai")]
    [True, True, True, True, True]
    >>> [may_be_name(text) for text in ("Lê Thành", "Hà Đô Park", "Võ Thị Sáu", "Toà Lê Mai Hoa")]
    [False, False, False, False]
    """
    if _CALLED.fullmatch(text):
        return True
    key = fold(text)
    words = key.split()
    full = len(words) in _FULL and words[0] in _SURNAMES and key not in _STREET_NAMES
    return full and all(map(is_syllable, words))


def person_behind(text: str) -> str | None:
    """What stands behind a name and a dash as people are called; None for none.

    Roads have the names of their two ends, which nearly never are three words behind a surname.

    >>> person_behind("92 An Dương Vương - Phạm Thanh Hoa, khóm 3"), person_behind("Láng - Hòa Lạc")
    ('Phạm Thanh Hoa', None)
    >>> person_behind("Lê Lợi - Trần Phú"), person_behind("Tân Hội - Mỹ Hạnh Đông")
    (None, None)
    >>> person_behind("Cầu Lùng - Cao Bá Quát"), person_behind("Nguyễn Huệ - Trần Hưng Đạo")
    (None, None)
    """
    for found in _BEHIND_DASH.finditer(text):
        named = fold(found[1])
        if named.split()[0] in _SURNAMES and named not in _STREET_NAMES:
            return found[1]
    return None
