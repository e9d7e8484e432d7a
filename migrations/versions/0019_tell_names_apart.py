"""Two streets or localities of a commune may differ in the marks of their names only.

Revision ID: 0019
Revises: 0018
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# Table → what beside its own key makes a place one.
PLACES = {"thoroughfare": "", "locality": "parent_id, "}

# Squawk asks for CONCURRENTLY and NOT VALID, which need transactions of their own; streets and
# places are few beside households.
ADD = """
ALTER TABLE {table} ADD COLUMN marks text COLLATE "C";
COMMENT ON COLUMN {table}.marks IS
    'Accents of its name, where another one of its commune had the key before; else none';
-- What differed in its former commune as well: the first keeps the key. As many letters, some of
-- them not those of ASCII: other marks, rather than a word that is written otherwise.
UPDATE {table} p SET marks = lower(p.name)
WHERE p.merged_into_id IS NULL AND p.name ~ '[^ -~]' AND EXISTS (
    SELECT FROM {table} o
    WHERE o.unit_id = p.unit_id AND o.key = p.key AND lower(o.name) <> lower(p.name)
        AND length(o.name) = length(p.name) AND o.name ~ '[^ -~]' AND o.id < p.id);
ALTER TABLE {table} ADD COLUMN own_key text COLLATE "C"
    -- squawk-ignore adding-field-with-default
    GENERATED ALWAYS AS (key || coalesce('~' || marks, '')) STORED NOT NULL;
COMMENT ON COLUMN {table}.own_key IS
    'Key that no other one of its commune has: with the marks, where they tell it apart';
-- squawk-ignore ban-drop-constraint
ALTER TABLE {table} DROP CONSTRAINT uq_{table}_unit_id_former_unit_id_{name}key;
-- squawk-ignore disallowed-unique-constraint, constraint-missing-not-valid
ALTER TABLE {table} ADD CONSTRAINT uq_{table}_unit_id_former_unit_id_{name}own_key
    UNIQUE NULLS NOT DISTINCT (unit_id, former_unit_id, {parent}own_key)
"""
# Fails while two places of one key are told apart: the older schema cannot hold both.
REMOVE = """
ALTER TABLE {table} DROP CONSTRAINT uq_{table}_unit_id_former_unit_id_{name}own_key;
ALTER TABLE {table} DROP COLUMN own_key;
ALTER TABLE {table} DROP COLUMN marks;
ALTER TABLE {table} ADD CONSTRAINT uq_{table}_unit_id_former_unit_id_{name}key
    UNIQUE NULLS NOT DISTINCT (unit_id, former_unit_id, {parent}key)
"""


def _run(script: str) -> None:
    for table, parent in PLACES.items():
        op.execute(script.format(table=table, parent=parent, name=parent.replace(", ", "_")))


def upgrade() -> None:
    _run(ADD)


def downgrade() -> None:
    _run(REMOVE)
