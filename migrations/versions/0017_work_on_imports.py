"""Imports over HTTP: what is being done about an import, and for whom.

Revision ID: 0017
Revises: 0016
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# squawk asks for NOT VALID; imports are few.
STATES = """
-- squawk-ignore ban-drop-constraint
ALTER TABLE import DROP CONSTRAINT ck_import_state_known;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE import ADD CONSTRAINT ck_import_state_known CHECK (state IN ('staged', 'reported',
    'publishing', 'published', 'rolled_back', 'discarded', 'failed'));
COMMENT ON COLUMN import.state IS
    'staged | reported | publishing | published | rolled_back | discarded | failed';
"""

WORK = """
CREATE TABLE import_work (
    import_id bigint NOT NULL,
    actor text NOT NULL,
    key_id bigint,
    unit_ids integer[],
    request jsonb DEFAULT '{}'::jsonb NOT NULL,
    size_bytes bigint NOT NULL,
    idempotency_key text,
    verdict integer DEFAULT 0 NOT NULL,
    phase text,
    rows_done bigint DEFAULT 0 NOT NULL,
    problem jsonb,
    asked_by text,
    asked_key_id bigint,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    files_until timestamp with time zone,
    CONSTRAINT pk_import_work PRIMARY KEY (import_id),
    CONSTRAINT uq_import_work_actor_idempotency_key UNIQUE (actor, idempotency_key),
    CONSTRAINT fk_import_work_import_id_import FOREIGN KEY (import_id)
        REFERENCES import (id) ON DELETE CASCADE
);
COMMENT ON TABLE import_work IS
    'What is being done about an import that came over HTTP, for whom, and how far it is.';
COMMENT ON COLUMN import_work.import_id IS 'The import';
COMMENT ON COLUMN import_work.actor IS 'Name of the key that delivered it';
COMMENT ON COLUMN import_work.key_id IS 'Number of that key';
COMMENT ON COLUMN import_work.unit_ids IS
    'Communes in which that key may write; none for everywhere. Who may write in one of them sees the import';
COMMENT ON COLUMN import_work.request IS 'Options of the import: sheet, mapping, crs …';
COMMENT ON COLUMN import_work.size_bytes IS 'Of the file';
COMMENT ON COLUMN import_work.idempotency_key IS
    'Chosen by who delivers: a delivery under the same one again is the same import';
COMMENT ON COLUMN import_work.verdict IS 'Number of the last dry run; 0 before the first has ended';
COMMENT ON COLUMN import_work.phase IS 'What is being done now: reading, judging, publishing …';
COMMENT ON COLUMN import_work.rows_done IS 'Rows that were read so far';
COMMENT ON COLUMN import_work.problem IS 'Why the last thing that was asked for was not done';
COMMENT ON COLUMN import_work.asked_by IS 'Name of the key that asked for what is being done';
COMMENT ON COLUMN import_work.asked_key_id IS 'Number of that key';
COMMENT ON COLUMN import_work.changed_at IS 'When this was written last';
COMMENT ON COLUMN import_work.files_until IS
    'When the file and its reports are deleted; none when they are';
GRANT SELECT, INSERT, UPDATE, DELETE ON import_work TO diachiso_app;
"""


def upgrade() -> None:
    op.execute(STATES)
    op.execute(WORK)


def downgrade() -> None:
    op.execute("DROP TABLE import_work")
    op.execute(
        """
        UPDATE import SET state = 'failed' WHERE state = 'publishing';
        ALTER TABLE import DROP CONSTRAINT ck_import_state_known;
        ALTER TABLE import ADD CONSTRAINT ck_import_state_known CHECK (state IN ('staged',
            'reported', 'published', 'rolled_back', 'discarded', 'failed'));
        COMMENT ON COLUMN import.state IS
            'staged | reported | published | rolled_back | discarded | failed'
        """
    )
