-- in: delivered, commune. Facts about the file, for the needs of steps.
SELECT count(*), bool_or(lon IS NOT NULL), bool_or(source_ref IS NOT NULL),
    bool_or(source_ref IS NULL), bool_or(uses_read IS NOT NULL), bool_or(is_building),
    (SELECT bool_or(len(candidates) > 1) FROM commune),
    (SELECT bool_or(former_id IS NOT NULL) FROM commune)
FROM delivered
