-- is_wanted --
SELECT NOT (EXISTS (SELECT FROM household)
    OR EXISTS (SELECT FROM import WHERE state = 'published' AND source <> :source))
