-- Rows of one door within the file: the first row with an address is the head, and later rows near it
-- are the same door. Rows farther away at one point share a door too, whose head is their first row.

-- needs: known or registered
INSERT INTO found
SELECT row_number, CASE WHEN same OR linked THEN 'unchanged' ELSE 'changed' END, code, NULL
FROM known
UNION ALL
SELECT row_number, 'linked', code, NULL FROM registered;
CREATE VIEW unfound AS
SELECT * FROM address a WHERE NOT EXISTS (FROM found f WHERE f.row_number = a.row_number);

-- If only some rows of a street name a former commune, or two name neighbouring ones: a row without
-- one is the door of the row that is equal otherwise, and points distinguish measured doors. If
-- several rows with a former commune match, the row is rejected with a question.
-- needs: formers or renamed
CREATE TABLE of_two_communes AS
SELECT a.*
FROM unfound a
JOIN (
    SELECT door FROM address WHERE street_at IS NOT NULL
    GROUP BY door HAVING min(coalesce(former_id, 0)) <> max(coalesce(former_id, 0))
) m ON m.door = a.door
WHERE a.numbered;
-- needs: of_two_communes
CREATE TABLE beside AS
SELECT d.row_number, d.former_id, h.row_number AS other, h.former_id AS other_former,
    d.lon IS NOT NULL AND h.lon IS NOT NULL AS measured
FROM of_two_communes d
JOIN of_two_communes h ON h.door = d.door AND h.former_id IS DISTINCT FROM d.former_id
    AND is_near(d.numbered, d.lon, d.lat, h.lon, h.lat);
-- needs: beside
INSERT INTO found
SELECT row_number, 'linked', NULL, coalesce(min(other) FILTER (measured), min(other))
FROM beside
WHERE CASE WHEN measured THEN other < row_number ELSE former_id IS NULL END
GROUP BY row_number
HAVING count(DISTINCT other_former) = 1 OR bool_or(measured);
-- needs: beside
INSERT INTO refused
SELECT row_number, 'former_commune', 'door_ambiguous', NULL,
    string_agg(DISTINCT 'dòng ' || other, '; ' ORDER BY 'dòng ' || other)
FROM beside b
WHERE former_id IS NULL AND NOT EXISTS (FROM found f WHERE f.row_number = b.row_number)
GROUP BY row_number
HAVING count(DISTINCT other_former) > 1;

INSERT INTO head
SELECT unit_id, address, min(row_number) AS head
FROM unfound WHERE row_number NOT IN (SELECT row_number FROM refused)
GROUP BY unit_id, address HAVING count(*) > 1;
-- needs: head
INSERT INTO found
WITH member AS (
    SELECT a.row_number, a.lon, a.lat, a.numbered, h.head
    FROM unfound a JOIN head h ON h.unit_id = a.unit_id AND h.address = a.address
    WHERE a.row_number NOT IN (SELECT row_number FROM refused)
), near AS (
    SELECT d.row_number, d.head
    FROM member d JOIN member h ON h.row_number = d.head
    WHERE d.row_number <> d.head AND is_near(d.numbered, d.lon, d.lat, h.lon, h.lat)
), again AS (
    SELECT row_number, min(row_number) OVER (PARTITION BY head, lon, lat) AS head
    FROM member WHERE lon IS NOT NULL
)
SELECT row_number, 'linked', NULL, head FROM near
UNION ALL
SELECT row_number, 'linked', NULL, head FROM again a
WHERE row_number <> head AND NOT EXISTS (FROM near n WHERE n.row_number = a.row_number);

-- The head of a row may itself have an earlier head.
-- needs: head or beside
UPDATE found f SET head = u.head
FROM (
    WITH RECURSIVE up AS (
        SELECT f.row_number, h.head, 1 AS step
        FROM found f JOIN found h ON h.row_number = f.head AND h.head IS NOT NULL
        UNION ALL
        SELECT up.row_number, h.head, step + 1
        FROM up JOIN found h ON h.row_number = up.head AND h.head IS NOT NULL
    )
    SELECT row_number, max_by(head, step) AS head FROM up GROUP BY row_number
) u
WHERE u.row_number = f.row_number;
