-- Identity of the register, and the codes that it has issued. Both record the server that they are
-- on: a promoted standby, or a copy, never issues a code of the other server again, and never
-- continues its feed.

CREATE FUNCTION server_timeline() RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    server bigint := 0;
BEGIN
    -- Without this privilege the timeline alone has to suffice.
    IF has_function_privilege('pg_control_system()', 'EXECUTE') THEN
        SELECT system_identifier INTO server FROM pg_control_system();
    END IF;
    -- WAL file names start with the current timeline. pg_control_checkpoint() returns that of the
    -- last checkpoint, for which a promotion does not wait.
    RETURN server + ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint;
END
$$;
COMMENT ON FUNCTION server_timeline IS
    'System identifier + timeline: changes on promotion or recovery, differs between servers';

CREATE TABLE register_identity (
    id smallint NOT NULL,
    uuid uuid DEFAULT gen_random_uuid() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    note text DEFAULT 'created' NOT NULL,
    timeline bigint NOT NULL,
    transferred_event_id bigint,
    CONSTRAINT pk_register_identity PRIMARY KEY (id),
    CONSTRAINT ck_register_identity_one_row CHECK (id = 1)
);
COMMENT ON TABLE register_identity IS
    'One row. Cursors contain its uuid; those of another database or from before a restore are refused.';
COMMENT ON COLUMN register_identity.id IS 'Always 1';
COMMENT ON COLUMN register_identity.uuid IS 'Changes after a restore or promotion';
COMMENT ON COLUMN register_identity.created_at IS 'Start of this identity';
COMMENT ON COLUMN register_identity.note IS 'created | restored | promoted | transferred';
COMMENT ON COLUMN register_identity.timeline IS
    'server_timeline() at which the uuid was assigned; the feed continues under no other';
COMMENT ON COLUMN register_identity.transferred_event_id IS
    'Last event imported by a transfer; it and earlier ones are history here and cannot be undone';
INSERT INTO register_identity (id, timeline) VALUES (1, server_timeline());
GRANT SELECT ON register_identity TO diachiso_app;

CREATE TABLE code_key (
    id smallint NOT NULL,
    key bytea NOT NULL,
    CONSTRAINT pk_code_key PRIMARY KEY (id),
    CONSTRAINT ck_code_key_key_length CHECK (octet_length(key) = 32),
    CONSTRAINT ck_code_key_one_row CHECK (id = 1)
);
COMMENT ON TABLE code_key IS
    'Key that permutes code ordinals: created with the database, or copied with the codes by a transfer into an empty one; never changed otherwise.';
COMMENT ON COLUMN code_key.id IS 'Always 1';
COMMENT ON COLUMN code_key.key IS '32 secret bytes';
-- 32 bytes from five random UUIDs of 122 random bits each, which need no extension.
INSERT INTO code_key (id, key) SELECT 1, sha256(
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
    || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
GRANT SELECT ON code_key TO diachiso_app;
CREATE TRIGGER code_key_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON code_key
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The application may read the last ordinal, but draws only through draw_ordinals().
CREATE SEQUENCE code_ordinal AS bigint MINVALUE 0 MAXVALUE 846825857 START 0 NO CYCLE;
COMMENT ON SEQUENCE code_ordinal IS
    'Ordinals of issued codes; the keyed permutation maps one to a serial. Never returned once drawn';
GRANT SELECT ON SEQUENCE code_ordinal TO diachiso_app;

CREATE SEQUENCE demo_ordinal AS bigint MINVALUE 0 MAXVALUE 47045880 START 0 NO CYCLE;
COMMENT ON SEQUENCE demo_ordinal IS
    'Serials of demonstration codes, which start with 0 and are never on a real door';
GRANT SELECT ON SEQUENCE demo_ordinal TO diachiso_app;

-- A sequence, because its value is visible at once and survives a rollback, as the ordinals do:
-- nobody waits for the end of a long import that drew first after a promotion.
CREATE SEQUENCE code_timeline AS bigint MINVALUE -9223372036854775808;
COMMENT ON SEQUENCE code_timeline IS 'server_timeline() at the last skip of code_ordinal';
SELECT setval('code_timeline', server_timeline());

CREATE FUNCTION draw_ordinals(
    p_count bigint, p_demo boolean, OUT first bigint, OUT last bigint, OUT drawn bigint[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    ordinals regclass := CASE WHEN p_demo THEN 'demo_ordinal' ELSE 'code_ordinal' END;
BEGIN
    IF (SELECT last_value FROM code_timeline) <> server_timeline() THEN
        PERFORM pg_advisory_xact_lock(7238010030);
        IF (SELECT last_value FROM code_timeline) <> server_timeline() THEN
            PERFORM move_codes_on();
        END IF;
    END IF;
    SELECT min(n), max(n), CASE WHEN max(n) - min(n) + 1 <> count(*) THEN array_agg(n) END
    INTO first, last, drawn
    FROM (SELECT nextval(ordinals) AS n FROM generate_series(1, p_count)) d;
END
$$;
COMMENT ON FUNCTION draw_ordinals IS
    'Ordinals never drawn before, not even by a previous server: first to last, or else drawn';

CREATE FUNCTION move_codes_on() RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    passed numeric := server_timeline()::numeric - (SELECT last_value FROM code_timeline);
BEGIN
    -- The lost tail of the old server may include codes, unknown here, that are on plates, so they
    -- are never issued again; nor are those of servers promoted in between and lost as well. So a
    -- million is skipped for each timeline. Another system counts as one.
    IF passed NOT BETWEEN 1 AND 100 THEN
        passed := 1;
    END IF;
    PERFORM setval('code_ordinal', least(last_value + passed * 1000000, 846825857)::bigint)
        FROM code_ordinal;
    PERFORM setval('code_timeline', server_timeline());
END
$$;
COMMENT ON FUNCTION move_codes_on IS
    'Skips 1,000,000 code ordinals for each timeline since the last skip';
REVOKE EXECUTE ON FUNCTION move_codes_on() FROM PUBLIC;

CREATE FUNCTION register_restored() RETURNS uuid
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    new_uuid uuid;
BEGIN
    PERFORM move_codes_on();
    UPDATE register_identity
    SET uuid = gen_random_uuid(), created_at = now(), note = 'restored',
        timeline = server_timeline()
    RETURNING uuid INTO new_uuid;
    RETURN new_uuid;
END
$$;
COMMENT ON FUNCTION register_restored IS
    'After a restore: skips ordinals and renews the register''s uuid, even on the same timeline';
REVOKE EXECUTE ON FUNCTION register_restored() FROM PUBLIC;

CREATE FUNCTION rename_promoted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE register_identity
    SET uuid = gen_random_uuid(), created_at = now(), note = 'promoted',
        timeline = server_timeline()
    WHERE timeline <> server_timeline();
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION rename_promoted IS
    'Trigger: on a new timeline, positions that followers have read may be reused, so the register gets a new uuid and they start over';
CREATE TRIGGER feed_rename_promoted BEFORE INSERT ON feed
    FOR EACH STATEMENT EXECUTE FUNCTION rename_promoted();
