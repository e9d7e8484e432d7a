-- of_building --
SELECT entrances FROM household
WHERE code = :code AND status <> 'retired' AND NOT restricted
