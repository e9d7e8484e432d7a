"""An operation's event goes into the feed with its own commit, where nobody else is just moving.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

PUBLISH = """
CREATE FUNCTION publish_event() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- As in move_pending_events the lock is held until after the commit, so positions are drawn and
    -- become visible in one order. Who holds it moves a pending event later; to wait here would
    -- hold this transaction's rows. The next statement may draw a position: it comes last.
    IF NOT pg_try_advisory_xact_lock(7238010021) THEN
        RETURN false;
    END IF;
    WITH own AS (DELETE FROM event_pending WHERE event_id = current_event_id() RETURNING event_id)
    INSERT INTO feed (event_id) SELECT event_id FROM own;
    RETURN NOT EXISTS (SELECT FROM event_pending);
END
$$;
COMMENT ON FUNCTION publish_event IS
    'Last statement before a commit: puts the transaction''s own event into the feed; false when move_pending_events has still something to do afterwards';
"""


def upgrade() -> None:
    op.execute(PUBLISH)


def downgrade() -> None:
    op.execute("DROP FUNCTION publish_event()")
