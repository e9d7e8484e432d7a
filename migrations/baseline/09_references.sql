-- References of sources to records, to match later deliveries, and what a rollback restores.

CREATE TABLE household_ref (
    source text COLLATE "C" NOT NULL,
    source_ref text COLLATE "C" NOT NULL,
    code text COLLATE "C" NOT NULL,
    import_id bigint,
    linked boolean DEFAULT false NOT NULL,
    shares boolean DEFAULT false NOT NULL,
    row_hash uuid,
    vanished_import_id bigint,
    CONSTRAINT pk_household_ref PRIMARY KEY (source, source_ref)
);
COMMENT ON TABLE household_ref IS
    'A source''s own reference to a record; a door from a second source is linked, and never gets a second code.';
COMMENT ON COLUMN household_ref.source IS 'Source of an import';
COMMENT ON COLUMN household_ref.source_ref IS 'Its reference';
COMMENT ON COLUMN household_ref.code IS 'The record';
COMMENT ON COLUMN household_ref.import_id IS 'Import that added it';
COMMENT ON COLUMN household_ref.linked IS 'True if another reference created the record';
COMMENT ON COLUMN household_ref.shares IS
    'True for a further hộ at the door, which the record counts too';
COMMENT ON COLUMN household_ref.row_hash IS
    'Hash of the row as last delivered: equal rows are skipped';
COMMENT ON COLUMN household_ref.vanished_import_id IS
    'Full delivery that lacked it; NULL while the source delivers it';
-- References to a record.
CREATE INDEX ix_household_ref_code ON household_ref (code);
-- References of an import, for its rollback.
CREATE INDEX ix_household_ref_import_id ON household_ref (import_id);
-- References missing from a full delivery.
CREATE INDEX ix_household_ref_vanished_import_id
    ON household_ref (vanished_import_id) WHERE vanished_import_id IS NOT NULL;
-- References of further hộ at a door, few per source.
CREATE INDEX ix_household_ref_shares ON household_ref (source, code) WHERE shares;
GRANT SELECT, INSERT, UPDATE, DELETE ON household_ref TO diachiso_app;

-- Imports write a reference per row: foreign keys took more than half of that time.
CREATE FUNCTION check_ref_statement() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    imports bigint[];
    others text[];
    bad text;
BEGIN
    IF NOT EXISTS (SELECT FROM new_rows) THEN
        RETURN NULL;
    END IF;
    SELECT array_agg(DISTINCT i.id) INTO imports FROM (
        SELECT import_id AS id FROM new_rows GROUP BY 1
        UNION ALL
        SELECT vanished_import_id FROM new_rows GROUP BY 1) i WHERE i.id IS NOT NULL;
    PERFORM FROM import WHERE id = ANY (imports) ORDER BY id FOR KEY SHARE;
    SELECT i INTO bad FROM unnest(imports) i WHERE NOT EXISTS (SELECT FROM import WHERE id = i);
    IF FOUND THEN
        RAISE EXCEPTION 'there is no import %', bad
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'household_ref_references';
    END IF;
    -- Planned for the actual number of rows: a plan for one row would be cached for millions.
    -- Nobody else can remove records of this event; the others are locked, as by a foreign key.
    EXECUTE
        'SELECT array_agg(DISTINCT h.code) FILTER (WHERE h.event_id IS DISTINCT FROM $1),
            min(n.code) FILTER (WHERE h.code IS NULL)
        FROM new_rows n LEFT JOIN household h ON h.code = n.code'
        INTO others, bad USING current_event_id();
    IF bad IS NULL AND others IS NOT NULL THEN
        PERFORM FROM household WHERE code = ANY (others) ORDER BY code FOR KEY SHARE;
        EXECUTE
            'SELECT min(o) FROM unnest($1) o WHERE NOT EXISTS (
                SELECT FROM household h WHERE h.code = o)'
            INTO bad USING others;
    END IF;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'there is no household %', bad
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'household_ref_references';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_ref_statement IS
    'Trigger: written references refer to existing records and imports';
CREATE TRIGGER household_ref_1_check_insert AFTER INSERT ON household_ref
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION check_ref_statement();
CREATE TRIGGER household_ref_1_check_update AFTER UPDATE ON household_ref
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION check_ref_statement();

CREATE FUNCTION keep_referred() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    bad text;
BEGIN
    IF TG_TABLE_NAME = 'household' THEN
        SELECT r.code INTO bad FROM household_ref r JOIN old_rows o ON o.code = r.code LIMIT 1;
    ELSE
        SELECT o.id INTO bad FROM old_rows o WHERE EXISTS (
            SELECT FROM household_ref r WHERE r.import_id = o.id OR r.vanished_import_id = o.id)
        LIMIT 1;
    END IF;
    IF FOUND THEN
        RAISE EXCEPTION '% %: references name it', TG_TABLE_NAME, bad
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'household_ref_references';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keep_referred IS
    'Trigger: records and imports with references cannot be removed';
CREATE TRIGGER household_1_keep_referred AFTER DELETE ON household
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION keep_referred();
CREATE TRIGGER import_keep_referred AFTER DELETE ON import
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION keep_referred();

CREATE TABLE household_ref_before (
    import_id bigint NOT NULL,
    source_ref text COLLATE "C" NOT NULL,
    linked boolean NOT NULL,
    shares boolean NOT NULL,
    row_hash uuid,
    vanished_import_id bigint,
    CONSTRAINT pk_household_ref_before PRIMARY KEY (import_id, source_ref),
    CONSTRAINT fk_household_ref_before_import_id_import
        FOREIGN KEY (import_id) REFERENCES import (id) ON DELETE CASCADE
);
COMMENT ON TABLE household_ref_before IS
    'References as they were before an import changed them, for its rollback.';
COMMENT ON COLUMN household_ref_before.import_id IS 'Import that changed it';
COMMENT ON COLUMN household_ref_before.source_ref IS 'Reference, of the import''s source';
COMMENT ON COLUMN household_ref_before.linked IS 'As in household_ref';
COMMENT ON COLUMN household_ref_before.shares IS 'As in household_ref';
COMMENT ON COLUMN household_ref_before.row_hash IS 'As in household_ref';
COMMENT ON COLUMN household_ref_before.vanished_import_id IS 'As in household_ref';
GRANT SELECT, INSERT, DELETE ON household_ref_before TO diachiso_app;
