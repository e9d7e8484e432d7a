"""Step 3, judging: the commune decided, the point read, every problem of every row written down.

A problem is data, not an exception. Rows with an error go no further.
"""

from typing import Final

from sqlalchemy import Connection, text

from registry.intake.problems import PROBLEMS
from registry.intake.staging import resolved

_NUMBER: Final = r"^[+-]?[0-9]{1,3}([.,][0-9]{1,15})?$"
_COUNT: Final = "^[1-9][0-9]{0,5}$"
_METRES: Final = r"^[0-9]{1,6}([.,][0-9]{1,9})?$"

# Viet Nam with its archipelagos, degrees.
_INSIDE: Final = "lon BETWEEN 102 AND 118 AND lat BETWEEN 6 AND 24"
_SWAPPED: Final = "lat BETWEEN 102 AND 118 AND lon BETWEEN 6 AND 24"

_JUDGED: Final = f"""
    CREATE TEMPORARY TABLE judged ON COMMIT DROP AS
    WITH numbers AS (
        SELECT r.*,
            CASE WHEN r.longitude ~ '{_NUMBER}'
                THEN replace(r.longitude, ',', '.')::float8 END AS lon,
            CASE WHEN r.latitude ~ '{_NUMBER}'
                THEN replace(r.latitude, ',', '.')::float8 END AS lat,
            CASE WHEN r.households_count ~ '{_COUNT}'
                THEN r.households_count::int END AS households,
            CASE WHEN r.position_accuracy_m ~ '{_METRES}'
                THEN replace(r.position_accuracy_m, ',', '.')::float8 END AS accuracy_m
        FROM {{resolved}} r
    ), placed AS (
        SELECT n.*,
            CASE WHEN {_INSIDE} THEN ST_SetSRID(ST_MakePoint(lon, lat), 4326) END AS point
        FROM numbers n
    )
    SELECT p.*,
        CASE cardinality(p.candidates) WHEN 1 THEN p.candidates[1]
            ELSE decided.unit_id END AS unit_id,
        row_number() OVER (PARTITION BY p.source_ref ORDER BY p.row_number) AS ref_occurrence
    FROM placed p
    LEFT JOIN LATERAL (
        -- A split commune is decided by the point, where exactly one candidate holds it.
        SELECT min(b.unit_id) AS unit_id
        FROM boundary_part b
        WHERE cardinality(p.candidates) > 1 AND b.unit_id = ANY (p.candidates)
            AND ST_Covers(b.geom, p.point)
        HAVING count(DISTINCT b.unit_id) = 1
    ) decided ON true
"""

# (condition, field, code, value): what is shown of the row is never an address.
_RULES: Final = (
    ("commune_problem IS NOT NULL", "commune", "{commune_problem}", "NULL"),
    (
        "commune_problem IS NULL AND unit_id IS NULL",
        "commune",
        "commune_ambiguous",
        "cardinality(candidates)::text",
    ),
    ("commune_notice IS NOT NULL", "commune", "{commune_notice}", "NULL"),
    (
        "(longitude IS NULL) <> (latitude IS NULL)",
        "longitude",
        "coordinates_incomplete",
        "coalesce(longitude, latitude)",
    ),
    ("longitude IS NOT NULL AND lon IS NULL", "longitude", "coordinates_unreadable", "longitude"),
    ("latitude IS NOT NULL AND lat IS NULL", "latitude", "coordinates_unreadable", "latitude"),
    (_SWAPPED, "longitude", "coordinates_swapped", "longitude"),
    (
        f"lon IS NOT NULL AND lat IS NOT NULL AND NOT ({_INSIDE}) AND NOT ({_SWAPPED})",
        "longitude",
        "coordinates_outside",
        "concat_ws(' ', longitude, latitude)",
    ),
    (
        "households_count IS NOT NULL AND households IS NULL",
        "households_count",
        "households_count_unreadable",
        "households_count",
    ),
    ("source_ref IS NOT NULL AND ref_occurrence > 1", "source_ref", "duplicate_ref", "source_ref"),
    (
        "NOT names_dwelling AND commune_problem IS DISTINCT FROM 'address_missing'",
        "address",
        "address_names_no_dwelling",
        "NULL",
    ),
    (
        "names_dwelling AND number_key IS NULL AND flat IS NULL AND building_key IS NULL",
        "house_number",
        "no_house_number",
        "NULL",
    ),
    ("outside", "longitude", "outside_commune", "concat_ws(' ', longitude, latitude)"),
)

# geo.address.names_dwelling, set by set: a number that is more than an alley, a flat, or a
# locality with a point.
_DWELLING: Final = """
    (j.number_key IS NOT NULL AND NOT j.alley_only)
    OR j.flat IS NOT NULL
    OR (cardinality(j.place_keys) > 0 AND j.point IS NOT NULL)
"""

_OUTSIDE: Final = """
    j.point IS NOT NULL
    AND EXISTS (SELECT FROM boundary b WHERE b.unit_id = j.unit_id AND NOT b.approximate)
    AND NOT EXISTS (
        SELECT FROM boundary_part b WHERE b.unit_id = j.unit_id AND ST_Covers(b.geom, j.point)
    )
"""


def judge(connection: Connection, import_id: int) -> None:
    """Fill `import_problem` for the import and leave the temporary tables `judged` and `accepted`.

    `accepted` holds the rows without an error, each with its commune `unit_id`.
    """
    connection.execute(text(_JUDGED.replace("{resolved}", resolved(import_id))))
    connection.execute(text("ANALYZE judged"))
    connection.execute(text(_problems_statement()), {"import_id": import_id})
    connection.execute(
        text(
            "CREATE TEMPORARY TABLE accepted ON COMMIT DROP AS"
            " SELECT j.* FROM judged j WHERE NOT EXISTS ("
            " SELECT FROM import_problem p WHERE p.import_id = :import_id"
            " AND p.row_number = j.row_number AND p.severity = 'error')"
        ),
        {"import_id": import_id},
    )
    connection.execute(text("ANALYZE accepted"))


def _problems_statement() -> str:
    rules = ",\n            ".join(
        f"({condition}, '{field}', {_code(code)}, {value})"
        for condition, field, code, value in _RULES
    )
    severities = ", ".join(f"('{code}', '{kind.severity}')" for code, kind in PROBLEMS.items())
    return f"""
        INSERT INTO import_problem (import_id, row_number, field, code, severity, value)
        SELECT :import_id, c.row_number, v.field, v.code, s.severity, left(v.value, 200)
        FROM (
            SELECT j.*, ({_DWELLING}) AS names_dwelling, ({_OUTSIDE}) AS outside FROM judged j
        ) c
        CROSS JOIN LATERAL (VALUES
            {rules}
        ) v (holds, field, code, value)
        JOIN (VALUES {severities}) s (code, severity) ON s.code = v.code
        WHERE v.holds
        ORDER BY c.row_number
    """


def _code(code: str) -> str:
    # A code in braces is the column that holds it.
    return code.strip("{}") if code.startswith("{") else f"'{code}'"
