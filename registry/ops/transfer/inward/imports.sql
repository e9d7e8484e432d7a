INSERT INTO import (id, source, file_name, file_sha256, delivery, decision_number, state, counts,
    created_at, published_event_id, rolled_back_event_id)
SELECT import, source, file_name, file_sha256, delivery, decision_number, state, counts, at, event,
    rolled_back_by
FROM part;
