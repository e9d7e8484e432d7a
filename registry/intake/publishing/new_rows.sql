SELECT a.code, h.parent_code, a.unit_id, a.former_unit_id, a.street_id, a.locality_id,
    a.house_number, a.house_number_key, a.building_name, a.building_key, a.floor, a.unit_number,
    -- each plain column: a.{name},
    a.households_count, a.lon, a.lat, a.position_method, a.position_accuracy_m, a.delivery_hint
FROM addressed a
JOIN fresh f ON f.row_number = a.row_number
LEFT JOIN housed h ON h.row_number = a.row_number
ORDER BY f.turn
