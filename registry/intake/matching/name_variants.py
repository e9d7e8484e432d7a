"""Streets and localities of one commune whose names differ in their marks only: Hàng Dầu, Hàng Đậu.

Such names have one key, and are two places: a number in one is no door of the other. Each is known
by a key of its own (`registry.own_keys`), and the rows that name it are led there before
anything is compared with anything. A name without any mark is the one that has some; where there
are several, nobody can tell which is meant, and the row is asked about.

A slip of the marks makes a place as well. So a new one beside another is a warning.

Nearly no file has such names. Which keys are concerned is asked of the distinct names, which are
few; only their rows are looked at.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from sqlalchemy import Connection, text

from geo.label import named
from geo.spelling import are_apart
from geo.text import accent_key, has_diacritics
from registry.intake.staged.staging import ADDRESS_HASH, Staging
from registry.own_keys import APART


@dataclass(frozen=True, slots=True)
class _Part:
    """How one kind of places is written in rows and kept in the register."""

    part: str
    table: str
    field: str
    names: str
    """In SQL, key and name of each that the file names."""
    keys: str
    """In SQL, the keys of a row's part, the innermost first."""
    columns: str
    """The same with its kinds and names."""
    retold: str
    """In SQL, the same part under other keys."""


_PARTS: Final = (
    _Part(
        part="street",
        table="thoroughfare",
        field="street",
        names="SELECT street_key AS key, street_name AS name FROM street",
        keys="ARRAY[p.street_key]",
        columns="ARRAY[p.street_key], ARRAY[p.street_kind], ARRAY[p.street_name]",
        retold="""
            INSERT INTO street (at, street_kind, street_name, street_key)
            SELECT DISTINCT t.new_at, p.street_kind, p.street_name, t.keys[1]
            FROM told_street t JOIN street p ON p.at = t.at
        """,
    ),
    _Part(
        part="place",
        table="locality",
        field="locality",
        names="SELECT k.key, k.name FROM place, unnest(place_keys, place_names) k (key, name)",
        keys="p.place_keys",
        columns="p.place_keys, p.place_kinds, p.place_names",
        retold="""
            INSERT INTO place (at, place_kinds, place_names, place_keys)
            SELECT DISTINCT t.new_at, p.place_kinds, p.place_names, t.keys
            FROM told_place t JOIN place p ON p.at = t.at
        """,
    ),
)

_IN_COMMUNES: Final = "t.unit_id IN (SELECT unnest(candidates) FROM commune)"
_CALLED: Final = f"""
    WITH named AS (SELECT DISTINCT key, name FROM ({{names}}) n)
    SELECT key, array_agg(name) AS names, bool_or(apart) AS apart
    FROM (
        SELECT key, name, false AS apart FROM named
        UNION
        SELECT t.key, t.name, t.marks IS NOT NULL FROM {{table}} t
        WHERE t.key IN (SELECT key FROM named) AND {_IN_COMMUNES}
    ) called
    GROUP BY key HAVING count(DISTINCT lower(name)) > 1 OR bool_or(apart)
"""
_NAMING: Final = """
    SELECT e.unit_id, p.at, {columns}
    FROM (
        SELECT unit_id, {part}_at AS at, min(row_number) AS first_row FROM entry
        WHERE NOT rejected AND {part}_at IN (
            SELECT at FROM {part} p WHERE {keys} && CAST(:keys AS text[]))
        GROUP BY unit_id, {part}_at
    ) e
    JOIN {part} p ON p.at = e.at
    ORDER BY e.first_row
"""
_REGISTERED: Final = """
    SELECT unit_id, key, kind, name, marks FROM {table}
    WHERE key = ANY (:keys) AND unit_id = ANY (:units) ORDER BY id
"""
_LAST: Final = "SELECT coalesce(max(at), 0) FROM {part}"

_TOLD: Final = "unit_id int, at int, new_at int, keys text[], value text, beside text"
_UNCLEAR: Final = "unit_id int, at int, value text, beside text"
_LEAD: Final = """
    UPDATE entry e SET {part}_at = t.new_at
    FROM told_{part} t
    WHERE e.unit_id = t.unit_id AND e.{part}_at = t.at AND NOT e.rejected
"""
_REHASH: Final = f"""
    UPDATE entry e SET address_hash = j.hash
    FROM (
        SELECT row_number, {ADDRESS_HASH} AS hash FROM judged
        WHERE {{part}}_at IN (SELECT new_at FROM told_{{part}})
    ) j
    WHERE e.row_number = j.row_number
"""
# A row that its reference knows already says nothing new, and is not asked about.
_AMBIGUOUS: Final = """
    SELECT e.row_number, t.value, t.beside
    FROM entry e
    JOIN unclear_{part} t ON t.unit_id = e.unit_id AND t.at = e.{part}_at
    WHERE NOT e.rejected AND NOT EXISTS (
        SELECT FROM household_ref r
        WHERE r.source = :source AND r.source_ref = e.source_ref AND r.row_hash = e.row_hash)
"""
_ASK: Final = (
    """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
    SELECT :import_id, row_number, '{field}', '{field}_ambiguous', 'error', value, beside
    FROM ambiguous_{part}
    """,
    """
    UPDATE entry e SET rejected = true
    FROM ambiguous_{part} a WHERE a.row_number = e.row_number
    """,
)
_WARN: Final = """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
    SELECT :import_id, d.row_number, '{field}', '{field}_spelled_otherwise', 'warning', t.value,
        t.beside
    FROM told_{part} t
    JOIN written d ON d.{part}_at = t.new_at AND d.unit_id = t.unit_id
    WHERE t.beside IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class _Name:
    """A name of one key in one commune."""

    shown: str
    """With its kind."""
    name: str
    marks: str | None
    new_beside: str | None = None
    """The others, where the file is the first to name it."""

    @property
    def marked(self) -> bool:
        return has_diacritics(self.name)


class _Called:
    """The places of one key in one commune, and those that the file adds."""

    def __init__(self, registered: list[_Name], met: Iterable[tuple[str, str]]) -> None:
        """`met` are kinds and names of the file, in its order."""
        self._all = registered
        written = dict.fromkeys(met)
        fresh: list[tuple[str, str]] = []
        for kind, name in written:
            known = (*(each.name for each in registered if each.marked), *(n for _, n in fresh))
            if has_diacritics(name) and all(are_apart(name, other) for other in known):
                fresh.append((kind, name))
        if not registered and not fresh:
            fresh = list(written)[:1]
        marked = sum(each.marked for each in registered) + len(fresh)
        if marked > 1 or not registered:
            for kind, name in fresh:
                self._add(kind, name)

    def _add(self, kind: str, name: str) -> None:
        first = not self._all
        beside = None if first else "; ".join(each.shown for each in self._all)
        marks = None if first else accent_key(name)
        self._all.append(_Name(named(kind, name), name, marks, beside))

    def meant_by(self, name: str) -> list[_Name]:
        """Which may be meant, of those that are told apart; never empty for a name of the file."""
        fit = [each for each in self._all if not are_apart(name, each.name)]
        if has_diacritics(name):
            # One without marks is meant where no other one has them.
            return [each for each in fit if each.marked][:1] or fit[:1]
        return list({each.marks: each for each in fit}.values())


def tell_apart(staging: Staging, source: str) -> None:
    """Lead the rows of `entry` to the street and locality that their marks mean.

    A row that may mean several is rejected. Needs what `judge` leaves, and the lock under which
    imports are published.
    """
    connection = staging.connection
    for part in _PARTS:
        staging.create(f"told_{part.part}", _TOLD)
        keys = _marked_keys(connection, part)
        if not keys:
            continue
        told, unclear = _settled(connection, part, keys)
        if told:
            staging.copy(f"told_{part.part}", told)
            connection.execute(text(part.retold))
            for statement in (_LEAD, _REHASH):
                connection.execute(text(statement.format(part=part.part)))
        if unclear:
            staging.create(f"unclear_{part.part}", _UNCLEAR)
            staging.copy(f"unclear_{part.part}", unclear)
            ambiguous = _AMBIGUOUS.format(part=part.part)
            staging.select(f"ambiguous_{part.part}", ambiguous, {"source": source})
            for statement in _ASK:
                asked = text(statement.format(part=part.part, field=part.field))
                connection.execute(asked, {"import_id": staging.import_id})


def warn_of_new(staging: Staging) -> None:
    """Warn of each row whose street or locality is a new one beside another; needs `written`."""
    for part in _PARTS:
        warn = text(_WARN.format(part=part.part, field=part.field))
        staging.connection.execute(warn, {"import_id": staging.import_id})


def _marked_keys(connection: Connection, part: _Part) -> list[str]:
    """Keys of the file under which there are, in any of its communes, names that are apart."""
    called = text(_CALLED.format(names=part.names, table=part.table))
    return [
        key
        for key, names, apart in connection.execute(called)
        if apart or any(are_apart(*pair) for pair in combinations(names, 2))
    ]


def _settled(
    connection: Connection, part: _Part, keys: Sequence[str]
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Rows of `_TOLD` and of `_UNCLEAR`: the parts whose rows go elsewhere, or nowhere."""
    columns = {"part": part.part, "keys": part.keys, "columns": part.columns}
    naming = connection.execute(text(_NAMING.format(**columns)), {"keys": keys}).all()
    called = _called(connection, part, keys, naming)
    last: int = connection.execute(text(_LAST.format(part=part.part))).scalar_one()
    numbers: dict[tuple[object, ...], int] = {}
    told: list[tuple[object, ...]] = []
    unclear: list[tuple[object, ...]] = []
    for unit_id, at, *levels in naming:
        each = list(zip(*levels, strict=True))
        meant = [called[unit_id, key].meant_by(name) for key, _, name in each]
        doubtful = next((level for level, names in enumerate(meant) if len(names) > 1), None)
        if doubtful is not None:
            _, kind, name = each[doubtful]
            choices = "; ".join(sorted(choice.shown for choice in meant[doubtful]))
            unclear.append((unit_id, at, named(kind, name), choices))
            continue
        own = tuple(
            key if one.marks is None else f"{key}{APART}{one.marks}"
            for (key, _, _), (one,) in zip(each, meant, strict=True)
        )
        if own != tuple(levels[0]):
            new_at = numbers.setdefault((at, own), last + len(numbers) + 1)
            new = next((one for (one,) in meant if one.new_beside), None)
            beside = (new.shown, new.new_beside) if new else (None, None)
            told.append((unit_id, at, new_at, own, *beside))
    return told, unclear


def _called(
    connection: Connection, part: _Part, keys: Sequence[str], naming: Sequence[Any]
) -> dict[tuple[int, str], _Called]:
    """What is called so, by commune and key: all keys of the parts, concerned or not."""
    met: dict[tuple[int, str], list[tuple[str, str]]] = defaultdict(list)
    for unit_id, _, *levels in naming:
        for key, kind, name in zip(*levels, strict=True):
            met[unit_id, key].append((kind, name))
    registered: dict[tuple[int, str], list[_Name]] = defaultdict(list)
    parameters = {"keys": list(keys), "units": sorted({unit_id for unit_id, _ in met})}
    rows = connection.execute(text(_REGISTERED.format(table=part.table)), parameters)
    for unit_id, key, kind, name, marks in rows:
        registered[unit_id, key].append(_Name(named(kind, name), name, marks))
    return {at: _Called(registered[at], names) for at, names in met.items()}
