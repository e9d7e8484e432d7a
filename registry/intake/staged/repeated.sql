-- in: delivered. out: repeated, the rows whose reference stood in a row before.
CREATE TABLE repeated (row_number BIGINT);
-- needs: references
INSERT INTO repeated
SELECT row_number
FROM (
    SELECT row_number, row_number() OVER (PARTITION BY source_ref ORDER BY row_number) AS occurrence
    FROM delivered
    -- By hash, which takes less memory than references do; equal ones are looked at again.
    WHERE hash(source_ref) IN (
        SELECT hash(source_ref) FROM delivered WHERE source_ref IS NOT NULL
        GROUP BY ALL HAVING count(*) > 1)
)
WHERE occurrence > 1;
