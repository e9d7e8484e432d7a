"""Streets and localities say which event made them, so that taking an import back takes them along.

Revision ID: 0014
Revises: 0013
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

PLACES = ("thoroughfare", "locality")
COMMENT = "Event that made it; none where that was before this was kept"

# The application may remove no place by itself: only what nobody uses, and nothing was done to.
REMOVE = """
CREATE FUNCTION remove_places(made_by bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    removed bigint;
    these bigint;
BEGIN
    IF current_event_id() IS NULL THEN
        RAISE EXCEPTION 'places are removed under an event of this transaction'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    DELETE FROM thoroughfare t
    WHERE t.event_id = made_by
        AND NOT EXISTS (SELECT FROM household h WHERE h.thoroughfare_id = t.id)
        AND NOT EXISTS (SELECT FROM household_former_number n WHERE n.thoroughfare_id = t.id)
        AND NOT EXISTS (SELECT FROM thoroughfare_version v WHERE v.id = t.id)
        AND NOT EXISTS (SELECT FROM thoroughfare o WHERE o.merged_into_id = t.id);
    GET DIAGNOSTICS removed = ROW_COUNT;
    LOOP  -- from the innermost out
        DELETE FROM locality l
        WHERE l.event_id = made_by
            AND NOT EXISTS (SELECT FROM household h WHERE h.locality_id = l.id)
            AND NOT EXISTS (SELECT FROM household_former_number n WHERE n.locality_id = l.id)
            AND NOT EXISTS (SELECT FROM locality_version v WHERE v.id = l.id)
            AND NOT EXISTS (SELECT FROM target g WHERE g.locality_id = l.id)
            AND NOT EXISTS (SELECT FROM locality o WHERE o.merged_into_id = l.id)
            AND NOT EXISTS (SELECT FROM locality o WHERE o.parent_id = l.id);
        GET DIAGNOSTICS these = ROW_COUNT;
        EXIT WHEN these = 0;
        removed := removed + these;
    END LOOP;
    RETURN removed;
END
$$;
COMMENT ON FUNCTION remove_places IS
    'Removes the streets and localities that an event made and that nobody uses; how many';
REVOKE EXECUTE ON FUNCTION remove_places FROM PUBLIC;
GRANT EXECUTE ON FUNCTION remove_places TO diachiso_app;
"""


def upgrade() -> None:
    for table in PLACES:
        # The default comes after the column: rows that are there were made by events of before.
        op.execute(f"ALTER TABLE {table} ADD COLUMN event_id bigint")
        op.execute(f"ALTER TABLE {table} ALTER COLUMN event_id SET DEFAULT current_event_id()")
        op.execute(f"COMMENT ON COLUMN {table}.event_id IS '{COMMENT}'")
        # History names the streets of removed records: the last state of a place is kept as well.
        op.execute(
            f"CREATE TRIGGER {table}_keep_removed AFTER DELETE ON {table} FOR EACH ROW"
            f" EXECUTE FUNCTION keep_{table}()"
        )
    op.execute(REMOVE)


def downgrade() -> None:
    op.execute("DROP FUNCTION remove_places")
    for table in PLACES:
        op.execute(f"DROP TRIGGER {table}_keep_removed ON {table}")
        op.execute(f"ALTER TABLE {table} DROP COLUMN event_id")
