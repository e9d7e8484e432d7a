SELECT source, spelled, meant, settled_at AS at
FROM source_name
ORDER BY source COLLATE "C", spelled COLLATE "C"
