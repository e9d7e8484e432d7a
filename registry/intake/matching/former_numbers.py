"""Former numbers of doors: which door a row means whose number stood on another one before.

The rules are told in `registry.intake.matching.former`.
"""

from typing import Final

from sqlalchemy import text

from registry.intake.matching.former import SAME_FORMER
from registry.intake.staged.staging import Staging

# Streets and localities that the file names and along which numbers have changed: few, beside rows.
_COUNTING_STREETS: Final = """
    SELECT s.at, t.id, t.unit_id, t.former_unit_id
    FROM street s JOIN thoroughfare t ON t.own_key = s.street_key
    WHERE EXISTS (SELECT FROM household_former_number f WHERE f.thoroughfare_id = t.id)
"""
_COUNTING_PLACES: Final = """
    SELECT p.at, l.id, l.unit_id, l.former_unit_id
    FROM place p JOIN locality l ON l.own_key = p.place_keys[1]
    WHERE EXISTS (
        SELECT FROM household_former_number f
        WHERE f.locality_id = l.id AND f.thoroughfare_id IS NULL)
"""
# Along what a row's number counted: along what bore the former name that it writes, else along what
# bears the name today. `elsewhere`: that is part of another street or locality today.
_COUNTED: Final = f"""
    SELECT r.row_number, n.id AS street_id, NULL::bigint AS place_id,
        n.id <> r.today_id AS elsewhere
    FROM renamed_street r CROSS JOIN unnest(r.named_ids) n (id)
    WHERE NOT r.unclear
    UNION ALL
    SELECT u.row_number, c.id, NULL, false
    FROM unsettled u
    JOIN counting_street c ON c.at = u.street_at AND c.unit_id = u.unit_id
        AND {SAME_FORMER.format(place="c", row="u")}
    WHERE NOT EXISTS (SELECT FROM renamed_street r WHERE r.row_number = u.row_number)
    UNION ALL
    SELECT r.row_number, NULL, n.id, n.id <> r.today_id
    FROM renamed_place r JOIN unsettled u ON u.row_number = r.row_number
    CROSS JOIN unnest(r.named_ids) n (id)
    WHERE NOT r.unclear AND r.depth = 1 AND u.street_at IS NULL
    UNION ALL
    SELECT u.row_number, NULL, c.id, false
    FROM unsettled u
    JOIN counting_place c ON c.at = u.place_at AND c.unit_id = u.unit_id
        AND {SAME_FORMER.format(place="c", row="u")}
    WHERE u.street_at IS NULL AND NOT EXISTS (
        SELECT FROM renamed_place r WHERE r.row_number = u.row_number AND r.depth = 1)
"""
# The doors that bore it: of a known reference only its own, else those that may be at the point.
_BEARERS: Final = """
    SELECT DISTINCT ON (c.row_number, h.code) c.row_number, c.elsewhere, h.code, u.code AS known,
        h.house_number, h.house_number_key, h.thoroughfare_id, d.number, d.number_key,
        d.point IS NOT NULL AND h.point IS NOT NULL AS measured
    FROM counted c
    JOIN unsettled u ON u.row_number = c.row_number
    JOIN door d ON d.row_number = c.row_number
    JOIN household_former_number f ON f.house_number_key = d.number_key AND {along}
    JOIN household h ON h.code = f.code AND h.kind = 'household' AND h.unit_id = d.unit_id
        AND h.status IN ('active', 'proposed') AND (h.code < '1') = :demo
        AND h.building_key IS NOT DISTINCT FROM d.building_key
        AND h.floor IS NOT DISTINCT FROM d.storey
        AND h.unit_number IS NOT DISTINCT FROM d.flat
    WHERE u.code = h.code OR u.code IS NULL AND {near}
    ORDER BY c.row_number, h.code, c.elsewhere
"""
_ALONG: Final = (
    "f.thoroughfare_id = c.street_id",
    "f.locality_id = c.place_id AND f.thoroughfare_id IS NULL",
)

# A known reference keeps the number, and the street, that its record has today.
_OWN: Final = """
    SELECT b.row_number, b.number, b.house_number, b.house_number_key, t.kind, t.name,
        t.own_key AS key, t.id IS NOT NULL AS elsewhere,
        (SELECT coalesce(max(at), 0) FROM number) + row_number() OVER w AS number_at,
        (SELECT coalesce(max(at), 0) FROM street) + row_number() OVER w AS street_at
    FROM bearer b
    JOIN judged j ON j.row_number = b.row_number
    LEFT JOIN thoroughfare t ON t.id = b.thoroughfare_id AND t.own_key IS DISTINCT FROM j.street_key
    WHERE b.known = b.code
        AND (b.house_number_key IS DISTINCT FROM b.number_key OR t.id IS NOT NULL)
    WINDOW w AS (ORDER BY b.row_number)
"""
_KEEP_OWN: Final = (
    """
    INSERT INTO number (at, number, number_key, alley_only)
    SELECT number_at, house_number, house_number_key, false FROM own_number
    WHERE house_number IS NOT NULL
    """,
    """
    INSERT INTO street (at, street_kind, street_name, street_key)
    SELECT street_at, kind, name, key FROM own_number WHERE elsewhere
    """,
    """
    UPDATE entry e SET number_at = CASE WHEN o.house_number IS NOT NULL THEN o.number_at END,
        street_at = CASE WHEN o.elsewhere THEN o.street_at ELSE e.street_at END
    FROM own_number o WHERE o.row_number = e.row_number
    """,
    """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
    SELECT :import_id, row_number, 'house_number', 'former_number', 'warning', number,
        concat_ws(' ', house_number, kind, name)
    FROM own_number
    """,
)

# Of other rows: the door that bears the number today, if any, against those that bore it. Along a
# street that became part of another one, a number of today is no answer unless a point says so.
_WEIGHED: Final = """
    SELECT coalesce(b.row_number, m.row_number) AS row_number, r.code AS today, b.code, b.others,
        b.house_number,
        CASE WHEN b.others > 1 OR b.others = 1 AND b.elsewhere AND b.todays THEN 'unclear'
            WHEN b.others = 1 AND (r.code IS NULL OR b.elsewhere) THEN 'former'
            WHEN b.others = 1 AND NOT r.measured THEN 'today'
            WHEN b.others IS NULL AND m.row_number IS NOT NULL AND NOT r.measured THEN 'unclear'
            END AS verdict
    FROM (
        SELECT b.row_number, bool_or(b.elsewhere) AS elsewhere, bool_or(b.code = r.code) AS todays,
            count(*) FILTER (WHERE b.code IS DISTINCT FROM r.code) AS others,
            min(b.code) FILTER (WHERE b.code IS DISTINCT FROM r.code) AS code,
            string_agg(b.house_number, '; ' ORDER BY b.code)
                FILTER (WHERE b.code IS DISTINCT FROM r.code) AS house_number
        FROM bearer b LEFT JOIN registered r ON r.row_number = b.row_number
        WHERE b.known IS NULL
        GROUP BY b.row_number
    ) b
    FULL JOIN (
        SELECT row_number FROM renamed_street WHERE NOT unclear AND today_id <> ALL (named_ids)
        UNION
        SELECT row_number FROM renamed_place
        WHERE NOT unclear AND depth = 1 AND today_id <> ALL (named_ids)
    ) m ON m.row_number = b.row_number
    LEFT JOIN (
        SELECT r.row_number, r.code, d.point IS NOT NULL AND h.point IS NOT NULL AS measured
        FROM registered r
        JOIN door d ON d.row_number = r.row_number
        JOIN household h ON h.code = r.code
    ) r ON r.row_number = coalesce(b.row_number, m.row_number)
"""
_SETTLE: Final = (
    """
    DELETE FROM registered r USING weighed w
    WHERE r.row_number = w.row_number AND w.verdict IN ('former', 'unclear')
    """,
    """
    INSERT INTO registered (row_number, code)
    SELECT row_number, code FROM weighed WHERE verdict = 'former'
    """,
    """
    UPDATE entry e SET rejected = true FROM weighed w
    WHERE w.row_number = e.row_number AND w.verdict = 'unclear'
    """,
    """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
    SELECT :import_id, w.row_number, 'house_number', p.code, p.severity, j.number, w.house_number
    FROM weighed w
    JOIN judged j ON j.row_number = w.row_number
    JOIN (VALUES ('former', 'former_number', 'warning'),
        ('today', 'number_of_two_houses', 'warning'),
        ('unclear', 'former_address_unclear', 'error')) p (verdict, code, severity)
        ON p.verdict = w.verdict
    """,
)


def read_numbers_as_today(staging: Staging, near: str, *, demo: bool) -> None:
    """Lead rows that write a former number to the door that bore it, with a warning.

    Corrects `registered`, and `entry` where a reference is known. `near` says in SQL whether a
    row `d` and a record `h` may be at one place. Needs what `read_names_as_today` leaves.
    """
    parameters: dict[str, object] = {"import_id": staging.import_id, "demo": demo}
    staging.select("counting_street", _COUNTING_STREETS, stats="at")
    staging.select("counting_place", _COUNTING_PLACES, stats="at")
    staging.select("counted", _COUNTED, stats="row_number")
    along = (_BEARERS.format(along=each, near=near) for each in _ALONG)
    staging.select("bearer", " UNION ALL ".join(f"({each})" for each in along), parameters)
    staging.select("own_number", _OWN)
    staging.select("weighed", _WEIGHED)
    for statement in (*_KEEP_OWN, *_SETTLE):
        staging.connection.execute(text(statement), parameters)
