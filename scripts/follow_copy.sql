-- Statements of SQLite.

-- create_address --
CREATE TABLE IF NOT EXISTS address ({declared}) WITHOUT ROWID

-- put --
INSERT OR REPLACE INTO address ({columns}, street, locality) VALUES ({values})

-- create --
CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY CHECK (id = 1), cursor TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS unit (id INTEGER PRIMARY KEY, code TEXT, level TEXT, name TEXT,
    province_code TEXT, province_name TEXT, words TEXT, words_before_2025_07 TEXT, map_from TEXT,
    map_to TEXT);
CREATE TABLE IF NOT EXISTS street (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS locality (id INTEGER PRIMARY KEY, name TEXT NOT NULL, parent INTEGER);
CREATE TABLE IF NOT EXISTS retired (code TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS succession (old_code TEXT, new_code TEXT, kind TEXT,
    PRIMARY KEY (old_code, new_code)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS succession_to ON succession (new_code);
DROP VIEW IF EXISTS label;
-- Labels of an address: today's, and with the units of 30 June 2025 if known.
CREATE VIEW label AS
    SELECT d.code, door || u.words AS label, door || f.words_before_2025_07 AS label_before_2025_07
    FROM (
        SELECT a.code, a.commune, a.former_commune, coalesce(a.inside || ', ', '')
            || coalesce(nullif(trim(coalesce(a.house_number, '') || ' ' || coalesce(s.name, '')),
                '') || ', ', '')
            || coalesce((
                WITH RECURSIVE up (name, parent, step) AS (
                    SELECT name, parent, 1 FROM locality WHERE id = a.locality
                    UNION ALL SELECT l.name, l.parent, step + 1
                    FROM up JOIN locality l ON l.id = up.parent
                ) SELECT group_concat(name, ', ') FROM (SELECT name FROM up ORDER BY step)
            ) || ', ', '') AS door
        FROM address a LEFT JOIN street s ON s.id = a.street
    ) d LEFT JOIN unit u ON u.id = commune
    LEFT JOIN unit f ON f.id = coalesce(former_commune, commune);
