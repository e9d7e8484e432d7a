-- A key bound to communes can write only in those, whatever the program does. Everyone reads
-- everything. The policies apply to the owner as well as the application (FORCE).

-- Policies call this in a sub-select, so it runs once per statement, and each row costs only a
-- comparison. A transaction without the setting is the operator's and unrestricted. So are the
-- owner's functions and triggers in a session of the application.
CREATE FUNCTION writable_units() RETURNS integer[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN current_user = 'diachiso_owner' AND current_setting('role') = 'diachiso_app'
        THEN NULL ELSE nullif(current_setting('diachiso.writable_units', true), '')::integer[] END;
COMMENT ON FUNCTION writable_units IS 'Communes in which this transaction may write; NULL: all';

-- By the commune of the row. A code reserved without a commune may be bound by any key.
ALTER TABLE household ENABLE ROW LEVEL SECURITY;
ALTER TABLE household FORCE ROW LEVEL SECURITY;
CREATE POLICY household_read ON household FOR SELECT
    TO diachiso_app, diachiso_owner USING (true);
CREATE POLICY household_insert ON household FOR INSERT
    TO diachiso_app, diachiso_owner
    WITH CHECK (
        (SELECT writable_units()) IS NULL OR unit_id = ANY ((SELECT writable_units())::integer[]));
CREATE POLICY household_update ON household FOR UPDATE
    TO diachiso_app, diachiso_owner
    USING (
        ((SELECT writable_units()) IS NULL OR unit_id = ANY ((SELECT writable_units())::integer[]))
        OR (unit_id IS NULL AND status = 'reserved'))
    WITH CHECK (
        (SELECT writable_units()) IS NULL OR unit_id = ANY ((SELECT writable_units())::integer[]));
CREATE POLICY household_delete ON household FOR DELETE
    TO diachiso_app, diachiso_owner
    USING (
        (SELECT writable_units()) IS NULL OR unit_id = ANY ((SELECT writable_units())::integer[]));

-- Streets and localities by their commune.
ALTER TABLE place ENABLE ROW LEVEL SECURITY;
ALTER TABLE place FORCE ROW LEVEL SECURITY;
CREATE POLICY place_read ON place FOR SELECT
    TO diachiso_app, diachiso_owner USING (true);
CREATE POLICY place_insert ON place FOR INSERT
    TO diachiso_app, diachiso_owner
    WITH CHECK (
        (SELECT writable_units()) IS NULL OR unit_id = ANY ((SELECT writable_units())::integer[]));
CREATE POLICY place_update ON place FOR UPDATE
    TO diachiso_app, diachiso_owner
    USING (
        (SELECT writable_units()) IS NULL OR unit_id = ANY ((SELECT writable_units())::integer[]))
    WITH CHECK (
        (SELECT writable_units()) IS NULL OR unit_id = ANY ((SELECT writable_units())::integer[]));
CREATE POLICY place_delete ON place FOR DELETE
    TO diachiso_app, diachiso_owner
    USING (
        (SELECT writable_units()) IS NULL OR unit_id = ANY ((SELECT writable_units())::integer[]));

-- Data of a record, by the commune of the record.
ALTER TABLE household_former_number ENABLE ROW LEVEL SECURITY;
ALTER TABLE household_former_number FORCE ROW LEVEL SECURITY;
CREATE POLICY household_former_number_read ON household_former_number FOR SELECT
    TO diachiso_app, diachiso_owner USING (true);
CREATE POLICY household_former_number_insert ON household_former_number FOR INSERT
    TO diachiso_app, diachiso_owner
    WITH CHECK (
        (SELECT writable_units()) IS NULL OR EXISTS (
            SELECT FROM household h
            WHERE h.code = household_former_number.code
                AND h.unit_id = ANY ((SELECT writable_units())::integer[])));
CREATE POLICY household_former_number_update ON household_former_number FOR UPDATE
    TO diachiso_app, diachiso_owner
    USING (
        (SELECT writable_units()) IS NULL OR EXISTS (
            SELECT FROM household h
            WHERE h.code = household_former_number.code
                AND h.unit_id = ANY ((SELECT writable_units())::integer[])))
    WITH CHECK (
        (SELECT writable_units()) IS NULL OR EXISTS (
            SELECT FROM household h
            WHERE h.code = household_former_number.code
                AND h.unit_id = ANY ((SELECT writable_units())::integer[])));
CREATE POLICY household_former_number_delete ON household_former_number FOR DELETE
    TO diachiso_app, diachiso_owner
    USING (
        (SELECT writable_units()) IS NULL OR EXISTS (
            SELECT FROM household h
            WHERE h.code = household_former_number.code
                AND h.unit_id = ANY ((SELECT writable_units())::integer[])));

ALTER TABLE succession_link ENABLE ROW LEVEL SECURITY;
ALTER TABLE succession_link FORCE ROW LEVEL SECURITY;
CREATE POLICY succession_link_read ON succession_link FOR SELECT
    TO diachiso_app, diachiso_owner USING (true);
CREATE POLICY succession_link_insert ON succession_link FOR INSERT
    TO diachiso_app, diachiso_owner
    WITH CHECK (
        (SELECT writable_units()) IS NULL OR EXISTS (
            SELECT FROM household h
            WHERE h.code = succession_link.old_code
                AND h.unit_id = ANY ((SELECT writable_units())::integer[])));
CREATE POLICY succession_link_update ON succession_link FOR UPDATE
    TO diachiso_app, diachiso_owner
    USING (
        (SELECT writable_units()) IS NULL OR EXISTS (
            SELECT FROM household h
            WHERE h.code = succession_link.old_code
                AND h.unit_id = ANY ((SELECT writable_units())::integer[])))
    WITH CHECK (
        (SELECT writable_units()) IS NULL OR EXISTS (
            SELECT FROM household h
            WHERE h.code = succession_link.old_code
                AND h.unit_id = ANY ((SELECT writable_units())::integer[])));
CREATE POLICY succession_link_delete ON succession_link FOR DELETE
    TO diachiso_app, diachiso_owner
    USING (
        (SELECT writable_units()) IS NULL OR EXISTS (
            SELECT FROM household h
            WHERE h.code = succession_link.old_code
                AND h.unit_id = ANY ((SELECT writable_units())::integer[])));

ALTER TABLE plate ENABLE ROW LEVEL SECURITY;
ALTER TABLE plate FORCE ROW LEVEL SECURITY;
CREATE POLICY plate_read ON plate FOR SELECT
    TO diachiso_app, diachiso_owner USING (true);
CREATE POLICY plate_insert ON plate FOR INSERT
    TO diachiso_app, diachiso_owner
    WITH CHECK (
        (SELECT writable_units()) IS NULL OR EXISTS (
            SELECT FROM household h
            WHERE h.code = plate.code
                AND h.unit_id = ANY ((SELECT writable_units())::integer[])));
CREATE POLICY plate_update ON plate FOR UPDATE
    TO diachiso_app, diachiso_owner
    USING (
        (SELECT writable_units()) IS NULL OR EXISTS (
            SELECT FROM household h
            WHERE h.code = plate.code
                AND h.unit_id = ANY ((SELECT writable_units())::integer[])))
    WITH CHECK (
        (SELECT writable_units()) IS NULL OR EXISTS (
            SELECT FROM household h
            WHERE h.code = plate.code
                AND h.unit_id = ANY ((SELECT writable_units())::integer[])));
CREATE POLICY plate_delete ON plate FOR DELETE
    TO diachiso_app, diachiso_owner
    USING (
        (SELECT writable_units()) IS NULL OR EXISTS (
            SELECT FROM household h
            WHERE h.code = plate.code
                AND h.unit_id = ANY ((SELECT writable_units())::integer[])));

ALTER TABLE household_use ENABLE ROW LEVEL SECURITY;
ALTER TABLE household_use FORCE ROW LEVEL SECURITY;
CREATE POLICY household_use_read ON household_use FOR SELECT
    TO diachiso_app, diachiso_owner USING (true);
CREATE POLICY household_use_insert ON household_use FOR INSERT
    TO diachiso_app, diachiso_owner
    WITH CHECK (
        (SELECT writable_units()) IS NULL OR EXISTS (
            SELECT FROM household h
            WHERE h.code = household_use.code
                AND h.unit_id = ANY ((SELECT writable_units())::integer[])));
CREATE POLICY household_use_update ON household_use FOR UPDATE
    TO diachiso_app, diachiso_owner
    USING (
        (SELECT writable_units()) IS NULL OR EXISTS (
            SELECT FROM household h
            WHERE h.code = household_use.code
                AND h.unit_id = ANY ((SELECT writable_units())::integer[])))
    WITH CHECK (
        (SELECT writable_units()) IS NULL OR EXISTS (
            SELECT FROM household h
            WHERE h.code = household_use.code
                AND h.unit_id = ANY ((SELECT writable_units())::integer[])));
CREATE POLICY household_use_delete ON household_use FOR DELETE
    TO diachiso_app, diachiso_owner
    USING (
        (SELECT writable_units()) IS NULL OR EXISTS (
            SELECT FROM household h
            WHERE h.code = household_use.code
                AND h.unit_id = ANY ((SELECT writable_units())::integer[])));
