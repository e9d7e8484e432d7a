-- Sessions of the desk: keys, and accounts of an identity provider, exchanged for a cookie.

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
    'Sessions of keys exchanged for a cookie; they expire, and end with the key.';
COMMENT ON COLUMN desk_session.token_hash IS 'SHA-256 of the cookie''s value';
COMMENT ON COLUMN desk_session.key_id IS 'Key of the session';
COMMENT ON COLUMN desk_session.began_at IS 'When it started';
COMMENT ON COLUMN desk_session.seen_at IS 'Last use, to the minute';
-- Sessions of a key, deleted with it; and expired ones.
CREATE INDEX ix_desk_session_key_id ON desk_session (key_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON desk_session TO diachiso_app;
