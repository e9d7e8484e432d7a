"""Names that are spelled otherwise than registered: asked only when no name fits as it is."""

from typing import Final

from registry.records import PLACES
from registry.search.batching import Ask, Query, bulk
from registry.search.likeness import (
    Likeness,
    Name,
    is_no_name,
    likeness,
    shortened_words,
)
from registry.units.vocabulary import Vocabulary

_MAX_UNITS: Final = 60
"""So few communes have few enough names to compare each of them."""

# A name that a place bears or bore anywhere is a name, and no slip: no row is needed to say so. The
# lengths of the names wanted keep most of the others in the database. EXISTS would be hashed.
_UNKNOWN: Final = """(
            SELECT true FROM place o WHERE o.class = '{class_}' AND o.key = k.key LIMIT 1
        ) IS NULL AND (
            SELECT true FROM place_alias a WHERE a.class = '{class_}' AND a.key = k.key LIMIT 1
        ) IS NULL"""
_NAMES: Final = f"""
    SELECT DISTINCT k.question, p.key, p.name, p.kind
    FROM {{{{k}}}} CROSS JOIN LATERAL (
        SELECT q.key, q.name, q.kind FROM place q
        WHERE q.class = '{{class_}}' AND q.unit_id = k.unit_id AND q.merged_into_id IS NULL
            AND length(q.name) BETWEEN k.least AND k.most
        LIMIT 5000
    ) p
    WHERE {_UNKNOWN}
"""  # noqa: S608 - constants
# Trigrams only gather candidates; the letters decide. A short name with a wrong letter falls under
# 0.4 and is lost here; with its commune it would have been found.
_NEAR: Final = f"""
    SELECT DISTINCT k.question, p.key, p.name, p.kind
    FROM {{{{k}}}} CROSS JOIN LATERAL (
        SELECT q.key, q.name, q.kind FROM place q
        WHERE q.class = '{{class_}}' AND q.key % k.key AND similarity(q.key, k.key) >= 0.4
            AND q.merged_into_id IS NULL
        ORDER BY similarity(q.key, k.key) DESC, q.key LIMIT 200
    ) p
    WHERE {_UNKNOWN}
""".replace(" % ", " %% ")  # noqa: S608 - constants
_KEY: Final = ("key", "text")
_NAMES_OF: Final = {
    table: bulk(
        _NAMES.format(class_=table),
        (("unit_id", "int"),),
        (_KEY, ("least", "int"), ("most", "int")),
    )
    for table in PLACES
}
_NEAR_OF: Final = {table: bulk(_NEAR.format(class_=table), (_KEY,)) for table in PLACES}
_SLACK: Final = 2
"""Letters by which a name with a slip may be longer or shorter: a letter, and a space around it."""

_LONGEST_WORD: Final = len("Nguyễn ")
"""Letters for which one may stand: `N. Văn Cừ`."""


def meant_by(
    vocabulary: Vocabulary, table: str, typed: Name, units: tuple[int, ...] | None
) -> Query[dict[Likeness, list[Name]]]:
    """Registered names of which `typed` is a slip, or which it is like; empty lists where it is a
    name by itself.

    Two names are two possibilities.
    """
    wide = units is None or len(units) > _MAX_UNITS
    if units is None or wide:
        rows = yield Ask(_NEAR_OF[table], ((typed.key,),))
    else:
        size = len(typed.name) - (len(typed.kind) + 1 if typed.kind else 0)
        # What nobody can be called is a slip, though without its diacritics it is a name.
        key = "" if is_no_name(vocabulary, typed) else typed.key
        shortened = shortened_words(typed)
        more = _LONGEST_WORD * len(shortened) or _SLACK
        line = (key, size - _SLACK, size + more)
        rows = yield Ask(_NAMES_OF[table], tuple((unit,) for unit in units), line)
    found = [known_name(table, *row[1:]) for row in rows]
    alike: dict[Likeness, list[Name]] = {Likeness.SLIP: [], Likeness.LIKE: []}
    for name in found:
        how = likeness(vocabulary, typed, name, wide=wide)
        if how in alike:
            alike[how].append(name)
    return alike


def known_name(table: str, key: str, name: str, kind: str) -> Name:
    """A registered street's or locality's name, to be compared with a typed one."""
    return Name(key, f"{kind} {name}", kind) if table == "locality" else Name(key, name)
