-- What was saved, and when somebody last saw that it comes back.

CREATE TABLE backup_run (
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    done_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    label text NOT NULL,
    CONSTRAINT pk_backup_run PRIMARY KEY (id),
    CONSTRAINT ck_backup_run_kind_known CHECK (kind IN ('file', 'full', 'diff', 'rehearsal'))
);
COMMENT ON TABLE backup_run IS
    'Backups that were taken, and rehearsals of their return that went well: what the doctor and monitors tell. The backups say themselves what they hold.';
COMMENT ON COLUMN backup_run.id IS 'Identity, internal';
COMMENT ON COLUMN backup_run.kind IS
    'file: by `backup`; full | diff: by `backups make`; rehearsal: one came back and was examined';
COMMENT ON COLUMN backup_run.done_at IS 'When it had ended';
COMMENT ON COLUMN backup_run.label IS 'The name of the file, or what pgBackRest calls the backup';
GRANT SELECT ON backup_run TO diachiso_app;
