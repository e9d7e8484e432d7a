"""What callers have spent comes back by itself, and not at the end of an hour.

Revision ID: 0030
Revises: 0029
"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

# What was counted in the hour of the upgrade is lost: so it is with a crash of the server.
DROP = """
-- squawk-ignore ban-drop-table
DROP TABLE enumeration_budget;
"""
GRANT = "GRANT SELECT, INSERT, UPDATE, DELETE ON enumeration_budget TO diachiso_app;"


def upgrade() -> None:
    op.execute(DROP)
    op.execute(
        """
        CREATE UNLOGGED TABLE enumeration_budget (
            holder text COLLATE "C" NOT NULL,
            level double precision NOT NULL,
            at timestamp with time zone NOT NULL,
            CONSTRAINT pk_enumeration_budget PRIMARY KEY (holder)
        );
        COMMENT ON TABLE enumeration_budget IS
            'What codes that were not asked for by themselves have cost each caller.';
        COMMENT ON COLUMN enumeration_budget.holder IS
            'key:number, or client: and the hash of a network address as in audit_entry';
        COMMENT ON COLUMN enumeration_budget.level IS
            'Share of an hour''s units that was spent at that time; one is given back an hour';
        COMMENT ON COLUMN enumeration_budget.at IS 'When it was that';
        """
    )
    op.execute(GRANT)


def downgrade() -> None:
    op.execute(DROP)
    op.execute(
        """
        CREATE UNLOGGED TABLE enumeration_budget (
            holder text COLLATE "C" NOT NULL,
            hour timestamp with time zone NOT NULL,
            spent integer NOT NULL,
            CONSTRAINT pk_enumeration_budget PRIMARY KEY (holder, hour)
        );
        CREATE INDEX ix_enumeration_budget_hour ON enumeration_budget (hour);
        """
    )
    op.execute(GRANT)
