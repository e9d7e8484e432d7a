-- keys_of_places --
SELECT DISTINCT class, kind, name, key FROM place
WHERE merged_into_id IS NULL AND (class, kind, name) IS NOT NULL

-- keys_of_former_names --
SELECT DISTINCT class, kind, name, key FROM place_alias WHERE (class, kind, name) IS NOT NULL

-- keys_of_buildings --
SELECT DISTINCT building_name, building_key FROM household
WHERE building_key IS NOT NULL AND (building_name) IS NOT NULL

-- floors --
SELECT DISTINCT floor, floor FROM household WHERE floor IS NOT NULL AND (floor) IS NOT NULL

-- keys_of_uses --
SELECT DISTINCT name, name_key FROM household_use WHERE name_key IS NOT NULL
