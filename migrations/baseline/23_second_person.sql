-- What one person cannot do alone: the operator's table of it, and operations that wait for another.

CREATE TABLE second_person_table (
    id smallint DEFAULT 1 NOT NULL,
    rules text NOT NULL,
    set_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_second_person_table PRIMARY KEY (id),
    CONSTRAINT ck_second_person_table_one_row CHECK (id = 1)
);
COMMENT ON TABLE second_person_table IS
    'Which operations need a second person; empty where the default of the program holds.';
COMMENT ON COLUMN second_person_table.id IS 'Always 1';
COMMENT ON COLUMN second_person_table.rules IS 'CSV as the operator gave it: operation, role, moved_m, records';
COMMENT ON COLUMN second_person_table.set_at IS 'When it was given';
GRANT SELECT, INSERT, DELETE ON second_person_table TO diachiso_app;

CREATE TABLE pending_operation (
    id bigint GENERATED ALWAYS AS IDENTITY,
    operation text NOT NULL,
    requests jsonb NOT NULL,
    seen jsonb NOT NULL,
    unit_ids integer[] NOT NULL,
    once text,
    asked_by text NOT NULL,
    asked_key_id bigint,
    asked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    decided_by text,
    decided_key_id bigint,
    decided_at timestamp with time zone,
    word text,
    event_id bigint,
    CONSTRAINT pk_pending_operation PRIMARY KEY (id),
    CONSTRAINT fk_pending_operation_event_id_event FOREIGN KEY (event_id) REFERENCES event (id),
    CONSTRAINT ck_pending_operation_state_known
        CHECK (state IN ('waiting', 'done', 'declined', 'withdrawn')),
    CONSTRAINT ck_pending_operation_decided CHECK ((state = 'waiting') = (decided_at IS NULL)),
    CONSTRAINT ck_pending_operation_done CHECK ((state = 'done') = (event_id IS NOT NULL))
);
COMMENT ON TABLE pending_operation IS
    'Operations that one person asked for and another one decides on.';
COMMENT ON COLUMN pending_operation.id IS 'Number of the pending operation';
COMMENT ON COLUMN pending_operation.operation IS 'Name of the operation: rename-street';
COMMENT ON COLUMN pending_operation.requests IS
    'What was asked, as the operation takes it; of several records one each';
COMMENT ON COLUMN pending_operation.seen IS
    'Code of each record that it names, and a hash of its address, point and status when it was asked';
COMMENT ON COLUMN pending_operation.unit_ids IS 'Communes that it is about';
COMMENT ON COLUMN pending_operation.once IS 'Name of the form that asked for it';
COMMENT ON COLUMN pending_operation.asked_by IS 'Name of the key that asked';
COMMENT ON COLUMN pending_operation.asked_key_id IS 'Number of that key';
COMMENT ON COLUMN pending_operation.asked_at IS 'When it was asked';
COMMENT ON COLUMN pending_operation.expires_at IS 'From then on nobody approves it any more';
COMMENT ON COLUMN pending_operation.state IS 'waiting | done | declined | withdrawn';
COMMENT ON COLUMN pending_operation.decided_by IS 'Name of the key that decided';
COMMENT ON COLUMN pending_operation.decided_key_id IS 'Number of that key';
COMMENT ON COLUMN pending_operation.decided_at IS 'When it was decided';
COMMENT ON COLUMN pending_operation.word IS 'Why it was declined, in the words of who did';
COMMENT ON COLUMN pending_operation.event_id IS 'What was done';
-- Those that wait, few of all.
CREATE INDEX ix_pending_operation_waiting ON pending_operation (id) WHERE state = 'waiting';
GRANT SELECT, INSERT, UPDATE ON pending_operation TO diachiso_app;
