-- columns: id BIGINT, file_name VARCHAR, event_id BIGINT, state VARCHAR
-- needs: own_ref, household_ref
SELECT id, file_name, published_event_id AS event_id, state FROM import WHERE source = %(source)s
