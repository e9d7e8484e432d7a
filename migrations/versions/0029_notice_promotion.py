"""A promoted or copied server goes on by itself: codes are moved on, and the register is renamed.

And the owner writes under the same policies as the application.

Revision ID: 0029
Revises: 0028
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

SECURED = (
    *("household", "thoroughfare", "locality"),
    *("household_former_number", "succession_link", "plate"),
)

TIMELINE = r"""
CREATE FUNCTION server_timeline() RETURNS bigint STABLE
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    server bigint := 0;
BEGIN
    -- Where an administrator took this away, the timeline alone tells.
    IF has_function_privilege('pg_control_system()', 'EXECUTE') THEN
        SELECT system_identifier INTO server FROM pg_control_system();
    END IF;
    -- The log's files are named by the timeline that is written now. pg_control_checkpoint() tells
    -- that of the last checkpoint, for which a promotion does not wait.
    RETURN server + ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint;
END
$$;
COMMENT ON FUNCTION server_timeline IS
    'System identifier + timeline: another one after a promotion or recovery, and on another server';

-- A sequence, for what it tells is seen at once and outlives a rollback, as the ordinals do: nobody
-- waits for the end of a long import that was the first to draw after a promotion.
CREATE SEQUENCE code_timeline AS bigint MINVALUE -9223372036854775808;
COMMENT ON SEQUENCE code_timeline IS 'server_timeline() on which code_ordinal was last moved on';
SELECT setval('code_timeline', server_timeline());

ALTER TABLE register_identity ADD COLUMN timeline bigint;
UPDATE register_identity SET timeline = server_timeline();
-- One row.
-- squawk-ignore adding-not-nullable-field
ALTER TABLE register_identity ALTER COLUMN timeline SET NOT NULL;
COMMENT ON COLUMN register_identity.timeline IS
    'server_timeline() on which the register got its uuid; the feed goes on under no other';
COMMENT ON COLUMN register_identity.note IS 'created | restored | promoted';

CREATE FUNCTION move_codes_on() RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    passed numeric := server_timeline()::numeric - (SELECT last_value FROM code_timeline);
BEGIN
    -- The lost tail of the old server may have issued codes that this one does not know: they
    -- stand on plates, so this one never issues them. Nor what a server issued that was promoted
    -- in between and lost as well: a million for each timeline. Another system is one step.
    IF passed NOT BETWEEN 1 AND 100 THEN
        passed := 1;
    END IF;
    PERFORM setval('code_ordinal', least(last_value + passed * 1000000, 846825857)::bigint)
        FROM code_ordinal;
    PERFORM setval('code_timeline', server_timeline());
END
$$;
COMMENT ON FUNCTION move_codes_on IS
    'Moves the ordinals of codes on by 1,000,000 for each timeline since they were last moved';
REVOKE EXECUTE ON FUNCTION move_codes_on() FROM PUBLIC;

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
    'Ordinals never drawn before, also by a server that this one follows: from first to last, or drawn';
REVOKE USAGE ON SEQUENCE code_ordinal, demo_ordinal FROM diachiso_app;

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
    'Trigger: on another timeline positions that followers have read may be given again, so the '
    'register gets another uuid, and they begin anew';
CREATE TRIGGER feed_rename_promoted BEFORE INSERT ON feed
    FOR EACH STATEMENT EXECUTE FUNCTION rename_promoted();

CREATE OR REPLACE FUNCTION register_restored() RETURNS uuid
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
    'After a restore: moves the ordinals on and renames the register, also on the same timeline';
"""

# What the owner's functions and triggers do in a session of the application stays the database's
# own doing, bound to no units.
UNITS = """
CREATE OR REPLACE FUNCTION writable_units() RETURNS integer[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN current_user = 'diachiso_owner' AND current_setting('role') = 'diachiso_app'
        THEN NULL ELSE nullif(current_setting('diachiso.writable_units', true), '')::integer[] END;
"""


def upgrade() -> None:
    op.execute(TIMELINE)
    op.execute(UNITS)
    for table in SECURED:
        for verb in ("read", "insert", "update", "delete"):
            op.execute(f"ALTER POLICY {table}_{verb} ON {table} TO diachiso_app, diachiso_owner")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    for table in SECURED:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        for verb in ("read", "insert", "update", "delete"):
            op.execute(f"ALTER POLICY {table}_{verb} ON {table} TO diachiso_app")
    op.execute(
        "CREATE OR REPLACE FUNCTION writable_units() RETURNS integer[] LANGUAGE sql STABLE"
        " PARALLEL SAFE"
        " RETURN nullif(current_setting('diachiso.writable_units', true), '')::integer[]"
    )
    op.execute("GRANT USAGE ON SEQUENCE code_ordinal, demo_ordinal TO diachiso_app")
    op.execute("DROP FUNCTION rename_promoted() CASCADE")
    op.execute("DROP FUNCTION draw_ordinals(bigint, boolean)")
    op.execute(RESTORED_BEFORE)
    op.execute("DROP FUNCTION move_codes_on()")
    op.execute("ALTER TABLE register_identity DROP COLUMN timeline")
    op.execute("COMMENT ON COLUMN register_identity.note IS 'created | restored'")
    op.execute("DROP SEQUENCE code_timeline")
    op.execute("DROP FUNCTION server_timeline()")


RESTORED_BEFORE = """
CREATE OR REPLACE FUNCTION register_restored() RETURNS uuid
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    new_uuid uuid;
BEGIN
    PERFORM setval('code_ordinal', least(last_value + 1000000, 846825857)) FROM code_ordinal;
    UPDATE register_identity
    SET uuid = gen_random_uuid(), created_at = now(), note = 'restored'
    RETURNING uuid INTO new_uuid;
    RETURN new_uuid;
END
$$;
COMMENT ON FUNCTION register_restored IS
    'To be called once after a restore or promotion: moves the ordinals on and renames the register';
"""
