-- insert_certificate --
INSERT INTO certificate (number, code, unit_id, issued_on, label, event_id, document_number)
VALUES (:number, :code, :unit, :day, :label, :event, :document)
ON CONFLICT (number) DO NOTHING RETURNING number

-- read_certificates --
SELECT number, code, unit_id, issued_on, label, event_id, document_number, revoked_on, revoked_why
FROM certificate

-- certificate --
{read_certificates} WHERE number = :number

-- certificates --
{read_certificates} ORDER BY issued_on DESC, number LIMIT CAST(:limit AS int)

-- certificates_of_units --
{read_certificates} WHERE unit_id = ANY (CAST(:units AS int[]))
ORDER BY issued_on DESC, number LIMIT CAST(:limit AS int)

-- issuer --
SELECT c.unit_id, u.code FROM certificate c JOIN admin_unit u ON u.id = c.unit_id
WHERE number = :number

-- revoke_certificate --
UPDATE certificate SET revoked_on = :day, revoked_why = :why
WHERE number = :number AND revoked_on IS NULL RETURNING number

-- boundaries_around --
SELECT ST_AsGeoJSON(ST_SimplifyPreserveTopology(ST_Intersection(
    ST_Boundary(b.geom),
    ST_MakeEnvelope(CAST(:west AS float8), CAST(:south AS float8), CAST(:east AS float8),
        CAST(:north AS float8),
        4326)), CAST(:tolerance AS float8)))::json
FROM boundary b WHERE b.unit_id = ANY (CAST(:units AS int[])) AND NOT b.approximate
