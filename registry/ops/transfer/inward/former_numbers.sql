INSERT INTO household_former_number (code, event_id, street_id, locality_id, house_number,
    house_number_key, until)
SELECT code, event, street, locality, house_number, number_key, until FROM part;
