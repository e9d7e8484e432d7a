"""Step 3, matching: rows that are known, rows that name a door already there, and new ones."""

from typing import Final

from sqlalchemy import text

from registry.intake.former import SAME_FORMER, read_names_as_today
from registry.intake.former_numbers import read_numbers_as_today
from registry.intake.judge import ADDRESS_HASH, COMPARED
from registry.intake.staging import Staging
from registry.intake.vanished import find_returned, find_returned_elsewhere, mark_revived

SAME_DOOR_M: Final = 10
"""Metres within which two points with one address are one door."""
SAME_PLACE_M: Final = 1
"""The same for rows without a number, which only their point tells apart."""
_NEARBY_DEGREES: Final = 0.0002
"""More than that everywhere in Viet Nam: what is farther needs no true distance."""
_SPOT_DEGREES: Final = 0.00001
"""A metre: measured once, and written down twice."""

# What is compared as one address; a row without a street is known by its localities.
_ADDRESS_KEY: Final = """
    concat_ws('|', unit_id, former_id, coalesce(street_key, ''),
        CASE WHEN street_key IS NULL THEN coalesce(array_to_string(place_keys, ','), '') END,
        coalesce(number_key, ''), coalesce(building_key, ''), coalesce(storey, ''),
        coalesce(flat, ''))
"""
# What tells unnumbered houses of one hamlet apart: their points, to a metre. By an ordinal they
# would exchange their codes when their rows are sorted otherwise.
_PLACE_KEY: Final = """
    CASE WHEN number_key IS NULL AND flat IS NULL AND point IS NOT NULL
        THEN '@' || round(ST_X(point)::numeric, 5) || ' ' || round(ST_Y(point)::numeric, 5)
        ELSE '' END
"""
# The reference of a row without one: its address and an ordinal, never the row's number.
_OWN_REFS: Final = f"""
    SELECT row_number, {_ADDRESS_KEY} || {_PLACE_KEY} || '#' || row_number() OVER (
        PARTITION BY address_hash, {_ADDRESS_KEY}, {_PLACE_KEY} ORDER BY row_number) AS ref
    FROM judged
    WHERE source_ref IS NULL AND NOT rejected
"""
_DOORS: Final = """
    SELECT j.*, coalesce(j.source_ref, o.ref) COLLATE "C" AS ref,
        j.number_key IS NOT NULL OR j.flat IS NOT NULL AS numbered
    FROM judged j LEFT JOIN own_ref o ON o.row_number = j.row_number
    WHERE NOT j.rejected
"""

# A reference that vanished and comes back beside the one that took over only names the record.
_KNOWN: Final = """
    SELECT d.row_number, r.code, r.row_hash IS NOT DISTINCT FROM d.row_hash AS same,
        r.linked OR r.vanished_import_id IS NOT NULL AND EXISTS (
            SELECT FROM household_ref o
            WHERE o.code = r.code AND o.source = :source AND NOT o.linked
                AND o.vanished_import_id IS NULL) AS linked
    FROM door d
    JOIN household_ref r ON r.source = :source AND r.source_ref = d.ref
"""

_NEAR: Final = f"""
    CASE WHEN d.numbered AND (d.point IS NULL OR {{point}} IS NULL) THEN true
        WHEN NOT ST_DWithin(d.point, {{point}}, {_NEARBY_DEGREES}) THEN false
        ELSE ST_DWithin(d.point::geography, {{point}}::geography,
            CASE WHEN d.numbered THEN {SAME_DOOR_M} ELSE {SAME_PLACE_M} END)
    END
"""
# Equal numbers as a hash join can find them, and the rest of the flat.
_EQUAL_FLAT: Final = f"""
    h.kind = 'household' AND (h.code < '1') = :demo
    AND coalesce(h.house_number_key, '') = coalesce(d.number_key, '')
    AND h.building_key IS NOT DISTINCT FROM d.building_key
    AND h.floor IS NOT DISTINCT FROM d.storey
    AND h.unit_number IS NOT DISTINCT FROM d.flat
    AND {_NEAR.format(point="h.point")}
"""
_SAME_FLAT: Final = f"h.status IN ('active', 'proposed') AND {_EQUAL_FLAT}"
_MEASURED: Final = "d.point IS NOT NULL AND h.point IS NOT NULL"
_UNKNOWN: Final = "NOT EXISTS (SELECT FROM known k WHERE k.row_number = d.row_number)"

# Asked first: the rest would be worked out for rows that are all known, as in most deliveries.
_ANY_UNKNOWN: Final = f"""
    SELECT EXISTS (SELECT FROM entry d WHERE NOT d.rejected AND {_UNKNOWN})
"""
# By street, else by the innermost locality, else by the commune alone.
_REGISTERED: Final = f"""
    SELECT DISTINCT ON (row_number) row_number, code
    FROM (
        SELECT d.row_number, h.code, d.point <-> h.point AS degrees
        FROM door d
        JOIN thoroughfare t ON t.unit_id = d.unit_id AND t.own_key = d.street_key
            AND {SAME_FORMER.format(place="t", row="d")}
        JOIN household h ON h.thoroughfare_id = t.id AND {_SAME_FLAT}
        WHERE {_UNKNOWN}
        UNION ALL
        SELECT d.row_number, h.code, d.point <-> h.point
        FROM door d
        JOIN locality l ON l.unit_id = d.unit_id AND l.own_key = d.place_keys[1]
            AND {SAME_FORMER.format(place="l", row="d")}
        JOIN household h ON h.locality_id = l.id AND h.thoroughfare_id IS NULL AND {_SAME_FLAT}
        WHERE d.street_at IS NULL AND {_UNKNOWN}
        UNION ALL
        SELECT d.row_number, h.code, d.point <-> h.point
        FROM door d
        JOIN household h ON h.unit_id = d.unit_id AND h.thoroughfare_id IS NULL
            AND h.locality_id IS NULL AND {_SAME_FLAT}
        WHERE d.street_at IS NULL AND d.place_at IS NULL AND {_UNKNOWN}
    ) found
    ORDER BY row_number, degrees NULLS LAST, code
"""
# Former communes tell doors of one name apart, unless both are measured: on a border of old, one
# door is called by either.
_REGISTERED_ELSEWHERE: Final = f"""
    INSERT INTO registered (row_number, code)
    SELECT DISTINCT ON (d.row_number) d.row_number, h.code
    FROM door d
    JOIN thoroughfare t ON t.unit_id = d.unit_id AND t.own_key = d.street_key
        AND t.former_unit_id <> d.former_id
    JOIN household h ON h.thoroughfare_id = t.id AND {_MEASURED} AND {_SAME_FLAT}
        AND h.point && ST_Expand(d.point, {_NEARBY_DEGREES})
    WHERE d.former_id IS NOT NULL AND d.numbered AND {_UNKNOWN}
        AND NOT EXISTS (SELECT FROM registered r WHERE r.row_number = d.row_number)
    ORDER BY d.row_number, d.point <-> h.point, h.code
"""
# A row that names neither street nor place, though it has a number, says less of its door than the
# register does: it is the only one of this number that stands where its point is.
_REGISTERED_WITH_STREET: Final = f"""
    INSERT INTO registered (row_number, code)
    SELECT d.row_number, min(h.code)
    FROM door d
    JOIN household h ON h.point && ST_Expand(d.point, {_SPOT_DEGREES}) AND h.unit_id = d.unit_id
        AND {_SAME_FLAT}
    WHERE d.street_at IS NULL AND d.place_at IS NULL AND d.number_at IS NOT NULL
        AND NOT d.alley_only AND d.point IS NOT NULL AND {_UNKNOWN}
        AND NOT EXISTS (SELECT FROM registered r WHERE r.row_number = d.row_number)
    GROUP BY d.row_number
    HAVING count(*) = 1
"""

_FOUND: Final = """
    SELECT row_number, CASE WHEN same OR linked THEN 'unchanged' ELSE 'changed' END AS outcome,
        code, NULL::bigint AS head
    FROM known
    UNION ALL
    SELECT row_number, 'linked', code, NULL FROM registered
"""
# Inside the file: the first row with an address is the head, later ones near it are the same door.
# Hamlets have thousands of houses without a number: points are compared before addresses are.
_HEADS_OF: Final = """
    SELECT address_hash, min(row_number) AS head
    FROM entry e
    WHERE NOT rejected AND NOT EXISTS (SELECT FROM found f WHERE f.row_number = e.row_number)
    GROUP BY address_hash
    HAVING count(*) > 1
"""
_MEMBERS: Final = """
    SELECT e.row_number, e.point, a.head, e.number_at IS NOT NULL OR f.flat IS NOT NULL AS numbered
    FROM head a
    JOIN entry e ON e.address_hash = a.address_hash
    LEFT JOIN flat f ON f.at = e.flat_at
    WHERE NOT e.rejected AND NOT EXISTS (SELECT FROM found f WHERE f.row_number = e.row_number)
"""
_BESIDE_HEAD: Final = f"""
    SELECT d.row_number, d.head
    FROM member d JOIN member h ON h.row_number = d.head
    WHERE d.row_number <> d.head AND {_NEAR.format(point="h.point")}
"""
_AGAIN: Final = f"""
    INSERT INTO found (row_number, outcome, head)
    SELECT b.row_number, 'linked', b.head
    FROM beside_head b
    JOIN (SELECT row_number, {_ADDRESS_KEY} AS key FROM judged) d ON d.row_number = b.row_number
    JOIN (SELECT row_number, {_ADDRESS_KEY} AS key FROM judged) h ON h.row_number = b.head
    WHERE d.key = h.key
"""
# Where only some rows name a former commune, or two name neighbouring ones: the door of a row that
# names none is that of the one it is equal to else, and measured doors are told by their points.
_ANY_FORMER: Final = "SELECT EXISTS (SELECT FROM commune WHERE former_id IS NOT NULL)"
_MIXED: Final = """
    SELECT unit_id AS at_unit, street_at AS at_street
    FROM (
        SELECT n.unit_id, n.street_at, min(n.former) OVER w <> max(n.former) OVER w AS mixed
        FROM (
            SELECT DISTINCT unit_id, coalesce(former_id, 0) AS former, street_at
            FROM entry WHERE NOT rejected AND street_at IS NOT NULL
        ) n
        JOIN street t ON t.at = n.street_at
        WINDOW w AS (PARTITION BY n.unit_id, t.street_key)
    ) m
    WHERE mixed
    GROUP BY unit_id, street_at
"""
_KEYED: Final = f"""
    SELECT d.row_number, d.former_id, d.point, d.numbered,
        {_ADDRESS_KEY.replace("former_id", "NULL")} AS key
    FROM door d JOIN mixed m ON m.at_unit = d.unit_id AND m.at_street = d.street_at
    WHERE d.numbered AND NOT EXISTS (SELECT FROM found f WHERE f.row_number = d.row_number)
"""
_AGAIN_ELSEWHERE: Final = f"""
    INSERT INTO found (row_number, outcome, head)
    SELECT d.row_number, 'linked',
        coalesce(min(h.row_number) FILTER (WHERE {_MEASURED}), min(h.row_number))
    FROM keyed d JOIN keyed h ON h.key = d.key AND h.former_id IS DISTINCT FROM d.former_id
        AND {_NEAR.format(point="h.point")}
        AND CASE WHEN {_MEASURED} THEN h.row_number < d.row_number ELSE d.former_id IS NULL END
    GROUP BY d.row_number
    HAVING count(DISTINCT h.former_id) = 1 OR bool_or({_MEASURED})
"""
# A row may have been told to be the door of one that is the door of an earlier one.
_HEADS: Final = """
    UPDATE found o SET head = h.head
    FROM found h WHERE h.row_number = o.head AND h.head IS NOT NULL
"""
_OUTCOMES: Final = """
    SELECT e.row_number, coalesce(f.outcome, 'new') AS outcome, f.code, f.head
    FROM entry e LEFT JOIN found f ON f.row_number = e.row_number
    WHERE NOT e.rejected
"""

# In two parts, because the planner sees then that nearly every row may be new.
_WRITTEN: Final = """
    SELECT e.*, true AS is_new, NULL COLLATE "C" AS code
    FROM entry e
    WHERE NOT e.rejected AND NOT EXISTS (SELECT FROM found f WHERE f.row_number = e.row_number)
    UNION ALL
    SELECT e.*, false, f.code
    FROM entry e JOIN found f ON f.row_number = e.row_number AND f.outcome = 'changed'
    WHERE NOT e.rejected
"""
# Of a first load. Looking for each row in an empty table takes longer than reading it.
_ALL_WRITTEN: Final = """
    SELECT e.*, true AS is_new, NULL COLLATE "C" AS code FROM entry e WHERE NOT e.rejected
"""
_ANY_FOUND: Final = "SELECT EXISTS (SELECT FROM found)"
_MOST_ARE_KNOWN: Final = """
    SELECT EXISTS (SELECT FROM found) AND
        (SELECT count(*) FROM found WHERE outcome <> 'changed') * 2 > (SELECT count(*) FROM entry)
"""

# A row that says the same in other words has not changed the record.
_REALLY_CHANGED: Final = """
    UPDATE found o SET outcome = 'unchanged'
    FROM door d, household h
    LEFT JOIN thoroughfare t ON t.id = h.thoroughfare_id
    LEFT JOIN locality l ON l.id = h.locality_id
    WHERE o.outcome = 'changed' AND d.row_number = o.row_number AND h.code = o.code
        AND (
            (h.status = 'retired' AND NOT EXISTS (
                SELECT FROM returned b WHERE b.row_number = o.row_number AND b.revives))
            OR (
                (h.unit_id, t.own_key, l.own_key, h.house_number_key, h.building_key, h.floor,
                    h.unit_number, h.households_count)
                IS NOT DISTINCT FROM (d.unit_id, d.street_key, d.place_keys[1], d.number_key,
                    d.building_key, d.storey, d.flat, coalesce(d.households, 1))
                AND (d.point IS NULL OR d.point IS NOT DISTINCT FROM h.point)
            )
        )
"""

# A reference that was linked to a door whose number has changed since, in this file or before: its
# own text, which still says the old number, may be another door.
_ANY_LINKED: Final = "SELECT EXISTS (SELECT FROM known WHERE linked)"
_MOVED_AWAY: Final = """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
    SELECT :import_id, d.row_number, 'house_number', 'reference_moved_away', 'warning', k.code,
        n.number
    FROM known k
    JOIN door d ON d.row_number = k.row_number
    JOIN household h ON h.code = k.code
    LEFT JOIN (
        SELECT f.code, w.number, w.number_key, w.flat
        FROM found f JOIN door w ON w.row_number = f.row_number
        WHERE f.outcome = 'changed'
    ) c ON c.code = k.code
    CROSS JOIN LATERAL (
        SELECT c.number, c.number_key, c.flat WHERE c.code IS NOT NULL
        UNION ALL
        SELECT h.house_number, h.house_number_key, h.unit_number WHERE c.code IS NULL
    ) n
    WHERE k.linked AND (d.number_key, d.flat) IS DISTINCT FROM (n.number_key, n.flat)
        AND NOT EXISTS (
            SELECT FROM household_former_number f
            WHERE f.code = k.code AND f.house_number_key = d.number_key)
"""
_DUPLICATES: Final = """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
    SELECT :import_id, o.row_number, 'address', 'duplicate_in_file', 'warning', NULL, o.head::text
    FROM found o WHERE o.head IS NOT NULL
    UNION ALL
    SELECT :import_id, o.row_number, 'source_ref', 'record_retired', 'warning', o.code, (
        SELECT string_agg(s.new_code, ' ' ORDER BY s.new_code) FROM succession_link s
        WHERE s.old_code = o.code AND s.ended_by_event_id IS NULL)
    FROM found o JOIN household h ON h.code = o.code AND h.status = 'retired'
    WHERE NOT EXISTS (SELECT FROM returned b WHERE b.row_number = o.row_number AND b.revives)
"""


def match(staging: Staging, source: str, *, demo: bool) -> None:
    """Leave `found`, the rows that are not new, and three views over all rows without an error.

    `outcome` says of each whether it is unchanged, changed, linked or new; `door` is `judged` of
    these rows with their references; `written` has those that are new or changed. A
    demonstration and real doors do not know each other.
    """
    parameters = {"import_id": staging.import_id, "source": source, "demo": demo}
    connection = staging.connection
    staging.select("own_ref", _OWN_REFS, stats="row_number")
    staging.key("own_ref", "row_number")
    staging.view("door", _DOORS)
    staging.select("known", _KNOWN, parameters, stats="row_number")
    staging.key("known", "row_number")
    remembered = read_names_as_today(staging, ADDRESS_HASH)
    unknown = bool(connection.execute(text(_ANY_UNKNOWN)).scalar_one())
    registered = _REGISTERED if unknown else f"{_REGISTERED} LIMIT 0"
    staging.select("registered", registered, parameters, stats="row_number")
    formers = bool(connection.execute(text(_ANY_FORMER)).scalar_one())
    if formers and unknown:
        connection.execute(text(_REGISTERED_ELSEWHERE), parameters)
    if unknown:
        connection.execute(text(_REGISTERED_WITH_STREET), parameters)
    # Also the numbers of a street that is part of another one: they count there no more.
    if remembered.streets or remembered.places or remembered.numbers:
        read_numbers_as_today(staging, _NEAR.format(point="h.point"), demo=demo)
    find_returned_elsewhere(connection, source, _EQUAL_FLAT)
    staging.select("found", _FOUND, stats="row_number, outcome")
    staging.key("found", "row_number")
    mixed = formers and staging.select("mixed", _MIXED, stats="at_unit, at_street")
    if mixed:
        staging.select("keyed", _KEYED, stats="key")
        connection.execute(text(_AGAIN_ELSEWHERE))
    if staging.select("head", _HEADS_OF, stats="address_hash, head"):
        staging.select("member", _MEMBERS, stats="row_number, head")
        if staging.select("beside_head", _BESIDE_HEAD, stats="row_number, head"):
            connection.execute(text(_AGAIN))
    while mixed and connection.execute(text(_HEADS)).rowcount:
        pass
    staging.view("outcome", _OUTCOMES)
    any_found = connection.execute(text(_ANY_FOUND)).scalar_one()
    staging.view("written", _WRITTEN if any_found else _ALL_WRITTEN)
    find_returned(connection, source)
    connection.execute(text(_REALLY_CHANGED))
    mark_revived(connection)
    if connection.execute(text(_ANY_LINKED)).scalar_one():
        connection.execute(text(_MOVED_AWAY), parameters)
    connection.execute(text(_DUPLICATES), parameters)


def settle_written(staging: Staging) -> None:
    """Make a table of the view `written` where it holds less than half of the rows.

    What asks for these rows next then looks at no others. No row is rejected afterwards.
    """
    if staging.connection.execute(text(_MOST_ARE_KNOWN)).scalar_one():
        staging.select("written", _WRITTEN, stats=f"row_number, {COMPARED}")
