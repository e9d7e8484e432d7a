SELECT id, file_name, published_event_id AS event_id, state FROM import WHERE source = %(source)s
