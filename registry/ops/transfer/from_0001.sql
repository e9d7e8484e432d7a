-- Registers of before release 1.0 at migration 0001. May go after release 1.0.
CREATE TEMPORARY VIEW household_then AS
SELECT
    -- each later column: NULL::{type} AS {name},
    * FROM public.household;
CREATE TEMPORARY VIEW household_version_then AS
SELECT
    -- each later column: NULL::{type} AS {name},
    * FROM public.household_version;
