-- settle --
INSERT INTO source_name (source, spelled, meant) VALUES (:source, :spelled, :meant)
ON CONFLICT (source, spelled) DO UPDATE SET meant = excluded.meant
