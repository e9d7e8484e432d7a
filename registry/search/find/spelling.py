"""Names with another spelling than registered; searched only if no name fits as written."""

from typing import Final

from registry.core.batching import LINES, Ask, Query, bulk
from registry.core.sql import Statements
from registry.records.record import PLACES
from registry.search.find.likeness import (
    Likeness,
    Name,
    is_impossible_name,
    likeness,
    shortened_words,
)
from registry.units.vocabulary import Vocabulary

_MAX_UNITS: Final = 60
"""Most communes whose names are all compared."""

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
"""Greatest difference in length of a name with a slip: a letter, and a space beside it."""

_LONGEST_WORD: Final = len("Nguyễn ")
"""Letters that one may abbreviate: `N. Văn Cừ`."""


def meant_by(
    vocabulary: Vocabulary, class_: str, typed: Name, units: tuple[int, ...] | None
) -> Query[dict[Likeness, list[Name]]]:
    """Return the registered names that `typed` is a slip of, or is like; empty if it is itself a
    known name.
    """
    wide = units is None or len(units) > _MAX_UNITS
    if units is None or wide:
        rows = yield Ask(_NEAR_OF[class_], ((typed.key,),))
    else:
        size = len(typed.name) - (len(typed.kind) + 1 if typed.kind else 0)
        # An impossible name is a slip, even if it is a name without its diacritics.
        key = "" if is_impossible_name(vocabulary, typed) else typed.key
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
    """Return a registered name, for comparison with a typed one."""
    return Name(key, f"{kind} {name}", kind) if class_ == "locality" else Name(key, name)
