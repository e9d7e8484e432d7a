-- References that are codes: codes of dwellings count as known references of the source; rows with
-- other codes are rejected, since they would get a second one.

INSERT INTO named_by_code
SELECT o.source_ref, o.code FROM own_code o JOIN dwelling_code USING (code);
-- needs: named_by_code
INSERT INTO household_ref
SELECT source_ref, code, NULL, false, false, NULL, NULL FROM named_by_code;
INSERT INTO refused
SELECT e.row_number, 'source_ref', 'reference_code_unknown', e.source_ref, NULL
FROM entry e JOIN own_code o ON o.source_ref = e.source_ref
WHERE NOT e.rejected AND o.code NOT IN (SELECT code FROM dwelling_code);
