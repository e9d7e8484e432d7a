"""Step 2, resolving: from spellings to keys and communes, each distinct spelling read once."""

from collections.abc import Callable

from sqlalchemy import Connection, text

from geo.address import Door, parse_components
from registry.intake.communes import CommuneReader, CommuneSpelling
from registry.intake.doors import DOOR_COLUMNS, door_row
from registry.intake.staging import COMMUNE_COLUMNS, commune_row, copy_rows, resolved, staged

_SPELLING = ("commune_code", "commune", "district", "province", "former_commune_code")

# The column groups that are read on their own; a street's column may name its alley and hamlet.
_GROUPS: dict[str, tuple[tuple[str, ...], Callable[..., Door]]] = {
    "read_number": (("house_number",), lambda number: parse_components(house_number=number)),
    "read_street": (("street",), lambda street: parse_components(street=street)),
    "read_place": (("locality",), lambda place: parse_components(locality=place)),
    "read_flat": (
        ("building", "floor", "unit"),
        lambda building, floor, unit: parse_components(building=building, floor=floor, unit=unit),
    ),
}

_RESOLVED_COLUMNS = """
    s.row_number, s.row_hash, s.source_ref, s.longitude, s.latitude, s.households_count,
    s.position_accuracy_m
"""

# A number in a path: the alley of the street's column (`12/`), then the number's own.
_COMPONENTS = """
    CREATE UNLOGGED TABLE {resolved} AS
    SELECT {columns},
        coalesce(n.number, t.number, f.number) AS number,
        CASE WHEN coalesce(n.number_key, f.number_key) IS NULL THEN t.number_key
            ELSE concat_ws('/', rtrim(t.number_key, '/'), coalesce(n.number_key, f.number_key))
            END
            AS number_key,
        CASE WHEN n.number_key IS NOT NULL THEN n.alley_only
            ELSE t.alley_only AND f.number_key IS NULL END AS alley_only,
        coalesce(t.street_kind, n.street_kind) AS street_kind,
        coalesce(t.street_name, n.street_name) AS street_name,
        coalesce(t.street_key, n.street_key) AS street_key,
        p.place_kinds || t.place_kinds || n.place_kinds AS place_kinds,
        p.place_names || t.place_names || n.place_names AS place_names,
        p.place_keys || t.place_keys || n.place_keys AS place_keys,
        coalesce(f.building_name, n.building_name, p.building_name) AS building_name,
        coalesce(f.building_key, n.building_key, p.building_key) AS building_key,
        coalesce(f.storey, n.storey) AS storey,
        coalesce(f.flat, n.flat) AS flat,
        coalesce(p.hint, t.hint, n.hint) AS hint,
        c.candidates, c.former_id, c.commune_problem, c.commune_notice
    FROM {staged} s
    JOIN read_number n ON n.house_number = coalesce(s.house_number, '')
    JOIN read_street t ON t.street = coalesce(s.street, '')
    JOIN read_place p ON p.locality = coalesce(s.locality, '')
    JOIN read_flat f ON f.building = coalesce(s.building, '')
        AND f.floor = coalesce(s.floor, '') AND f.unit = coalesce(s.unit, '')
    JOIN read_commune c ON c.commune_code = coalesce(s.commune_code, '')
        AND c.commune = coalesce(s.commune, '') AND c.district = coalesce(s.district, '')
        AND c.province = coalesce(s.province, '')
        AND c.former_commune_code = coalesce(s.former_commune_code, '')
"""

_FREE_TEXT = """
    CREATE UNLOGGED TABLE {resolved} AS
    SELECT {columns}, s.number, s.number_key, s.alley_only, s.street_kind, s.street_name,
        s.street_key, s.place_kinds, s.place_names, s.place_keys, s.building_name, s.building_key,
        s.storey, s.flat, s.hint, s.candidates, s.former_id, s.commune_problem, s.commune_notice
    FROM {staged} s
"""


def resolve(
    connection: Connection, import_id: int, communes: CommuneReader, *, free_text: bool
) -> None:
    """Make the table of understood rows; as many rows as were staged.

    `candidates` holds the communes of today that the row may mean.
    """
    names = {
        "resolved": resolved(import_id),
        "staged": staged(import_id),
        "columns": _RESOLVED_COLUMNS,
    }
    if free_text:
        connection.execute(text(_FREE_TEXT.format(**names)))
    else:
        _read_communes(connection, import_id, communes)
        for table in _GROUPS:
            _read_group(connection, import_id, table)
        connection.execute(text(_COMPONENTS.format(**names)))
    connection.execute(text(f"ALTER TABLE {names['resolved']} ADD PRIMARY KEY (row_number)"))
    connection.execute(text(f"ANALYZE {names['resolved']}"))


def distinct_codes(connection: Connection, import_id: int) -> list[str]:
    """The commune codes that the file uses."""
    rows = connection.scalars(
        text(
            f"SELECT DISTINCT commune_code FROM {staged(import_id)} WHERE commune_code IS NOT NULL"
        )
    )
    return list(rows)


def _read_communes(connection: Connection, import_id: int, communes: CommuneReader) -> None:
    distinct = _distinct(connection, import_id, _SPELLING)
    columns = ", ".join(f"{name} text" for name in _SPELLING)
    copy_rows(
        connection,
        "read_commune",
        f"{columns}, {COMMUNE_COLUMNS}",
        (
            (*row, *commune_row(communes.read(CommuneSpelling(*(cell or None for cell in row)))))
            for row in distinct
        ),
        key=", ".join(_SPELLING),
    )


def _read_group(connection: Connection, import_id: int, table: str) -> None:
    names, parse = _GROUPS[table]
    columns = ", ".join(f"{name} text" for name in names)
    copy_rows(
        connection,
        table,
        f"{columns}, {DOOR_COLUMNS}",
        (
            (*row, *door_row(parse(*(cell or None for cell in row))))
            for row in _distinct(connection, import_id, names)
        ),
        key=", ".join(names),
    )


def _distinct(
    connection: Connection, import_id: int, names: tuple[str, ...]
) -> list[tuple[str, ...]]:
    """Distinct spellings; '' stands for a blank, so that a plain join loses no row."""
    columns = ", ".join(f"coalesce({name}, '')" for name in names)
    rows = connection.execute(text(f"SELECT DISTINCT {columns} FROM {staged(import_id)}"))
    return [tuple(row) for row in rows]
