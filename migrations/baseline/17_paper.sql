-- Issued certificates of address. They contain an address and a point, never a person.

-- ON DELETE CASCADE: demonstration households are removed with their certificates.
CREATE TABLE certificate (
    number text COLLATE "C" NOT NULL,
    code text COLLATE "C" NOT NULL,
    unit_id integer NOT NULL,
    issued_on date NOT NULL,
    label text NOT NULL,
    event_id bigint NOT NULL,
    document_number text,
    revoked_on date,
    revoked_why text,
    CONSTRAINT pk_certificate PRIMARY KEY (number),
    CONSTRAINT fk_certificate_code_household
        FOREIGN KEY (code) REFERENCES household (code) ON DELETE CASCADE,
    CONSTRAINT fk_certificate_event_id_event FOREIGN KEY (event_id) REFERENCES event (id),
    CONSTRAINT fk_certificate_unit_id_admin_unit FOREIGN KEY (unit_id) REFERENCES admin_unit (id),
    CONSTRAINT ck_certificate_revoked_after_issue CHECK (revoked_on >= issued_on),
    CONSTRAINT ck_certificate_revoked_with_reason
        CHECK ((revoked_on IS NULL) = (revoked_why IS NULL))
);
COMMENT ON TABLE certificate IS 'Issued certificates of address. They name no person.';
COMMENT ON COLUMN certificate.number IS
    'Random number to which its QR code leads, so that others cannot be guessed';
COMMENT ON COLUMN certificate.code IS 'The record';
COMMENT ON COLUMN certificate.unit_id IS 'Commune that issued it';
COMMENT ON COLUMN certificate.issued_on IS 'Day of issue';
COMMENT ON COLUMN certificate.label IS 'The address that it confirms, as printed';
COMMENT ON COLUMN certificate.event_id IS 'Event of the confirmed state of the record';
COMMENT ON COLUMN certificate.document_number IS 'Number in the office''s own books, if any';
COMMENT ON COLUMN certificate.revoked_on IS 'Day on which the office revoked it';
COMMENT ON COLUMN certificate.revoked_why IS 'Why; never a person''s name';
-- Certificates of a record, also for its removal.
CREATE INDEX ix_certificate_code ON certificate (code);
-- Certificates of a commune, latest first.
CREATE INDEX ix_certificate_unit_id ON certificate (unit_id, issued_on DESC);
GRANT SELECT, INSERT, UPDATE ON certificate TO diachiso_app;

ALTER TABLE certificate ENABLE ROW LEVEL SECURITY;
ALTER TABLE certificate FORCE ROW LEVEL SECURITY;
CREATE POLICY certificate_read ON certificate FOR SELECT
    TO diachiso_app, diachiso_owner USING (true);
CREATE POLICY certificate_insert ON certificate FOR INSERT
    TO diachiso_app, diachiso_owner
    WITH CHECK (
        (SELECT writable_units()) IS NULL
        OR unit_id = ANY ((SELECT writable_units())::integer[]));
CREATE POLICY certificate_update ON certificate FOR UPDATE
    TO diachiso_app, diachiso_owner
    USING (
        (SELECT writable_units()) IS NULL
        OR unit_id = ANY ((SELECT writable_units())::integer[]))
    WITH CHECK (
        (SELECT writable_units()) IS NULL
        OR unit_id = ANY ((SELECT writable_units())::integer[]));
CREATE POLICY certificate_delete ON certificate FOR DELETE
    TO diachiso_app, diachiso_owner
    USING (
        (SELECT writable_units()) IS NULL
        OR unit_id = ANY ((SELECT writable_units())::integer[]));
