-- places_named --
SELECT id, unit_id, former_unit_id, key, name FROM place WHERE class = :class
    AND unit_id = ANY (:units) AND key = ANY (:keys) AND merged_into_id IS NULL

-- real_boundaries --
SELECT unit_id, ST_AsBinary(geom) FROM boundary
WHERE NOT approximate AND unit_id = ANY (:units)
