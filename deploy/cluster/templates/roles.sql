-- Written by bin/cluster render; run once by Patroni, when it has made the first node.
CREATE ROLE diachiso_owner NOLOGIN;
CREATE ROLE diachiso_app NOLOGIN;
-- Prepares the register and keeps house in it.
CREATE ROLE diachiso_manager LOGIN PASSWORD '{{ secret.manager }}' IN ROLE diachiso_owner, diachiso_app;
-- Workers, and what else needs a session of its own: past the pooler.
CREATE ROLE diachiso_program LOGIN PASSWORD '{{ secret.program }}' IN ROLE diachiso_app;
-- Web nodes: through the pooler, which passes on nothing of what a session asks for at its start.
CREATE ROLE diachiso_web LOGIN PASSWORD '{{ secret.web }}' IN ROLE diachiso_app;
ALTER ROLE diachiso_web SET role = 'diachiso_app';
ALTER ROLE diachiso_web SET jit = 'off';
ALTER ROLE diachiso_web SET timezone = 'Asia/Ho_Chi_Minh';
ALTER ROLE diachiso_web SET statement_timeout = '10s';
CREATE DATABASE diachiso TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
\connect diachiso
CREATE EXTENSION postgis;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION btree_gist;
GRANT CREATE ON DATABASE diachiso TO diachiso_owner;
GRANT CREATE ON SCHEMA public TO diachiso_owner;
