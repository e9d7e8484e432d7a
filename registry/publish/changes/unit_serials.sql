-- write --
INSERT INTO unit_told (unit_id, digest, serial)
SELECT unit_id, digest, :serial
FROM unnest(CAST(:units AS integer[]), CAST(:digests AS bytea[])) AS n (unit_id, digest)
JOIN admin_unit u ON u.id = n.unit_id
ON CONFLICT (unit_id) DO UPDATE SET digest = excluded.digest, serial = excluded.serial

-- note --
UPDATE unit_told_state
SET version = :version, turned_on = :turned_on, digest = :digest, serial = :serial

-- lock --
SELECT {serial} FROM unit_told_state s FOR UPDATE
