"""Step 3, matching: rows that are known, rows that name a door already there, and new ones."""

from typing import Final

from sqlalchemy import text

from registry.intake.matching.ambiguous_doors import refuse_of_several_rows
from registry.intake.matching.former import read_names_as_today
from registry.intake.matching.former_numbers import read_numbers_as_today
from registry.intake.matching.preserved import find_kept
from registry.intake.matching.registered import EQUAL_DOOR, MEASURED, NEAR, find_registered
from registry.intake.matching.shared_doors import find_shared
from registry.intake.matching.succeeded import lead_to_heirs
from registry.intake.matching.vanished import find_returned, find_returned_elsewhere, mark_revived
from registry.intake.staged.staging import ADDRESS_HASH, COMPARED, Staging

# What is compared as one address; a row without a street is known by its localities.
_ADDRESS_KEY: Final = """
    concat_ws('|', unit_id, former_id, coalesce(street_key, ''),
        CASE WHEN street_key IS NULL THEN coalesce(array_to_string(place_keys, ','), '') END,
        coalesce(number_key, '') || CASE WHEN number ~ '[0-9][Đđ]' THEN 'Đ' ELSE '' END,
        coalesce(building_key, ''), coalesce(storey, ''),
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
        j.number_at IS NOT NULL OR j.flat IS NOT NULL AS numbered
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

_FOUND: Final = """
    SELECT row_number, CASE WHEN same OR linked THEN 'unchanged' ELSE 'changed' END AS outcome,
        code, NULL::bigint AS head
    FROM known
    UNION ALL
    SELECT row_number, 'linked', code, NULL FROM registered
"""
# Inside the file: the first row with an address is the head, later ones near it are the same door,
# and so are those at one point elsewhere, of which the first is their head. Hamlets have thousands
# of houses without a number: points are compared before addresses are.
_HEADS_OF: Final = """
    SELECT address_hash, min(row_number) AS head
    FROM entry e
    WHERE NOT rejected AND NOT EXISTS (SELECT FROM found f WHERE f.row_number = e.row_number)
    GROUP BY address_hash
    HAVING count(*) > 1
"""
_MEMBERS: Final = """
    SELECT e.row_number, e.point, e.point_hash, a.head,
        e.number_at IS NOT NULL OR f.flat IS NOT NULL AS numbered
    FROM head a
    JOIN entry e ON e.address_hash = a.address_hash
    LEFT JOIN flat f ON f.at = e.flat_at
    WHERE NOT e.rejected AND NOT EXISTS (SELECT FROM found f WHERE f.row_number = e.row_number)
"""
_BESIDE_HEAD: Final = f"""
    WITH beside AS (
        SELECT d.row_number, d.head
        FROM member d JOIN member h ON h.row_number = d.head
        WHERE d.row_number <> d.head AND {NEAR.format(point="h.point")}
    )
    SELECT row_number, head FROM beside
    UNION ALL
    SELECT d.row_number, o.first
    FROM (
        SELECT head, point_hash, min(row_number) AS first FROM member
        WHERE point_hash IS NOT NULL
        GROUP BY head, point_hash
        HAVING count(*) > 1
    ) o
    JOIN member d ON d.head = o.head AND d.point_hash = o.point_hash
    WHERE d.row_number <> o.first AND NOT EXISTS (
        SELECT FROM beside b WHERE b.row_number = d.row_number)
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
        coalesce(min(h.row_number) FILTER (WHERE {MEASURED}), min(h.row_number))
    FROM keyed d JOIN keyed h ON h.key = d.key AND h.former_id IS DISTINCT FROM d.former_id
        AND {NEAR.format(point="h.point")}
        AND CASE WHEN {MEASURED} THEN h.row_number < d.row_number ELSE d.former_id IS NULL END
    GROUP BY d.row_number
    HAVING count(DISTINCT h.former_id) = 1 OR bool_or({MEASURED})
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

# A row that says the same in other words, or only what is kept otherwise, changes no record.
_REALLY_CHANGED: Final = """
    UPDATE found o SET outcome = 'unchanged'
    FROM door d
    LEFT JOIN kept p ON p.row_number = d.row_number
    LEFT JOIN shared s ON s.row_number = d.row_number, household h
    LEFT JOIN thoroughfare t ON t.id = h.thoroughfare_id
    LEFT JOIN locality l ON l.id = h.locality_id
    WHERE o.outcome = 'changed' AND d.row_number = o.row_number AND h.code = o.code
        AND (
            (h.status = 'retired' AND NOT EXISTS (
                SELECT FROM returned b WHERE b.row_number = o.row_number AND b.revives))
            OR (
                (p.address OR (h.unit_id, t.own_key, l.own_key, h.house_number_key,
                        h.building_key, h.floor, h.unit_number)
                    IS NOT DISTINCT FROM (d.unit_id, d.street_key, d.place_keys[1], d.number_key,
                        d.building_key, d.storey, d.flat))
                AND (p.households
                    OR h.households_count = greatest(d.households, s.now, s.said, 1))
                AND (p.position OR d.point IS NULL OR d.point IS NOT DISTINCT FROM h.point)
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
        AND NOT EXISTS (SELECT FROM succeeded s WHERE s.row_number = k.row_number)
        AND NOT EXISTS (
            SELECT FROM household_former_number f
            WHERE f.code = k.code AND f.house_number_key = d.number_key)
"""
_DUPLICATES: Final = """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
    SELECT :import_id, o.row_number, 'address', 'duplicate_in_file', 'warning', NULL, o.head::text
    FROM found o
    WHERE o.head IS NOT NULL
        AND NOT EXISTS (SELECT FROM sharing s WHERE s.row_number = o.row_number)
    UNION ALL
    SELECT :import_id, row_number, 'source_ref', 'record_retired', 'warning', old_code, heirs[1]
    FROM succeeded
    UNION ALL
    SELECT :import_id, o.row_number, 'source_ref', 'record_retired', 'warning', o.code, (
        SELECT string_agg(s.new_code, ' ' ORDER BY s.new_code) FROM succession_link s
        WHERE s.old_code = o.code AND s.ended_by_event_id IS NULL)
    FROM found o JOIN household h ON h.code = o.code AND h.status = 'retired'
    WHERE NOT EXISTS (SELECT FROM returned b WHERE b.row_number = o.row_number AND b.revives)
"""


def match(staging: Staging, source: str, *, demo: bool, full: bool) -> None:
    """Leave `found`, the rows that are not new, and three views over all rows without an error.

    `outcome` says of each whether it is unchanged, changed, linked or new; `door` is `judged` of
    these rows with their references; `written` has those that are new or changed. `full`
    says that the file holds all of the source. A demonstration and real doors do not know each
    other.
    """
    parameters = {"import_id": staging.import_id, "source": source, "demo": demo}
    connection = staging.connection
    staging.select("own_ref", _OWN_REFS, stats="row_number")
    staging.key("own_ref", "row_number")
    staging.view("door", _DOORS)
    staging.select("known", _KNOWN, parameters, stats="row_number")
    staging.key("known", "row_number")
    remembered = read_names_as_today(staging, ADDRESS_HASH)
    formers = bool(connection.execute(text(_ANY_FORMER)).scalar_one())
    find_registered(staging, parameters, formers=formers)
    # Also the numbers of a street that is part of another one: they count there no more.
    if remembered.streets or remembered.places or remembered.numbers:
        read_numbers_as_today(staging, NEAR.format(point="h.point"), demo=demo)
    find_returned_elsewhere(connection, source, EQUAL_DOOR)
    lead_to_heirs(staging, EQUAL_DOOR, demo=demo)
    staging.select("found", _FOUND, stats="row_number, outcome")
    staging.key("found", "row_number")
    mixed = formers and staging.select("mixed", _MIXED, stats="at_unit, at_street")
    if mixed:
        staging.select("keyed", _KEYED, stats="key")
        connection.execute(text(_AGAIN_ELSEWHERE))
        refuse_of_several_rows(staging, NEAR.format(point="h.point"))
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
    find_shared(staging, source, full=full)
    find_kept(staging, source)
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
