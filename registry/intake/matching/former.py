"""Names and numbers of before a decision, read as what they lead to today.

A file may be older than a decision that renamed a street, merged two hamlets or renumbered doors.
What it writes led to a door then, and must lead to it now, rather than make the old street anew.
`registry.models.former` holds what is remembered; nearly always nothing is, and all this costs
three looks.

- A name that a street or hamlet of the commune bears today means that one, unless the reference
  says that the one of old is meant.
- A number is the one of today where a door bears it, and else that of the door that bore it. Where
  both are possible and no point decides, the row is read by today's number, with a warning.
- A known reference keeps its door: a number that stood on it before never renumbers it back.
- What may mean several places is asked about, and makes nothing.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from geo.spelling import are_apart
from registry.intake.staged.staging import Staging
from registry.own_keys import FOLDED

_ANY: Final = """
    SELECT EXISTS (SELECT FROM thoroughfare_alias) AS streets,
        EXISTS (SELECT FROM locality_alias) AS places,
        EXISTS (SELECT FROM household_former_number) AS numbers
"""
SAME_FORMER: Final = (
    "coalesce({place}.former_unit_id, {row}.former_id) IS NOT DISTINCT FROM"
    " coalesce({row}.former_id, {place}.former_unit_id)"
)
"""In SQL, whether a place and a row may be of one former commune: one of them may not say."""

# Rows that are yet to be compared with the register, and the record that their reference names.
_UNSETTLED: Final = """
    SELECT e.row_number, e.unit_id, e.former_id, e.street_at, e.place_at, e.number_at, k.code,
        h.thoroughfare_id AS own_street, h.locality_id AS own_place
    FROM entry e
    LEFT JOIN known k ON k.row_number = e.row_number
    LEFT JOIN household h ON h.code = k.code
    WHERE NOT e.rejected AND (k.row_number IS NULL OR NOT (k.same OR k.linked))
"""

_OLD_STREETS: Final = f"""
    SELECT s.at, a.unit_id, b.former_unit_id, a.named_id, a.thoroughfare_id AS today_id,
        s.street_name AS written, a.name, s.street_key, concat_ws(' ', a.kind, a.name) AS old_name
    FROM street s
    JOIN thoroughfare_alias a ON a.key = {FOLDED.format(own="s.street_key")}
    JOIN thoroughfare b ON b.id = a.named_id
"""
_TODAYS_STREETS: Final = """
    SELECT t.id, t.former_unit_id, t.kind, t.name, t.own_key AS key,
        concat_ws(' ', t.kind, t.name) AS written,
        (SELECT coalesce(max(at), 0) FROM street) + row_number() OVER (ORDER BY t.id) AS at
    FROM thoroughfare t WHERE t.id IN (SELECT today_id FROM old_street)
"""
_ADD_STREETS: Final = """
    INSERT INTO street (at, street_kind, street_name, street_key)
    SELECT at, kind, name, key FROM todays_street
"""
_MEANT_STREETS: Final = f"""
    SELECT u.row_number, o.old_name, o.named_id, o.today_id, t.at, t.written, 1 AS depth,
        u.own_street IS NOT DISTINCT FROM o.today_id AS own
    FROM unsettled u
    JOIN old_street o ON o.at = u.street_at AND o.unit_id = u.unit_id
        AND {SAME_FORMER.format(place="o", row="u")}
    JOIN todays_street t ON t.id = o.today_id
    WHERE u.own_street IS NOT DISTINCT FROM o.today_id OR NOT EXISTS (
        SELECT FROM thoroughfare l
        WHERE l.unit_id = u.unit_id AND l.own_key = o.street_key
            AND {SAME_FORMER.format(place="l", row="u")})
"""

# The innermost part of a nested place that bears no name of today: what holds it is known with it.
_OLD_PLACES: Final = f"""
    SELECT p.at, i.depth, a.unit_id, b.former_unit_id, a.named_id, a.locality_id AS today_id,
        p.place_names[i.depth] AS written, a.name,
        p.place_keys[i.depth] AS key, p.place_keys[i.depth + 1] AS outer_key,
        p.place_keys[i.depth + 1:] AS outer_keys, concat_ws(' ', a.kind, a.name) AS old_name
    FROM place p
    CROSS JOIN LATERAL generate_subscripts(p.place_keys, 1) i (depth)
    JOIN locality_alias a ON a.key = {FOLDED.format(own="p.place_keys[i.depth]")}
    JOIN locality b ON b.id = a.named_id
"""
_TODAYS_PLACES: Final = f"""
    WITH RECURSIVE up AS (
        SELECT l.id AS start, l.id, l.parent_id, l.kind, l.name, l.own_key AS key, 1 AS step
        FROM locality l WHERE l.id IN (SELECT today_id FROM old_place)
        UNION ALL
        SELECT up.start, p.id, p.parent_id, p.kind, p.name, p.own_key, up.step + 1
        FROM up JOIN locality p ON p.id = up.parent_id WHERE up.step < 9
    ), held AS (
        SELECT start AS id, array_agg(kind ORDER BY step) AS kinds,
            array_agg(name ORDER BY step) AS names, array_agg(key ORDER BY step) AS keys,
            array_agg(id ORDER BY step) AS ids
        FROM up GROUP BY start
    )
    SELECT o.at AS old_at, o.depth, h.id, l.former_unit_id,
        p.place_kinds[1:o.depth - 1] || h.kinds AS kinds,
        p.place_names[1:o.depth - 1] || h.names AS names,
        p.place_keys[1:o.depth - 1] || h.keys::text[] AS keys,
        concat_ws(' ', l.kind, l.name) AS written,
        (SELECT coalesce(max(at), 0) FROM place)
            + row_number() OVER (ORDER BY o.at, o.depth, h.id) AS at
    FROM (SELECT DISTINCT at, depth, today_id, outer_keys FROM old_place) o
    JOIN place p ON p.at = o.at
    JOIN held h ON h.id = o.today_id
    JOIN locality l ON l.id = h.id
    WHERE NOT EXISTS (
        SELECT FROM unnest(o.outer_keys) k (key)
        WHERE k.key <> ALL (h.keys) AND NOT EXISTS (
            SELECT FROM locality_alias a
            WHERE a.key = {FOLDED.format(own="k.key")} AND a.locality_id = ANY (h.ids)))
"""
_ADD_PLACES: Final = """
    INSERT INTO place (at, place_kinds, place_names, place_keys)
    SELECT at, kinds, names, keys FROM todays_place
"""
_MEANT_PLACES: Final = f"""
    SELECT row_number, old_name, named_id, today_id, at, written, depth, own
    FROM (
        SELECT u.row_number, o.old_name, o.named_id, o.today_id, t.at, t.written, o.depth,
            u.own_place IS NOT DISTINCT FROM o.today_id AS own,
            min(o.depth) OVER (PARTITION BY u.row_number) AS innermost
        FROM unsettled u
        JOIN old_place o ON o.at = u.place_at AND o.unit_id = u.unit_id
            AND {SAME_FORMER.format(place="o", row="u")}
        JOIN todays_place t ON t.old_at = o.at AND t.depth = o.depth AND t.id = o.today_id
        WHERE u.own_place IS NOT DISTINCT FROM o.today_id OR NOT EXISTS (
            SELECT FROM locality l LEFT JOIN locality h ON h.id = l.parent_id
            WHERE l.unit_id = u.unit_id AND l.own_key = o.key
                AND h.own_key IS NOT DISTINCT FROM o.outer_key
                AND {SAME_FORMER.format(place="l", row="u")})
    ) c
    WHERE depth = innermost
"""

# The reference decides; else there must be one place only. Numbers counted along those that bore
# the name: `named_ids`.
_CHOSEN: Final = """
    SELECT row_number, min(old_name) AS old_name, min(today_id) AS today_id, min(at) AS at,
        min(depth) AS depth,
        string_agg(DISTINCT written, '; ' ORDER BY written) AS written,
        array_agg(DISTINCT named_id) AS named_ids, count(DISTINCT today_id) > 1 AS unclear
    FROM (SELECT *, bool_or(own) OVER (PARTITION BY row_number) AS decided FROM {meant}) m
    WHERE own OR NOT decided
    GROUP BY row_number
"""
_TAKE: Final = """
    UPDATE entry e SET {part}_at = c.at, former_id = coalesce(t.former_unit_id, e.former_id)
    FROM {chosen} c JOIN todays_{part} t ON t.at = c.at
    WHERE e.row_number = c.row_number AND NOT c.unclear
"""
_TELL: Final = """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
    SELECT :import_id, row_number, '{field}',
        CASE WHEN unclear THEN 'former_address_unclear' ELSE 'former_name' END,
        CASE WHEN unclear THEN 'error' ELSE 'warning' END, old_name, written
    FROM {chosen}
"""
_REJECT: Final = """
    WITH unclear AS (
        DELETE FROM known k USING {chosen} c
        WHERE k.row_number = c.row_number AND c.unclear)
    UPDATE entry e SET rejected = true FROM {chosen} c
    WHERE e.row_number = c.row_number AND c.unclear
"""
# What was read otherwise is another address.
_REHASH: Final = """
    UPDATE entry e SET address_hash = j.hash
    FROM (SELECT row_number, {hash} AS hash FROM judged) j
    JOIN {chosen} c ON c.row_number = j.row_number
    WHERE e.row_number = j.row_number
"""
_NONE_RENAMED: Final = (
    "row_number bigint, today_id bigint, named_ids bigint[], depth int, unclear boolean"
)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What of the past there is: former names of streets, of localities, former numbers."""

    streets: bool
    places: bool
    numbers: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """How former names of one kind of places are read."""

    part: str
    field: str
    old: str
    todays: str
    add: str
    meant: str


_STREETS: Final = _Part(
    "street", "street", _OLD_STREETS, _TODAYS_STREETS, _ADD_STREETS, _MEANT_STREETS
)
_PLACES: Final = _Part("place", "locality", _OLD_PLACES, _TODAYS_PLACES, _ADD_PLACES, _MEANT_PLACES)


def read_names_as_today(staging: Staging, address_hash: str) -> Remembered:
    """Let rows that write a former name name the street or locality of today, with a warning.

    Leaves the view `unsettled`, and which rows were read otherwise in `renamed_street` and
    `renamed_place`. `address_hash` is how `entry` knows equal addresses. Needs `known` and
    `judged`.
    """
    remembered = Remembered(*staging.connection.execute(text(_ANY)).one())
    staging.view("unsettled", _UNSETTLED)
    for part, there in ((_STREETS, remembered.streets), (_PLACES, remembered.places)):
        if there:
            _read(staging, part, address_hash)
        else:
            staging.create(f"renamed_{part.part}", _NONE_RENAMED)
    return remembered


def _read(staging: Staging, how: _Part, address_hash: str) -> None:
    part, chosen = how.part, f"renamed_{how.part}"
    staging.select(f"old_{part}", how.old, stats="at")
    _drop_other_names(staging, f"old_{part}")
    staging.select(f"todays_{part}", how.todays)
    staging.connection.execute(text(how.add))
    staging.select(f"meant_{part}", how.meant)
    if staging.select(chosen, _CHOSEN.format(meant=f"meant_{part}"), stats="row_number"):
        names = {"part": part, "chosen": chosen, "field": how.field, "hash": address_hash}
        parameters = {"import_id": staging.import_id}
        for statement in (_TAKE, _REJECT, _REHASH, _TELL):
            staging.connection.execute(text(statement.format(**names)), parameters)


def _drop_other_names(staging: Staging, old: str) -> None:
    """Forget former names that are apart from what rows write: other places bore them."""
    names = staging.connection.execute(text(f"SELECT DISTINCT written, name FROM {old}"))
    for row in names.all():
        if are_apart(row.written, row.name):
            staging.delete(old, "written = :written AND name = :name", row._asdict())
