SELECT n.code, n.event_id AS event, s.place AS street, l.place AS locality, n.house_number,
    n.house_number_key AS number_key, n.until
FROM household_former_number n
LEFT JOIN street_ref s ON s.id = n.thoroughfare_id
LEFT JOIN locality_ref l ON l.id = n.locality_id
ORDER BY n.code, n.event_id
