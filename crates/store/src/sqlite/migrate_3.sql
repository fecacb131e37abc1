-- From format 2 to 3. The tables also stand in `schema.sql`.

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

-- The names of the definitions that are there are yet to be read: none of any environment so far.
INSERT INTO meta (name, value) VALUES ('named', '0 0');
