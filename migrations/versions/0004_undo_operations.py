"""Undo operations: merged places are separated, and former names and numbers are removed.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# An event is undone at most once. No event has been undone yet, and events are far fewer than
# records: the index is created quickly, so the migration stays one transaction.
_ONCE = """
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX uq_event_undone ON event ((scope ->> 'undone')) WHERE scope ? 'undone'
"""
_KEEP_PLACE = """
CREATE OR REPLACE FUNCTION keep_place() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    heir place;
BEGIN
    INSERT INTO place_version (id, class, valid_to, ended_by_event_id, unit_id, former_unit_id,
        parent_id, key, name, kind, merged_into_id)
    SELECT OLD.id, OLD.class,
        -- No two states end at one time, even if the clock is set back.
        greatest(clock_timestamp(), max(v.valid_to) + interval '1 microsecond'),
        current_event_id(), OLD.unit_id, OLD.former_unit_id, OLD.parent_id, OLD.key, OLD.name,
        OLD.kind, OLD.merged_into_id
    FROM place_version v WHERE v.id = OLD.id;
    IF OLD.merged_into_id IS NOT NULL AND NEW.id IS NOT NULL AND NEW.merged_into_id IS NULL
        AND EXISTS (SELECT FROM event WHERE id = current_event_id() AND scope ? 'undone') THEN
        -- Its names refer to it again, and those of places merged into it before.
        UPDATE place_alias SET place_id = NEW.id WHERE named_id IN (
            WITH RECURSIVE part AS (
                SELECT NEW.id
                UNION
                SELECT p.id FROM part JOIN place p ON p.merged_into_id = part.id
            ) SELECT id FROM part);
    ELSIF NEW.merged_into_id IS DISTINCT FROM OLD.merged_into_id THEN
        SELECT * INTO heir FROM place WHERE id = NEW.merged_into_id FOR KEY SHARE;
        IF OLD.merged_into_id IS NOT NULL OR heir.id = NEW.id OR heir.class <> NEW.class
            OR heir.unit_id <> NEW.unit_id OR heir.merged_into_id IS NOT NULL THEN
            RAISE EXCEPTION 'place % cannot become part of place %', NEW.id, NEW.merged_into_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'place_merged';
        END IF;
        UPDATE place_alias SET place_id = NEW.merged_into_id WHERE place_id = NEW.id;
    END IF;
    IF NEW.key <> OLD.key THEN
        IF OLD.merged_into_id IS NULL THEN
            INSERT INTO place_alias (named_id, class, key, name, kind, place_id, unit_id)
            VALUES (OLD.id, OLD.class, OLD.key, OLD.name, OLD.kind,
                coalesce(NEW.merged_into_id, NEW.id), NEW.unit_id)
            ON CONFLICT (named_id, key) DO UPDATE SET name = excluded.name, kind = excluded.kind,
                until = excluded.until, event_id = excluded.event_id;
        END IF;
        DELETE FROM place_alias WHERE named_id = NEW.id AND key = NEW.key;
    END IF;
    RETURN NULL;
END
$$
"""
_FORGET_FORMER = """
CREATE FUNCTION forget_former(undone bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM event
        WHERE id = current_event_id() AND scope ->> 'undone' = CAST(undone AS text)) THEN
        RAISE EXCEPTION 'what is former is forgotten under the event that undoes event %', undone
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    DELETE FROM household_former_number n USING household_version v
    WHERE v.ended_by_event_id = undone AND n.code = v.code AND n.event_id = undone;
    -- A former name is kept if an event that was not undone ended it.
    DELETE FROM place_alias a USING place_version u
    WHERE u.ended_by_event_id = current_event_id() AND a.named_id = u.id
        AND a.event_id = current_event_id() AND NOT EXISTS (
            SELECT FROM place_version v JOIN event e ON e.id = v.ended_by_event_id
            WHERE v.id = a.named_id AND v.key = a.key AND NOT e.scope ? 'undone'
                AND NOT EXISTS (SELECT FROM event o
                    WHERE o.scope ? 'undone' AND o.scope ->> 'undone' = CAST(e.id AS text)));
END
$$
"""
_WORDS = {
    "FUNCTION forget_former": "Removes the former names and numbers that an undone event left",
}


def upgrade() -> None:
    op.execute(_ONCE)
    op.execute(_KEEP_PLACE)
    op.execute(_FORGET_FORMER)
    for what, words in _WORDS.items():
        op.execute(f"COMMENT ON {what} IS '{words}'")
    op.execute("REVOKE EXECUTE ON FUNCTION forget_former FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION forget_former TO diachiso_app")
