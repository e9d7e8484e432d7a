-- Names that hold outside of this register. Followed by the scripts of the parts, in one snapshot.
CREATE TEMPORARY TABLE unit_ref ON COMMIT DROP AS
SELECT id, code || coalesce('@' || (upper(lifetime) - 1), '') AS unit FROM admin_unit;

-- The seeds of a release bring all other units.
CREATE TEMPORARY TABLE decided_unit ON COMMIT DROP AS
SELECT id FROM admin_unit WHERE source LIKE 'decision%'
UNION SELECT unit_id FROM admin_unit_version WHERE source LIKE 'decision%'
UNION SELECT predecessor_id FROM admin_unit_succession WHERE source LIKE 'decision%'
UNION SELECT successor_id FROM admin_unit_succession WHERE source LIKE 'decision%';

CREATE TEMPORARY TABLE place_ref ON COMMIT DROP AS
SELECT class, id, row_number() OVER (ORDER BY class DESC, id) AS place
FROM (
    SELECT 'street' AS class, id FROM thoroughfare
    UNION SELECT 'street', id FROM thoroughfare_version
    UNION SELECT 'locality', id FROM locality
    UNION SELECT 'locality', id FROM locality_version
) known;

CREATE TEMPORARY VIEW street_ref AS SELECT id, place FROM place_ref WHERE class = 'street';
CREATE TEMPORARY VIEW locality_ref AS SELECT id, place FROM place_ref WHERE class = 'locality';
ANALYZE unit_ref, place_ref;
