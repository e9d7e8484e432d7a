INSERT INTO source_name (source, spelled, meant, settled_at)
SELECT source, spelled, meant, at FROM part;
