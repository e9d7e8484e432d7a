-- In the transaction of the transfer, as the owner of the tables: rows keep their own events and
-- times, and are checked when all are loaded.
ALTER TABLE household_ref DISABLE TRIGGER household_ref_1_check_insert;
ALTER TABLE code_key DISABLE TRIGGER code_key_fixed;

CREATE TEMPORARY TABLE unit_ref (unit text PRIMARY KEY, id integer NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE place_ref (place bigint PRIMARY KEY, class text NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE known_code (code text COLLATE "C" PRIMARY KEY) ON COMMIT DROP;
