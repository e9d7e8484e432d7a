-- References valid outside of this register. The scripts of the parts follow, in one snapshot.
CREATE TEMPORARY TABLE unit_ref ON COMMIT DROP AS
SELECT id, code || coalesce('@' || (upper(lifetime) - 1), '') AS unit FROM admin_unit;

-- The seeds of a release bring all other units.
CREATE TEMPORARY TABLE decided_unit ON COMMIT DROP AS
SELECT id FROM admin_unit WHERE source LIKE 'decision%'
UNION SELECT unit_id FROM admin_unit_version WHERE source LIKE 'decision%'
UNION SELECT predecessor_id FROM admin_unit_succession WHERE source LIKE 'decision%'
UNION SELECT successor_id FROM admin_unit_succession WHERE source LIKE 'decision%';

-- Places keep their ids; removed ones have only their history.
CREATE TEMPORARY TABLE place_ref ON COMMIT DROP AS
SELECT id AS place, class FROM place
UNION SELECT id, class FROM place_version;
ANALYZE unit_ref, place_ref;
