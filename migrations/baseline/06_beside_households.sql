-- Data of a household besides its record: successors of its code, former numbers of its door,
-- identifiers of other schemes, plates.

-- ON DELETE CASCADE: demonstration households are removed with their links.
CREATE TABLE succession_link (
    old_code text COLLATE "C" NOT NULL,
    new_code text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    event_id bigint DEFAULT current_event_id() NOT NULL,
    ended_by_event_id bigint,
    CONSTRAINT pk_succession_link PRIMARY KEY (old_code, new_code, event_id),
    CONSTRAINT fk_succession_link_ended_by_event_id_event
        FOREIGN KEY (ended_by_event_id) REFERENCES event (id),
    CONSTRAINT fk_succession_link_event_id_event FOREIGN KEY (event_id) REFERENCES event (id),
    CONSTRAINT fk_succession_link_new_code_household
        FOREIGN KEY (new_code) REFERENCES household (code) ON DELETE CASCADE,
    CONSTRAINT fk_succession_link_old_code_household
        FOREIGN KEY (old_code) REFERENCES household (code) ON DELETE CASCADE,
    CONSTRAINT ck_succession_link_kind_known CHECK (kind IN ('merge', 'split', 'replace')),
    CONSTRAINT ck_succession_link_two_codes CHECK (old_code <> new_code)
);
COMMENT ON TABLE succession_link IS 'Retired codes and the codes that continue them.';
COMMENT ON COLUMN succession_link.old_code IS 'The retired record';
COMMENT ON COLUMN succession_link.new_code IS 'A record that continues it';
COMMENT ON COLUMN succession_link.kind IS 'merge | split | replace';
COMMENT ON COLUMN succession_link.event_id IS 'Event that linked them';
COMMENT ON COLUMN succession_link.ended_by_event_id IS
    'Event that reinstated the retired record, which then needs no successor; NULL until then';
-- Predecessors of a code.
CREATE INDEX ix_succession_link_new_code ON succession_link (new_code);
GRANT SELECT, INSERT ON succession_link TO diachiso_app;

CREATE FUNCTION refuse_succession_cycle() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        WITH RECURSIVE onward AS (
            SELECT NEW.new_code AS code
            UNION
            SELECT s.new_code FROM onward o JOIN succession_link s ON s.old_code = o.code
            WHERE s.ended_by_event_id IS NULL
        ) SELECT FROM onward WHERE code = NEW.old_code
    ) THEN
        RAISE EXCEPTION 'code % would be continued by itself', NEW.old_code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'succession_link_no_cycle';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION refuse_succession_cycle IS
    'Trigger: no code is its own successor, in any number of steps';
CREATE TRIGGER succession_link_no_cycle AFTER INSERT ON succession_link
    FOR EACH ROW EXECUTE FUNCTION refuse_succession_cycle();

CREATE FUNCTION end_succession() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE succession_link SET ended_by_event_id = current_event_id()
    WHERE old_code = NEW.code AND ended_by_event_id IS NULL;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION end_succession IS 'Trigger: ends the successions of a reinstated record';
CREATE TRIGGER household_3_end_succession AFTER UPDATE ON household FOR EACH ROW
    WHEN (OLD.status = 'retired' AND NEW.status <> 'retired')
    EXECUTE FUNCTION end_succession();

CREATE TABLE household_former_number (
    code text COLLATE "C" NOT NULL,
    event_id bigint DEFAULT current_event_id() NOT NULL,
    street_id bigint,
    locality_id bigint,
    house_number text NOT NULL,
    house_number_key text COLLATE "C" NOT NULL,
    until timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_household_former_number PRIMARY KEY (code, event_id)
);
COMMENT ON TABLE household_former_number IS
    'Numbers that a door had until a decision changed them or their street; corrections are not included.';
COMMENT ON COLUMN household_former_number.code IS 'The record that had the number';
COMMENT ON COLUMN household_former_number.event_id IS 'Event that ended it';
COMMENT ON COLUMN household_former_number.street_id IS 'Street of the number, even if merged since';
COMMENT ON COLUMN household_former_number.locality_id IS
    'Innermost locality at that time, even if merged since';
COMMENT ON COLUMN household_former_number.house_number IS 'As written';
COMMENT ON COLUMN household_former_number.house_number_key IS 'Canonical path: 12/34/5A';
COMMENT ON COLUMN household_former_number.until IS 'Recorded until';
-- Doors that had a number of a street, or of a locality.
CREATE INDEX ix_household_former_number_street
    ON household_former_number (street_id, house_number_key) WHERE street_id IS NOT NULL;
CREATE INDEX ix_household_former_number_locality
    ON household_former_number (locality_id, house_number_key) WHERE locality_id IS NOT NULL;
GRANT SELECT, INSERT ON household_former_number TO diachiso_app;

-- Instead of a foreign key, which makes merging a large street a sixth slower.
CREATE FUNCTION forget_former_numbers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- EXECUTE plans for this statement's number of rows, as in keep_household_versions.
    EXECUTE 'DELETE FROM household_former_number f USING old_rows o WHERE f.code = o.code';
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION forget_former_numbers IS
    'Trigger: removes the former numbers of a removed record';
CREATE TRIGGER household_3_forget_numbers AFTER DELETE ON household
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION forget_former_numbers();

CREATE TABLE external_id (
    code text COLLATE "C" NOT NULL,
    scheme text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    valid daterange DEFAULT '(,)'::daterange NOT NULL,
    CONSTRAINT pk_external_id PRIMARY KEY (code, scheme, value),
    CONSTRAINT fk_external_id_code_household FOREIGN KEY (code) REFERENCES household (code),
    CONSTRAINT ck_external_id_valid_not_empty CHECK (NOT isempty(valid))
);
COMMENT ON TABLE external_id IS
    'Plus Code, postcode, the State''s place identifier, land parcel, carriers'' numbers; none replaces the code.';
COMMENT ON COLUMN external_id.code IS 'The record';
COMMENT ON COLUMN external_id.scheme IS 'plus_code, postcode …';
COMMENT ON COLUMN external_id.value IS 'Value in that scheme';
COMMENT ON COLUMN external_id.valid IS 'Days of its validity';
-- Records of an identifier.
CREATE INDEX ix_external_id_scheme_value ON external_id (scheme, value);
GRANT SELECT, INSERT, UPDATE, DELETE ON external_id TO diachiso_app;

-- Uses of a door besides dwelling: an office, a shop, a school.
CREATE TABLE household_use (
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    code text COLLATE "C" NOT NULL,
    use text NOT NULL,
    name text,
    name_key text COLLATE "C",
    valid daterange DEFAULT '(,)'::daterange NOT NULL,
    event_id bigint DEFAULT current_event_id(),
    CONSTRAINT pk_household_use PRIMARY KEY (id),
    CONSTRAINT fk_household_use_code_household
        FOREIGN KEY (code) REFERENCES household (code) ON DELETE CASCADE,
    CONSTRAINT ck_household_use_name_has_key CHECK ((name IS NULL) = (name_key IS NULL)),
    CONSTRAINT ck_household_use_valid_not_empty CHECK (NOT isempty(valid))
);
COMMENT ON TABLE household_use IS
    'Uses of a door other than dwelling, with names of organisations and public places; never of a person.';
COMMENT ON COLUMN household_use.id IS 'Identity, internal';
COMMENT ON COLUMN household_use.code IS 'The record; one without a dwelling has 0 households';
COMMENT ON COLUMN household_use.use IS 'office, business, works, public_place …';
COMMENT ON COLUMN household_use.name IS 'Name of the organisation or place: Trường Tiểu học Kim Liên';
COMMENT ON COLUMN household_use.name_key IS 'Folded name, for matching';
COMMENT ON COLUMN household_use.valid IS 'Days of this use';
COMMENT ON COLUMN household_use.event_id IS 'Event that wrote it';
-- Uses of a record.
CREATE INDEX ix_household_use_code ON household_use (code);
GRANT SELECT, INSERT, UPDATE, DELETE ON household_use TO diachiso_app;

-- ON DELETE CASCADE: demonstration households are removed with their plates.
CREATE TABLE plate (
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    code text COLLATE "C" NOT NULL,
    issued_on date,
    mounted_on date,
    lost_on date,
    CONSTRAINT pk_plate PRIMARY KEY (id),
    CONSTRAINT fk_plate_code_household
        FOREIGN KEY (code) REFERENCES household (code) ON DELETE CASCADE,
    CONSTRAINT ck_plate_mounted_after_issue
        CHECK (mounted_on IS NULL OR coalesce(mounted_on >= issued_on, false)),
    CONSTRAINT ck_plate_lost_last CHECK (lost_on >= coalesce(mounted_on, issued_on))
);
COMMENT ON TABLE plate IS
    'Plates of a record: reserved with its code, issued, mounted at the door, lost.';
COMMENT ON COLUMN plate.id IS 'Identity, internal';
COMMENT ON COLUMN plate.code IS 'Code on the plate';
COMMENT ON COLUMN plate.issued_on IS 'Day it was printed and handed out; NULL while only reserved';
COMMENT ON COLUMN plate.mounted_on IS 'Day it was fixed to the door';
COMMENT ON COLUMN plate.lost_on IS 'Day it was found lost, broken or taken down';
-- Plates of a record.
CREATE INDEX ix_plate_code ON plate (code);
-- A record has one plate at a time.
CREATE UNIQUE INDEX uq_plate_code_kept ON plate (code) WHERE lost_on IS NULL;
-- Doors with a plate, as coverage counts them.
CREATE INDEX ix_plate_mounted ON plate (code) WHERE mounted_on IS NOT NULL AND lost_on IS NULL;
GRANT SELECT, INSERT, UPDATE ON plate TO diachiso_app;
