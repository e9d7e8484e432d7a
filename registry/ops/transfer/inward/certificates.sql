INSERT INTO certificate (number, code, unit_id, issued_on, label, event_id, document_number,
    revoked_on, revoked_why)
SELECT p.number, p.code, u.id, p.issued_on, p.label, p.event, p.document_number, p.revoked_on,
    p.revoked_why
FROM part p LEFT JOIN unit_ref u ON u.unit = p.commune;
