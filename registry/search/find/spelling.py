"""Names that are spelled otherwise than registered: asked only when no name fits as it is."""

from typing import Final

from registry.core.batching import LINES, Ask, Query, bulk
from registry.core.sql import Statements
from registry.records.record import PLACES
from registry.search.find.likeness import (
    Likeness,
    Name,
    is_no_name,
    likeness,
    shortened_words,
)
from registry.units.vocabulary import Vocabulary

_MAX_UNITS: Final = 60
"""So few communes have few enough names to compare each of them."""

SQL: Final = Statements(__file__, "queries.sql", lines=LINES)
_KEY: Final = ("key", "text")
_NAMES_OF: Final = {
    class_: bulk(
        SQL.written("names", class_),
        (("unit_id", "int"),),
        (_KEY, ("least", "int"), ("most", "int")),
    )
    for class_ in PLACES
}
_NEAR_OF: Final = {class_: bulk(SQL.written("near_names", class_), (_KEY,)) for class_ in PLACES}
_SLACK: Final = 2
"""Letters by which a name with a slip may be longer or shorter: a letter, and a space around it."""

_LONGEST_WORD: Final = len("Nguyễn ")
"""Letters for which one may stand: `N. Văn Cừ`."""


def meant_by(
    vocabulary: Vocabulary, class_: str, typed: Name, units: tuple[int, ...] | None
) -> Query[dict[Likeness, list[Name]]]:
    """Registered names of which `typed` is a slip, or which it is like; empty lists where it is a
    name by itself.

    Two names are two possibilities.
    """
    wide = units is None or len(units) > _MAX_UNITS
    if units is None or wide:
        rows = yield Ask(_NEAR_OF[class_], ((typed.key,),))
    else:
        size = len(typed.name) - (len(typed.kind) + 1 if typed.kind else 0)
        # What nobody can be called is a slip, though without its diacritics it is a name.
        key = "" if is_no_name(vocabulary, typed) else typed.key
        shortened = shortened_words(typed)
        more = _LONGEST_WORD * len(shortened) or _SLACK
        line = (key, size - _SLACK, size + more)
        rows = yield Ask(_NAMES_OF[class_], tuple((unit,) for unit in units), line)
    found = [known_name(class_, *row[1:]) for row in rows]
    alike: dict[Likeness, list[Name]] = {Likeness.SLIP: [], Likeness.LIKE: []}
    for name in found:
        how = likeness(vocabulary, typed, name, wide=wide)
        if how in alike:
            alike[how].append(name)
    return alike


def known_name(class_: str, key: str, name: str, kind: str) -> Name:
    """A registered street's or locality's name, to be compared with a typed one."""
    return Name(key, f"{kind} {name}", kind) if class_ == "locality" else Name(key, name)
