-- Who sits at the desk: keys, and accounts of an identity provider, exchanged for a cookie.

CREATE TABLE desk_session (
    token_hash bytea NOT NULL,
    key_id bigint NOT NULL,
    began_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    seen_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_desk_session PRIMARY KEY (token_hash),
    CONSTRAINT fk_desk_session_key_id_api_key
        FOREIGN KEY (key_id) REFERENCES api_key (id) ON DELETE CASCADE,
    CONSTRAINT ck_desk_session_token_hash_length CHECK (octet_length(token_hash) = 32)
);
COMMENT ON TABLE desk_session IS
    'Keys that were exchanged for a cookie; they end by themselves, and with the key.';
COMMENT ON COLUMN desk_session.token_hash IS 'SHA-256 of what the cookie holds';
COMMENT ON COLUMN desk_session.key_id IS 'Whose session it is';
COMMENT ON COLUMN desk_session.began_at IS 'When it began';
COMMENT ON COLUMN desk_session.seen_at IS 'Last use, to the minute';
-- Those of a key, which go with it; and those that are over.
CREATE INDEX ix_desk_session_key_id ON desk_session (key_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON desk_session TO diachiso_app;
