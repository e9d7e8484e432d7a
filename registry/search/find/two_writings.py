"""Names of streets that are written in two ways for one person, from general knowledge.

Who types the one may stand in a street that is registered as the other. A town may also have both,
and Tôn for Tông is so often the other one that it is left out.
"""

from typing import Final

from geo import lexicon
from geo.text import accent_key, fold, has_diacritics

_NAMES: dict[str, list[str]] = {}
for _also, (_name,) in lexicon.readings("person").items():
    _NAMES.setdefault(_name, [_name]).append(_also)
_GROUP_OF: Final = {fold(name): names for names in _NAMES.values() for name in names}


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
