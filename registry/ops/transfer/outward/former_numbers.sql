SELECT code, event_id AS event, street_id AS street, locality_id AS locality, house_number,
    house_number_key AS number_key, until
FROM household_former_number
ORDER BY code, event_id
