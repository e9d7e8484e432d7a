"""Field reports: equal ones raise a count, each reporter counts once, decisions are linked.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# No program has written a report yet: what squawk warns of is done on an empty table.
REPORTS = """
ALTER TABLE field_report
    ADD COLUMN position_accuracy_m double precision,
    ADD COLUMN address_parts jsonb,
    ADD COLUMN address_key text COLLATE "C",
    ADD COLUMN seen_event_id bigint,
    ADD COLUMN carriers integer DEFAULT 0 NOT NULL,
    ADD COLUMN merchants integer DEFAULT 0 NOT NULL,
    ADD COLUMN residents integer DEFAULT 0 NOT NULL,
    ADD COLUMN officials integer DEFAULT 0 NOT NULL,
    -- squawk-ignore adding-field-with-default
    ADD COLUMN last_reported_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL;
ALTER TABLE field_report ADD COLUMN reporters integer
    -- squawk-ignore adding-field-with-default
    GENERATED ALWAYS AS (carriers + merchants + residents + officials) STORED NOT NULL;
-- squawk-ignore adding-not-nullable-field
ALTER TABLE field_report ALTER COLUMN unit_id SET NOT NULL;
COMMENT ON COLUMN field_report.position_accuracy_m IS 'Radius in metres around the point';
COMMENT ON COLUMN field_report.address_text IS
    'Address of a new house as the reader understood it; what it did not read is not stored';
COMMENT ON COLUMN field_report.address_parts IS 'The same in parts, as an operation takes them';
COMMENT ON COLUMN field_report.address_key IS 'The same folded: equal reports have an equal one';
COMMENT ON COLUMN field_report.seen_event_id IS
    'Event of the state of the record that was reported on';
COMMENT ON COLUMN field_report.carriers IS 'How many keys of carriers said so';
COMMENT ON COLUMN field_report.merchants IS 'How many keys of merchants said so';
COMMENT ON COLUMN field_report.residents IS 'How many said so without a key, each once a day';
COMMENT ON COLUMN field_report.officials IS 'How many keys of editors and above said so';
COMMENT ON COLUMN field_report.last_reported_at IS 'When somebody said so last';
COMMENT ON COLUMN field_report.reporters IS 'How many said so: the first rank of the queue';
COMMENT ON COLUMN field_report.reporter_role IS 'Role of who reported first; never a person';
COMMENT ON COLUMN field_report.state IS 'open | proposed (to retire) | accepted | rejected';
COMMENT ON COLUMN field_report.decided_event_id IS
    'Event of the last decision: it accepted, rejected, or proposed to retire';

-- squawk-ignore ban-drop-constraint
ALTER TABLE field_report DROP CONSTRAINT ck_field_report_state_known;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE field_report ADD CONSTRAINT ck_field_report_state_known
    CHECK (state IN ('open', 'proposed', 'accepted', 'rejected'));
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE field_report ADD CONSTRAINT ck_field_report_decided_by_event
    CHECK ((state = 'open') = (decided_event_id IS NULL));
-- squawk-ignore ban-drop-constraint
ALTER TABLE field_report DROP CONSTRAINT ck_field_report_says_where;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE field_report ADD CONSTRAINT ck_field_report_says_where
    CHECK ((kind = 'new_house' OR code IS NOT NULL)
        AND (kind NOT IN ('new_house', 'wrong_point') OR point IS NOT NULL));
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE field_report ADD CONSTRAINT ck_field_report_accuracy_in_metres
    CHECK (position_accuracy_m >= 0 AND position_accuracy_m < 'Infinity');
-- Demonstration households that are removed take the reports on them along.
-- squawk-ignore ban-drop-constraint
ALTER TABLE field_report DROP CONSTRAINT fk_field_report_code_household;
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE field_report ADD CONSTRAINT fk_field_report_code_household
    FOREIGN KEY (code) REFERENCES household (code) ON DELETE CASCADE;

-- The queue of a commune, and of the whole country, in its order; what was decided, newest first.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX ix_field_report_open;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_field_report_queue ON field_report (unit_id, state, reporters DESC, id);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_field_report_queue_everywhere ON field_report (state, reporters DESC, id);
"""

REPORTERS = """
CREATE TABLE field_report_voice (
    report_id bigint NOT NULL,
    reporter text COLLATE "C" NOT NULL,
    said_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_field_report_voice PRIMARY KEY (report_id, reporter),
    CONSTRAINT fk_field_report_voice_report_id_field_report
        FOREIGN KEY (report_id) REFERENCES field_report (id) ON DELETE CASCADE
);
CREATE INDEX ix_field_report_voice_reporter_said_at
    ON field_report_voice (reporter, said_at);
CREATE INDEX ix_field_report_voice_of_a_day ON field_report_voice (said_at)
    WHERE reporter >= 'client:' AND reporter < 'client;';
COMMENT ON TABLE field_report_voice IS
    'Who said so, so that nobody counts twice: keys until it is decided, the others for a day.';
COMMENT ON COLUMN field_report_voice.report_id IS 'The report';
COMMENT ON COLUMN field_report_voice.reporter IS
    'key: and the name of a key, or client: and the hash of a network address as in audit_entry';
COMMENT ON COLUMN field_report_voice.said_at IS 'When';

GRANT SELECT, INSERT, UPDATE, DELETE ON field_report_voice TO diachiso_app;
"""

DOWN = """
DROP TABLE field_report_voice;
DROP INDEX ix_field_report_queue;
DROP INDEX ix_field_report_queue_everywhere;
-- The older schema knows no proposal to retire: it is open again.
ALTER TABLE field_report DROP CONSTRAINT ck_field_report_decided_by_event;
UPDATE field_report SET state = 'open', decided_event_id = NULL WHERE state = 'proposed';
ALTER TABLE field_report DROP CONSTRAINT ck_field_report_accuracy_in_metres;
ALTER TABLE field_report DROP CONSTRAINT ck_field_report_state_known;
ALTER TABLE field_report ADD CONSTRAINT ck_field_report_state_known
    CHECK (state IN ('open', 'accepted', 'rejected'));
ALTER TABLE field_report DROP CONSTRAINT ck_field_report_says_where;
ALTER TABLE field_report ADD CONSTRAINT ck_field_report_says_where
    CHECK (code IS NOT NULL OR point IS NOT NULL);
ALTER TABLE field_report DROP CONSTRAINT fk_field_report_code_household;
ALTER TABLE field_report ADD CONSTRAINT fk_field_report_code_household
    FOREIGN KEY (code) REFERENCES household (code);
ALTER TABLE field_report ALTER COLUMN unit_id DROP NOT NULL;
ALTER TABLE field_report DROP COLUMN reporters;
ALTER TABLE field_report
    DROP COLUMN position_accuracy_m, DROP COLUMN address_parts, DROP COLUMN address_key,
    DROP COLUMN seen_event_id, DROP COLUMN carriers, DROP COLUMN merchants,
    DROP COLUMN residents, DROP COLUMN officials, DROP COLUMN last_reported_at;
CREATE INDEX ix_field_report_open ON field_report (unit_id, id) WHERE state = 'open';
"""


def upgrade() -> None:
    op.execute(REPORTS)
    op.execute(REPORTERS)


def downgrade() -> None:
    op.execute(DOWN)
