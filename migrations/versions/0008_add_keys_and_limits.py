"""Named keys and their units, the audit log, the enumeration budget, row-level security.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Squawk asks for NOT VALID and CONCURRENTLY; there are few keys, and the other tables are new.
KEYS = """
-- squawk-ignore ban-drop-constraint
ALTER TABLE api_key DROP CONSTRAINT ck_api_key_role_known;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE api_key ADD CONSTRAINT ck_api_key_role_known
    CHECK (role IN ('anonymous', 'carrier', 'merchant', 'editor', 'approver', 'admin'));
COMMENT ON COLUMN api_key.role IS
    'anonymous | carrier | merchant | editor | approver | admin';
COMMENT ON COLUMN api_key.last_used_at IS 'Last use, to the minute';
ALTER TABLE api_key ADD COLUMN ending text;
COMMENT ON COLUMN api_key.ending IS 'Last four characters of the key, to tell it in a list';
ALTER TABLE api_key ADD COLUMN rotated_at timestamp with time zone;
COMMENT ON COLUMN api_key.rotated_at IS 'When the present secret replaced the previous one';
ALTER TABLE api_key ADD COLUMN previous_hash bytea;
COMMENT ON COLUMN api_key.previous_hash IS 'SHA-256 of the key that it replaced';
ALTER TABLE api_key ADD COLUMN previous_until timestamp with time zone;
COMMENT ON COLUMN api_key.previous_until IS 'Until when the previous key is taken as well';
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE api_key ADD CONSTRAINT ck_api_key_previous_hash_length
    CHECK (octet_length(previous_hash) = 32);
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE api_key ADD CONSTRAINT ck_api_key_previous_ends
    CHECK ((previous_hash IS NULL) = (previous_until IS NULL));
-- squawk-ignore disallowed-unique-constraint, constraint-missing-not-valid
ALTER TABLE api_key ADD CONSTRAINT uq_api_key_previous_hash UNIQUE (previous_hash);
"""

AUDIT = """
CREATE TABLE audit_entry (
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    actor text NOT NULL,
    key_id bigint,
    client text,
    role text NOT NULL,
    endpoint text NOT NULL,
    units text[] DEFAULT '{}'::text[] NOT NULL,
    count integer,
    event_id bigint,
    status integer NOT NULL,
    outcome text NOT NULL,
    CONSTRAINT pk_audit_entry PRIMARY KEY (id)
);
COMMENT ON TABLE audit_entry IS
    'Who wrote or read much over HTTP, refused attempts included. Append-only; no query, no address of a computer in the clear.';
COMMENT ON COLUMN audit_entry.id IS 'Identity; in the order of the entries of one process';
COMMENT ON COLUMN audit_entry.at IS 'When it was answered';
COMMENT ON COLUMN audit_entry.actor IS 'Name of the key, or anonymous';
COMMENT ON COLUMN audit_entry.key_id IS 'Number of the key; none without one';
COMMENT ON COLUMN audit_entry.client IS
    'Without a key: hash of the computer''s network address by a secret of this database and the day; another one each day';
COMMENT ON COLUMN audit_entry.role IS 'Role that the caller had';
COMMENT ON COLUMN audit_entry.endpoint IS 'Method and route, without the values in its path';
COMMENT ON COLUMN audit_entry.units IS 'Codes of the units that it was about, as far as known';
COMMENT ON COLUMN audit_entry.count IS 'Records written or rows answered; none where refused';
COMMENT ON COLUMN audit_entry.event_id IS 'Event of a write';
COMMENT ON COLUMN audit_entry.status IS 'HTTP status of the answer';
COMMENT ON COLUMN audit_entry.outcome IS 'ok, or the stable code of the problem';
CREATE INDEX ix_audit_entry_at ON audit_entry (at);
GRANT SELECT, INSERT ON audit_entry TO diachiso_app;

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_entry is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON FUNCTION refuse_audit_change IS 'Trigger: raises, whoever asks';
CREATE TRIGGER audit_entry_no_update BEFORE UPDATE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
-- Thirty days stay whoever asks, also the owner.
CREATE TRIGGER audit_entry_keep BEFORE DELETE ON audit_entry FOR EACH ROW
    WHEN (OLD.at > clock_timestamp() - interval '30 days')
    EXECUTE FUNCTION refuse_audit_change();

CREATE FUNCTION forget_audit(p_days integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    forgotten bigint;
BEGIN
    DELETE FROM audit_entry
    WHERE at < clock_timestamp() - make_interval(days => greatest(p_days, 31));
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END
$$;
COMMENT ON FUNCTION forget_audit IS
    'Removes entries older than so many days, at least 31, and returns how many';

CREATE TABLE client_key (
    id smallint NOT NULL,
    key bytea NOT NULL,
    CONSTRAINT pk_client_key PRIMARY KEY (id),
    CONSTRAINT ck_client_key_one_row CHECK (id = 1),
    CONSTRAINT ck_client_key_key_length CHECK (octet_length(key) = 32)
);
COMMENT ON TABLE client_key IS
    'Secret by which network addresses are hashed, so that none is stored in the clear.';
COMMENT ON COLUMN client_key.id IS 'Always 1';
COMMENT ON COLUMN client_key.key IS '32 secret bytes';
INSERT INTO client_key (id, key) SELECT 1, sha256(
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
    || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
GRANT SELECT ON client_key TO diachiso_app;

-- Unlogged: a crash gives everybody a new hour, and a miss costs no write to the log.
CREATE UNLOGGED TABLE enumeration_budget (
    holder text COLLATE "C" NOT NULL,
    hour timestamp with time zone NOT NULL,
    spent integer NOT NULL,
    CONSTRAINT pk_enumeration_budget PRIMARY KEY (holder, hour)
);
COMMENT ON TABLE enumeration_budget IS
    'What looking for codes that no record bears has cost each caller in an hour.';
COMMENT ON COLUMN enumeration_budget.holder IS
    'key:number, or client: and the hash of a network address as in audit_entry';
COMMENT ON COLUMN enumeration_budget.hour IS 'Beginning of the hour';
COMMENT ON COLUMN enumeration_budget.spent IS 'Units; ten for each code that is none';
CREATE INDEX ix_enumeration_budget_hour ON enumeration_budget (hour);
GRANT SELECT, INSERT, UPDATE, DELETE ON enumeration_budget TO diachiso_app;
"""

# A transaction that says nothing is the operator's and is bound to nothing. In a policy the
# function stands in a sub-select: it is asked once a statement, and each row costs a comparison.
SECURITY = """
CREATE FUNCTION writable_units() RETURNS integer[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('diachiso.writable_units', true), '')::integer[];
COMMENT ON FUNCTION writable_units IS
    'Communes in which this transaction may write; null for everywhere';
"""
_WITHIN = (
    "((SELECT writable_units()) IS NULL OR {unit} = ANY ((SELECT writable_units())::integer[]))"
)
# A code that is reserved for no commune yet may be bound by any.
_UNBOUND = "(unit_id IS NULL AND status = 'reserved')"
_OF_RECORD = (
    "((SELECT writable_units()) IS NULL OR EXISTS (SELECT FROM household h"
    " WHERE h.code = {code} AND h.unit_id = ANY ((SELECT writable_units())::integer[])))"
)
_OWN = _WITHIN.format(unit="unit_id")
POLICIES = {
    "household": (_OWN, f"({_OWN} OR {_UNBOUND})"),
    "thoroughfare": (_OWN, _OWN),
    "locality": (_OWN, _OWN),
    "household_former_number": (_OF_RECORD.format(code="household_former_number.code"),) * 2,
    "succession_link": (_OF_RECORD.format(code="succession_link.old_code"),) * 2,
    "plate": (_OF_RECORD.format(code="plate.code"),) * 2,
}
"""Table → what a written row has to fulfil, and what a row has to fulfil that is written over."""


def _secure(table: str) -> str:
    written, before = POLICIES[table]
    return f"""
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
CREATE POLICY {table}_read ON {table} FOR SELECT TO diachiso_app USING (true);
CREATE POLICY {table}_insert ON {table} FOR INSERT TO diachiso_app WITH CHECK ({written});
CREATE POLICY {table}_update ON {table} FOR UPDATE TO diachiso_app
    USING ({before}) WITH CHECK ({written});
CREATE POLICY {table}_delete ON {table} FOR DELETE TO diachiso_app USING ({written});
"""


def upgrade() -> None:
    op.execute(KEYS)
    op.execute(AUDIT)
    op.execute(SECURITY)
    for table in POLICIES:
        op.execute(_secure(table))


def downgrade() -> None:
    for table in POLICIES:
        for verb in ("read", "insert", "update", "delete"):
            op.execute(f"DROP POLICY {table}_{verb} ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("DROP FUNCTION writable_units()")
    op.execute("DROP TABLE enumeration_budget, client_key, audit_entry")
    op.execute("DROP FUNCTION forget_audit(integer)")
    op.execute("DROP FUNCTION refuse_audit_change()")
    op.execute(
        """
        -- The older schema has no such role; a key of it may do what needs none.
        DELETE FROM api_key_unit WHERE key_id IN (SELECT id FROM api_key WHERE role = 'anonymous');
        DELETE FROM api_key WHERE role = 'anonymous';
        ALTER TABLE api_key DROP CONSTRAINT ck_api_key_role_known;
        ALTER TABLE api_key ADD CONSTRAINT ck_api_key_role_known
            CHECK (role IN ('carrier', 'merchant', 'editor', 'approver', 'admin'));
        ALTER TABLE api_key DROP COLUMN ending, DROP COLUMN rotated_at,
            DROP COLUMN previous_hash, DROP COLUMN previous_until;
        COMMENT ON COLUMN api_key.role IS 'carrier | merchant | editor | approver | admin';
        COMMENT ON COLUMN api_key.last_used_at IS 'Last use, to the hour'
        """
    )
