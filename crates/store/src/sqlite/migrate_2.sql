-- From format 1 to 2. Everything here also stands in `schema.sql`.

ALTER TABLE component ADD COLUMN parent TEXT;
CREATE INDEX component_by_parent ON component (environment_id, parent) WHERE parent IS NOT NULL;

CREATE TABLE activation (
    environment_id INTEGER NOT NULL,
    component_no INTEGER NOT NULL,
    from_op INTEGER NOT NULL,
    to_op INTEGER NOT NULL,
    PRIMARY KEY (environment_id, component_no, from_op)
) WITHOUT ROWID;

-- Format 1 had a table for rows and no command that wrote any.
DROP TABLE record;

-- Rows of tables (D8). Edits of rows are no operations: a version they open or close carries the number of the
-- operation before.
CREATE TABLE record (
    environment_id INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    id TEXT NOT NULL,
    from_op INTEGER NOT NULL,
    to_op INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (environment_id, table_name, id, from_op)
) WITHOUT ROWID;

-- What operations did to the rows of a table, or to the values of a column where one is named. `closed_at` is 0
-- where they went, else the operation that had taken those which came back.
CREATE TABLE record_change (
    environment_id INTEGER NOT NULL,
    operation INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    closed_at INTEGER NOT NULL,
    PRIMARY KEY (environment_id, operation, table_name, column_name, closed_at)
) WITHOUT ROWID;

-- Which indexes of a table are complete. `column_name` is one column, or several joined by commas; empty where the
-- indexes were dropped and rows must be looked at.
CREATE TABLE record_indexed (
    environment_id INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    PRIMARY KEY (environment_id, table_name, column_name)
) WITHOUT ROWID;

-- What rows hold now, folded: primary names, alternate keys, lookups.
CREATE TABLE record_index (
    environment_id INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    value TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (environment_id, table_name, column_name, value, id)
) WITHOUT ROWID;
CREATE INDEX record_index_by_value ON record_index (environment_id, value);

ALTER TABLE operation ADD COLUMN facts TEXT;

-- What an import's package held, for the log of its job: a zstd frame of JSON, apart from the entries that lists read.
CREATE TABLE job (
    environment_id INTEGER NOT NULL,
    operation INTEGER NOT NULL,
    components BLOB NOT NULL,
    PRIMARY KEY (environment_id, operation)
) WITHOUT ROWID;
