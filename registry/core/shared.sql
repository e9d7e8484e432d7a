-- point --
ST_SetSRID(ST_MakePoint(CAST(:lon AS float8), CAST(:lat AS float8)), 4326)

-- open --
-- Whether the household `h` may be shown to everybody.
h.status = 'active' AND NOT h.restricted
