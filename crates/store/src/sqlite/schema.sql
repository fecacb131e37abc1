-- The tables of a store. Rows hold from operation `from_op` until operation `to_op`; 9223372036854775807 means still.
-- Everything that belongs to an environment has its number first, so that one environment is one shard.
--
-- Partial indexes are found by queries that repeat their condition word for word. Orders and groupings are left to
-- the program where a planner without statistics would walk a primary key for their sake.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE environment (
    environment_id INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    current_op INTEGER NOT NULL,
    oldest_op INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    next_publisher_no INTEGER NOT NULL,
    next_solution_no INTEGER NOT NULL,
    next_component_no INTEGER NOT NULL,
    lease_holder TEXT,
    lease_operation TEXT,
    lease_since INTEGER,
    lease_expires INTEGER,
    -- Each write of rows has a number; rows bear that of the last one.
    next_version INTEGER NOT NULL DEFAULT 2
);

CREATE TABLE operation (
    environment_id INTEGER NOT NULL,
    operation INTEGER NOT NULL,
    time INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    kind TEXT NOT NULL,
    solution TEXT,
    from_version TEXT,
    to_version TEXT,
    suboperation TEXT,
    outcome TEXT NOT NULL,
    changes INTEGER NOT NULL,
    job TEXT,
    state_of INTEGER,
    options TEXT,
    findings TEXT NOT NULL,
    facts TEXT,
    PRIMARY KEY (environment_id, operation)
) WITHOUT ROWID;

-- What an import's package held, for the log of its job: a zstd frame of JSON, apart from the entries that lists read.
CREATE TABLE job (
    environment_id INTEGER NOT NULL,
    operation INTEGER NOT NULL,
    components BLOB NOT NULL,
    PRIMARY KEY (environment_id, operation)
) WITHOUT ROWID;

CREATE TABLE setting (
    environment_id INTEGER NOT NULL,
    from_op INTEGER NOT NULL,
    to_op INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (environment_id, from_op)
) WITHOUT ROWID;

CREATE TABLE publisher (
    environment_id INTEGER NOT NULL,
    publisher_no INTEGER NOT NULL,
    from_op INTEGER NOT NULL,
    to_op INTEGER NOT NULL,
    id TEXT NOT NULL,
    unique_name TEXT NOT NULL,
    friendly_name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    option_value_prefix INTEGER NOT NULL,
    details TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (environment_id, publisher_no, from_op)
) WITHOUT ROWID;

CREATE TABLE solution (
    environment_id INTEGER NOT NULL,
    solution_no INTEGER NOT NULL,
    from_op INTEGER NOT NULL,
    to_op INTEGER NOT NULL,
    id TEXT NOT NULL,
    unique_name TEXT NOT NULL,
    friendly_name TEXT NOT NULL,
    version TEXT NOT NULL,
    is_managed INTEGER NOT NULL,
    publisher_no INTEGER NOT NULL,
    kind TEXT NOT NULL,
    parent_no INTEGER,
    assumed INTEGER NOT NULL,
    assumes TEXT NOT NULL,
    residue BLOB,
    PRIMARY KEY (environment_id, solution_no, from_op)
) WITHOUT ROWID;

-- Identity only: a component exists while it has layers or memberships.
CREATE TABLE component (
    environment_id INTEGER NOT NULL,
    component_no INTEGER NOT NULL,
    type TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    id TEXT,
    category INTEGER,
    -- `type:key` of the component this one is a part of, where its own key does not say so.
    parent TEXT,
    PRIMARY KEY (environment_id, component_no)
) WITHOUT ROWID;
CREATE UNIQUE INDEX component_by_key ON component (environment_id, type, key);
CREATE INDEX component_by_parent ON component (environment_id, parent) WHERE parent IS NOT NULL;

-- Clustered by component, so that a stack is read in one place.
CREATE TABLE layer (
    environment_id INTEGER NOT NULL,
    component_no INTEGER NOT NULL,
    solution_no INTEGER NOT NULL,
    state INTEGER NOT NULL,
    from_op INTEGER NOT NULL,
    to_op INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    digest BLOB NOT NULL,
    is_diff INTEGER NOT NULL,
    display_name TEXT,
    PRIMARY KEY (environment_id, component_no, solution_no, state, from_op)
) WITHOUT ROWID;
CREATE INDEX layer_by_solution ON layer (environment_id, solution_no, component_no);
CREATE INDEX layer_by_opening ON layer (environment_id, from_op, component_no);
CREATE INDEX layer_by_closing ON layer (environment_id, to_op, component_no) WHERE to_op <> 9223372036854775807;
CREATE INDEX layer_drafts ON layer (environment_id, from_op, component_no) WHERE state = 1;

CREATE TABLE member (
    environment_id INTEGER NOT NULL,
    component_no INTEGER NOT NULL,
    solution_no INTEGER NOT NULL,
    from_op INTEGER NOT NULL,
    to_op INTEGER NOT NULL,
    behavior INTEGER,
    PRIMARY KEY (environment_id, component_no, solution_no, from_op)
) WITHOUT ROWID;
CREATE INDEX member_by_solution ON member (environment_id, solution_no, component_no);
CREATE INDEX member_by_opening ON member (environment_id, from_op, component_no);
CREATE INDEX member_by_closing ON member (environment_id, to_op, component_no) WHERE to_op <> 9223372036854775807;

-- Components that are switched on.
CREATE TABLE activation (
    environment_id INTEGER NOT NULL,
    component_no INTEGER NOT NULL,
    from_op INTEGER NOT NULL,
    to_op INTEGER NOT NULL,
    PRIMARY KEY (environment_id, component_no, from_op)
) WITHOUT ROWID;

-- Which definitions mention a name, and which answer to one. A target is a hash of the name, a definition the
-- beginning of its digest. Rows say what once was written; layers say what holds.
CREATE TABLE mention (
    environment_id INTEGER NOT NULL,
    target INTEGER NOT NULL,
    component_no INTEGER NOT NULL,
    definition INTEGER NOT NULL,
    PRIMARY KEY (environment_id, target, component_no, definition)
) WITHOUT ROWID;
CREATE TABLE answer (
    environment_id INTEGER NOT NULL,
    target INTEGER NOT NULL,
    component_no INTEGER NOT NULL,
    definition INTEGER NOT NULL,
    PRIMARY KEY (environment_id, target, component_no, definition)
) WITHOUT ROWID;

-- Rows of tables (D8). Edits of rows are no operations: a version they open or close carries the number of the
-- operation before.
CREATE TABLE record (
    environment_id INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    id TEXT NOT NULL,
    from_op INTEGER NOT NULL,
    to_op INTEGER NOT NULL,
    json TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
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
-- indexes were dropped and rows must be looked at. A total one holds the rows without a value too.
CREATE TABLE record_indexed (
    environment_id INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    is_total INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (environment_id, table_name, column_name)
) WITHOUT ROWID;

-- What rows hold now, written so that it sorts: primary names, alternate keys, lookups.
CREATE TABLE record_index (
    environment_id INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    value TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (environment_id, table_name, column_name, value, id)
) WITHOUT ROWID;
CREATE INDEX record_index_by_value ON record_index (environment_id, value);

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

-- Bodies, shared by all environments: pieces of packs, which are zstd frames.
CREATE TABLE pack (
    pack_no INTEGER PRIMARY KEY,
    raw_size INTEGER NOT NULL,
    bytes BLOB NOT NULL
);
CREATE TABLE body (
    digest BLOB PRIMARY KEY,
    pack_no INTEGER NOT NULL,
    start INTEGER NOT NULL,
    length INTEGER NOT NULL
) WITHOUT ROWID;

-- What a definition has besides bytes: its home as ordinal -1, its files in path order from 0.
CREATE TABLE definition_file (
    definition_digest BLOB NOT NULL,
    ordinal INTEGER NOT NULL,
    path TEXT NOT NULL,
    file_digest BLOB,
    PRIMARY KEY (definition_digest, ordinal)
) WITHOUT ROWID;

INSERT INTO meta (name, value) VALUES ('next_environment', '1'), ('collections', '0');
