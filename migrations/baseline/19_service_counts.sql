-- What the service was asked, by day: figures for its supervision, and nothing of who asked what.

CREATE TABLE service_count (
    day date NOT NULL,
    kind text NOT NULL,
    outcome text NOT NULL,
    asked bigint NOT NULL,
    CONSTRAINT pk_service_count PRIMARY KEY (day, kind, outcome),
    CONSTRAINT ck_service_count_asked_positive CHECK (asked > 0)
);
COMMENT ON TABLE service_count IS
    'Requests of a day by kind and outcome, summed over the processes of the service.';
COMMENT ON COLUMN service_count.day IS 'Day in Viet Nam';
COMMENT ON COLUMN service_count.kind IS
    'What was asked: a family of endpoints, or `verdict` for each verdict that was told';
COMMENT ON COLUMN service_count.outcome IS
    'ok | refused | limited | failed; of a verdict, which';
COMMENT ON COLUMN service_count.asked IS 'How often';
GRANT SELECT, INSERT, UPDATE ON service_count TO diachiso_app;
