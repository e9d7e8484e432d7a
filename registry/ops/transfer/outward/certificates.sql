SELECT c.number, c.code, r.unit AS commune, c.issued_on, c.label, c.event_id AS event,
    c.document_number, c.revoked_on, c.revoked_why
FROM certificate c JOIN unit_ref r ON r.id = c.unit_id
ORDER BY c.number
