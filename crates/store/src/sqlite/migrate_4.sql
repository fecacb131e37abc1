-- From format 3 to 4. The tables also stand in `schema.sql`.

-- Each write of rows has a number; rows bear that of the last one.
ALTER TABLE environment ADD COLUMN next_version INTEGER NOT NULL DEFAULT 2;
ALTER TABLE record ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

-- Rows of sets that show what is kept elsewhere: computed, and computed anew when they are older than what they show.
CREATE TABLE projection (
    environment_id INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    id TEXT NOT NULL,
    json TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (environment_id, table_name, id)
) WITHOUT ROWID;
-- Which revision a set shows.
CREATE TABLE projected (
    environment_id INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (environment_id, table_name)
) WITHOUT ROWID;
CREATE TABLE projection_indexed (
    environment_id INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    is_total INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (environment_id, table_name, column_name)
) WITHOUT ROWID;
CREATE TABLE projection_index (
    environment_id INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    value TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (environment_id, table_name, column_name, value, id)
) WITHOUT ROWID;

-- Bytes that belong to rows: packages that were uploaded, exports that wait.
CREATE TABLE blob (
    blob_no INTEGER PRIMARY KEY,
    environment_id INTEGER NOT NULL,
    id TEXT NOT NULL,
    bytes BLOB NOT NULL
);
CREATE UNIQUE INDEX blob_by_id ON blob (environment_id, id);

-- Values of indexes are written so that they sort: all are built anew, as after an operation that takes data.
ALTER TABLE record_indexed ADD COLUMN is_total INTEGER NOT NULL DEFAULT 0;
DELETE FROM record_index;
INSERT INTO record_indexed (environment_id, table_name, column_name)
    SELECT DISTINCT environment_id, table_name, '' FROM record_indexed WHERE true ON CONFLICT DO NOTHING;
DELETE FROM record_indexed WHERE column_name <> '';
