-- Events: every transaction that writes to the register opens one and puts its id in a setting. The
-- feed then gives followers the committed events, in commit order.

GRANT USAGE ON SCHEMA public TO diachiso_app;

CREATE FUNCTION current_event_id() RETURNS bigint LANGUAGE sql STABLE
    RETURN nullif(current_setting('diachiso.event_id', true), '')::bigint;
COMMENT ON FUNCTION current_event_id IS
    'Event of this transaction, NULL if none is open; valid until its end';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON FUNCTION refuse_change IS 'Trigger: always raises';

CREATE TABLE event (
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    actor text NOT NULL,
    reason text,
    decision_number text,
    scope jsonb DEFAULT '{}'::jsonb NOT NULL,
    occurred_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    xact bigint DEFAULT pg_current_xact_id()::text::bigint NOT NULL,
    CONSTRAINT pk_event PRIMARY KEY (id)
);
COMMENT ON TABLE event IS 'Append-only. Every writing transaction has one (function open_event).';
COMMENT ON COLUMN event.id IS 'Identity; not the order of commits';
COMMENT ON COLUMN event.kind IS 'Operation: import, rename, merge, move …';
COMMENT ON COLUMN event.actor IS 'Key or operator, never a person''s name';
COMMENT ON COLUMN event.reason IS 'Reason given by the actor';
COMMENT ON COLUMN event.decision_number IS 'Number of the legal decision';
COMMENT ON COLUMN event.scope IS 'What it touched: units, codes, import';
COMMENT ON COLUMN event.occurred_at IS 'When it was recorded';
COMMENT ON COLUMN event.xact IS 'Transaction that opened it; meaningless after a restore';
-- A form submitted twice is carried out once.
CREATE UNIQUE INDEX uq_event_once ON event ((scope ->> 'once')) WHERE scope ? 'once';
-- Events since a day.
CREATE INDEX ix_event_occurred_at ON event (occurred_at);
GRANT SELECT ON event TO diachiso_app;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE event_pending (
    event_id bigint NOT NULL,
    CONSTRAINT pk_event_pending PRIMARY KEY (event_id),
    CONSTRAINT fk_event_pending_event_id_event FOREIGN KEY (event_id) REFERENCES event (id)
);
COMMENT ON TABLE event_pending IS 'Events not yet in the feed; emptied by move_pending_events.';
COMMENT ON COLUMN event_pending.event_id IS 'The event';
GRANT SELECT ON event_pending TO diachiso_app;

CREATE TABLE feed (
    position bigint GENERATED ALWAYS AS IDENTITY,
    event_id bigint NOT NULL,
    CONSTRAINT pk_feed PRIMARY KEY (position),
    CONSTRAINT uq_feed_event_id UNIQUE (event_id),
    CONSTRAINT fk_feed_event_id_event FOREIGN KEY (event_id) REFERENCES event (id)
);
COMMENT ON TABLE feed IS
    'Committed events in reading order: once a position is visible, no lower one is added later.';
COMMENT ON COLUMN feed.position IS 'Cursor; increases, may have gaps';
COMMENT ON COLUMN feed.event_id IS 'The event, exactly once';
GRANT SELECT ON feed TO diachiso_app;
CREATE TRIGGER feed_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON feed
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION open_event(
    p_kind text,
    p_actor text,
    p_reason text DEFAULT NULL,
    p_decision_number text DEFAULT NULL,
    p_scope jsonb DEFAULT '{}'::jsonb
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    new_id bigint;
BEGIN
    IF current_event_id() IS NOT NULL THEN
        RAISE EXCEPTION 'this transaction already has event %', current_event_id()
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    INSERT INTO event (kind, actor, reason, decision_number, scope)
    VALUES (p_kind, p_actor, p_reason, p_decision_number, p_scope)
    RETURNING id INTO new_id;
    INSERT INTO event_pending (event_id) VALUES (new_id);
    PERFORM set_config('diachiso.event_id', new_id::text, true);
    RETURN new_id;
END
$$;
COMMENT ON FUNCTION open_event IS
    'Opens the only event of this transaction and returns its id; required for any write';

CREATE FUNCTION publish_event() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- As in move_pending_events, the lock is held until commit, so positions become visible in the
    -- order drawn. If it is taken, the event is moved later; waiting would keep this transaction's
    -- rows locked. The INSERT may draw a position, so it comes last.
    IF NOT pg_try_advisory_xact_lock(7238010021) THEN
        RETURN false;
    END IF;
    WITH own AS (DELETE FROM event_pending WHERE event_id = current_event_id() RETURNING event_id)
    INSERT INTO feed (event_id) SELECT event_id FROM own;
    RETURN NOT EXISTS (SELECT FROM event_pending);
END
$$;
COMMENT ON FUNCTION publish_event IS
    'Last statement before a commit: adds the transaction''s own event to the feed; false if move_pending_events must run afterwards';

CREATE FUNCTION move_pending_events() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    SET lock_timeout = '2s' AS $$
DECLARE
    moved bigint;
BEGIN
    -- Positions become visible in the order in which they are drawn only because this lock is held
    -- until commit. The next statement has a new snapshot, so it sees everything committed by now.
    -- lock_timeout: a hanging mover must not block every writer after its commit.
    PERFORM pg_advisory_xact_lock(7238010021);
    WITH taken AS (DELETE FROM event_pending RETURNING event_id)
    INSERT INTO feed (event_id) SELECT event_id FROM taken ORDER BY event_id;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END
$$;
COMMENT ON FUNCTION move_pending_events IS
    'Moves committed events into the feed and returns how many; call it after each commit';
