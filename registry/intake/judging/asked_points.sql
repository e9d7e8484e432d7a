-- in: entry, writable (units of the key), outside, drawn (units with polygons). out: rows whose point may be in other units.
-- Most points are inside the commune of their row, and are not checked.
SELECT e.row_number, e.lon, e.lat
FROM entry e
WHERE e.lon IS NOT NULL AND NOT e.shifted AND e.unit_id IN (SELECT unit_id FROM writable)
    AND (e.row_number IN (SELECT row_number FROM outside)
        OR e.unit_id NOT IN (SELECT unit_id FROM drawn))
