"""Cells of a delivered file that were edited on its page, kept with the import.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLE = """
CREATE TABLE import_edit (
    import_id bigint NOT NULL,
    place bigint NOT NULL,
    "column" integer NOT NULL,
    value text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    edited_by text NOT NULL,
    edited_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_import_edit PRIMARY KEY (import_id, place, "column"),
    CONSTRAINT fk_import_edit_import_id_import
        FOREIGN KEY (import_id) REFERENCES import (id) ON DELETE CASCADE,
    CONSTRAINT ck_import_edit_version_counted CHECK (version > 0)
)
"""
_WORDS = {
    "TABLE import_edit": "Cells of the file of an import that were edited on its page.",
    "COLUMN import_edit.import_id": "The import",
    "COLUMN import_edit.place": "Row of the file: 0 = first after the header, blank rows counted",
    'COLUMN import_edit."column"': "Column of the file, from 0",
    "COLUMN import_edit.value": "Current value, without names and numbers of people",
    "COLUMN import_edit.version": "Number of edits",
    "COLUMN import_edit.edited_by": "Name of the key that last edited it",
    "COLUMN import_edit.edited_at": "When that was",
}


def upgrade() -> None:
    op.execute(_TABLE)
    for what, words in _WORDS.items():
        op.execute(f"COMMENT ON {what} IS '{words}'")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON import_edit TO diachiso_app")
