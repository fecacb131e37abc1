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
