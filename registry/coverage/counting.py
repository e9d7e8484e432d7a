"""The SQL that counts communes: one text, for what is kept and for what is read beside it.

It looks at one commune after the other, so that its cost is theirs, and its plan the same for one
as for all. What each count means: docs/coverage.md.
"""

from typing import Final

ACCURATE_M: Final = 20

# The constants stand in the text, not in parameters: a plan for any value could not use an index
# that holds for some.
_NOT_DEMO: Final = "AND h.code >= '1'"
DOOR: Final = "h.house_number_key, h.building_key, h.floor, h.unit_number"
"""What tells two doors of one street or hamlet apart."""

# Two records at one door are found street by street: an index has a street's numbers in order, and
# only where one comes twice are the rows looked at.
_SUSPECTED: Final = """
    SELECT h.position_accuracy_m
    FROM (
        SELECT p.id FROM place p CROSS JOIN LATERAL (
            SELECT count(h.house_number_key) AS numbers, count(DISTINCT h.house_number_key) AS doors
            FROM household h WHERE h.{column} = p.id {only}
        ) n WHERE p.class = '{place}' AND p.unit_id = s.unit_id AND n.numbers > n.doors
    ) d CROSS JOIN LATERAL (
        SELECT h.position_accuracy_m, count(*) OVER (PARTITION BY {door}) AS same
        FROM household h
        WHERE h.{column} = d.id {only} AND h.house_number_key IS NOT NULL
            AND h.status = 'active' AND h.kind = 'household' {not_demo}
    ) h WHERE h.same > 1
"""
_PLACES: Final = (
    ("street", "street_id", ""),
    (
        "locality",
        "locality_id",
        "AND h.street_id IS NULL AND h.house_number_key IS NOT NULL",
    ),
)
_COUNTED: Final = """
    SELECT s.unit_id, c.households, c.dwellings, c.positioned, c.verified,
        c.positioned - n.nowhere - d.ambiguous AS deliverable, coalesce(p.plated, 0) AS plated,
        d.suspected, n.unnumbered, c.verified_first
    FROM {communes} s
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(h.households_count), 0) AS households, count(*) AS dwellings,
            count(*) FILTER (WHERE h.position_accuracy_m <= {accurate_m}) AS positioned,
            count(*) FILTER (WHERE h.verified_on >= CAST(:verified_since AS date)) AS verified,
            min(h.verified_on)
                FILTER (WHERE h.verified_on >= CAST(:verified_since AS date)) AS verified_first
        FROM household h
        WHERE h.unit_id = s.unit_id AND h.status = 'active' AND h.kind = 'household' {not_demo}
    ) c
    CROSS JOIN LATERAL (
        SELECT count(*) AS unnumbered,
            count(*) FILTER (
                WHERE h.position_accuracy_m <= {accurate_m} AND h.locality_id IS NULL
            ) AS nowhere
        FROM household h
        WHERE h.unit_id = s.unit_id AND h.status = 'active' AND h.kind = 'household'
            AND h.house_number_key IS NULL AND h.unit_number IS NULL {not_demo}
    ) n
    CROSS JOIN LATERAL (
        SELECT count(*) AS suspected,
            count(*) FILTER (WHERE h.position_accuracy_m <= {accurate_m}) AS ambiguous
        FROM ({suspected}) h
    ) d
    LEFT JOIN (
        SELECT h.unit_id, count(*) AS plated
        FROM household h
        WHERE h.code IN (SELECT code FROM plate
            WHERE mounted_on IS NOT NULL AND lost_on IS NULL)
            AND h.unit_id IN (SELECT unit_id FROM {communes})
            AND h.status = 'active' AND h.kind = 'household' {not_demo}
        GROUP BY h.unit_id
    ) p USING (unit_id)
"""


def counting(communes: str, *, demo: bool) -> str:
    """A SELECT of a row for each row of the relation `communes` (unit_id), all its counts by name.

    Takes the parameter `verified_since`; `verified_first` is the earliest day of the verified.
    """
    not_demo = "" if demo else _NOT_DEMO
    suspected = " UNION ALL ".join(
        _SUSPECTED.format(place=place, column=column, only=only, door=DOOR, not_demo=not_demo)
        for place, column, only in _PLACES
    )
    return _COUNTED.format(
        communes=communes, accurate_m=ACCURATE_M, not_demo=not_demo, suspected=suspected
    )
