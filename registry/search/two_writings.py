"""Names of streets that are written in two ways for one person, from general knowledge.

Who types the one may stand in a street that is registered as the other. A town may also have both,
and Tôn for Tông is so often the other one that it is left out.
"""

from typing import Final

from geo.text import accent_key, fold, has_diacritics

_GROUPS: Final = """
    Phan Chu Trinh = Phan Châu Trinh
    Châu Văn Liêm = Chu Văn Liêm
    Ngô Thì Nhậm = Ngô Thời Nhậm = Ngô Thời Nhiệm = Ngô Thì Nhiệm
    Ngô Thì Sĩ = Ngô Thời Sĩ
    Minh Mạng = Minh Mệnh
    Vũ Văn Dũng = Võ Văn Dũng
    Nguyễn Phúc Nguyên = Nguyễn Phước Nguyên
    Nguyễn Phúc Chu = Nguyễn Phước Chu
    Nguyễn Phúc Tần = Nguyễn Phước Tần
    Nguyễn Phúc Khoát = Nguyễn Phước Khoát
    Trần Khát Chân = Trần Khắc Chân
    Trần Tế Xương = Trần Kế Xương
    Trương Định = Trương Công Định
    Huyền Trân Công Chúa = Công Chúa Huyền Trân = Huyền Trân
    Võ Nguyên Giáp = Đại tướng Võ Nguyên Giáp
    Yersin = Bác sĩ Yersin
    Ỷ Lan = Nguyên Phi Ỷ Lan
    Sư Vạn Hạnh = Vạn Hạnh
"""
_NAMES: Final = [
    [name.strip() for name in group.split("=")] for group in _GROUPS.strip().splitlines()
]
_GROUP_OF: Final = {fold(name): names for names in _NAMES for name in names}


def other_writings(name: str) -> list[str]:
    """The other names of the one that is written so, with its marks or without any.

    >>> other_writings("Phan Châu Trinh"), other_writings("ngo thoi nhiem")[0]
    (['Phan Chu Trinh'], 'Ngô Thì Nhậm')
    >>> other_writings("Văn Hạnh"), other_writings("Lê Lợi")
    ([], [])
    """
    names = _GROUP_OF.get(fold(name), [])
    own = [known for known in names if fold(known) == fold(name)]
    if has_diacritics(name) and accent_key(name) not in map(accent_key, own):
        return []
    return [known for known in names if known not in own]
