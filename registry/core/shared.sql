-- point --
ST_SetSRID(ST_MakePoint(CAST(:lon AS float8), CAST(:lat AS float8)), 4326)

-- open --
-- Whether the household `h` may be shown to everybody.
h.status = 'active' AND NOT h.restricted

-- best_target --
-- ORDER BY of targets of one unit: the newest declared one first, and hộ before chỗ ở.
array_position(ARRAY['declared', 'census', 'derived', 'estimate'], quality),
    reference_date DESC, counted = 'households' DESC, recorded_at DESC, id DESC
