-- Backups, and rehearsals of restoring them.

CREATE TABLE backup_run (
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    done_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    label text NOT NULL,
    CONSTRAINT pk_backup_run PRIMARY KEY (id),
    CONSTRAINT ck_backup_run_kind_known CHECK (kind IN ('file', 'full', 'diff', 'rehearsal'))
);
COMMENT ON TABLE backup_run IS
    'Backups taken and successful rehearsals of restoring them, for the doctor and monitors. Contents are listed in the backups themselves.';
COMMENT ON COLUMN backup_run.id IS 'Identity, internal';
COMMENT ON COLUMN backup_run.kind IS
    'file: by `backup`; full | diff: by `backups make`; rehearsal: one was restored and checked';
COMMENT ON COLUMN backup_run.done_at IS 'When it ended';
COMMENT ON COLUMN backup_run.label IS 'Name of the file, or pgBackRest''s name of the backup';
GRANT SELECT ON backup_run TO diachiso_app;
