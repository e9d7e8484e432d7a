SELECT f.id AS report, f.kind, f.code, r.unit, ST_X(f.point) AS lon, ST_Y(f.point) AS lat,
    f.position_accuracy_m, f.address_text AS address, f.address_parts, f.address_key, f.entrance,
    f.note, f.reporter_role, f.state, f.reported_at, f.last_reported_at, f.seen_event_id AS seen,
    f.decided_event_id AS decided_by, f.carriers, f.merchants, f.residents, f.officials, f.word
FROM field_report f JOIN unit_ref r ON r.id = f.unit_id
ORDER BY f.id
