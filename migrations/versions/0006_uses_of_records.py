"""Uses of a door: a list in the record, its rows for searches, counts and targets.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KINDS = ("office", "business", "works", "public_place", "other")
_COUNTED = ", ".join(f"'{each}'" for each in ("households", "residents", "dwellings", *_KINDS))
# The list equals its matching elements: the path drops invalid elements and unwraps nested lists.
_COLUMN = f"""
ALTER TABLE household ADD COLUMN uses jsonb,
    ADD CONSTRAINT ck_household_uses_well_formed
        CHECK (jsonb_path_match(uses, '$.size() >= 1 && $.size() <= 500')
            AND uses = jsonb_path_query_array(uses, '$[*] ? (
                @.use like_regex "^(dwelling|{"|".join(_KINDS)})$"
                && (exists (@.name) && @.key.type() == "string" && @.name like_regex "^.{{1,200}}$"
                    || !exists (@.name) && !exists (@.key))
                && (!exists (@.since)
                    || @.since like_regex "^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$")
                && (!exists (@.until)
                    || @.until like_regex "^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$"))'))
        NOT VALID
"""
_KEEP = """
CREATE FUNCTION keep_uses() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM household_use WHERE code = NEW.code;
    END IF;
    INSERT INTO household_use (code, use, name, name_key, valid, event_id)
    SELECT NEW.code, u ->> 'use', u ->> 'name', u ->> 'key',
        daterange((u ->> 'since')::date, (u ->> 'until')::date, '[]'), NEW.event_id
    FROM jsonb_array_elements(NEW.uses) u WHERE u ->> 'use' <> 'dwelling';
    RETURN NULL;
END
$$
"""
_STATEMENTS = (
    "SET LOCAL lock_timeout = '2s'",
    _COLUMN,
    # All rows are NULL: validation is fast.
    "-- squawk-ignore constraint-missing-not-valid\n"
    "ALTER TABLE household VALIDATE CONSTRAINT ck_household_uses_well_formed",
    "CALL fit_household_versions()",
    _KEEP,
    "CREATE TRIGGER household_3_keep_new_uses AFTER INSERT ON household FOR EACH ROW"
    " WHEN (NEW.uses IS NOT NULL) EXECUTE FUNCTION keep_uses()",
    "CREATE TRIGGER household_3_keep_uses AFTER UPDATE ON household FOR EACH ROW"
    " WHEN (OLD.uses IS DISTINCT FROM NEW.uses) EXECUTE FUNCTION keep_uses()",
    # Few records will have uses, and none has yet: the indexes are created quickly.
    "-- squawk-ignore require-concurrent-index-creation\n"
    "CREATE INDEX ix_household_used ON household (unit_id) WHERE uses IS NOT NULL",
    "-- squawk-ignore require-concurrent-index-creation\n"
    "CREATE INDEX ix_household_use_name ON household_use (name_key) WHERE name_key IS NOT NULL",
    # The index also shows which of them are dwellings.
    "-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX ix_household_unnumbered",
    "-- squawk-ignore require-concurrent-index-creation\n"
    "CREATE INDEX ix_household_unnumbered ON household (unit_id)"
    " INCLUDE (position_accuracy_m, locality_id, households_count)"
    " WHERE status = 'active' AND kind = 'household' AND code >= '1'"
    " AND house_number_key IS NULL AND unit_number IS NULL",
    "ALTER TABLE coverage_count ADD COLUMN uses jsonb",
    "-- squawk-ignore ban-drop-constraint\n"
    "ALTER TABLE target DROP CONSTRAINT ck_target_counted_known",
    f"ALTER TABLE target ADD CONSTRAINT ck_target_counted_known CHECK (counted IN ({_COUNTED}))"
    " NOT VALID",
    "-- squawk-ignore constraint-missing-not-valid\n"
    "ALTER TABLE target VALIDATE CONSTRAINT ck_target_counted_known",
)
_WORDS = {
    "COLUMN household.uses": "Uses besides or instead of homes, 1 to 500: use, name, key, since, until;"
    " NULL for a mere dwelling",
    "TABLE household_use": "Uses of a door other than dwelling, by name: rows of household.uses,"
    " written by its triggers",
    "FUNCTION keep_uses": "Trigger: copies the uses of a record to household_use",
    "COLUMN coverage_count.uses": "Use → active records with it, while it has no last day",
    "COLUMN target.counted": "What is counted: households (hộ) | residents (hộ thường trú) |"
    " dwellings (chỗ ở) | a use: doors with it",
}


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
    for what, words in _WORDS.items():
        op.execute(f"COMMENT ON {what} IS '{words}'")
    # household_version has the comments of household.
    op.execute(f"COMMENT ON COLUMN household_version.uses IS '{_WORDS['COLUMN household.uses']}'")
