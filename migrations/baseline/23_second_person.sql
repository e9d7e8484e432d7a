-- Operations that need a second person: the operator's table, and those waiting for one.

CREATE TABLE second_person_table (
    id smallint DEFAULT 1 NOT NULL,
    rules text NOT NULL,
    set_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_second_person_table PRIMARY KEY (id),
    CONSTRAINT ck_second_person_table_one_row CHECK (id = 1)
);
COMMENT ON TABLE second_person_table IS
    'Operations that need a second person; empty if the program''s default applies.';
COMMENT ON COLUMN second_person_table.id IS 'Always 1';
COMMENT ON COLUMN second_person_table.rules IS
    'CSV as set by the operator: operation, role, moved_m, records';
COMMENT ON COLUMN second_person_table.set_at IS 'When it was set';
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
COMMENT ON TABLE pending_operation IS 'Operations requested by one person and decided by another.';
COMMENT ON COLUMN pending_operation.id IS 'Number of the pending operation';
COMMENT ON COLUMN pending_operation.operation IS 'Name of the operation: rename-street';
COMMENT ON COLUMN pending_operation.requests IS
    'Requests, as the operation accepts them; one per record';
COMMENT ON COLUMN pending_operation.seen IS
    'Code of each named record, with a hash of its address, point and status at the request';
COMMENT ON COLUMN pending_operation.unit_ids IS 'Communes concerned';
COMMENT ON COLUMN pending_operation.once IS 'Name of the form that requested it';
COMMENT ON COLUMN pending_operation.asked_by IS 'Name of the requesting key';
COMMENT ON COLUMN pending_operation.asked_key_id IS 'Number of that key';
COMMENT ON COLUMN pending_operation.asked_at IS 'When it was requested';
COMMENT ON COLUMN pending_operation.expires_at IS 'Cannot be approved from then on';
COMMENT ON COLUMN pending_operation.state IS 'waiting | done | declined | withdrawn';
COMMENT ON COLUMN pending_operation.decided_by IS 'Name of the key that decided';
COMMENT ON COLUMN pending_operation.decided_key_id IS 'Number of that key';
COMMENT ON COLUMN pending_operation.decided_at IS 'When it was decided';
COMMENT ON COLUMN pending_operation.word IS 'Why it was declined, as stated by the decider';
COMMENT ON COLUMN pending_operation.event_id IS 'Event that carried it out';
-- Waiting operations, few of all.
CREATE INDEX ix_pending_operation_waiting ON pending_operation (id) WHERE state = 'waiting';
GRANT SELECT, INSERT, UPDATE ON pending_operation TO diachiso_app;
