-- in: delivered. out: repeated, the rows with the reference of an earlier row.
CREATE TABLE repeated (row_number BIGINT);
-- needs: references
INSERT INTO repeated
SELECT row_number
FROM (
    SELECT row_number, row_number() OVER (PARTITION BY source_ref ORDER BY row_number) AS occurrence
    FROM delivered
    -- By hash, which takes less memory than references; rows of equal hashes are compared.
    WHERE hash(source_ref) IN (
        SELECT hash(source_ref) FROM delivered WHERE source_ref IS NOT NULL
        GROUP BY ALL HAVING count(*) > 1)
)
WHERE occurrence > 1;
