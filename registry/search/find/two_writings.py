"""Names of persons with two spellings in names of streets, from general knowledge.

A street may be typed with one and registered with the other. A town may also have both, and Tôn for
Tông is so often another person that it is left out.
"""

from typing import Final

from geo import lexicon
from geo.text import accent_key, fold, has_diacritics

_NAMES: dict[str, list[str]] = {}
for _also, (_name,) in lexicon.readings("person").items():
    _NAMES.setdefault(_name, [_name]).append(_also)
_GROUP_OF: Final = {fold(name): names for names in _NAMES.values() for name in names}


def alternative_spellings(name: str) -> list[str]:
    """Return the other spellings of a name, given with its diacritics or without any.

    >>> alternative_spellings("Phan Châu Trinh"), alternative_spellings("ngo thoi nhiem")[0]
    (['Phan Chu Trinh'], 'Ngô Thì Nhậm')
    >>> alternative_spellings("Văn Hạnh"), alternative_spellings("Lê Lợi")
    ([], [])
    """
    names = _GROUP_OF.get(fold(name), [])
    own = [known for known in names if fold(known) == fold(name)]
    if has_diacritics(name) and accent_key(name) not in map(accent_key, own):
        return []
    return [known for known in names if known not in own]
