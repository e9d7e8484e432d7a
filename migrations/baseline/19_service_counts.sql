-- Requests to the service by day, for its supervision, without callers or contents.

CREATE TABLE service_count (
    day date NOT NULL,
    kind text NOT NULL,
    outcome text NOT NULL,
    asked bigint NOT NULL,
    CONSTRAINT pk_service_count PRIMARY KEY (day, kind, outcome),
    CONSTRAINT ck_service_count_asked_positive CHECK (asked > 0)
);
COMMENT ON TABLE service_count IS
    'Requests per day by kind and outcome, summed over the processes of the service.';
COMMENT ON COLUMN service_count.day IS 'Day in Viet Nam';
COMMENT ON COLUMN service_count.kind IS
    'A family of endpoints, or `verdict` for each verdict returned';
COMMENT ON COLUMN service_count.outcome IS
    'ok | refused | limited | failed; for `verdict`, which one';
COMMENT ON COLUMN service_count.asked IS 'Number of them';
GRANT SELECT, INSERT, UPDATE ON service_count TO diachiso_app;
