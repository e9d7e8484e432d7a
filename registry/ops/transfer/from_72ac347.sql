-- Registers of before release 1.0, at commit 72ac347 (migration 0028): temporary views with what they
-- lack, so that the scripts of outward/ can read them. They shadow the register's own tables. May go
-- after release 1.0.
CREATE TEMPORARY VIEW household_then AS
SELECT
    -- each later column: NULL::{type} AS {name},
    * FROM public.household;
CREATE TEMPORARY VIEW household_version_then AS
SELECT
    -- each later column: NULL::{type} AS {name},
    * FROM public.household_version;
CREATE TEMPORARY VIEW household_ref AS SELECT *, false AS shares FROM public.household_ref;
CREATE TEMPORARY VIEW plate AS SELECT *, NULL::date AS lost_on FROM public.plate;
CREATE TEMPORARY VIEW field_report AS
SELECT *, NULL::text AS entrance, NULL::text AS note, NULL::text AS word FROM public.field_report;
-- Days before these figures existed are left out.
CREATE TEMPORARY VIEW coverage_day AS
SELECT * FROM public.coverage_day
WHERE num_nulls(deliverable, plated, suspected, unnumbered) = 0;
CREATE TEMPORARY TABLE certificate (
    number text, code text, unit_id integer, issued_on date, label text, event_id bigint,
    document_number text, revoked_on date, revoked_why text
) ON COMMIT DROP;
CREATE TEMPORARY TABLE reform (
    id bigint, number text, title text, effective_on date, state text, resolution jsonb,
    decided jsonb, unit_ids integer[], affected_ids integer[], counts jsonb, actor text, recorded_at timestamptz,
    event_id bigint, undone_event_id bigint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE source_name (
    source text, spelled text, meant text, settled_at timestamptz
) ON COMMIT DROP;
