INSERT INTO field_report (id, kind, code, unit_id, point, position_accuracy_m, address_text,
    address_parts, address_key, entrance, note, reporter_role, state, reported_at,
    last_reported_at, seen_event_id, decided_event_id, carriers, merchants, residents, officials,
    word)
SELECT p.report, p.kind, p.code, u.id, ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326),
    p.position_accuracy_m, p.address, p.address_parts, p.address_key, p.entrance, p.note,
    p.reporter_role, p.state, p.reported_at, p.last_reported_at, p.seen, p.decided_by, p.carriers,
    p.merchants, p.residents, p.officials, p.word
FROM part p LEFT JOIN unit_ref u USING (unit);
