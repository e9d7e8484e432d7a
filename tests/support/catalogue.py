"""The schema of a register as read from PostgreSQL's catalogue."""

from sqlalchemy import Connection, text

OURS = """
    c.relnamespace = 'public'::regnamespace AND c.relname <> 'alembic_version'
    AND NOT EXISTS (
        SELECT FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
"""
"""Relations of the schema public that belong neither to an extension nor to Alembic."""

CATALOGUE = {
    "tables": f"""
        SELECT c.relname, obj_description(c.oid, 'pg_class')
        FROM pg_class c WHERE c.relkind = 'r' AND {OURS}
    """,
    "columns": f"""
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
            a.attidentity, l.collname, pg_get_expr(d.adbin, d.adrelid),
            col_description(c.oid, a.attnum)
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        LEFT JOIN pg_collation l ON l.oid = a.attcollation
        WHERE c.relkind = 'r' AND {OURS}
    """,
    "constraints": f"""
        SELECT c.relname, k.conname, k.contype, k.convalidated, k.condeferrable, k.condeferred
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND {OURS}
    """,
    "indexes": f"""
        SELECT c.relname, pg_get_indexdef(i.indexrelid)
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE {OURS}
    """,
}


def read(connection: Connection, query: str) -> set[tuple[object, ...]]:
    """The rows of a query that has colons of its own."""
    return {tuple(row) for row in connection.execute(text(query.replace(":", r"\:")))}


def schema_of(connection: Connection) -> dict[str, set[tuple[object, ...]]]:
    """Every table, column, constraint and index.

    Without the words of constraints, which PostgreSQL puts otherwise when it reads them once more.
    """
    return {part: read(connection, query) for part, query in CATALOGUE.items()}
